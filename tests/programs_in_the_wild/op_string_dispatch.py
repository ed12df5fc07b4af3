import math

SUPPORTED = {'+', '-', '*', '/', 'exp', 'tanh', 'relu', ''}


class Value:
    count = 0

    def __init__(self, data, _prev=(), _op=''):
        assert _op in SUPPORTED
        Value.count += 1
        self.id = Value.count
        self.data = data
        self.grad = 0.0
        self._prev = _prev
        self._op = _op

    def __add__(self, o): return Value(self.data + o.data, (self, o), '+')
    def __sub__(self, o): return Value(self.data - o.data, (self, o), '-')
    def __mul__(self, o): return Value(self.data * o.data, (self, o), '*')
    def __truediv__(self, o): return Value(self.data / o.data, (self, o), '/')
    def exp(self): return Value(math.exp(self.data), (self,), 'exp')
    def tanh(self): return Value(math.tanh(self.data), (self,), 'tanh')
    def relu(self): return Value(max(self.data, 0.0), (self,), 'relu')

    def _backward(self):
        match self._op:
            case '+':
                a, b = self._prev
                a.grad += self.grad
                b.grad += self.grad
            case '-':
                a, b = self._prev
                a.grad += self.grad
                b.grad -= self.grad
            case '*':
                a, b = self._prev
                a.grad += b.data * self.grad
                b.grad += a.data * self.grad
            case '/':
                a, b = self._prev
                a.grad += self.grad / b.data
                b.grad -= self.grad * a.data / (b.data * b.data)
            case 'exp':
                self._prev[0].grad += self.data * self.grad
            case 'tanh':
                self._prev[0].grad += (1 - self.data ** 2) * self.grad
            case 'relu':
                if self.data > 0:
                    self._prev[0].grad += self.grad
            case '':
                pass

    def backward(self):
        order, seen = [], set()

        def visit(n):
            if n.id in seen:
                return
            seen.add(n.id)
            for p in n._prev:
                visit(p)
            order.append(n)
        visit(self)
        self.grad = 1.0
        for n in reversed(order):
            n._backward()

    def __repr__(self):
        return f"<{self.id}:{self._op or 'leaf'} {self.data:.6f} d={self.grad:.6f}>"


x, y = Value(1.25), Value(-0.5)
z = (x * y - x / y).tanh() + (y.exp() - x).relu() * x
z.backward()
print(z, x, y)
print(z._prev, Value.count)

w = Value(0.2)
one, two = Value(1.0), Value(2.0)
for i in range(20):
    f = ((w * two).exp() - one) / (w * w + one)
    loss = (f - two) * (f - two)
    for v in (w, one, two):
        v.grad = 0.0
    loss.backward()
    w.data -= 0.02 * w.grad
    if i % 4 == 3:
        print(i, loss, w)
print('objects made', Value.count)
