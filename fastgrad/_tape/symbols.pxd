"""Nodes as symbols: what is written on an algebra (operations/algebra.h), appended to the tape.

Values follow IEEE arithmetic: no error is raised. Whoever works with symbols holds the tape meanwhile, so that a
symbol, which is a node, stays good.
"""

from libc.stdint cimport uint32_t, uint64_t

from fastgrad._tape.kinds cimport algebra, symbol
from fastgrad._tape.tape cimport OP_LEAF, tape

cdef enum:
    REMEMBERED = 4  # constants, as slopes have few

cdef struct Nodes:
    algebra functions  # first: a pointer to it is one to this
    uint32_t type_code  # of the numbers
    bint failed         # memory has run out; symbols are node 0 since
    uint32_t start      # leaves from here on are constants
    symbol[REMEMBERED] constants  # made last; 0 is none
    uint64_t[REMEMBERED] bits     # their numbers
    uint32_t next_constant

cdef void begin_nodes(Nodes *s, uint32_t type_code) noexcept
cdef symbol constant(algebra *s, double x) noexcept


cdef inline bint is_constant(Nodes *s, symbol a) noexcept:
    """Leaves of the algebra's own are constants."""
    return a >= s.start and tape.op[a] == OP_LEAF
