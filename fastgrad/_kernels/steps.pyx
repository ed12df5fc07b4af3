# distutils: extra_compile_args = -O3
"""Steps of a block. The contract is in the header, steps.pxd."""

from libc.stdint cimport int16_t, int64_t, uint8_t, uint32_t

from fastgrad._kernels.arithmetic cimport (
    OP_add, OP_div, OP_mul, OP_sub, add_overflows, multiply_overflows, powered, subtract_overflows,
)
from fastgrad._kernels.columns cimport (
    APPLY_TO_NUMBERS, COMBINE_INTEGERS, COMBINE_NUMBERS, JOIN_NODES, LARGEST_NUMBERS, LEAST_NUMBERS, NEW_LEAVES,
    NODES_AND_NUMBERS, NUMBERS_AND_NODES, READ_ATTRIBUTES, SET_ATTRIBUTES, SET_ITEMS, SUM_NODES, SUM_NUMBERS,
    SUM_PRODUCTS, TAKE_ITEMS, TAKE_PARTS, Step, Values,
)
from fastgrad._kernels.operands cimport Block, Nodes, Numbers, integer_of, nodes_of, numbers_of
from fastgrad._kernels.products cimport sum_products
from fastgrad._kernels.reading cimport may_set_attributes, may_set_items, read_attributes, take_items, take_parts
from fastgrad._kernels.registers cimport Register
from fastgrad._tape.spelled cimport append_constant_leaf
from fastgrad._tape.tape cimport OP_TO_VC, Second, op_doubtful, op_value1, op_value2, tape

cdef extern from "operations/power.h" nogil:
    bint op_powers(const double *a, double b, uint32_t n, double *y, double *unclear)

cdef extern from *:
    bint COMPENSATES "(PY_VERSION_HEX >= 0x030C0000)"


# Nodes. Each of these appends a node of every round, and ends the block where Python may raise. The tape's arrays do
# not move meanwhile: that they are local variables tells the compiler so.

cdef inline uint32_t join(
    uint32_t op, Block *block, const Step *step, const Nodes *a, const Nodes *b, uint32_t *to
) noexcept:
    cdef uint32_t k, left, right, by = block.plan.nodes, rounds = block.rounds
    cdef uint32_t first_round = block.first, i = block.base + step.offset + first_round * by
    cdef uint8_t code = <uint8_t>block.plan.code
    cdef double *data = tape.data
    cdef uint32_t *first = tape.first
    cdef Second *second = tape.second
    cdef uint8_t *ops = tape.op
    cdef uint8_t *codes = tape.type_code
    cdef const uint32_t *lefts = a.at
    cdef const uint32_t *rights = b.at
    cdef uint32_t left_by = a.by, right_by = b.by
    cdef double y
    for k in range(first_round, rounds):
        left, right = lefts[k * left_by], rights[k * right_by]
        y = op_value2(op, data[left], data[right])
        if op_doubtful(op, y):
            return k
        data[i] = y
        first[i] = left
        second[i] = node_as_second(right)
        ops[i] = <uint8_t>op
        codes[i] = code
        to[k] = i
        i += by
    return rounds


cdef inline Second node_as_second(uint32_t node) noexcept:
    cdef Second second
    second.constant = 0.0
    second.node = node
    return second


cdef inline uint32_t join_nodes(Block *block, const Step *step, uint32_t *to) noexcept:
    cdef Nodes a = nodes_of(block, step.a), b = nodes_of(block, step.b)
    if step.c == OP_mul:
        return join(OP_mul, block, step, &a, &b, to)
    if step.c == OP_add:
        return join(OP_add, block, step, &a, &b, to)
    return join(step.c, block, step, &a, &b, to)


