# distutils: extra_compile_args = -O3
"""Instructions on objects. The contract is in the header, objects.pxd."""

from math import fsum

from cpython.exc cimport PyErr_Clear
from cpython.list cimport PyList_CheckExact
from cpython.object cimport PyObject, PyTypeObject
from cpython.ref cimport Py_DECREF, Py_INCREF
from libc.stdint cimport int32_t, uint16_t, uint64_t

from fastgrad._kernels.arithmetic cimport OP_abs, OP_relu, absolute, of_one, rectified
from fastgrad._kernels.changes cimport Change, Run, as_object, note_change, shorten
from fastgrad._kernels.fields cimport (
    DATA, GRAD, attribute_of, entries_of, has_as_method, is_harmless, keeps, length_of, list_items, meaning_of,
    place_of, read_number, set_number, size_at,
)
from fastgrad._kernels.program cimport Known, Program
from fastgrad._kernels.registers cimport (
    FLOAT, INT, NODE, OBJECT, Register, copy_register, float_type, int_type, kinds, load, set_tag, type_at,
)
from fastgrad._tape.tape cimport tape

cdef extern from *:
    int PyList_Append(PyObject *values, PyObject *value)
    int PyList_SetSlice(PyObject *values, Py_ssize_t low, Py_ssize_t high, PyObject *entries)
    PyObject *PySequence_Concat(PyObject *a, PyObject *b)
    PyObject *PyTuple_New(Py_ssize_t size)
    void PyTuple_SET_ITEM(PyObject *values, Py_ssize_t place, PyObject *value)
    PyObject *PyTuple_GET_ITEM(PyObject *values, Py_ssize_t place)
    PyObject *PyFunction_GET_CLOSURE(PyObject *function)
    PyObject *PyCell_GET(PyObject *cell)
    bint PyFunction_Check(PyObject *value)
    Py_ssize_t Py_REFCNT(PyObject *value)


# Making and changing lists and tuples.

cdef bint keep(list made, PyObject *value) noexcept:
    """Keep an object, a new reference to which is given, to the kernel's end."""
    if value == NULL:
        return False
    if PyList_Append(<PyObject *>made, value) < 0:
        PyErr_Clear()
        Py_DECREF(<object>value)
        return False
    Py_DECREF(<object>value)
    return True


cdef bint new_object(Register *to, PyObject *value, list made) noexcept:
    if not keep(made, value):
        return False
    set_tag(to, OBJECT)
    to.content.object = value
    return True


cdef bint appended(const Register *to, const Register *value) noexcept:
    cdef PyObject *entry = as_object(value)
    cdef bint done
    if entry == NULL:
        return False
    done = PyList_Append(to.content.object, entry) == 0
    if not done:
        PyErr_Clear()
    Py_DECREF(<object>entry)
    return done


cdef bint append_noted(Run *run, const Register *to, const Register *value) noexcept:
    """Append to a list that Python has."""
    cdef PyObject *values = to.content.object
    cdef Change change
    if to.tag != OBJECT or not PyList_CheckExact(<object>values) or not appended(to, value):
        return False
    change.values, change.index, change.before = values, -1, NULL
    change.node, change.is_grad, change.number = 0, False, 0.0
    Py_INCREF(<object>values)
    if not note_change(run, change):
        shorten(values)
        return False
    return True


cdef bint extended(const Register *to, const Register *values) noexcept:
    if values.tag != OBJECT or length_of(values.content.object) < 0:
        return False
    cdef Py_ssize_t end = size_at(to.content.object)
    if PyList_SetSlice(to.content.object, end, end, values.content.object) < 0:
        PyErr_Clear()
        return False
    return True


cdef bint new_tuple(Register *to, const Register *entries, int32_t count, list made) noexcept:
    cdef PyObject *values = PyTuple_New(count)
    cdef PyObject *entry
    cdef int32_t k
    if values == NULL:
        PyErr_Clear()
        return False
    for k in range(count):
        entry = as_object(entries + k)
        if entry == NULL:
            Py_DECREF(<object>values)
            return False
        PyTuple_SET_ITEM(values, k, entry)
    return new_object(to, values, made)


cdef bint concatenated(const Register *a, const Register *b, Register *to, list made) noexcept:
    """The entries of two lists, or of two tuples, as a new one."""
    if a.tag != OBJECT or b.tag != OBJECT or type_at(a.content.object) != type_at(b.content.object):
        return False
    if length_of(a.content.object) < 0:
        return False
    return new_object(to, PySequence_Concat(a.content.object, b.content.object), made)


