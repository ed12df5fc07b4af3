import contextlib
import math
import random

_GRAD_ENABLED = True


@contextlib.contextmanager
def no_grad():
    global _GRAD_ENABLED
    before = _GRAD_ENABLED
    _GRAD_ENABLED = False
    try:
        yield
    finally:
        _GRAD_ENABLED = before


class Value:
    def __init__(self, data, requires_grad=False, _ctx=()):
        self.data = data
        self.requires_grad = requires_grad
        self.grad = 0.0 if requires_grad else None
        self._ctx = _ctx
        self._backward = None

    def _result(self, data, ctx, backward):
        needs = _GRAD_ENABLED and any(c.requires_grad for c in ctx)
        out = Value(data, needs, ctx if needs else ())
        if needs:
            out._backward = lambda: backward(out.grad)
        return out

    def _acc(self, g):
        if self.requires_grad:
            self.grad += g

    def __add__(self, other):
        other = other if isinstance(other, Value) else Value(other)

        def backward(g):
            self._acc(g)
            other._acc(g)
        return self._result(self.data + other.data, (self, other), backward)

    def __mul__(self, other):
        other = other if isinstance(other, Value) else Value(other)

        def backward(g):
            self._acc(g * other.data)
            other._acc(g * self.data)
        return self._result(self.data * other.data, (self, other), backward)

    def tanh(self):
        t = math.tanh(self.data)
        return self._result(t, (self,), lambda g: self._acc(g * (1 - t * t)))

    __radd__ = __add__
    __rmul__ = __mul__

    def __sub__(self, other): return self + other * -1

    def detach(self):
        return Value(self.data)

    def requires_grad_(self, flag=True):
        self.requires_grad = flag
        self.grad = 0.0 if flag else None
        return self

    def backward(self):
        if not self.requires_grad:
            raise RuntimeError('this number does not require grad')
        topo, seen = [], set()

        def build(v):
            if v not in seen:
                seen.add(v)
                for c in v._ctx:
                    build(c)
                topo.append(v)
        build(self)
        self.grad = 1.0
        for v in reversed(topo):
            if v._backward:
                v._backward()

    def __repr__(self):
        return f'Value({self.data:.6f}' + (', requires_grad=True)' if self.requires_grad else ')')


random.seed(21)
w = [Value(random.uniform(-1, 1), requires_grad=True) for _ in range(3)]
frozen = Value(0.5)


def model(x):
    return (w[0] * x + w[1]).tanh() * w[2] + frozen


xs = [i / 5 - 1 for i in range(11)]
for epoch in range(20):
    loss = sum(((model(x) - x * abs(x)) * (model(x) - x * abs(x)) for x in xs), Value(0.0))
    for p in w:
        p.grad = 0.0
    loss.backward()
    with no_grad():
        for i, p in enumerate(w):
            w[i] = (p - Value(p.grad) * 0.05).requires_grad_()
    if epoch % 5 == 0:
        print(epoch, loss, w)

with no_grad():
    y = model(0.5)
    print(y, y._ctx, y.requires_grad, frozen.grad)
    try:
        y.backward()
    except RuntimeError as e:
        print('RuntimeError:', e)
z = model(0.5)
print(z, len(z._ctx), z.detach(), _GRAD_ENABLED)
(z.detach() * w[0]).backward()
print([p.grad for p in w])
