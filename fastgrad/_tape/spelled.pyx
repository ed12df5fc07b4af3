# distutils: extra_compile_args = -O3
# cython: always_allow_keywords=False
"""Numbers whose graph is spelled as a teaching engine spells it.

Where fastgrad keeps a plain operand as a constant of the operation, such an engine makes a leaf of it; where fastgrad
has one node for a difference, the engine has a sum with a product by -1. A program that looks at its graph finds in it
what it knows. How a type spells is in its attribute ``_forms``, a sum of values of `Form`; how it is made is in
``_making``, a `Making`; its own methods, for operands that are no numbers, are in ``_originals``.
"""

from functools import partial

from cpython.float cimport PyFloat_CheckExact
from cpython.long cimport PyLong_CheckExact
from libc.math cimport signbit
from libc.stdint cimport uint8_t, uint32_t

from fastgrad._tape.convert cimport as_double, number_of
from fastgrad._tape.describe cimport operands_of
from fastgrad._tape.drive cimport ask_python, sweep_backward, sweep_zero
from fastgrad._tape.handle cimport Handle, forms, grad_enabled, leaf, make, pin, state_of, type_code_of
from fastgrad._tape.node cimport Node, set_leaf
from fastgrad._tape.numbers cimport Number, become_operation
from fastgrad._tape.observer cimport observers, refuse, refuse_always
from fastgrad._tape.operators cimport Py_TYPE, any_operation, of_two, with_constant
from fastgrad._tape.own_sweeps cimport mark_reached, sweep_own
from fastgrad._tape.tape cimport (
    HAS_CALLBACK, OP_FIRST_NARY, OP_LEAF, OP_MASK, OP_TO_CV, OP_TO_VC, Second, append, op_doubtful, op_value2, reserve,
    tape,
)

from fastgrad._tape.describe import slopes_of

cdef extern from "operations/ops.h" nogil:
    enum:
        OP_abs, OP_add, OP_div, OP_mul, OP_neg, OP_pow, OP_relu, OP_sub


cdef enum:
    ALWAYS = 1 << 16   # stands for a form that all types have
    # What a leaf keeps in the place of a constant, so that a handle that is made again knows it:
    WHOLE = 1          # the number was given as an int
    CONSTANT_LEAF = 2  # it was a plain operand


cdef bint is_whole_leaf(uint32_t node) noexcept:
    """Was a leaf's number given as an int?"""
    cdef double kept = tape.second[node].constant
    return tape.op[node] & OP_MASK == OP_LEAF and (kept == WHOLE or kept == WHOLE + CONSTANT_LEAF)


cdef bint is_constant_leaf(uint32_t node) noexcept:
    """Was a leaf made of a plain operand?"""
    return tape.op[node] & OP_MASK == OP_LEAF and tape.second[node].constant >= CONSTANT_LEAF


cdef uint32_t append_constant_leaf(uint8_t type_code, double constant, bint whole) noexcept:
    """A leaf for a plain operand, an int perhaps, for which there is room; it has no handle yet."""
    cdef Second second
    second.constant = CONSTANT_LEAF + whole
    return append(OP_LEAF, type_code, constant, 0, second)


# Operations.

cdef dict METHODS = {
    OP_add: "__add__", OP_sub: "__sub__", OP_mul: "__mul__", OP_div: "__truediv__", OP_pow: "__pow__",
}


cdef dict REFLECTED = {op: f"__r{name[2:]}" for op, name in METHODS.items()}


cdef inline object with_leaf(uint32_t op, Node x, double constant, bint leaf_first, bint whole=False):
    """A node of an operation of a node and a plain number, which becomes a leaf that no handle has yet."""
    cdef double a = constant if leaf_first else tape.data[x.node], b = tape.data[x.node] if leaf_first else constant
    cdef double y = op_value2(op, a, b)
    cdef uint32_t other
    cdef Second second
    if op_doubtful(op, y):
        y = ask_python(op, a, b)
    if tape.count + 1 >= tape.limit:
        reserve(2, 0)
        if not grad_enabled():
            return leaf(x, y)
    other = append_constant_leaf(x.type_code, constant, whole)
    second.constant = 0.0
    second.node = x.node if leaf_first else other
    return make(x, append(op, x.type_code, y, other if leaf_first else x.node, second))


cdef inline bint is_whole(x) noexcept:
    return (<Handle>x).whole if isinstance(x, Handle) else PyLong_CheckExact(x)


cdef inline object kept_whole(result, left, right):
    """Mark what Python would compute as an int: what is made from ints."""
    if is_whole(left) and is_whole(right) and isinstance(result, Spelled):
        (<Handle>result).whole = True
    return result


