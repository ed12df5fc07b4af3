"""an engine with a switch: inside no_grad() nothing is recorded"""
import math
from contextlib import contextmanager

_recording = True


@contextmanager
def no_grad():
    global _recording
    before, _recording = _recording, False
    try:
        yield
    finally:
        _recording = before


class Value:
    def __init__(self, data, children=(), local_grads=()):
        self.data = data
        self.grad = 0
        self._children = children if _recording else ()
        self._local_grads = local_grads if _recording else ()

    def __add__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        return Value(self.data + other.data, (self, other), (1, 1))

    def __mul__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        return Value(self.data * other.data, (self, other), (other.data, self.data))

    def __pow__(self, k):
        return Value(self.data ** k, (self,), (k * self.data ** (k - 1),))

    def tanh(self):
        t = math.tanh(self.data)
        return Value(t, (self,), (1 - t * t,))

    def __neg__(self): return self * -1
    def __radd__(self, other): return self + other
    def __sub__(self, other): return self + (-other)
    def __rmul__(self, other): return self * other

    def backward(self):
        order, seen = [], set()

        def visit(v):
            if v not in seen:
                seen.add(v)
                for child in v._children:
                    visit(child)
                order.append(v)
        visit(self)
        self.grad = 1
        for v in reversed(order):
            for child, local in zip(v._children, v._local_grads):
                child.grad += local * v.grad

    def __repr__(self):
        return f'Value({self.data}, {self.grad})'


w, b = Value(0.5), Value(0.0)
rows = [(k / 4, math.tanh(k / 2 - 0.5)) for k in range(-6, 7)]


def error(w, b):
    return sum(((w * x + b).tanh() - y) ** 2 for x, y in rows) * (1 / len(rows))


for epoch in range(30):
    with no_grad():
        before = error(w, b)
    loss = error(w, b)
    loss.backward()
    with no_grad():
        for p in (w, b):
            p.data -= 0.3 * p.grad
            p.grad = 0
        step = w * w + b
    if epoch % 10 == 0:
        print(epoch, before, loss, len(before._children), len(loss._children), step)

with no_grad():
    frozen = w * 2 + b
    print(frozen, frozen._children)
mixed = frozen * w + b
mixed.backward()
print(mixed, frozen, w, b, [len(c._children) for c in mixed._children])
