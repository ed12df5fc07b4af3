"""
The smallest transformer I could write: 5 letters, one head, one layer.
Only the standard library.
"""
import math
import random

random.seed(1)


class Value:
    __slots__ = ('data', 'grad', '_children', '_local_grads')

    def __init__(self, data, children=(), local_grads=()):
        self.data = data                  # the number
        self.grad = 0                     # d loss / d this
        self._children = children
        self._local_grads = local_grads

    def __add__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        return Value(self.data + other.data, (self, other), (1, 1))

    def __mul__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        return Value(self.data * other.data, (self, other), (other.data, self.data))

    def __pow__(self, n):
        return Value(self.data ** n, (self,), (n * self.data ** (n - 1),))

    def log(self):
        return Value(math.log(self.data), (self,), (1 / self.data,))

    def exp(self):
        e = math.exp(self.data)
        return Value(e, (self,), (e,))

    def relu(self):
        return Value(max(0, self.data), (self,), (float(self.data > 0),))

    def __neg__(self): return self * -1
    def __radd__(self, other): return self + other
    def __sub__(self, other): return self + (-other)
    def __rsub__(self, other): return other + (-self)
    def __rmul__(self, other): return self * other
    def __truediv__(self, other): return self * other ** -1
    def __rtruediv__(self, other): return other * self ** -1

    def backward(self):
        topo = []
        visited = set()

        def build_topo(v):
            if v not in visited:
                visited.add(v)
                for child in v._children:
                    build_topo(child)
                topo.append(v)
        build_topo(self)
        self.grad = 1
        for v in reversed(topo):
            for child, local_grad in zip(v._children, v._local_grads):
                child.grad += local_grad * v.grad


vocab = ['a', 'b', 'c', 'd', '.']
docs = ['abc', 'abd', 'cab', 'dab']
n_embd, block, V = 4, 4, len(vocab)
matrix = lambda nout, nin: [[Value(random.gauss(0, 0.15)) for _ in range(nin)] for _ in range(nout)]
sd = {'wte': matrix(V, n_embd), 'wpe': matrix(block, n_embd), 'head': matrix(V, n_embd)}
for k in 'qkvo':
    sd['attn_' + k] = matrix(n_embd, n_embd)
sd['fc1'] = matrix(2 * n_embd, n_embd)
sd['fc2'] = matrix(n_embd, 2 * n_embd)
params = [p for mat in sd.values() for row in mat for p in row]
print('num params:', len(params))


def linear(x, w):
    return [sum(wi * xi for wi, xi in zip(row, x)) for row in w]


def softmax(z):
    m = max(v.data for v in z)
    e = [(v - m).exp() for v in z]
    t = sum(e)
    return [v / t for v in e]


def rmsnorm(x):
    ms = sum(xi * xi for xi in x) / len(x)
    scale = (ms + 1e-5) ** -0.5
    return [xi * scale for xi in x]


def gpt(tok, pos, keys, values):
    x = [t + p for t, p in zip(sd['wte'][tok], sd['wpe'][pos])]
    x = rmsnorm(x)
    res = x
    q = linear(x, sd['attn_q'])
    keys.append(linear(x, sd['attn_k']))
    values.append(linear(x, sd['attn_v']))
    w = softmax([sum(a * b for a, b in zip(q, k)) / n_embd ** 0.5 for k in keys])
    att = [sum(w[t] * values[t][j] for t in range(len(values))) for j in range(n_embd)]
    x = [a + b for a, b in zip(linear(att, sd['attn_o']), res)]
    res = x
    h = [v.relu() for v in linear(rmsnorm(x), sd['fc1'])]
    x = [a + b for a, b in zip(linear(h, sd['fc2']), res)]
    return linear(x, sd['head'])


lr, b1, b2, eps = 0.03, 0.9, 0.95, 1e-8
m, v = [0.0] * len(params), [0.0] * len(params)
STEPS = 12
for step in range(STEPS):
    toks = [4] + [vocab.index(c) for c in docs[step % len(docs)]] + [4]
    keys, values, losses = [], [], []
    for pos in range(len(toks) - 1):
        probs = softmax(gpt(toks[pos], pos, keys, values))
        losses.append(-probs[toks[pos + 1]].log())
    loss = sum(losses) / len(losses)
    loss.backward()
    rate = lr * (1 - step / STEPS)
    for i, p in enumerate(params):
        m[i] = b1 * m[i] + (1 - b1) * p.grad
        v[i] = b2 * v[i] + (1 - b2) * p.grad ** 2
        p.data -= rate * (m[i] / (1 - b1 ** (step + 1))) / ((v[i] / (1 - b2 ** (step + 1))) ** 0.5 + eps)
        p.grad = 0
    print(f"step {step + 1:2d} / {STEPS} | loss {loss.data:.6f}")

for _ in range(4):
    keys, values, tok, out = [], [], 4, ''
    for pos in range(block):
        probs = softmax([l / 0.7 for l in gpt(tok, pos, keys, values)])
        tok = random.choices(range(V), weights=[p.data for p in probs])[0]
        if tok == 4:
            break
        out += vocab[tok]
    print('sample', repr(out))
