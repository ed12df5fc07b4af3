# distutils: extra_compile_args = -O3
"""Attributes and items, as far as reading them runs no Python code. The contract is in the header, fields.pxd."""

from cpython.exc cimport PyErr_Clear
from cpython.list cimport PyList_CheckExact
from cpython.object cimport PyObject, PyTypeObject
from cpython.ref cimport Py_DECREF
from cpython.tuple cimport PyTuple_CheckExact
from libc.math cimport signbit
from libc.stdint cimport int32_t, int64_t, uint8_t, uint32_t

from fastgrad._kernels.registers cimport (
    FLOAT, FLOATS, EMPTY, INT, OBJECT, SPELLS, Register, int_type, kinds, load, looked_up,
    set_tag, type_at,
)
from fastgrad._tape.handle cimport Handle, forms, shelf
from fastgrad._tape.spelled cimport GRAD_INT, GRAD_NONE, is_whole_leaf
from fastgrad._tape.tape cimport OP_FIRST_VC, OP_LEAF, op_rows, tape

from fastgrad._tape.node import Node
from fastgrad._tape.numbers import Number
from fastgrad._tape.spelled import Spelled

cdef extern from *:
    """
    /* Is what a type has under a name read from an instance without a call? */
    static inline int is_passive(PyObject *found)
    {
        return !found || Py_IS_TYPE(found, &PyMemberDescr_Type) || !Py_TYPE(found)->tp_descr_get;
    }
    static inline int reads_plainly(PyTypeObject *type) { return type->tp_getattro == PyObject_GenericGetAttr; }
    static inline int has_finalizer(PyTypeObject *type) { return type->tp_finalize || type->tp_del; }
    static inline int has_weak_references(PyObject *object)
    {
        return Py_TYPE(object)->tp_weaklistoffset && *PyObject_GET_WEAKREFS_LISTPTR(object);
    }
    """
    bint is_passive(PyObject *found)
    bint reads_plainly(PyTypeObject *owner)
    bint has_finalizer(PyTypeObject *owner)
    bint has_weak_references(PyObject *object)
    bint PyMethod_Check(PyObject *value)
    PyObject *PyMethod_GET_SELF(PyObject *method)
    PyObject *PyMethod_GET_FUNCTION(PyObject *method)
    PyObject *generic_attribute "PyObject_GenericGetAttr"(PyObject *owner, object name)
    PyObject *list_slice "PyList_GetSlice"(PyObject *values, Py_ssize_t start, Py_ssize_t stop)
    PyObject *tuple_slice "PyTuple_GetSlice"(PyObject *values, Py_ssize_t start, Py_ssize_t stop)


# Numbers.

cdef dict known_meanings():
    """What the descriptors of numbers mean, by their identity."""
    meanings = {}
    for owner in (Node, Spelled):
        meanings[id(vars(owner)["data"])] = DATA
        meanings[id(vars(owner)["grad"])] = GRAD
    for code in range(OP_LEAF + 1, OP_FIRST_VC):
        name = op_rows[code].name.decode()
        for owner in (Number, Spelled):
            if name in vars(owner):
                meanings[id(vars(owner)[name])] = code
    return meanings


cdef dict meanings = known_meanings()


cdef int32_t meaning_of(const Register *number, name) noexcept:
    """What a name is for numbers of this one's type."""
    cdef PyObject *found = looked_up(kinds[number.type_code].type, name)
    return STRANGE if found == NULL else <int32_t>meanings.get(<size_t>found, STRANGE)


cdef bint keeps(const Register *number, name) noexcept:
    """Is there something on the number's handle under a name?"""
    cdef PyObject *state = state_of(number.node)
    return state != NULL and name in <dict>state


cdef bint keeps_numbers(PyObject *state) noexcept:
    """Is a number's data, or its grad, in what is kept on it?"""
    return "data" in <dict>state or "grad" in <dict>state


cdef bint read_number(const Register *number, int32_t meaning, Register *out) noexcept:
    cdef double value
    cdef uint8_t tag = FLOAT
    cdef uint32_t node = number.node, spelled = kinds[number.type_code].standing & SPELLS
    if spelled and keeps(number, "data" if meaning == DATA else "grad"):
        return False
    value = tape.data[node] if meaning == DATA else tape.grad[node]
    if spelled and meaning == DATA and not kinds[number.type_code].standing & FLOATS:
        if number.whole or is_whole_leaf(node):
            tag = INT
    elif spelled and meaning == GRAD and value == 0.0 and forms[number.type_code] & (GRAD_INT | GRAD_NONE):
        if not signbit(value):  # nothing has reached it
            if forms[number.type_code] & GRAD_NONE:
                return False
            tag = INT
        value = 0.0
    set_tag(out, tag)
    if tag == INT:
        out.content.integer = <int64_t>value
    else:
        out.content.number = value
    return True


