# distutils: extra_compile_args = -O3
"""Steps of a block. The contract is in the header, steps.pxd."""

from cpython.float cimport PyFloat_AS_DOUBLE
from cpython.list cimport PyList_CheckExact
from cpython.object cimport PyObject, PyTypeObject
from libc.stdint cimport int16_t, int64_t, uint8_t, uint32_t, uint64_t
from libc.string cimport memcpy

from fastgrad._kernels.arithmetic cimport (
    OP_add, OP_div, OP_mul, OP_sub, add_overflows, multiply_overflows, powered, subtract_overflows,
)
from fastgrad._kernels.columns cimport (
    APPLY_TO_NUMBERS, COMBINE_INTEGERS, COMBINE_NUMBERS, INDEX, ITSELF_NUMBER, JOIN_NODES, LARGEST_NUMBERS,
    LEAST_NUMBERS, NEW_LEAVES, NODES_AND_NUMBERS, NUMBERS_AND_NODES, READ_ATTRIBUTES, SET_ATTRIBUTES, SET_ITEMS,
    SUM_NODES, SUM_NUMBERS, TAKE_ITEMS, TAKE_PARTS, Step, Values,
)
from fastgrad._kernels.fields cimport (
    DATA, GRAD, entries_of, hides, is_harmless, length_of, list_items, may_be_whole, may_set_number, read_number,
    size_at,
)
from fastgrad._kernels.registers cimport (
    FLOAT, NODE, SPELLS, Register, float_type, kinds, load, set_node, set_tag, type_at, type_version,
)
from fastgrad._tape.handle cimport Handle
from fastgrad._tape.spelled cimport append_constant_leaf
from fastgrad._tape.tape cimport OP_TO_VC, Second, op_doubtful, op_value1, op_value2, tape

cdef extern from *:
    """
    /* A number's node, and above it its type's code and whether it was given as an int, read at once. */
    static inline uint64_t word_at(const uint32_t *node)
    {
        uint64_t word;
        memcpy(&word, node, sizeof word);
        return word;
    }
    static inline int is_of(uint64_t word, uint32_t code) { return (word >> 32 & 0xFF00FF) == code; }
    """
    uint64_t word_at(const uint32_t *node)
    bint is_of(uint64_t word, uint32_t code)
    bint COMPENSATES "(PY_VERSION_HEX >= 0x030C0000)"

cdef struct Nodes:
    # An operand: its nodes lie so far apart in memory, 0 where it is the same in all rounds.
    const uint32_t *at
    uint32_t by


cdef Nodes nodes_of(Block *block, int16_t x) noexcept:
    cdef Nodes found
    if x >= 0:
        found.at, found.by = block.columns[x].node, 1
    else:
        found.at, found.by = &block.run.registers[-1 - x].node, 0
    return found


cdef void numbers_of(Block *block, const Step *step, int16_t x, Numbers *found) noexcept:
    cdef const Register *register
    cdef double same = step.number
    cdef uint32_t k
    found.at = found.own
    if x >= 0 and block.plan.tags[x] == FLOAT:
        found.at = block.columns[x].number
    elif x >= 0:
        for k in range(block.first, block.rounds):
            found.own[k] = <double>block.columns[x].integer[k]
    else:
        if x != ITSELF_NUMBER:
            register = &block.run.registers[-1 - x]
            same = register.content.number if register.tag == FLOAT else <double>register.content.integer
        for k in range(block.first, block.rounds):
            found.own[k] = same


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
    cdef Register result
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
        for k in range(first, rounds):
            if y[k] == 0.0:
                return k
            to[k] = x[k] / y[k]
    else:
        for k in range(first, rounds):
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


cdef inline int64_t integer_of(Block *block, int16_t x, uint32_t k) noexcept:
    return block.columns[x].integer[k] if x >= 0 else block.run.registers[-1 - x].content.integer


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


# What is read.

