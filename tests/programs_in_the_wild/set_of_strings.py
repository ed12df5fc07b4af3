# which operations does a formula use?
import math


class Node:
    def __init__(self, value, parents=(), op='const'):
        self.value = value
        self.grad = 0
        self.parents = parents
        self.op = op

    def __add__(self, o): return Node(self.value + o.value, ((self, 1), (o, 1)), 'add')
    def __mul__(self, o): return Node(self.value * o.value, ((self, o.value), (o, self.value)), 'mul')
    def __neg__(self): return Node(-self.value, ((self, -1),), 'neg')
    def sqrt(self): return Node(math.sqrt(self.value), ((self, 0.5 / math.sqrt(self.value)),), 'sqrt')
    def exp(self): return Node(math.exp(self.value), ((self, math.exp(self.value)),), 'exp')

    def backward(self, g=1.0):
        self.grad += g
        for p, d in self.parents:
            p.backward(g * d)

    def ops(self):
        found = {self.op}
        for p, _ in self.parents:
            found |= p.ops()
        return found


x, y = Node(2.0), Node(0.25)
formulas = {
    'hypotenuse': (x * x + y * y).sqrt(),
    'bell': (-(x * x)).exp(),
    'mix': (x * y + (-y).exp()).sqrt() * x,
}
for name, f in formulas.items():
    x.grad = y.grad = 0
    f.backward()
    print(name, f.value, x.grad, y.grad)
    print('  uses', len(f.ops()), 'operations, sorted:', sorted(f.ops()))
print({'add', 'mul'} <= formulas['mix'].ops())
print('all of them:', set().union(*(f.ops() for f in formulas.values())))
