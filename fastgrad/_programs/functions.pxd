"""Functions of Python that programs call: see `called` in programs/program.h.

A program runs without the GIL, and cannot stop in the middle. So what a function raises is kept, its number is nan, and
whoever ran the program looks for it afterwards, in the same thread.
"""

from libc.stdint cimport uint32_t

cdef class Functions:
    cdef readonly tuple functions
    cdef dict errors               # the first of each thread since it looked
    cdef int look(self) except -1  # raise it

# What the functions are called by, `functions` being a Functions.
cdef double call_function(void *functions, uint32_t function, const double *x, uint32_t n) noexcept with gil
