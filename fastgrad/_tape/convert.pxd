"""Plain numbers, as Python's arguments."""

cdef bint as_double(object x, double *number) except -1
cdef double number_of(object x, str what) except? -1.0
cdef object not_a_number(object x, str what)
cdef str if_foreign(object x)
