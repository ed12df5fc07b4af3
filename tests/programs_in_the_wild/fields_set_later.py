"""a number is made empty, and gets its value, operands and step afterwards; functions do the same"""
import math
import random
from collections import deque

random.seed(21)


class Scalar:
    def __init__(self, value=None, inputs=(), name=None):
        self.value = value
        self.name = name
        self.op = None
        self.inputs = inputs
        self.grad = 0.0
        self.step = lambda: None

    def __add__(self, other):
        other = wrap(other)
        res = Scalar()
        res.value = self.value + other.value
        res.op = 'add'
        res.inputs = (self, other)

        def step():
            self.grad += res.grad
            other.grad += res.grad
        res.step = step
        return res

    def __mul__(self, other):
        other = wrap(other)
        res = Scalar()
        res.value = self.value * other.value
        res.op = 'mul'
        res.inputs = (self, other)

        def step():
            self.grad += res.grad * other.value
            other.grad += res.grad * self.value
        res.step = step
        return res

    def __sub__(self, other):
        return self + wrap(other) * -1

    __radd__, __rmul__ = __add__, __mul__

    def backward(self):
        uses, todo = {}, deque([self])
        seen = {self}
        while todo:
            for entry in todo.popleft().inputs:
                uses[entry] = uses.get(entry, 0) + 1
                if entry not in seen:
                    seen.add(entry)
                    todo.append(entry)
        self.grad = 1.0
        todo = deque([self])
        while todo:
            scalar = todo.popleft()
            scalar.step()
            for entry in scalar.inputs:
                uses[entry] -= 1
                if not uses[entry]:
                    todo.append(entry)


def wrap(x):
    return x if isinstance(x, Scalar) else Scalar(x)


def sigmoid(x):
    res = Scalar()
    res.value = 1 / (1 + math.exp(-x.value))
    res.op = 'sigmoid'
    res.inputs = (x,)

    def step():
        x.grad += res.grad * res.value * (1 - res.value)
    res.step = step
    return res


def softmax(xs):
    top = max(x.value for x in xs)
    parts = [math.exp(x.value - top) for x in xs]
    results = []
    for k, part in enumerate(parts):
        res = Scalar(part / sum(parts))
        res.op = 'softmax'
        res.inputs = tuple(xs)

        def step(k=k, res=res):
            for j, x in enumerate(xs):
                x.grad += res.grad * res.value * ((j == k) - results[j].value)
        res.step = step
        results.append(res)
    return results


ACTIVATIONS = {'sigmoid': sigmoid}
weights = [[Scalar(random.uniform(-1, 1)) for _ in range(3)] for _ in range(3)]
rows = [([random.random() for _ in range(2)], k % 3) for k in range(9)]
for epoch in range(15):
    total = Scalar(0.0)
    for x, label in rows:
        scores = [ACTIVATIONS['sigmoid'](w[0] * x[0] + w[1] * x[1] + w[2]) for w in weights]
        for k, p in enumerate(softmax(scores)):
            total = total + (p - (k == label)) * (p - (k == label))
    for w in sum(weights, []):
        w.grad = 0.0
    total.backward()
    for w in sum(weights, []):
        w.value -= 0.5 * w.grad
    if epoch % 5 == 0:
        print(epoch, total.value, [w.grad for w in weights[0]])
empty = Scalar(name='nothing yet')
print(empty.value, empty.name, empty.op, empty.inputs)
empty.value = 2.5
out = empty * empty - 1
out.backward()
print(out.value, empty.grad, out.op, [entry.op for entry in out.inputs])
