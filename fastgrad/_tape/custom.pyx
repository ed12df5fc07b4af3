"""Operations of a user's own: a value and partial derivatives, each a Python function."""

from fastgrad._tape.convert import plain

from libc.stdint cimport uint32_t
from libc.string cimport memset

from fastgrad._tape.convert cimport as_operands, number_of
from fastgrad._tape.describe cimport describe, operand_values, symbol_of
from fastgrad._tape.handle cimport handle_of, state_at, state_of
from fastgrad._tape.kinds cimport Kind, add_kind
from fastgrad._tape.node cimport Node
from fastgrad._tape.payloads cimport given_value
from fastgrad._tape.sweep cimport given_through
from fastgrad._tape.tape cimport CONSTANT, OP_user, operands, payload, tape


cdef class Custom:
    """An operation made by `custom`: call it with scalars and numbers."""

    cdef readonly str name
    cdef readonly object value
    cdef readonly tuple partials

    def __cinit__(self, name, value, *partials):
        if not callable(value) or not all(map(callable, partials)):
            raise TypeError("custom() takes a name, a function for the value, and one for each partial derivative")
        self.name = name
        self.value = value
        self.partials = partials

    def __reduce__(self):
        return Custom, (self.name, self.value, *self.partials)

    def __repr__(self):
        return f"<operation {self.name} of {len(self.partials)} arguments>"

    def __call__(self, *arguments):
        if len(arguments) != len(self.partials):
            raise TypeError(
                f"{self.name}() takes {len(self.partials)} arguments, as many as it has partial derivatives, "
                f"not {len(arguments)}"
            )
        given = as_operands(list(arguments), f"{self.name}()")
        value = number_of(self.value(*map(plain, given)), f"the value of {self.name}()")
        result = given_value(CUSTOM, given, value)
        if isinstance(result, Node) and result.prev:
            state_of(result).update(_custom=self, _op=self.name)
        return result


def custom(name, value, *partials):
    """Make an operation of your own from plain functions of numbers.

    Parameters
    ----------
    name : str
        The operation's symbol in drawings.
    value : function of floats
        The value.
    *partials : functions of floats
        One for each argument: the derivative of the value by it, given all the arguments' numbers.

    Returns
    -------
    function
        It takes as many scalars and numbers as there are partials. A partial is called when the gradient flows.

    Examples
    --------
    >>> import fastgrad
    >>> area = fastgrad.custom("area", lambda w, h: w * h, lambda w, h: h, lambda w, h: w)
    >>> w, h = fastgrad.Value(2.0), fastgrad.Value(5.0)
    >>> area(w, h).backward()
    >>> w.grad, h.grad
    (5.0, 2.0)
    """
    return Custom(name, value, *partials)


# The kind of node.

cdef int pull(uint32_t node) except -1:
    cdef operands x
    cdef uint32_t k
    values = operand_values(node)
    partials = state_at(node)["_custom"].partials
    if len(partials) != len(values):
        raise ValueError(f"{describe(node)} has {len(values)} operands, but {len(partials)} partial derivatives")
    for k in range(<uint32_t>len(values)):
        slope = number_of(partials[k](*values), "a partial derivative")
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
        return [partial(*given) for partial in custom.partials]
    except TypeError as error:
        raise TypeError(
            f"the partial derivatives of {custom.name}() are asked for as scalars, to be differentiated again, and one "
            f"of them takes plain numbers only: {error}"
        ) from None


cdef int recompute(uint32_t node) except -1:
    value = state_at(node)["_custom"].value(*operand_values(node))
    tape.data[node] = number_of(value, f"the value of {symbol_of(node)}()")
    return 0


cdef Kind row
memset(&row, 0, sizeof(row))
row.name, row.symbol, row.pickled = b"custom", b"custom", True
row.pull_with_python, row.recompute_with_python, row.slopes = pull, recompute, slopes
cdef uint32_t CUSTOM = add_kind(row)
