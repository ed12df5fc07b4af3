import sys

try:
    from fast_scalar_that_nobody_has import Value
    FAST = True
except ImportError:
    FAST = False

    class Value:
        def __init__(self, data, _children=(), _op=''):
            self.data = data
            self.grad = 0
            self._prev = _children
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

        def backward(self):
            topo = []
            visited = set()

            def build(v):
                if v not in visited:
                    visited.add(v)
                    for child in v._prev:
                        build(child)
                    topo.append(v)
            build(self)
            self.grad = 1
            for v in reversed(topo):
                v._backward()

if sys.version_info >= (3, 8):
    class Poly:
        def __init__(self, *coefficients):
            self.c = [Value(k) for k in coefficients]

        def __call__(self, x):
            total = Value(0)
            for k in self.c:
                total = total * x + k
            return total
else:
    raise SystemExit('python too old')

print('fast engine:', FAST)
p = Poly(2, -3, 1, 7)
for x0 in (-1, 0, 2, 0.5):
    x = Value(x0)
    y = p(x)
    for k in p.c:
        k.grad = 0
    y.backward()
    print(x0, y.data, x.grad, [k.grad for k in p.c])

# newton's method on 2x^3 - 3x^2 + x + 7
x = Value(-2.0)
for i in range(8):
    y = p(x)
    x.grad = 0
    y.backward()
    x.data -= y.data / x.grad
    print(i, x.data, y.data)
