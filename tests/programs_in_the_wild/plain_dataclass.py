import math
from dataclasses import dataclass, field


@dataclass
class Node:
    value: float
    parents: list = field(default_factory=list)   # pairs (node, d out / d node)
    derivative: float = 0.0
    name: str = ""

    def __add__(self, other):
        if not isinstance(other, Node):
            other = Node(other)
        return Node(self.value + other.value, [(self, 1.0), (other, 1.0)])

    def __mul__(self, other):
        if not isinstance(other, Node):
            other = Node(other)
        return Node(self.value * other.value, [(self, other.value), (other, self.value)])

    def __radd__(self, other):
        return self + other

    def __rmul__(self, other):
        return self * other

    def backward(self, grad=1.0):
        # every path from the root is walked, so no sorting is needed
        self.derivative += grad
        for parent, local in self.parents:
            parent.backward(grad * local)


def exp(n: Node) -> Node:
    e = math.exp(n.value)
    return Node(e, [(n, e)])


x = Node(1.5, name="x")
y = Node(-0.5, name="y")
f = x * x * y + exp(x * y) + 3
f.backward()
print(f.value, x, y)
print(Node(1.0) == Node(1.0), Node(1.0) == Node(2.0), x == y)

try:
    {x: 1}
except TypeError as e:
    print("TypeError:", e)

for p, d in f.parents:
    print(p.value, d, p.derivative)

# gradient ascent on -(a-1)^2 - (b+2)^2
a, b = Node(0.0), Node(0.0)
for step in range(10):
    g = -1 * ((a + -1) * (a + -1)) + -1 * ((b + 2) * (b + 2))
    a.derivative = b.derivative = 0.0
    g.backward()
    a = Node(a.value + 0.2 * a.derivative)
    b = Node(b.value + 0.2 * b.derivative)
    print(step, g.value, a.value, b.value)
