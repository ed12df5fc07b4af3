"""operations are objects with forward and backward; a number learns afterwards what it came from"""
import math


class Var:
    def __init__(self, value, parents=None, vjp=None):
        self.value = value
        self.grad = 0
        self.parents = parents or ()
        self.vjp = vjp or (lambda *parents: ())

    def __add__(self, other):
        return add(self, other if isinstance(other, Var) else Var(other))

    def __mul__(self, other):
        return mul(self, other if isinstance(other, Var) else Var(other))

    def __sub__(self, other):
        return sub(self, other if isinstance(other, Var) else Var(other))

    def order(self, found, seen):
        seen.add(self)
        for parent in self.parents:
            if parent not in seen:
                parent.order(found, seen)
        found.append(self)
        return found

    def backward(self):
        self.grad = 1
        for var in reversed(self.order([], set())):
            for parent, slope in zip(var.parents, var.vjp(*var.parents)):
                parent.grad += var.grad * slope

    def zero_grad(self):
        for var in self.order([], set()):
            var.grad = 0

    def __repr__(self):
        return f'Var({self.value!r})'


class Function:
    def __call__(self, *args):
        out = self.forward(*args)
        out.parents = args
        out.vjp = self.backward
        return out


class Add(Function):
    def forward(self, x, y): return Var(x.value + y.value)
    def backward(self, x, y): return 1.0, 1.0


class Sub(Function):
    def forward(self, x, y): return Var(x.value - y.value)
    def backward(self, x, y): return 1.0, -1.0


class Mul(Function):
    def forward(self, x, y): return Var(x.value * y.value)
    def backward(self, x, y): return y.value, x.value


class Sin(Function):
    def forward(self, x): return Var(math.sin(x.value))
    def backward(self, x): return (math.cos(x.value),)


class Hypot(Function):
    def forward(self, *xs): return Var(math.hypot(*(x.value for x in xs)))

    def backward(self, *xs):
        length = math.hypot(*(x.value for x in xs))
        return tuple(x.value / length for x in xs)


add, sub, mul, sin, hypot = Add(), Sub(), Mul(), Sin(), Hypot()

a, b, c = Var(0.5), Var(-1.25), Var(2.0)
out = sin(a * b) * hypot(a, b, c) - mul(a, sin(c) + 3)
out.backward()
print(out, [v.grad for v in (a, b, c)], len(out.parents), out.parents[0])
out.zero_grad()
print([v.grad for v in (a, b, c)])

# the nearest point on a sine to (1, 2)
t = Var(1.0)
for step in range(40):
    distance = hypot(t - 1, sin(t) - 2)
    distance.backward()
    t.value -= 0.2 * t.grad
    distance.zero_grad()
    if step % 8 == 0:
        print(step, distance, t)
