"""Layers of neurons as Python calls them."""

from libc.stdint cimport uint32_t, uint64_t

from fastgrad._layers.batch cimport Batch
from fastgrad._layers.leaves cimport Leaves

cdef class Dense:
    cdef readonly Leaves leaves
    cdef readonly uint32_t offset
    cdef readonly uint32_t nin
    cdef readonly uint32_t nout
    cdef uint32_t code  # of the activation
    cdef public bint compiled

cdef struct SparseRows:
    # The numbers that are not left out, the column of each, and where each row, and what follows the last, starts.
    uint64_t count
    const double *entries
    const uint32_t *columns
    const uint32_t *starts

cdef struct LayerInput:
    # What a layer is applied to; scalars come beside it, in a list.
    uint32_t inputs
    uint32_t rows
    const double *numbers
    uint32_t node
    bint finite  # of numbers: are they all?
    const SparseRows *sparse

# Apply layers that can follow each other: append their nodes, the inputs being in `given`, with scalars or a batch.
cdef object chain(list layers, LayerInput *given, list scalars, Batch before, bint row)
