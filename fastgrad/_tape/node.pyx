# cython: always_allow_keywords=False
"""A node as a Python object: its number, its gradient, its sweeps, its graph, and what Python reads from a number."""

import math
import sys

from libc.stdint cimport uintptr_t

from fastgrad._tape.convert cimport as_double, not_a_number, number_of
from fastgrad._tape.describe cimport operands_of, symbol_of
from fastgrad._tape.drive cimport step, sweep_backward, sweep_forward, sweep_zero
from fastgrad._tape.handle cimport Handle, leaf, make_room, state_at, state_of
from fastgrad._tape.observer cimport (
    depends, detached_node, note_truth, observers, refuse, refuse_always, refuse_as_integer,
)
from fastgrad._tape.tape cimport HAS_CALLBACK, OP_LEAF, OP_MASK, tape

from fastgrad._tape.absent import Absent, names_of


cdef class Node(Handle):
    """What every number on the tape is, whatever its type.

    Parameters
    ----------
    data : float
        The number.
    """

    def __init__(self, data):
        set_leaf(self, data)

    # What other libraries' numbers have.

    item = Absent("item", "x.data is the number")
    tolist = Absent("tolist", "x.data is the number")
    numpy = Absent("numpy", "x.data is the number, and fastgrad.values(xs) the array of those of many scalars")
    value = Absent("value", "x.data is the number")
    gradient = Absent("gradient", "x.grad is the gradient, after backward()")
    clone = Absent("clone", "+x is a node of its own with the same number, and x.detach() one without a gradient")
    requires_grad = Absent("requires_grad", "every scalar has a gradient; take x.detach(), or no_grad(), for none")
    requires_grad_ = Absent("requires_grad_", "every scalar has a gradient; take x.detach(), or no_grad(), for none")
    retain_grad = Absent("retain_grad", "every scalar keeps its gradient, x.grad")
    grad_fn = Absent("grad_fn", "x.op is the operation, and x.prev the operands")

    def __dir__(self):
        return names_of(self)

    # The number and its gradient.

    @property
    def data(self):
        """The number. It is read again when the gradient flows, so that it may be changed in between."""
        if observers.count:
            refuse(self, ".data")
        return tape.data[self.node]

    @data.setter
    def data(self, number):
        if observers.count:
            refuse_always("setting .data")
        tape.data[self.node] = number_of(number, "data")

    @data.deleter
    def data(self):
        raise AttributeError("a scalar's data cannot be deleted: set another number, x.data = 0.0")

    @property
    def grad(self):
        """The derivative, by this number, of those that ``backward()`` was called on, added up."""
        if observers.count:
            refuse(self, ".grad")
        return tape.grad[self.node]

    @grad.setter
    def grad(self, number):
        if observers.count:
            refuse_always("setting .grad")
        tape.grad[self.node] = number_of(number, "grad")

    @grad.deleter
    def grad(self):
        raise AttributeError("a scalar's grad cannot be deleted: set it to 0, x.grad = 0.0, or call zero_grad()")

    @property
    def grad_node(self):
        """The derivative by this leaf of the last on which ``backward(create_graph=True)`` was called, as a scalar; or
        None.

        >>> import fastgrad
        >>> x = fastgrad.Value(3.0)
        >>> (x**3).backward(create_graph=True)
        >>> x.grad_node.backward()
        >>> x.grad_node.data, x.grad
        (27.0, 45.0)
        """
        return state_at(self.node).get("grad_node")

    @grad_node.setter
    def grad_node(self, node):
        if node is not None and not isinstance(node, Node):
            raise TypeError(f"grad_node must be a scalar or None, not {node!r:.60}")
        state_of(self)["grad_node"] = node

    @grad_node.deleter
    def grad_node(self):
        state_of(self).pop("grad_node", None)

    @property
    def label(self):
        """A name for drawings."""
        return state_at(self.node).get("label", "")

    @label.setter
    def label(self, label):
        state_of(self)["label"] = label

    @label.deleter
    def label(self):
        state_of(self).pop("label", None)

    # The sweeps.

    def backward(self, gradient=1.0, create_graph=False):
        """For every node this one depends on, add the derivative of this one with respect to it to its ``grad``.

        Parameters
        ----------
        gradient : float
            The gradient to start with: this node's own ``grad`` is set to it, and every derivative is multiplied by it.
        create_graph : bool
            Are leaves to have their derivatives as scalars too, as ``grad_node``? `fastgrad.gradients` returns those by
            any scalars.

        Raises
        ------
        TypeError
            With `create_graph`, if a Python function passes a gradient on.

        Examples
        --------
        >>> import fastgrad
        >>> x = fastgrad.Value(3.0)
        >>> (x * x).backward()
        >>> x.grad
        6.0
        """
        global looks_left
        if observers.count:
            refuse_always("backward()")
        if looks_left:
            looks_left -= 1
            warn_if_nested(sys._getframe())
        if create_graph:
            from fastgrad._tape.gradients import backward_with_graph

            backward_with_graph(self, number_of(gradient, "gradient"))
        else:
            sweep_backward(self, number_of(gradient, "gradient"))

    backwards = backward

    def forward(self):
        """Compute this node again on the same graph, after the data of leaves was changed.

        Raises
        ------
        ValueError
            If a node's value cannot be computed again: it was given from outside, or chosen by a plain Python bool.

        Examples
        --------
        >>> import fastgrad
        >>> x = fastgrad.Value(3.0)
        >>> y = x * x
        >>> x.data = 4.0
        >>> y.forward()
        >>> y.data
        16.0
        """
        if observers.count:
            refuse_always("forward()")
        sweep_forward(self)

    def zero_grad(self):
        """Set the ``grad`` of this node and of every node it depends on to 0.

        >>> import fastgrad
        >>> x = fastgrad.Value(3.0)
        >>> y = x * x
        >>> y.backward()
        >>> y.zero_grad()
        >>> x.grad, y.grad
        (0.0, 0.0)
        """
        if observers.count:
            refuse_always("zero_grad()")
        sweep_zero(self)

    def detach(self):
        """Return a leaf with the same number: no gradient flows through it.

        >>> import fastgrad
        >>> x = fastgrad.Value(3.0)
        >>> y = x * x.detach()
        >>> y.backward()
        >>> x.grad
        3.0
        """
        if observers.count and depends(self):
            return detached_node(self)
        if tape.count >= tape.limit:
            make_room()
        return leaf(self, tape.data[self.node])

    # The graph.

    @property
    def prev(self):
        """The operands that are scalars, in order, as a list; a constant operand is part of the operation."""
        return operands_of(self)

    @property
    def _children(self):
        return tuple(operands_of(self))

    @property
    def _prev(self):
        return set(operands_of(self))

    @property
    def _op(self):
        return symbol_of(self.node)

    @_op.setter
    def _op(self, symbol):
        if not isinstance(symbol, str):
            raise TypeError(f"_op must be a string, not {symbol!r}")
        state_of(self)["_op"] = symbol

    @_op.deleter
    def _op(self):
        state_of(self).pop("_op", None)

    @property
    def op(self):
        """The operation's symbol, with its constant if it has one; empty for a leaf."""
        return symbol_of(self.node)

    @property
    def _backward(self):
        return state_at(self.node).get("_backward", self._own_backward)

    @_backward.setter
    def _backward(self, function):
        if not callable(function):
            raise TypeError(f"_backward must be a function without arguments, not {function!r}")
        state_of(self)["_backward"] = function
        tape.op[self.node] |= HAS_CALLBACK

    @_backward.deleter
    def _backward(self):
        state_of(self).pop("_backward", None)
        tape.op[self.node] &= OP_MASK

    def _own_backward(self):
        if observers.count:
            refuse_always("_backward()")
        step(self.node)

    def trace(self):
        """Return the set of nodes this one depends on, itself included, and the set of (operand, result) edges.

        >>> import fastgrad
        >>> nodes, edges = (fastgrad.Scalar(1.0) * fastgrad.Scalar(2.0)).trace()
        >>> len(nodes), len(edges)
        (3, 2)
        """
        from fastgrad import draw

        return draw.trace(self)

    def draw_dot(self, *args, **kwargs):
        """Draw the graph as records of label, data and gradient: `fastgrad.draw.draw_dot`."""
        from fastgrad import draw

        return draw.draw_dot(self, *args, **kwargs)

    def visualize_graph(self, output_label=None, **kwargs):
        """Draw the graph as boxes of label, data and gradient: `fastgrad.draw.visualize_graph`."""
        from fastgrad import draw

        return draw.visualize_graph(self, output_label, **kwargs)

    def __reduce__(self):
        if observers.count:
            refuse(self, "pickling or copying")
        from fastgrad._tape.pickling import reduced

        return reduced(self)

    # What Python does with numbers.

    def __hash__(self):
        return <Py_hash_t>(<uintptr_t><void *>self >> 4)

    def __bool__(self):
        cdef bint truth = tape.data[self.node] != 0.0
        if observers.count:
            note_truth(self, truth)
        return truth

    def __format__(self, spec):
        return format(tape.data[self.node], spec) if spec else str(self)

    def __round__(self, digits=None):
        if observers.count:
            refuse(self, "round()")
        return round(tape.data[self.node], digits)

    def __floor__(self):
        if observers.count:
            refuse(self, "floor()")
        return math.floor(tape.data[self.node])

    def __ceil__(self):
        if observers.count:
            refuse(self, "ceil()")
        return math.ceil(tape.data[self.node])

    def __trunc__(self):
        if observers.count:
            refuse(self, "trunc()")
        return math.trunc(tape.data[self.node])

    def __float__(self):
        if observers.count:
            refuse(self, "float()")
        raise refusal(self, "float")

    def __int__(self):
        if observers.count:
            refuse(self, "int()")
        raise refusal(self, "int")

    def __index__(self):
        if observers.count:
            refuse_as_integer(self)
        raise TypeError(
            f"'{type(self).__name__}' object cannot be interpreted as an integer, so that it can't multiply a "
            "sequence, count or be an index: take int(x.data). To multiply each entry of a list, take "
            "numpy.array(xs) * x"
        )


