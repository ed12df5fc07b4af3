import math


class Var(object):
    def __init__(self, val, op=None, args=None):
        self.val = val
        self.grad = 0.
        self.op = op
        self.args = args or []

    def __add__(self, o): return Var(self.val + wrap(o).val, '+', [self, wrap(o)])
    def __radd__(self, o): return wrap(o) + self

    def __mul__(self, o):
        o = wrap(o)
        return Var(self.val * o.val, '*', [self, o])

    def __rmul__(self, o): return wrap(o) * self

    def __pow__(self, o):
        o = wrap(o)
        return Var(self.val ** o.val, '**', [self, o])

    def __rpow__(self, o): return wrap(o) ** self

    def __iadd__(self, o):
        # changes this very number: meant for updates, not for the graph
        self.val += o.val if isinstance(o, Var) else o
        return self

    def __isub__(self, o):
        self.val -= o.val if isinstance(o, Var) else o
        return self

    def __eq__(self, o): return self is o
    __hash__ = object.__hash__

    def __repr__(self): return 'Var(%.6g; grad %.6g)' % (self.val, self.grad)


def wrap(x):
    return x if isinstance(x, Var) else Var(x)


def backward(out):
    order = []
    seen = set()

    def visit(n):
        if n in seen:
            return
        seen.add(n)
        for a in n.args:
            visit(a)
        order.append(n)
    visit(out)
    for n in order:
        n.grad = 0.
    out.grad = 1.
    for n in reversed(order):
        if n.op == '+':
            n.args[0].grad += n.grad
            n.args[1].grad += n.grad
        elif n.op == '*':
            n.args[0].grad += n.grad * n.args[1].val
            n.args[1].grad += n.grad * n.args[0].val
        elif n.op == '**':
            x, k = n.args
            x.grad += n.grad * k.val * x.val ** (k.val - 1)
            if x.val > 0:
                k.grad += n.grad * n.val * math.log(x.val)


x, k = Var(2.0), Var(3.0)
y = x ** k + 2 ** x
backward(y)
print(x, k, y)
z = x
x += 1.5
print(x is z, x, z == x, x == Var(3.5))
x -= Var(0.5)
backward(x ** 2)
print(x)
acc = Var(0)
for i in range(5):
    acc += Var(i) ** 2
print(acc, acc.args)

# fit y = a * x ** n
a, n = Var(1.0), Var(1.0)
pts = [(0.5, 0.3), (1.0, 1.2), (1.5, 2.8), (2.0, 4.9)]
for it in range(60):
    loss = 0
    for px, py in pts:
        loss = loss + (a * Var(px) ** n + -py) ** 2
    backward(loss)
    a -= 0.01 * a.grad
    n -= 0.01 * n.grad
    if it % 10 == 9:
        print(it + 1, loss.val, a, n)
