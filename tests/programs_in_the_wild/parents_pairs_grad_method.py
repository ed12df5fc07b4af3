import math
import random


class Var:
    def __init__(self, val, parents=[]):
        self.val = val
        self.parents = parents
        self.children = []
        self._grad = None
        for p, d in parents:
            p.children.append((self, d))

    def grad(self):
        if self._grad is not None:
            return self._grad
        if not self.children:
            return 1.0
        self._grad = 0.0
        for child, d in self.children:
            self._grad += d * child.grad()
        return self._grad

    def reset(self):
        self._grad = None
        self.children = []

    def __add__(self, o):
        o = var(o)
        return Var(self.val + o.val, parents=[(self, 1.0), (o, 1.0)])

    def __sub__(self, o):
        o = var(o)
        return Var(self.val - o.val, parents=[(self, 1.0), (o, -1.0)])

    def __mul__(self, o):
        o = var(o)
        return Var(self.val * o.val, parents=[(self, o.val), (o, self.val)])

    __radd__ = __add__
    __rmul__ = __mul__

    def __str__(self):
        return f"{self.val:.6f}"


def var(x):
    return x if isinstance(x, Var) else Var(x)


def logistic(v):
    s = 1 / (1 + math.exp(-v.val))
    return Var(s, parents=[(v, s * (1 - s))])


def log(v):
    return Var(math.log(v.val), parents=[(v, 1 / v.val)])


if __name__ == '__main__':
    random.seed(5)
    w, b = Var(0.0), Var(0.0)
    hours = [0.5, 1.0, 1.5, 2.0, 3.0, 3.5, 4.0, 5.0]
    passed = [0, 0, 0, 1, 0, 1, 1, 1]
    for epoch in range(60):
        w.reset()
        b.reset()
        loss = Var(0.0)
        for h, y in zip(hours, passed):
            p = logistic(w * h + b)
            loss = loss - (log(p) if y else log(1 + -1 * p))
        gw, gb = w.grad(), b.grad()
        w.val -= 0.05 * gw
        b.val -= 0.05 * gb
        if epoch % 10 == 0:
            print(epoch, loss, w, b, round(gw, 8), round(gb, 8))
    print([str(logistic(w * h + b)) for h in hours])
