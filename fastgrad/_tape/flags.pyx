# cython: always_allow_keywords=False
"""Numbers of which some take no derivative, as a flag on each of them says: ``requires_grad``, in other programs.

A result takes one where an operand does. So the tape has to keep nothing: an operation takes derivatives, and a leaf
does what it was last told, or what leaves do at first. Where no operand takes one, the result is a leaf, or it is an
operation that is told so. A sweep may bring something to a number that takes none: it is not shown and not passed on.
"""

from functools import partial

cimport cython

from fastgrad._tape.convert cimport as_double
from fastgrad._tape.drive cimport step
from fastgrad._tape.handle cimport Handle, state_of
from fastgrad._tape.spelled cimport Spelled, as_leaf
from fastgrad._tape.tape cimport HAS_CALLBACK, OP_LEAF, OP_MASK, tape

cdef object GRAD = vars(Spelled)["grad"]


@cython.auto_pickle(False)
cdef class Flag:
    """A descriptor of numbers: whether they take a derivative.

    Parameters
    ----------
    name : str
        The attribute.
    at_first : bool
        What a leaf has that was told nothing.
    grad : object
        What the derivative of a number is that takes none.

    Attributes
    ----------
    drops : bool
        Whether the constructor makes a leaf of a number that takes none, even if it is given operands.
    inherits : bool
        Whether the constructor asks the operands where it is not given the flag.
    keeps : bool
        Whether a result that takes none is an operation.
    plain_takes : bool
        Whether a result of a number that takes none and a plain number takes one.
    symbol : function, optional
        Given a result, it returns its symbol, which it has as a leaf, too.
    """

    cdef readonly str name
    cdef public bint at_first, drops, inherits, keeps, plain_takes
    cdef readonly object grad
    cdef public object symbol

    def __init__(self, str name not None, bint at_first, grad):
        self.name, self.at_first, self.grad = name, at_first, grad

    cdef object value(self, Handle node):
        if node.state != NULL and self.name in <dict>node.state:
            return (<dict>node.state)[self.name]
        return self.at_first or tape.op[node.node] & OP_MASK != OP_LEAF

    def __get__(self, node, owner):
        return self if node is None else self.value(<Handle?>node)

    def __set__(self, node, value):
        cdef bint before = self.value(<Handle?>node)
        grad = shown(self, <Spelled?>node)
        self.tell(node, value)
        if value and not before:
            state_of(<Handle>node).pop("grad", None)
            GRAD.__set__(node, grad)
        elif before and not value:
            keep_grad(<Spelled>node, grad)

    def given(self, value, list operands):
        """Return the flag and the operands that a number has when the constructor is given some."""
        if self.inherits and not value and operands:
            value = any([self.value(<Handle?>operand) for operand in operands])
        return value, None if self.drops and not value else operands

    cdef object without(self, Spelled result):
        """The result of an operation, as one that takes no derivative."""
        if self.keeps:
            self.tell(result, False)
            return result
        leaf = as_leaf(result)
        if self.at_first:
            self.tell(leaf, False)
        if self.symbol is not None:
            state_of(leaf)["_op"] = self.symbol(result)
        return leaf

    def tell(self, Spelled node not None, value):
        """Set the flag of a number that is being made, whose derivative is what it is at first."""
        if value is self.value(node):
            return
        kept = state_of(node)
        kept[self.name] = value
        if tape.op[node.node] & OP_MASK == OP_LEAF:
            return
        callback = kept.pop("_backward", None)
        if not value:
            callback = callback if is_ours(callback) else partial(pass_what_is_shown, self, node, callback)
        elif is_ours(callback):
            callback = callback.args[2]
        if callback is None:
            tape.op[node.node] &= OP_MASK
        else:
            kept["_backward"] = callback
            tape.op[node.node] |= HAS_CALLBACK


cdef object shown(Flag flag, Spelled node):
    if flag.value(node) or (node.state != NULL and "grad" in <dict>node.state):
        return GRAD.__get__(node)
    return flag.grad


cdef int keep_grad(Spelled node, grad) except -1:
    """Let a derivative be what is shown, whatever sweeps bring."""
    cdef double number = 0.0
    as_double(grad, &number)
    tape.grad[node.node] = number
    state_of(node)["grad"] = grad
    return 0


def pass_what_is_shown(Flag flag not None, Spelled node not None, before):
    """The step of an operation that takes no derivative, in the place of one before: what was brought is dropped."""
    keep_grad(node, shown(flag, node))
    if before is not None:
        before()
    else:
        step(node.node)


cdef bint is_ours(callback):
    return isinstance(callback, partial) and callback.func is pass_what_is_shown


@cython.auto_pickle(False)
cdef class FlaggedGrad:
    """The derivative, as a descriptor: of a number that takes none it is what it was at first, or is set to."""

    cdef readonly Flag flag

    def __init__(self, Flag flag not None):
        self.flag = flag

    def __get__(self, node, owner):
        return self if node is None else shown(self.flag, <Spelled?>node)

    def __set__(self, node, grad):
        if self.flag.value(<Spelled?>node):
            GRAD.__set__(node, grad)
        else:
            keep_grad(<Spelled>node, grad)

    def __delete__(self, node):
        GRAD.__delete__(node)


@cython.auto_pickle(False)
cdef class FlaggedStep:
    """A function of a number: what passes its gradient on, which is the one that is shown.

    Parameters
    ----------
    flag : Flag
        Whether it takes one.
    compute : function
        The same, of numbers that do.
    """

    cdef readonly Flag flag
    cdef readonly object compute

    def __init__(self, Flag flag not None, compute):
        self.flag, self.compute = flag, compute

    def __call__(self, Spelled node not None):
        if tape.op[node.node] & OP_MASK == OP_LEAF or self.flag.value(node):
            return self.compute(node)
        return partial(pass_what_is_shown, self.flag, node, None)


def inheriting(method, Flag flag not None):
    """Return a method whose result takes a derivative where one of the operands does; else it is a leaf."""

    @cython.binding(True)  # a method of numbers
    def operation(number, *others):
        result = method(number, *others)
        if not isinstance(result, Spelled) or flag.value(<Handle?>number):
            return result
        for other in others:
            if flag.value(<Handle>other) if isinstance(other, Spelled) else flag.plain_takes:
                return result
        return flag.without(<Spelled>result)

    return operation
