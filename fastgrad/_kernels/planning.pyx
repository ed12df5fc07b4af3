# distutils: extra_compile_args = -O2
"""Operands and steps of plans. The contract is in the header, planning.pxd."""

from libc.stdint cimport int16_t, int32_t, uint8_t, uint16_t, uint32_t

from fastgrad._kernels.arithmetic cimport OP_add, OP_div, OP_mul, OP_pow, OP_sub
from fastgrad._kernels.columns cimport (
    APPEND_ALL, APPLY_TO_NUMBERS, COLUMNS, COMBINE_NUMBERS, EXPECTED, ITSELF_NUMBER, JOIN_NODES, KEPT, NEW_LEAVES,
    NODES_AND_NUMBERS, NUMBERS_AND_NODES, SET_ATTRIBUTES, SET_ITEMS, STEPS, TAKE_ITEMS, TAKE_PARTS, Plan, Step,
)
from fastgrad._kernels.registers cimport (
    ADDS, DIVIDES, FLOAT, INT, MULTIPLIES, NODE, NOTHING, POWERS, REFLECTED, SUBTRACTS, Register, kinds,
)
from fastgrad._tape.handle cimport forms
from fastgrad._tape.spelled cimport (
    DIV_POWERS, LEAVES, NEG_FIRST, NEG_TIMES, PLAIN_EXPONENT, POWER_LEAF, RADD_FIRST, RMUL_FIRST, SUB_ADDS,
)
from fastgrad._tape.tape cimport OP_TO_CV, OP_TO_VC

cdef extern from "operations/ops.h" nogil:
    enum:
        OP_neg

cdef enum:
    ALWAYS = 1 << 16


cdef int16_t operand(Planner *p, uint16_t place) noexcept:
    """What stands for a register, as an operand of a step."""
    if p.column_of[place] >= 0:
        return p.column_of[place]
    if p.writes[place] and p.column_of[place] != UNCHANGED:
        return taken_up(p, place)
    return expected(p, place)


cdef int16_t taken_up(Planner *p, uint16_t place) noexcept:
    """A column of what the round before has left in a register."""
    cdef Plan *plan = p.plan
    cdef const Register *register = &p.run.registers[place]
    cdef uint32_t column = plan.column_count
    if expected(p, place) == REFUSED or column == COLUMNS or plan.carried_count == KEPT:
        return REFUSED
    if register.tag != NODE and register.tag != FLOAT and register.tag != INT:
        return REFUSED
    if register.tag == NODE and not is_of_type(p, register.type_code):
        return REFUSED
    plan.tags[column], plan.type_codes[column] = register.tag, register.type_code
    plan.column_count += 1
    plan.carried[plan.carried_count].place, plan.carried[plan.carried_count].column = place, column
    plan.carried_count += 1
    p.column_of[place] = column
    return column


cdef bint is_left_as_taken_up(Planner *p) noexcept:
    """Note which columns have what a round leaves to the next; False where that is of another kind."""
    cdef Plan *plan = p.plan
    cdef uint32_t i
    cdef int16_t left
    for i in range(plan.carried_count):
        left = p.column_of[plan.carried[i].place]
        if left < 0 or plan.tags[left] != plan.tags[plan.carried[i].column]:
            return False
        plan.carried[i].left = left
    return True


cdef int16_t expected(Planner *p, uint16_t place) noexcept:
    cdef const Register *register = &p.run.registers[place]
    cdef uint32_t i
    if register.tag == NODE and register.whole:
        return REFUSED
    for i in range(p.plan.expected_count):
        if p.plan.expected[i].place == place:
            return <int16_t>(-1 - <int>place)
    if p.plan.expected_count == EXPECTED:
        return REFUSED
    i = p.plan.expected_count
    p.plan.expected_count += 1
    p.plan.expected[i].place, p.plan.expected[i].tag = place, register.tag
    if register.tag == NODE:
        p.plan.expected[i].type_code = register.type_code
        p.plan.expected[i].version = kinds[register.type_code].version
    return <int16_t>(-1 - <int>place)


cdef uint8_t tag_of(const Planner *p, int16_t x) noexcept:
    if x == REFUSED:
        return NOTHING
    if x == ITSELF_NUMBER:
        return FLOAT
    return p.plan.tags[x] if x >= 0 else p.run.registers[-1 - x].tag


cdef bint is_plain(const Planner *p, int16_t x) noexcept:
    return tag_of(p, x) == FLOAT or tag_of(p, x) == INT


cdef bint know_type(Planner *p, int16_t x) noexcept:
    """Note the type of a node; all are of one."""
    return is_of_type(p, p.plan.type_codes[x] if x >= 0 else p.run.registers[-1 - x].type_code)


cdef bint is_of_type(Planner *p, uint32_t code) noexcept:
    if p.code == NO_TYPE:
        p.code = code
    return p.code == code


cdef int16_t step(
    Planner *p, uint16_t code, uint8_t tag, int16_t a, int16_t b, int32_t c=0, double number=0.0
) noexcept:
    """Add a step that makes a column; return that."""
    cdef Plan *plan = p.plan
    cdef Step *made
    if a == REFUSED or b == REFUSED or plan.step_count == STEPS or plan.column_count == COLUMNS:
        return REFUSED
    made = &plan.steps[plan.step_count]
    plan.step_count += 1
    made.code, made.to, made.a, made.b, made.c, made.number = code, plan.column_count, a, b, c, number
    plan.tags[made.to], plan.type_codes[made.to] = tag, p.code
    plan.column_count += 1
    plan.sets_anything |= code == SET_ATTRIBUTES or code == SET_ITEMS or code == APPEND_ALL
    if tag == NODE and code not in (TAKE_ITEMS, TAKE_PARTS):
        made.offset = plan.nodes
        plan.nodes += 1
    return made.to