cdef inline object binary(uint32_t op, left, right, uint32_t leaf_first):
    """An operation of which at least one operand is such a number, as one node.

    With a plain number on the left its leaf comes first in types that have a form of ``leaf_first``.
    """
    cdef double constant
    cdef uint32_t form
    if Py_TYPE(left) == Py_TYPE(right):
        return of_two(op, <Node>left, <Node>right, <Node>left)
    if isinstance(left, Spelled):
        if not isinstance(right, Handle) and as_double(right, &constant):
            if forms[(<Handle>left).type_code] & LEAVES:
                return with_leaf(op, <Node>left, constant, False, PyLong_CheckExact(right))
            return with_constant(op + OP_TO_VC, <Node>left, constant)
    elif not isinstance(left, Handle) and as_double(left, &constant):
        if forms[(<Handle>right).type_code] & LEAVES:
            form = forms[(<Handle>right).type_code] | ALWAYS
            return with_leaf(op, <Node>right, constant, form & leaf_first != 0, PyLong_CheckExact(left))
        return with_constant(op + OP_TO_CV, <Node>right, constant)
    return of_others(op, left, right)


cdef object of_others(uint32_t op, left, right):
    """An operation with something else: an array, an instance as the class was, a number of another class."""
    if isinstance(left, Node) and isinstance(right, Node) and are_related(left, right):
        return any_operation(op, left, right)
    return of_the_class(op, left, right)


cdef bint are_related(left, right) except -1:
    """Do two numbers give each other's results? Numbers of two engines of a program do not."""
    if not isinstance(left, Spelled) or not isinstance(right, Spelled):
        return True
    return (type(left)._results or type(left)) is (type(right)._results or type(right))


cdef object of_the_class(uint32_t op, left, right):
    """An operation as the class's own method has it."""
    number, other, name = (left, right, METHODS[op]) if isinstance(left, Spelled) else (right, left, REFLECTED[op])
    method = type(number)._originals.get(name)
    return NotImplemented if method is None else method(number, other)


cdef inline bint spells(left, right, uint32_t form) noexcept:
    return forms[(<Handle>(left if isinstance(left, Spelled) else right)).type_code] & form


cdef object negative(Node x):
    if not forms[x.type_code] & NEG_TIMES:
        return with_constant(OP_neg, x, 0.0)
    if forms[x.type_code] & LEAVES:
        return with_leaf(OP_mul, x, -1.0, forms[x.type_code] & NEG_FIRST != 0, True)
    return with_constant(OP_mul + OP_TO_VC, x, -1.0)


cdef object power(left, right):
    cdef double constant
    if isinstance(left, Spelled) and not isinstance(right, Handle) and as_double(right, &constant):
        if forms[(<Handle>left).type_code] & POWER_LEAF:
            return with_leaf(OP_pow, <Node>left, constant, False)
        return with_constant(OP_pow + OP_TO_VC, <Node>left, constant)
    return binary(OP_pow, left, right, ALWAYS)


cdef object added_negative(left, right):
    """a - b as a + (-b); c - a as (-a) + c."""
    if isinstance(right, Spelled):
        return binary(OP_add, left, negative(<Node>right), RADD_FIRST)
    try:
        return binary(OP_add, left, -right, RADD_FIRST)
    except TypeError:
        return NotImplemented


cdef object times_power(left, right):
    """a / b as a * b**-1; c / a as a**-1 * c."""
    if isinstance(right, Spelled):
        return binary(OP_mul, left, power(right, -1.0), RMUL_FIRST)
    try:
        return binary(OP_mul, left, right**-1, RMUL_FIRST)
    except TypeError:
        return NotImplemented


cdef object copied_node(Node x):
    """A node of the same operation on the same operands."""
    cdef uint32_t op = tape.op[x.node] & OP_MASK
    if op >= OP_FIRST_NARY:
        return user_copy(x)
    if tape.count >= tape.limit:
        reserve(1, 0)
    return make(x, append(op, x.type_code, tape.data[x.node], tape.first[x.node], tape.second[x.node]))


cdef object user_copy(Node x):
    copy = leaf_for(x)
    become_operation(copy, operands_of(x), slopes_of(x) or None)
    return copy


cdef object leaf_for(Node x):
    if tape.count >= tape.limit:
        reserve(1, 0)
    return leaf(x, tape.data[x.node])


cdef Spelled as_leaf(Spelled x):
    """A number that is no more than that: what it was computed from is left behind."""
    cdef Spelled alone = leaf_for(x)
    alone.whole = x.whole
    tape.second[alone.node].constant = WHOLE if x.whole else 0
    return alone


# How they are made.

