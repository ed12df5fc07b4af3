"""Lowering. The contract is in the header, _lower.pxd."""

from libc.stdint cimport uint8_t, uint32_t, uint64_t
from libc.stdlib cimport calloc, free, realloc
from libc.string cimport memcpy

from fastgrad._tape.graph cimport symbol_of
from fastgrad._tape.handle cimport MANY, Handle
from fastgrad._layers.layer cimport layer_of, results_of
from fastgrad._layers.loss cimport penalized_at
from fastgrad._tape.tape cimport (
    CONSTANT, FROM_NOTHING, FROM_RESULTS, FROM_SCALARS, HAS_CALLBACK, LOSS_SHAPE_REALS, OP_FIRST_BINARY, OP_FIRST_CV,
    OP_FIRST_NARY, OP_FIRST_VC, OP_LEAF, OP_TO_CV, OP_TO_VC, LOSS_cross_entropy, LOSS_cross_entropy_of_labels,
    LOSS_l2_penalty, OP_dot, OP_fsum, OP_hypot, OP_ifel, OP_layer, OP_logsumexp, OP_loss, OP_mean, OP_pick, OP_prod,
    OP_run, OP_select, OP_softmax, OP_sum, OP_user, OP_wide_layer, layer, loss, loss_at, operands, payload,
    penalized, slot_count, slot_node, tape,
)

from fastgrad._recording.trace import TraceError

cdef extern from "layers/layer.h" nogil:
    enum:
        ACTIVATION_softmax

cdef extern from "operations/ops.h" nogil:
    enum:
        OP_ceil, OP_copysign, OP_div, OP_floor, OP_fmod, OP_ge, OP_lt, OP_mul, OP_sign, OP_step

cdef extern from "programs/composites.h" nogil:
    enum:
        NO_VALUE, STEP_stop
    bint builder_begin(builder *p)
    void builder_free(builder *p)
    uint32_t build_constant(builder *p, double x)
    uint32_t build_input(builder *p, uint32_t place)
    uint32_t build_captured(builder *p, uint32_t place)
    uint32_t build1(builder *p, uint32_t op, uint32_t a)
    uint32_t build2(builder *p, uint32_t op, uint32_t a, uint32_t b)
    uint32_t build_number2(builder *p, uint32_t op, uint32_t a, double b)
    void push_operand(builder *p, uint32_t a)
    uint32_t build_dot(builder *p, uint32_t bias, uint32_t n)
    uint32_t build_select(builder *p, uint32_t condition, uint32_t yes, uint32_t no)
    uint32_t build_sum_of(builder *p, const uint32_t *x, uint32_t n)
    uint32_t build_prod(builder *p, const uint32_t *x, uint32_t n)
    void build_softmax(builder *p, uint32_t *x, uint32_t n)
    uint32_t build_logsumexp(builder *p, uint32_t *x, uint32_t n)
    uint32_t build_hypot(builder *p, uint32_t *x, uint32_t n)
    uint32_t build_ifel(builder *p, uint32_t x, uint32_t condition, uint32_t yes, uint32_t no)
    uint32_t build_activation(builder *p, uint32_t activation, uint32_t x)
    uint32_t build_loss_of_one(builder *p, uint32_t loss, uint32_t x, double t)
    uint32_t build_entropy_of_label(builder *p, uint32_t *x, uint32_t n, uint32_t j)
    uint32_t build_entropy(builder *p, uint32_t *x, uint32_t n, const double *t)
    uint32_t build_reduced(builder *p, uint32_t reduction, const uint32_t *x, uint32_t n)

cdef extern from "programs/optimize.h" nogil:
    bint optimizer_begin(optimizer *o, builder *p, const uint32_t *roots, uint32_t n)
    void optimizer_free(optimizer *o)
    bint fuse_sums(optimizer *o)
    counts number_values(optimizer *o, uint32_t inputs, uint32_t captured)
    void write_constants(const optimizer *o, double *constant)
    void write_steps(const optimizer *o, step *steps, uint32_t *operand)


# Lists of items.

