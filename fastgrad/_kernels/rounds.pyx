# distutils: extra_compile_args = -O3
"""Rounds one after the other. The contract is in the header, rounds.pxd."""

from cpython.float cimport PyFloat_AS_DOUBLE
from cpython.object cimport PyObject
from libc.stdint cimport int16_t, int64_t, uint8_t, uint32_t

from fastgrad._kernels.arithmetic cimport OP_add, OP_mul, OP_sub
from fastgrad._kernels.columns cimport (
    APPEND_ALL, COMBINE_NUMBERS, INDEX, ITSELF_NUMBER, JOIN_NODES, NODES_AND_NUMBERS, NUMBERS_AND_NODES, SET_ATTRIBUTES,
    SET_ITEMS, SUM_NODES, Plan, Step, takes_in_order,
)
from fastgrad._kernels.fields cimport entries_of, hides, length_of
from fastgrad._kernels.operands cimport Block
from fastgrad._kernels.registers cimport FLOAT, INT, NODE, float_type, kinds, type_at, type_version
from fastgrad._kernels.steps cimport do_step
from fastgrad._tape.handle cimport Handle
from fastgrad._tape.tape cimport OP_TO_CV, OP_TO_VC, Second, op_doubtful, op_value1, op_value2, tape


cdef struct Source:
    # An operand: where its values lie, and how far apart; 0 where it is the same in all rounds.
    const char *at
    uint32_t by
    bint is_integer


cdef Source source_of(Block *block, const Step *step, int16_t x) noexcept:
    cdef Source found
    cdef const Plan *plan = block.plan
    found.is_integer, found.by = False, 0
    if x == ITSELF_NUMBER:
        found.at = <const char *>&step.number
    elif x < 0:
        found.at = <const char *>&block.run.registers[-1 - x].content
        if block.run.registers[-1 - x].tag == NODE:
            found.at = <const char *>&block.run.registers[-1 - x].node
        found.is_integer = block.run.registers[-1 - x].tag == INT
    else:
        found.at = <const char *>block.columns[x].number
        found.by = sizeof(uint32_t) if plan.tags[x] == NODE else sizeof(double)
        found.is_integer = plan.tags[x] == INT
    return found


cdef inline uint32_t node_at(const Source *x, uint32_t k) noexcept:
    return (<const uint32_t *>(x.at + k * x.by))[0]


cdef inline double number_at(const Source *x, uint32_t k) noexcept:
    if x.is_integer:
        return <double>(<const int64_t *>(x.at + k * x.by))[0]
    return (<const double *>(x.at + k * x.by))[0]


cdef inline void write(uint32_t i, uint32_t op, uint8_t code, double y, uint32_t first, Second second) noexcept:
    tape.data[i] = y
    tape.first[i] = first
    tape.second[i] = second
    tape.op[i] = <uint8_t>op
    tape.type_code[i] = code


cdef inline bint join(Block *block, uint32_t op, uint32_t left, uint32_t right, uint32_t i) noexcept:
    cdef Second second
    cdef double y = op_value2(op, tape.data[left], tape.data[right])
    second.constant = 0.0
    second.node = right
    write(i, op, <uint8_t>block.plan.code, y, left, second)
    return not op_doubtful(op, y)


cdef inline bint with_constant(Block *block, uint32_t op, uint32_t node, double constant, uint32_t i) noexcept:
    cdef Second second
    cdef double y = op_value1(op, tape.data[node], constant)
    second.constant = constant
    write(i, op, <uint8_t>block.plan.code, y, node, second)
    return not op_doubtful(op, y)


