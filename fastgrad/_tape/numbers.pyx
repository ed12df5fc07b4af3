# distutils: extra_compile_args = -O3
# cython: always_allow_keywords=False
"""The number types: Python's operators and methods on nodes.

A method converts its arguments, checks, appends a node and makes a handle. What an operation computes is in the op
table.
"""

from cpython.object cimport Py_EQ, Py_GE, Py_GT, Py_LE, Py_LT
from libc.math cimport NAN, isfinite
from libc.stdint cimport uint32_t

from fastgrad._tape.convert cimport as_double
from fastgrad._tape.handle cimport SCALAR, VALUE, adopt, state_at, state_of
from fastgrad._tape.nary cimport choice
from fastgrad._tape.node cimport Node, set_leaf
from fastgrad._tape.observer cimport ON_INPUTS, depends, note_truth, observers
from fastgrad._tape.operators cimport any_operation, called, operation, with_constant
from fastgrad._tape.payloads cimport user_node
from fastgrad._tape.tape cimport OP_LEAF, tape

cdef extern from "operations/ops.h" nogil:
    enum:
        OP_abs, OP_acos, OP_acosh, OP_add, OP_asin, OP_asinh, OP_atan, OP_atan2, OP_atanh, OP_cbrt, OP_ceil,
        OP_clip_high, OP_clip_low, OP_copysign, OP_cos, OP_cosh, OP_div, OP_erf, OP_erfc, OP_erfinv, OP_exp, OP_exp2,
        OP_expm1, OP_floor, OP_floordiv, OP_fmod, OP_ge, OP_gelu, OP_gt, OP_le, OP_leaky_relu, OP_lgamma, OP_log,
        OP_log10, OP_log1p, OP_log2, OP_logit, OP_lt, OP_max, OP_min, OP_mod, OP_mul, OP_neg, OP_norm_cdf, OP_norm_ppf,
        OP_pos, OP_pow, OP_relu, OP_rint, OP_sigmoid, OP_sign, OP_sin, OP_sinc, OP_sinh, OP_softplus, OP_sqrt, OP_step,
        OP_sub, OP_tan, OP_tanh


cdef object equality_in_recording(Node left, right, int comparison):
    """Of a number that depends on a recording's inputs: whether the numbers are equal, as a plain number would tell."""
    cdef double constant = NAN
    cdef bint is_node = isinstance(right, Node), truth, equal
    cdef int on = depends(left) | (depends(right) if is_node else 0)
    if not on & ON_INPUTS or not (is_node or as_double(right, &constant)):
        return NotImplemented
    if isfinite(constant):
        number = any_operation(OP_sub, left, right)
    else:  # a difference of infinities would not tell
        number = any_operation(OP_le, left, right) * any_operation(OP_ge, left, right)
    truth = tape.data[(<Node>number).node] != 0.0
    note_truth(number, truth)
    equal = truth != isfinite(constant)
    return equal == (comparison == Py_EQ)


cdef tuple OF_THE_OPERATION = ("_op", "_backward", "_forward", "_custom")  # kept on a node, but no part of a copy


