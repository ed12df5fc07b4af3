"""Plain numbers, as Python's arguments: what counts as one, and what is said of the rest."""

from cpython.complex cimport PyComplex_Check
from cpython.float cimport PyFloat_AS_DOUBLE, PyFloat_AsDouble, PyFloat_Check
from cpython.long cimport PyLong_Check

from fastgrad._tape.handle cimport MANY, Handle


cdef bint as_double(object x, double *number) except -1:
    """Read a plain number: what has __float__, but is no scalar, complex number or array. False where x is none."""
    if PyFloat_Check(x):
        number[0] = PyFloat_AS_DOUBLE(x)
        return True
    if not PyLong_Check(x) and (
        isinstance(x, Handle) or PyComplex_Check(x) or not hasattr(type(x), "__float__") or getattr(x, "ndim", 0)
    ):
        return False
    number[0] = PyFloat_AsDouble(x)
    return True


cdef double number_of(object x, str what) except? -1.0:
    """Read a plain number or raise TypeError."""
    cdef double number
    if as_double(x, &number):
        return number
    raise not_a_number(x, what)


cdef object not_a_number(object x, str what):
    """The exception for what was given in place of a plain number."""
    remedy = ": give its number, its .data" if isinstance(x, Handle) else ""
    if isinstance(x, Handle) and (<Handle>x).type_code == MANY:
        remedy = ": give its scalars, batch[i], or use a function of fastgrad.losses"
    return TypeError(f"{what} must be a real number, not {x!r} of type {type(x).__name__}{remedy}{if_foreign(x)}")


cdef str if_foreign(object x):
    """What to do with a scalar of another engine, or nothing."""
    kind = type(x)
    if isinstance(x, Handle) or not (hasattr(kind, "backward") and hasattr(x, "grad")):
        return ""
    return f" (of module {kind.__module__}, not of fastgrad): make it a fastgrad.Value"
