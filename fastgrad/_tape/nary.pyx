# distutils: extra_compile_args = -O2
"""Nodes of many operands: one for what would be dozens. What they compute is in nary.h, with a payload's layout."""

import math

from libc.math cimport NAN
from libc.stdint cimport uint32_t

from fastgrad._tape.convert cimport as_operands, list_from, numbers_of
from fastgrad._tape.describe cimport describe, operand_values
from fastgrad._tape.handle cimport VALUE, Handle, make, state_at
from fastgrad._tape.kinds cimport kinds
from fastgrad._tape.payloads cimport Row, dot_written, finish, given_value, write
from fastgrad._tape.tape cimport (
    OP_LEAF, OP_dot, OP_fsum, OP_hypot, OP_ifel, OP_logsumexp, OP_mean, OP_pick, OP_prod, OP_select, OP_softmax,
    OP_sum, OP_user, Second, Span, append, append_payload, hold, let_go, nary_value, no_second, tape,
)

from fastgrad._tape.convert import wrong_argument


cdef object nary(uint32_t op, xs, str what, nothing=None):
    """A node of an operation whose value C computes; of nothing a number, if it has one."""
    cdef Row row
    xs = write(op, xs, what, &row)
    if row.x.n:
        return finish(op, nary_value(op, &row.x), &row)
    if nothing is None:
        raise of_nothing(what)
    return nothing


cdef object of_nothing(str what):
    return ValueError(f"{what} of nothing: give at least one scalar or number")


# The public functions.

def sum(xs):
    """Sum of scalars and numbers, as one node.

    Parameters
    ----------
    xs : iterable of scalars and numbers
        Added from the first to the last.

    Returns
    -------
    Scalar, Value or float
        A float where no scalar is among them; 0.0 where there is nothing.

    Examples
    --------
    >>> import fastgrad
    >>> a, b = fastgrad.Value(1.0), fastgrad.Value(2.0)
    >>> fastgrad.sum([a, b, 0.5])
    Value(data=3.5, grad=0.0)
    """
    return nary(OP_sum, xs, "sum()", 0.0)


def mean(xs):
    """Arithmetic mean of scalars and numbers, as one node.

    Parameters
    ----------
    xs : iterable of scalars and numbers
        At least one.

    Returns
    -------
    Scalar, Value or float

    Raises
    ------
    ValueError
        If there is nothing to take the mean of.

    Examples
    --------
    >>> import fastgrad
    >>> fastgrad.mean([fastgrad.Value(1.0), 2.0])
    Value(data=1.5, grad=0.0)
    """
    return nary(OP_mean, xs, "mean()")


def prod(xs):
    """Product of scalars and numbers, as one node; right also where factors are zero.

    Parameters
    ----------
    xs : iterable of scalars and numbers

    Returns
    -------
    Scalar, Value or float
        1.0 where there is nothing.

    Examples
    --------
    >>> import fastgrad
    >>> a, b = fastgrad.Value(0.0), fastgrad.Value(3.0)
    >>> fastgrad.prod([a, b, 2.0]).backward()
    >>> a.grad, b.grad
    (6.0, 0.0)
    """
    return nary(OP_prod, xs, "prod()", 1.0)


def dot(xs, ys, bias=0.0):
    """Sum of products ``bias + xs[0] * ys[0] + xs[1] * ys[1] + ...``, as one node.

    Parameters
    ----------
    xs, ys : iterables of scalars and numbers
        Of the same length.
    bias : scalar or number
        Added first.

    Returns
    -------
    Scalar, Value or float

    Raises
    ------
    ValueError
        If the lengths differ.

    Examples
    --------
    >>> import fastgrad
    >>> w = [fastgrad.Value(2.0), fastgrad.Value(-1.0)]
    >>> y = fastgrad.dot(w, [3.0, 4.0], bias=1.0)
    >>> y.backward()
    >>> y.data, w[0].grad, w[1].grad
    (3.0, 3.0, 4.0)
    """
    cdef Row row
    if dot_written(xs, ys, bias, &row):
        return finish(OP_dot, nary_value(OP_dot, &row.x), &row)
    left = as_operands(list_from(xs, "dot()"), "dot()")
    right = as_operands(list_from(ys, "dot()"), "dot()")
    if len(left) != len(right):
        raise ValueError(f"dot() takes two lists of the same length, not of {len(left)} and {len(right)}")
    pairs = as_operands([bias], "dot()")
    for pair in zip(left, right):
        pairs.extend(pair)
    return nary(OP_dot, pairs, "dot()")


def logsumexp(xs):
    """Logarithm of the sum of exponentials, as one node; it does not overflow.

    Parameters
    ----------
    xs : iterable of scalars and numbers
        At least one.

    Returns
    -------
    Scalar, Value or float

    Raises
    ------
    ValueError
        If there is nothing to sum.

    Examples
    --------
    >>> import fastgrad
    >>> fastgrad.logsumexp([fastgrad.Value(1000.0), fastgrad.Value(1000.0)])
    Value(data=1000.6931471805599, grad=0.0)
    """
    return nary(OP_logsumexp, xs, "logsumexp()")


