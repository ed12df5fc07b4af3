import math, random, sys

class Num(object):
    """pathwise adjoint number"""
    __slots__ = ('v', 'derivative', 'inputs', 'partials')
    def __init__(self, v, inputs=(), partials=()):
        self.v = v; self.derivative = 0.0; self.inputs = inputs; self.partials = partials
    def __add__(self, o):
        if isinstance(o, Num): return Num(self.v + o.v, (self, o), (1.0, 1.0))
        return Num(self.v + o, (self,), (1.0,))
    __radd__ = __add__
    def __sub__(self, o):
        if isinstance(o, Num): return Num(self.v - o.v, (self, o), (1.0, -1.0))
        return Num(self.v - o, (self,), (1.0,))
    def __mul__(self, o):
        if isinstance(o, Num): return Num(self.v * o.v, (self, o), (o.v, self.v))
        return Num(self.v * o, (self,), (o,))
    __rmul__ = __mul__
    def __truediv__(self, o):
        if isinstance(o, Num): return Num(self.v / o.v, (self, o), (1 / o.v, -self.v / o.v**2))
        return Num(self.v / o, (self,), (1 / o,))
    def exp(self):
        e = math.exp(self.v)
        return Num(e, (self,), (e,))
    def pos(self):
        return Num(self.v, (self,), (1.0,)) if self.v > 0 else Num(0.0, (self,), (0.0,))

def adjoints(root):
    order = []; seen = {root}; stack = [(root, 0)]
    while stack:
        n, i = stack.pop()
        if i < len(n.inputs):
            stack.append((n, i + 1))
            c = n.inputs[i]
            if c not in seen:
                seen.add(c); stack.append((c, 0))
        else:
            order.append(n)
    root.derivative = 1.0
    for n in reversed(order):
        d = n.derivative
        for c, p in zip(n.inputs, n.partials): c.derivative += p * d
    return len(order)

def asian_call(paths, steps, seed):
    rnd = random.Random(seed)
    S0, r, sigma = Num(100.0), Num(0.02), Num(0.3)
    T, K = 1.0, 102.0
    dt = T / steps
    drift = (r - sigma * sigma * 0.5) * dt
    total = Num(0.0)
    for _ in range(paths):
        S, mean = S0, Num(0.0)
        for _ in range(steps):
            S = S * (drift + sigma * (rnd.gauss(0, 1) * math.sqrt(dt))).exp()
            mean = mean + S / steps
        total = total + (mean - K).pos()
    price = total * (1.0 / paths) * (r * -T).exp()
    n = adjoints(price)
    return price.v, S0.derivative, sigma.derivative, r.derivative, n

def main():
    for seed in range(4):
        price, delta, vega, rho, n = asian_call(900, 24, seed)
        print('seed %d price %.8f delta %.8f vega %.7f rho %.7f nodes %d' % (seed, price, delta, vega, rho, n))
    return 0

sys.exit(main())
