class Value:
    def __init__(self, data, _children=(), _op=''):
        self.data = data
        self.grad = 0
        self._prev = set(_children)
        self._op = _op
        self._backward = lambda: None

    def __repr__(self):
        return f"Value(data={self.data})"

    def __add__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        out = Value(self.data + other.data, (self, other), '+')

        def _backward():
            self.grad += out.grad
            other.grad += out.grad
        out._backward = _backward
        return out

    def __sub__(self, other):
        return self + (-other)

    def __neg__(self):
        return self * -1

    def __mul__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        out = Value(self.data * other.data, (self, other), '*')

        def _backward():
            self.grad += other.data * out.grad
            other.grad += self.data * out.grad
        out._backward = _backward
        return out

    __radd__, __rmul__ = __add__, __mul__

    def __pow__(self, n):
        out = Value(self.data ** n, (self,), '**')

        def _backward():
            self.grad += n * self.data ** (n - 1) * out.grad
        out._backward = _backward
        return out

    def relu(self):
        out = Value(0 if self.data < 0 else self.data, (self,), 'ReLU')

        def _backward():
            self.grad += (out.data > 0) * out.grad
        out._backward = _backward
        return out

    def backward(self):
        topo = []
        visited = set()

        def build(v):
            if v not in visited:
                visited.add(v)
                for c in v._prev:
                    build(c)
                topo.append(v)
        build(self)
        self.grad = 1
        for v in reversed(topo):
            v._backward()


print(Value(2) * Value(3))
a, b = Value(2), Value(3)
c = (a * b + 4) ** 2 - b.relu()
c.backward()
print(c, a.grad, b.grad, type(c.data))

names = ['nought', 'one', 'two', 'three', 'four', 'five', 'six']
print(names[(a * b).data], names[:b.data], 'ab' * a.data)
for i in range((a + b).data):
    print(i, end=' ')
print()
print(Value(7) * 0.5, Value(2) ** 40, Value(2) ** -1)
print((Value(-5)).relu(), Value(5).relu(), Value(-0.0).relu(), Value(0).relu())
print(hex((a * 8).data), f'{(a * 8).data:04d}', (a * 8).data.bit_length(), (a * 8).data % 5, 17 // b.data)
h = Value(10) * 3
h.backward()
print({v.data for v in h._prev}, h.data == 30, h.data is True)
s = Value(6) * Value(7)
s.grad = 2.0
s._backward()
print(sorted((v.data, v.grad) for v in s._prev))
