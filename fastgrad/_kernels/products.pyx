# distutils: extra_compile_args = -O3
"""Sums of products. The contract is in the header, products.pxd."""

from cpython.float cimport PyFloat_AS_DOUBLE
from cpython.object cimport PyObject, PyTypeObject
from libc.stdint cimport int16_t, int32_t, int64_t, uint8_t, uint32_t, uint64_t

from fastgrad._kernels.arithmetic cimport OP_add, OP_mul
from fastgrad._kernels.columns cimport (
    INDEX, JOIN_NODES, NODES_AND_NUMBERS, NUMBERS_AND_NODES, SUM_NODES, SUM_PRODUCTS, Plan, Step,
    takes_in_order,
)
from fastgrad._kernels.fields cimport entries_of, length_of
from fastgrad._kernels.operands cimport Block, is_of, word_at
from fastgrad._kernels.registers cimport FLOAT, float_type, kinds, type_at, type_version
from fastgrad._tape.handle cimport Handle
from fastgrad._tape.tape cimport OP_TO_CV, OP_TO_VC, Second, op_value1, op_value2, tape


# Plans: two lists' entries are taken, multiplied and added to what a register holds, and nothing else is done.

cdef int32_t total_before(const Plan *plan) noexcept:
    """The register with the sum so far: of a generator's, or one that each round takes up; -1 where there is none."""
    cdef const Step *total = &plan.steps[3]
    if total.code == SUM_NODES and plan.carried_count == 0:
        return -1 - total.a
    if total.code != JOIN_NODES or total.c != OP_add or plan.carried_count != 1:
        return -1
    if total.a != plan.carried[0].column or total.to != plan.carried[0].left:
        return -1
    return plan.carried[0].place


cdef bint are_products_summed(const Plan *plan) noexcept:
    cdef const Step *product = &plan.steps[2]
    cdef const Step *total = &plan.steps[3]
    cdef int64_t one, other
    if plan.step_count != 4 or plan.kept_count != 1 or plan.calls_methods or plan.sees_attributes:
        return False
    if not takes_in_order(&plan.steps[0]) or not takes_in_order(&plan.steps[1]) or total_before(plan) < 0:
        return False
    one, other = plan.steps[0].to, plan.steps[1].to
    if not ((product.a == one and product.b == other) or (product.a == other and product.b == one)):
        return False
    if total.b != product.to or plan.kept[0].column != total.to:
        return False
    if product.code == JOIN_NODES:
        return product.c == OP_mul
    if product.code == NODES_AND_NUMBERS:
        return product.c == OP_mul + OP_TO_VC and plan.tags[product.b] == FLOAT
    return product.code == NUMBERS_AND_NODES and product.c == OP_mul + OP_TO_CV and plan.tags[product.a] == FLOAT


cdef void join_steps(Plan *plan) noexcept:
    cdef Step product = plan.steps[2], total = plan.steps[3]
    cdef bint in_order = product.a == plan.steps[0].to
    cdef int16_t one = plan.steps[0 if in_order else 1].a, other = plan.steps[1 if in_order else 0].a
    cdef Step *made = &plan.steps[0]
    made.code, made.to, made.c, made.offset = SUM_PRODUCTS, total.to, product.c, total_before(plan)
    made.a, made.b = one, other
    if product.code == NUMBERS_AND_NODES:  # those with nodes come first
        made.a, made.b = other, one
    plan.step_count, plan.carried_count = 1, 0


# Blocks.

cdef inline uint32_t add_products(
    uint32_t op, Block *block, uint32_t total, PyObject **nodes, PyObject **others, uint32_t rounds
) noexcept:
    """Append the nodes of rounds, two each; the tape's arrays do not move meanwhile."""
    cdef const PyTypeObject *kind = kinds[block.plan.code].type
    cdef uint8_t code = <uint8_t>block.plan.code
    cdef double *data = tape.data
    cdef uint32_t *first = tape.first
    cdef Second *second = tape.second
    cdef uint8_t *ops = tape.op
    cdef uint8_t *codes = tape.type_code
    cdef uint32_t k, i = block.base, left
    cdef uint64_t word
    cdef Second right
    cdef double product, sum = data[total]
    for k in range(rounds):
        if type_at(nodes[k]) != kind:
            return k
        word = word_at(&(<Handle>nodes[k]).node)
        if not is_of(word, code):
            return k
        left = <uint32_t>word
        right.constant = 0.0
        if op == OP_mul:
            if type_at(others[k]) != kind:
                return k
            word = word_at(&(<Handle>others[k]).node)
            if not is_of(word, code):
                return k
            right.node = <uint32_t>word
            product = op_value2(OP_mul, data[left], data[right.node])
        else:
            if type_at(others[k]) != float_type:
                return k
            right.constant = PyFloat_AS_DOUBLE(<object>others[k])
            product = op_value1(op, data[left], right.constant)
        data[i], first[i], second[i], ops[i], codes[i] = product, left, right, <uint8_t>op, code
        sum = op_value2(OP_add, sum, product)
        right.constant = 0.0
        right.node = i
        i += 1
        data[i], first[i], second[i], ops[i], codes[i] = sum, total, right, OP_add, code
        total = i
        i += 1
    return rounds


cdef uint32_t sum_products(Block *block, const Step *step) noexcept:
    cdef PyObject *nodes = block.run.registers[-1 - step.a].content.object
    cdef PyObject *others = block.run.registers[-1 - step.b].content.object
    cdef int64_t start = block.columns[INDEX].integer[0]
    cdef int64_t left = min(<int64_t>block.rounds, min(length_of(nodes), length_of(others)) - start)
    cdef uint32_t total = block.run.registers[step.offset].node, done
    if left <= 0 or type_version(kinds[block.plan.code].type) != kinds[block.plan.code].version:
        return 0
    cdef PyObject **one = entries_of(nodes) + start
    cdef PyObject **other = entries_of(others) + start
    if step.c == OP_mul:
        done = add_products(OP_mul, block, total, one, other, <uint32_t>left)
    elif step.c == OP_mul + OP_TO_VC:
        done = add_products(OP_mul + OP_TO_VC, block, total, one, other, <uint32_t>left)
    else:
        done = add_products(OP_mul + OP_TO_CV, block, total, one, other, <uint32_t>left)
    if done:
        block.columns[step.to].node[done - 1] = block.base + 2 * done - 1
    return done