def softmax(xs):
    """Exponentials divided by their sum: one node for all, and one for each result; it does not overflow.

    Parameters
    ----------
    xs : iterable of scalars and numbers
        At least one.

    Returns
    -------
    list of Scalar, Value or float
        As many as there are xs; they add up to 1.

    Raises
    ------
    ValueError
        If there is nothing.

    Examples
    --------
    >>> import fastgrad
    >>> p, q = fastgrad.softmax([fastgrad.Value(0.0), fastgrad.Value(0.0)])
    >>> p
    Value(data=0.5, grad=0.0)
    """
    cdef Row row
    cdef Handle like
    cdef uint32_t node
    xs = write(OP_softmax, xs, "softmax()", &row)
    if row.x.n == 0:
        raise of_nothing("softmax()")
    like = <Handle>row.like if row.like != NULL else None
    node = append_softmax(&row)
    hold()
    try:
        return picks(like, node)
    finally:
        let_go()


cdef uint32_t append_softmax(Row *row) noexcept:
    """Append the node that holds the results, and one for each; a leaf where nothing is recorded."""
    cdef Second second = no_second()
    cdef uint32_t op = OP_pick if row.records else OP_LEAF, type_code = VALUE, node, k
    if row.like != NULL:
        type_code = (<Handle>row.like).type_code
    nary_value(OP_softmax, &row.x)
    node = append_payload(OP_softmax, VALUE, NAN, Span(row.x.n, row.reals))  # it never has a handle
    for k in range(row.x.n):
        second.place = k
        append(op, type_code, row.x.reals[row.x.n + k], node if row.records else 0, second)
    return node


cdef list picks(Handle like, uint32_t node):
    """The numbers after a softmax node: handles, or floats where no scalar took part. The caller holds the tape."""
    cdef uint32_t k, n = tape.second[node].span.n
    if like is None:
        return [tape.data[node + 1 + k] for k in range(n)]
    return [make(like, node + 1 + k) for k in range(n)]


def where(condition, true_case, false_case):
    """One of two cases; the gradient flows to the one taken.

    Parameters
    ----------
    condition : scalar, number or bool
        Take the first case where it is not zero. A comparison of scalars is evaluated again by ``forward()``.
    true_case, false_case : scalar or number

    Returns
    -------
    Scalar, Value or float

    Examples
    --------
    >>> import fastgrad
    >>> x = fastgrad.Value(-2.0)
    >>> y = fastgrad.math.where(x > 0.0, x, 0.1 * x)
    >>> y.backward()
    >>> y.data, x.grad
    (-0.2, 0.1)
    """
    try:
        return nary(OP_select, [as_condition(condition), true_case, false_case], "where()")
    except (TypeError, ValueError):  # the truth of an array is a ValueError
        wrong = wrong_argument("where", (condition, true_case, false_case))
        if wrong is None:
            raise
        raise wrong from None


cdef object as_condition(condition):
    """A scalar stays one, so that forward() evaluates it again; of anything else only the truth counts."""
    return condition if isinstance(condition, Handle) else float(bool(condition))


cdef object choice(Handle number, condition, true_case, false_case):
    """The case taken, with a gradient straight through to the number too."""
    return nary(OP_ifel, [number, as_condition(condition), true_case, false_case], "ifel()")


def fsum(xs):
    """Sum without loss of precision, as ``math.fsum`` computes it, as one node.

    >>> import fastgrad
    >>> fastgrad.math.fsum([fastgrad.Value(1e16), 1.0, -1e16])
    Value(data=1.0, grad=0.0)
    """
    found = as_operands(list_from(xs, "fsum()"), "fsum()")
    return given_value(OP_fsum, found, math.fsum(numbers_of(found)))


def hypot(*coordinates):
    """Euclidean length, as ``math.hypot`` computes it, as one node. Its slope at the origin is 0.

    >>> import fastgrad
    >>> fastgrad.math.hypot(fastgrad.Value(3.0), 4.0)
    Value(data=5.0, grad=0.0)
    """
    found = as_operands(list(coordinates), "hypot()")
    return given_value(OP_hypot, found, math.hypot(*numbers_of(found)))


# Values that Python computes, computed again.

cdef int fsum_again(uint32_t node) except -1:
    tape.data[node] = math.fsum(operand_values(node))
    return 0


cdef int hypot_again(uint32_t node) except -1:
    tape.data[node] = math.hypot(*operand_values(node))
    return 0


cdef int user_value_again(uint32_t node) except -1:
    call_forward = state_at(node).get("_forward")
    if call_forward is None:
        raise ValueError(
            f"forward() cannot compute {describe(node)} again: its value was given from outside. Set its _forward to a "
            f"function that sets its data, or build the graph anew"
        )
    call_forward()
    return 0


kinds[OP_fsum].recompute_with_python = fsum_again
kinds[OP_hypot].recompute_with_python = hypot_again
kinds[OP_user].recompute_with_python = user_value_again