cdef inline bint do_one(Block *block, const Step *step, const Source *a, const Source *b, uint32_t k) noexcept:
    """A step of one round: those that are frequent by themselves, the others as steps of a block do them."""
    cdef uint32_t i = block.base + step.offset + k * block.plan.nodes, op = step.c, total
    if step.code == JOIN_NODES:
        block.columns[step.to].node[k] = i
        if op == OP_mul:
            return join(block, OP_mul, node_at(a, k), node_at(b, k), i)
        if op == OP_add:
            return join(block, OP_add, node_at(a, k), node_at(b, k), i)
        if op == OP_sub:
            return join(block, OP_sub, node_at(a, k), node_at(b, k), i)
        return join(block, op, node_at(a, k), node_at(b, k), i)
    if step.code == NODES_AND_NUMBERS:
        block.columns[step.to].node[k] = i
        if op == OP_mul + OP_TO_VC:
            return with_constant(block, OP_mul + OP_TO_VC, node_at(a, k), number_at(b, k), i)
        if op == OP_add + OP_TO_VC:
            return with_constant(block, OP_add + OP_TO_VC, node_at(a, k), number_at(b, k), i)
        return with_constant(block, op, node_at(a, k), number_at(b, k), i)
    if step.code == NUMBERS_AND_NODES:
        block.columns[step.to].node[k] = i
        if op == OP_mul + OP_TO_CV:
            return with_constant(block, OP_mul + OP_TO_CV, node_at(b, k), number_at(a, k), i)
        return with_constant(block, op, node_at(b, k), number_at(a, k), i)
    if step.code == SUM_NODES:
        total = block.columns[step.to].node[k - 1] if k else node_at(a, 0)
        block.columns[step.to].node[k] = i
        return join(block, OP_add, total, node_at(b, k), i)
    if takes_in_order(step):
        return take_one(block, step, (<PyObject **>a.at)[k], k)
    if step.code == COMBINE_NUMBERS and op == OP_mul:
        block.columns[step.to].number[k] = number_at(a, k) * number_at(b, k)
        return True
    block.first, block.rounds = k, k + 1
    return do_step(block, step) == k + 1


cdef inline bint take_one(Block *block, const Step *step, PyObject *value, uint32_t k) noexcept:
    """Take an entry of a list, a number of the column's kind."""
    cdef uint32_t code = block.plan.type_codes[step.to]
    if block.plan.tags[step.to] == NODE:
        if type_at(value) != kinds[code].type or (<Handle>value).type_code != code or (<Handle>value).whole:
            return False
        if hides(block.plan, (<Handle>value).state):
            return False
        block.columns[step.to].node[k] = (<Handle>value).node
        return True
    if block.plan.tags[step.to] == FLOAT and type_at(value) == float_type:
        block.columns[step.to].number[k] = PyFloat_AS_DOUBLE(<object>value)
        return True
    block.first, block.rounds = k, k + 1
    return do_step(block, step) == k + 1


cdef uint32_t find_entries(Block *block, const Step *step, Source *found) noexcept:
    """Where the entries lie; return how many rounds there are that have one."""
    cdef PyObject *values = block.run.registers[-1 - step.a].content.object
    cdef int64_t start = block.columns[INDEX].integer[0], left = length_of(values) - start
    cdef uint32_t code = block.plan.type_codes[step.to]
    if left <= 0 or (block.plan.tags[step.to] == NODE and type_version(kinds[code].type) != kinds[code].version):
        return 0
    found.at = <const char *>(entries_of(values) + start)
    return <uint32_t>min(<int64_t>block.rounds, left)


cdef inline bint has_effect(const Step *step) noexcept:
    return step.code == SET_ATTRIBUTES or step.code == SET_ITEMS or step.code == APPEND_ALL


cdef void take_up(Block *block, uint32_t k) noexcept:
    """Put into columns what the round before has left."""
    cdef const Plan *plan = block.plan
    cdef uint32_t i, column, left
    for i in range(plan.carried_count):
        column, left = plan.carried[i].column, plan.carried[i].left
        if plan.tags[column] == NODE:
            block.columns[column].node[k] = (
                block.columns[left].node[k - 1] if k else block.run.registers[plan.carried[i].place].node
            )
        else:
            block.columns[column].integer[k] = (  # or whatever it is
                block.columns[left].integer[k - 1] if k else block.run.registers[plan.carried[i].place].content.integer
            )


cdef uint32_t do_rounds(Block *block) noexcept:
    cdef const Plan *plan = block.plan
    cdef Source a[128]
    cdef Source b[128]
    cdef uint32_t rounds = block.rounds, done = 0, s
    cdef bint holds = True
    for s in range(plan.step_count):
        a[s] = source_of(block, &plan.steps[s], plan.steps[s].a)
        b[s] = source_of(block, &plan.steps[s], plan.steps[s].b)
        if takes_in_order(&plan.steps[s]):
            rounds = min(rounds, find_entries(block, &plan.steps[s], &a[s]))
    while done < rounds and holds:
        take_up(block, done)
        for s in range(plan.step_count):
            if not has_effect(&plan.steps[s]) and not do_one(block, &plan.steps[s], &a[s], &b[s], done):
                holds = False
                break
        done += holds
    block.first, block.rounds = 0, done
    for s in range(plan.step_count):
        if has_effect(&plan.steps[s]) and block.rounds:
            block.rounds = do_step(block, &plan.steps[s])
    return block.rounds
