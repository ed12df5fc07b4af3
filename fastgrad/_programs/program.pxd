"""The class of compiled programs."""

from fastgrad._programs.rows cimport Recipe

cdef class Program(Recipe):
    pass
