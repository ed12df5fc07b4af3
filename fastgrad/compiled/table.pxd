"""What compiled functions are given and give. Who asks these holds the GIL."""

from cpython.object cimport PyObject
from libc.stdint cimport uint64_t

cdef class Uniforms:
    cdef readonly list scalars
    cdef readonly object numbers  # as they were at the last call of now()
    cdef double *memory           # of the numbers

cdef struct Place:
    PyObject *container  # a dictionary, or a cell
    PyObject *key        # in the dictionary; NULL for a cell
    PyObject *value      # that was there when it was looked at; NULL for none

cdef class Calls:
    cdef list places
    cdef list values  # which keeps them
    cdef Place *at
    cdef readonly uint64_t count
    cdef uint64_t next  # place to look at
    cdef bint stopped

# Read the scalars' numbers afresh.
cdef int refresh(Uniforms uniforms) except -1

# Count a call. Is it one to compare at, since their number comes to a power of two, or a value changed?
cdef bint is_due(Calls calls) except -1
