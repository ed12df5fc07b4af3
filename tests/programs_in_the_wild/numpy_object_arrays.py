import numpy as np


class Value:
    def __init__(self, data, _children=(), _op=''):
        self.data = data
        self.grad = 0.0
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

    def __radd__(self, other): return self + other
    def __rmul__(self, other): return self * other
    def __neg__(self): return self * -1
    def __sub__(self, other): return self + (-other)
    def __rsub__(self, other): return (-self) + other

    def tanh(self):
        t = float(np.tanh(self.data))
        out = Value(t, (self,), 'tanh')

        def _backward():
            self.grad += (1 - t * t) * out.grad
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
        self.grad = 1.0
        for v in reversed(topo):
            v._backward()

    def __repr__(self):
        return f'Value({float(self.data):.6f})'


rng = np.random.default_rng(0)
to_values = np.vectorize(Value, otypes=[object])
W = to_values(rng.normal(size=(3, 2)))
b = np.array([Value(0.0) for _ in range(2)], dtype=object)
X = np.array([[0.5, -1.0, 2.0], [1.0, 1.0, 0.0], [-0.5, 0.3, 0.7]])
Y = np.array([[1.0, -1.0], [0.5, 0.5], [-1.0, 1.0]])
get_grad = np.vectorize(lambda v: v.grad, otypes=[float])
get_data = np.vectorize(lambda v: v.data, otypes=[float])

for step in range(15):
    H = X @ W + b
    out = np.array([[v.tanh() for v in row] for row in H], dtype=object)
    E = out - Y
    loss = (E * E).sum()
    for p in [*W.ravel(), *b]:
        p.grad = 0.0
    loss.backward()
    for p in [*W.ravel(), *b]:
        p.data -= 0.2 * p.grad
    if step % 3 == 0:
        print(step, round(float(loss.data), 8))
print(W.shape, W.dtype, W[0, 0], W.T.shape)
print(np.round(get_grad(W), 6))
print(np.round(get_data(b), 6))
print(np.dot(np.array([Value(1.0), Value(2.0)], dtype=object), np.array([3.0, 4.0])))
print(float((np.float64(2.0) * Value(3.0)).data), type(Value(3.0) * 2).__name__)
