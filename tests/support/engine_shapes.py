"""Engines of many shapes: what they call things, where the slopes are, and how the class comes to be.

Each ends by saying how a number is made, what it is, its derivative, and how one sweeps; `PROGRAM` goes on from there.
"""

PROGRAM = """
x, y = make(3.0), make(-0.5)
z = x * y + x * x
w = (z + y) * z + x
sweep(w)
print([number(v) for v in (x, y, z, w)], [derivative(v) for v in (x, y)])
print(type(w) is type(x), isinstance(w, type(x)), type(w).__name__, w.__class__ is type(x))
"""

_SAYS = """
make, number, derivative, sweep = Value, lambda v: v.data, lambda v: v.grad, lambda v: v.backward()
"""
_CLOSURES = """
    def __add__(self, other):
        out = Value(self.data + other.data, (self, other))
        def step():
            self.grad += out.grad
            other.grad += out.grad
        out._backward = step
        return out

    def __mul__(self, other):
        out = Value(self.data * other.data, (self, other))
        def step():
            self.grad += other.data * out.grad
            other.grad += self.data * out.grad
        out._backward = step
        return out
"""
_SWEEP = """
    def backward(self):
        order, seen = [], set()
        def visit(node):
            if id(node) not in seen:
                seen.add(id(node))
                for operand in node.operands:
                    visit(operand)
                order.append(node)
        visit(self)
        self.grad = 1.0
        for node in reversed(order):
            node._backward()
"""
_START = """
    def __init__(self, data, operands=()):
        self.data, self.grad, self.operands = data, 0.0, operands
        self._backward = lambda: None
"""
_SLOPES = """
    def __add__(self, other):
        return Value(self.data + other.data, (self, other), (1.0, 1.0))

    def __mul__(self, other):
        return Value(self.data * other.data, (self, other), (other.data, self.data))

    def backward(self):
        order, seen = [], set()
        def visit(node):
            if id(node) not in seen:
                seen.add(id(node))
                for operand in node.operands:
                    visit(operand)
                order.append(node)
        visit(self)
        self.grad = 1.0
        for node in reversed(order):
            for operand, slope in zip(node.operands, node.slopes):
                operand.grad += slope * node.grad
"""
_SLOPES_START = """
    def __init__(self, data, operands=(), slopes=()):
        self.data, self.grad, self.operands, self.slopes = data, 0.0, operands, slopes
"""

