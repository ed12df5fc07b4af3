import math, random

class Node:
    def __init__(self, value, parents=(), weights=(), op='input'):
        self.value = value
        self.grad = 0.0
        self.parents = parents
        self.weights = weights
        self.op = op

    def __add__(self, other):
        if not isinstance(other, Node): other = Node(other, op='const')
        return Node(self.value + other.value, (self, other), (1.0, 1.0), 'add')

    def __sub__(self, other):
        if not isinstance(other, Node): other = Node(other, op='const')
        return Node(self.value - other.value, (self, other), (1.0, -1.0), 'sub')

    def __mul__(self, other):
        if not isinstance(other, Node): other = Node(other, op='const')
        return Node(self.value * other.value, (self, other), (other.value, self.value), 'mul')

    def __radd__(self, other): return self + other
    def __rmul__(self, other): return self * other

    def tanh(self):
        t = math.tanh(self.value)
        return Node(t, (self,), (1 - t * t,), 'tanh')

    def backward(self):
        order, seen = [], set()
        def visit(n):
            if n in seen: return
            seen.add(n)
            for p in n.parents: visit(p)
            order.append(n)
        visit(self)
        self.grad = 1.0
        for n in reversed(order):
            for p, w in zip(n.parents, n.weights):
                p.grad += w * n.grad

class Adam:
    def __init__(self, params, lr=0.02):
        self.params, self.lr, self.t = params, lr, 0
        for p in params:
            p.m = p.v = 0.0
    def step(self):
        self.t += 1
        for p in self.params:
            p.m = 0.9 * p.m + 0.1 * p.grad
            p.v = 0.999 * p.v + 0.001 * p.grad * p.grad
            mh, vh = p.m / (1 - 0.9 ** self.t), p.v / (1 - 0.999 ** self.t)
            p.value -= self.lr * mh / (math.sqrt(vh) + 1e-8)
            p.grad = 0.0

random.seed(77)
H = 10
w1 = [[Node(random.uniform(-1, 1)) for _ in range(1)] for _ in range(H)]
b1 = [Node(random.uniform(-1, 1)) for _ in range(H)]
w2 = [[Node(random.uniform(-.5, .5)) for _ in range(H)] for _ in range(H)]
w3 = [Node(random.uniform(-.5, .5)) for _ in range(H)]
params = [p for r in w1 + w2 for p in r] + b1 + w3
opt = Adam(params)

def net(x):
    h = [(r[0] * x + b).tanh() for r, b in zip(w1, b1)]
    h = [sum(w * a for w, a in zip(r, h)).tanh() for r in w2]
    return sum(w * a for w, a in zip(w3, h))

xs = [i / 8 - 2 for i in range(33)]
for epoch in range(130):
    loss = Node(0.0)
    for x in xs:
        e = net(x) - math.sin(2 * x) * math.exp(-x * x / 3)
        loss = loss + e * e
    loss.backward()
    if epoch % 20 == 0 or epoch == 129:
        print(epoch, '%.9f' % loss.value, loss.op, '%.9f' % max(abs(p.grad) for p in params))
    opt.step()
for x in xs[::8]: print(x, round(net(x).value, 7))
print(round(w3[0].m, 9), round(w3[0].v, 9), params[0].op)
