"""What a kernel reads of objects, and sets on numbers, without that Python code runs.

Each returns whether it did it; where it did not, Python has to.
"""

from cpython.list cimport PyList_CheckExact
from cpython.object cimport PyObject
from cpython.tuple cimport PyTuple_CheckExact
from libc.stdint cimport int32_t, int64_t, uint8_t, uint32_t

from fastgrad._kernels.columns cimport Plan
from fastgrad._kernels.registers cimport INT, OBJECT, SPELLS, Register, float_type, kinds, type_at
from fastgrad._tape.handle cimport Handle, forms, owner_of
from fastgrad._tape.spelled cimport GRAD_INT, GRAD_NONE
from fastgrad._tape.tape cimport OP_LEAF, tape

cdef extern from *:
    """
    static inline PyObject **list_items(PyObject *values) { return ((PyListObject *)values)->ob_item; }
    static inline PyObject **tuple_items(PyObject *values) { return ((PyTupleObject *)values)->ob_item; }
    """
    PyObject **list_items(PyObject *values)
    PyObject **tuple_items(PyObject *values)
    Py_ssize_t size_at "Py_SIZE"(PyObject *value)

cdef enum Meaning:
    # What a name is for numbers of a type. That of a method is the code of its operation.
    STRANGE = 0
    DATA = -1
    GRAD = -2

cdef int32_t meaning_of(const Register *number, object name) noexcept
cdef bint keeps(const Register *number, object name) noexcept
cdef bint read_number(const Register *number, int32_t meaning, Register *out) noexcept
cdef bint may_set_number(const Register *number, int32_t meaning, uint8_t tag) noexcept
cdef bint set_number(const Register *number, int32_t meaning, const Register *value) noexcept
# New references, or NULL.
cdef PyObject *attribute_of(PyObject *owner, object name) noexcept
cdef bint has_as_method(PyObject *owner, object name) noexcept
cdef PyObject *slice_of(const Register *sequence, const Register *start, const Register *stop) noexcept
# Borrowed, or NULL.
cdef PyObject *other_item(const Register *container, const Register *key) noexcept
cdef PyObject **place_of(const Register *sequence, const Register *index) noexcept
cdef bint is_harmless_number(PyObject *dying) noexcept
cdef bint keeps_numbers(PyObject *state) noexcept
cdef Py_ssize_t length_of(PyObject *sequence) noexcept


cdef inline PyObject *state_of(uint32_t node) noexcept:
    """What is kept on the handle of a node, NULL where that is nothing."""
    return (<Handle>owner_of(node)).state if tape.owner[node] != NULL else NULL


cdef inline bint hides(const Plan *plan, PyObject *state) noexcept:
    """May what is kept on a number stand for what a plan computes with?"""
    return state != NULL and (plan.calls_methods or (plan.sees_attributes and keeps_numbers(state)))


cdef inline bint may_be_whole(uint32_t node) noexcept:
    """May the data of a node that has no handle which says so be an int, as that of a leaf?"""
    return tape.op[node] == OP_LEAF and tape.second[node].constant != 0.0


cdef inline double grad_to_keep(uint32_t code, double grad, uint8_t tag) noexcept:
    """What a node keeps of a grad that is set: of a zero the sign tells whether it is as if nothing had reached it."""
    if grad == 0.0 and kinds[code].standing & SPELLS and forms[code] & (GRAD_INT | GRAD_NONE):
        return 0.0 if tag == INT and forms[code] & GRAD_INT else -0.0
    return grad


cdef inline bint is_harmless(PyObject *dying) noexcept:
    """Does no code run where references to an object end, be it the last one, and does no register hold it?"""
    return type_at(dying) == float_type or is_harmless_number(dying)


cdef inline PyObject *item_of(const Register *container, const Register *key) noexcept:
    """The entry of a list or a tuple, borrowed; NULL where it takes Python to say."""
    cdef PyObject *values = container.content.object
    if container.tag == OBJECT and key.tag == INT:
        if PyList_CheckExact(<object>values) and 0 <= key.content.integer < size_at(values):
            return list_items(values)[key.content.integer]
        if PyTuple_CheckExact(<object>values) and 0 <= key.content.integer < size_at(values):
            return tuple_items(values)[key.content.integer]
    return other_item(container, key)


cdef inline PyObject **entries_of(PyObject *values) noexcept:
    """Where the entries of a list, or of a tuple, lie."""
    return list_items(values) if PyList_CheckExact(<object>values) else tuple_items(values)