cdef int no_memory() except -1:
    raise MemoryError("no memory to compile this many operations")


cdef uint32_t *room(Ids *ids, uint64_t n) except NULL:
    """Make room for n more."""
    cdef uint64_t capacity = 2 * <uint64_t>ids.capacity + n + 16
    cdef void *moved
    if ids.count + n > ids.capacity:
        moved = realloc(ids.id, capacity * sizeof(uint32_t)) if capacity < 1 << 31 else NULL
        if moved == NULL:
            no_memory()
        ids.id = <uint32_t *>moved
        ids.capacity = <uint32_t>capacity
    return ids.id + ids.count


cdef int add(Ids *ids, uint32_t i) except -1:
    room(ids, 1)[0] = i
    ids.count += 1
    return 0


cdef class Lowering:
    def __cinit__(self, list inputs, uint32_t start, uint32_t end, set detached):
        cdef uint32_t k
        self.inputs, self.start, self.end, self.detached = inputs, start, end, detached
        self.needed = <uint8_t *>calloc(<size_t>end - start + 1, 1)
        self.item = <uint32_t *>calloc(<size_t>end - start + 1, sizeof(uint32_t))
        self.outside = <uint32_t *>calloc(start, sizeof(uint32_t))
        if self.needed == NULL or self.item == NULL or self.outside == NULL or not builder_begin(&self.p):
            no_memory()
        for k in range(<uint32_t>len(inputs)):
            self.outside[(<Handle>inputs[k]).node] = build_input(&self.p, k)

    def __dealloc__(self):
        optimizer_free(&self.o)
        builder_free(&self.p)
        free(self.needed)
        free(self.item)
        free(self.outside)
        free(self.captured.id)
        free(self.results.id)
        free(self.work.id)

    cdef int lower(self, list outputs, list guards) except -1:
        """Make items of all that the outputs and guards stand on."""
        mark_needed(self, outputs, guards)
        lower_nodes(self)
        return no_memory() if self.p.failed else 0

    cdef tuple arrays(self, list outputs, list guards):
        """A program's arrays, after lowering: see Program."""
        import numpy

        cdef counts c
        roots = numpy.array([root_of(self, x) for x in outputs] + [root_of(self, x) for x, _ in guards], numpy.uint32)
        c = optimized(self, roots)
        uniforms, steps = numpy.empty(self.captured.count + c.constants), numpy.empty((c.steps, 4), numpy.uint32)
        operand = numpy.empty(c.operands, numpy.uint32)
        write(self, uniforms, steps, operand)
        values = values_of(self, roots)
        return (
            len(self.inputs), uniforms, c.uniform_steps, steps, operand, values[:len(outputs)].copy(),
            numpy.column_stack([values[len(outputs):], [truth for _, truth in guards]]).astype(numpy.uint32),
        )


cdef counts optimized(Lowering self, const uint32_t[::1] roots) except *:
    cdef uint32_t n = <uint32_t>roots.shape[0]
    if not optimizer_begin(&self.o, &self.p, &roots[0] if n else NULL, n) or not fuse_sums(&self.o):
        no_memory()
    return number_values(&self.o, <uint32_t>len(self.inputs), self.captured.count)


cdef int write(Lowering self, double[::1] uniforms, uint32_t[:, ::1] steps, uint32_t[::1] operand) except -1:
    cdef uint32_t k, captured = self.captured.count
    for k in range(captured):
        uniforms[k] = tape.data[self.captured.id[k]]
    if uniforms.shape[0] > captured:
        write_constants(&self.o, &uniforms[captured])
    if steps.shape[0]:
        write_steps(&self.o, <step *>&steps[0, 0], &operand[0] if operand.shape[0] else NULL)
    return 0


cdef object values_of(Lowering self, uint32_t[::1] roots):
    cdef Py_ssize_t k
    for k in range(roots.shape[0]):
        roots[k] = self.o.value[roots[k]]
    return roots.base


