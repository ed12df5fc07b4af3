"""Functions of scalars and numbers mixed, the switch that stops recording, and what the tape has to tell."""

import math
from collections import namedtuple

cimport cython
from libc.stdint cimport uint32_t

from fastgrad._tape.convert cimport is_number
from fastgrad._tape.handle cimport disable_grad, grad_enabled
from fastgrad._tape.node cimport Node
from fastgrad._tape.operators cimport called
from fastgrad._tape.observer cimport observers, refuse_always
from fastgrad._tape.sweep cimport order
from fastgrad._tape.tape cimport Second, collect as collect_tape, op_value2, tape

from fastgrad._tape.convert import wrong_argument

cdef extern from "operations/ops.h" nogil:
    enum:
        MOST_ORDER
        OP_atan2, OP_clip_high, OP_clip_low, OP_copysign, OP_fmod, OP_logaddexp, OP_max, OP_min, OP_polygamma


cdef object function(str name, uint32_t op, plain, left, right):
    """An operation called as a function: Python's own of plain numbers, else a node's."""
    if not isinstance(left, Node) and not isinstance(right, Node):
        try:
            return plain(left, right)
        except (TypeError, ValueError):  # Python compares what is no number, too, where it has an order
            wrong = wrong_argument(name, (left, right))
            if wrong is None:
                raise
            raise wrong from None
    return called(name, op, left, right)


def atan2(y, x):
    """Angle in radians of the point (x, y)."""
    return function("atan2", OP_atan2, math.atan2, y, x)


def fmod(x, y):
    """Remainder of x / y with the sign of x."""
    return function("fmod", OP_fmod, math.fmod, x, y)


def copysign(x, y):
    """The magnitude of x with the sign of y."""
    return function("copysign", OP_copysign, math.copysign, x, y)


def logaddexp(x, y):
    """log(exp(x) + exp(y)), without overflow and to the last digits; equal infinities give themselves.

    >>> import fastgrad
    >>> fastgrad.math.logaddexp(fastgrad.Value(1000.0), 1000.0)
    Value(data=1000.6931471805599, grad=0.0)
    """
    return function("logaddexp", OP_logaddexp, logaddexp_of_numbers, x, y)


def digamma(x):
    """The derivative of `lgamma`. It has poles at 0 and at negative whole numbers.

    >>> import fastgrad
    >>> round(fastgrad.math.digamma(1.0), 12)
    -0.577215664902
    """
    return function("digamma", OP_polygamma, polygamma_of_numbers, 0.0, x)


def polygamma(n, x):
    """The derivative of order n + 1 of `lgamma` at x: `digamma` where n is 0.

    Parameters
    ----------
    n : whole number from 0 to 170, or scalar with such a number
        Of another order there is no value: a plain number is an error, a scalar's gives nan. There is no derivative by
        it: it is nan.
    x : scalar or number

    Examples
    --------
    >>> import fastgrad
    >>> x = fastgrad.Value(1.0)
    >>> y = fastgrad.math.polygamma(1, x)
    >>> y.backward()
    >>> y.data, x.grad
    (1.6449340668482264, -2.4041138063191885)
    """
    if is_number(n) and not isinstance(n, Node) and not (0.0 <= n <= MOST_ORDER and n == int(n)):
        raise ValueError(f"the order of polygamma() must be a whole number from 0 to {MOST_ORDER}, not {n!r}")
    return function("polygamma", OP_polygamma, polygamma_of_numbers, n, x)


def logaddexp_of_numbers(double x, double y):
    return op_value2(OP_logaddexp, x, y)


def polygamma_of_numbers(double n, double x):
    return op_value2(OP_polygamma, n, x)


def largest(*xs):
    """The largest of scalars and numbers, as an operation, not a branch; at a tie half the gradient goes to each.

    >>> import fastgrad
    >>> x = fastgrad.Value(1.0)
    >>> fastgrad.math.max(x, 2.0, 0.5)
    Value(data=2.0, grad=0.0)
    """
    return folded("max", OP_max, max, xs)


