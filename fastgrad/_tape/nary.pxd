"""Nodes of many operands."""

from libc.stdint cimport uint32_t

from fastgrad._tape.handle cimport Handle

cdef list operands_from(object xs, str what)
cdef object nary(uint32_t op, list xs)
cdef list as_operands(list xs, str what)
cdef Handle most_derived(list xs)
cdef object given_value(uint32_t op, list xs, double value)
cdef uint32_t user_node(Handle like, double value, list children, object slopes) except 0
cdef object choice(Handle number, condition, true_case, false_case)
