# distutils: extra_compile_args = -O2
"""Plans for blocks. The contract is in the header, plans.pxd; what a plan is, in columns.pxd."""

from libc.stdint cimport int16_t, int32_t, uint16_t, uint32_t
from libc.stdlib cimport calloc, malloc
from libc.string cimport memset

from fastgrad._kernels.arithmetic cimport OP_abs, OP_add, OP_div, OP_mul, OP_pow, OP_sub
from fastgrad._kernels.columns cimport (
    APPEND_ALL, APPLY_TO_NUMBERS, COMBINE_INTEGERS, COMBINE_NUMBERS, INDEX, ITSELF_NUMBER, LARGEST_NUMBERS,
    LEAST_NUMBERS, LISTS, NODES_AND_NUMBERS, READ_ATTRIBUTES, SET_ATTRIBUTES, SET_ITEMS, SUM_NODES, SUM_NUMBERS,
    TAKE_ITEMS, TAKE_PARTS, Plan, Values, free_plan,
)
from fastgrad._kernels.fields cimport DATA, GRAD, meaning_of
from fastgrad._kernels.planning cimport (
    NONE_YET, NO_TYPE, REFUSED, UNCHANGED, Planner, expected, gives, is_left_as_taken_up, is_of_type, is_plain,
    know_type, negative, of_nodes, operand, step, tag_of,
)
from fastgrad._kernels.products cimport are_products_summed, join_steps
from fastgrad._kernels.program cimport (
    ABSOLUTE_VALUE, ADD, APPEND, ATTRIBUTE, CELL, CHECK_OTHER, CHECK_TYPE, COPY, DIVIDE, FUNCTION, FUNCTION_OF_FLOAT,
    FUNCTION_OF_NODE, GREATER, ITEM, KEEP, METHOD, MULTIPLY, NEGATIVE, ROUND_DONE, POWER, SET_ATTRIBUTE, SET_ITEM,
    SMALLER, SUBTRACT, SUMMED, UNPACKED, Instruction, Loop, Program,
)
from fastgrad._kernels.registers cimport (
    ABSOLUTE, ADDS, FLOAT, INT, NEGATES, NODE, OBJECT, SPELLS, Register, kinds,
)

cdef extern from "operations/ops.h" nogil:
    enum:
        OP_neg


# Operations.

cdef inline uint32_t op_of(uint16_t code) noexcept:
    return (
        OP_add if code == ADD else OP_sub if code == SUBTRACT else OP_mul if code == MULTIPLY
        else OP_div if code == DIVIDE else OP_pow
    )


cdef bint plan_binary(Planner *p, const Instruction *i) noexcept:
    cdef int16_t a = operand(p, i.a), b = operand(p, i.b)
    if a == REFUSED or b == REFUSED:
        return False
    if tag_of(p, a) == NODE or tag_of(p, b) == NODE:
        if not (tag_of(p, a) == NODE or is_plain(p, a)) or not (tag_of(p, b) == NODE or is_plain(p, b)):
            return False
        return gives(p, i.to, of_nodes(p, op_of(i.code), a, b))
    if not is_plain(p, a) or not is_plain(p, b):
        return False
    if a < 0 and b < 0:
        return unchanged(p, i.to)
    if tag_of(p, a) == INT and tag_of(p, b) == INT:
        if i.code != ADD and i.code != SUBTRACT and i.code != MULTIPLY:
            return False
        return gives(p, i.to, step(p, COMBINE_INTEGERS, INT, a, b, op_of(i.code)))
    return gives(p, i.to, step(p, COMBINE_NUMBERS, FLOAT, a, b, op_of(i.code)))


cdef bint unchanged(Planner *p, uint16_t place) noexcept:
    """A register in which every round puts the same."""
    if p.writes[place] != 1:
        return False
    p.column_of[place] = UNCHANGED
    p.plan.needs_round = True
    return True


