"""Nodes of many operands."""

from fastgrad._tape.handle cimport Handle

cdef object choice(Handle number, condition, true_case, false_case)
