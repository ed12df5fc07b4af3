import math

from .core import Var


def _var(x):
    return x if isinstance(x, Var) else Var(x)


def add(a, b):
    a, b = _var(a), _var(b)
    out = Var(a.data + b.data, (a, b), "+")

    def back():
        a.grad += out.grad
        b.grad += out.grad
    out._back = back
    return out


def mul(a, b):
    a, b = _var(a), _var(b)
    out = Var(a.data * b.data, (a, b), "*")

    def back():
        a.grad += b.data * out.grad
        b.grad += a.data * out.grad
    out._back = back
    return out


def sin(a):
    out = Var(math.sin(a.data), (a,), "sin")

    def back():
        a.grad += math.cos(a.data) * out.grad
    out._back = back
    return out


def exp(a):
    out = Var(math.exp(a.data), (a,), "exp")

    def back():
        a.grad += out.data * out.grad
    out._back = back
    return out