def smallest(*xs):
    """The smallest of scalars and numbers, as an operation, not a branch; at a tie half the gradient goes to each.

    >>> import fastgrad
    >>> x = fastgrad.Value(1.0)
    >>> fastgrad.math.min([x, 2.0, 3.5])
    Value(data=1.0, grad=0.0)
    """
    return folded("min", OP_min, min, xs)


cdef object folded(str name, uint32_t op, plain, xs):
    """The operation over all arguments, or over those of the one list given, as Python's own takes them."""
    xs = list(xs[0] if len(xs) == 1 and not isinstance(xs[0], Node) else xs)
    if not xs:
        raise ValueError(f"{name}() of nothing: give at least one scalar or number")
    result = xs[0]
    for x in xs[1:]:
        result = function(name, op, plain, result, x)
    return result


def clip(x, low, high):
    """x, but not below low and not above high. The slope at the edges is 1.

    >>> import fastgrad
    >>> x = fastgrad.Value(3.0)
    >>> y = fastgrad.math.clip(x, 0.0, 1.0)
    >>> y.backward()
    >>> y.data, x.grad
    (1.0, 0.0)
    """
    return function("clip", OP_clip_high, min, function("clip", OP_clip_low, max, x, low), high)


# The tape.

class no_grad:
    """A context in which operations of this thread record nothing: their results are leaves.

    ``@fastgrad.no_grad()`` above a function makes its calls such contexts.

    >>> import fastgrad
    >>> x = fastgrad.Value(3.0)
    >>> with fastgrad.no_grad():
    ...     y = x * 2.0
    >>> y.prev
    []
    """

    def __enter__(self):
        if observers.count:
            refuse_always("no_grad()")
        disable_grad(True)
        return self

    def __exit__(self, *error):
        disable_grad(False)

    def __call__(self, function):
        from functools import wraps  # which Python itself loads from 3.14 on only where it is asked for

        @wraps(function)
        @cython.binding(True)
        def without_grad(*args, **kwargs):
            with no_grad():
                return function(*args, **kwargs)

        return without_grad


class enable_grad:
    """A context in which operations of this thread are recorded, in `no_grad` too.

    >>> import fastgrad
    >>> from fastgrad._tape.functions import enable_grad
    >>> x = fastgrad.Value(3.0)
    >>> with fastgrad.no_grad(), enable_grad():
    ...     y = x * 2.0
    >>> len(y.prev)
    1
    """

    def __enter__(self):
        self.silences = 0
        while not grad_enabled():
            disable_grad(False)
            self.silences += 1
        return self

    def __exit__(self, *error):
        for _ in range(self.silences):
            disable_grad(True)


TapeInfo = namedtuple("TapeInfo", "nodes capacity bytes collections", module="fastgrad._tape.functions")
TapeInfo.__doc__ = "What `tape_info` tells: nodes in use, nodes there is room for, bytes allocated, collections so far."


def tape_info():
    """Tell how large the tape is.

    Returns
    -------
    TapeInfo
        ``nodes`` in use (garbage not yet collected among them), ``capacity`` in nodes, ``bytes`` allocated for them,
        and the number of ``collections`` so far.

    Examples
    --------
    >>> import fastgrad
    >>> fastgrad.tape_info().nodes <= fastgrad.tape_info().capacity
    True
    """
    node = 2 * sizeof(double) + sizeof(uint32_t) + sizeof(Second) + 2 + sizeof(void *)
    size = tape.capacity * node + (tape.pool_capacity + order.capacity) * sizeof(uint32_t)
    return TapeInfo(tape.count - 1, tape.capacity, size, tape.collections)


def collect():
    """Drop all nodes that nobody can reach any more, now, and give their memory back. It happens by itself as the tape
    grows.

    >>> import fastgrad
    >>> fastgrad.collect()
    """
    collect_tape()
    collect_tape()  # the first one leaves room for as many nodes as there were