cdef bint may_set_number(const Register *number, int32_t meaning, uint8_t tag) noexcept:
    """May a number's data or grad be set to a plain one? An int, as data of what keeps ints, is for Python."""
    if tag != FLOAT and tag != INT:
        return False
    if not kinds[number.type_code].standing & SPELLS:
        return True
    if keeps(number, "data" if meaning == DATA else "grad"):
        return False
    return meaning != DATA or not (tag == INT or number.whole or is_whole_leaf(number.node))


cdef bint set_number(const Register *number, int32_t meaning, const Register *value) noexcept:
    cdef double new
    if not may_set_number(number, meaning, value.tag):
        return False
    new = value.content.number if value.tag == FLOAT else <double>value.content.integer
    if meaning == DATA:
        tape.data[number.node] = new
        return True
    tape.grad[number.node] = grad_to_keep(number.type_code, new, value.tag)
    return True


# Other objects.

cdef PyObject *attribute_of(PyObject *owner, name) noexcept:
    """An attribute that is read without a call."""
    cdef PyObject *found
    if not reads_plainly(type_at(owner)) or not is_passive(looked_up(type_at(owner), name)):
        return NULL
    found = generic_attribute(owner, name)
    if found == NULL:
        PyErr_Clear()
    return found


cdef bint has_as_method(PyObject *owner, name) noexcept:
    """Is what an object has under a name the method that its type has?"""
    cdef PyObject *found
    cdef bint does
    if not reads_plainly(type_at(owner)):
        return False
    found = generic_attribute(owner, name)
    if found == NULL:
        PyErr_Clear()
        return False
    does = PyMethod_Check(found) and PyMethod_GET_SELF(found) == owner
    does = does and PyMethod_GET_FUNCTION(found) == looked_up(type_at(owner), name)
    Py_DECREF(<object>found)
    return does


def plain_attribute(owner, name, otherwise):
    """An attribute as kernels read it, without a call; something else where that cannot be done."""
    cdef PyObject *found = attribute_of(<PyObject *>owner, name)
    if found == NULL:
        return otherwise
    value = <object>found
    Py_DECREF(value)
    return value


cdef Py_ssize_t length_of(PyObject *sequence) noexcept:
    """The length of a list or a tuple; -1 of anything else."""
    if PyList_CheckExact(<object>sequence) or PyTuple_CheckExact(<object>sequence):
        return size_at(sequence)
    return -1


cdef PyObject **place_of(const Register *sequence, const Register *index) noexcept:
    cdef Py_ssize_t length
    cdef int64_t i = index.content.integer
    if sequence.tag != OBJECT or index.tag != INT:
        return NULL
    length = length_of(sequence.content.object)
    if i < 0:
        i += length
    if not 0 <= i < length:
        return NULL
    if PyList_CheckExact(<object>sequence.content.object):
        return list_items(sequence.content.object) + i
    return tuple_items(sequence.content.object) + i


cdef PyObject *other_item(const Register *container, const Register *key) noexcept:
    """An entry counted from the end. Those of dicts are for Python, as keys may have an __eq__ that runs."""
    cdef PyObject **place = place_of(container, key)
    return place[0] if place != NULL else NULL


cdef PyObject *slice_of(const Register *sequence, const Register *start, const Register *stop) noexcept:
    """The entries from one place to another; an empty register stands for an end."""
    cdef Py_ssize_t length, low, high
    cdef PyObject *found
    if sequence.tag != OBJECT or start.tag not in (INT, EMPTY) or stop.tag not in (INT, EMPTY):
        return NULL
    length = length_of(sequence.content.object)
    if length < 0:
        return NULL
    low = bounded(start.content.integer, length) if start.tag == INT else 0
    high = bounded(stop.content.integer, length) if stop.tag == INT else length
    if PyList_CheckExact(<object>sequence.content.object):
        found = list_slice(sequence.content.object, low, high)
    else:
        found = tuple_slice(sequence.content.object, low, high)
    if found == NULL:
        PyErr_Clear()
    return found


cdef inline Py_ssize_t bounded(int64_t place, Py_ssize_t length) noexcept:
    return <Py_ssize_t>max(<int64_t>0, min(<int64_t>length, place + length if place < 0 else place))


cdef bint is_harmless_number(PyObject *dying) noexcept:
    cdef PyTypeObject *kind = type_at(dying)
    cdef Register seen
    load(&seen, dying)
    if seen.tag == OBJECT:
        return False
    if kind == int_type:
        return True
    if not isinstance(<object>dying, Handle):
        return False
    if (<Handle>dying).state != NULL or has_finalizer(kind) or has_weak_references(dying):
        return False
    return shelf[(<Handle>dying).type_code].type == kind
