# distutils: extra_compile_args = -O2
"""Sweeps that append nodes for what they compute. The contract is in the header, graph_sweep.pxd."""

cimport cython
from cpython.exc cimport PyErr_CheckSignals
from libc.stdint cimport uint8_t, uint32_t, uint64_t
from libc.stdlib cimport free, malloc, realloc
from libc.string cimport memcpy, memset

from fastgrad._tape.convert cimport most_derived, number_of
from fastgrad._tape.describe cimport describe
from fastgrad._tape.handle cimport Handle, state_at
from fastgrad._tape.kinds cimport Symbols, algebra, has_results, kind_at, results_of, symbol
from fastgrad._tape.node cimport Node
from fastgrad._tape.nodeset cimport NodeSet, add, take_below
from fastgrad._tape.sweep cimport (
    add_operands, borrow_set, find_order, give_back, lowest_in_order, lowest_operand, order,
)
from fastgrad._tape.symbols cimport begin_nodes, constant, is_constant
from fastgrad._tape.tape cimport (
    CONSTANT, HAS_CALLBACK, OP_FIRST_BINARY, OP_FIRST_CV, OP_FIRST_NARY, OP_FIRST_VC, OP_LEAF, OP_TO_CV, OP_TO_VC,
    OP_MASK, OP_add, OP_div, OP_dot, OP_fsum, OP_ifel, OP_leaves, OP_mul, OP_neg, OP_pick, OP_select, OP_sloped, OP_sub,
    OP_sum, OP_user, Second, append, hold, let_go, no_second, operands, payload, reserve, slot_count, slot_node, tape,
)

cdef extern from "operations/chain.h" nogil:
    flow flow_through(algebra *s, unsigned op, int k, symbol a, symbol b, symbol y, flow given)
    flow flow_product(algebra *s, flow x, flow y)
    flow flow_to_case(algebra *s, symbol condition, bint truth, flow given)
    flow flow_sum(algebra *s, flow x, flow y)

cdef enum:
    PATIENCE = 1 << 16  # nodes between two looks for signals


@cython.final
@cython.auto_pickle(False)
cdef class GraphSweep(Symbols):
    def __cinit__(self, Handle like not None):
        begin_nodes(&self.nodes, like.type_code)
        self.algebra = &self.nodes.functions
        self.expanded = {}

    def __dealloc__(self):
        cdef uint64_t k
        for k in range(self.expansions):
            free(self.expansion[k].results)
        free(self.adjoint)
        free(self.active)
        free(self.reached)
        free(self.expansion)
        free(self.memory)

    cdef symbol of_number(self, uint32_t node) except? 0:
        return node

    cdef symbol *of_results(self, uint32_t node) except NULL:
        return self.expansion[<uint64_t>self.expanded[node]].results

    cdef symbol *room(self, uint64_t n) except NULL:
        free(self.memory)
        self.memory = <symbol *>malloc(n * sizeof(symbol) + 1)
        if self.memory == NULL:
            raise MemoryError("no memory for a sweep")
        return self.memory

    cdef int finish(self) except -1:
        if self.nodes.failed:
            raise MemoryError("no memory for the gradients as scalars")
        return 0


cdef inline uint32_t place_of(GraphSweep s, uint32_t node) noexcept:
    return (node if node < s.end else node - s.nodes.start + s.end) - s.low


cdef int make_room(GraphSweep s, uint32_t size) except -1:
    """Have places for so many, those that are new being nothing's, and active."""
    cdef uint32_t n = max(size, 2 * s.size)
    cdef flow *adjoint
    cdef uint8_t *active
    if size <= s.size:
        return 0
    adjoint = <flow *>realloc(s.adjoint, n * sizeof(flow))
    s.adjoint = adjoint if adjoint != NULL else s.adjoint
    active = <uint8_t *>realloc(s.active, n)
    s.active = active if active != NULL else s.active
    if adjoint == NULL or active == NULL:
        raise MemoryError("no memory for a sweep")
    memset(s.adjoint + s.size, 0, (n - s.size) * sizeof(flow))
    memset(s.active + s.size, 1, n - s.size)
    s.size = n
    return 0


# What is reached.

cdef int find_reached(GraphSweep s, list roots) except -1:
    """The order of each root, from the highest node of all down, each once."""
    cdef NodeSet *members
    cdef uint32_t i
    cdef Handle root
    s.end, s.count = 0, 0
    for root in roots:
        s.end = max(s.end, root.node + 1)
    s.low, i = s.end, s.end - 1
    if len(roots) == 1:
        find_order(i)
        have_reached(s, order.length)
        memcpy(s.reached, order.nodes, order.length * sizeof(uint32_t))
        s.count, s.low = order.length, lowest_in_order()
        return 0
    members = borrow_set(i)
    try:
        for root in roots:
            add(members, root.node)
        while i:
            append_reached(s, i)
            s.low = min(s.low, lowest_operand(i))
            add_operands(members, i, False)
            i = take_below(members, i)
    finally:
        give_back(members, i)
    return 0


