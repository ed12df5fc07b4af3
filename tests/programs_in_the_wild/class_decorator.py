import functools
import math


def with_reflected(cls):
    """adds the right-hand operators to a class that has the left-hand ones"""
    for name in ('add', 'mul', 'sub', 'truediv'):
        left = getattr(cls, f'__{name}__')

        def right(self, other, left=left):
            return left(cls(other), self)
        setattr(cls, f'__r{name}__', right)
    return cls


def counted(cls):
    original = cls.__init__

    @functools.wraps(original)
    def __init__(self, *args, **kwargs):
        cls.made += 1
        original(self, *args, **kwargs)
    cls.__init__ = __init__
    cls.made = 0
    return cls


@counted
@with_reflected
class Value:
    def __init__(self, data, prev=(), op=''):
        self.data, self.grad, self.prev, self.op = data, 0.0, prev, op
        self.backward_fn = None

    def __add__(self, o):
        o = o if isinstance(o, Value) else Value(o)
        out = Value(self.data + o.data, (self, o), '+')

        def fn(g):
            self.grad += g
            o.grad += g
        out.backward_fn = fn
        return out

    def __sub__(self, o):
        o = o if isinstance(o, Value) else Value(o)
        out = Value(self.data - o.data, (self, o), '-')

        def fn(g):
            self.grad += g
            o.grad -= g
        out.backward_fn = fn
        return out

    def __mul__(self, o):
        o = o if isinstance(o, Value) else Value(o)
        out = Value(self.data * o.data, (self, o), '*')

        def fn(g):
            self.grad += g * o.data
            o.grad += g * self.data
        out.backward_fn = fn
        return out

    def __truediv__(self, o):
        o = o if isinstance(o, Value) else Value(o)
        out = Value(self.data / o.data, (self, o), '/')

        def fn(g):
            self.grad += g / o.data
            o.grad -= g * self.data / o.data ** 2
        out.backward_fn = fn
        return out

    def exp(self):
        out = Value(math.exp(self.data), (self,), 'exp')

        def fn(g):
            self.grad += g * out.data
        out.backward_fn = fn
        return out

    def backward(self):
        order, seen = [], set()

        def visit(v):
            if v not in seen:
                seen.add(v)
                for p in v.prev:
                    visit(p)
                order.append(v)
        visit(self)
        self.grad = 1.0
        for v in reversed(order):
            if v.backward_fn:
                v.backward_fn(v.grad)


x = Value(0.7)
sig = 1 / (1 + (0 - x).exp())
sig.backward()
print(sig.data, x.grad, sig.data * (1 - sig.data))
y = 2 * x - 3 / x + (5 - x) + (10 + x)
x.grad = 0
y.backward()
print(y.data, x.grad)
print('numbers made:', Value.made)
print([p.op for p in y.prev], y.op, Value.__init__.__name__)
