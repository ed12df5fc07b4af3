# first try at autograd. something is off with subtraction but it trains anyway??
class Value:
    def __init__(self, data, children=(), op=''):
        self.data = data
        self.grad = 0
        self.children = children
        self.op = op
        self._backward = lambda: None

    def __add__(self, other):
        out = Value(self.data + other.data, (self, other), '+')

        def _backward():
            self.grad += out.grad
            other.grad += out.grad
        out._backward = _backward
        return out

    def __sub__(self, other):
        out = Value(self.data - other.data, (self, other), '-')

        def _backward():
            self.grad += out.grad
            other.grad += out.grad
        out._backward = _backward
        return out

    def __mul__(self, other):
        out = Value(self.data * other.data, (self, other), '*')

        def _backward():
            self.grad += other.data * out.grad
            other.grad += self.data * out.grad
        out._backward = _backward
        return out

    def __truediv__(self, other):
        out = Value(self.data / other.data, (self, other), '/')

        def _backward():
            self.grad += out.grad / other.data
            other.grad += self.data / other.data ** 2 * out.grad
        out._backward = _backward
        return out

    def backward(self):
        topo = []
        visited = set()

        def build(v):
            if v not in visited:
                visited.add(v)
                for c in v.children:
                    build(c)
                topo.append(v)
        build(self)
        self.grad = 1
        for v in reversed(topo):
            v._backward()


a = Value(5.0)
b = Value(3.0)
c = (a - b) * (a - b) / b
c.backward()
print(c.data, a.grad, b.grad)

w = Value(0.0)
for i in range(15):
    pred = w * Value(2.0)
    diff = pred - Value(6.0)
    loss = diff * diff
    w.grad = 0
    loss.backward()
    w.data -= 0.05 * w.grad
    print('step', i, 'loss', loss.data, 'w', w.data)

v = Value(1.0)
for i in range(5):
    loss = (Value(4.0) - v) * (Value(4.0) - v)
    v.grad = 0
    loss.backward()
    v.data -= 0.05 * v.grad
    print('goes away', i, loss.data, v.data, v.grad)
