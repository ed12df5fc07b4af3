"""The sweeps over the graph below a node: backward, forward, and the order they go in.

A sweep runs until it is done or until a node needs Python: one with a callback or a custom operation, or a value on
which Python must be asked. Then it returns that node; the caller, who holds the GIL, does the node's step and goes on
below it. It also returns after a while so that the caller can look for signals. Nothing may be collected meanwhile: the
caller holds the tape.
"""

from libc.stdint cimport uint8_t, uint32_t, uint64_t
from libc.stdlib cimport free

from fastgrad._tape.nodeset cimport NodeSet, add_beside
from fastgrad._tape.tape cimport (
    CONSTANT, OP_FIRST_BINARY, OP_FIRST_NARY, OP_LEAF, OP_MASK, OP_leaves, OP_pick, operands, payload, takes_gradient,
    tape,
)

cdef enum:
    PATIENCE = 1 << 20  # nodes between two looks for signals

cdef struct Order:
    # What a root reaches, from the root down, remembered until nodes move.
    uint32_t root
    uint32_t length
    uint32_t capacity
    uint32_t *nodes
    bint by_gradient  # a gradient reaches them all
    uint32_t lowest   # of them and their operands; 0 until it is asked for

# There is one order at a time: whoever has let Python code run, a signal's handler even, finds his own again.
cdef Order order

cdef NodeSet *borrow_set(uint32_t root) except NULL
cdef void give_back(NodeSet *s, uint32_t member) noexcept nogil

cdef struct Reach:
    # A choice passes nothing on to what it did not take. Such a node has the grad 0, as has one whose gradient is 0; an
    # infinite slope makes nan of the second, and nothing of the first. Which of the two a node is, is asked only there.
    uint32_t root    # of the sweep; 0: of none
    uint32_t low     # what the nodes from here on up to the root pass on is known
    uint8_t *marked  # each node up to the root: does anything flow to it? NULL until somebody asks

# That of the sweep that runs.
cdef Reach reach

cdef bint flows_to(uint32_t i) noexcept nogil
cdef double given_nan(uint32_t op, uint32_t i, double slope) noexcept nogil


cdef inline Reach begin_reach(uint32_t root) noexcept:
    """Begin a sweep. Returns what `end_reach` sets back."""
    global reach
    cdef Reach outer = reach
    reach = Reach(root, 0, NULL)
    return outer


cdef inline void end_reach(Reach outer) noexcept:
    global reach
    free(reach.marked)
    reach = outer


cdef inline double given_through(uint32_t op, uint32_t i, double slope) noexcept nogil:
    """What node i, of an operation, gives through a slope."""
    cdef double amount = tape.grad[i] * slope
    return amount if amount == amount else given_nan(op, i, slope)


cdef int find_order(uint32_t root) except -1
cdef uint32_t lowest_in_order() noexcept nogil
cdef uint32_t lowest_operand(uint32_t i) noexcept nogil
cdef bint knows_order(uint32_t root) noexcept nogil

cdef void pull(uint32_t i) noexcept nogil
cdef void abandon(uint32_t i) noexcept nogil
cdef uint32_t pull_from(NodeSet *s, uint32_t i) noexcept nogil
cdef uint32_t pull_in_order(uint32_t k) noexcept nogil
cdef bint recompute(uint32_t i) noexcept nogil
cdef uint32_t recompute_in_order(uint32_t k) noexcept nogil


cdef extern from "operations/portable.h" nogil:
    void FETCH(void *address, int write)


cdef inline void fetch(NodeSet *s, uint32_t i) noexcept nogil:
    """Let the memory of a node far from the last one come while that is at work.

    Graphs built in turns lie side by side at every step, so the lines behind are fetched for the next graph's sweep:
    with them a node of 100,000 such graphs takes 63 cycles, without 93.
    """
    FETCH(&s.node[i], 1)
    FETCH(&tape.first[i], 0)
    FETCH(&tape.first[i] + 16, 0)
    FETCH(&tape.second[i], 0)
    FETCH(&tape.second[i] + 8, 0)
    FETCH(&tape.data[i] + 8, 0)
    FETCH(&tape.grad[i] + 8, 1)


cdef inline void add_inner(NodeSet *s, const uint8_t *op, uint32_t i, uint32_t above) noexcept nogil:
    """Add an operand of a node above it, if it is no member yet and has something to do in a sweep."""
    if s.node[i] or op[i] == OP_LEAF:
        return
    if above - i > 64:
        fetch(s, i)
    add_beside(s, i, above)


cdef inline void add_operands(NodeSet *s, uint32_t i, bint by_gradient) noexcept nogil:
    """Add a node's operands: those a gradient flows to, or all."""
    cdef uint32_t op = tape.op[i] & OP_MASK, k
    cdef operands x
    if op < OP_FIRST_BINARY or op == OP_pick:
        if op != OP_LEAF:
            add_inner(s, tape.op, tape.first[i], i)
    elif op < OP_FIRST_NARY:
        add_inner(s, tape.op, tape.first[i], i)
        add_inner(s, tape.op, tape.second[i].node, i)
    elif op != OP_leaves:  # which has leaves only
        x = payload(i)
        for k in range(x.n):
            if takes_gradient(op, &x, k) or (not by_gradient and x.slots[k] != CONSTANT):
                add_inner(s, tape.op, x.slots[k], i)
