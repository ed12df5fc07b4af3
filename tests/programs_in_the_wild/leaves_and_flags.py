"""a torch-like scalar: requires_grad, is_leaf, detach(); a bias is frozen halfway and thawed again"""
import math


class Scalar:
    def __init__(self, value, requires_grad=False, inputs=()):
        self.value = value
        self.requires_grad = requires_grad or any(i.requires_grad for i in inputs)
        self.is_leaf = len(inputs) == 0
        self.grad = 0.0
        self.inputs = inputs
        self.pull = lambda: None

    def receive(self, amount):
        if self.requires_grad:
            self.grad += amount

    def __add__(self, other):
        other = other if isinstance(other, Scalar) else Scalar(other)
        result = Scalar(self.value + other.value, inputs=(self, other))

        def pull():
            self.receive(result.grad)
            other.receive(result.grad)
        result.pull = pull
        return result

    def __mul__(self, other):
        other = other if isinstance(other, Scalar) else Scalar(other)
        result = Scalar(self.value * other.value, inputs=(self, other))

        def pull():
            self.receive(other.value * result.grad)
            other.receive(self.value * result.grad)
        result.pull = pull
        return result

    def sigmoid(self):
        s = 1 / (1 + math.exp(-self.value))
        result = Scalar(s, inputs=(self,))

        def pull():
            self.receive(s * (1 - s) * result.grad)
        result.pull = pull
        return result

    __radd__ = __add__
    __rmul__ = __mul__

    def detach(self):
        return Scalar(self.value)

    def backward(self):
        order, seen = [], set()

        def visit(node):
            if id(node) in seen:
                return
            seen.add(id(node))
            for i in node.inputs:
                visit(i)
            order.append(node)

        visit(self)
        self.grad = 1.0
        for node in reversed(order):
            node.pull()


def describe(name, s):
    kind = "leaf" if s.is_leaf else "result"
    print(f"{name}: {kind} {s.value:.6f} grad {s.grad:.6f} {'trains' if s.requires_grad else 'is fixed'}")


points = [(Scalar(k / 3), 1.0 if k > 1 else 0.0) for k in range(-3, 6)]
weight = Scalar(0.1, requires_grad=True)
bias = Scalar(0.0, requires_grad=True)
for epoch in range(30):
    bias.requires_grad = not 10 <= epoch < 20
    loss = Scalar(0.0)
    for x, target in points:
        miss = (weight * x + bias).sigmoid() + -target
        loss = loss + miss * miss
    loss.backward()
    for p in (weight, bias):
        if p.requires_grad and p.is_leaf:
            p.value -= 0.5 * p.grad
        p.grad = 0.0
    if epoch % 5 == 4:
        print(epoch, f"{loss.value:.6f}", bias.requires_grad, f"{weight.value:.6f} {bias.value:.6f}")

x = points[0][0]
fixed = x * 2 + 1
mixed = fixed * weight + fixed.detach() * bias
mixed.backward()
for name, s in (("x", x), ("fixed", fixed), ("mixed", mixed), ("weight", weight), ("bias", bias)):
    describe(name, s)
bias.requires_grad = False
again = weight * bias + bias * x
again.backward()
describe("weight", weight)
describe("bias", bias)
print([i.is_leaf for i in again.inputs], (bias * x).requires_grad, len((bias * x).inputs))
