"""Operations of numbers: a method converts, checks, and appends a node by one of these.

With the operation a constant they are inlined, so that the op table's switches are one expression.
"""

from cpython.float cimport PyFloat_AS_DOUBLE, PyFloat_CheckExact
from cpython.object cimport PyTypeObject
from libc.stdint cimport uint32_t

from fastgrad._tape.drive cimport ask_python
from fastgrad._tape.handle cimport leaf, make, make_room
from fastgrad._tape.node cimport Node
from fastgrad._tape.tape cimport (
    OP_FIRST_CV, OP_TO_CV, OP_TO_VC, Second, append, op_doubtful, op_value1, op_value2, tape,
)

cdef extern from "Python.h":
    PyTypeObject *Py_TYPE(object)

cdef double ask_of_one(uint32_t op, double x, double constant) except? -1.0
cdef object any_operation(uint32_t op, left, right)
cdef object called(str name, uint32_t op, left, right)
cdef object with_others(uint32_t op, left, right)


cdef inline object with_constant(uint32_t op, Node x, double constant):
    """A node of an operation of one node, and perhaps a constant."""
    cdef double y = op_value1(op, tape.data[x.node], constant)
    cdef Second second
    if op_doubtful(op, y):
        y = ask_of_one(op, tape.data[x.node], constant)
    if tape.count >= tape.limit and not make_room():
        return leaf(x, y)
    second.constant = constant
    return make(x, append(op, x.type_code, y, x.node, second))


cdef inline object of_two(uint32_t op, Node a, Node b, Node like):
    """A node of an operation of two nodes."""
    cdef double y = op_value2(op, tape.data[a.node], tape.data[b.node])
    cdef Second second
    if op_doubtful(op, y):
        y = ask_python(op, tape.data[a.node], tape.data[b.node])
    if tape.count >= tape.limit and not make_room():
        return leaf(like, y)
    second.constant = 0.0
    second.node = b.node
    return make(like, append(op, like.type_code, y, a.node, second))


cdef inline object operation(uint32_t op, left, right):
    """A binary operation of which at least one operand is a node: the frequent cases."""
    if Py_TYPE(left) == Py_TYPE(right):
        return of_two(op, <Node>left, <Node>right, <Node>left)
    if PyFloat_CheckExact(right):
        return with_constant(op + OP_TO_VC, <Node>left, PyFloat_AS_DOUBLE(right))
    if PyFloat_CheckExact(left):
        return with_constant(op + OP_TO_CV, <Node>right, PyFloat_AS_DOUBLE(left))
    result = any_operation(op, left, right)
    return result if result is not NotImplemented else with_others(op, left, right)
