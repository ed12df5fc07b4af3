# Black-Scholes price and its sensitivities by reverse mode
import math


class Dual:
    """a number with an adjoint"""

    def __init__(self, x, tape=()):
        self.x = x
        self.adj = 0.0
        self.tape = tape

    def __add__(self, o):
        o = lift(o)
        return Dual(self.x + o.x, ((self, 1.0), (o, 1.0)))
    __radd__ = __add__

    def __sub__(self, o):
        o = lift(o)
        return Dual(self.x - o.x, ((self, 1.0), (o, -1.0)))

    def __rsub__(self, o): return lift(o) - self

    def __mul__(self, o):
        o = lift(o)
        return Dual(self.x * o.x, ((self, o.x), (o, self.x)))
    __rmul__ = __mul__

    def __truediv__(self, o):
        o = lift(o)
        return Dual(self.x / o.x, ((self, 1 / o.x), (o, -self.x / o.x ** 2)))

    def __neg__(self): return Dual(-self.x, ((self, -1.0),))

    def __float__(self): return self.x


def lift(v): return v if isinstance(v, Dual) else Dual(float(v))
def log(v): return Dual(math.log(v.x), ((v, 1 / v.x),))
def exp(v): return Dual(math.exp(v.x), ((v, math.exp(v.x)),))
def sqrt(v): return Dual(math.sqrt(v.x), ((v, 0.5 / math.sqrt(v.x)),))


def N(v):
    phi = math.exp(-v.x * v.x / 2) / math.sqrt(2 * math.pi)
    return Dual(0.5 * (1 + math.erf(v.x / math.sqrt(2))), ((v, phi),))


def propagate(out):
    order, seen = [], set()

    def visit(n):
        if id(n) in seen:
            return
        seen.add(id(n))
        for p, _ in n.tape:
            visit(p)
        order.append(n)
    visit(out)
    out.adj = 1.0
    for n in reversed(order):
        for p, d in n.tape:
            p.adj += d * n.adj


def call(S, K, r, sigma, T):
    d1 = (log(S / K) + (r + sigma * sigma / 2) * T) / (sigma * sqrt(T))
    d2 = d1 - sigma * sqrt(T)
    return S * N(d1) - K * exp(-r * T) * N(d2)


NAMES = ('delta', 'dK', 'rho', 'vega', 'theta')
for spot in (80, 95, 100, 105, 130):
    args = [Dual(spot), Dual(100.0), Dual(0.03), Dual(0.25), Dual(0.75)]
    price = call(*args)
    propagate(price)
    print('S=%3d price=%.8f' % (spot, price.x), ' '.join('%s=%.8f' % (n, a.adj) for n, a in zip(NAMES, args)))

# implied volatility by Newton: price 9.0 at the money
vol = Dual(0.4)
for i in range(6):
    vol = Dual(vol.x)
    p = call(Dual(100.0), Dual(100.0), Dual(0.03), vol, Dual(0.75))
    propagate(p)
    print(i, vol.x, float(p), vol.adj)
    vol.x -= (p.x - 9.0) / vol.adj

put = call(Dual(100.0), Dual(110.0), Dual(0.01), Dual(0.3), Dual(1.0)) - 100.0 + 110.0 * math.exp(-0.01)
print('put by parity', put.x)
