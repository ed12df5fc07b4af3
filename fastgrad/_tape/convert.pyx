"""Numbers as Python's arguments: what counts as one, and what is said of the rest."""

from cpython.complex cimport PyComplex_Check
from cpython.float cimport PyFloat_AS_DOUBLE, PyFloat_AsDouble, PyFloat_Check, PyFloat_CheckExact
from cpython.long cimport PyLong_Check

from fastgrad._tape.handle cimport MANY, Handle
from fastgrad._tape.tape cimport tape


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


cdef list list_from(xs, str what):
    """A list of what is in any iterable, arrays of any shape among them."""
    if hasattr(xs, "ravel"):
        xs = xs.ravel().tolist()
    try:
        return list(xs)
    except TypeError:
        raise TypeError(
            f"{what} takes a list or array of scalars and numbers, not {xs!r} of type {type(xs).__name__}"
        ) from None


cdef list as_operands(list xs, str what):
    """The scalars, and a float for any other number: reading one may run any code, so it is done beforehand."""
    return [
        x if PyFloat_CheckExact(x) or (isinstance(x, Handle) and (<Handle>x).type_code != MANY)
        else number_of(x, f"an argument of {what}")
        for x in xs
    ]


cdef Handle most_derived(list xs):
    """The first operand of the most derived type, which says what the result is; None among plain numbers only."""
    like = None
    for x in xs:
        if isinstance(x, Handle) and (like is None or (type(x) is not type(like) and isinstance(x, type(like)))):
            like = x
    return like


cdef list numbers_of(list operands):
    """The numbers of operands, for Python's own functions."""
    return [tape.data[(<Handle>x).node] if isinstance(x, Handle) else x for x in operands]


def plain(x):
    """The number of a scalar, or the plain number itself; anything else is a TypeError."""
    return tape.data[(<Handle>x).node] if isinstance(x, Handle) else number_of(x, "an operand")


cdef object not_a_number(object x, str what):
    """The exception for what was given in place of a plain number."""
    remedy = ": give its number, its .data" if isinstance(x, Handle) else ""
    if isinstance(x, Handle) and (<Handle>x).type_code == MANY:
        remedy = ": give its scalars, batch[i], or use a function of fastgrad.losses"
    return TypeError(f"{what} must be a real number, not {x!r} of type {type(x).__name__}{remedy}{if_foreign(x)}")


cdef bint is_number(x) except -1:
    """Whether it is a scalar, or has Python's functions take it for a number."""
    if isinstance(x, Handle):
        return (<Handle>x).type_code != MANY
    return (hasattr(type(x), "__float__") or hasattr(type(x), "__index__")) and not getattr(x, "ndim", 0)


def wrong_argument(str name, numbers):
    """The exception for the first of a function's arguments that is no number; None where all are."""
    return next((no_argument(name, x, len(numbers) == 1) for x in numbers if not is_number(x)), None)


cdef object no_argument(str name, object x, bint alone=False):
    """The exception for what a function of fastgrad.math was given in place of a number."""
    what, remedy = f"{x!r:.60} of type {type(x).__name__}", ""
    if isinstance(x, Handle):
        remedy = ": take its scalars, batch[i], or its numbers, batch.data"
    elif getattr(x, "ndim", 0):
        what, remedy = f"an array of shape {x.shape}", f": {of_arrays(name, x, alone)} takes arrays"
    elif isinstance(x, (list, tuple)):
        remedy = f": call it for each of them, as in [{name}(x) for x in xs]"
    return TypeError(f"{name}() takes scalars and real numbers, not {what}{remedy}{if_foreign(x)}")


cdef str of_arrays(str name, xs, bint alone):
    """What takes arrays in place of a function of numbers: numpy's own where there are no scalars."""
    import numpy

    for known in (f"arc{name[1:]}", name):
        if alone and getattr(xs, "dtype", object) != object and isinstance(getattr(numpy, known, None), numpy.ufunc):
            return f"numpy.{known}"
    return f"numpy.vectorize(fastgrad.math.{name})"


cdef object no_operation(str symbol, left, right):
    """What an operator does with what is no operand: leave it to that, but raise TypeError for a list.

    A list times a scalar would repeat the list, of which `Node.__index__` has to say something.
    """
    number, other = (left, right) if isinstance(left, Handle) else (right, left)
    name, kind = type(number).__name__, type(other).__name__
    if type(other) not in (list, tuple) or (other is left and symbol == "*"):
        return NotImplemented
    each = f"x {symbol} y" if number is left else f"y {symbol} x"
    raise TypeError(
        f"unsupported operand types for {symbol}: a {name} and a {kind}. To compute with each entry, make it an array, "
        f"numpy.array(xs), or write a comprehension, [{each} for y in xs]"
    )


cdef str if_foreign(object x):
    """What to do with a scalar of another engine, or nothing."""
    kind = type(x)
    if isinstance(x, Handle) or not (hasattr(kind, "backward") and hasattr(x, "grad")):
        return ""
    return f" (of module {kind.__module__}, not of fastgrad): make it a fastgrad.Value"