cdef uint32_t root_of(Lowering self, x) except? 0:
    """The item of a scalar or float."""
    if isinstance(x, Handle):
        if (<Handle>x).kind == MANY:
            raise TypeError(f"an output must be a scalar or a number, not {x!r}: give its scalars, batch[i]")
        return item_of(self, (<Handle>x).node)
    return build_constant(&self.p, x)


# Which nodes are needed.

cdef inline void need(Lowering self, uint32_t node, uint8_t how) noexcept:
    if node >= self.start:
        self.needed[node - self.start] |= how


cdef inline bint has_jumps(uint32_t op) noexcept:
    """Does a function's value jump where its operand passes a number? It then needs its operands exactly."""
    if op >= OP_FIRST_BINARY:
        return OP_lt <= op <= OP_ge or op == OP_fmod or op == OP_copysign or op == OP_select or op == OP_ifel
    if op >= OP_FIRST_VC:
        op -= OP_TO_VC if op < OP_FIRST_CV else OP_TO_CV
        return OP_lt <= op <= OP_ge or op == OP_fmod or op == OP_copysign
    return op == OP_step or op == OP_sign or op == OP_floor or op == OP_ceil


cdef int mark_needed(Lowering self, list outputs, list guards) except -1:
    cdef uint32_t i, k
    cdef uint8_t how
    for x in outputs:
        if isinstance(x, Handle):
            if (<Handle>x).node >= self.end:
                raise ValueError(f"{x!r} was made after the recording")
            need(self, (<Handle>x).node, NEEDED)
    for x, _ in guards:
        need(self, (<Handle>x).node, NEEDED | EXACTLY)
    for i in range(self.end - 1, self.start - 1, -1):
        how = self.needed[i - self.start]
        if how:
            self.reached += 1
            if has_jumps(tape.op[i]):
                how |= EXACTLY
            for k in range(slot_count(i)):
                need(self, slot_node(i, k), how)
    return 0


# Items of nodes.

cdef inline uint32_t item_of(Lowering self, uint32_t node) except? 0:
    if node >= self.start:
        return self.item[node - self.start]
    if self.outside[node] == 0:
        self.outside[node] = captured_item(self, node)
    return self.outside[node]


cdef uint32_t captured_item(Lowering self, uint32_t node) except? 0:
    add(&self.captured, node)
    return build_captured(&self.p, self.captured.count - 1)


cdef int lower_nodes(Lowering self) except -1:
    cdef builder *p = &self.p
    cdef uint32_t i, op, a
    for i in range(self.start, self.end):
        if not self.needed[i - self.start]:
            continue
        op = tape.op[i]
        p.exact = self.needed[i - self.start] & EXACTLY
        if op == OP_LEAF:
            a = build_constant(p, tape.data[i])
        elif op < OP_FIRST_VC:
            a = build1(p, op, item_of(self, tape.first[i]))
        elif op < OP_FIRST_CV:
            a = build_number2(p, op - OP_TO_VC, item_of(self, tape.first[i]), tape.second[i].constant)
        elif op < OP_FIRST_BINARY:
            a = build_constant(p, tape.second[i].constant)
            a = build2(p, op - OP_TO_CV, a, item_of(self, tape.first[i]))
        elif op < OP_FIRST_NARY:
            a = build2(p, op, item_of(self, tape.first[i]), item_of(self, tape.second[i].node))
        else:
            a = lower_nary(self, i, op)
        self.item[i - self.start] = a
    return 0


cdef int cannot(uint32_t i, str why) except -1:
    raise TraceError(f"{symbol_of(i) or 'a node made from outside'} cannot be compiled: {why}")


cdef uint32_t lower_nary(Lowering self, uint32_t i, uint32_t op) except? 0:
    if op & HAS_CALLBACK:
        cannot(i, "its gradient is a Python function's")
    if op == OP_pick:
        return pick_of(self, i)
    if op == OP_run:
        return 0
    if op == OP_softmax:
        return lower_softmax(self, i)
    if op == OP_layer or op == OP_wide_layer:
        return lower_layer(self, i)
    if op == OP_loss:
        return lower_loss(self, i)
    if op == OP_user and i in self.detached:
        return build1(&self.p, STEP_stop, item_of(self, payload(i).slots[0]))
    if op >= OP_loss or op == OP_user:
        cannot(i, "what it computes is known to Python only. Write it with operations of fastgrad.math")
    return lower_operation(self, op, read_operands(self, i), tape.second[i].span.n)


