"""Sweeps that append nodes for what they compute, so that gradients have gradients.

A node of one or two operands gives what the chain rule on symbols says (operations/chain.h). One of many is written out
first, as nodes of one and two behind the tape's end, and these are swept in its place.
"""

from libc.stdint cimport uint8_t, uint32_t, uint64_t

from fastgrad._tape.handle cimport Handle
from fastgrad._tape.kinds cimport Symbols, symbol
from fastgrad._tape.symbols cimport Nodes

cdef extern from "operations/chain.h" nogil:
    struct flow:
        symbol amount, alive

cdef struct Expansion:
    # A node of many operands as nodes of one and two.
    uint32_t start, stop
    symbol *results

cdef class GraphSweep(Symbols):
    # A sweep from some roots. The tape is held.
    cdef Nodes nodes
    # For each node, those from the lowest reached to the highest root and then those appended since: see `place_of`.
    cdef flow *adjoint
    cdef uint8_t *active     # does the gradient by it, or by one of those below it, matter?
    cdef uint32_t size       # places
    cdef uint32_t low, end   # nodes
    cdef uint32_t *reached   # from the highest down
    cdef uint32_t count, room_for
    cdef Expansion *expansion
    cdef uint64_t expansions
    cdef dict expanded       # which of them a node has
    cdef symbol *memory
    cdef int finish(self) except -1

# What roots reach, from the highest down, leaves aside.
cdef int find_reached(GraphSweep s, list roots) except -1
cdef int append_reached(GraphSweep s, uint32_t i) except -1

# A sweep from roots, which are given the seeds; by some nodes, or by all where that is None. The tape, which the caller
# holds, is let go of until there is room for what is appended as a rule.
cdef GraphSweep swept(list roots, list seeds, list by)

# The adjoint of a node from before the sweep, 0 where there is none.
cdef symbol adjoint_of(GraphSweep s, uint32_t node) noexcept
