# cython: always_allow_keywords=False
"""Attributes of numbers under a program's own names: computed from the node, until they are set."""

from functools import partial

cimport cython
from libc.stdint cimport uint32_t

from fastgrad._tape.convert cimport number_of
from fastgrad._tape.describe cimport operands_of
from fastgrad._tape.drive cimport recompute_node
from fastgrad._tape.handle cimport Handle, state_at, state_of
from fastgrad._tape.node cimport Node
from fastgrad._tape.spelled cimport Spelled, stand_on
from fastgrad._tape.sweep cimport flows_to
from fastgrad._tape.tape cimport HAS_CALLBACK, OP_LEAF, OP_MASK, tape


@cython.auto_pickle(False)
cdef class Kept:
    """A descriptor of numbers.

    Parameters
    ----------
    compute : function
        Given a number, it returns the attribute.
    name : str
        Under which what is set is kept.
    """

    cdef readonly object compute
    cdef readonly str name

    def __init__(self, compute, str name not None):
        self.compute, self.name = compute, name

    def __get__(self, node, owner):
        if node is None:
            return self
        cdef dict kept = state_at((<Handle?>node).node)
        return kept[self.name] if self.name in kept else self.compute(node)

    def __set__(self, node, value):
        state_of(<Handle?>node)[self.name] = value


@cython.auto_pickle(False)
cdef class Operands(Kept):
    """What has a number's operands. A leaf that is given some is an operation from then on.

    Parameters
    ----------
    compute, name
        As in `Kept`.
    paired : int, optional
        The operand's place in a pair of it and its slope; the slope's is the other one.
    inner : str, optional
        The attribute of an object that has the operands.
    slopes : str, optional
        Under which the slopes are kept.
    """

    cdef readonly object paired, inner, slopes

    def __init__(self, compute, str name not None, paired=None, inner=None, slopes=None):
        Kept.__init__(self, compute, name)
        self.paired, self.inner, self.slopes = paired, inner, slopes

    def __set__(self, node, value):
        cdef list entries, slopes = None
        kept = state_of(<Handle?>node)
        kept[self.name] = value
        if tape.op[(<Handle>node).node] & OP_MASK != OP_LEAF:
            return
        entries = list((value if self.inner is None else getattr(value, self.inner, None)) or ())
        if self.paired is not None:
            entries, slopes = [pair[self.paired] for pair in entries], [pair[1 - self.paired] for pair in entries]
        elif self.slopes in kept:
            slopes = list(kept[self.slopes])
        if entries:
            make_operation(node, entries, slopes)


@cython.auto_pickle(False)
cdef class Slopes(Kept):
    """The derivatives by the operands; those that are set are passed on."""

    def __set__(self, node, value):
        operands = operands_of(<Handle?>node)
        state_of(<Handle>node)[self.name] = value
        if len(operands) == len(value or ()) > 0:
            make_operation(node, operands, list(value))


@cython.auto_pickle(False)
cdef class Steps(Kept):
    """The function that passes a number's gradient on; one that is set is called in sweeps.

    Parameters
    ----------
    compute, name
        As in `Kept`.
    passes : function, optional
        Given what is set and the number, it passes the gradient on; without it, what is set does so by itself.
    """

    cdef readonly object passes

    def __init__(self, compute, str name not None, passes=None):
        Kept.__init__(self, compute, name)
        self.passes = passes

    def __set__(self, node, function):
        kept = state_of(<Handle?>node)
        kept[self.name] = function
        if function is None:
            kept.pop("_backward", None)
            tape.op[(<Handle>node).node] &= OP_MASK
        else:
            kept["_backward"] = function if self.passes is None else partial(self.passes, function, node)
            tape.op[(<Handle>node).node] |= HAS_CALLBACK


cdef int make_operation(Spelled number, list operands, list slopes) except -1:
    """Let a number stand on other operands, with slopes or a step that is given; what is kept on it stays.

    Where one of them is no such number, it stays what it is.
    """
    cdef uint32_t before = number.node, flags = tape.op[before] & HAS_CALLBACK
    cdef double grad = tape.grad[before]
    for operand in operands:
        if not isinstance(operand, Spelled):
            return 0
    stand_on(number, operands, slopes)
    tape.grad[number.node] = grad
    tape.op[number.node] |= flags
    return 0


# What they compute.

@cython.auto_pickle(False)
cdef class OperandsIn:
    """A function of a number: its operands, in a container of a type."""

    cdef readonly type container

    def __init__(self, type container not None):
        self.container = container

    def __call__(self, Node node not None):
        operands = operands_of(node)
        return tuple(operands) if self.container is tuple else self.container(operands)


@cython.auto_pickle(False)
cdef class StepFrom:
    """A function of a number: the function without arguments that passes its gradient on.

    Parameters
    ----------
    has_leaves : bool
        Whether a number without operands has one, too; else it has None.
    """

    cdef readonly bint has_leaves

    def __init__(self, bint has_leaves):
        self.has_leaves = has_leaves

    def __call__(self, Node node not None):
        if not self.has_leaves and tape.op[node.node] & OP_MASK == OP_LEAF:
            return None
        return node._own_backward


@cython.auto_pickle(False)
cdef class RecomputingFrom:
    """A function of a number: the function without arguments that computes it again from its operands.

    Parameters
    ----------
    at_first : object
        What a number without operands has.
    """

    cdef readonly object at_first

    def __init__(self, at_first):
        self.at_first = at_first

    def __call__(self, Node node not None):
        return self.at_first if tape.op[node.node] & OP_MASK == OP_LEAF else partial(recompute, node)


def recompute(Handle node not None):
    recompute_node(node.node)


# How a step that the program has given passes a gradient on.

def pass_gradient(function, Spelled node not None):
    """Give the gradient to a function that passes it on."""
    function(node.grad)


def pass_node(function, Spelled node not None):
    """Give the number itself to a function that passes its gradient on."""
    function(node)


def pass_slopes(function, Spelled node not None):
    """Pass on the gradient times the slopes that a function of the operands returns."""
    operands = operands_of(node)
    contribute(node, operands, function(*operands), tape.grad[node.node])


def pass_contributions(function, Spelled node not None):
    """Pass on what a function of the gradient returns: one contribution, or one for each operand."""
    contribute(node, operands_of(node), function(node.grad), 1.0)


cdef int contribute(Handle node, list operands, given, double times) except -1:
    cdef Handle operand
    cdef double amount
    if not isinstance(given, (tuple, list)):
        given = (given,)
    for operand, contribution in zip(operands, given):
        amount = times * number_of(contribution, "what a step passes on")
        if amount == amount or tape.grad[node.node] != 0.0 or flows_to(node.node):
            tape.grad[operand.node] += amount
    return 0
