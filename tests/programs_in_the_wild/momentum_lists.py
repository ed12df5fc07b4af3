# gradient descent flavours on the same bowl
import math


class T:
    """one-number tensor"""
    def __init__(self, data, _src=(), _bw=None):
        self.data, self.grad, self._src, self._bw = data, 0., _src, _bw

    def _wrap(f):
        def g(self, other):
            return f(self, other if isinstance(other, T) else T(other))
        return g

    @_wrap
    def __add__(self, other):
        return T(self.data + other.data, (self, other), lambda g: (g, g))

    @_wrap
    def __mul__(self, other):
        return T(self.data * other.data, (self, other), lambda g: (g * other.data, g * self.data))

    def sq(self):
        return T(self.data ** 2, (self,), lambda g: (2 * g * self.data,))

    __radd__, __rmul__ = __add__, __mul__

    def backward(self):
        order, seen = [], set()

        def rec(t):
            if t not in seen:
                seen.add(t)
                for s in t._src: rec(s)
                order.append(t)
        rec(self)
        self.grad = 1.
        for t in order[::-1]:
            if t._bw:
                for s, g in zip(t._src, t._bw(t.grad)):
                    s.grad += g


def bowl(a, b):
    return (a + -1).sq() * 10 + (b + 2).sq() * 0.5 + (a * b).sq() * 0.1


def run(name, update, steps=40):
    ps = [T(-1.0), T(2.0)]
    for p in ps:
        p.velocity = 0.0
        p.cache = 0.0
        p.history = [p.data]
    for t in range(1, steps + 1):
        loss = bowl(*ps)
        for p in ps: p.grad = 0.
        loss.backward()
        for p in ps:
            update(p, t)
            p.history.append(p.data)
    first = ps[0].history
    print(f'{name:10s} loss {bowl(*ps).data:.10f}', [round(p.data, 8) for p in ps], len(first), first[:3])


def sgd(p, t): p.data -= 0.02 * p.grad


def momentum(p, t):
    p.velocity = 0.8 * p.velocity - 0.02 * p.grad
    p.data += p.velocity


def nesterov(p, t):
    before = p.velocity
    p.velocity = 0.8 * p.velocity - 0.02 * p.grad
    p.data += -0.8 * before + 1.8 * p.velocity


def adagrad(p, t):
    p.cache += p.grad ** 2
    p.data -= 0.5 * p.grad / (math.sqrt(p.cache) + 1e-8)


def rmsprop(p, t):
    p.cache = 0.9 * p.cache + 0.1 * p.grad ** 2
    p.data -= 0.05 * p.grad / (math.sqrt(p.cache) + 1e-8)


for f in (sgd, momentum, nesterov, adagrad, rmsprop):
    run(f.__name__, f)
