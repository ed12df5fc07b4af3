# operators live in a mixin, the number itself only knows how to be recorded
import math


class Operators:
    def __add__(self, other): return self._binary(other, lambda a, b: a + b, lambda a, b: (1.0, 1.0), '+')
    def __sub__(self, other): return self._binary(other, lambda a, b: a - b, lambda a, b: (1.0, -1.0), '-')
    def __mul__(self, other): return self._binary(other, lambda a, b: a * b, lambda a, b: (b, a), '*')

    def __truediv__(self, other):
        return self._binary(other, lambda a, b: a / b, lambda a, b: (1 / b, -a / (b * b)), '/')

    def __radd__(self, other): return self._lift(other) + self
    def __rsub__(self, other): return self._lift(other) - self
    def __rmul__(self, other): return self._lift(other) * self
    def __rtruediv__(self, other): return self._lift(other) / self
    def __neg__(self): return 0 - self


class Comparisons:
    def __lt__(self, other): return self.v < getattr(other, 'v', other)
    def __gt__(self, other): return self.v > getattr(other, 'v', other)


class Num(Operators, Comparisons):
    def __init__(self, v, inputs=(), partials=(), operation=''):
        self.v = v
        self.inputs = inputs
        self.partials = partials
        self.operation = operation
        self.gradient = 0

    @classmethod
    def _lift(cls, x):
        return x if isinstance(x, cls) else cls(x)

    def _binary(self, other, f, df, operation):
        other = self._lift(other)
        return Num(f(self.v, other.v), (self, other), df(self.v, other.v), operation)

    def sqrt(self):
        r = math.sqrt(self.v)
        return Num(r, (self,), (1 / (2 * r),), 'sqrt')

    def sin(self):
        return Num(math.sin(self.v), (self,), (math.cos(self.v),), 'sin')

    def backprop(self):
        topo, seen = [], set()

        def visit(n):
            if n not in seen:
                seen.add(n)
                [visit(i) for i in n.inputs]
                topo.append(n)
        visit(self)
        self.gradient = 1.0
        for n in topo[::-1]:
            for i, d in zip(n.inputs, n.partials):
                i.gradient += d * n.gradient

    def __repr__(self):
        return 'Num(%s)' % self.v


a, b = Num(2.0), Num(0.5)
y = (a * b + 1 / b - a.sin() / 3).sqrt() - (-a)
y.backprop()
print(y, a.gradient, b.gradient, y.operation)
print(a < b, a > b, a < 5, 3 > b, sorted([a, b, y]))
print(Num.__mro__)

# smallest circle through descent: move the centre towards the farthest point
pts = [(0, 0), (4, 0), (1, 3), (2, -1)]
cx, cy = Num(0.5), Num(0.5)
for i in range(40):
    far = max((((cx - px) * (cx - px) + (cy - py) * (cy - py)).sqrt() for px, py in pts), key=lambda d: d.v)
    cx.gradient = cy.gradient = 0
    far.backprop()
    cx.v -= 0.4 / (i + 1) * cx.gradient
    cy.v -= 0.4 / (i + 1) * cy.gradient
    if i % 8 == 7:
        print(i + 1, far.v, cx, cy)
