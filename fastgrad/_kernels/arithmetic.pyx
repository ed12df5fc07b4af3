# distutils: extra_compile_args = -O3 -fno-tree-slp-vectorize
"""Operations on registers that are not the frequent ones. The contract is in the header, arithmetic.pxd."""

from cpython.object cimport PyObject
from libc.math cimport fabs, floor, isfinite
from libc.stdint cimport int64_t, uint8_t, uint32_t

from fastgrad._kernels.program cimport (
    JUMP_UNLESS_EQUAL, JUMP_UNLESS_GREATER, JUMP_UNLESS_GREATER_EQUAL, JUMP_UNLESS_LESS, JUMP_UNLESS_LESS_EQUAL,
)
from fastgrad._kernels.registers cimport (
    ABSOLUTE, ADDS, COMPARES, DIVIDES, FLOAT, INT, MULTIPLIES, NEGATES, NODE, OBJECT, REFLECTED, POSITIVE, POWERS,
    SUBTRACTS, TRUTH, Register, copy_register, kinds, set_node, set_tag,
)
from fastgrad._tape.handle cimport forms
from fastgrad._tape.spelled cimport (
    DIV_POWERS, LEAVES, NEG_FIRST, NEG_TIMES, PLAIN_EXPONENT, POWER_LEAF, RADD_FIRST, RMUL_FIRST, SUB_ADDS,
    append_constant_leaf,
)
from fastgrad._tape.tape cimport (
    OP_TO_CV, OP_TO_VC, Second, append, op_doubtful, op_value1, op_value2, reserve, tape,
)

cdef extern from "operations/ops.h" nogil:
    enum:
        OP_ge, OP_gt, OP_le, OP_lt, OP_neg, OP_pos
    double op_power(double a, double b)

cdef extern from *:
    """
    #define COMPENSATES (PY_VERSION_HEX >= 0x030C0000)  /* sum() of floats */
    """
    bint COMPENSATES
    PyObject *True_ "Py_True"
    PyObject *False_ "Py_False"
    PyObject *None_ "Py_None"

cdef extern from *:
    """
    #define EXACT 9007199254740992LL
    """
    const int64_t EXACT  # ints up to here are floats


cdef bint make_room(uint32_t nodes) noexcept:
    """Have room for nodes; where there is no memory Python is to say so."""
    try:
        reserve(nodes, 0)
        return True
    except MemoryError:
        return False


# Plain numbers.

cdef bint of_ints(uint32_t op, int64_t a, int64_t b, Register *out) noexcept:
    cdef bint overflows
    if op == OP_div:
        if b == 0 or not -EXACT <= a <= EXACT or not -EXACT <= b <= EXACT:
            return False
        set_tag(out, FLOAT)
        out.content.number = <double>a / <double>b
        return True
    if op == OP_pow:
        return power_of_ints(a, b, out)
    set_tag(out, INT)
    if op == OP_add:
        overflows = add_overflows(a, b, &out.content.integer)
    elif op == OP_sub:
        overflows = subtract_overflows(a, b, &out.content.integer)
    else:
        overflows = multiply_overflows(a, b, &out.content.integer)
    return not overflows


cdef bint power_of_ints(int64_t a, int64_t b, Register *out) noexcept:
    cdef int64_t result = 1
    if b < 0:
        return -EXACT <= a <= EXACT and powered(<double>a, <double>b, out)
    if b > 64:
        return False
    for _ in range(b):
        if multiply_overflows(result, a, &result):
            return False
    set_tag(out, INT)
    out.content.integer = result
    return True


cdef inline bint is_odd(double b) noexcept:
    return fabs(b) < EXACT and <int64_t>b & 1 and b == floor(b)


cdef bint powered(double a, double b, Register *out) noexcept:
    """A power of floats, where nothing about it is special."""
    cdef double y
    if not isfinite(a) or not isfinite(b):
        return False
    if a > 0.0:
        y = op_power(a, b)
    elif b == 0.0:
        y = 1.0
    elif a == 0.0:
        if b < 0.0:
            return False
        y = a if is_odd(b) else 0.0
    elif b != floor(b):
        return False
    else:
        y = -op_power(-a, b) if is_odd(b) else op_power(-a, b)
    if not isfinite(y):
        return False
    set_tag(out, FLOAT)
    out.content.number = y
    return True


# Of one operand.

