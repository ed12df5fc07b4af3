"""Operations of a user's own: a value and its derivatives, each a Python function.

In a recording such a function is called with scalars. What it computes of them becomes steps of the program; one that
takes plain numbers only is called by the program.
"""

from fastgrad._tape.convert import plain
from fastgrad._tape.observer import TraceError

from libc.math cimport NAN
from libc.stdint cimport int64_t, uint32_t, uint64_t
from libc.string cimport memset

from fastgrad._tape.convert cimport as_operands, number_of
from fastgrad._tape.describe cimport describe, operand_values, symbol_of
from fastgrad._tape.handle cimport Handle, handle_of, state_at, state_of
from fastgrad._tape.kinds cimport Kind, Symbols, add_kind, mixed, mixed_constants, symbol, symbols_of_operands
from fastgrad._tape.node cimport Node
from fastgrad._tape.observer cimport Observer, current
from fastgrad._tape.payloads cimport given_value
from fastgrad._tape.sweep cimport given_through
from fastgrad._tape.tape cimport CONSTANT, OP_sloped, OP_user, operands, payload, tape

# A derivative may use the operation itself, as that of exp does: how often it is written out.
ORDERS = 3


cdef class Custom:
    """An operation made by `custom`: call it with scalars and numbers."""

    cdef readonly str name
    cdef readonly object value
    cdef readonly tuple partials
    cdef readonly object jvp
    cdef readonly object vjp

    def __cinit__(self, name, value, *partials, jvp=None, vjp=None):
        rules = [rule for rule in (jvp, vjp) if rule is not None]
        if not isinstance(name, str) or not all(map(callable, [value, *partials, *rules])):
            raise TypeError(
                "custom() takes a name, a string, then a function for the value, and one for each partial derivative, "
                "or as jvp or vjp one for all of them"
            )
        if len(rules) + bool(partials) > 1:
            raise TypeError("custom() takes partial derivatives, or a jvp, or a vjp: one of these says it all")
        self.name, self.value, self.partials, self.jvp, self.vjp = name, value, partials, jvp, vjp

    def __reduce__(self):
        return restored, (self.name, self.value, self.partials, self.jvp, self.vjp)

    def __repr__(self):
        many = "" if self.jvp is not None or self.vjp is not None else f" of {len(self.partials)} arguments"
        return f"<operation {self.name}{many}>"

    def __call__(self, *arguments):
        cdef list given
        cdef Observer observer
        if self.jvp is None and self.vjp is None and len(arguments) != len(self.partials):
            raise TypeError(
                f"{self.name}() takes {len(self.partials)} arguments, as many as it has partial derivatives, "
                f"not {len(arguments)}"
            )
        given = as_operands(list(arguments), f"{self.name}()")
        value = number_of(self.value(*map(plain, given)), f"the value of {self.name}()")
        observer = current()
        if observer is not None and any([isinstance(x, Node) for x in given]):
            return recorded(self, given, value, observer)
        result = given_value(CUSTOM, given, value)
        if isinstance(result, Node) and result.prev:
            state_of(result).update(_custom=self, _op=self.name)
        return result

    def all_slopes(self, *numbers):
        """Return the derivative by each argument."""
        cdef Py_ssize_t n = len(numbers), j, k
        if self.jvp is not None:
            return [self.jvp(numbers, tuple([float(j == k) for j in range(n)])) for k in range(n)]
        found = [partial(*numbers) for partial in self.partials] if self.vjp is None else self.vjp(numbers, 1.0)
        if not isinstance(found, (list, tuple)) or len(found) != n:
            raise ValueError(
                f"{self.name}() was given {n} arguments, and {describe_rule(self)} gives as many derivatives, "
                f"not {found!r:.80}"
            )
        return list(found)


cdef str describe_rule(Custom custom):
    return "its vjp" if custom.vjp is not None else f"with {len(custom.partials)} partial derivatives it"


def restored(name, value, partials, jvp, vjp):
    """The operation of a pickle."""
    return Custom(name, value, *partials, jvp=jvp, vjp=vjp)


