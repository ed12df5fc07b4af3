"""What pickled scalars look like: for a segment of nodes, the tape's arrays, with numbers for nodes."""

from libc.stdint cimport uint8_t, uint32_t

from fastgrad._tape.tape cimport Second

cdef struct NodeArrays:
    uint8_t *op         # an index in a list of names
    uint8_t *type_code  # an index in a list of types
    double *data
    double *grad
    uint32_t *first
    Second *second

cdef NodeArrays columns_at(bytes ops, bytes type_codes, bytes data, bytes grad, bytes first, bytes second)
cdef str code_name(uint32_t op)