cdef bint gives(Planner *p, uint16_t place, int16_t column) noexcept:
    if column == REFUSED:
        return False
    p.column_of[place] = column
    return True


# Operations. Those of nodes go the ways of arithmetic.pyx, step by step.

cdef int16_t joined(Planner *p, uint32_t op, int16_t a, int16_t b, uint32_t plain_first) noexcept:
    cdef uint32_t form = forms[p.code]
    cdef int16_t leaf
    if tag_of(p, a) == NODE and tag_of(p, b) == NODE:
        return step(p, JOIN_NODES, NODE, a, b, op)
    if tag_of(p, a) == NODE:
        if not form & LEAVES:
            return step(p, NODES_AND_NUMBERS, NODE, a, b, op + OP_TO_VC)
        return step(p, JOIN_NODES, NODE, a, new_leaf(p, b), op)
    if not form & LEAVES:
        return step(p, NUMBERS_AND_NODES, NODE, a, b, op + OP_TO_CV)
    leaf = new_leaf(p, a)
    if form & plain_first or plain_first == ALWAYS:
        return step(p, JOIN_NODES, NODE, leaf, b, op)
    return step(p, JOIN_NODES, NODE, b, leaf, op)


cdef int16_t new_leaf(Planner *p, int16_t x) noexcept:
    return step(p, NEW_LEAVES, NODE, x, x, tag_of(p, x) == INT)


cdef int16_t negative(Planner *p, int16_t x) noexcept:
    cdef uint32_t form = forms[p.code]
    cdef int16_t leaf
    if tag_of(p, x) != NODE:
        return step(p, APPLY_TO_NUMBERS, tag_of(p, x), x, x, OP_neg) if tag_of(p, x) == FLOAT else REFUSED
    if not form & NEG_TIMES:
        return step(p, NODES_AND_NUMBERS, NODE, x, ITSELF_NUMBER, OP_neg)
    if not form & LEAVES:
        return step(p, NODES_AND_NUMBERS, NODE, x, ITSELF_NUMBER, OP_mul + OP_TO_VC, -1.0)
    leaf = step(p, NEW_LEAVES, NODE, ITSELF_NUMBER, ITSELF_NUMBER, True, -1.0)
    if form & NEG_FIRST:
        return step(p, JOIN_NODES, NODE, leaf, x, OP_mul)
    return step(p, JOIN_NODES, NODE, x, leaf, OP_mul)


cdef int16_t inverse(Planner *p, int16_t x) noexcept:
    """x**-1"""
    cdef int16_t leaf
    if tag_of(p, x) != NODE:
        return step(p, COMBINE_NUMBERS, FLOAT, x, ITSELF_NUMBER, OP_pow, -1.0)
    if not forms[p.code] & POWER_LEAF:
        return step(p, NODES_AND_NUMBERS, NODE, x, ITSELF_NUMBER, OP_pow + OP_TO_VC, -1.0)
    leaf = step(p, NEW_LEAVES, NODE, ITSELF_NUMBER, ITSELF_NUMBER, False, -1.0)
    return step(p, JOIN_NODES, NODE, x, leaf, OP_pow)


cdef int16_t power(Planner *p, int16_t a, int16_t b) noexcept:
    cdef uint32_t form = forms[p.code]
    if tag_of(p, a) == NODE and tag_of(p, b) != NODE:
        if not form & POWER_LEAF:
            return step(p, NODES_AND_NUMBERS, NODE, a, b, OP_pow + OP_TO_VC)
        return step(p, JOIN_NODES, NODE, a, step(p, NEW_LEAVES, NODE, b, b, False), OP_pow)
    return REFUSED if form & PLAIN_EXPONENT else joined(p, OP_pow, a, b, ALWAYS)


cdef int16_t of_nodes(Planner *p, uint32_t op, int16_t a, int16_t b) noexcept:
    cdef uint32_t form
    if tag_of(p, a) == NODE and not know_type(p, a) or tag_of(p, b) == NODE and not know_type(p, b):
        return REFUSED
    form = forms[p.code]
    if not kinds[p.code].standing & bit_of(op) << (0 if tag_of(p, a) == NODE else REFLECTED):
        return REFUSED
    if op == OP_add:
        return joined(p, op, a, b, RADD_FIRST)
    if op == OP_mul:
        return joined(p, op, a, b, RMUL_FIRST)
    if op == OP_pow:
        return power(p, a, b)
    if op == OP_sub and form & SUB_ADDS:
        return joined(p, OP_add, a, negative(p, b), RADD_FIRST)
    if op == OP_div and form & DIV_POWERS:
        return joined(p, OP_mul, a, inverse(p, b), RMUL_FIRST)
    return joined(p, op, a, b, ALWAYS)


cdef inline uint32_t bit_of(uint32_t op) noexcept:
    return (
        ADDS if op == OP_add else SUBTRACTS if op == OP_sub else MULTIPLIES if op == OP_mul
        else DIVIDES if op == OP_div else POWERS
    )
