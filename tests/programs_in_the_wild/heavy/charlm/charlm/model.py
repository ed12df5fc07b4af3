import random

from .autograd import Value


class Embedding:
    def __init__(self, n, dim):
        self.table = [[Value(random.gauss(0, 0.5)) for _ in range(dim)] for _ in range(n)]

    def __call__(self, ids):
        return [v for i in ids for v in self.table[i]]

    def parameters(self):
        return [v for row in self.table for v in row]


class Linear:
    def __init__(self, nin, nout):
        self.w = [[Value(random.gauss(0, nin**-0.5)) for _ in range(nin)] for _ in range(nout)]
        self.b = [Value(0.0) for _ in range(nout)]

    def __call__(self, x):
        return [sum((w * xi for w, xi in zip(row, x)), b) for row, b in zip(self.w, self.b)]

    def parameters(self):
        return [v for row in self.w for v in row] + self.b


class CharModel:
    def __init__(self, vocab, context, dim, hidden):
        self.emb = Embedding(vocab, dim)
        self.l1 = Linear(context * dim, hidden)
        self.l2 = Linear(hidden, vocab)

    def __call__(self, ids):
        return self.l2([h.tanh() for h in self.l1(self.emb(ids))])

    def parameters(self):
        return self.emb.parameters() + self.l1.parameters() + self.l2.parameters()


def cross_entropy(logits, target):
    top = max(v.data for v in logits)
    exps = [(v - top).exp() for v in logits]
    total = exps[0]
    for e in exps[1:]:
        total = total + e
    return total.log() + top - logits[target]
