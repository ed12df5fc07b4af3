import math

class Node:
    def __init__(self, val, children=(), operation='leaf'):
        self.val = val
        self.derivative = 0
        self.children = list(children)
        self.operation = operation
        self._grads = ()

    @classmethod
    def _make(cls, val, children, grads, operation):
        n = cls(val, children, operation)
        n._grads = grads
        return n

    def __add__(self, o):
        o = lift(o)
        return Node._make(self.val + o.val, (self, o), (1.0, 1.0), 'add')

    def __radd__(self, o):
        return lift(o) + self

    def __sub__(self, o):
        o = lift(o)
        return Node._make(self.val - o.val, (self, o), (1.0, -1.0), 'sub')

    def __rsub__(self, o):
        return lift(o) - self

    def __mul__(self, o):
        o = lift(o)
        return Node._make(self.val * o.val, (self, o), (o.val, self.val), 'mul')

    def __rmul__(self, o):
        return lift(o) * self

    def __truediv__(self, o):
        o = lift(o)
        return Node._make(self.val / o.val, (self, o), (1.0 / o.val, -self.val / o.val ** 2), 'div')

    def __rtruediv__(self, o):
        return lift(o) / self

    def __repr__(self):
        return f'Node[{self.operation}]({self.val})'


def lift(x):
    return x if isinstance(x, Node) else Node(x)


def tanh(x):
    t = math.tanh(x.val)
    return Node._make(t, (x,), (1 - t ** 2,), 'tanh')


def sqrt(x):
    s = math.sqrt(x.val)
    return Node._make(s, (x,), (0.5 / s,), 'sqrt')


def compute_gradients(root):
    order, seen = [], set()

    def dfs(n):
        if id(n) in seen:
            return
        seen.add(id(n))
        for c in n.children:
            dfs(c)
        order.append(n)
    dfs(root)
    for n in order:
        n.derivative = 0
    root.derivative = 1.0
    for n in reversed(order):
        for c, g in zip(n.children, n._grads):
            c.derivative += g * n.derivative
    return order
