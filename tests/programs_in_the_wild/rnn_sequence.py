"""An Elman network that learns to say a short word over and over."""
import math
import random


class Value:
    def __init__(self, data, _children=(), _op=''):
        self.data = data
        self.grad = 0.0
        self._backward = lambda: None
        self._prev = tuple(_children)
        self._op = _op

    def __add__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        out = Value(self.data + other.data, (self, other), '+')

        def _backward():
            self.grad += out.grad
            other.grad += out.grad
        out._backward = _backward
        return out

    def __mul__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        out = Value(self.data * other.data, (self, other), '*')

        def _backward():
            self.grad += other.data * out.grad
            other.grad += self.data * out.grad
        out._backward = _backward
        return out

    def tanh(self):
        t = math.tanh(self.data)
        out = Value(t, (self,), 'tanh')

        def _backward():
            self.grad += (1 - t * t) * out.grad
        out._backward = _backward
        return out

    def exp(self):
        out = Value(math.exp(self.data), (self,), 'exp')

        def _backward():
            self.grad += out.data * out.grad
        out._backward = _backward
        return out

    def log(self):
        out = Value(math.log(self.data), (self,), 'log')

        def _backward():
            self.grad += out.grad / self.data
        out._backward = _backward
        return out

    def __pow__(self, k):
        out = Value(self.data ** k, (self,), f'**{k}')

        def _backward():
            self.grad += k * self.data ** (k - 1) * out.grad
        out._backward = _backward
        return out

    def __neg__(self): return self * -1
    def __radd__(self, other): return self + other
    def __rmul__(self, other): return self * other
    def __truediv__(self, other): return self * other ** -1

    def backward(self):
        topo, visited = [], set()
        # deep graph: own stack instead of recursion
        stack = [(self, False)]
        while stack:
            v, done = stack.pop()
            if done:
                topo.append(v)
            elif v not in visited:
                visited.add(v)
                stack.append((v, True))
                stack.extend((c, False) for c in v._prev)
        self.grad = 1.0
        for v in reversed(topo):
            v._backward()


random.seed(17)
text = 'helo'
V, H = len(text), 4
mat = lambda n, m: [[Value(random.uniform(-0.6, 0.6)) for _ in range(m)] for _ in range(n)]
Wxh, Whh, Why = mat(H, V), mat(H, H), mat(V, H)
bh = [Value(0.0) for _ in range(H)]
params = [p for M in (Wxh, Whh, Why) for row in M for p in row] + bh


def step(i, h):
    new = [(Wxh[k][i] + sum(w * hj for w, hj in zip(Whh[k], h)) + bh[k]).tanh() for k in range(H)]
    return new, [sum(w * hk for w, hk in zip(row, new)) for row in Why]


def sample(n):
    h, i, s = [Value(0.0)] * H, 0, text[0]
    for _ in range(n):
        h, logits = step(i, h)
        i = max(range(V), key=lambda j: logits[j].data)
        s += text[i]
    return s


seq = [0, 1, 2, 2, 3, 0, 1]
for epoch in range(30):
    h, loss = [Value(0.0)] * H, Value(0.0)
    for a, b in zip(seq, seq[1:]):
        h, logits = step(a, h)
        e = [l.exp() for l in logits]
        loss = loss + -(e[b] / sum(e)).log()
    for p in params:
        p.grad = 0.0
    loss.backward()
    for p in params:
        p.data -= 0.15 * max(-1.0, min(1.0, p.grad))
    if epoch % 6 == 5:
        print(epoch + 1, '%.8f' % loss.data, sample(8))
print([round(p.grad, 8) for p in bh])
