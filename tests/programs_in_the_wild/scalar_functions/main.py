import random

from minigrad import Scalar, central_difference, topological_sort

random.seed(20)

a, b = Scalar(2.0, name="a"), Scalar(-0.7, name="b")
c = (a * b).sigmoid() + a / b - (b * -3).log()
c.backward()
print(c, a.derivative, b.derivative, c.derivative)
print(c.unique_id, a.name, c.name, [v.unique_id for v in topological_sort(c)])


def g(x):
    return (Scalar(x) * Scalar(x)).exp().data


x = Scalar(0.8)
(x * x).exp().backward()
print(round(central_difference(g, 0.8), 6), round(x.derivative, 6))
print(bool(a < b), bool(a > b), a == Scalar(2.0), bool(Scalar(0)))
k = Scalar(5.0)
k.requires_grad_(False)
y = k * a
a.derivative = None
y.backward(2.0)
print(k.is_constant(), k.derivative, a.derivative, y.history.last_fn.__name__, y.history.ctx)

# a line that separates points
pts = [(random.random(), random.random()) for _ in range(12)]
pts = [(p, 1 if p[0] < p[1] else 0) for p in pts]
w0, w1, bias = Scalar(0.3, name="w0"), Scalar(-0.4, name="w1"), Scalar(0.1, name="bias")
for epoch in range(10):
    total = 0.0
    for p in (w0, w1, bias):
        p.derivative = None
    correct = 0
    for (x1, x2), y in pts:
        out = (w0 * x1 + w1 * x2 + bias).sigmoid()
        prob = out if y == 1 else 1.0 + -out
        loss = -prob.log()
        (loss / len(pts)).backward()
        total += loss.data
        correct += (out.data > 0.5) == y
    for p in (w0, w1, bias):
        p.data -= 2.0 * p.derivative
    print("Epoch", epoch, "loss", total, "correct", correct)
print(w0, w1, bias, w0.derivative)