SHAPES = {
    "closures": "class Value:" + _START + _CLOSURES + _SWEEP + _SAYS,
    "slopes": "class Value:" + _SLOPES_START + _SLOPES + _SAYS,
    "slots": "class Value:\n    __slots__ = ('data', 'grad', 'operands', '_backward')"
    + _START
    + _CLOSURES
    + _SWEEP
    + _SAYS,
    "slots of slopes": "class Value:\n    __slots__ = 'data grad operands slopes'.split()"
    + _SLOPES_START
    + _SLOPES
    + _SAYS,
    "dataclass": """
from dataclasses import dataclass
from typing import Callable

@dataclass(eq=False)
class Value:
    data: float
    operands: tuple = ()
    grad: float = 0.0
    _backward: Callable = lambda: None
"""
    + _CLOSURES
    + _SWEEP
    + _SAYS,
    "dataclass with slots": """
from dataclasses import dataclass, field

@dataclass(slots=True, eq=False)
class Value:
    data: float
    operands: tuple = ()
    slopes: tuple = field(default=(), repr=False)
    grad: float = 0.0
"""
    + _SLOPES
    + _SAYS,
    "operators from a mixin": "class Operators:" + _CLOSURES + "class Value(Operators):" + _START + _SWEEP + _SAYS,
    "sweep from a base class": "class Node:" + _SWEEP + "class Value(Node):" + _START + _CLOSURES + _SAYS,
    "abstract base class": """
from abc import ABC, abstractmethod

class Node(ABC):
    @abstractmethod
    def backward(self): ...

class Value(Node):"""
    + _START
    + _CLOSURES
    + _SWEEP
    + _SAYS,
    "generic": """
from typing import Generic, TypeVar
T = TypeVar("T")

class Value(Generic[T]):"""
    + _START
    + _CLOSURES
    + _SWEEP
    + _SAYS.replace("Value", "Value[float]"),
    "decorated": """
def with_doubles(cls):
    cls.doubled = lambda self: self + self
    return cls

@with_doubles
class Value:"""
    + _START
    + _CLOSURES
    + _SWEEP
    + _SAYS
    + "print(Value(1.5).doubled().data)\n",
    "under a condition": "try:\n    from nowhere import Value\nexcept ImportError:\n"
    + ("class Value:" + _START + _CLOSURES + _SWEEP).replace("\n", "\n    ").replace("class", "    class", 1)
    + _SAYS,
    "in a function": "def engine():\n"
    + ("class Value:" + _START + _CLOSURES + _SWEEP).replace("\n", "\n    ").replace("class", "    class", 1)
    + "\n    return Value\nValue = engine()"
    + _SAYS,
    "pairs of operand and slope": """
class Value:
    def __init__(self, data, parents=()):
        self.data, self.grad, self.parents = data, 0.0, list(parents)

    def __add__(self, other):
        return Value(self.data + other.data, [(self, 1.0), (other, 1.0)])

    def __mul__(self, other):
        return Value(self.data * other.data, [(self, other.data), (other, self.data)])

    def propagate(self, gradient=1.0):
        self.grad += gradient
        for parent, slope in self.parents:
            parent.propagate(slope * gradient)
"""
    + _SAYS.replace("backward", "propagate"),
    "pairs of slope and operand, other names": """
class Num:
    def __init__(self, v, inputs=()):
        self.v, self.inputs, self.d = v, tuple(inputs), 0.0

    def __add__(self, other):
        return Num(self.v + other.v, ((1.0, self), (1.0, other)))

    def __mul__(self, other):
        return Num(self.v * other.v, ((other.v, self), (self.v, other)))

    def chain(self, gradient=1.0):
        self.d += gradient
        for slope, number in self.inputs:
            number.chain(slope * gradient)

make, number, derivative, sweep = Num, lambda v: v.v, lambda v: v.d, lambda v: v.chain()
""",
    "steps that are given the gradient": """
class Value:
    def __init__(self, data, operands=(), step=None):
        self.data, self.grad, self.operands, self.step = data, 0.0, operands, step

    def __add__(self, other):
        def step(gradient):
            self.grad += gradient
            other.grad += gradient
        return Value(self.data + other.data, (self, other), step)

    def __mul__(self, other):
        def step(gradient):
            self.grad += other.data * gradient
            other.grad += self.data * gradient
        return Value(self.data * other.data, (self, other), step)
"""
    + _SWEEP.replace("node._backward()", "if node.step:\n                node.step(node.grad)")
    + _SAYS,
    "steps that return what operands are given": """
class Value:
    def __init__(self, data, operands=(), pull=None):
        self.data, self.grad, self.operands, self.pull = data, 0.0, operands, pull

    def __add__(self, other):
        return Value(self.data + other.data, (self, other), lambda gradient: (gradient, gradient))

    def __mul__(self, other):
        a, b = self.data, other.data
        return Value(a * b, (self, other), lambda gradient: (b * gradient, a * gradient))
"""
    + _SWEEP.replace(
        "node._backward()",
        "for operand, part in zip(node.operands, node.pull(node.grad) if node.pull else ()):\n"
        "                operand.grad += part",
    )
    + _SAYS,
    "symbols that the sweep tells apart": """
class Value:
    def __init__(self, data, operands=(), op=""):
        self.data, self.grad, self.operands, self.op = data, 0.0, operands, op

    def __add__(self, other):
        return Value(self.data + other.data, (self, other), "+")

    def __mul__(self, other):
        return Value(self.data * other.data, (self, other), "*")
"""
    + _SWEEP.replace(
        "node._backward()",
        """if node.op == "+":
                for operand in node.operands:
                    operand.grad += node.grad
            elif node.op == "*":
                a, b = node.operands
                a.grad += b.data * node.grad
                b.grad += a.data * node.grad
            elif node.op == "max":
                max(node.operands, key=lambda v: v.data).grad += node.grad""",
    )
    + _SAYS,
}
