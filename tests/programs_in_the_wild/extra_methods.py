import math


class Value:
    """scalar with a few conveniences"""

    def __init__(self, data, _children=(), _op='', label=''):
        self.data = data
        self.grad = 0.0
        self._prev = []
        self._op = _op
        self.label = label
        self._backward = lambda: None
        self.add_children(*_children)

    def add_children(self, *children):
        for c in children:
            if c not in self._prev:
                self._prev.append(c)
        return self

    @property
    def shape(self):
        return (1,)

    def item(self):
        return float(self.data)

    def named(self, label):
        self.label = label
        return self

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

    def clip(self, lo, hi):
        out = Value(min(max(self.data, lo), hi), (self,), f'clip[{lo},{hi}]')

        def _backward():
            self.grad += out.grad if lo <= self.data <= hi else 0.0
        out._backward = _backward
        return out

    def max_with(self, other):
        other = other if isinstance(other, Value) else Value(other)
        first = self.data >= other.data
        out = Value(self.data if first else other.data, (self, other), 'max')

        def _backward():
            if first:
                self.grad += out.grad
            else:
                other.grad += out.grad
        out._backward = _backward
        return out

    def abs(self):
        out = Value(abs(self.data), (self,), 'abs')

        def _backward():
            self.grad += math.copysign(1, self.data) * out.grad
        out._backward = _backward
        return out

    def topo(self):
        order, seen = [], set()

        def build(v):
            if id(v) in seen:
                return
            seen.add(id(v))
            for c in v._prev:
                build(c)
            order.append(v)
        build(self)
        return order

    def backward(self):
        self.grad = 1.0
        for v in reversed(self.topo()):
            v._backward()

    def draw_graph(self, prefix='', last=True):
        mark = '`-- ' if last else '|-- '
        name = self.label or self._op or 'const'
        print(prefix + mark + f'{name} data={self.data:.3f} grad={self.grad:.3f}')
        for i, c in enumerate(self._prev):
            c.draw_graph(prefix + ('    ' if last else '|   '), i == len(self._prev) - 1)

    def to_tensor(self):
        return [[self.data]]


x = Value(2.0, label='x')
y = Value(-3.0, label='y')
z = (x * y).named('xy').clip(-5, 5) + x.max_with(y) * y.abs() + (x + 1).clip(0, 2.5)
z.named('z').backward()
z.draw_graph()
print(len(z.topo()), [v.label or v._op for v in z.topo()])
print(x.shape, z.item(), x.grad, y.grad, x.to_tensor())
s = x * x
print(len(s._prev), s.add_children(x, y)._prev == [x, y])
s.backward()
print(x.grad, y.grad)
