class Value:
    """data may only be set to numbers; each change is counted"""

    changes = 0

    def __init__(self, data, parents=(), slopes=()):
        self._data = data
        self._grad = 0.0
        self.parents = parents
        self.slopes = slopes

    @property
    def data(self):
        return self._data

    @data.setter
    def data(self, new):
        if isinstance(new, bool) or not isinstance(new, (int, float)):
            raise TypeError('data must be a number')
        type(self).changes += 1
        self._data = new

    @property
    def grad(self):
        return self._grad

    def zero_grad(self):
        self._grad = 0.0

    @property
    def is_leaf(self):
        return not self.parents

    def __add__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        return Value(self._data + other._data, (self, other), (1.0, 1.0))

    def __mul__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        return Value(self._data * other._data, (self, other), (other._data, self._data))

    def __rmul__(self, other):
        return self * other

    def backward(self):
        order, seen = [], set()

        def visit(v):
            if v in seen:
                return
            seen.add(v)
            for p in v.parents:
                visit(p)
            order.append(v)
        visit(self)
        self._grad = 1.0
        for v in reversed(order):
            for p, s in zip(v.parents, v.slopes):
                p._grad += s * v._grad


a, b = Value(1.5), Value(-2)
c = a * b + a * a * 3
c.backward()
print(c.data, a.grad, b.grad, c.is_leaf, a.is_leaf)
for bad in ('1', None, True):
    try:
        a.data = bad
    except TypeError as e:
        print('TypeError:', e, repr(bad))
try:
    a.grad = 0
except AttributeError as e:
    print('AttributeError')
for i in range(6):
    loss = (a + -4) * (a + -4) + 2 * b * b
    a.zero_grad()
    b.zero_grad()
    loss.backward()
    a.data -= 0.2 * a.grad
    b.data = b.data - 0.2 * b.grad
    print(i, loss.data, a.data, b.data)
print('changes', Value.changes, sorted(vars(a)))