cdef bint plan_unary(Planner *p, const Instruction *i, uint32_t op, uint32_t bit) noexcept:
    cdef int16_t a = operand(p, i.a)
    if a == REFUSED:
        return False
    if tag_of(p, a) == NODE:
        if not know_type(p, a) or (bit and not kinds[p.code].standing & bit):
            return False
        if op == OP_neg:
            return gives(p, i.to, negative(p, a))
        return gives(p, i.to, step(p, NODES_AND_NUMBERS, NODE, a, ITSELF_NUMBER, op))
    if tag_of(p, a) != FLOAT:
        return a < 0 and tag_of(p, a) == INT and unchanged(p, i.to)
    return unchanged(p, i.to) if a < 0 else gives(p, i.to, step(p, APPLY_TO_NUMBERS, FLOAT, a, a, op))


# What is read and set.

cdef int16_t taken(Planner *p, uint16_t to, uint16_t code, int16_t a, int16_t b, int32_t c) noexcept:
    """A column of what is in lists, or tuples: of the kind that the first round has met."""
    cdef const Register *seen = &p.run.registers[to]
    if p.writes[to] != 1 or (seen.tag == NODE and seen.whole):
        return REFUSED
    if seen.tag == NODE and not is_of_type(p, seen.type_code):
        return REFUSED
    return step(p, code, seen.tag, a, b, c)


cdef bint plan_item(Planner *p, const Instruction *i) noexcept:
    cdef int16_t a = operand(p, i.a), b = operand(p, i.b)
    if a == REFUSED or b == REFUSED or tag_of(p, a) != OBJECT or tag_of(p, b) != INT:
        return False
    if p.sets_items and a >= 0:
        return False  # a list among those may be the one that is set
    if a < 0 and b < 0:
        return not p.sets_items and unchanged(p, i.to)
    if not p.sets_items:
        return gives(p, i.to, taken(p, i.to, TAKE_ITEMS, a, b, 0))
    cdef int32_t known = listed(p, a)
    if known < 0 or b != INDEX:
        return False
    if p.set_values[known] != REFUSED:
        return gives(p, i.to, p.set_values[known])
    return gives(p, i.to, taken(p, i.to, TAKE_ITEMS, a, b, 0))


cdef int32_t listed(Planner *p, int16_t a) noexcept:
    """The place of a list among those of the plan."""
    cdef Plan *plan = p.plan
    cdef uint32_t k
    for k in range(plan.list_count):
        if plan.lists[k] == a:
            return k
    if plan.list_count == LISTS:
        return -1
    plan.lists[plan.list_count] = a
    plan.list_count += 1
    return plan.list_count - 1


cdef bint plan_set_item(Planner *p, const Instruction *i) noexcept:
    cdef int16_t a = operand(p, i.a), b = operand(p, i.b), value = operand(p, i.to)
    if a == REFUSED or b == REFUSED or value == REFUSED or a >= 0 or b != INDEX or tag_of(p, value) == OBJECT:
        return False
    cdef int32_t known = listed(p, a)
    if known < 0 or p.plan.sets[known]:
        return False
    p.plan.sets[known], p.set_values[known] = True, value
    return step(p, SET_ITEMS, FLOAT, a, b, value) != REFUSED


cdef bint plan_attribute(Planner *p, const Instruction *i, object name) noexcept:
    cdef int16_t a = operand(p, i.a)
    cdef int32_t meaning
    if a == REFUSED or tag_of(p, a) != NODE or not know_type(p, a):
        return False
    meaning = meaning_of(&p.run.registers[i.a], name)
    if meaning != DATA and meaning != GRAD:
        return False
    if p.owner_of[-1 - meaning] != REFUSED:
        return p.owner_of[-1 - meaning] == a and gives(p, i.to, p.value_of[-1 - meaning])
    if p.sets_attributes and p.read_of[-1 - meaning] != REFUSED and p.read_of[-1 - meaning] != a:
        return False
    p.read_of[-1 - meaning] = a
    if p.writes[i.to] == 1 and p.run.registers[i.to].tag != FLOAT:
        return False
    if a < 0:
        return not p.sets_attributes and unchanged(p, i.to)
    p.plan.sees_attributes |= kinds[p.code].standing & SPELLS != 0
    return gives(p, i.to, step(p, READ_ATTRIBUTES, FLOAT, a, a, meaning))


