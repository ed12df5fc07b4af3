"""What a layer makes of many rows: one node, and scalars picked from it."""

from libc.stdint cimport uint32_t, uint64_t

from fastgrad._layers.layer cimport layer_shape
from fastgrad._tape.handle cimport Handle

cdef class Batch(Handle):
    pass

cdef Batch batch_at(uint32_t node)            # the batch of a layer node that has none
cdef layer_shape shape_at(Batch batch) except *
cdef tuple shape_of_batch(Batch batch)        # (rows,) or (rows, neurons)
cdef Handle like_of(Batch batch)              # a handle of the type that its scalars are of
cdef list row_of(Handle like, uint32_t node, uint64_t start, uint32_t n)