cdef bint of_one(uint32_t op, const Register *a, Register *out) noexcept:
    """A function of one number, node or plain, whose method or function is known to be fastgrad's."""
    cdef Second second
    cdef double x, y
    if a.tag != NODE and a.tag != FLOAT and a.tag != INT:
        return False
    x = tape.data[a.node] if a.tag == NODE else a.content.number if a.tag == FLOAT else <double>a.content.integer
    y = op_value1(op, x, 0.0)
    if op_doubtful(op, y):
        return False
    if a.tag != NODE:
        set_tag(out, FLOAT)
        out.content.number = y
        return True
    if tape.count >= tape.limit and not make_room(1):
        return False
    second.constant = 0.0
    set_node(out, append(op, a.type_code, y, a.node, second), NODE, a.type_code, False)
    return True


cdef inline void mark_whole(Register *out, bint whole) noexcept:
    set_node(out, out.node, NODE, out.type_code, whole)


cdef bint negated(const Register *a, Register *out) noexcept:
    cdef bint whole = a.whole
    if a.tag == FLOAT:
        out.content.number = -a.content.number
        set_tag(out, FLOAT)
        return True
    if a.tag == INT:
        set_tag(out, INT)
        return not subtract_overflows(0, a.content.integer, &out.content.integer)
    if a.tag != NODE or not kinds[a.type_code].standing & NEGATES or not negative(a, out):
        return False
    mark_whole(out, whole)
    return True


cdef bint absolute(const Register *a, Register *out) noexcept:
    cdef bint whole = a.whole
    if a.tag == INT:
        return a.content.integer >= 0 and moved(a, out) or negated(a, out)
    if a.tag == NODE and not kinds[a.type_code].standing & ABSOLUTE:
        return False
    if not of_one(OP_abs, a, out):
        return False
    if out.tag == NODE:
        mark_whole(out, whole)
    return True


cdef inline bint moved(const Register *a, Register *out) noexcept:
    copy_register(out, a)
    return True


cdef bint positive(const Register *a, Register *out) noexcept:
    if a.tag == FLOAT or a.tag == INT:
        return moved(a, out)
    return a.tag == NODE and kinds[a.type_code].standing & POSITIVE != 0 and of_one(OP_pos, a, out)


cdef bint rectified(const Register *a, Register *out) noexcept:
    """relu() of a node."""
    cdef bint whole = a.whole
    if not of_one(OP_relu, a, out):
        return False
    mark_whole(out, whole)
    return True


# What is computed of ints mostly, as indices.

cdef bint floor_divided(const Register *a, const Register *b, Register *out) noexcept:
    cdef int64_t x, y, q
    if a.tag != INT or b.tag != INT or b.content.integer == 0 or b.content.integer == -1:
        return False
    x, y = a.content.integer, b.content.integer
    q = x // y  # towards zero
    set_tag(out, INT)
    out.content.integer = q - 1 if q * y != x and (x < 0) != (y < 0) else q
    return True


cdef bint remainder_of(const Register *a, const Register *b, Register *out) noexcept:
    cdef int64_t x, y, rest
    if a.tag != INT or b.tag != INT or b.content.integer == 0 or b.content.integer == -1:
        return False
    x, y = a.content.integer, b.content.integer
    rest = x % y  # with the sign of x
    set_tag(out, INT)
    out.content.integer = rest + y if rest != 0 and (rest < 0) != (y < 0) else rest
    return True


cdef bint to_float(const Register *a, Register *out) noexcept:
    if a.tag != FLOAT and a.tag != INT:
        return False
    out.content.number = plain(a)
    set_tag(out, FLOAT)
    return True


cdef bint to_int(const Register *a, Register *out) noexcept:
    if a.tag == INT:
        return moved(a, out)
    if a.tag != FLOAT or not -EXACT <= a.content.number <= EXACT:
        return False
    out.content.integer = <int64_t>a.content.number
    set_tag(out, INT)
    return True


# sum().

cdef bint summed(Register *total, const Register *value, Register *lost) noexcept:
    """Add to a sum; newer Pythons keep what rounding loses of floats."""
    cdef double x, y, t
    if not COMPENSATES or total.tag != FLOAT:
        return binary(OP_add, ADDS, total, value, total)
    if value.tag == INT:
        return False
    if value.tag == NODE:
        return sum_done(total, lost) and binary(OP_add, ADDS, total, value, total)
    if value.tag != FLOAT:
        return False
    x, y = total.content.number, value.content.number
    t = x + y
    lost.content.number += (x - t) + y if fabs(x) >= fabs(y) else (y - t) + x
    total.content.number = t
    return True