cdef bint plan_set_attribute(Planner *p, const Instruction *i, object name) noexcept:
    cdef int16_t a = operand(p, i.a), b = operand(p, i.b)
    cdef int32_t meaning
    if a == REFUSED or b == REFUSED or a < 0 or tag_of(p, a) != NODE or not is_plain(p, b) or not know_type(p, a):
        return False
    meaning = meaning_of(&p.run.registers[i.a], name)
    if (meaning != DATA and meaning != GRAD) or p.owner_of[-1 - meaning] != REFUSED:
        return False
    if p.read_of[-1 - meaning] != REFUSED and p.read_of[-1 - meaning] != a:
        return False  # another round may have set what is read
    p.owner_of[-1 - meaning], p.value_of[-1 - meaning] = a, REFUSED
    if tag_of(p, b) == FLOAT and (meaning == DATA or not kinds[p.code].standing & SPELLS):
        p.value_of[-1 - meaning] = b
    p.plan.sees_attributes |= kinds[p.code].standing & SPELLS != 0
    return step(p, SET_ATTRIBUTES, FLOAT, a, b, meaning) != REFUSED


cdef bint plan_sum(Planner *p, const Instruction *i) noexcept:
    cdef const Register *total = &p.run.registers[i.to]
    cdef int16_t value = operand(p, i.a)
    if value < 0 or p.writes[i.to] != 1 or p.column_of[i.to] != NONE_YET or total.tag != tag_of(p, value):
        return False
    if total.tag == NODE:
        if total.whole or not know_type(p, value) or total.type_code != p.code or not kinds[p.code].standing & ADDS:
            return False
        return gives(p, i.to, step(p, SUM_NODES, NODE, expected(p, i.to), value, OP_add))
    return total.tag == FLOAT and gives(p, i.to, step(p, SUM_NUMBERS, FLOAT, expected(p, i.to), value))


cdef bint plan_extreme(Planner *p, const Instruction *i) noexcept:
    """The largest one so far, in which a generator ends; of plain numbers."""
    cdef int16_t value = operand(p, i.b)
    if i.a != i.to or value < 0 or p.writes[i.to] != 1 or p.run.registers[i.to].tag != FLOAT:
        return False
    if tag_of(p, value) != FLOAT:
        return False
    return gives(
        p, i.to, step(p, LARGEST_NUMBERS if i.code == GREATER else LEAST_NUMBERS, FLOAT, expected(p, i.to), value)
    )


cdef bint plan_append(Planner *p, const Instruction *i) noexcept:
    cdef int16_t a = operand(p, i.to), b = operand(p, i.a)
    return a < 0 and a != REFUSED and b != REFUSED and step(p, APPEND_ALL, FLOAT, a, b) != REFUSED


cdef bint plan_unpacked(Planner *p, const Instruction *i) noexcept:
    cdef int16_t a = operand(p, i.a)
    cdef int32_t k
    if a < 0 or tag_of(p, a) != OBJECT or p.sets_items:
        return False
    for k in range(i.c):
        if not gives(p, i.to + k, taken(p, i.to + k, TAKE_PARTS, a, i.c, k)):
            return False
    return True


cdef bint plan_copy(Planner *p, uint16_t to, uint16_t place) noexcept:
    cdef int16_t a = operand(p, place)
    if a == REFUSED:
        return False
    if a < 0:
        return unchanged(p, to)
    p.column_of[to] = a
    return True


cdef bint plan_kept(Planner *p, const Instruction *i) noexcept:
    cdef int32_t k
    for k in range(i.c):
        if not plan_copy(p, i.to + k, i.a + k):
            return False
    return True


cdef bint is_same(Planner *p, uint16_t place) noexcept:
    """Does a register hold the same in all rounds?"""
    cdef int16_t a = operand(p, place)
    return a < 0 and a != REFUSED