cdef class Number(Node):
    """Arithmetic on nodes: what `Scalar` and `Value` have in common.

    Notes
    -----
    Operations with scalars and plain numbers give scalars, and so do the comparisons ``<``, ``>``, ``<=`` and ``>=``,
    whose data is 1.0 or 0.0; ``==``, ``!=`` and ``hash`` go by identity. Errors are those of Python's own arithmetic,
    at the line that makes them.
    """

    __array_priority__ = 1000.0  # numpy's scalars and arrays let the operators here do the work

    def __hash__(self):
        return Node.__hash__(self)

    def __copy__(self):
        copy = self.detach() if tape.op[self.node] == OP_LEAF else with_constant(OP_pos, self, 0.0)
        kept = {name: value for name, value in state_at(self.node).items() if name not in OF_THE_OPERATION}
        if kept:
            state_of(copy).update(kept)
        return copy

    def __richcmp__(left, right, int comparison):
        if comparison == Py_LT:
            return operation(OP_lt, left, right)
        if comparison == Py_GT:
            return operation(OP_gt, left, right)
        if comparison == Py_LE:
            return operation(OP_le, left, right)
        if comparison == Py_GE:
            return operation(OP_ge, left, right)
        if getattr(right, "ndim", 0):
            from fastgrad import arrays

            return arrays.elementwise("eq" if comparison == Py_EQ else "ne", left, right).astype(bool)
        return equality_in_recording(left, right, comparison) if observers.count else NotImplemented

    def __add__(left, right):
        return operation(OP_add, left, right)

    def __sub__(left, right):
        return operation(OP_sub, left, right)

    def __mul__(left, right):
        return operation(OP_mul, left, right)

    def __truediv__(left, right):
        return operation(OP_div, left, right)

    def __pow__(left, right, modulus):
        return operation(OP_pow, left, right) if modulus is None else NotImplemented

    def __mod__(left, right):
        return operation(OP_mod, left, right)

    def __floordiv__(left, right):
        return operation(OP_floordiv, left, right)

    def __divmod__(left, right):
        return left // right, left % right

    def __neg__(self):
        return with_constant(OP_neg, self, 0.0)

    def __pos__(self):
        return with_constant(OP_pos, self, 0.0)

    def __abs__(self):
        return with_constant(OP_abs, self, 0.0)

    # Functions, and numpy's names for them.

    def abs(self):
        """Absolute value; slope 0 at 0."""
        return with_constant(OP_abs, self, 0.0)

    absolute = fabs = abs

    def exp(self):
        """e to this power."""
        return with_constant(OP_exp, self, 0.0)

    def exp2(self):
        """2 to this power."""
        return with_constant(OP_exp2, self, 0.0)

    def log(self):
        """Natural logarithm."""
        return with_constant(OP_log, self, 0.0)

    def log2(self):
        """Logarithm to base 2."""
        return with_constant(OP_log2, self, 0.0)

    def log10(self):
        """Logarithm to base 10."""
        return with_constant(OP_log10, self, 0.0)

    def log1p(self):
        """Natural logarithm of 1 plus this number, exact near 0."""
        return with_constant(OP_log1p, self, 0.0)

    def expm1(self):
        """e to this power, minus 1, exact near 0."""
        return with_constant(OP_expm1, self, 0.0)

    def sqrt(self):
        """Square root."""
        return with_constant(OP_sqrt, self, 0.0)

    def cbrt(self):
        """Cube root."""
        return with_constant(OP_cbrt, self, 0.0)

    def sin(self):
        """Sine of an angle in radians."""
        return with_constant(OP_sin, self, 0.0)

    def cos(self):
        """Cosine of an angle in radians."""
        return with_constant(OP_cos, self, 0.0)

    def tan(self):
        """Tangent of an angle in radians."""
        return with_constant(OP_tan, self, 0.0)

    def asin(self):
        """Arc sine, in radians."""
        return with_constant(OP_asin, self, 0.0)

    arcsin = asin

    def acos(self):
        """Arc cosine, in radians."""
        return with_constant(OP_acos, self, 0.0)

    arccos = acos

    def atan(self):
        """Arc tangent, in radians."""
        return with_constant(OP_atan, self, 0.0)

    arctan = atan

    def sinh(self):
        """Hyperbolic sine."""
        return with_constant(OP_sinh, self, 0.0)

    def cosh(self):
        """Hyperbolic cosine."""
        return with_constant(OP_cosh, self, 0.0)

    def tanh(self):
        """Hyperbolic tangent."""
        return with_constant(OP_tanh, self, 0.0)

    def asinh(self):
        """Inverse hyperbolic sine."""
        return with_constant(OP_asinh, self, 0.0)

    arcsinh = asinh

    def acosh(self):
        """Inverse hyperbolic cosine."""
        return with_constant(OP_acosh, self, 0.0)

    arccosh = acosh

    def atanh(self):
        """Inverse hyperbolic tangent."""
        return with_constant(OP_atanh, self, 0.0)

    arctanh = atanh

    def relu(self):
        """The number where it is positive, else 0; slope 0 at 0."""
        return with_constant(OP_relu, self, 0.0)

    def step(self):
        """1 where the number is positive, else 0: a perceptron's. Its slope is taken as 1, so that one can learn."""
        return with_constant(OP_step, self, 0.0)

    def sigmoid(self):
        """Logistic function 1 / (1 + exp(-x)); it does not overflow."""
        return with_constant(OP_sigmoid, self, 0.0)

    def logit(self):
        """log(x / (1 - x)), the inverse of the sigmoid; infinite at 0 and 1, nan beyond."""
        return with_constant(OP_logit, self, 0.0)

    def softplus(self):
        """log(1 + exp(x)), a smooth relu; it does not overflow."""
        return with_constant(OP_softplus, self, 0.0)

    def gelu(self):
        """x times the standard normal distribution function of x."""
        return with_constant(OP_gelu, self, 0.0)

    def sign(self):
        """-1, 0 or 1; its slope is 0."""
        return with_constant(OP_sign, self, 0.0)

    def floor(self):
        """Largest whole number not above this one; its slope is 0."""
        return with_constant(OP_floor, self, 0.0)

    def ceil(self):
        """Smallest whole number not below this one; its slope is 0."""
        return with_constant(OP_ceil, self, 0.0)

    def rint(self):
        """Nearest whole number, the even one of two; its slope is 0."""
        return with_constant(OP_rint, self, 0.0)

    def erf(self):
        """Error function."""
        return with_constant(OP_erf, self, 0.0)

    def erfc(self):
        """1 minus the error function, exact where that is small."""
        return with_constant(OP_erfc, self, 0.0)

    def erfinv(self):
        """Inverse of the error function; infinite at -1 and 1, nan beyond."""
        return with_constant(OP_erfinv, self, 0.0)

    def norm_cdf(self):
        """Standard normal distribution function."""
        return with_constant(OP_norm_cdf, self, 0.0)

    def norm_ppf(self):
        """Quantile of the standard normal distribution; infinite at 0 and 1, nan beyond."""
        return with_constant(OP_norm_ppf, self, 0.0)

    def lgamma(self):
        """Natural logarithm of the gamma function's absolute value."""
        return with_constant(OP_lgamma, self, 0.0)

    def sinc(self):
        """sin(pi x) / (pi x), and 1 at 0."""
        return with_constant(OP_sinc, self, 0.0)

    def leaky_relu(self, negative_slope=0.01):
        """The number where it is positive, else ``negative_slope`` times it."""
        return called("leaky_relu", OP_leaky_relu, self, negative_slope)

    def arctan2(self, other):
        """Angle in radians of the point (other, self), as `fastgrad.math.atan2` has it."""
        return called("arctan2", OP_atan2, self, other)

    def hypot(self, other):
        """Length of (self, other), as `fastgrad.math.hypot` has it."""
        from fastgrad import math

        return math.hypot(self, other)

    def conjugate(self):
        """The number itself, as it is real; numpy asks for it."""
        return +self

    def ifel(self, condition, true_case, false_case):
        """Take one of two cases, with a gradient of 1 straight through to this number and to the case taken.

        Parameters
        ----------
        condition : bool or scalar
            A comparison of scalars is evaluated again by ``forward()``; a plain bool cannot be.
        true_case, false_case : scalar or number

        Examples
        --------
        >>> import fastgrad
        >>> x = fastgrad.Scalar(0.7)
        >>> step = x.ifel(x.data > 0.0, 1.0, 0.0)
        >>> step.backward()
        >>> step.data, x.grad
        (1.0, 1.0)
        """
        return choice(self, condition, true_case, false_case)


