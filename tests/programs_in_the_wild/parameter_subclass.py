import random


class Value:
    def __init__(self, data, _parents=(), _op=''):
        self.data = data
        self.grad = 0.0
        self._parents = _parents
        self._op = _op
        self._backward = lambda: None

    def __add__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        out = Value(self.data + other.data, (self, other), '+')

        def _backward():
            self.grad += out.grad
            other.grad += out.grad
        out._backward = _backward
        return out

    def __mul__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        out = Value(self.data * other.data, (self, other), '*')

        def _backward():
            self.grad += other.data * out.grad
            other.grad += self.data * out.grad
        out._backward = _backward
        return out

    def __radd__(self, other):
        return self + other

    def __rmul__(self, other):
        return self * other

    def __sub__(self, other):
        return self + other * -1

    def backward(self):
        order, seen = [], set()

        def go(n):
            if id(n) not in seen:
                seen.add(id(n))
                for p in n._parents:
                    go(p)
                order.append(n)
        go(self)
        self.grad = 1.0
        for n in reversed(order):
            n._backward()

    def __repr__(self):
        return f'{type(self).__name__}({self.data})'


class Parameter(Value):
    registry = []

    def __init__(self, data, name):
        super().__init__(data)
        self.name = name
        Parameter.registry.append(self)

    def step(self, lr):
        self.data -= lr * self.grad
        self.grad = 0.0


class Frozen(Parameter):
    def step(self, lr):
        self.grad = 0.0


random.seed(0)
w1 = Parameter(random.random(), 'w1')
w2 = Parameter(random.random(), 'w2')
c = Frozen(0.25, 'c')

points = [(random.uniform(-1, 1), random.uniform(-1, 1)) for _ in range(10)]
for epoch in range(20):
    loss = Value(0)
    for x, y in points:
        target = 3 * x - 2 * y + 0.25
        e = w1 * x + w2 * y + c - target
        loss = loss + e * e
    loss.backward()
    if epoch % 5 == 0:
        print(epoch, loss, {p.name: round(p.grad, 6) for p in Parameter.registry})
    for p in Parameter.registry:
        p.step(0.05)

print(Parameter.registry)
print(type(w1 + w2), isinstance(w1, Value), type(w1) is Value, w1 + 1, c * w2)
print([issubclass(k, Value) for k in (Parameter, Frozen)])
