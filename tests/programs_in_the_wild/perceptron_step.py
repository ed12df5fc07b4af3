"""
Perceptron learning with a hard step.

The step function has no useful slope, so the backward pass pretends it is the
identity ("straight through").
"""
import random


class Value:
    def __init__(self, data, _children=(), _op=''):
        self.data = data
        self.grad = 0
        self._children = _children
        self._op = _op

        def _nothing():
            pass
        self._backward = _nothing

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

    def step(self):
        out = Value(1 if self.data > 0 else 0, (self,), 'step')

        def _backward():
            self.grad += out.grad
        out._backward = _backward
        return out

    def backward(self):
        topo, visited = [], set()

        def build(v):
            if v not in visited:
                visited.add(v)
                for c in v._children:
                    build(c)
                topo.append(v)
        build(self)
        self.grad = 1
        for v in reversed(topo):
            v._backward()


class Perceptron:
    def __init__(self, n):
        self.w = [Value(0) for _ in range(n)]
        self.b = Value(0)

    def __call__(self, xs):
        s = self.b
        for w, x in zip(self.w, xs):
            s = s + w * x
        return s.step()

    def fit(self, rows, epochs):
        for e in range(epochs):
            errors = 0
            for xs, y in rows:
                out = self(xs)
                d = out + -y
                loss = d * d
                for p in self.w + [self.b]:
                    p.grad = 0
                loss.backward()
                errors += loss.data
                for p in self.w + [self.b]:
                    p.data -= p.grad
            print('epoch', e, 'errors', errors, [p.data for p in self.w], self.b.data)
            if errors == 0:
                break


for name, table in {'and': (0, 0, 0, 1), 'or': (0, 1, 1, 1), 'nand': (1, 1, 1, 0), 'xor': (0, 1, 1, 0)}.items():
    print(name)
    rows = [((i >> 1, i & 1), y) for i, y in enumerate(table)]
    random.Random(1).shuffle(rows)
    net = Perceptron(2)
    net.fit(rows, 6)
    print([net((a, b)).data for a in (0, 1) for b in (0, 1)])
