"""Operations on registers: on plain numbers as Python's floats and ints have them, on nodes as their operators do.

Each returns whether it did it. It has done nothing where it did not: something is there that a kernel does not know, or
Python would raise.
"""

from libc.stdint cimport int64_t, uint8_t, uint32_t

from fastgrad._kernels.registers cimport FLOAT, INT, NODE, REFLECTED, SPELLS, Register, kinds, set_node, set_tag
from fastgrad._tape.tape cimport OP_TO_CV, OP_TO_VC, Second, append, op_doubtful, op_value1, op_value2, tape

cdef extern from "operations/ops.h" nogil:
    enum:
        OP_abs, OP_add, OP_div, OP_mul, OP_pow, OP_relu, OP_sub

cdef extern from "operations/portable.h" nogil:
    bint OP_UNLIKELY(bint)
    bint add_overflows(int64_t a, int64_t b, int64_t *result)
    bint subtract_overflows(int64_t a, int64_t b, int64_t *result)
    bint multiply_overflows(int64_t a, int64_t b, int64_t *result)

cdef bint make_room(uint32_t nodes) noexcept
cdef bint spelled_otherwise(uint32_t op, const Register *a, const Register *b, Register *out) noexcept
cdef bint of_ints(uint32_t op, int64_t a, int64_t b, Register *out) noexcept
cdef bint powered(double a, double b, Register *out) noexcept
cdef bint of_one(uint32_t op, const Register *a, Register *out) noexcept
cdef bint negated(const Register *a, Register *out) noexcept
cdef bint positive(const Register *a, Register *out) noexcept
cdef bint absolute(const Register *a, Register *out) noexcept
cdef bint rectified(const Register *a, Register *out) noexcept
cdef bint floor_divided(const Register *a, const Register *b, Register *out) noexcept
cdef bint remainder_of(const Register *a, const Register *b, Register *out) noexcept
cdef bint to_float(const Register *a, Register *out) noexcept
cdef bint to_int(const Register *a, Register *out) noexcept
cdef bint summed(Register *total, const Register *value, Register *lost) noexcept
cdef bint sum_done(Register *total, const Register *lost) noexcept
cdef bint compared(uint32_t code, const Register *a, const Register *b, bint *truth) noexcept
cdef bint truth_of(const Register *a, bint *truth) noexcept


cdef inline double as_float(const Register *a) noexcept:
    """A plain number as a float."""
    return a.content.number if a.tag == FLOAT else <double>a.content.integer


cdef inline bint nodes_of_two(uint32_t op, uint32_t bit, const Register *a, const Register *b, Register *out) noexcept:
    """An operation of two nodes of one type, which spells it as fastgrad does."""
    cdef uint32_t type_code = a.type_code
    cdef Second second
    cdef double y
    if type_code != b.type_code or not kinds[type_code].standing & bit:
        return False
    if OP_UNLIKELY(tape.count >= tape.limit) and not make_room(1):
        return False
    y = op_value2(op, tape.data[a.node], tape.data[b.node])
    if op_doubtful(op, y):
        return False
    second.constant = 0.0
    second.node = b.node
    set_node(out, append(op, type_code, y, a.node, second), NODE, <uint8_t>type_code, False)
    return True


cdef inline bint node_and_constant(
    uint32_t op, uint32_t bit, const Register *a, double constant, Register *out
) noexcept:
    """An operation of a node and a plain number, of one of the codes for that."""
    cdef Second second
    cdef double y
    if not kinds[a.type_code].standing & bit:
        return False
    if OP_UNLIKELY(tape.count >= tape.limit) and not make_room(1):
        return False
    y = op_value1(op, tape.data[a.node], constant)
    if op_doubtful(op, y):
        return False
    second.constant = constant
    set_node(out, append(op, a.type_code, y, a.node, second), NODE, a.type_code, False)
    return True


cdef inline bint binary(uint32_t op, uint32_t bit, const Register *a, const Register *b, Register *out) noexcept:
    """An operator between two registers; the operation and its bit are constants, so that little is left of this."""
    if a.tag == NODE:
        if kinds[a.type_code].standing & SPELLS:
            return spelled_otherwise(op, a, b, out)
        if b.tag == NODE:
            return nodes_of_two(op, bit, a, b, out)
        if b.tag == FLOAT or b.tag == INT:
            return node_and_constant(op + OP_TO_VC, bit, a, as_float(b), out)
        return False
    if b.tag == NODE and (a.tag == FLOAT or a.tag == INT):
        if kinds[b.type_code].standing & SPELLS:
            return spelled_otherwise(op, a, b, out)
        return node_and_constant(op + OP_TO_CV, bit << REFLECTED, b, as_float(a), out)
    if a.tag == INT and b.tag == INT:
        return of_ints(op, a.content.integer, b.content.integer, out)
    if (a.tag == FLOAT or a.tag == INT) and (b.tag == FLOAT or b.tag == INT):
        return of_floats(op, as_float(a), as_float(b), out)
    return False


cdef inline bint of_floats(uint32_t op, double a, double b, Register *out) noexcept:
    if op == OP_pow:
        return powered(a, b, out)
    if op == OP_div and b == 0.0:
        return False
    set_tag(out, FLOAT)
    if op == OP_add:
        out.content.number = a + b
    elif op == OP_sub:
        out.content.number = a - b
    elif op == OP_mul:
        out.content.number = a * b
    else:
        out.content.number = a / b
    return True
