# distutils: extra_compile_args = -O2
"""Nodes of many operands: one for what would be dozens. What they compute is in nary.h, with a payload's layout."""

import math

from cpython.float cimport PyFloat_AS_DOUBLE
from libc.math cimport NAN
from libc.stdint cimport uint32_t, uint64_t

from fastgrad._tape.convert cimport number_of
from fastgrad._tape.describe cimport describe, operand_values
from fastgrad._tape.handle cimport MANY, VALUE, Handle, grad_enabled, leaf, make, state_at
from fastgrad._tape.kinds cimport kinds
from fastgrad._tape.tape cimport (
    CONSTANT, OP_LEAF, OP_dot, OP_fsum, OP_hypot, OP_ifel, OP_logsumexp, OP_mean, OP_pick, OP_prod, OP_select,
    OP_softmax, OP_sum, OP_user, Second, Span, append, append_payload, hold, let_go, nary_memory, nary_value,
    no_second, operands, payload, payload_units, reserve, tape,
)

from fastgrad._tape.convert import wrong_argument


# Building a node: its payload is written behind the pool's end, and becomes part of it with the node.

cdef list operands_from(object xs, str what):
    """A list of scalars and floats from any iterable of scalars and numbers, arrays of any shape among them."""
    if hasattr(xs, "ravel"):
        xs = xs.ravel().tolist()
    try:
        found = list(xs)
    except TypeError:
        raise TypeError(
            f"{what} takes a list or array of scalars and numbers, not {xs!r} of type {type(xs).__name__}"
        ) from None
    return as_operands(found, what)


cdef list as_operands(list xs, str what):
    """The scalars, and a float for any other number: reading one may run any code, so it is done beforehand."""
    what = f"an argument of {what}"
    return [x if isinstance(x, Handle) and (<Handle>x).type_code != MANY else number_of(x, what) for x in xs]


cdef Handle most_derived(list xs):
    """The first operand of the most derived type, which says what the result is; None among plain numbers only."""
    like = None
    for x in xs:
        if isinstance(x, Handle) and (like is None or (type(x) is not type(like) and isinstance(x, type(like)))):
            like = x
    return like


cdef bint has_constants(uint32_t op, list xs) except -1:
    """Must the payload have a place for constants? It has where it has other doubles."""
    if nary_memory(op, 1):
        return True
    for x in xs:
        if not isinstance(x, Handle):
            return True
    return False


cdef operands write_payload(uint32_t op, list xs, uint32_t nodes, Span *span) except *:
    """Write the operands, scalars and floats, behind the pool's end, with room for so many nodes."""
    cdef operands x
    cdef uint32_t n = len(xs), k
    cdef uint32_t *slots
    cdef uint64_t units
    span.n = n
    span.reals = (n if has_constants(op, xs) else 0) + nary_memory(op, n)
    units = payload_units(n, span.reals)
    reserve(nodes, units)
    slots = tape.pool + tape.pool_count
    x.n = n
    x.slots = slots
    x.reals = <double *>(slots + n + (n & 1))
    x.data = tape.data
    for k in range(n):
        operand = xs[k]
        if isinstance(operand, Handle):
            slots[k] = (<Handle>operand).node
            if span.reals:
                x.reals[k] = 0.0
        else:
            slots[k] = CONSTANT
            x.reals[k] = PyFloat_AS_DOUBLE(operand)
    for k in range(n if span.reals else span.reals, span.reals):
        x.reals[k] = 0.0
    return x


cdef object nary(uint32_t op, list xs):
    """A node of an operation whose value C computes."""
    cdef Span span
    cdef Handle like = most_derived(xs)
    cdef bint records = grad_enabled()
    cdef operands x = write_payload(op, xs, 1, &span)
    return finish(op, like, nary_value(op, &x), span, records)


cdef object given_value(uint32_t op, list xs, double value):
    """A node of an operation whose value Python computes."""
    cdef Span span
    cdef Handle like = most_derived(xs)
    cdef bint records = grad_enabled()
    write_payload(op, xs, 1, &span)
    return finish(op, like, value, span, records)


cdef object finish(uint32_t op, Handle like, double value, Span span, bint records):
    """The result: a plain number where no scalar took part, a leaf where nothing is recorded."""
    if like is None:
        return value
    if not records:
        return leaf(like, value)
    return make(like, append_payload(op, like.type_code, value, span))


