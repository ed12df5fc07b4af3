"""New operations are put onto the class, or onto single numbers, from outside."""
import math


class Value:
    def __init__(self, data, _children=(), _op=''):
        self.data = data
        self.grad = 0.0
        self._prev = list(_children)
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
        topo, visited = [], set()

        def build(v):
            if v not in visited:
                visited.add(v)
                for c in v._prev:
                    build(c)
                topo.append(v)
        build(self)
        self.grad = 1.0
        for v in reversed(topo):
            v._backward()

    def __repr__(self):
        return f"Value(data={self.data:.6f}, grad={self.grad:.6f})"


def swish(x):
    s = 1 / (1 + math.exp(-x.data))
    out = Value(x.data * s, (x,), 'swish')

    def _backward():
        x.grad += (s + x.data * s * (1 - s)) * out.grad
    out._backward = _backward
    return out


def softmax_cross_entropy(logits, k):
    """one node for the whole of it"""
    top = max(v.data for v in logits)
    e = [math.exp(v.data - top) for v in logits]
    p = [x / sum(e) for x in e]
    out = Value(-math.log(p[k]), logits, 'xent')

    def _backward():
        for i, v in enumerate(logits):
            v.grad += (p[i] - (i == k)) * out.grad
    out._backward = _backward
    return out


def erf(self):
    out = Value(math.erf(self.data), (self,), 'erf')

    def _backward():
        self.grad += 2 / math.sqrt(math.pi) * math.exp(-self.data ** 2) * out.grad
    out._backward = _backward
    return out


Value.erf = erf                     # now a method
Value.__radd__ = lambda self, other: self + other
Value.__sub__ = lambda self, other: self + other * -1

x = Value(0.6)
y = swish(x) * x.erf() + x
y.backward()
print(y, x)

logits = [Value(0.2), Value(1.5), Value(-0.3)]
for i in range(6):
    loss = softmax_cross_entropy(logits, 2)
    for v in logits:
        v.grad = 0.0
    loss.backward()
    for v in logits:
        v.data -= 1.0 * v.grad
    print(i, loss, logits)

# reverse the gradient at one place
z = x * 2
normal = z._backward
z._backward = lambda: (setattr(z, 'grad', -z.grad), normal())
w = z * 3
x.grad = 0.0
w.backward()
print(w, z, x, [c._op for c in w._prev])
log = []
for n in (x, z):
    n._backward = (lambda n=n: log.append(n.data))
w.backward()
print(log, 1 + x, (x - 0.1))
