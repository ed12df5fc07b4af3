# distutils: extra_compile_args = -O3
"""Forms of structures. The contract is in the header, forms.pxd."""

cimport cython
from cpython.buffer cimport PyBuffer_Release
from cpython.object cimport PyObject, PyTypeObject
from cpython.ref cimport Py_INCREF
from libc.stdint cimport uint32_t
from libc.stdlib cimport calloc, free
from libc.string cimport memcpy

from fastgrad._programs.arrays cimport doubles_in, get_doubles, new_array

import numpy

from fastgrad.compiled.structure import Array, Fixed, Nest, Number, Row

cdef extern from "Python.h":
    bint PyFloat_CheckExact(PyObject *)
    bint PyList_CheckExact(PyObject *)
    bint PyLong_CheckExact(PyObject *)
    bint PyTuple_CheckExact(PyObject *)
    PyTypeObject *type_at "Py_TYPE"(PyObject *)
    double PyFloat_AS_DOUBLE(PyObject *)
    double PyLong_AsDouble(PyObject *)
    PyObject *PyErr_Occurred()
    void PyErr_Clear()
    Py_ssize_t PySequence_Fast_GET_SIZE(PyObject *)
    PyObject **PySequence_Fast_ITEMS(PyObject *)
    list PyList_New(Py_ssize_t)
    tuple PyTuple_New(Py_ssize_t)
    void PyList_SET_ITEM(object, Py_ssize_t, object)
    void PyTuple_SET_ITEM(object, Py_ssize_t, object)

# Types that numpy keeps. The second is a subclass of float.
cdef PyTypeObject *array = <PyTypeObject *>numpy.ndarray
cdef PyTypeObject *float64 = <PyTypeObject *>numpy.float64


@cython.final
@cython.auto_pickle(False)
@cython.no_gc_clear
cdef class Form:
    def __dealloc__(self):
        free(self.part)


# Making them.

cdef Form form_of(structure):
    cdef list parts = parts_of(structure)
    return None if parts is None else form_from(parts)


cdef Form form_of_arguments(structure):
    positional, named = structure.parts
    return form_of(positional) if not named.parts and are_exact(positional) else None


cdef list parts_of(structure):
    """List the kind, the count and what is kept of each part; None where there is a part of another kind."""
    if type(structure) is Number:
        return [(NUMBER, 1, None)]
    if type(structure) is Row:
        return [(LIST_OF_NUMBERS, structure.length, None)]
    if type(structure) is Array:
        return [(ARRAY, structure.size(), tuple(structure.shape))]
    if type(structure) is Fixed:
        return [(FIXED, 0, structure.value)]
    if type(structure) is Nest:
        return parts_of_nest(structure.kind, structure.keys, structure.parts)
    return None


cdef list parts_of_nest(kind, tuple keys, tuple parts):
    cdef list found
    if kind is dict and len(keys) == len(parts):
        found = [(DICT, len(parts), keys)]
    elif kind is list or kind is tuple:
        if all_numbers(parts):
            return [(LIST_OF_NUMBERS if kind is list else TUPLE_OF_NUMBERS, len(parts), None)]
        found = [(LIST if kind is list else TUPLE, len(parts), None)]
    else:
        return None
    for part in parts:
        inner = parts_of(part)
        if inner is None:
            return None
        found += inner
    return found


cdef bint all_numbers(tuple parts):
    return all([type(part) is Number for part in parts])


cdef Form form_from(list parts):
    cdef Form form = Form.__new__(Form)
    cdef uint32_t k
    form.kept = tuple(parts)
    form.part = <Part *>calloc(len(parts), sizeof(Part))
    if form.part == NULL:
        raise MemoryError(f"no memory for a structure of {len(parts):,} parts")
    for k in range(<uint32_t>len(parts)):
        kind, count, kept = parts[k]
        form.part[k].kind, form.part[k].count, form.part[k].kept = kind, count, <PyObject *>kept
        if kind in (NUMBER, LIST_OF_NUMBERS, TUPLE_OF_NUMBERS, ARRAY):
            form.size += form.part[k].count
    return form


cdef bint are_exact(structure):
    """Is each argument, and each part of one, described by its type and its length or shape?

    A list of arrays without dimensions is described as one of numbers, and floats in its place are a Row.
    """
    if type(structure) in (Number, Row, Array):
        return True
    if type(structure) is not Nest:
        return False
    if structure.kind is not tuple and (structure.kind is not list or all_numbers(structure.parts)):
        return False
    return all([are_exact(part) for part in structure.parts])


# Reading.

cdef bint read_arguments(Form form, PyObject *const *args, Py_ssize_t n, double *to) except -1:
    cdef const Part *part = form.part
    if part.count != <size_t>n:
        return False
    if part.kind == TUPLE_OF_NUMBERS:
        return read_numbers(args, n, &to)
    part += 1
    return read_parts(&part, args, n, &to)