cdef uint32_t *read_operands(Lowering self, uint32_t i) except NULL:
    """The items of a node's operands, in `work`, with room for as many again."""
    cdef operands x = payload(i)
    cdef uint32_t *each
    cdef uint32_t k
    self.work.count = 0
    each = room(&self.work, 2 * <uint64_t>x.n)
    for k in range(x.n):
        each[k] = build_constant(&self.p, x.reals[k]) if x.slots[k] == CONSTANT else item_of(self, x.slots[k])
    return each


cdef uint32_t lower_operation(Lowering self, uint32_t op, uint32_t *x, uint32_t n) except? 0:
    cdef builder *p = &self.p
    cdef uint32_t k
    if op == OP_sum or op == OP_fsum:
        return build_sum_of(p, x, n)
    if op == OP_mean:
        return build_number2(p, OP_div, build_sum_of(p, x, n), n)
    if op == OP_prod:
        return build_prod(p, x, n)
    if op == OP_dot:
        for k in range(1, n):
            push_operand(p, x[k])
        return build_dot(p, x[0], n >> 1)
    if op == OP_logsumexp:
        return build_logsumexp(p, x, n)
    if op == OP_hypot:
        return build_hypot(p, x, n)
    if op == OP_select:
        return build_select(p, x[0], x[1], x[2])
    return build_ifel(p, x[0], x[1], x[2], x[3])


# Nodes of many results: their item is the place of the first of them in `results`; of a single result it is the result.

cdef uint32_t *results_at(Lowering self, uint32_t node) except NULL:
    """The items of the results of a node of many."""
    if node < self.start:
        raise TraceError("a batch from outside cannot be used in a compiled function: compute it inside")
    if results_of(node).count == 1:
        return self.item + (node - self.start)
    return self.results.id + self.item[node - self.start]


cdef uint32_t keep_results(Lowering self, uint64_t n) noexcept:
    """Keep the results just written behind those that are there; return the item of their node."""
    cdef uint32_t place = self.results.count
    if n == 1:
        return self.results.id[place]
    self.results.count += <uint32_t>n
    return place


cdef uint32_t pick_of(Lowering self, uint32_t i) except? 0:
    if tape.first[i] < self.start:  # a number of a batch from outside
        return captured_item(self, i)
    return results_at(self, tape.first[i])[tape.second[i].place]


cdef uint32_t lower_softmax(Lowering self, uint32_t i) except? 0:
    cdef uint32_t n = tape.second[i].span.n
    cdef uint32_t *x = read_operands(self, i)
    build_softmax(&self.p, x, n)
    memcpy(room(&self.results, n), x, n * sizeof(uint32_t))
    return keep_results(self, n)


cdef uint32_t lower_layer(Lowering self, uint32_t i) except? 0:
    cdef layer at = layer_of(i)
    cdef uint64_t count = <uint64_t>at.shape.rows * at.shape.nout, k
    cdef uint32_t *result = room(&self.results, count)
    if at.shape.inputs == FROM_NOTHING:
        for k in range(count):
            result[k] = build_constant(&self.p, at.results[k])
    else:
        read_layer_inputs(self, i, &at)
        lower_sums(self, i, &at, result)
        activate(self, &at, result)
    return keep_results(self, count)


cdef int read_layer_inputs(Lowering self, uint32_t i, layer *at) except -1:
    """The items of a layer's inputs, in `work`."""
    cdef operands x = payload(i)
    cdef uint64_t n = <uint64_t>at.shape.rows * at.shape.nin, k
    cdef uint32_t *each
    self.work.count = 0
    each = room(&self.work, n)
    if at.shape.inputs == FROM_RESULTS:
        memcpy(each, results_at(self, x.slots[1]), n * sizeof(uint32_t))
        return 0
    for k in range(n):
        if at.shape.inputs == FROM_SCALARS and x.slots[k + 1] != CONSTANT:
            each[k] = item_of(self, x.slots[k + 1])
        else:
            each[k] = build_constant(&self.p, at.in_[k])
    return 0


