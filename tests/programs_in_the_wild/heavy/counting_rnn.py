# gated recurrent cell adds up bits; long graphs, sweep without recursion
import math
import random


class Var:
    def __init__(self, val, op='leaf', inputs=()):
        self.val = val
        self.gradient = 0.0
        self.op = op
        self.inputs = inputs

    def __add__(self, o):
        o = o if isinstance(o, Var) else Var(o)
        return Var(self.val + o.val, 'add', (self, o))

    def __sub__(self, o):
        o = o if isinstance(o, Var) else Var(o)
        return Var(self.val - o.val, 'sub', (self, o))

    def __rsub__(self, o):
        return Var(o) - self

    def __mul__(self, o):
        o = o if isinstance(o, Var) else Var(o)
        return Var(self.val * o.val, 'mul', (self, o))

    def tanh(self):
        return Var(math.tanh(self.val), 'tanh', (self,))

    def sigmoid(self):
        return Var(0.5 * (1 + math.tanh(self.val / 2)), 'sigmoid', (self,))

    def backprop(self):
        topo, state = [], {}
        stack = [self]
        while stack:
            n = stack[-1]
            s = state.get(n, 0)
            if s == 0:
                state[n] = 1
                for i in n.inputs:
                    if i not in state:
                        stack.append(i)
            else:
                stack.pop()
                if s == 1:
                    state[n] = 2
                    topo.append(n)
        self.gradient = 1.0
        for n in reversed(topo):
            g = n.gradient
            if n.op == 'add':
                a, b = n.inputs
                a.gradient += g
                b.gradient += g
            elif n.op == 'sub':
                a, b = n.inputs
                a.gradient += g
                b.gradient -= g
            elif n.op == 'mul':
                a, b = n.inputs
                a.gradient += g * b.val
                b.gradient += g * a.val
            elif n.op == 'tanh':
                n.inputs[0].gradient += g * (1 - n.val * n.val)
            elif n.op == 'sigmoid':
                n.inputs[0].gradient += g * n.val * (1 - n.val)
        return len(topo)


def dot(ws, xs):
    total = ws[0] * xs[0]
    for w, x in zip(ws[1:], xs[1:]):
        total = total + w * x
    return total


class GatedCell:
    def __init__(self, n):
        self.n = n
        self.wz = [[Var(random.gauss(0, 0.4)) for _ in range(n + 2)] for _ in range(n)]
        self.wh = [[Var(random.gauss(0, 0.4)) for _ in range(n + 2)] for _ in range(n)]
        self.out = [Var(random.gauss(0, 0.4)) for _ in range(n)]

    def params(self):
        return [p for m in (self.wz, self.wh) for row in m for p in row] + self.out

    def run(self, bits):
        h = [Var(0.0) for _ in range(self.n)]
        for b in bits:
            x = h + [Var(float(b)), Var(1.0)]
            z = [dot(r, x).sigmoid() for r in self.wz]
            c = [dot(r, x).tanh() for r in self.wh]
            h = [(1 - zi) * hi + zi * ci for zi, hi, ci in zip(z, h, c)]
        return dot(self.out, h)


random.seed(500)
cell = GatedCell(6)
data = []
for _ in range(16):
    bits = [random.randint(0, 1) for _ in range(random.randint(6, 14))]
    data.append((bits, sum(bits) / 10))
print('parameters', len(cell.params()))
for epoch in range(40):
    total, nodes = 0.0, 0
    for bits, y in data:
        e = cell.run(bits) - y
        loss = e * e
        for p in cell.params():
            p.gradient = 0.0
        nodes += loss.backprop()
        for p in cell.params():
            p.val -= 0.05 * max(-2.0, min(2.0, p.gradient))
        total += loss.val
    if epoch % 10 == 0:
        print('epoch', epoch, 'loss', round(total, 9), 'nodes', nodes)
for bits, y in data[:4]:
    print(bits, y, round(cell.run(bits).val, 6))
