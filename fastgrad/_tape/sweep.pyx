# distutils: extra_compile_args = -O3
"""The kernels of the sweeps. The contract is in the header, sweep.pxd."""

from libc.stdint cimport UINT32_MAX, uint8_t, uint32_t
from libc.stdlib cimport calloc, free, realloc
from libc.string cimport memset

from fastgrad._tape.kinds cimport Results, has_results, kinds, needs_python, results_of
from fastgrad._tape.nodeset cimport NodeSet, add, new_set, take_below
from fastgrad._tape.tape cimport (
    OP_END, OP_FIRST_BINARY, OP_FIRST_NARY, OP_LEAF, OP_MASK, OP_add, OP_hypot, OP_ifel, OP_leaves, OP_mul, OP_pick,
    OP_select, OP_sloped, OP_softmax, OP_user, Second, nary_pull, nary_pull_numbers, op_doubtful, op_passes, op_slope1,
    op_slope2, op_value1, op_value2, operands, payload, slot_count, slot_node, takes_gradient, tape,
)

# A sweep borrows a set and gives it back empty. One is kept; a sweep inside a callback of another gets its own.
cdef NodeSet *spare = NULL


cdef NodeSet *borrow_set(uint32_t root) except NULL:
    """An empty set that holds indices up to root, with root in it."""
    global spare
    cdef NodeSet *s = spare
    spare = NULL
    if s == NULL or s.size <= root:
        free(s)
        s = new_set(max(root + 1, tape.capacity))
        if s == NULL:
            raise MemoryError("no memory for a sweep")
    add(s, root)
    return s


cdef void give_back(NodeSet *s, uint32_t member) noexcept nogil:
    """Return a set whose highest member is given, 0 where it is empty."""
    global spare
    while member:
        member = take_below(s, member)
    if spare == NULL and s.size <= 2 * <uint64_t>tape.capacity:
        spare = s
    else:
        free(s)


# Backward.

cdef bint flows_to(uint32_t i) noexcept nogil:
    if i > reach.root:
        return True
    if reach.marked == NULL:
        reach.marked, reach.low = <uint8_t *>calloc(reach.root + 1, 1), reach.root + 1
        if reach.marked == NULL:
            return True
        reach.marked[reach.root] = 1
    while reach.low > i + 1:
        reach.low -= 1
        if reach.marked[reach.low]:
            mark_operands(reach.low)
    return reach.marked[i]


cdef void mark_operands(uint32_t i) noexcept nogil:
    """Mark what node i passes anything on to. Of a layer that is all that it stands on."""
    cdef uint32_t op = tape.op[i] & OP_MASK, a = tape.first[i], b, k
    cdef double da = 0.0, db = 0.0
    cdef operands x
    if op < OP_FIRST_BINARY:
        if op != OP_LEAF and op_passes(op, op_slope1(op, tape.data[a], tape.second[i].constant, tape.data[i])):
            reach.marked[a] = 1
    elif op < OP_FIRST_NARY:
        b = tape.second[i].node
        op_slope2(op, tape.data[a], tape.data[b], tape.data[i], &da, &db)
        reach.marked[a] |= op_passes(op, da)
        reach.marked[b] |= op_passes(op, db)
    elif op == OP_pick:
        reach.marked[a] = 1
    elif op != OP_leaves and not (op == OP_hypot and tape.data[i] == 0.0):
        x = payload(i)
        for k in range(x.n):
            if takes_gradient(op, &x, k):
                reach.marked[x.slots[k]] = 1


cdef double given_nan(uint32_t op, uint32_t i, double slope) noexcept nogil:
    if not op_passes(op, slope) or (tape.grad[i] == 0.0 and not flows_to(i)):
        return 0.0
    return tape.grad[i] * slope


cdef void pull_zero(uint32_t i, uint32_t op) noexcept nogil:
    """The step of a node of many operands whose grad is 0, and perhaps nothing."""
    cdef operands x = payload(i)
    if nary_pull_numbers(op, &x, tape.grad[i], tape.data[i], tape.grad) and flows_to(i):
        nary_pull(op, &x, tape.grad[i], tape.data[i], tape.grad)


