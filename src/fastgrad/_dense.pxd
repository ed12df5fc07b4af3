"""Layers of neurons as Python calls them."""

from libc.stdint cimport uint32_t

from fastgrad._run cimport Run

cdef class Dense:
    cdef readonly Run run
    cdef readonly uint32_t place
    cdef readonly uint32_t nin
    cdef readonly uint32_t nout
    cdef uint32_t code  # of the activation
    cdef public bint compiled
