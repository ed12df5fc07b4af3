"""What a loss is given: a batch, or numbers and scalars in any regular nesting, flat and with their shape.

An array of doubles is read where it lies, and held as long as this object lives; other numbers are copied. Reading an
argument may run any code, so all are read before a node is made.
"""

from libc.stdint cimport uint64_t

from fastgrad._layers.batch cimport Batch

cdef enum:
    DEEPEST = 8  # levels of nesting

cdef class Given:
    cdef str name                 # of the argument
    cdef Batch batch              # all there is, or None
    cdef list scalars             # the scalars, among them whatever is a number; None where all are numbers
    cdef const double *numbers    # of a batch see numbers_of
    cdef uint64_t count
    cdef int depth
    cdef Py_ssize_t shape[DEEPEST]
    cdef double *copied
    cdef bint is_view
    cdef Py_buffer view

cdef Given given(object x, str name)
cdef const double *numbers_of(Given g) noexcept  # those of scalars as they are now; good until the next reserve
cdef list list_of(object x, str name)            # of any iterable
cdef list entries_of(Given g)                    # flat, scalars and floats
cdef bint same_shape(Given a, Given b) noexcept
cdef tuple shape_of_given(Given g)
cdef bint has_scalars(Given g) noexcept
cdef int check_plain(Given t) except -1
cdef object wrong_shape(Given p, Given t)
cdef Given weights_of(object weights, Given p, uint64_t rows, bint mean)  # one for each of a loss's rows, or None
cdef str place_of(Given g, uint64_t k)           # where entry k is, for messages
cdef str with_sum(list row)                      # a few of its numbers, and their sum, for messages
cdef str outputs_needed(Given logits)            # what to do where there is one output for all classes, for messages
