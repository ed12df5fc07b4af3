import math
import random
from typing import Dict, Tuple


class Variable:
    def __init__(self, value: float, local_gradients: Tuple[Tuple["Variable", float], ...] = ()) -> None:
        self.value = value
        self.local_gradients = local_gradients

    def __add__(self, other: "Variable") -> "Variable":
        return Variable(self.value + other.value, ((self, 1.0), (other, 1.0)))

    def __mul__(self, other: "Variable") -> "Variable":
        return Variable(self.value * other.value, ((self, other.value), (other, self.value)))

    def __sub__(self, other: "Variable") -> "Variable":
        return Variable(self.value - other.value, ((self, 1.0), (other, -1.0)))


def tanh(x: Variable) -> Variable:
    t = math.tanh(x.value)
    return Variable(t, ((x, 1 - t * t),))


def softplus(x: Variable) -> Variable:
    return Variable(math.log1p(math.exp(x.value)), ((x, 1 / (1 + math.exp(-x.value))),))


def get_gradients(variable: Variable) -> Dict[Variable, float]:
    order, seen = [], set()

    def visit(v):
        if v in seen:
            return
        seen.add(v)
        for child, _ in v.local_gradients:
            visit(child)
        order.append(v)

    visit(variable)
    gradients = {variable: 1.0}
    for v in reversed(order):
        g = gradients[v]
        for child, local in v.local_gradients:
            gradients[child] = gradients.get(child, 0.0) + local * g
    return gradients


def dot(ws, xs):
    s = ws[0] * xs[0]
    for w, x in zip(ws[1:], xs[1:]):
        s = s + w * x
    return s


random.seed(314)
N, H = 40, 8
xs, ys = [], []
for _ in range(N):
    r, t = random.random(), random.uniform(0, 2 * math.pi)
    xs.append([Variable(r * math.cos(t)), Variable(r * math.sin(t)), Variable(1.0)])
    ys.append(Variable(1.0 if r < 0.6 else -1.0))
w1 = [[Variable(random.gauss(0, 1)) for _ in range(3)] for _ in range(H)]
w2 = [Variable(random.gauss(0, 1)) for _ in range(H)]
minus, scale = Variable(-1.0), Variable(1.0 / N)

for epoch in range(480):
    loss = Variable(0.0)
    right = 0
    for x, y in zip(xs, ys):
        score = dot(w2, [tanh(dot(row, x)) for row in w1])
        right += (score.value > 0) == (y.value > 0)
        loss = loss + softplus(minus * y * score) * scale
    g = get_gradients(loss)
    # numbers are never changed here: each step makes new parameters
    w1 = [[Variable(p.value - 0.8 * g[p]) for p in row] for row in w1]
    w2 = [Variable(p.value - 0.8 * g[p]) for p in w2]
    if epoch % 50 == 0:
        print(epoch, '%.9f' % loss.value, right, len(g))
print([round(p.value, 6) for p in w2])