cdef class Scalar(Number):
    """A number that remembers how it was made, in the dialect of the perceptron tutorial.

    Parameters
    ----------
    data : float
        The number.
    label : str, optional
        A name for drawings; without one it reads as ``Scalar(0.2)``.

    Raises
    ------
    TypeError
        If data is not a real number.

    Examples
    --------
    >>> import fastgrad
    >>> w = fastgrad.Scalar(0.5, label="w")
    >>> y = w * 3.0 + 1.0
    >>> y.backward()
    >>> w
    Scalar(0.5, grad = 3.0)
    """

    def __init__(self, data, label=None):
        set_leaf(self, data)
        if label is not None:
            state_of(self)["label"] = label

    @property
    def label(self):
        """A name for drawings, made from the number where none was given."""
        return state_at(self.node).get("label") or f"Scalar({tape.data[self.node]:.4g})"

    @label.setter
    def label(self, label):
        state_of(self)["label"] = label

    @label.deleter
    def label(self):
        state_of(self).pop("label", None)

    def __repr__(self):
        return f"{type(self).__name__}({tape.data[self.node]}, grad = {tape.grad[self.node]})"


cdef class Value(Number):
    """A number that remembers how it was made, in the dialects of micrograd and its children.

    Parameters
    ----------
    data : float
        The number.
    _children : iterable of Value, or str
        The operands of a node that is made by hand; a string is the label, and then comes ``prev``, then ``op``.
    _op : str, or iterable of float
        The operation's symbol, or the local gradients: a slope for each child.
    label : str
        A name for drawings.
    children, prev, op, local_grads : optional
        The same under the names other engines use.

    Raises
    ------
    TypeError
        If data is not a real number or a child is not a scalar.
    ValueError
        If there are not as many local gradients as children.

    Examples
    --------
    >>> import fastgrad
    >>> a = fastgrad.Value(2.0)
    >>> square = fastgrad.Value(a.data**2, (a,), [2 * a.data])
    >>> square.backward()
    >>> a
    Value(data=2.0, grad=4.0)
    """

    def __init__(
        self, data, _children=None, _op=None, label=None, *, children=None, prev=None, op=None, local_grads=None,
        _local_grads=None,
    ):
        set_leaf(self, data)
        if isinstance(_children, str):  # Value(data, label, prev, op)
            _children, _op, label = _op, label, _children
        operands = first_given(_children, children, prev)
        _op = first_given(_op, op, "")
        slopes = first_given(local_grads, _local_grads, None if isinstance(_op, str) else _op)
        if operands is not None or slopes is not None:
            operands = [] if operands is None else listed(operands, "children")
            slopes = None if slopes is None else listed(slopes, "local gradients")
        if operands or slopes:
            become_operation(self, operands, slopes)
        if label:
            state_of(self)["label"] = label
        if isinstance(_op, str) and _op:
            state_of(self)["_op"] = _op

    def __repr__(self):
        return f"{type(self).__name__}(data={tape.data[self.node]}, grad={tape.grad[self.node]})"


cdef int become_operation(Number number, list operands, list slopes) except -1:
    """Put a node with operands, and perhaps slopes, in the place of a leaf."""
    cdef uint32_t node = user_node(number, tape.data[number.node], operands, slopes)
    tape.owner[number.node] = NULL
    number.node = node
    tape.owner[node] = &number.node
    return 0


cdef list listed(several, str name):
    """What a node made by hand is given several of."""
    if not hasattr(several, "__iter__"):
        raise TypeError(f"{name} must be in a tuple or list, not {several!r:.60} of type {type(several).__name__}")
    return list(several)


cdef object first_given(first, second, otherwise):
    """The first argument that is not None."""
    return first if first is not None else second if second is not None else otherwise


adopt(Scalar, SCALAR, b"fastgrad.Scalar")
adopt(Value, VALUE, b"fastgrad.Value")