cdef inline bint take(Block *block, PyObject *value, uint8_t tag, uint32_t code, Values *to, uint32_t k) noexcept:
    """Put an entry into a column; False where it is not of its kind."""
    cdef PyTypeObject *kind = type_at(value)
    cdef Register found
    if tag == NODE:
        if kind != kinds[code].type or (<Handle>value).type_code != code or (<Handle>value).whole:
            return False
        if hides(block.plan, (<Handle>value).state):
            return False
        to.node[k] = (<Handle>value).node
        return True
    load(&found, value)
    if found.tag != tag:
        return False
    to.integer[k] = found.content.integer  # or whatever it is
    return True


cdef uint32_t take_nodes(Block *block, PyObject **entries, uint32_t rounds, uint32_t code, uint32_t *to) noexcept:
    """Take numbers of a type that lie one behind the other."""
    cdef const PyTypeObject *kind = kinds[code].type
    cdef uint32_t k
    cdef uint64_t word
    for k in range(block.first, rounds):
        if type_at(entries[k]) != kind:
            return k
        word = word_at(&(<Handle>entries[k]).node)
        if not is_of(word, code):
            return k
        if (<Handle>entries[k]).state != NULL and hides(block.plan, (<Handle>entries[k]).state):
            return k
        to[k] = <uint32_t>word
    return rounds


cdef uint32_t take_floats(Block *block, PyObject **entries, uint32_t rounds, double *to) noexcept:
    cdef uint32_t k
    for k in range(block.first, rounds):
        if type_at(entries[k]) != float_type:
            return k
        to[k] = PyFloat_AS_DOUBLE(<object>entries[k])
    return rounds


cdef uint32_t take_in_order(Block *block, const Step *step, Values *to) noexcept:
    """Take the entries of one list, or tuple, at the loop's index."""
    cdef PyObject *values = block.run.registers[-1 - step.a].content.object
    cdef int64_t start = block.columns[INDEX].integer[0], left = length_of(values) - start
    cdef uint8_t tag = block.plan.tags[step.to]
    cdef uint32_t code = block.plan.type_codes[step.to], k, rounds = <uint32_t>min(<int64_t>block.rounds, left)
    cdef PyObject **entries
    if left <= block.first:
        return block.first
    entries = entries_of(values) + start
    if tag == NODE:
        return take_nodes(block, entries, rounds, code, to.node)
    if tag == FLOAT:
        return take_floats(block, entries, rounds, to.number)
    for k in range(block.first, rounds):
        if not take(block, entries[k], tag, code, to, k):
            return k
    return rounds


cdef uint32_t take_items(Block *block, const Step *step, Values *to) noexcept:
    cdef uint8_t tag = block.plan.tags[step.to]
    cdef uint32_t code = block.plan.type_codes[step.to], k
    cdef PyObject *values
    cdef int64_t place
    if tag == NODE and type_version(kinds[code].type) != kinds[code].version:
        return block.first
    if step.a < 0 and step.b == INDEX:
        return take_in_order(block, step, to)
    for k in range(block.first, block.rounds):
        values = block.columns[step.a].object[k] if step.a >= 0 else block.run.registers[-1 - step.a].content.object
        place = integer_of(block, step.b, k)
        if not 0 <= place < length_of(values):
            return k
        if not take(block, entries_of(values)[place], tag, code, to, k):
            return k
    return block.rounds


cdef uint32_t take_parts(Block *block, const Step *step, Values *to) noexcept:
    """The same entry of each of the tuples, or lists, in a column; all have as many as the step's b says."""
    cdef uint8_t tag = block.plan.tags[step.to]
    cdef uint32_t code = block.plan.type_codes[step.to], k
    cdef PyObject *values
    if tag == NODE and type_version(kinds[code].type) != kinds[code].version:
        return block.first
    for k in range(block.first, block.rounds):
        values = block.columns[step.a].object[k]
        if length_of(values) != step.b:
            return k
        if not take(block, entries_of(values)[step.c], tag, code, to, k):
            return k
    return block.rounds


