"""Compiled programs, for modules that make others of them."""

from fastgrad._programs.rows cimport Executable

cdef class Program(Executable):
    pass