cdef uint32_t sum_nodes(Block *block, const Step *step, uint32_t *to) noexcept:
    cdef const uint32_t *values = block.columns[step.b].node
    cdef uint32_t k, right, by = block.plan.nodes, i = block.base + step.offset + block.first * by
    cdef uint32_t total = to[block.first - 1] if block.first else block.run.registers[-1 - step.a].node
    cdef uint8_t code = <uint8_t>block.plan.code
    cdef double *data = tape.data
    cdef uint32_t *first = tape.first
    cdef Second *second = tape.second
    cdef uint8_t *ops = tape.op
    cdef uint8_t *codes = tape.type_code
    cdef double y = data[total]
    for k in range(block.first, block.rounds):
        right = values[k]
        y = y + data[right]
        data[i] = y
        first[i] = total
        second[i] = node_as_second(right)
        ops[i] = OP_add
        codes[i] = code
        to[k] = total = i
        i += by
    return block.rounds


cdef inline uint32_t with_constants(
    uint32_t op, Block *block, const Step *step, const Nodes *x, const Numbers *c, uint32_t *to
) noexcept:
    cdef uint32_t k, left, by = block.plan.nodes, i = block.base + step.offset + block.first * by
    cdef uint8_t code = <uint8_t>block.plan.code
    cdef double *data = tape.data
    cdef uint32_t *first = tape.first
    cdef Second *second = tape.second
    cdef uint8_t *ops = tape.op
    cdef uint8_t *codes = tape.type_code
    cdef double y, constant
    for k in range(block.first, block.rounds):
        left, constant = x.at[k * x.by], c.at[k]
        y = op_value1(op, data[left], constant)
        if op_doubtful(op, y):
            return k
        data[i] = y
        first[i] = left
        second[i].constant = constant
        ops[i] = <uint8_t>op
        codes[i] = code
        to[k] = i
        i += by
    return block.rounds


cdef uint32_t with_numbers(Block *block, const Step *step, int16_t node, int16_t number, uint32_t *to) noexcept:
    cdef Nodes x = nodes_of(block, node)
    cdef Numbers c
    numbers_of(block, step, number, &c)
    if step.c == OP_mul + OP_TO_VC:
        return with_constants(OP_mul + OP_TO_VC, block, step, &x, &c, to)
    return with_constants(step.c, block, step, &x, &c, to)


cdef uint32_t new_leaves(Block *block, const Step *step, uint32_t *to) noexcept:
    cdef Numbers values
    cdef uint32_t k, count = tape.count, by = block.plan.nodes
    numbers_of(block, step, step.a, &values)
    for k in range(block.first, block.rounds):
        tape.count = block.base + step.offset + k * by
        to[k] = append_constant_leaf(<uint8_t>block.plan.code, values.at[k], step.c)
    tape.count = count
    return block.rounds


# Plain numbers.

cdef uint32_t combine(Block *block, const Step *step, double *to) noexcept:
    cdef Numbers a, b
    cdef uint32_t k, first = block.first, rounds = block.rounds
    numbers_of(block, step, step.a, &a)
    numbers_of(block, step, step.b, &b)
    cdef const double *x = a.at
    cdef const double *y = b.at
    if step.c == OP_add:
        for k in range(first, rounds):
            to[k] = x[k] + y[k]
    elif step.c == OP_sub:
        for k in range(first, rounds):
            to[k] = x[k] - y[k]
    elif step.c == OP_mul:
        for k in range(first, rounds):
            to[k] = x[k] * y[k]
    elif step.c == OP_div:
        rounds = before_zero(y, first, rounds)
        for k in range(first, rounds):
            to[k] = x[k] / y[k]
    else:
        rounds = raise_all(x, y, step.b < 0, first, rounds, to)
    return rounds


cdef inline uint32_t before_zero(const double *y, uint32_t first, uint32_t rounds) noexcept:
    """How many rounds there are before one with a zero."""
    cdef uint32_t k
    for k in range(first, rounds):
        if y[k] == 0.0:
            return k
    return rounds


