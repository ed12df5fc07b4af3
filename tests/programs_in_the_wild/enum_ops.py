from __future__ import annotations

import enum
import math
import operator
from typing import Callable, NamedTuple


class Op(enum.Enum):
    LEAF = enum.auto()
    ADD = enum.auto()
    SUB = enum.auto()
    MUL = enum.auto()
    POW = enum.auto()
    SIN = enum.auto()


class History(NamedTuple):
    op: Op
    inputs: tuple[Num, ...] = ()


FORWARD: dict[Op, Callable[..., float]] = {
    Op.ADD: operator.add,
    Op.SUB: operator.sub,
    Op.MUL: operator.mul,
    Op.POW: operator.pow,
    Op.SIN: math.sin,
}

BACKWARD: dict[Op, Callable[..., tuple[float, ...]]] = {
    Op.ADD: lambda a, b: (1.0, 1.0),
    Op.SUB: lambda a, b: (1.0, -1.0),
    Op.MUL: lambda a, b: (b, a),
    Op.POW: lambda a, b: (b * a ** (b - 1), a ** b * math.log(a)),
    Op.SIN: lambda a: (math.cos(a),),
}


class Num:
    __slots__ = ("val", "derivative", "history")

    def __init__(self, val: float, history: History = History(Op.LEAF)) -> None:
        self.val = val
        self.derivative = 0.0
        self.history = history

    @classmethod
    def apply(cls, op: Op, *args: Num | float) -> Num:
        nums = tuple(a if isinstance(a, Num) else cls(a) for a in args)
        return cls(FORWARD[op](*(n.val for n in nums)), History(op, nums))

    def __add__(self, o): return Num.apply(Op.ADD, self, o)
    def __radd__(self, o): return Num.apply(Op.ADD, o, self)
    def __sub__(self, o): return Num.apply(Op.SUB, self, o)
    def __rsub__(self, o): return Num.apply(Op.SUB, o, self)
    def __mul__(self, o): return Num.apply(Op.MUL, self, o)
    def __rmul__(self, o): return Num.apply(Op.MUL, o, self)
    def __pow__(self, o): return Num.apply(Op.POW, self, o)
    def sin(self): return Num.apply(Op.SIN, self)

    def backprop(self) -> list[Num]:
        order: list[Num] = []
        seen: set[int] = set()

        def visit(n: Num) -> None:
            if id(n) not in seen:
                seen.add(id(n))
                for i in n.history.inputs:
                    visit(i)
                order.append(n)

        visit(self)
        self.derivative = 1.0
        for n in reversed(order):
            op, inputs = n.history
            if op is Op.LEAF:
                continue
            for i, d in zip(inputs, BACKWARD[op](*(i.val for i in inputs))):
                i.derivative += d * n.derivative
        return order

    def __repr__(self) -> str:
        return f"Num({self.val:.8g}, {self.history.op.name})"


x, y = Num(1.3), Num(2.2)
z = (x ** y - 2 * x).sin() + (1 - y) * x
order = z.backprop()
print(z, x.derivative, y.derivative)
print([n.history.op.name for n in order])
print(order[-1] is z, z.history.inputs, z.history.op, Op.ADD in FORWARD)

# find x with x ** x = 5
x = Num(1.5)
for i in range(12):
    e = x ** x - 5
    loss = e * e
    x.derivative = 0.0
    loss.backprop()
    x.val -= 0.005 * x.derivative
    if i % 3 == 0:
        print(i, loss, x, x.derivative)
