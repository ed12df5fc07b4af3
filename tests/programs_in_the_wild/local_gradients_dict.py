from collections import defaultdict
import math


class Variable:
    def __init__(self, value, local_gradients=()):
        self.value = value
        self.local_gradients = local_gradients

    def __add__(self, other):
        return add(self, other)

    def __mul__(self, other):
        return mul(self, other)

    def __sub__(self, other):
        return add(self, neg(other))

    def __truediv__(self, other):
        return mul(self, inv(other))


def add(a, b):
    value = a.value + b.value
    local_gradients = ((a, 1), (b, 1))
    return Variable(value, local_gradients)


def mul(a, b):
    value = a.value * b.value
    local_gradients = ((a, b.value), (b, a.value))
    return Variable(value, local_gradients)


def neg(a):
    return Variable(-1 * a.value, ((a, -1),))


def inv(a):
    return Variable(1. / a.value, ((a, -1 / a.value ** 2),))


def sin(a):
    return Variable(math.sin(a.value), ((a, math.cos(a.value)),))


def log(a):
    return Variable(math.log(a.value), ((a, 1. / a.value),))


def get_gradients(variable):
    """ first derivatives of `variable` with respect to everything it was made of """
    gradients = defaultdict(lambda: 0)

    def compute_gradients(variable, path_value):
        for child, local in variable.local_gradients:
            to_child = path_value * local
            gradients[child] += to_child
            compute_gradients(child, to_child)

    compute_gradients(variable, path_value=1)
    return gradients


a = Variable(230.3)
b = Variable(33.2)


def f(a, b):
    return (a / b - a) * (b / a + a + b) * (a - b)


y = f(a, b)
g = get_gradients(y)
print("y =", y.value)
print("dy/da =", g[a])
print("dy/db =", g[b])

delta = Variable(1e-8)
print("numeric a", round((f(a + delta, b).value - f(a, b).value) / 1e-8, 1))
print(len(g), a in g, delta in g, type(g).__name__)

w = sin(a) * log(b) + sin(sin(b))
g = get_gradients(w)
print(w.value, g[a], g[b])
for value, d in sorted((v.value, d) for v, d in g.items()):
    print("%.6f %.6f" % (value, d))

theta = Variable(1.0)
for i in range(12):
    loss = (theta * theta - Variable(2.0)) * (theta * theta - Variable(2.0))
    theta = Variable(theta.value - 0.05 * get_gradients(loss)[theta])
    print(i, loss.value, theta.value)
