import numpy as np


class Value:
    def __init__(self, data, _children=(), _op=''):
        self.data = data
        self.grad = 0
        self._prev = _children
        self._op = _op
        self._backward = lambda: None

    def __add__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        out = Value(self.data + other.data, (self, other), '+')

        def _backward():
            self.grad += out.grad
            other.grad += out.grad
        out._backward = _backward
        return out

    def __mul__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        out = Value(self.data * other.data, (self, other), '*')

        def _backward():
            self.grad += other.data * out.grad
            other.grad += self.data * out.grad
        out._backward = _backward
        return out

    def tanh(self):
        out = Value(np.tanh(self.data), (self,), 'tanh')

        def _backward():
            self.grad += (1 - out.data ** 2) * out.grad
        out._backward = _backward
        return out

    def log(self):
        out = Value(np.log(self.data), (self,), 'log')

        def _backward():
            self.grad += 1 / self.data * out.grad
        out._backward = _backward
        return out

    def backward(self):
        topo, seen = [], set()

        def build(v):
            if v not in seen:
                seen.add(v)
                for c in v._prev:
                    build(c)
                topo.append(v)
        build(self)
        self.grad = 1
        for v in reversed(topo):
            v._backward()

    def __repr__(self):
        return f'Value(data={self.data!r}, grad={self.grad!r})'


np.random.seed(3)
w = [Value(x) for x in np.random.uniform(-1, 1, 4)]
print(w[0])
X = np.random.randn(6, 3)
y = np.sign(X[:, 0] - X[:, 1])
for step in range(10):
    loss = Value(0)
    for row, t in zip(X, y):
        s = w[3]
        for wi, xi in zip(w, row):
            s = s + wi * xi
        d = s.tanh() + -t
        loss = loss + d * d
    for p in w:
        p.grad = 0
    loss.backward()
    for p in w:
        p.data -= 0.1 * p.grad
    print(step, round(float(loss.data), 8))
print([float(round(p.data, 6)) for p in w])
a = Value(2)
b = a * 3 + 1
b.backward()
print(a, b)
print(Value(np.float32(0.5)) * Value(np.float32(0.25)), Value(np.int64(3)) + 4)
with np.errstate(divide='ignore'):
    print(Value(np.float64(0)).log().data)