cdef class Making:
    """What a constructor's parameters mean.

    Parameters
    ----------
    names : sequence of str
        The parameters' names, in order.
    meanings : sequence of str
        Of each: "data", "children", "slopes", "pairs" of children and slopes, "history", "op", "=" and the name of the
        attribute that keeps it, "flag", or "-" for none.
    defaults : sequence
        Of each: what is given where nothing is; ``...`` where something has to be.
    children, inner : str, optional
        The attribute of an object, a "history", that has the children, and its name for them.
    flag : Flag, optional
        What says whether a number takes a derivative.
    """

    cdef readonly tuple names, meanings, defaults
    cdef readonly object children, inner, flag

    def __cinit__(self, names, meanings, defaults, children=None, inner=None, flag=None):
        self.names, self.meanings, self.defaults = tuple(names), tuple(meanings), tuple(defaults)
        self.children, self.inner, self.flag = children, inner, flag

    cdef list arranged(self, str what, tuple given, dict named):
        """The arguments by the parameters' places."""
        cdef list values = [*given, *self.defaults[len(given):]]
        if len(given) > len(self.names):
            raise TypeError(f"{what}() takes at most {len(self.names)} arguments, not {len(given)}")
        for name, value in named.items():
            if name not in self.names:
                raise TypeError(f"{what}() got an unexpected keyword argument {name!r}")
            place = self.names.index(name)
            if place < len(given):
                raise TypeError(f"{what}() got multiple values for argument {name!r}")
            values[place] = value
        return values


cdef int fill(Spelled number, Making making, tuple given, dict named) except -1:
    """Make what the arguments say."""
    cdef list operands = None, slopes = None
    cdef dict attributes = {}
    if making is None:
        raise TypeError(f"{type(number).__name__} is for subclasses that say how they are made")
    values = making.arranged(type(number).__name__, given, named)
    if values[0] is ...:
        missing = f"missing 1 required positional argument: '{making.names[0]}'"
        raise TypeError(f"{type(number).__name__}.__init__() {missing}")
    set_number(number, values[0])
    for meaning, value, default in zip(making.meanings, values, making.defaults):
        if value is default or value is None:
            continue
        if meaning == "children":
            operands = list(value)
        elif meaning == "slopes":
            slopes = list(value)
        elif meaning == "pairs":
            operands, slopes = [pair[0] for pair in value], [pair[1] for pair in value]
        elif meaning == "history":
            operands = list(getattr(value, making.inner) or ())
            attributes[making.children] = value
        elif meaning == "op":
            if value:
                state_of(number)["_op"] = value
        elif meaning[0] == "=" and value != default:
            attributes[meaning[1:]] = value
    if making.flag is not None:
        flag, operands = making.flag.given(values[making.meanings.index("flag")], operands)
    if operands:
        stand_on(number, operands, slopes if slopes else None)
    if making.flag is not None:
        making.flag.tell(number, flag)
    for name, value in attributes.items():  # a closure among them, which is the operation's
        setattr(number, name, value)
    return 0


cdef int stand_on(Spelled number, list operands, list slopes) except -1:
    become_operation(number, operands, slopes)
    dispatch = type(number)._dispatch
    if dispatch is not None:
        state_of(number)["_backward"] = partial(dispatch, number)
        tape.op[number.node] |= HAS_CALLBACK
    return 0


cdef int set_number(Spelled number, data) except -1:
    if data is None:  # which is to be set later
        set_leaf(number, 0.0)
        state_of(number)["data"] = None
        return 0
    set_leaf(number, data.data if isinstance(data, Spelled) and type(number)._unwraps else data)
    if not PyFloat_CheckExact(data):
        keep_kind(number, data)
    return 0


cdef int keep_kind(Spelled number, data) except -1:
    """Let the number be read as what it was given as: an int, or something of another kind."""
    number.whole = PyLong_CheckExact(data) and -(1 << 53) <= data <= 1 << 53
    if tape.op[number.node] == OP_LEAF:  # a handle made again knows by it
        tape.second[number.node].constant = WHOLE if number.whole else 0
    if not number.whole and not isinstance(data, (float, Spelled)):
        state_of(number)["data"] = data
    return 0


cdef object DELETED = object()  # in the place of a grad


