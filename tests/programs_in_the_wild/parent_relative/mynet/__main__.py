import random
import sys

from .core import Tensor, scalar
from .nn import Linear, elu

random.seed(int(sys.argv[1]) if len(sys.argv) > 1 else 0)
a, b = Linear(2, 4), Linear(4, 1)
rows = [((x / 2, y / 2), (x - y) / 4) for x in range(-1, 2) for y in range(-1, 2)]
for step in range(20):
    loss = Tensor(0.0)
    for x, t in rows:
        (o,) = b(elu(a(x)))
        loss = loss + (o - t) * (o - t)
    for m in (a, b):
        for p in m.parameters():
            p.grad = 0.0
    loss.backward()
    for m in (a, b):
        for p in m.parameters():
            p.data -= 0.05 * p.grad
    if step % 4 == 0:
        print(step, format(loss.data, ".9f"))
print(Tensor is scalar.Value, Tensor.__name__, Tensor.__module__, len(list(a.parameters())))
print([round(p.grad, 7) for p in b.parameters()])
