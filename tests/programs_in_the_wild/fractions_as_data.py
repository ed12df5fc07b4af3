"""Nothing in the class says that data must be a float."""
from decimal import Decimal
from fractions import Fraction


class Value:
    def __init__(self, data, _children=(), _op=''):
        self.data = data
        self.grad = 0
        self._children = _children
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

    def __pow__(self, k):
        out = Value(self.data ** k, (self,), f'**{k}')

        def _backward():
            self.grad += k * self.data ** (k - 1) * out.grad
        out._backward = _backward
        return out

    def backward(self):
        topo, visited = [], set()

        def build(v):
            if v not in visited:
                visited.add(v)
                for c in v._children:
                    build(c)
                topo.append(v)
        build(self)
        self.grad = 1
        for v in reversed(topo):
            v._backward()

    def __repr__(self):
        return f'Value({self.data!r}, grad={self.grad!r})'


def f(x, y):
    return x * y + x ** 3 + y * y * y ** -2


for x, y in ((2, 5), (0.5, 0.25), (Fraction(1, 3), Fraction(2, 7)), (Decimal('1.1'), Decimal('0.3')), (1 + 2j, 3 - 1j)):
    a, b = Value(x), Value(y)
    out = f(a, b)
    out.backward()
    print(out)
    print('   ', a, b)

# exact least squares step: the gradient is a fraction too
m = Value(Fraction(0))
for k in range(4):
    loss = Value(Fraction(0))
    for px, py in ((1, 2), (2, 3), (3, 5)):
        loss = loss + (m * px + -py) ** 2
    m.grad = 0
    loss.backward()
    m.data -= Fraction(1, 56) * m.grad
    print(k, loss.data, m.data, m.grad, float(m.data))
s = Value('ab') + Value('cd')
print(s.data, [c.data for c in s._children])
print((Value([1]) + Value([2])).data, (Value(2) * Value((1, 2))).data)