cdef uint32_t user_node(Handle like, double value, list children, object slopes) except 0:
    """A node with a value, operands, and perhaps slopes, given from outside. The caller makes the handle."""
    cdef Span span
    cdef operands x
    cdef uint32_t k
    cdef bint records
    for child in children:
        if not isinstance(child, Handle) or (<Handle>child).type_code == MANY:
            raise TypeError(f"a node's children must be scalars, not {child!r} of type {type(child).__name__}")
    numbers = [number_of(slope, "a local gradient") for slope in slopes] if slopes is not None else []
    if numbers and len(numbers) != len(children):
        raise ValueError(f"{len(children)} children need as many local gradients, not {len(numbers)}")
    span.n = len(children)
    span.reals = len(numbers)
    records = grad_enabled()
    reserve(1, payload_units(span.n, span.reals))
    if not records:
        return append(OP_LEAF, like.type_code, value, 0, no_second())
    for k in range(span.n):
        tape.pool[tape.pool_count + k] = (<Handle>children[k]).node
    x = payload(append_payload(OP_user, like.type_code, value, span))
    for k in range(span.reals):
        x.reals[k] = numbers[k]
    return tape.count - 1


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
    operands_list = operands_from(xs, "sum()")
    return nary(OP_sum, operands_list) if operands_list else 0.0


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
    return nary(OP_mean, at_least_one(xs, "mean()"))


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
    operands_list = operands_from(xs, "prod()")
    return nary(OP_prod, operands_list) if operands_list else 1.0


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
    left, right = operands_from(xs, "dot()"), operands_from(ys, "dot()")
    if len(left) != len(right):
        raise ValueError(f"dot() takes two lists of the same length, not of {len(left)} and {len(right)}")
    pairs = as_operands([bias], "dot()")
    for pair in zip(left, right):
        pairs.extend(pair)
    return nary(OP_dot, pairs)


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
    return nary(OP_logsumexp, at_least_one(xs, "logsumexp()"))


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
    cdef list operands_list = at_least_one(xs, "softmax()")
    cdef Handle like = most_derived(operands_list)
    cdef uint32_t node = append_softmax(operands_list, like)
    hold()
    try:
        return picks(like, node)
    finally:
        let_go()


cdef uint32_t append_softmax(list xs, Handle like) except 0:
    """Append the node that holds the results, and one for each; a leaf where nothing is recorded."""
    cdef Span span
    cdef Second second = no_second()
    cdef bint records = grad_enabled()
    cdef uint32_t node, k, n = len(xs), type_code = like.type_code if like is not None else VALUE
    cdef operands x = write_payload(OP_softmax, xs, n + 1, &span)
    nary_value(OP_softmax, &x)
    node = append_payload(OP_softmax, VALUE, NAN, span)  # it never has a handle
    for k in range(n):
        second.place = k
        append(OP_pick if records else OP_LEAF, type_code, x.reals[n + k], node if records else 0, second)
    return node


cdef list picks(Handle like, uint32_t node):
    """The numbers after a softmax node: handles, or floats where no scalar took part. The caller holds the tape."""
    cdef uint32_t k, n = tape.second[node].span.n
    if like is None:
        return [tape.data[node + 1 + k] for k in range(n)]
    return [make(like, node + 1 + k) for k in range(n)]


cdef list at_least_one(object xs, str what):
    cdef list found = operands_from(xs, what)
    if not found:
        raise ValueError(f"{what} of nothing: give at least one scalar or number")
    return found


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
        return nary(OP_select, as_operands([as_condition(condition), true_case, false_case], "where()"))
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
    return nary(OP_ifel, as_operands([number, as_condition(condition), true_case, false_case], "ifel()"))


def fsum(xs):
    """Sum without loss of precision, as ``math.fsum`` computes it, as one node.

    >>> import fastgrad
    >>> fastgrad.math.fsum([fastgrad.Value(1e16), 1.0, -1e16])
    Value(data=1.0, grad=0.0)
    """
    operands_list = operands_from(xs, "fsum()")
    return given_value(OP_fsum, operands_list, math.fsum(map(plain, operands_list)))


def hypot(*coordinates):
    """Euclidean length, as ``math.hypot`` computes it, as one node. Its slope at the origin is 0.

    >>> import fastgrad
    >>> fastgrad.math.hypot(fastgrad.Value(3.0), 4.0)
    Value(data=5.0, grad=0.0)
    """
    operands_list = as_operands(list(coordinates), "hypot()")
    return given_value(OP_hypot, operands_list, math.hypot(*map(plain, operands_list)))


def plain(x):
    """The number of a scalar, or the plain number itself; anything else is a TypeError."""
    return tape.data[(<Handle>x).node] if isinstance(x, Handle) else number_of(x, "an operand")


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
