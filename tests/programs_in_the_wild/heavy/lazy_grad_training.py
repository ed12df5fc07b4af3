# every number knows what it was used for; gradients are pulled, not pushed
import math
import random
import sys

sys.setrecursionlimit(20000)


class Var:
    def __init__(self, val):
        self.val = val
        self.uses = []
        self._g = None

    def grad(self):
        if self._g is None:
            self._g = sum(d * out.grad() for d, out in self.uses)
        return self._g

    def __add__(self, other):
        out = Var(self.val + other.val)
        self.uses.append((1.0, out))
        other.uses.append((1.0, out))
        return out

    def __sub__(self, other):
        out = Var(self.val - other.val)
        self.uses.append((1.0, out))
        other.uses.append((-1.0, out))
        return out

    def __mul__(self, other):
        out = Var(self.val * other.val)
        self.uses.append((other.val, out))
        other.uses.append((self.val, out))
        return out

    def tanh(self):
        t = math.tanh(self.val)
        out = Var(t)
        self.uses.append((1 - t * t, out))
        return out


random.seed(2718)
H = 14
theta = [random.uniform(-1, 1) for _ in range(4 * H + 1)]
grid = [(i / 5 - 1, j / 5 - 1) for i in range(0, 11, 2) for j in range(0, 11, 2)]
for epoch in range(430):
    params = [Var(t) for t in theta]
    wx, wy, b, o = (params[k * H:(k + 1) * H] for k in range(4))
    loss = Var(0.0)
    for x, y in grid:
        X, Y = Var(x), Var(y)
        out = params[-1]
        for k in range(H):
            out = out + (wx[k] * X + wy[k] * Y + b[k]).tanh() * o[k]
        e = out - Var(x * y)
        loss = loss + e * e
    loss._g = 1.0
    grads = [p.grad() for p in params]
    theta = [t - 0.0015 * g for t, g in zip(theta, grads)]
    if epoch % 50 == 0:
        print(epoch, '%.9f' % loss.val, '%.9f' % math.sqrt(sum(g * g for g in grads)))
print([round(t, 6) for t in theta[:5]])
