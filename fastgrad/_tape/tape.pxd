"""The tape: every number of the process, as flat arrays in order of creation.

Contract
--------
A node is an index. Its operands have smaller indices, so that the order of the indices is a topological order. Index
0 is no node. A node is alive while a handle owns it (``owner[i]`` is not NULL) or a living node has it as operand;
the others are garbage, which `reserve` squeezes out when the tape is full: the survivors move down in order, and
through ``owner`` every handle's index is set to the new one. So an index is good until the next `reserve`, unless
``hold`` is above 0, and the arrays may move then, so that no pointer into them may be kept either.

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
    double operand(const operands *x, uint32_t k)
    uint32_t taken_slot(unsigned op, const operands *x)
    bint takes_gradient(unsigned op, const operands *x, uint32_t k)
    double nary_value(unsigned op, const operands *x)
    void nary_pull(unsigned op, const operands *x, double g, double y, double *grad)

cdef extern from "layers/layer.h" nogil:
    enum:
        ACTIVATION_END, FROM_NOTHING, FROM_NUMBERS, FROM_SCALARS, FROM_RESULTS, SHAPE_REALS
    const char *activation_names[]
    struct layer_shape:
        uint32_t rows, nin, nout, activation, inputs, place, layers, parameters
    struct layer_size:
        uint32_t nout, activation
    struct layer:
        layer_shape shape
        const double *parameters
        double *parameter_grad
        double *in_ "in"
        double *in_adjoint
        double *kept
        double *sums
        double *results
        double *adjoint
    uint64_t layer_reals(const layer_shape *shape)
    layer layer_at(double *reals)
    void layer_value(const layer *l)
    void layer_results(const layer *l)
    void layer_slopes(const layer *l)
    void layer_pull(const layer *l)

cdef extern from "layers/loss.h" nogil:
    enum:
        LOSS_SHAPE_REALS, FAULT_prediction, REDUCED_mean, REDUCED_sum, REDUCED_root
        LOSS_squares, LOSS_binary_cross_entropy, LOSS_binary_cross_entropy_with_logits, LOSS_hinge
        LOSS_cross_entropy_of_labels, LOSS_cross_entropy, LOSS_l2_penalty
    struct loss_shape:
        uint32_t loss, reduction, inputs, columns
        uint64_t rows
    struct penalized:
        uint32_t start, length
    struct loss:
        loss_shape shape
        const double *targets
        double *predictions
        double *adjoint
    struct loss_row:
        const char *prediction
        const char *target
    loss_row loss_rows[]
    const char *loss_name(const loss_shape *shape)
    uint64_t loss_targets(const loss_shape *shape)
    uint64_t loss_reals(const loss_shape *shape)
    loss loss_at(double *reals)
    int loss_fault_of(uint32_t loss, double p, double t)
    uint64_t loss_first_fault(const loss *l)
    double loss_value(const loss *l)
    void loss_pull(const loss *l, double g, double y)

cdef extern from "operations/ops.h" nogil:
    enum op_code:
        OP_LEAF, OP_FIRST_VC, OP_FIRST_CV, OP_FIRST_BINARY, OP_FIRST_NARY, OP_END, OP_TO_VC, OP_TO_CV
        OP_pick, OP_run, OP_user, OP_sum, OP_mean, OP_prod, OP_dot, OP_logsumexp, OP_softmax, OP_select, OP_ifel
        OP_fsum, OP_hypot, OP_layer, OP_loss, OP_custom, OP_wide_layer, OP_network
    struct op_row:
        const char *symbol
        const char *name
        const char *python
    op_row op_rows[]
    double op_value1(unsigned op, double x, double c)
    double op_value2(unsigned op, double a, double b)
    double op_slope1(unsigned op, double x, double c, double y)
    void op_slope2(unsigned op, double a, double b, double y, double *da, double *db)
    bint op_doubtful(unsigned op, double y)

cdef enum:
    HAS_CALLBACK = 0x80  # set on a node's op: its step of the sweep is a Python function of its handle's
    OP_MASK = 0x7F

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
    uint8_t *kind      # the type of number, for the handles
    uint32_t **owner   # the `node` field of the node's handle, or NULL; the handle is not owned
    uint32_t *pool     # payloads: slots, padded to an even number, then doubles
    uint32_t count
    uint32_t limit     # appending wants count < limit; `reserve` otherwise
    uint32_t capacity
    uint32_t threshold      # nodes at which to collect
    uint32_t pool_count
    uint32_t pool_capacity
    uint32_t pool_threshold
    uint32_t hold      # above 0 nothing is collected
    uint32_t paused    # threads that record nothing
    uint32_t pins      # handles the tape owns a reference to
    uint64_t generation     # grows when nodes move
    uint64_t collections
    int (*release_pins)() except -1   # lets go of the pinned handles nobody needs, before a collection
    void (*drop_caches)() noexcept    # gives memory back that can be had again, where there is too little to collect

cdef Tape tape

cdef int reserve(uint32_t nodes, uint64_t units) except -1
cdef int collect() except -1
cdef int resume_limit() noexcept nogil


cdef inline uint32_t append(uint32_t op, uint32_t kind, double value, uint32_t first, Second second) noexcept nogil:
    """A new node, for which there is room."""
    cdef uint32_t i = tape.count
    tape.count = i + 1
    tape.data[i] = value
    tape.first[i] = first
    tape.second[i] = second
    tape.op[i] = op
    tape.kind[i] = kind
    return i


cdef inline Second no_second() noexcept nogil:
    cdef Second second
    second.constant = 0.0
    return second


cdef inline uint64_t payload_units(uint64_t n, uint64_t reals) noexcept nogil:
    """The size of a payload in the pool."""
    return n + (n & 1) + 2 * reals


cdef inline operands payload(uint32_t i) noexcept nogil:
    """The operands of n-ary node i. Good until the next reserve."""
    cdef operands x
    x.n = tape.second[i].span.n
    x.slots = tape.pool + tape.first[i]
    x.reals = <double *>(tape.pool + tape.first[i] + x.n + (x.n & 1)) if tape.second[i].span.reals else NULL
    x.data = tape.data
    return x


cdef inline bint is_nary(uint32_t op) noexcept nogil:
    """Has the node a payload? All beyond the binary ones but a pick, which points at the node it is picked from, and a
    run, which points at its first leaf."""
    return op > OP_run


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
    if op == OP_run:
        return tape.first[i] + k
    return tape.first[i] if k == 0 else tape.second[i].node
