"""Numbers are rounded to single precision, as on the device this was written for."""
import random
import struct


def f32(x):
    return struct.unpack('f', struct.pack('f', x))[0]


class Value:
    def __init__(self, data, _children=(), _op=''):
        self.data = f32(data)
        self.grad = 0.0
        self._prev = _children
        self._op = _op
        self._backward = lambda: None

    def __add__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        out = Value(self.data + other.data, (self, other), '+')

        def _backward():
            self.grad = f32(self.grad + out.grad)
            other.grad = f32(other.grad + out.grad)
        out._backward = _backward
        return out

    def __mul__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        out = Value(self.data * other.data, (self, other), '*')

        def _backward():
            self.grad = f32(self.grad + f32(other.data * out.grad))
            other.grad = f32(other.grad + f32(self.data * out.grad))
        out._backward = _backward
        return out

    def backward(self):
        topo, visited = [], set()

        def build(v):
            if v in visited:
                return
            visited.add(v)
            for c in v._prev:
                build(c)
            topo.append(v)
        build(self)
        self.grad = 1.0
        for v in reversed(topo):
            v._backward()

    def __repr__(self):
        return 'Value(%r, %r)' % (self.data, self.grad)


print(Value(0.1), Value(0.1) + Value(0.2), Value(1 / 3) * 3, Value(16777216) + 1)
random.seed(8)
w, b = Value(random.random()), Value(random.random())
pts = [(i / 7, 0.7 * i / 7 - 0.3) for i in range(8)]
for step in range(12):
    loss = Value(0)
    for x, y in pts:
        e = w * x + b + -y
        loss = loss + e * e
    w.grad = b.grad = 0.0
    loss.backward()
    w.data = f32(w.data - 0.1 * w.grad)
    b.data = f32(b.data - 0.1 * b.grad)
    print(step, loss.data, w, b)
