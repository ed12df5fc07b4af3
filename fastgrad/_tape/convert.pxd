"""Numbers as Python's arguments."""

from fastgrad._tape.handle cimport Handle

cdef bint as_double(object x, double *number) except -1
cdef double number_of(object x, str what) except? -1.0
cdef list list_from(object xs, str what)
cdef list as_operands(list xs, str what)
cdef Handle most_derived(list xs)
cdef list numbers_of(list operands)
cdef bint is_number(object x) except -1
cdef object not_a_number(object x, str what)
cdef object no_argument(str name, object x, bint alone=*)
cdef object no_operation(str symbol, object left, object right)
cdef str if_foreign(object x)
