"""Arrays in and out: the memory of what is given, and new arrays of numbers.

Memory that is held is let go of with PyBuffer_Release. numpy is imported once an array is made, not before: it takes
ten times as long as fastgrad itself.
"""

from libc.stdint cimport int32_t, int64_t, uint32_t, uint64_t

# Hold the memory of an object; False, and nothing is held, where it is not of contiguous doubles.
cdef bint get_doubles(object x, Py_buffer *view) except -1

# The numbers of one of numpy's arrays, exactly of this type, of float64, contiguous, of that shape; NULL where it is no
# such array, or nothing is known of arrays yet.
cdef const double *doubles_in(object array, Py_ssize_t dimensions, tuple shape) except? NULL

# Hold a contiguous array of float64 of so many rows and columns, or raise what is wrong with it. -1 rows are any; with
# -1 columns the array has one dimension.
cdef int hold_doubles(object array, Py_buffer *view, str name, int64_t rows, int64_t columns, bint writable=*) except -1

# An array of real numbers as one of contiguous doubles; None where it is of something else.
cdef object doubles_of(object array)

# A copy of the memory of a contiguous array, to be freed, and how many rows of so many columns that is.
cdef void *copied_rows(object array, uint64_t columns, uint32_t *rows, str name) except NULL

# Where the numbers of a contiguous array are, as long as it lives.
cdef void *memory_of(object array) except? NULL

# A new array of doubles, of int32, and where its numbers are, as long as it lives.
cdef object new_array(object shape, double **numbers)
cdef object new_integers(object shape, int32_t **numbers)

# A new array of numbers that lie somewhere else.
cdef object array_of(const void *numbers, object shape, object dtype)