cdef bint read_parts(const Part **part, PyObject *const *items, Py_ssize_t n, double **to) except -1:
    cdef Py_ssize_t k
    for k in range(n):
        if not read(part, items[k], to):
            return False
    return True


cdef bint read(const Part **part, PyObject *x, double **to) except -1:
    cdef const Part *this = part[0]
    part[0] += 1
    if this.kind == NUMBER:
        return read_numbers(&x, 1, to)
    if this.kind == ARRAY:
        return type_at(x) == array and read_array(this, <object>x, to)
    if this.kind == LIST_OF_NUMBERS or this.kind == LIST:
        if not PyList_CheckExact(x):
            return False
    elif not PyTuple_CheckExact(x):
        return False
    if PySequence_Fast_GET_SIZE(x) != this.count:
        return False
    if this.kind == LIST_OF_NUMBERS or this.kind == TUPLE_OF_NUMBERS:
        return read_numbers(PySequence_Fast_ITEMS(x), this.count, to)
    return read_parts(part, PySequence_Fast_ITEMS(x), this.count, to)


cdef inline bint read_numbers(PyObject *const *items, Py_ssize_t n, double **to) noexcept:
    cdef PyObject *const *end = items + n
    while items < end:
        if PyFloat_CheckExact(items[0]) or type_at(items[0]) == float64:
            to[0][0] = PyFloat_AS_DOUBLE(items[0])
        elif not PyLong_CheckExact(items[0]) or not read_int(items[0], to[0]):
            return False
        to[0] += 1
        items += 1
    return True


cdef bint read_int(PyObject *x, double *to) noexcept:
    """False, and nothing is raised, where it is beyond the floats: whoever else reads it raises."""
    to[0] = PyLong_AsDouble(x)
    if to[0] == -1.0 and PyErr_Occurred() != NULL:
        PyErr_Clear()
        return False
    return True


cdef bint read_array(const Part *part, x, double **to) except -1:
    """Whether memory is to be had, which is contiguous and of doubles, may take an exception to tell, but no other."""
    cdef Py_buffer view
    cdef bint is_of_part
    cdef const double *numbers = doubles_in(x, len(<tuple>part.kept), <tuple>part.kept)
    if numbers != NULL:
        memcpy(to[0], numbers, part.count * sizeof(double))
        to[0] += part.count
        return True
    if not get_doubles(x, &view):
        return False
    is_of_part = has_shape(&view, <tuple>part.kept)
    if is_of_part:
        memcpy(to[0], view.buf, view.len)
        to[0] += part.count
    PyBuffer_Release(&view)
    return is_of_part


cdef bint has_shape(const Py_buffer *view, tuple shape) except -1:
    cdef Py_ssize_t k
    if view.ndim != len(shape):
        return False
    for k in range(view.ndim):
        if view.shape[k] != <Py_ssize_t>shape[k]:
            return False
    return True


# Putting together. Where a list or tuple is made with its length, and filled, no code of anybody's runs meanwhile.

cdef object put_together(const Part **part, const double **numbers):
    cdef const Part *this = part[0]
    part[0] += 1
    if this.kind == NUMBER:
        number = numbers[0][0]
        numbers[0] += 1
        return number
    if this.kind == LIST_OF_NUMBERS:
        return list_of(this.count, numbers)
    if this.kind == TUPLE_OF_NUMBERS:
        return tuple_of(this.count, numbers)
    if this.kind == ARRAY:
        return array_of(<tuple>this.kept, this.count, numbers)
    if this.kind == FIXED:
        return <object>this.kept
    if this.kind == DICT:
        return {key: put_together(part, numbers) for key in <tuple>this.kept}
    if this.kind == TUPLE and this.count == 2:
        return put_together(part, numbers), put_together(part, numbers)
    if this.kind == TUPLE and this.count == 3:
        return put_together(part, numbers), put_together(part, numbers), put_together(part, numbers)
    entries = [put_together(part, numbers) for _ in range(this.count)]
    return entries if this.kind == LIST else tuple(entries)


cdef list list_of(uint32_t n, const double **numbers):
    cdef list found = PyList_New(n)
    cdef object number
    cdef uint32_t k
    for k in range(n):
        number = numbers[0][k]
        Py_INCREF(number)
        PyList_SET_ITEM(found, k, number)
    numbers[0] += n
    return found


cdef tuple tuple_of(uint32_t n, const double **numbers):
    cdef tuple found = PyTuple_New(n)
    cdef object number
    cdef uint32_t k
    for k in range(n):
        number = numbers[0][k]
        Py_INCREF(number)
        PyTuple_SET_ITEM(found, k, number)
    numbers[0] += n
    return found


cdef object array_of(tuple shape, uint32_t n, const double **numbers):
    cdef double *to
    found = new_array(shape, &to)
    memcpy(to, numbers[0], n * sizeof(double))
    numbers[0] += n
    return found