cdef int have_reached(GraphSweep s, uint64_t room) except -1:
    cdef uint32_t *moved
    if room > s.room_for:
        moved = <uint32_t *>realloc(s.reached, room * sizeof(uint32_t))
        if moved == NULL:
            raise MemoryError("no memory for a sweep")
        s.reached, s.room_for = moved, <uint32_t>room
    return 0


cdef int append_reached(GraphSweep s, uint32_t i) except -1:
    if s.count == s.room_for:
        have_reached(s, 2 * <uint64_t>s.room_for + 256)
    s.reached[s.count] = i
    s.count += 1
    return 0


cdef int find_active(GraphSweep s, list by) except -1:
    """Mark what stands on some nodes, or all if there are none."""
    cdef Handle x
    make_room(s, s.end - s.low)
    if by is None:
        return 0
    memset(s.active, 0, s.size)
    for x in by:
        if s.low <= x.node < s.end:
            s.active[x.node - s.low] = 1
    mark_active(s, s.active, s.low)
    return 0


cdef void mark_active(GraphSweep s, uint8_t *active, uint32_t low) noexcept:
    cdef const uint32_t *first = tape.first
    cdef const Second *second = tape.second
    cdef const uint8_t *code = tape.op
    cdef const uint32_t *reached = s.reached
    cdef uint32_t k, j, i, op, count = s.count
    for k in range(count - 1, -1, -1):
        i = reached[k]
        op = code[i]
        if op < OP_FIRST_BINARY:
            if op != OP_LEAF:
                active[i - low] |= active[first[i] - low]
        elif op < OP_FIRST_NARY:
            active[i - low] |= active[first[i] - low] | active[second[i].node - low]
        else:
            for j in range(slot_count(i)):
                if slot_node(i, j):
                    active[i - low] |= active[slot_node(i, j) - low]


# Nodes of many operands.

cdef bint is_swept_as_it_is(uint32_t op) noexcept:
    return op in (OP_sum, OP_fsum, OP_dot, OP_select, OP_ifel, OP_sloped, OP_user, OP_pick, OP_leaves)


cdef int expand_all(GraphSweep s) except -1:
    cdef uint32_t k, i, op
    for k in range(s.count - 1, -1, -1):
        i = s.reached[k]
        op = tape.op[i] & OP_MASK
        if tape.op[i] & HAS_CALLBACK and s.active[i - s.low]:
            raise TypeError(
                f"{describe(i)} passes its gradient on by a Python function, which cannot be differentiated again: "
                "make the operation with fastgrad.custom, with partial derivatives that take scalars"
            )
        if op >= OP_FIRST_NARY and s.active[i - s.low] and not is_swept_as_it_is(op):
            expand(s, i)
    return 0


cdef int expand(GraphSweep s, uint32_t i) except -1:
    cdef uint64_t n = results_of(i).count if has_results(i) else 1, place = s.expansions
    cdef Expansion *moved = <Expansion *>realloc(s.expansion, (place + 1) * sizeof(Expansion))
    cdef symbol *results = <symbol *>malloc(n * sizeof(symbol) + 1)
    cdef uint32_t start = tape.count
    if moved != NULL:
        s.expansion = moved
    if moved == NULL or results == NULL:
        free(results)
        raise MemoryError("no memory for a sweep")
    if kind_at(i).lower != NULL and kind_at(i).slopes == NULL:
        try:
            memcpy(results, kind_at(i).lower(s, i), n * sizeof(symbol))
        except BaseException:
            free(results)
            raise
        s.expansion[place] = Expansion(start, tape.count, results)
        s.expansions += 1
        s.expanded[i] = place
        return make_room(s, place_of(s, tape.count))
    free(results)
    if kind_at(i).slopes == NULL:
        raise TypeError(f"{describe(i)} is known to Python only, so that its gradient has no gradient")
    return 0


# The sweep.

cdef inline bint is_plain(GraphSweep s, flow x) noexcept:
    """Flows it in any case, and is it no constant, so that its sums and products are nodes of their own?"""
    return not x.alive and not is_constant(&s.nodes, x.amount)


cdef inline bint are_plain(GraphSweep s, flow x, flow y) noexcept:
    """Are both, and is there room for a node?"""
    return is_plain(s, x) and is_plain(s, y) and tape.count < tape.limit


