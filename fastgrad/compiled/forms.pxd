"""Forms: descriptions of structures as flat parts, by which numbers are read and put together without Python code.

A form never changes once it is made. Reading runs no code of anybody's, so that nothing changes meanwhile; putting
together may, where a container is made or a key is hashed.
"""

from cpython.object cimport PyObject
from libc.stdint cimport uint32_t, uint64_t

cdef enum Kind:
    NUMBER
    LIST_OF_NUMBERS
    TUPLE_OF_NUMBERS
    LIST   # of parts, which follow
    TUPLE
    DICT
    ARRAY  # of numbers
    FIXED  # something that is no number

cdef struct Part:
    Kind kind
    uint32_t count  # of numbers or parts in it
    PyObject *kept  # of a dict its keys, of an array its shape, of what is fixed the thing itself

cdef class Form:
    cdef Part *part     # that of the whole, then those in it
    cdef uint64_t size  # numbers
    cdef tuple kept

# The form of what a structure describes; None where there is anything but numbers, arrays, lists, tuples, dicts, and
# what is fixed.
cdef Form form_of(structure)

# The form of arguments by position. None where there is anything but arrays, and numbers in lists and tuples.
cdef Form form_of_arguments(structure)

# Read so many arguments. False where they are not of the form. Types are exact: float, numpy's float64, int, list,
# tuple, and arrays that are contiguous and of float64.
cdef bint read_arguments(Form form, PyObject *const *args, Py_ssize_t n, double *to) except -1

# Make what a part is of, and leave the part and the numbers behind.
cdef object put_together(const Part **part, const double **numbers)

# The next numbers as a list.
cdef list list_of(uint32_t n, const double **numbers)
