"""
bigram-ish language model with one linear layer, scalars only
"""
import math
import random

random.seed(11)


class Value:
    __slots__ = ('data', 'grad', '_children', '_local_grads')

    def __init__(self, data, children=(), local_grads=()):
        self.data = data
        self.grad = 0
        self._children = children
        self._local_grads = local_grads

    def __add__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        return Value(self.data + other.data, (self, other), (1, 1))

    def __mul__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        return Value(self.data * other.data, (self, other), (other.data, self.data))

    def __pow__(self, other): return Value(self.data**other, (self,), (other * self.data**(other-1),))
    def log(self): return Value(math.log(self.data), (self,), (1/self.data,))
    def exp(self): return Value(math.exp(self.data), (self,), (math.exp(self.data),))
    def relu(self): return Value(max(0, self.data), (self,), (float(self.data > 0),))
    def __neg__(self): return self * -1
    def __radd__(self, other): return self + other
    def __sub__(self, other): return self + (-other)
    def __rsub__(self, other): return other + (-self)
    def __rmul__(self, other): return self * other
    def __truediv__(self, other): return self * other**-1
    def __rtruediv__(self, other): return other * self**-1

    def backward(self):
        topo, visited = [], set()

        def build(v):
            if v not in visited:
                visited.add(v)
                for child in v._children:
                    build(child)
                topo.append(v)
        build(self)
        self.grad = 1
        for v in reversed(topo):
            for child, local in zip(v._children, v._local_grads):
                child.grad += local * v.grad


words = ["abba", "baab", "cab", "acab", "bac", "caba"]
chars = sorted(set("".join(words)))
BOS = len(chars)
V = len(chars) + 1
W = [[Value(random.gauss(0, 0.1)) for _ in range(V)] for _ in range(V)]


def softmax(z):
    top = max(v.data for v in z)
    e = [(v - top).exp() for v in z]
    t = sum(e)
    return [v / t for v in e]


for step in range(18):
    w = words[step % len(words)]
    toks = [BOS] + [chars.index(c) for c in w] + [BOS]
    losses = []
    for a, b in zip(toks, toks[1:]):
        losses.append(-softmax(W[a])[b].log())
    loss = (1 / len(losses)) * sum(losses)
    loss.backward()
    for row in W:
        for p in row:
            p.data -= 1.0 * p.grad
            p.grad = 0
    print(f"step {step + 1:3d} | loss {loss.data:.8f}")

for i, row in enumerate(W):
    print(i, [p.data for p in softmax(row)])

for _ in range(5):
    tok, out = BOS, ''
    for _ in range(8):
        tok = random.choices(range(V), weights=[p.data for p in softmax(W[tok])])[0]
        if tok == BOS:
            break
        out += chars[tok]
    print('sample:', out)