cdef inline void pull_many(uint32_t i, uint32_t op) noexcept nogil:
    """The step of a node of many operands; that of the op table's operations is called without a detour."""
    cdef operands x
    if OP_user <= op < OP_END:
        if tape.grad[i] == 0.0 and op != OP_softmax:  # which is given adjoints of its results
            pull_zero(i, op)
        else:
            x = payload(i)
            nary_pull(op, &x, tape.grad[i], tape.data[i], tape.grad)
    else:
        kinds[op].pull(i)


cdef inline void pull_one(uint32_t i, NodeSet *s) noexcept nogil:
    """Add to the grads of node i's operands what i's grad gives them, and the operands to the set, if one is given."""
    cdef uint32_t op = tape.op[i] & OP_MASK, a = tape.first[i], b
    cdef double da = 0.0, db = 0.0
    if op < OP_FIRST_BINARY:
        if op != OP_LEAF:
            tape.grad[a] += given_through(op, i, op_slope1(op, tape.data[a], tape.second[i].constant, tape.data[i]))
            if s != NULL:
                add_inner(s, tape.op, a, i)
    elif op < OP_FIRST_NARY:
        b = tape.second[i].node
        op_slope2(op, tape.data[a], tape.data[b], tape.data[i], &da, &db)
        tape.grad[a] += given_through(op, i, da)
        tape.grad[b] += given_through(op, i, db)
        if s != NULL:
            add_inner(s, tape.op, a, i)
            add_inner(s, tape.op, b, i)
    else:
        pull_many(i, op)
        if s != NULL:
            add_operands(s, i, True)


cdef void pull(uint32_t i) noexcept nogil:
    """One node's step by itself."""
    pull_one(i, NULL)


cdef void abandon(uint32_t i) noexcept nogil:
    """Forget what a sweep that was broken off has left in a node that it had not come to."""
    cdef Results r
    if has_results(i):
        r = results_of(i)
        memset(r.adjoints, 0, r.count * sizeof(double))


cdef inline bint give_two(
    uint32_t op, const double *data, double *grad, double g, uint32_t a, uint32_t b
) noexcept nogil:
    """Give what a sum or a product gives to its operands. False for other operations, and where a product gives nan."""
    cdef double by_a, by_b
    if op == OP_mul:
        by_a, by_b = g * data[b], g * data[a]
        if by_a + by_b != by_a + by_b:
            return False
        grad[a] += by_a
        grad[b] += by_b
        return True
    if op == OP_add:
        grad[a] += g
        grad[b] += g
        return True
    return False


cdef uint32_t pull_frequent(NodeSet *s, uint32_t i, uint32_t *patience) noexcept nogil:
    """Sweep from i down while nodes are sums and products of two, as most are; return the next one.

    No call is in the loop, and the arrays are local variables, so that they stay in registers.
    """
    cdef uint32_t left = patience[0], a, b
    cdef double *data = tape.data
    cdef double *grad = tape.grad
    cdef uint32_t *first = tape.first
    cdef Second *second = tape.second
    cdef uint8_t *op = tape.op
    while left:
        a, b = first[i], second[i].node
        if not give_two(op[i], data, grad, grad[i], a, b):
            break
        add_inner(s, op, a, i)
        add_inner(s, op, b, i)
        i = take_below(s, i)
        left -= 1
    patience[0] = left
    return i


cdef uint32_t pull_from(NodeSet *s, uint32_t i) noexcept nogil:
    """Sweep from member i down; return 0 when done, else the node where the caller acts or looks for signals."""
    cdef uint32_t patience = PATIENCE
    while patience:
        i = pull_frequent(s, i, &patience)
        if not i or not patience or needs_python(i):
            break
        pull_one(i, s)
        i = take_below(s, i)
        patience -= 1
    return i


