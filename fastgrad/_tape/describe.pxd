"""What a graph looks like to Python: a node's operands, its symbol, its name in messages, what is not finite in it."""

from libc.stdint cimport uint32_t

from fastgrad._tape.handle cimport Handle

cdef list operand_values(uint32_t node)   # the numbers a node is computed from, in order; the caller holds the tape
cdef list operands_of(Handle handle)
cdef str symbol_of(uint32_t node)
cdef str describe(uint32_t node)
