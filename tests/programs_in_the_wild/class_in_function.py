import math


def make_engine(dtype=float, name='Value'):
    class Value:
        def __init__(self, data, children=()):
            self.data = dtype(data)
            self.grad = dtype(0)
            self.children = children
            self._backward = lambda: None

        def __add__(self, other):
            if not isinstance(other, Value):
                other = Value(other)
            out = Value(self.data + other.data, (self, other))

            def _backward():
                self.grad += out.grad
                other.grad += out.grad
            out._backward = _backward
            return out

        def __mul__(self, other):
            if not isinstance(other, Value):
                other = Value(other)
            out = Value(self.data * other.data, (self, other))

            def _backward():
                self.grad += other.data * out.grad
                other.grad += self.data * out.grad
            out._backward = _backward
            return out

        def sin(self):
            out = Value(math.sin(self.data), (self,))

            def _backward():
                self.grad += math.cos(self.data) * out.grad
            out._backward = _backward
            return out

        def backward(self):
            topo, seen = [], set()

            def build(v):
                if v in seen:
                    return
                seen.add(v)
                for c in v.children:
                    build(c)
                topo.append(v)
            build(self)
            self.grad = dtype(1)
            for v in reversed(topo):
                v._backward()

        def __repr__(self):
            return f'{name}({self.data!r}, {self.grad!r})'

    return Value


def main():
    Real = make_engine()
    Whole = make_engine(int, 'Whole')
    a, b = Real(2), Real(3)
    c = a * b + a.sin()
    c.backward()
    print(a, b, c)
    m, n = Whole(2.9), Whole(3)
    k = m * n * n + m * 4
    k.backward()
    print(m, n, k)
    print(Real is Whole, isinstance(a, Whole), Real.__qualname__)
    for r in range(5):
        x = Real(r / 2)
        y = x * x * x + x.sin() * -2
        y.backward()
        print(r, y, x.grad)


main()
