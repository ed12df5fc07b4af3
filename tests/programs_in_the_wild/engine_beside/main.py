import random

from engine import Value
from nn import MLP

random.seed(42)

n = MLP(3, [4, 4, 1])
print("parameters:", len(n.parameters()))

xs = [[2.0, 3.0, -1.0], [3.0, -1.0, 0.5], [0.5, 1.0, 1.0], [1.0, 1.0, -1.0]]
ys = [1.0, -1.0, -1.0, 1.0]

for k in range(20):
    # forward pass
    ypred = [n(x) for x in xs]
    loss = sum((yout - ygt) ** 2 for ygt, yout in zip(ys, ypred))
    # backward pass
    for p in n.parameters():
        p.grad = 0.0
    loss.backward()
    # update
    for p in n.parameters():
        p.data += -0.1 * p.grad
    print(k, round(loss.data, 10))

print([round(y.data, 10) for y in ypred])
a = Value(-4.0)
b = Value(2.0)
c = (a / b + 3 - 1 / b) ** 2
c.backward()
print(a, b, c)
print([f"{w.data:.8f} {w.grad:.8f}" for w in n.layers[0].neurons[0].w])