cdef bint sum_done(Register *total, const Register *lost) noexcept:
    if total.tag == FLOAT and lost.content.number != 0.0 and isfinite(lost.content.number):
        total.content.number += lost.content.number
    return True


# Comparisons.

cdef inline bint tells(uint32_t code, double a, double b) noexcept:
    if code == JUMP_UNLESS_LESS:
        return a < b
    if code == JUMP_UNLESS_LESS_EQUAL:
        return a <= b
    if code == JUMP_UNLESS_GREATER:
        return a > b
    if code == JUMP_UNLESS_GREATER_EQUAL:
        return a >= b
    return (a == b) == (code == JUMP_UNLESS_EQUAL)


cdef inline double order(int64_t a, int64_t b) noexcept:
    return <double>((a > b) - (a < b))


cdef bint compared(uint32_t code, const Register *a, const Register *b, bint *truth) noexcept:
    if a.tag == NODE or b.tag == NODE:
        return nodes_compared(code, a, b, truth)
    if a.tag == INT and b.tag == INT:
        truth[0] = tells(code, order(a.content.integer, b.content.integer), 0.0)
        return True
    if not is_exact(a) or not is_exact(b):
        return False
    truth[0] = tells(code, plain(a), plain(b))
    return True


cdef inline bint is_exact(const Register *a) noexcept:
    """A number that is compared as a float."""
    return a.tag == FLOAT or (a.tag == INT and -EXACT <= a.content.integer <= EXACT)


cdef bint nodes_compared(uint32_t code, const Register *a, const Register *b, bint *truth) noexcept:
    """A comparison leaves a node, as it does in Python; a plain number is compared with the node, from the right."""
    cdef Register result
    cdef uint32_t op, mirrored
    if code == JUMP_UNLESS_LESS:
        op, mirrored = OP_lt, OP_gt
    elif code == JUMP_UNLESS_LESS_EQUAL:
        op, mirrored = OP_le, OP_ge
    elif code == JUMP_UNLESS_GREATER:
        op, mirrored = OP_gt, OP_lt
    elif code == JUMP_UNLESS_GREATER_EQUAL:
        op, mirrored = OP_ge, OP_le
    else:
        return False  # which goes by identity
    if a.tag == NODE and b.tag == NODE:
        if not nodes_of_two(op, COMPARES, a, b, &result):
            return False
    elif a.tag == NODE:
        if not (b.tag == FLOAT or b.tag == INT) or not node_and_constant(op + OP_TO_VC, COMPARES, a, plain(b), &result):
            return False
    elif not (a.tag == FLOAT or a.tag == INT) or not node_and_constant(
        mirrored + OP_TO_VC, COMPARES, b, plain(a), &result
    ):
        return False
    return truth_of(&result, truth)


cdef bint truth_of(const Register *a, bint *truth) noexcept:
    cdef PyObject *x = a.content.object
    if a.tag == FLOAT:
        truth[0] = a.content.number != 0.0
    elif a.tag == INT:
        truth[0] = a.content.integer != 0
    elif a.tag == NODE and kinds[a.type_code].standing & TRUTH:
        truth[0] = tape.data[a.node] != 0.0
    elif a.tag == OBJECT and (x == True_ or x == False_ or x == None_):
        truth[0] = x == True_
    else:
        return False
    return True


# Nodes of types that spell their graph as a teaching engine does, as spelled.pyx has it.

cdef bint negative(const Register *a, Register *out) noexcept:
    cdef uint32_t form = forms[a.type_code]
    if not form & NEG_TIMES:
        return of_one(OP_neg, a, out)
    return with_plain(OP_mul, a, -1.0, form & NEG_FIRST != 0, form & LEAVES != 0, True, out)


cdef bint with_plain(
    uint32_t op, const Register *x, double constant, bint plain_first, bint as_leaf, bint whole, Register *out
) noexcept:
    """An operation of a node and a plain number, which becomes a leaf or is part of the operation."""
    cdef double a = constant if plain_first else tape.data[x.node], b = tape.data[x.node] if plain_first else constant
    cdef double y = op_value2(op, a, b)
    cdef uint8_t code = x.type_code
    cdef uint32_t node = x.node, other
    cdef Second second
    if op_doubtful(op, y) or (tape.count + 1 >= tape.limit and not make_room(2)):
        return False
    if as_leaf:
        other = append_constant_leaf(code, constant, whole)
        second.constant = 0.0
        second.node = node if plain_first else other
        set_node(out, append(op, code, y, other if plain_first else node, second), NODE, code, False)
    else:
        second.constant = constant
        op += OP_TO_CV if plain_first else OP_TO_VC
        set_node(out, append(op, code, y, node, second), NODE, code, False)
    return True