cdef int lower_sums(Lowering self, uint32_t i, layer *at, uint32_t *result) except -1:
    cdef uint32_t first = tape.first[payload(i).slots[0]] + at.shape.place, nin = at.shape.nin, w, r, j, k
    cdef uint32_t *x = self.work.id
    for r in range(at.shape.rows):
        for j in range(at.shape.nout):
            w = first + j * (nin + 1)
            for k in range(nin):
                push_operand(&self.p, item_of(self, w + k))
                push_operand(&self.p, x[r * nin + k])
            result[r * at.shape.nout + j] = build_dot(&self.p, item_of(self, w + nin), nin)
    return 0


cdef int activate(Lowering self, layer *at, uint32_t *result) except -1:
    cdef uint32_t nout = at.shape.nout, k
    for k in range(at.shape.rows * nout):
        if at.shape.activation != ACTIVATION_softmax:
            result[k] = build_activation(&self.p, at.shape.activation, result[k])
        elif k % nout == 0:
            build_softmax(&self.p, result + k, nout)
    return 0


# Losses.

cdef uint32_t lower_loss(Lowering self, uint32_t i) except? 0:
    cdef loss at = loss_at(payload(i).reals)
    cdef uint64_t r, n = at.shape.columns
    cdef uint32_t *x
    cdef uint32_t *terms
    if at.shape.loss == LOSS_l2_penalty:
        return lower_penalty(self, i)
    x = read_predictions(self, i, &at)
    terms = x + at.shape.rows * n
    for r in range(at.shape.rows):
        memcpy(terms + at.shape.rows, x + r * n, n * sizeof(uint32_t))
        terms[r] = lower_row(self, &at, r, terms + at.shape.rows)
    return build_reduced(&self.p, at.shape.reduction, terms, <uint32_t>at.shape.rows)


cdef uint32_t *read_predictions(Lowering self, uint32_t i, loss *at) except NULL:
    """The items of a loss's predictions, in `work`, with room for a term of each row, and for two rows."""
    cdef operands x = payload(i)
    cdef uint64_t n = at.shape.rows * at.shape.columns, k
    cdef uint32_t *each
    self.work.count = 0
    each = room(&self.work, n + at.shape.rows + 2 * <uint64_t>at.shape.columns)
    if at.shape.inputs == FROM_RESULTS:
        memcpy(each, results_at(self, x.slots[0]), n * sizeof(uint32_t))
        return each
    for k in range(n):
        each[k] = build_constant(&self.p, at.predictions[k]) if x.slots[k] == CONSTANT else item_of(self, x.slots[k])
    return each


cdef uint32_t lower_row(Lowering self, loss *at, uint64_t r, uint32_t *x) except? 0:
    """The loss of row r, whose items are given, and are used up."""
    cdef uint32_t n = at.shape.columns
    if at.shape.loss == LOSS_cross_entropy_of_labels:
        return build_entropy_of_label(&self.p, x, n, <uint32_t>at.targets[r])
    if at.shape.loss == LOSS_cross_entropy:
        return build_entropy(&self.p, x, n, at.targets + r * n)
    return build_loss_of_one(&self.p, at.shape.loss, x[0], at.targets[r])


cdef uint32_t lower_penalty(Lowering self, uint32_t i) except? 0:
    cdef double alpha = payload(i).reals[LOSS_SHAPE_REALS]
    cdef penalized s
    cdef uint32_t k, node, n = 0, squares
    for k in range(tape.second[i].span.n):
        s = penalized_at(i, k)
        for node in range(s.start, s.start + s.length):
            push_operand(&self.p, item_of(self, node))
            push_operand(&self.p, item_of(self, node))
            n += 1
    squares = build_dot(&self.p, NO_VALUE, n)
    return build_number2(&self.p, OP_mul, squares, alpha)
