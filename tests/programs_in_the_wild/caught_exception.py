import sys
import traceback


class GraphError(Exception):
    pass


class Value:
    def __init__(self, data, _children=(), _op=''):
        if not isinstance(data, (int, float)):
            raise TypeError(f'a Value holds a number, not {type(data).__name__}')
        self.data = data
        self.grad = 0.0
        self._children = _children
        self._op = _op
        self._backward = lambda: None
        self._used = False

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
        assert isinstance(k, (int, float)), 'exponent must be a plain number'
        out = Value(self.data ** k, (self,), '**')

        def _backward():
            self.grad += k * self.data ** (k - 1) * out.grad
        out._backward = _backward
        return out

    def __truediv__(self, other):
        return self * (other if isinstance(other, Value) else Value(other)) ** -1

    def backward(self):
        if self._used:
            raise GraphError('backward was already called here')
        self._used = True
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


def attempt(what, f):
    try:
        print(what, '->', f())
    except Exception as e:
        print(what, '->', type(e).__name__, '|', e)


a = Value(3.0)
b = a * a / 2
b.backward()
print(b.data, a.grad)
attempt('again', lambda: b.backward())
attempt('zero', lambda: a / 0)
attempt('word', lambda: a + 'three')
attempt('list', lambda: Value([1, 2]))
attempt('power', lambda: a ** a)
attempt('left', lambda: (2 * a).data)
attempt('huge', lambda: Value(10.0) ** 400)
attempt('missing', lambda: a.gradd)
attempt('inf', lambda: (Value(1e308) * 10).data)
attempt('nan', lambda: (Value(float('inf')) + float('-inf')).data)
try:
    (a * a).backward()
    raise GraphError('the end of the graph')
except GraphError:
    kind, error, tb = sys.exc_info()
    print(kind.__name__, error, len(traceback.extract_tb(tb)))
finally:
    print('a.grad', a.grad)
sys.exit(0)
