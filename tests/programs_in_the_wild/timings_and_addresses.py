import random
import time
from math import tanh


class Value:
    def __init__(self, data, _prev=()):
        self.data = data
        self.grad = 0.0
        self._prev = _prev
        self._backward = lambda: None

    def __add__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        out = Value(self.data + other.data, (self, other))

        def _backward():
            self.grad += out.grad
            other.grad += out.grad
        out._backward = _backward
        return out

    def __mul__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        out = Value(self.data * other.data, (self, other))

        def _backward():
            self.grad += other.data * out.grad
            other.grad += self.data * out.grad
        out._backward = _backward
        return out

    def tanh(self):
        t = tanh(self.data)
        out = Value(t, (self,))

        def _backward():
            self.grad += (1 - t * t) * out.grad
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
        self.grad = 1.0
        for v in reversed(topo):
            v._backward()


class Layer:
    def __init__(self, nin, nout):
        self.w = [[Value(random.uniform(-1, 1)) for _ in range(nin)] for _ in range(nout)]

    def __call__(self, xs):
        outs = []
        for row in self.w:
            s = Value(0.0)
            for w, x in zip(row, xs):
                s = s + w * x
            outs.append(s.tanh())
        return outs


random.seed(6)
start = time.time()
layers = [Layer(3, 4), Layer(4, 2)]
print(layers[0])
print(layers)
print(Value(1.0))
x = [0.1, -0.4, 0.9]
t0 = time.perf_counter()
for epoch in range(10):
    y = x
    for layer in layers:
        y = layer(y)
    loss = (y[0] + -0.5) * (y[0] + -0.5) + (y[1] + 0.5) * (y[1] + 0.5)
    for layer in layers:
        for row in layer.w:
            for p in row:
                p.grad = 0.0
    loss.backward()
    for layer in layers:
        for row in layer.w:
            for p in row:
                p.data -= 0.1 * p.grad
    print('epoch', epoch, 'loss', loss.data)
print(f'took {time.perf_counter() - t0:.2f} s')
print('ms per epoch: %.3f' % ((time.time() - start) * 100))
print(id(loss) == id(loss), hash(loss) == hash(loss), loss == loss)