cdef inline symbol of_two(GraphSweep s, uint32_t op, symbol x, symbol y, double value) noexcept:
    cdef Second second = no_second()
    second.node = y
    return append(op, s.nodes.type_code, value, x, second)


cdef inline void give_at(GraphSweep s, uint32_t place, flow given) noexcept:
    cdef flow before = s.adjoint[place]
    if not before.amount:
        s.adjoint[place] = given
    elif given.amount and are_plain(s, before, given):
        s.adjoint[place].amount = of_two(
            s, OP_add, before.amount, given.amount, tape.data[before.amount] + tape.data[given.amount],
        )
    else:
        s.adjoint[place] = flow_sum(s.algebra, before, given)


cdef inline void give(GraphSweep s, uint32_t node, flow given) noexcept:
    cdef uint32_t place = place_of(s, node)
    if s.active[place]:
        give_at(s, place, given)


cdef inline void take(GraphSweep s, uint32_t node, flow given) noexcept:
    """Give the negative of it."""
    cdef uint32_t place = place_of(s, node)
    cdef flow before = s.adjoint[place]
    if before.amount and s.active[place] and are_plain(s, before, given):
        s.adjoint[place].amount = of_two(
            s, OP_sub, before.amount, given.amount, tape.data[before.amount] - tape.data[given.amount],
        )
    elif s.active[place]:
        give(s, node, flow_through(s.algebra, OP_neg, 0, given.amount, given.amount, given.amount, given))


cdef inline flow times(GraphSweep s, flow x, symbol factor) noexcept:
    """Their product; most nodes are products, so that it takes no detour."""
    cdef flow other = flow(factor, 0)
    if are_plain(s, x, other):
        return flow(of_two(s, OP_mul, x.amount, factor, tape.data[x.amount] * tape.data[factor]), 0)
    return flow_product(s.algebra, x, other)


cdef inline void give_product(GraphSweep s, uint32_t node, flow g, symbol factor) noexcept:
    cdef uint32_t place = place_of(s, node)
    if s.active[place]:
        give_at(s, place, times(s, g, factor))


cdef inline bint give_quotient(GraphSweep s, uint32_t i, uint32_t a, uint32_t b, flow g) noexcept:
    """The step of a quotient, whose slopes have a division in common. False where it takes a detour."""
    cdef flow part = flow(b, 0)
    if not are_plain(s, g, part):
        return False
    part.amount = of_two(s, OP_div, g.amount, b, tape.data[g.amount] / tape.data[b])
    give(s, a, part)
    if s.active[place_of(s, b)]:
        take(s, b, times(s, part, i))
    return True


cdef int pass_on(GraphSweep s, uint32_t i) except -1:
    """Give what node i is given to its operands."""
    cdef uint32_t op = tape.op[i] & OP_MASK, a = tape.first[i], b, base
    cdef flow g = s.adjoint[place_of(s, i)]
    cdef symbol c
    if op == OP_LEAF or not g.amount:
        return 0
    b = tape.second[i].node
    if op == OP_mul:
        give_product(s, b, g, a)
        give_product(s, a, g, b)
        return 0
    if op == OP_add:
        give(s, b, g)
        give(s, a, g)
        return 0
    if op == OP_sub:
        take(s, b, g)
        give(s, a, g)
        return 0
    if op == OP_div and give_quotient(s, i, a, b, g):
        return 0
    if op < OP_FIRST_VC:
        if s.active[place_of(s, a)]:
            give(s, a, flow_through(s.algebra, op, 0, a, a, i, g))
    elif op < OP_FIRST_BINARY:
        if s.active[place_of(s, a)]:
            c = constant(s.algebra, tape.second[i].constant)
            base = op - (OP_TO_CV if op >= OP_FIRST_CV else OP_TO_VC)
            if op >= OP_FIRST_CV:
                give(s, a, flow_through(s.algebra, base, 1, c, a, i, g))
            else:
                give(s, a, flow_through(s.algebra, base, 0, a, c, i, g))
    elif op < OP_FIRST_NARY:
        if s.active[place_of(s, b)]:
            give(s, b, flow_through(s.algebra, op, 1, a, b, i, g))
        if s.active[place_of(s, a)]:
            give(s, a, flow_through(s.algebra, op, 0, a, b, i, g))
    else:
        pass_on_many(s, i, op, g)
    return 0


cdef symbol operand_at(GraphSweep s, const operands *x, uint32_t k) noexcept:
    return constant(s.algebra, x.reals[k]) if x.slots[k] == CONSTANT else x.slots[k]


cdef void give_slot(GraphSweep s, uint32_t i, uint32_t k, flow given) noexcept:
    """Payloads move when nodes are appended."""
    cdef operands x = payload(i)
    if x.slots[k] != CONSTANT:
        give(s, x.slots[k], given)