cdef uint32_t raise_all(
    const double *x, const double *y, bint same, uint32_t first, uint32_t rounds, double *to
) noexcept:
    """Powers of floats; where the exponent is the same in all rounds, those that are known at once."""
    cdef double unclear[64]
    cdef bint known = same and op_powers(x + first, y[first], rounds - first, to + first, unclear)
    cdef uint32_t k
    cdef Register result
    for k in range(first, rounds):
        if known and unclear[k - first] == 0.0:
            continue
        if not powered(x[k], y[k], &result):
            return k
        to[k] = result.content.number
    return rounds


cdef uint32_t combine_integers(Block *block, const Step *step, int64_t *to) noexcept:
    cdef int64_t a, b
    cdef uint32_t k
    cdef bint overflows
    for k in range(block.first, block.rounds):
        a, b = integer_of(block, step.a, k), integer_of(block, step.b, k)
        if step.c == OP_add:
            overflows = add_overflows(a, b, &to[k])
        elif step.c == OP_sub:
            overflows = subtract_overflows(a, b, &to[k])
        else:
            overflows = multiply_overflows(a, b, &to[k])
        if overflows:
            return k
    return block.rounds


cdef uint32_t apply(Block *block, const Step *step, double *to) noexcept:
    cdef Numbers a
    cdef uint32_t k
    numbers_of(block, step, step.a, &a)
    for k in range(block.first, block.rounds):
        to[k] = op_value1(step.c, a.at[k], 0.0)
        if op_doubtful(step.c, to[k]):
            return k
    return block.rounds


cdef uint32_t sum_numbers(Block *block, const Step *step, double *to) noexcept:
    """As sum() adds floats; where Python keeps what rounding loses, single rounds do it."""
    cdef const double *values = block.columns[step.b].number
    cdef double x = to[block.first - 1] if block.first else block.run.registers[-1 - step.a].content.number
    cdef uint32_t k
    if COMPENSATES:
        return block.first
    for k in range(block.first, block.rounds):
        x += values[k]
        to[k] = x
    return block.rounds


cdef uint32_t extreme(Block *block, const Step *step, double *to) noexcept:
    cdef const double *values = block.columns[step.b].number
    cdef double x = to[block.first - 1] if block.first else block.run.registers[-1 - step.a].content.number
    cdef uint32_t k
    for k in range(block.first, block.rounds):
        if values[k] > x if step.code == LARGEST_NUMBERS else values[k] < x:
            x = values[k]
        to[k] = x
    return block.rounds


cdef uint32_t do_step(Block *block, const Step *step) noexcept:
    """Do a step of all rounds; return how many of them hold."""
    cdef uint32_t code = step.code
    cdef Values *to = &block.columns[step.to]
    if code == SUM_PRODUCTS:
        return sum_products(block, step)
    if code == TAKE_ITEMS:
        return take_items(block, step, to)
    if code == JOIN_NODES:
        return join_nodes(block, step, to.node)
    if code == SUM_NODES:
        return sum_nodes(block, step, to.node)
    if code == NODES_AND_NUMBERS:
        return with_numbers(block, step, step.a, step.b, to.node)
    if code == NUMBERS_AND_NODES:
        return with_numbers(block, step, step.b, step.a, to.node)
    if code == COMBINE_NUMBERS:
        return combine(block, step, to.number)
    if code == COMBINE_INTEGERS:
        return combine_integers(block, step, to.integer)
    if code == READ_ATTRIBUTES:
        return read_attributes(block, step, to.number)
    if code == NEW_LEAVES:
        return new_leaves(block, step, to.node)
    if code == APPLY_TO_NUMBERS:
        return apply(block, step, to.number)
    if code == SUM_NUMBERS:
        return sum_numbers(block, step, to.number)
    if code == LARGEST_NUMBERS or code == LEAST_NUMBERS:
        return extreme(block, step, to.number)
    if code == TAKE_PARTS:
        return take_parts(block, step, to)
    if code == SET_ATTRIBUTES:
        return may_set_attributes(block, step)
    if code == SET_ITEMS:
        return may_set_items(block, step)
    return block.rounds