cdef bint plan_instruction(Planner *p, const Instruction *i, Program program) noexcept:
    cdef uint16_t code = i.code
    cdef int32_t meaning
    if code == ADD or code == SUBTRACT or code == MULTIPLY or code == DIVIDE or code == POWER:
        return plan_binary(p, i)
    if code == ITEM:
        return plan_item(p, i)
    if code == COPY:
        return plan_copy(p, i.to, i.a)
    if code == KEEP:
        return plan_kept(p, i)
    if code == CELL:
        return is_same(p, i.a) and unchanged(p, i.to)
    if CHECK_TYPE <= code <= CHECK_OTHER:
        p.plan.needs_round = True
        return is_same(p, i.a)  # the round before has found it so
    if code == SUMMED:
        return plan_sum(p, i)
    if code == APPEND:
        return plan_append(p, i)
    if code == ATTRIBUTE:
        return plan_attribute(p, i, program.names[i.c])
    if code == SET_ATTRIBUTE:
        return plan_set_attribute(p, i, program.names[i.c])
    if code == SET_ITEM:
        return plan_set_item(p, i)
    if code == UNPACKED:
        return plan_unpacked(p, i)
    if code == NEGATIVE:
        return plan_unary(p, i, OP_neg, NEGATES)
    if code == ABSOLUTE_VALUE:
        return plan_unary(p, i, OP_abs, ABSOLUTE)
    if code == FUNCTION or code == FUNCTION_OF_FLOAT or code == FUNCTION_OF_NODE:
        if code != FUNCTION and (tag_of(p, operand(p, i.a)) == NODE) != (code == FUNCTION_OF_NODE):
            return False
        return plan_unary(p, i, i.c, 0)
    if code == METHOD:
        if tag_of(p, operand(p, i.a)) != NODE:
            return False
        meaning = meaning_of(&p.run.registers[i.a], program.names[i.c])
        p.plan.calls_methods = True
        return meaning > 0 and operand(p, i.a) >= 0 and plan_unary(p, i, meaning, 0)
    if code == GREATER or code == SMALLER:
        return plan_extreme(p, i)
    return code == ROUND_DONE


cdef void look(Planner *p, const Instruction *i, Program program) noexcept:
    """Note what an instruction writes."""
    cdef int32_t k
    if i.code == SET_ITEM:
        p.sets_items = True
    elif i.code == SET_ATTRIBUTE:
        p.sets_attributes = True
    elif i.code == UNPACKED or i.code == KEEP:
        for k in range(i.c):
            p.writes[i.to + k] += 1
    elif i.code != ROUND_DONE and i.code != APPEND and not CHECK_TYPE <= i.code <= CHECK_OTHER:
        p.writes[i.to] += 1


cdef bint make_plan(Planner *p, Program program, const Loop *loop) noexcept:
    cdef Instruction *all = program.instructions
    cdef int32_t k
    cdef Plan *plan = p.plan
    for k in range(loop.body, loop.end):
        look(p, all + k, program)
    plan.column_count, plan.tags[INDEX] = 1, INT
    p.column_of[loop.index] = INDEX
    for k in range(loop.body, loop.end):
        if not plan_instruction(p, all + k, program):
            return False
    if plan.nodes and p.owner_of[0] != REFUSED:
        return False  # operations would have to read the data that was set
    if not is_left_as_taken_up(p):
        return False
    plan.columns = <Values *>malloc(plan.column_count * sizeof(Values))
    if plan.columns == NULL:
        return False
    plan.code, plan.version = p.code, kinds[p.code & 0xFF].version
    for k in range(loop.kept_count):
        if p.column_of[loop.kept[k]] >= 0:
            plan.kept[plan.kept_count].place = loop.kept[k]
            plan.kept[plan.kept_count].column = p.column_of[loop.kept[k]]
            plan.kept_count += 1
    if are_products_summed(plan):
        join_steps(plan)
    return True


cdef Plan *new_plan(Run *run, Program program, Loop *loop) noexcept:
    cdef Planner planner
    cdef int k
    memset(&planner, 0, sizeof(Planner))
    memset(planner.column_of, 0xFF, sizeof(planner.column_of))
    planner.run, planner.code = run, NO_TYPE
    for k in range(LISTS):
        planner.set_values[k] = REFUSED
    planner.owner_of[0] = planner.owner_of[1] = planner.read_of[0] = planner.read_of[1] = REFUSED
    planner.plan = <Plan *>calloc(1, sizeof(Plan))
    if planner.plan == NULL or make_plan(&planner, program, loop):
        return planner.plan
    free_plan(planner.plan)
    return NULL
