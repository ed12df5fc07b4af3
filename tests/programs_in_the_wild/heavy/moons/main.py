import math
import random

from micrograd.nn import Net

random.seed(1337)


def make_moons(n, noise):
    pts = []
    for i in range(n):
        t = math.pi * random.random()
        if i % 2:
            x, y = math.cos(t), math.sin(t)
        else:
            x, y = 1 - math.cos(t), 0.5 - math.sin(t)
        pts.append(((x + random.gauss(0, noise), y + random.gauss(0, noise)), 1 if i % 2 else -1))
    return pts


data = make_moons(32, 0.1)
model = Net(2, 10, 10, 1)
print(model)
print("number of parameters", len(model.parameters()))


def loss_of(batch):
    scores = [model(x) for x, _ in batch]
    # hinge: scores should be past one on their side
    losses = [(1 + -y*s).relu() for (_, y), s in zip(batch, scores)]
    data_loss = sum(losses) * (1.0 / len(losses))
    # small weights are better
    reg_loss = 1e-4 * sum((p*p for p in model.parameters()))
    accuracy = [(y > 0) == (s.data > 0) for (_, y), s in zip(batch, scores)]
    return data_loss + reg_loss, sum(accuracy) / len(accuracy)


STEPS = 14
for k in range(STEPS):
    total, acc = loss_of(data)
    model.zero_grad()
    total.backward()
    learning_rate = 1.0 - 0.9*k/STEPS
    for p in model.parameters():
        p.data -= learning_rate * p.grad
    print(f"step {k} loss {total.data:.9f}, accuracy {acc*100:.1f}%")

for r in range(8):
    print(''.join('#' if model(((c - 8) / 6, (4 - r) / 3)).data > 0 else '.' for c in range(30)))
