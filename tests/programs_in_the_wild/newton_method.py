import math


class V:
    def __init__(s, v, kids=(), ds=()):
        s.v, s.kids, s.ds, s.g = v, kids, ds, 0

    def __add__(s, o): o = o if isinstance(o, V) else V(o); return V(s.v + o.v, (s, o), (1, 1))
    def __sub__(s, o): o = o if isinstance(o, V) else V(o); return V(s.v - o.v, (s, o), (1, -1))
    def __mul__(s, o): o = o if isinstance(o, V) else V(o); return V(s.v * o.v, (s, o), (o.v, s.v))
    def __truediv__(s, o): o = o if isinstance(o, V) else V(o); return V(s.v / o.v, (s, o), (1 / o.v, -s.v / o.v**2))
    def __pow__(s, n): return V(s.v**n, (s,), (n * s.v**(n - 1),))
    def __radd__(s, o): return V(o) + s
    def __rsub__(s, o): return V(o) - s
    def __rmul__(s, o): return V(o) * s
    def __rtruediv__(s, o): return V(o) / s
    def __neg__(s): return V(-s.v, (s,), (-1,))
    def __repr__(s): return f'V({s.v:.10g})'

    def back(s, g=1):
        L, S = [], set()
        def t(n):
            if n in S: return
            S.add(n)
            for k in n.kids: t(k)
            L.append(n)
        t(s)
        for n in L: n.g = 0
        s.g = g
        for n in L[::-1]:
            for k, d in zip(n.kids, n.ds): k.g += d * n.g


def exp(x): return V(math.exp(x.v), (x,), (math.exp(x.v),))
def sin(x): return V(math.sin(x.v), (x,), (math.cos(x.v),))


def solve(f, x, name, n=30, tol=1e-13):
    x = V(x)
    for i in range(n):
        y = f(x)
        y.back()
        if abs(y.v) < tol: break
        x = V(x.v - y.v / x.g)
    print(f'{name:22s} root {x.v:.12f} after {i} steps, slope {x.g:.8f}')
    return x


solve(lambda x: x**2 - 2, 1.0, 'x^2 = 2')
solve(lambda x: x**3 - 2 * x - 5, 2.0, 'x^3 - 2x = 5')
solve(lambda x: exp(x) - 3, 1.0, 'e^x = 3')
solve(lambda x: sin(x) - x / 2, 2.0, 'sin x = x/2')
solve(lambda x: 1 / x - 7, 0.1, '1/x = 7')
solve(lambda x: x * exp(x) - 1, 0.5, 'x e^x = 1')

# two unknowns: x^2 + y^2 = 4, x y = 1
x, y = V(2.0), V(1.0)
for i in range(6):
    f = x**2 + y**2 - 4
    f.back()
    a, b = x.g, y.g
    g = x * y - 1
    g.back()
    c, d = x.g, y.g
    det = a * d - b * c
    x = V(x.v - (d * f.v - b * g.v) / det)
    y = V(y.v - (a * g.v - c * f.v) / det)
    print(i, x, y, f, -g)
