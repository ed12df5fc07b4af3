"""
three-class classification of a little spiral, with a random number generator
of its own so that other languages can give the same numbers
"""
import math


class RNG:
    """xorshift generator of 64 bits"""

    def __init__(self, seed):
        self.state = seed

    def random_u32(self):
        self.state ^= (self.state >> 12) & 0xFFFFFFFFFFFFFFFF
        self.state ^= (self.state << 25) & 0xFFFFFFFFFFFFFFFF
        self.state ^= (self.state >> 27) & 0xFFFFFFFFFFFFFFFF
        return ((self.state * 0x2545F4914F6CDD1D) >> 32) & 0xFFFFFFFF

    def random(self):
        return (self.random_u32() >> 8) / 16777216.0

    def uniform(self, a=0.0, b=1.0):
        return a + (b - a) * self.random()


rng = RNG(42)


class Value:
    def __init__(self, data, _prev=(), _op='', requires_grad=False):
        self.data = data
        self.grad = 0
        self.requires_grad = requires_grad
        self._prev = _prev if requires_grad else ()
        self._op = _op
        self._backward = lambda: None

    def _out(self, data, prev, op):
        return Value(data, prev, op, requires_grad=any(p.requires_grad for p in prev))

    def __add__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        out = self._out(self.data + other.data, (self, other), '+')

        def _backward():
            if self.requires_grad:
                self.grad += out.grad
            if other.requires_grad:
                other.grad += out.grad
        out._backward = _backward
        return out

    def __mul__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        out = self._out(self.data * other.data, (self, other), '*')

        def _backward():
            if self.requires_grad:
                self.grad += other.data * out.grad
            if other.requires_grad:
                other.grad += self.data * out.grad
        out._backward = _backward
        return out

    def __pow__(self, other):
        out = self._out(self.data ** other, (self,), f'**{other}')

        def _backward():
            if self.requires_grad:
                self.grad += (other * self.data ** (other - 1)) * out.grad
        out._backward = _backward
        return out

    def tanh(self):
        out = self._out(math.tanh(self.data), (self,), 'tanh')

        def _backward():
            self.grad += (1 - out.data ** 2) * out.grad
        out._backward = _backward
        return out

    def exp(self):
        out = self._out(math.exp(self.data), (self,), 'exp')

        def _backward():
            self.grad += math.exp(self.data) * out.grad
        out._backward = _backward
        return out

    def log(self):
        out = self._out(math.log(self.data), (self,), 'log')

        def _backward():
            self.grad += (1 / self.data) * out.grad
        out._backward = _backward
        return out

    def backward(self):
        topo, visited = [], set()

        def build(v):
            if v not in visited:
                visited.add(v)
                for c in v._prev:
                    build(c)
                topo.append(v)
        build(self)
        self.grad = 1
        for v in reversed(topo):
            v._backward()

    def __neg__(self): return self * -1.0
    def __radd__(self, other): return self + other
    def __sub__(self, other): return self + (-other)
    def __rsub__(self, other): return other + (-self)
    def __rmul__(self, other): return self * other
    def __truediv__(self, other): return self * other ** -1
    def __rtruediv__(self, other): return other * self ** -1
    def __repr__(self): return f"Value(data={self.data}, grad={self.grad})"


def param(n):
    return Value(rng.uniform(-1, 1) * n ** -0.5, requires_grad=True)


def cross_entropy(logits, target):
    top = max(v.data for v in logits)
    ex = [(v - top).exp() for v in logits]
    return -(ex[target] / sum(ex)).log()


data = []
for i in range(15):
    k = i % 3
    r = 0.2 + i / 18
    t = k * 2.1 + 2 * r + rng.uniform(-0.1, 0.1)
    data.append(([r * math.sin(t), r * math.cos(t)], k))

H = 5
w1 = [[param(2) for _ in range(2)] for _ in range(H)]
b1 = [Value(0.0, requires_grad=True) for _ in range(H)]
w2 = [[param(H) for _ in range(H)] for _ in range(3)]
params = [p for row in w1 + w2 for p in row] + b1

for p in params:
    p.m = 0.0
    p.v = 0.0

for step in range(12):
    loss = Value(0.0)
    for x, k in data:
        h = [(sum(w * xi for w, xi in zip(row, x)) + b).tanh() for row, b in zip(w1, b1)]
        loss = loss + cross_entropy([sum(w * hi for w, hi in zip(row, h)) for row in w2], k)
    loss = loss * (1.0 / len(data))
    loss.backward()
    for p in params:
        p.m = 0.9 * p.m + 0.1 * p.grad
        p.v = 0.95 * p.v + 0.05 * p.grad ** 2
        m_hat = p.m / (1 - 0.9 ** (step + 1))
        v_hat = p.v / (1 - 0.95 ** (step + 1))
        p.data -= 0.1 * m_hat / (v_hat ** 0.5 + 1e-8)
        p.grad = 0
    print(f"step {step} loss {loss.data:.6f}")
print(params[0], params[-1], params[3].m, params[3].v)
frozen = Value(2.0) * Value(3.0)
frozen.backward()
print(frozen, frozen._prev, frozen.requires_grad)