def custom(name, value, *partials, jvp=None, vjp=None):
    """Make an operation of your own from plain functions of numbers.

    Its derivatives are given in one of three ways. Where these functions take scalars, too, they are differentiated
    again for higher derivatives.

    Parameters
    ----------
    name : str
        The operation's symbol in drawings.
    value : function of floats
        The value.
    *partials : functions of floats
        One for each argument: the derivative of the value by it, given all the arguments' numbers. A partial is called
        when the gradient flows.
    jvp : function of two tuples of floats, optional
        ``jvp(arguments, tangents)`` is the derivative of the value in a direction: linear in the tangents.
    vjp : function of a tuple of floats and a float, optional
        ``vjp(arguments, adjoint)`` is a list or tuple with the derivative by each argument times the adjoint: linear
        in it, so that it is called with 1.

    Returns
    -------
    function
        It takes as many scalars and numbers as there are partials, with a jvp or vjp any number. In a compiled function
        what `value` and the derivatives compute of scalars is compiled; where they take plain numbers only, as those of
        SciPy do, the program calls them.

    Raises
    ------
    TypeError
        If something is no function, or the derivatives are given in several ways.

    Examples
    --------
    >>> import fastgrad
    >>> area = fastgrad.custom("area", lambda w, h: w * h, lambda w, h: h, lambda w, h: w)
    >>> w, h = fastgrad.Value(2.0), fastgrad.Value(5.0)
    >>> area(w, h).backward()
    >>> w.grad, h.grad
    (5.0, 2.0)

    All derivatives by one function, and compiled:

    >>> area = fastgrad.custom("area", lambda w, h: w * h, vjp=lambda sides, g: (g * sides[1], g * sides[0]))
    >>> fastgrad.compile(lambda w, h: area(w, h) ** 2).value_and_grad(2.0, 5.0)
    (100.0, 100.0)
    """
    return Custom(name, value, *partials, jvp=jvp, vjp=vjp)


# In a recording.

cdef object recorded(Custom custom, list given, double value, Observer observer):
    """Steps that compute the value, with the slopes that are given."""
    cdef Py_ssize_t k
    found = of_scalars(custom.value, given, observer)
    if isinstance(found, Node) and same(tape.data[(<Handle>found).node], value):
        found = observer.detached(found)
    else:
        found = called(custom.value, given, value)
    if observer.orders == ORDERS:
        return without_slopes(found, given, NoSlope(too_high(f"{custom.name}()")))
    observer.orders += 1
    try:
        slopes = of_scalars(custom.all_slopes, given, observer)
    finally:
        observer.orders -= 1
    for k in range(len(given)):
        if isinstance(given[k], Node):
            slope = slopes[k] if slopes is not None else called_slope(custom, given, k)
            found = with_slope(found, given[k], slope)
    return found


cdef object of_scalars(function, list given, Observer observer):
    """What a function makes of scalars; None where it takes plain numbers only."""
    so_far = observer.so_far()
    try:
        return function(*given)
    except Exception:
        observer.take_back(so_far)
        return None


cdef object called(function, list given, double value):
    """A call of a function by the program, which passes no gradient on."""
    found = given_value(CUSTOM, given, value)
    state_of(found).update(_custom=Custom("call", function))
    return current().detached(found)


def called_node(function, arguments, value):
    """Return a scalar of a recording, which computes it by a call of a function with numbers.

    Parameters
    ----------
    function : function of floats
        Its hash is the same for what computes the same.
    arguments : list of scalars and floats
    value : float
        What it gives now.
    """
    return called(function, as_operands(arguments, "a call"), value)


def with_slope(y, x, slope):
    """Return a scalar y whose gradient flows to x, too, times a slope, a scalar or a number."""
    return given_value(OP_sloped, [y, x, slope], tape.data[(<Handle?>y).node])


cdef object called_slope(Custom custom, list given, Py_ssize_t k):
    """A slope that is called, too. Whoever wants its own slopes is told that there are none."""
    function, refusal = OneSlope(custom, k), NoSlope(takes_plain_numbers(custom.name))
    value = number_of(function(*map(plain, given)), "a partial derivative")
    return without_slopes(called(function, given, value), given, refusal)