cdef class Spelled(Number):
    """A number of a teaching engine's own class.

    A subclass sets ``_forms`` and ``_making``, and ``_results``: the type that operations give, where it is another.
    """

    _forms = 0
    _making = None
    _results = None
    _unwraps = False
    _floats = False
    _dispatch = None
    _originals = {}

    def __cinit__(self):
        results = type(self)._results
        if results is not None and results is not type(self):
            self.type_code = type_code_of(<type>results)
            tape.type_code[self.node] = self.type_code
            pin(self)  # the node would not know its type

    def __init__(self, *given, **named):
        if len(given) == 1 and not named:
            set_number(self, given[0])
        else:
            fill(self, type(self)._making, given, named)

    @property
    def data(self):
        """The number."""
        if observers.count:
            refuse(self, ".data")
        if (self.whole or is_whole_leaf(self.node)) and not type(self)._floats:
            return int(tape.data[self.node])
        if self.state != NULL and not type(self)._floats:
            return (<dict>self.state).get("data", tape.data[self.node])
        return tape.data[self.node]

    @data.setter
    def data(self, number):
        if observers.count:
            refuse_always("setting .data")
        tape.data[self.node] = number_of(number, "data")
        if self.state != NULL:
            (<dict>self.state).pop("data", None)
        keep_kind(self, number)

    @property
    def grad(self):
        """The derivative."""
        cdef double grad = tape.grad[self.node]
        if observers.count:
            refuse(self, ".grad")
        if self.state != NULL and "grad" in <dict>self.state:
            if (<dict>self.state)["grad"] is DELETED:
                raise AttributeError(f"{type(self).__name__!r} object has no attribute 'grad'")
            return (<dict>self.state)["grad"]
        if grad == 0.0 and forms[self.type_code] & (GRAD_INT | GRAD_NONE):
            if signbit(grad):
                return 0.0
            return 0 if forms[self.type_code] & GRAD_INT else None
        return grad

    @grad.setter
    def grad(self, number):
        cdef double grad = 0.0
        if observers.count:
            refuse_always("setting .grad")
        if not as_double(number, &grad):  # None, or whatever the program has in mind
            tape.grad[self.node] = 0.0
            if number is not None or not forms[self.type_code] & GRAD_NONE:
                state_of(self)["grad"] = number
            return
        if self.state != NULL:
            (<dict>self.state).pop("grad", None)
        tape.grad[self.node] = grad
        if tape.grad[self.node] == 0.0 and forms[self.type_code] & (GRAD_INT | GRAD_NONE):
            is_first = PyLong_CheckExact(number) and forms[self.type_code] & GRAD_INT
            tape.grad[self.node] = 0.0 if is_first else -0.0

    @grad.deleter
    def grad(self):
        state_of(self)["grad"] = DELETED

    def backward(self, gradient=1.0):
        """Sweep as the engine does."""
        cdef uint32_t form = forms[self.type_code]
        cdef double start = number_of(gradient, "gradient")
        if observers.count:
            refuse_always("backward()")
        if form & SWEEP_CLEARS:
            sweep_zero(self)
        if form & SWEEP_OWN:
            sweep_own(self, start, form & SWEEP_LEAVES != 0)
        else:
            sweep_backward(self, start + tape.grad[self.node] if form & ROOT_ADDS else start)
        if form & (GRAD_INT | GRAD_NONE):
            mark_reached(self, form & SWEEP_LEAVES != 0)

    backwards = backward

    def __add__(left, right):
        return kept_whole(binary(OP_add, left, right, RADD_FIRST), left, right)

    def __mul__(left, right):
        return kept_whole(binary(OP_mul, left, right, RMUL_FIRST), left, right)

    def __sub__(left, right):
        if spells(left, right, SUB_ADDS):
            return kept_whole(added_negative(left, right), left, right)
        return kept_whole(binary(OP_sub, left, right, ALWAYS), left, right)

    def __truediv__(left, right):
        return times_power(left, right) if spells(left, right, DIV_POWERS) else binary(OP_div, left, right, ALWAYS)

    def __pow__(left, right, modulus):
        if modulus is not None:
            return NotImplemented
        if isinstance(right, Handle) and spells(left, right, PLAIN_EXPONENT):
            return of_the_class(OP_pow, left, right)
        result = power(left, right)
        return kept_whole(result, left, right) if PyLong_CheckExact(right) and right >= 0 else result

    def __neg__(self):
        return kept_whole(negative(self), self, self)

    def __abs__(self):
        return kept_whole(with_constant(OP_abs, self, 0.0), self, self)

    def abs(self):
        """Absolute value; slope 0 at 0."""
        return kept_whole(with_constant(OP_abs, self, 0.0), self, self)

    def relu(self):
        """The number where it is positive, else 0; slope 0 at 0."""
        return kept_whole(with_constant(OP_relu, self, 0.0), self, self)

    def __copy__(self):
        copy = copied_node(self)
        (<Spelled>copy).whole = self.whole
        if self.state != NULL:
            state_of(copy).update(<dict>self.state)
            tape.op[(<Handle>copy).node] |= tape.op[self.node] & HAS_CALLBACK
        tape.grad[(<Handle>copy).node] = tape.grad[self.node]
        return copy
