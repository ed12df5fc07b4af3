from math import log, exp


class Scalar:
    EPS = 1e-7

    def __init__(self, val, deps=None, op=''):
        self.val = val
        self.deps = deps if deps is not None else []
        self.op = op
        self.grad = None

    def __add__(self, o):
        o = o if isinstance(o, Scalar) else Scalar(o)
        return Scalar(self.val + o.val, [(self, lambda g: g), (o, lambda g: g)], 'add')

    def __mul__(self, o):
        o = o if isinstance(o, Scalar) else Scalar(o)
        return Scalar(self.val * o.val, [(self, lambda g: g * o.val), (o, lambda g: g * self.val)], 'mul')

    def log(self):
        return Scalar(log(self.val + Scalar.EPS), [(self, lambda g: g / (self.val + Scalar.EPS))], 'log')

    def sigmoid(self):
        s = 1 / (1 + exp(-self.val))
        return Scalar(s, [(self, lambda g: g * s * (1 - s))], 'sigmoid')

    def backward(self, g=1.0):
        # grad is set, not added to; the recursion still visits every path
        self.grad = g
        for dep, f in self.deps:
            dep.backward(f(g))


a, b = Scalar(0.5), Scalar(2.0)
c = (a * b + a).sigmoid().log()
c.backward()
print(c.val, a.grad, b.grad)
print(Scalar(0.0).log().val, Scalar(1.0).log().val)
w = Scalar(-0.4)
for i in range(8):
    ll = Scalar(0.0)
    for x, y in ((1.0, 1), (2.0, 1), (-1.5, 0)):
        p = (w * x).sigmoid()
        ll = ll + (p.log() if y else (p * -1 + 1).log())
    ll.backward()
    w.val += 0.5 * w.grad
    print(i, ll.val, w.grad, w.val)
print(ll.op, len(ll.deps), ll.deps[0][0].op, ll.grad)
