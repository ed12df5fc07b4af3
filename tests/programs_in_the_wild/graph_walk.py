"""Walks over the expression graph in various ways."""
from collections import Counter
import math


class Value:
    def __init__(self, data, _children=(), _op='', label=''):
        self.data = data
        self.grad = 0.0
        self._backward = lambda: None
        self._prev = set(_children)
        self._op = _op
        self.label = label

    def __repr__(self):
        return f"Value(data={self.data})"

    def __add__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        out = Value(self.data + other.data, (self, other), '+')

        def _backward():
            self.grad += 1.0 * out.grad
            other.grad += 1.0 * out.grad
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
        x = self.data
        t = (math.exp(2*x) - 1)/(math.exp(2*x) + 1)
        out = Value(t, (self, ), 'tanh')

        def _backward():
            self.grad += (1 - t**2) * out.grad
        out._backward = _backward
        return out


def trace(root):
    nodes, edges = set(), set()

    def build(v):
        if v not in nodes:
            nodes.add(v)
            for child in v._prev:
                edges.add((child, v))
                build(child)
    build(root)
    return nodes, edges


def depth(v):
    return 1 + max((depth(c) for c in v._prev), default=0)


def expression(v):
    if not v._prev:
        return v.label or str(v.data)
    kids = sorted((expression(c) for c in v._prev))
    if v._op in '+*':
        return '(' + f' {v._op} '.join(kids) + ')'
    return f'{v._op}({kids[0]})'


def tree(v, indent=0):
    print(' ' * indent + f'{v._op or "leaf"} {v.label} | data {v.data:.4f} | grad {v.grad:.4f}')
    for c in sorted(v._prev, key=lambda c: c.data):
        tree(c, indent + 2)


# a neuron with two inputs
x1 = Value(1.75, label="x1")
x2 = Value(0.25, label="x2")
w1 = Value(-3.5, label="w1")
w2 = Value(1.0, label='w2')
b = Value(6.75, label='b')
x1w1 = x1*w1; x1w1.label = 'x1*w1'
x2w2 = x2*w2; x2w2.label = 'x2*w2'
x1w1x2w2 = x1w1 + x2w2; x1w1x2w2.label = 'x1*w1 + x2*w2'
n = x1w1x2w2 + b; n.label = 'n'
o = n.tanh(); o.label = 'o'

# by hand, in order
o.grad = 1.0
o._backward()
n._backward()
b._backward()
x1w1x2w2._backward()
x2w2._backward()
x1w1._backward()
tree(o)

nodes, edges = trace(o)
print(len(nodes), len(edges), depth(o), sorted(Counter(v._op for v in nodes).items()))
print(expression(o))
print(sorted(f'{a.label} -> {c.label}' for a, c in edges))
print(b._prev, o._prev, o._op, repr(b._op))

# cut the graph: below this number nothing is known any more
x1w1._prev = set()
print(len(trace(o)[0]), depth(o), x1 in trace(o)[0])
x1w1._backward = lambda: print('nothing to do for', x1w1.label)
x1w1._backward()
print(vars(x1)['data'], sorted(vars(x1)), sorted(o.__dict__.keys()))
print(hasattr(o, 'label'), getattr(o, 'nothing', None), o.__class__.__name__)
x1.note = 'an input'
print(x1.note, 'note' in x1.__dict__, x1.__dict__['grad'])
