"""The class of compiled programs."""

from fastgrad._programs.rows cimport Executable

cdef class Program(Executable):
    pass
