"""The number types."""

from libc.stdint cimport uint32_t

from fastgrad._tape.node cimport Node

cdef class Number(Node):
    pass

cdef class Scalar(Number):
    pass

cdef class Value(Number):
    pass

cdef object called(str name, uint32_t op, left, right)