cdef bint set_item(Run *run, const Register *sequence, const Register *index, const Register *value) noexcept:
    """Set an entry of a list, where what was there is a number, too, of which nobody is told."""
    cdef PyObject **place
    cdef Change change
    if sequence.tag != OBJECT or not isinstance(<object>sequence.content.object, list):
        return False
    place = place_of(sequence, index)
    if place == NULL or type(<object>sequence.content.object) is not list or not is_harmless(place[0]):
        return False
    change.values, change.before = sequence.content.object, place[0]
    change.index = place - list_items(change.values)
    change.node, change.is_grad, change.number = 0, False, 0.0
    cdef PyObject *entry = as_object(value)
    if entry == NULL:
        return False
    if not note_change(run, change):
        Py_DECREF(<object>entry)
        return False
    place[0] = entry
    return True


cdef int32_t known_meaning(Known *known, const Register *number, object name) noexcept:
    """What an instruction's name means for the type of a number, which is the one it met last, mostly."""
    if known.version != kinds[number.type_code].version:
        known.meaning = meaning_of(number, name)
        known.version = kinds[number.type_code].version
    return known.meaning


cdef Met met[256]
cdef uint64_t now = 1


cdef void forget_attributes() noexcept:
    global now
    now += 1


cdef bint get_other_attribute(Known *known, const Register *owner, object name, Register *to, list made) noexcept:
    cdef int32_t meaning
    if owner.tag == NODE:
        meaning = known_meaning(known, owner, name)
        return (meaning == DATA or meaning == GRAD) and read_number(owner, meaning, to)
    return owner.tag == OBJECT and get_attribute_of_object(known, owner.content.object, name, to, made)


cdef bint get_attribute_of_object(Known *known, PyObject *owner, object name, Register *to, list made) noexcept:
    cdef PyObject *found = attribute_of(owner, name)
    cdef Met *place
    if found == NULL:
        return False
    load(to, found)
    if Py_REFCNT(found) == 1:  # nobody else keeps it
        return keep(made, found)
    Py_DECREF(<object>found)
    place = met_at(known, owner)
    place.time, place.owner, place.known = now, owner, known
    copy_register(&place.found, to)
    return True


cdef bint is_of_type_with_name(Program program, const Register *owner, int32_t type, uint16_t name) noexcept:
    cdef PyTypeObject *kind = program.conditions.types[type].type
    if owner.tag == NODE:
        return kinds[owner.type_code].type == kind and not (name and keeps(owner, program.names[name - 1]))
    if owner.tag != OBJECT or type_at(owner.content.object) != kind:
        return False
    return not name or has_as_method(owner.content.object, program.names[name - 1])


cdef bint in_cell(const Register *function, int32_t place, Register *to) noexcept:
    """What a variable of a function around holds."""
    cdef PyObject *value
    cdef PyObject *cells
    if function.tag != OBJECT or not PyFunction_Check(function.content.object):
        return False
    cells = PyFunction_GET_CLOSURE(function.content.object)
    if cells == NULL or place >= size_at(cells):
        return False
    value = PyCell_GET(PyTuple_GET_ITEM(cells, place))
    return loaded(to, value)


cdef bint set_attribute(Run *run, Known *known, const Register *owner, object name, const Register *value) noexcept:
    cdef int32_t meaning
    cdef Change change
    if owner.tag != NODE:
        return False
    meaning = known_meaning(known, owner, name)
    if meaning != DATA and meaning != GRAD:
        return False
    change.values, change.index, change.before = NULL, 0, NULL
    change.node, change.is_grad = owner.node, meaning == GRAD
    change.number = tape.grad[owner.node] if change.is_grad else tape.data[owner.node]
    return note_change(run, change) and set_number(owner, meaning, value)


cdef bint called(Known *known, const Register *owner, object name, Register *to) noexcept:
    """A number's method without arguments."""
    cdef int32_t meaning
    if owner.tag != NODE:
        return False
    meaning = known_meaning(known, owner, name)
    if meaning <= 0 or keeps(owner, name):
        return False
    if meaning == OP_abs:
        return absolute(owner, to)
    if meaning == OP_relu:
        return rectified(owner, to)
    return of_one(meaning, owner, to)


cdef bint unpack(const Register *entries, int32_t count, Register *to) noexcept:
    cdef Register index
    cdef int32_t i
    if entries.tag != OBJECT or length_of(entries.content.object) != count:
        return False
    set_tag(&index, INT)
    for i in range(count):
        index.content.integer = i
        load(to + i, place_of(entries, &index)[0])
    return True


cdef bint summed_exactly(const Register *values, Register *to) noexcept:
    """math.fsum() of what it reads without that other code runs."""
    cdef Py_ssize_t i, length = length_of(values.content.object) if values.tag == OBJECT else -1
    cdef PyTypeObject *kind
    for i in range(length):
        kind = type_at(entries_of(values.content.object)[i])
        if kind != float_type and kind != int_type:
            return False
    if length < 0:
        return False
    try:
        to.content.number = fsum(<object>values.content.object)
    except Exception:  # an overflow, which Python is to raise
        return False
    set_tag(to, FLOAT)
    return True


cdef bint loaded(Register *to, PyObject *value) noexcept:
    if value == NULL:
        return False
    load(to, value)
    return True
