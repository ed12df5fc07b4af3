"""Reads assignments and expressions, prints values and gradients."""


class Value:
    def __init__(self, data, _children=(), _op=''):
        self.data = data
        self.grad = 0.0
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
        out = Value(self.data ** k, (self,), '**')

        def _backward():
            self.grad += k * self.data ** (k - 1) * out.grad
        out._backward = _backward
        return out

    def __neg__(self): return self * -1
    def __sub__(self, o): return self + (-o)
    def __rsub__(self, o): return -self + o
    def __radd__(self, o): return self + o
    def __rmul__(self, o): return self * o
    def __truediv__(self, o): return self * o ** -1
    def __rtruediv__(self, o): return self ** -1 * o

    def backward(self):
        topo, visited = [], set()

        def build(v):
            if v not in visited:
                visited.add(v)
                for c in v._children:
                    build(c)
                topo.append(v)
        build(self)
        self.grad = 1.0
        for v in reversed(topo):
            v._backward()


names = {}
count = int(input('how many lines? '))
for _ in range(count):
    line = input('> ').strip()
    if '=' in line:
        name, text = (part.strip() for part in line.split('=', 1))
        names[name] = Value(float(text))
        print(name, 'is', names[name].data)
        continue
    try:
        result = eval(line, {'__builtins__': {}}, names)
    except (NameError, ZeroDivisionError) as error:
        print(type(error).__name__ + ':', error)
        continue
    for v in names.values():
        v.grad = 0.0
    result.backward()
    print(line, '->', result.data, {k: v.grad for k, v in sorted(names.items())})
print('bye')