cdef int looks_left = 64  # calls of backward() that are looked at: a program that nests them does so soon


cdef int warn_if_nested(frame) except -1:
    """Warn once if what calls backward() runs in a call of itself: a derivative made by hand, in another."""
    global looks_left
    outer = frame.f_back if frame is not None else None
    while outer is not None:
        if outer.f_code is frame.f_code:
            looks_left = 0
            import warnings  # which Python has not loaded from 3.14 on

            name = frame.f_code.co_name
            warnings.warn(
                f"{name}() calls backward() inside of another call of {name}(). A derivative taken in another comes "
                "out wrong that way: what backward() finds are plain numbers, added to the grads of outer scalars. "
                "fastgrad.grad and fastgrad.derivative nest",
                RuntimeWarning,
                stacklevel=1,
            )
            return 0
        outer = outer.f_back
    return 0


cdef object refusal(Node number, str conversion):
    name = type(number).__name__
    return TypeError(
        f"{conversion}() of a {name} would lose its gradient: use .data for the number, or a function "
        f"of fastgrad.math that has a derivative. Numpy asks for it where a number is put into an array of "
        f"{conversion}s: use a list, or dtype=object"
    )


cdef int set_leaf(Node number, data) except -1:
    """What ``__init__`` does to a leaf; the result of an operation is made already."""
    cdef double value
    if not as_double(data, &value):
        if observers.count and isinstance(data, Node):
            refuse(data, "making a scalar")
        raise not_a_number(data, f"{type(number).__name__}'s data")
    if tape.op[number.node] != OP_LEAF:
        raise TypeError(f"{number!r} is the result of an operation: it cannot be made again by __init__")
    tape.data[number.node] = value
    return 0
