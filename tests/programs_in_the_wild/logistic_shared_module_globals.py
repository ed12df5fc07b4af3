import random, math
random.seed(55)
GRAPH = []          # every number ever made, in order: the tape
class Value:
    def __init__(self, data, back=None):
        self.data = data; self.grad = 0.0; self.back = back
        GRAPH.append(self)
    def __add__(a, b):
        b = b if isinstance(b, Value) else Value(b)
        def back(g): a.grad += g; b.grad += g
        return Value(a.data + b.data, back)
    def __mul__(a, b):
        b = b if isinstance(b, Value) else Value(b)
        def back(g): a.grad += g * b.data; b.grad += g * a.data
        return Value(a.data * b.data, back)
    def sigmoid(a):
        s = 1 / (1 + math.exp(-a.data))
        def back(g): a.grad += g * s * (1 - s)
        return Value(s, back)
    def log(a):
        def back(g): a.grad += g / a.data
        return Value(math.log(a.data), back)
    def __neg__(a): return a * -1
    def __rsub__(a, b): return -a + b
    def backward(self):
        self.grad = 1.0
        for v in reversed(GRAPH):
            if v.back: v.back(v.grad)
X = [(random.gauss(-1, 1), random.gauss(-1, 1)) for _ in range(10)]
X += [(random.gauss(1, 1), random.gauss(1, 1)) for _ in range(10)]
Y = [0] * 10 + [1] * 10
w1, w2, b = Value(0.0), Value(0.0), Value(0.0)
KEEP = len(GRAPH)
for epoch in range(25):
    loss = Value(0.0)
    for (p, q), y in zip(X, Y):
        out = (w1 * p + w2 * q + b).sigmoid()
        loss = loss + (-(out.log()) if y else -((1 - out).log()))
    loss.backward()
    for p in (w1, w2, b):
        p.data -= 0.05 * p.grad
        p.grad = 0.0
    size = len(GRAPH)
    del GRAPH[KEEP:]
    if epoch % 6 == 0: print(epoch, loss.data, size, len(GRAPH))
print(w1.data, w2.data, b.data)
acc = 0
for (p, q), y in zip(X, Y):
    acc += ((w1 * p + w2 * q + b).sigmoid().data > .5) == bool(y)
print('accuracy', acc, '/', len(X), 'tape', len(GRAPH))