cdef uint32_t pull_in_order(uint32_t k) noexcept nogil:
    """The same over the known order from its place k on; return the place where it stopped, order.length when done."""
    cdef uint32_t end = min(order.length, k + PATIENCE), i
    cdef double *data = tape.data
    cdef double *grad = tape.grad
    while k < end:
        i = order.nodes[k]
        if not give_two(tape.op[i], data, grad, grad[i], tape.first[i], tape.second[i].node):
            if needs_python(i):
                break
            pull_one(i, NULL)
        k += 1
    return k


# The order.

cdef bint knows_order(uint32_t root) noexcept nogil:
    return order.root == root and root < tape.changed


cdef int append_order(uint32_t i) except -1 nogil:
    cdef uint32_t *nodes
    cdef uint32_t capacity
    if order.length == order.capacity:
        capacity = min(2 * order.capacity + 1024, tape.count)
        nodes = <uint32_t *>realloc(order.nodes, capacity * sizeof(uint32_t))
        if nodes == NULL:
            raise MemoryError(f"no memory for the order of {order.length:,} nodes")
        order.nodes = nodes
        order.capacity = capacity
    order.nodes[order.length] = i
    order.length += 1
    return 0


cdef int find_order(uint32_t root) except -1:
    """Make `order` that of all root stands on, conditions and cases not taken included; leaves are not in it."""
    cdef NodeSet *s
    cdef uint32_t i = root, op
    if knows_order(root):
        return 0
    s = borrow_set(root)
    order.root = 0
    order.length = 0
    order.lowest = 0
    order.by_gradient = True
    try:
        while i:
            append_order(i)
            op = tape.op[i] & OP_MASK
            order.by_gradient = order.by_gradient and op != OP_select and op != OP_ifel and op != OP_sloped
            add_operands(s, i, False)
            i = take_below(s, i)
    finally:
        give_back(s, i)
    order.root = root
    tape.changed = UINT32_MAX
    return 0


cdef uint32_t lowest_in_order() noexcept nogil:
    """The lowest of the known order's nodes and their operands."""
    cdef uint32_t k
    if not order.lowest:
        order.lowest = order.root
        for k in range(order.length):
            order.lowest = min(order.lowest, lowest_operand(order.nodes[k]))
    return order.lowest


cdef uint32_t lowest_operand(uint32_t i) noexcept nogil:
    """The lowest of node i and its operands."""
    cdef uint32_t op = tape.op[i] & OP_MASK, low = i, k
    if op < OP_FIRST_BINARY:
        return min(i, tape.first[i]) if op != OP_LEAF else i
    if op < OP_FIRST_NARY:
        return min(tape.first[i], tape.second[i].node)
    for k in range(slot_count(i)):
        if slot_node(i, k):
            low = min(low, slot_node(i, k))
    return low


# Forward.

cdef bint recompute(uint32_t i) noexcept nogil:
    """Compute node i's data from its operands' data. False where that takes Python."""
    cdef uint32_t op = tape.op[i] & OP_MASK
    cdef double y
    if op == OP_LEAF:
        return True
    if op >= OP_FIRST_NARY:
        return kinds[op].recompute(i)
    if op < OP_FIRST_BINARY:
        y = op_value1(op, tape.data[tape.first[i]], tape.second[i].constant)
    else:
        y = op_value2(op, tape.data[tape.first[i]], tape.data[tape.second[i].node])
    if op_doubtful(op, y):
        return False
    tape.data[i] = y
    return True


cdef uint32_t recompute_in_order(uint32_t k) noexcept nogil:
    """Recompute the known order's nodes, operands first, from its place k - 1 down to 0; return how many are left."""
    cdef uint32_t end = k - PATIENCE if k > PATIENCE else 0
    while k > end and recompute(order.nodes[k - 1]):
        k -= 1
    return k


cdef void drop_caches() noexcept:
    global spare
    free(spare)
    spare = NULL
    free(order.nodes)
    order.nodes = NULL
    order.capacity = 0
    order.root = 0


tape.drop_caches = drop_caches
