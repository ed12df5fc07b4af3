import math
import multiprocessing as mp
import random


class Value:
    def __init__(self, data, prev=(), local=()):
        self.data, self.grad, self.prev, self.local = data, 0.0, prev, local

    def __add__(self, o):
        o = o if isinstance(o, Value) else Value(o)
        return Value(self.data + o.data, (self, o), (1.0, 1.0))

    def __mul__(self, o):
        o = o if isinstance(o, Value) else Value(o)
        return Value(self.data * o.data, (self, o), (o.data, self.data))

    def tanh(self):
        t = math.tanh(self.data)
        return Value(t, (self,), (1 - t * t,))

    def backward(self):
        topo, seen = [], set()

        def build(v):
            if v not in seen:
                seen.add(v)
                for p in v.prev:
                    build(p)
                topo.append(v)
        build(self)
        self.grad = 1.0
        for v in reversed(topo):
            for p, d in zip(v.prev, v.local):
                p.grad += d * v.grad


def shard_gradient(job):
    """loss and gradients over one part of the data"""
    weights, rows = job
    w = [Value(x) for x in weights]
    loss = Value(0.0)
    for x, y in rows:
        e = (w[0] * x + w[1]).tanh() * w[2] + -y
        loss = loss + e * e
    loss.backward()
    return loss.data, [p.grad for p in w]


def main():
    random.seed(31)
    rows = [(x / 8, math.tanh(2 * x / 8 - 0.5) * 0.8) for x in range(-8, 9)]
    random.shuffle(rows)
    shards = [rows[0::2], rows[1::2]]
    weights = [0.5, 0.0, 0.5]
    with mp.get_context('spawn').Pool(2) as pool:
        for step in range(10):
            parts = pool.map(shard_gradient, [(weights, s) for s in shards])
            loss = sum(p[0] for p in parts)
            grads = [sum(g) for g in zip(*(p[1] for p in parts))]
            weights = [w - 0.05 * g for w, g in zip(weights, grads)]
            print(step, loss, weights)


if __name__ == '__main__':
    main()