cdef int pass_on_many(GraphSweep s, uint32_t i, uint32_t op, flow g) except -1:
    cdef uint32_t k
    cdef operands x
    cdef symbol other, condition
    if op == OP_pick:
        k = tape.second[i].place
        give(s, s.of_results(tape.first[i])[k], g)
    elif op == OP_sum or op == OP_fsum:
        for k in range(tape.second[i].span.n):
            give_slot(s, i, k, g)
    elif op == OP_dot:
        give_slot(s, i, 0, g)
        for k in range(1, tape.second[i].span.n):
            x = payload(i)
            other = operand_at(s, &x, ((k - 1) ^ 1) + 1)
            x = payload(i)
            if x.slots[k] != CONSTANT and s.active[place_of(s, x.slots[k])]:
                give_product(s, x.slots[k], g, other)
    elif op == OP_select or op == OP_ifel:
        if op == OP_ifel:
            give_slot(s, i, 0, g)
        x = payload(i)
        condition = operand_at(s, &x, op == OP_ifel)
        for k in range(2):
            give_slot(s, i, k + 1 + (op == OP_ifel), flow_to_case(s.algebra, condition, k == 0, g))
    elif op == OP_sloped:
        give_slot(s, i, 0, g)
        x = payload(i)
        other = operand_at(s, &x, 2)
        give_slot(s, i, 1, flow_product(s.algebra, g, flow(other, 0)))
    elif op == OP_user and "_slopes" in state_at(i):
        give_slopes(s, i, g, state_at(i)["_slopes"]())
    elif op == OP_user:
        for k in range(tape.second[i].span.n if tape.second[i].span.reals else 0):
            x = payload(i)
            give_slot(s, i, k, flow_product(s.algebra, g, flow(constant(s.algebra, x.reals[k]), 0)))
    elif kind_at(i).slopes != NULL:
        give_slopes(s, i, g, kind_at(i).slopes(i))
    elif op != OP_leaves:
        sweep_expansion(s, i, g)
    return 0


cdef int give_slopes(GraphSweep s, uint32_t i, flow g, list slopes) except -1:
    """By operand, scalars and numbers."""
    cdef uint32_t k = 0
    for slope in slopes:
        if isinstance(slope, Node):
            make_room(s, place_of(s, tape.count))
            give_slot(s, i, k, flow_product(s.algebra, g, flow((<Node>slope).node, 0)))
        else:
            number = number_of(slope, "a partial derivative")
            give_slot(s, i, k, flow_product(s.algebra, g, flow(constant(s.algebra, number), 0)))
        k += 1
    return 0


cdef int sweep_expansion(GraphSweep s, uint32_t i, flow g) except -1:
    """Sweep what a node was written out as, whose results were given what picks of them were."""
    cdef Expansion e = s.expansion[<uint64_t>s.expanded[i]]
    cdef uint32_t k
    if not has_results(i) or results_of(i).count == 1:
        give(s, e.results[0], g)
    for k in range(e.stop - 1, e.start - 1, -1):
        pass_on(s, k)
    return 0


cdef GraphSweep swept(list roots, list seeds, list by):
    cdef GraphSweep s = GraphSweep(most_derived(roots))
    cdef uint32_t k, node
    cdef uint64_t generation
    cdef Handle root
    cdef flow seed
    find_reached(s, roots)
    generation = tape.generation
    let_go()
    try:
        reserve(4 * s.count, 0)
    finally:
        hold()
    if tape.generation != generation:
        find_reached(s, roots)
    begin_nodes(&s.nodes, s.nodes.type_code)
    find_active(s, by)
    expand_all(s)
    for root, given in zip(roots, seeds):
        if isinstance(given, Node):
            seed = flow((<Node>given).node, 0)
        else:
            seed = flow(constant(s.algebra, number_of(given, "a seed")), 0)
        give(s, root.node, seed)
    for k in range(s.count):
        node = s.reached[k]
        if has_results_at(node):
            if node in s.expanded:
                sweep_expansion(s, node, s.adjoint[node - s.low])
        elif s.adjoint[node - s.low].amount:
            pass_on(s, node)
        if k % PATIENCE == PATIENCE - 1:
            PyErr_CheckSignals()
    s.finish()
    return s


cdef inline bint has_results_at(uint32_t i) noexcept:
    cdef uint32_t op = tape.op[i] & OP_MASK
    return op >= OP_FIRST_NARY and has_results(i)


cdef symbol adjoint_of(GraphSweep s, uint32_t node) noexcept:
    return s.adjoint[node - s.low].amount if s.low <= node < s.end else 0
