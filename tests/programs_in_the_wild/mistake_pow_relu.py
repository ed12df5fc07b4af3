import math
import random


class Value:
    def __init__(self, data, _children=(), _op=''):
        self.data = data
        self.grad = 0.0
        self._children = _children
        self._op = _op
        self._backward = lambda: None

    def _bin(self, other, data, op):
        return Value(data, (self, other), op)

    def __add__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        out = self._bin(other, self.data + other.data, '+')

        def _backward():
            self.grad += out.grad
            other.grad += out.grad
        out._backward = _backward
        return out

    def __mul__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        out = self._bin(other, self.data * other.data, '*')

        def _backward():
            self.grad += other.data * out.grad
            other.grad += self.data * out.grad
        out._backward = _backward
        return out

    def __pow__(self, other):
        # the exponent may be a Value too, but gets no gradient
        other = other if isinstance(other, Value) else Value(other)
        out = self._bin(other, self.data ** other.data, '**')

        def _backward():
            self.grad += other.data * self.data ** (other.data - 1) * out.grad
        out._backward = _backward
        return out

    def relu(self):
        out = Value(self.data if self.data >= 0 else 0.0, (self,), 'relu')

        def _backward():
            # slope one at zero as well
            self.grad += out.grad * (1.0 if self.data >= 0 else 0.0)
        out._backward = _backward
        return out

    def tanh(self):
        # kept from overflowing
        x = max(-3.0, min(3.0, self.data))
        t = (math.exp(2 * x) - 1) / (math.exp(2 * x) + 1)
        out = Value(t, (self,), 'tanh')

        def _backward():
            self.grad += (1 - t ** 2) * out.grad
        out._backward = _backward
        return out

    def __neg__(self): return self * -1
    def __sub__(self, other): return self + (-other)

    def backward(self):
        topo, visited = [], set()

        def build(v):
            if v not in visited:
                visited.add(v)
                for c in v._children:
                    build(c)
                topo.append(v)
        build(self)
        self.grad = 1.0
        for v in reversed(topo):
            v._backward()


x, k = Value(1.7), Value(2.5)
y = x ** k
y.backward()
print(y.data, x.grad, k.grad, y._children[1] is k)
for start in (-1.0, -0.0, 0.0, 1e-9, 2):
    z = Value(start)
    r = z.relu() * 3
    r.backward()
    print(start, r.data, z.grad)
for start in (-50.0, -3.0, 0.4, 3.0, 1000.0):
    z = Value(start)
    t = z.tanh()
    t.backward()
    print(start, t.data, z.grad)

random.seed(12)
w = [Value(random.uniform(-1, 1)) for _ in range(6)]
for step in range(20):
    total = Value(0.0)
    for i in range(-3, 4):
        h = (w[0] * i + w[1]).relu() * w[2] + (w[3] * i).tanh() * w[4] + w[5]
        total = total + (h - i * i / 3) ** 2
    for p in w:
        p.grad = 0.0
    total.backward()
    for p in w:
        p.data -= 0.01 * p.grad
    if step % 4 == 0:
        print(step, total.data)