cdef inline bint is_whole(const Register *a) noexcept:
    return a.tag == INT or (a.tag == NODE and a.whole)


cdef inline double plain(const Register *a) noexcept:
    return a.content.number if a.tag == FLOAT else <double>a.content.integer


cdef bint joined(uint32_t op, const Register *a, const Register *b, uint32_t plain_first, Register *out) noexcept:
    """An operation as one node; with a plain number on the left its leaf comes first in types of that form."""
    cdef Second second
    cdef double y
    cdef uint32_t form
    if a.tag == NODE and b.tag == NODE:
        y = op_value2(op, tape.data[a.node], tape.data[b.node])
        if a.type_code != b.type_code or op_doubtful(op, y) or (tape.count >= tape.limit and not make_room(1)):
            return False
        second.constant = 0.0
        second.node = b.node
        set_node(out, append(op, a.type_code, y, a.node, second), NODE, a.type_code, False)
        return True
    if a.tag == NODE:
        form = forms[a.type_code]
        return with_plain(op, a, plain(b), False, form & LEAVES != 0, b.tag == INT, out)
    form = forms[b.type_code]
    if not form & LEAVES:
        return with_plain(op, b, plain(a), True, False, False, out)
    if form & plain_first or plain_first == ALWAYS:
        return with_plain(op, b, plain(a), True, True, a.tag == INT, out)
    return with_swapped(op, b, a, out)


cdef enum:
    ALWAYS = 1 << 16


cdef bint with_swapped(uint32_t op, const Register *x, const Register *number, Register *out) noexcept:
    """c + a as a + c, whose value is the same."""
    return with_plain(op, x, plain(number), False, True, number.tag == INT, out)


cdef bint power(const Register *a, const Register *b, Register *out) noexcept:
    cdef uint32_t form
    if a.tag == NODE and b.tag != NODE:
        return with_plain(OP_pow, a, plain(b), False, forms[a.type_code] & POWER_LEAF != 0, False, out)
    form = forms[b.type_code]
    return not form & PLAIN_EXPONENT and joined(OP_pow, a, b, ALWAYS, out)


cdef bint times_power(const Register *a, const Register *b, Register *out) noexcept:
    """a / b as a * b**-1."""
    cdef Register exponent, inverse
    set_tag(&exponent, INT)
    exponent.content.integer = -1
    if b.tag == NODE:
        return power(b, &exponent, &inverse) and joined(OP_mul, a, &inverse, RMUL_FIRST, out)
    return powered(plain(b), -1.0, &inverse) and joined(OP_mul, a, &inverse, RMUL_FIRST, out)


cdef bint added_negative(const Register *a, const Register *b, Register *out) noexcept:
    """a - b as a + (-b)."""
    cdef Register opposite
    if b.tag == NODE:
        return negative(b, &opposite) and joined(OP_add, a, &opposite, RADD_FIRST, out)
    return negated(b, &opposite) and joined(OP_add, a, &opposite, RADD_FIRST, out)


cdef bint spelled_otherwise(uint32_t op, const Register *a, const Register *b, Register *out) noexcept:
    cdef uint32_t code = a.type_code if a.tag == NODE else b.type_code
    cdef bint whole = is_whole(a) and is_whole(b), done
    cdef Register result
    if not (b.tag == NODE or b.tag == FLOAT or b.tag == INT):
        return False
    if not kinds[code].standing & bit_of(op) << (0 if a.tag == NODE else REFLECTED):
        return False
    if op == OP_add:
        done = joined(op, a, b, RADD_FIRST, &result)
    elif op == OP_mul:
        done = joined(op, a, b, RMUL_FIRST, &result)
    elif op == OP_sub:
        done = added_negative(a, b, &result) if forms[code] & SUB_ADDS else joined(op, a, b, ALWAYS, &result)
    elif op == OP_div:
        whole = False
        done = times_power(a, b, &result) if forms[code] & DIV_POWERS else joined(op, a, b, ALWAYS, &result)
    else:
        whole = whole and b.tag == INT and b.content.integer >= 0
        done = power(a, b, &result)
    if done:
        set_node(out, result.node, NODE, result.type_code, whole)
    return done


cdef inline uint32_t bit_of(uint32_t op) noexcept:
    return (
        ADDS if op == OP_add else SUBTRACTS if op == OP_sub else MULTIPLIES if op == OP_mul
        else DIVIDES if op == OP_div else POWERS
    )
