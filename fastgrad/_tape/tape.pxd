"""The tape: every number of the process, as flat arrays in order of creation.

Contract
--------
A node is an index. Its operands have smaller indices, so that the order of the indices is a topological order. Index
0 is no node. A node is alive while a handle owns it (``owner[i]`` is not NULL) or a living node has it as operand;
the others are garbage, which `reserve` squeezes out when the tape is full: the survivors move down in order, and
through ``owner`` every handle's index is set to the new one. So an index is good until the next `reserve`, unless
``holds`` is above 0, and the arrays may move then, so that no pointer into them may be kept either.

At and beyond ``count``, ``grad`` is 0 and ``owner`` is NULL: appending a node writes neither.

The tape belongs to the process; whoever touches it holds the GIL. Kernels are ``nogil`` as they know no Python objects,
not because they may run beside each other.
"""

from libc.stdint cimport uint8_t, uint32_t, uint64_t

cdef extern from "operations/nary.h" nogil:
    const uint32_t CONSTANT
    struct operands:
        uint32_t n
        const uint32_t *slots
        double *reals
        const double *data
    uint64_t nary_memory(unsigned op, uint32_t n)
    bint nary_fits(unsigned op, uint32_t n, uint64_t reals)
    double operand(const operands *x, uint32_t k)
    uint32_t taken_slot(unsigned op, const operands *x)
    bint takes_gradient(unsigned op, const operands *x, uint32_t k)
    double nary_value(unsigned op, const operands *x)
    void nary_pull(unsigned op, const operands *x, double g, double y, double *grad)
    bint nary_pull_numbers(unsigned op, const operands *x, double g, double y, double *grad)

cdef extern from "operations/ops.h" nogil:
    enum:
        OP_LEAF, OP_FIRST_VC, OP_FIRST_CV, OP_FIRST_BINARY, OP_FIRST_NARY, OP_END, OP_TO_VC, OP_TO_CV
        OP_neg, OP_add, OP_sub, OP_mul, OP_div, OP_detach, OP_pick, OP_leaves, OP_user, OP_sum, OP_mean, OP_prod
        OP_dot, OP_logsumexp, OP_softmax, OP_select, OP_ifel, OP_fsum, OP_hypot, OP_sloped
    enum:
        TRAIT_jumps_at_a, TRAIT_jumps_at_b, TRAIT_kinked, TRAIT_exact
    struct op_row:
        const char *symbol
        const char *name
        const char *python
        unsigned char traits
    op_row op_rows[]
    bint op_jumps_at(unsigned op, unsigned k)
    double op_value1(unsigned op, double x, double c)
    double op_value2(unsigned op, double a, double b)
    double op_slope1(unsigned op, double x, double c, double y)
    void op_slope2(unsigned op, double a, double b, double y, double *da, double *db)
    bint op_passes(unsigned op, double slope)
    bint op_doubtful(unsigned op, double y)

cdef enum:
    HAS_CALLBACK = 0x80  # set on a node's op: its step of the sweep is a Python function of its handle's
    OP_MASK = 0x7F
    FIRST_OF_PYTHON = 0x7C  # codes from here on are of kinds whose step takes Python, those from OP_END on of others

cdef struct Span:
    uint32_t n       # operands
    uint32_t reals   # doubles

cdef union Second:
    double constant  # of an operation of a node and a constant
    uint32_t node    # of an operation of two nodes
    uint32_t place   # of a pick
    Span span        # of an n-ary operation

cdef struct Tape:
    double *data
    double *grad
    uint32_t *first    # the (first) operand; for an n-ary node, where its payload starts in the pool
    Second *second
    uint8_t *op
    uint8_t *type_code  # of the number, for its handles: see handle.pxd
    uint32_t **owner   # the `node` field of the node's handle, or NULL; the handle is not owned
    uint32_t *pool     # payloads: slots, padded to an even number, then doubles
    uint32_t count
    uint32_t limit     # appending wants count < limit; `reserve` otherwise
    uint32_t capacity
    uint32_t threshold      # nodes at which to collect
    uint32_t pool_count
    uint32_t pool_capacity
    uint32_t pool_threshold
    uint32_t holds     # above 0 nothing is collected
    uint32_t paused    # threads that record nothing
    uint32_t pins      # handles the tape owns a reference to
    uint64_t generation     # grows when nodes move or go
    uint32_t changed        # the lowest that has since the order was found, which sets it to the largest number
    uint64_t collections
    uint64_t squeezed       # nodes that collections have squeezed out
    int (*release_pins)() except -1   # lets go of the pinned handles nobody needs, before a collection
    void (*drop_caches)() noexcept    # gives memory back that can be had again, where there is too little to collect

cdef Tape tape

cdef int reserve(uint32_t nodes, uint64_t units) except -1
cdef int collect() except -1
cdef int resume_limit() noexcept nogil
cdef void hold() noexcept nogil     # collect nothing until this thread lets go
cdef void let_go() noexcept nogil
cdef void forget_other_threads() noexcept nogil


cdef inline uint32_t append(
    uint32_t op, uint32_t type_code, double value, uint32_t first, Second second
) noexcept nogil:
    """A new node, for which there is room."""
    cdef uint32_t i = tape.count
    tape.count = i + 1
    tape.data[i] = value
    tape.first[i] = first
    tape.second[i] = second
    tape.op[i] = op
    tape.type_code[i] = type_code
    return i


cdef inline Second no_second() noexcept nogil:
    cdef Second second
    second.constant = 0.0
    return second


cdef inline uint64_t payload_units(uint64_t n, uint64_t reals) noexcept nogil:
    """The size of a payload in the pool."""
    return n + (n & 1) + 2 * reals


cdef inline uint32_t append_payload(uint32_t op, uint32_t type_code, double value, Span span) noexcept nogil:
    """A new node with a payload, for which there is room: what lies behind the pool's end becomes part of the pool."""
    cdef Second second
    cdef uint32_t place = tape.pool_count
    second.span = span
    tape.pool_count = place + <uint32_t>payload_units(span.n, span.reals)
    return append(op, type_code, value, place, second)


cdef inline operands payload(uint32_t i) noexcept nogil:
    """The operands of n-ary node i. Good until the next reserve."""
    cdef operands x
    x.n = tape.second[i].span.n
    x.slots = tape.pool + tape.first[i]
    x.reals = <double *>(tape.pool + tape.first[i] + x.n + (x.n & 1)) if tape.second[i].span.reals else NULL
    x.data = tape.data
    return x


cdef inline bint is_nary(uint32_t op) noexcept nogil:
    """Has the node a payload? All beyond the binary ones but a pick, which points at the node it is picked from, and
    one of leaves, which points at the first."""
    return op > OP_leaves


cdef inline uint32_t slot_count(uint32_t i) noexcept nogil:
    """How many slots node i has for operands: a plain number may be in one of an n-ary node."""
    cdef uint32_t op = tape.op[i] & OP_MASK
    if op < OP_FIRST_BINARY or op == OP_pick:
        return op != OP_LEAF
    return 2 if op < OP_FIRST_NARY else tape.second[i].span.n


cdef inline uint32_t slot_node(uint32_t i, uint32_t k) noexcept nogil:
    """The node in slot k of node i; 0, which is no node, for a plain number."""
    cdef uint32_t node
    cdef uint32_t op = tape.op[i] & OP_MASK
    if is_nary(op):
        node = tape.pool[tape.first[i] + k]
        return node if node != CONSTANT else 0
    if op == OP_leaves:
        return tape.first[i] + k
    return tape.first[i] if k == 0 else tape.second[i].node
