import math


class Var:
    def __init__(self, value):
        self.value = value
        self.children = []      # (weight, result) for every result this number is used in
        self.grad_value = None

    def grad(self):
        # asked for late: sum over everything computed from this number
        if self.grad_value is None:
            self.grad_value = sum(weight * var.grad() for weight, var in self.children)
        return self.grad_value

    def __add__(self, other):
        z = Var(self.value + other.value)
        self.children.append((1.0, z))
        other.children.append((1.0, z))
        return z

    def __mul__(self, other):
        z = Var(self.value * other.value)
        self.children.append((other.value, z))
        other.children.append((self.value, z))
        return z


def sin(x):
    z = Var(math.sin(x.value))
    x.children.append((math.cos(x.value), z))
    return z


def exp(x):
    z = Var(math.exp(x.value))
    x.children.append((z.value, z))
    return z


x = Var(0.5)
y = Var(4.2)
z = x * y + sin(x)
z.grad_value = 1.0
print('z', z.value)
print('dz/dx', x.grad(), 'expected', y.value + math.cos(x.value))
print('dz/dy', y.grad())
print(len(x.children), len(y.children), len(z.children))
print([(w, v.value) for w, v in x.children])

for start in (0.1, 0.9, -1.7):
    a = Var(start)
    b = Var(2.0)
    t = a
    for _ in range(6):
        t = sin(t) * b + exp(t * Var(-0.5))
    t.grad_value = 1.0
    print(start, t.value, a.grad(), b.grad())

# unused number: no children
u = Var(3.0)
print(u.grad())