cdef object without_slopes(found, list given, refusal):
    """The same scalar, whose slopes raise if they are asked for."""
    unknown = called(refusal, given, NAN)
    for x in given:
        if isinstance(x, Node):
            found = with_slope(found, x, unknown)
    return found


cdef bint same(double x, double y) noexcept:
    return x == y or (x != x and y != y)


class OneSlope:
    """The derivative of an operation by one of its arguments, a function of these."""

    def __init__(self, custom, place):
        self.custom, self.place = custom, place

    def __eq__(self, other):
        return type(other) is OneSlope and self.custom is other.custom and self.place == other.place

    def __hash__(self):
        return hash((hash_of(self.custom.value), self.place))

    def __call__(self, *numbers):
        return self.custom.all_slopes(*numbers)[self.place]


class NoSlope:
    """What stands for a slope that is not known: it says why."""

    def __init__(self, why):
        self.why = why

    def __eq__(self, other):
        return type(other) is NoSlope and self.why == other.why

    def __hash__(self):
        return hash(self.why)

    def __call__(self, *numbers):
        raise TraceError(self.why)


def too_high(what):
    """Say why there is no slope where derivatives are functions of what they are derivatives of."""
    return (
        f"in a compiled function derivatives of {what} are known up to the order {ORDERS}, where they use it "
        f"themselves: for higher ones take those of the plain function"
    )


cdef object hash_of(function):
    """The same for what is defined by the same lines, in another call of the function around it, too."""
    return hash(getattr(function, "__code__", function))


cdef str takes_plain_numbers(str name):
    return (
        f"the partial derivatives of {name}() are asked for as scalars, to be differentiated again, and one "
        f"of them takes plain numbers only"
    )


# The kind of node.

cdef int pull(uint32_t node) except -1:
    cdef operands x
    cdef uint32_t k
    values = operand_values(node)
    slopes = state_at(node)["_custom"].all_slopes(*values)
    if len(slopes) != len(values):
        raise ValueError(f"{describe(node)} has {len(values)} operands, but {len(slopes)} partial derivatives")
    for k in range(<uint32_t>len(values)):
        slope = number_of(slopes[k], "a partial derivative")
        x = payload(node)
        if x.slots[k] != CONSTANT:
            tape.grad[x.slots[k]] += given_through(OP_user, node, slope)
    return 0


cdef list slopes(uint32_t node):
    """The partial derivatives, called with scalars."""
    cdef operands x = payload(node)
    cdef uint32_t k
    numbers = operand_values(node)
    given = [handle_of(x.slots[k]) if x.slots[k] != CONSTANT else numbers[k] for k in range(x.n)]
    custom = state_at(node)["_custom"]
    try:
        return custom.all_slopes(*given)
    except TypeError as error:
        raise TypeError(f"{takes_plain_numbers(custom.name)}: {error}") from None


cdef int recompute(uint32_t node) except -1:
    value = state_at(node)["_custom"].value(*operand_values(node))
    tape.data[node] = number_of(value, f"the value of {symbol_of(node)}()")
    return 0


cdef symbol *lower(Symbols symbols, uint32_t node) except NULL:
    cdef uint32_t n = tape.second[node].span.n
    cdef symbol *each = symbols_of_operands(symbols, node, n)
    each[0] = symbols.called(state_at(node)["_custom"].value, each, n)
    return each


cdef uint64_t digest(uint32_t node, uint64_t found) noexcept with gil:
    """One function's call is another computation than another's."""
    cdef operands x = payload(node)
    function = state_at(node)["_custom"].value
    found = mixed(found, <uint64_t><int64_t>hash_of(function))
    return mixed_constants(found, x.slots, x.reals, min(x.n, tape.second[node].span.reals))


cdef Kind row
memset(&row, 0, sizeof(row))
row.name, row.symbol, row.pickled = b"custom", b"custom", True
row.pull_with_python, row.recompute_with_python, row.slopes = pull, recompute, slopes
row.lower, row.digest = lower, digest
cdef uint32_t CUSTOM = add_kind(row)
