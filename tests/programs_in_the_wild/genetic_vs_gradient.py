"""
Two ways to fit the same little network: evolution, then gradients.

The genetic part copies numbers, mutates them and keeps the best, and uses
Value only for the forward pass. The second part takes over its winner.
"""
import math
import random
from copy import copy


class Value:
    def __init__(self, data, _children=(), _op=''):
        self.data = data
        self.grad = 0.0
        self._children = tuple(_children)
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

    def sin(self):
        out = Value(math.sin(self.data), (self,), 'sin')

        def _backward():
            self.grad += math.cos(self.data) * out.grad
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
        self.grad = 1.0
        for v in reversed(topo):
            v._backward()

    def __repr__(self):
        return f'{self.data:+.5f}'


POINTS = [(x / 3, abs(x / 3) - 0.5) for x in range(-3, 4)]


def error(genes):
    a, b, c, d = genes
    total = Value(0.0)
    for x, y in POINTS:
        e = a * (b * x + c).sin() + d + -y
        total = total + e * e
    return total


def mutate(genes, rnd, size):
    child = [copy(g) for g in genes]
    g = rnd.choice(child)
    g.data += rnd.gauss(0, size)
    return child


rnd = random.Random(4711)
population = [[Value(rnd.uniform(-2, 2)) for _ in range(4)] for _ in range(8)]
for generation in range(6):
    population.sort(key=lambda g: error(g).data)
    best = population[0]
    print('generation', generation, 'best', '%.8f' % error(best).data, best)
    population = population[:4] + [mutate(g, rnd, 0.3) for g in population[:4]]

for step in range(15):
    loss = error(best)
    for g in best:
        g.grad = 0.0
    loss.backward()
    best = [Value(g.data - 0.02 * g.grad) for g in best]
    if step % 3 == 2:
        print('step', step + 1, 'loss', '%.8f' % loss.data, best)
