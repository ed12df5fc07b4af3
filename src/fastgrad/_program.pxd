"""The class of compiled programs."""

from fastgrad._rows cimport Recipe

cdef class Program(Recipe):
    pass
