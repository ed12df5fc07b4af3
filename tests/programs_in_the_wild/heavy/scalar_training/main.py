"""Train a small network on points, one Scalar at a time."""
import random

from minigrad import Scalar


class Linear:
    def __init__(self, in_size, out_size):
        self.weights = [[Scalar(2 * (random.random() - 0.5)) for _ in range(out_size)] for _ in range(in_size)]
        self.bias = [Scalar(2 * (random.random() - 0.5)) for _ in range(out_size)]

    def forward(self, inputs):
        out = list(self.bias)
        for i, x in enumerate(inputs):
            for j in range(len(out)):
                out[j] = out[j] + x * self.weights[i][j]
        return out

    def parameters(self):
        return [w for row in self.weights for w in row] + self.bias


class Network:
    def __init__(self, hidden):
        self.layer1 = Linear(2, hidden)
        self.layer2 = Linear(hidden, 1)

    def forward(self, x):
        hidden = [h.relu() for h in self.layer1.forward(x)]
        return self.layer2.forward(hidden)[0].sigmoid()

    def parameters(self):
        return self.layer1.parameters() + self.layer2.parameters()


class SGD:
    def __init__(self, parameters, lr):
        self.parameters = parameters
        self.lr = lr

    def zero_grad(self):
        for p in self.parameters:
            p.derivative = None

    def step(self):
        for p in self.parameters:
            if p.derivative is not None:
                p.data = p.data - self.lr * p.derivative


random.seed(10)
points = [(random.random(), random.random()) for _ in range(20)]
labels = [1 if abs(x - 0.5) > 0.25 else 0 for x, _ in points]
net = Network(5)
opt = SGD(net.parameters(), 0.5)
for epoch in range(1, 481):
    total_loss, correct = 0.0, 0
    opt.zero_grad()
    loss = Scalar(0.0)
    for (x1, x2), y in zip(points, labels):
        out = net.forward((Scalar(x1), Scalar(x2)))
        if y == 1:
            prob = out
            correct += 1 if out.data > 0.5 else 0
        else:
            prob = -out + 1.0
            correct += 1 if out.data < 0.5 else 0
        one = -prob.log()
        (one / len(points)).backward()
        total_loss += one.data
    opt.step()
    if epoch % 60 == 0 or epoch == 1:
        print("Epoch", epoch, "loss", round(total_loss, 9), "correct", correct)
for p in net.parameters()[:4]:
    print(p, p.derivative is None, p.name)
