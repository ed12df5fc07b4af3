import numpy as np


class Tensor:
    """reverse mode over small arrays"""

    def __init__(self, data, _children=()):
        self.data = np.asarray(data, dtype=float)
        self.grad = np.zeros_like(self.data)
        self._prev = set(_children)
        self._backward = lambda: None

    def __add__(self, other):
        out = Tensor(self.data + other.data, (self, other))

        def _backward():
            self.grad += out.grad
            other.grad += out.grad if other.data.shape == out.data.shape else out.grad.sum(0)
        out._backward = _backward
        return out

    def __mul__(self, other):
        out = Tensor(self.data * other.data, (self, other))

        def _backward():
            self.grad += other.data * out.grad
            other.grad += self.data * out.grad
        out._backward = _backward
        return out

    def __matmul__(self, other):
        out = Tensor(self.data @ other.data, (self, other))

        def _backward():
            self.grad += out.grad @ other.data.T
            other.grad += self.data.T @ out.grad
        out._backward = _backward
        return out

    def relu(self):
        out = Tensor(np.maximum(0, self.data), (self,))

        def _backward():
            self.grad += (out.data > 0) * out.grad
        out._backward = _backward
        return out

    def sum(self):
        out = Tensor(self.data.sum(), (self,))

        def _backward():
            self.grad += np.ones_like(self.data) * out.grad
        out._backward = _backward
        return out

    def backward(self):
        topo, visited = [], set()

        def build(v):
            if v not in visited:
                visited.add(v)
                for c in v._prev:
                    build(c)
                topo.append(v)
        build(self)
        self.grad = np.ones_like(self.data)
        for v in reversed(topo):
            v._backward()


rng = np.random.default_rng(4)
x = Tensor(rng.normal(size=(6, 2)))
t = Tensor(-(x.data[:, :1] * x.data[:, 1:]))
w1, b1 = Tensor(rng.normal(size=(2, 8))), Tensor(np.zeros(8))
w2 = Tensor(rng.normal(size=(8, 1)))
for i in range(30):
    d = (x @ w1 + b1).relu() @ w2 + t
    loss = (d * d).sum()
    for p in (w1, b1, w2, x, t):
        p.grad = np.zeros_like(p.data)
    loss.backward()
    for p in (w1, b1, w2):
        p.data -= 0.01 * p.grad
    if i % 6 == 0:
        print(i, round(float(loss.data), 6))
print(w1.grad.shape, np.round(w2.data.ravel(), 4))
s = Tensor(3.0) * Tensor(4.0)
s.backward()
print(s.data, sorted(float(c.grad) for c in s._prev))
