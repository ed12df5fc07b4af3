import math
# a queue is enough I think

class Number:
    def __init__(self, value, inputs=(), grads=()):
        self.value, self.inputs, self.grads = value, inputs, grads
        self.gradient = 0.0
    def __add__(self, o):
        return Number(self.value + o.value, (self, o), (1.0, 1.0))
    def __mul__(self, o):
        return Number(self.value * o.value, (self, o), (o.value, self.value))
    def exp(self):
        e = math.exp(self.value)
        return Number(e, (self,), (e,))
    def backprop(self):
        self.gradient = 1.0
        queue = [self]
        visited = []
        while queue:
            n = queue.pop(0)
            if n in visited:
                continue
            visited.append(n)
            for i, g in zip(n.inputs, n.grads):
                i.gradient += g * n.gradient
                queue.append(i)
        return len(visited)

# a plain chain comes out right
a = Number(0.3)
b = (a * a).exp()
print(b.backprop(), b.value, a.gradient)

# a number reached by a short way and by a long way comes too early
x = Number(2.0)
y = x * x
z = y.exp()
w = z * x
out = w + y
print(out.backprop(), out.value)
print('x', x.gradient, 'y', y.gradient, 'z', z.gradient, 'w', w.gradient)
h = 1e-6
def f(v): return math.exp(v * v) * v + v * v
print('by differences', round((f(2 + h) - f(2 - h)) / (2 * h), 3))

t = Number(0.5)
for i in range(6):
    u = t * t
    v = u * t + u
    r = v * t + u
    for n in (t, u, v, r): n.gradient = 0.0
    r.backprop()
    t.value -= 0.1 * t.gradient
    print(i, r.value, t.value, t.gradient)
