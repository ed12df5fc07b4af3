import random

from micrograd.engine import Value
from micrograd.optim import SGD
from micrograd.tensor import Tensor

random.seed(1337)


def rand(n, m):
    return Tensor([[random.uniform(-1, 1) for _ in range(m)] for _ in range(n)])


X = Tensor([[0.5, -1.0], [1.5, 2.0], [-0.3, 0.8]])
Y = [1.0, -1.0, 0.5]
W1, W2 = rand(2, 3), rand(3, 1)
opt = SGD(W1.parameters() + W2.parameters(), lr=0.02, momentum=0.9)

for step in range(25):
    out = (X @ W1).map('gelu') @ W2
    loss = sum((o - y) ** 2 for (o,), y in zip(out.rows, Y))
    opt.zero_grad()
    loss.backward()
    opt.step()
    if step % 4 == 0:
        print(f"step {step} loss {loss.item():.6f} nodes {len(loss.topo())}")

print(W1.shape, W1.T.shape, [[round(v, 9) for v in row] for row in out.tolist()])
print([round(g, 9) for (g,) in W2.grad()])
print([round(p.velocity, 9) for p in W2.parameters()])

a = Value(2, label='a')
b = Value(-3, label='b')
c = a * b
c.label = 'c'
d = (c + 10).relu() ** 2
d.backward()
print([v.label or v._op for v in (a, b, c, d)], a, b, c, d)
print(d.shape, d.T is d)
