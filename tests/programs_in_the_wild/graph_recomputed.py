"""a graph that is built once and computed again for every row: each node knows how"""
import random

random.seed(8)


class Node:
    def __init__(self, data, inputs=(), kind=''):
        self.data = data
        self.grad = 0.0
        self.inputs = inputs
        self.kind = kind
        self.forward = lambda: None
        self.backward = lambda: None

    def __add__(self, other):
        other = other if isinstance(other, Node) else Node(other)
        out = Node(self.data + other.data, (self, other), '+')

        def forward():
            out.data = self.data + other.data

        def backward():
            self.grad += out.grad
            other.grad += out.grad
        out.forward, out.backward = forward, backward
        return out

    def __mul__(self, other):
        other = other if isinstance(other, Node) else Node(other)
        out = Node(self.data * other.data, (self, other), '*')

        def forward():
            out.data = self.data * other.data

        def backward():
            self.grad += other.data * out.grad
            other.grad += self.data * out.grad
        out.forward, out.backward = forward, backward
        return out

    def clamp(self, low, high):
        out = Node(min(max(self.data, low), high), (self,), 'clamp')

        def forward():
            out.data = min(max(self.data, low), high)

        def backward():
            self.grad += out.grad * (low < self.data < high)
        out.forward, out.backward = forward, backward
        return out

    def schedule(self):
        order, seen = [], set()

        def visit(node):
            if node not in seen:
                seen.add(node)
                for entry in node.inputs:
                    visit(entry)
                order.append(node)
        visit(self)
        return order

    def backprop(self, order=None):
        order = order or self.schedule()
        self.grad = 1.0
        for node in reversed(order):
            node.backward()


x, y = Node(0.0), Node(0.0)
w, b = Node(0.1), Node(0.0)
miss = w * x + b + y * -1
loss = miss.clamp(-2.0, 2.0) * miss
order = loss.schedule()
print(len(order), [node.kind for node in order])
for epoch in range(6):
    total = 0.0
    for k in range(20):
        x.data = random.uniform(-1, 1)
        y.data = 3 * x.data - 1
        for node in order:
            node.forward()
            node.grad = 0.0
        loss.backprop(order)
        total += loss.data
        for p in (w, b):
            p.data -= 0.1 * p.grad
    print(epoch, total, w.data, b.data)
again = w * w + b
again.backprop()
print(again.data, w.grad, b.grad)