cdef bint are_neighbours(const uint32_t *nodes, uint32_t first, uint32_t end) noexcept:
    """Do nodes lie one behind the other, as parameters mostly do?"""
    cdef uint32_t k, others = 0
    for k in range(first, end):
        others |= (nodes[k] - k) ^ (nodes[first] - first)
    return others == 0


cdef uint32_t read_attributes(Block *block, const Step *step, double *to) noexcept:
    cdef const uint32_t *nodes = block.columns[step.a].node
    cdef const double *values = tape.data if step.c == DATA else tape.grad
    cdef uint32_t k, first = block.first
    if are_neighbours(nodes, first, block.rounds):
        memcpy(to + first, values + nodes[first], (block.rounds - first) * sizeof(double))
    else:
        for k in range(first, block.rounds):
            to[k] = values[nodes[k]]
    return floats_read(block, step, nodes, to) if kinds[block.plan.code].standing & SPELLS else block.rounds


cdef uint32_t floats_read(Block *block, const Step *step, const uint32_t *nodes, double *read) noexcept:
    """How far what was read of a teaching engine's nodes is floats: data may be ints, grads, too, at first."""
    cdef Register number, found
    cdef uint32_t k
    cdef bint is_data = step.c == DATA
    set_node(&number, 0, NODE, <uint8_t>block.plan.code, False)
    for k in range(block.first, block.rounds):
        if not may_be_whole(nodes[k]) if is_data else read[k] != 0.0:
            continue
        number.node = nodes[k]
        if not read_number(&number, step.c, &found) or found.tag != FLOAT:
            return k
        read[k] = found.content.number
    return block.rounds


# What is set: how far that can be done.

cdef uint32_t may_set_attributes(Block *block, const Step *step) noexcept:
    """The nodes have to be different ones: their order tells."""
    cdef const uint32_t *nodes = block.columns[step.a].node
    cdef uint8_t tag = block.plan.tags[step.b] if step.b >= 0 else block.run.registers[-1 - step.b].tag
    cdef Register number
    cdef uint32_t k, rounds = block.rounds
    if not are_neighbours(nodes, 0, rounds):
        for k in range(1, block.rounds):
            if nodes[k] <= nodes[k - 1]:
                rounds = k
                break
    if not kinds[block.plan.code].standing & SPELLS or step.c == GRAD:
        return rounds
    set_node(&number, 0, NODE, <uint8_t>block.plan.code, False)
    for k in range(rounds):
        number.node = nodes[k]
        if (tag != FLOAT or may_be_whole(nodes[k])) and not may_set_number(&number, step.c, tag):
            return k
    return rounds


cdef uint32_t may_set_items(Block *block, const Step *step) noexcept:
    cdef PyObject *values = block.run.registers[-1 - step.a].content.object
    cdef int64_t first = block.columns[INDEX].integer[0]
    cdef uint32_t k
    if not PyList_CheckExact(<object>values):
        return block.first
    for k in range(block.first, block.rounds):
        if first + k >= size_at(values) or not is_harmless(list_items(values)[first + k]):
            return k
    return block.rounds


cdef Register entry(Block *block, int16_t x, uint32_t k) noexcept:
    """What an operand holds in a round."""
    cdef Register found
    if x < 0:
        return block.run.registers[-1 - x]
    found.content.integer = 0
    if block.plan.tags[x] == NODE:
        set_node(&found, block.columns[x].node[k], NODE, block.plan.type_codes[x], False)
    else:
        set_tag(&found, block.plan.tags[x])
        found.content.integer = block.columns[x].integer[k]
    return found


cdef uint32_t do_step(Block *block, const Step *step) noexcept:
    """Do a step of all rounds; return how many of them hold."""
    cdef uint32_t code = step.code
    cdef Values *to = &block.columns[step.to]
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
