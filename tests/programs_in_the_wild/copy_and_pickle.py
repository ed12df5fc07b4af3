import copy
import io
import pickle
import random


class Value:
    def __init__(self, data, parents=(), local=()):
        self.data = data
        self.grad = 0.0
        self.parents = parents
        self.local = local

    def __add__(self, o):
        o = o if isinstance(o, Value) else Value(o)
        return Value(self.data + o.data, (self, o), (1.0, 1.0))

    def __mul__(self, o):
        o = o if isinstance(o, Value) else Value(o)
        return Value(self.data * o.data, (self, o), (o.data, self.data))

    def __radd__(self, o): return self + o

    def relu(self):
        return Value(max(0.0, self.data), (self,), (1.0 if self.data > 0 else 0.0,))

    def backward(self):
        topo, seen = [], set()

        def go(v):
            if v not in seen:
                seen.add(v)
                for p in v.parents:
                    go(p)
                topo.append(v)
        go(self)
        self.grad = 1.0
        for v in reversed(topo):
            for p, d in zip(v.parents, v.local):
                p.grad += d * v.grad

    def __repr__(self):
        return f'V({self.data:.5f}, {self.grad:.5f})'


class Net:
    def __init__(self):
        self.w = [Value(random.uniform(-1, 1)) for _ in range(4)]

    def __call__(self, x):
        return (self.w[0] * x + self.w[1]).relu() * self.w[2] + self.w[3]

    def step(self, pts, lr):
        loss = sum((self(x) + -y) * (self(x) + -y) for x, y in pts)
        for p in self.w:
            p.grad = 0.0
        loss.backward()
        for p in self.w:
            p.data -= lr * p.grad
        return loss.data


random.seed(99)
pts = [(x / 4, abs(x / 4)) for x in range(-4, 5)]
net = Net()
best, best_loss = copy.deepcopy(net), float('inf')
for i in range(15):
    loss = net.step(pts, 0.03)
    if loss < best_loss:
        best, best_loss = copy.deepcopy(net), loss
    print(i, loss)
print(best.w, best.w[0] is net.w[0], best_loss)

a = Value(2.0)
b = a * a + a
c = copy.deepcopy(b)
c.backward()
print(a, b, c, c.parents[1])
shallow = copy.copy(b)
print(shallow.parents[1] is a, shallow is b)

blob = pickle.dumps(net)
again = pickle.loads(blob)
print(again.w, [p.data == q.data for p, q in zip(net.w, again.w)])
buf = io.BytesIO()
pickle.dump({'b': b, 'a': a}, buf)
buf.seek(0)
d = pickle.load(buf)
print(d['b'].parents[1] is d['a'], d)
d['b'].backward()
print(d['a'], a)
