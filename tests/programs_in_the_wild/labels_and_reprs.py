class Value(object):

    _next_label = 0

    def __init__(self, data, children=(), op=None, label=None):
        self.data = data
        self.grad = 0
        self.children = list(children)
        self.op = op
        if label is None:
            label = 'v%d' % Value._next_label
            Value._next_label += 1
        self.label = label

    def __str__(self):
        return "%s = %s" % (self.label, self.data)

    def __repr__(self):
        if self.op is None:
            return "Value(label='%s', data=%r, grad=%r)" % (self.label, self.data, self.grad)
        return "Value(label='%s', data=%r, grad=%r, op='%s', children=[%s])" % (
            self.label, self.data, self.grad, self.op, ", ".join(c.label for c in self.children))

    def __add__(self, other):
        if not isinstance(other, Value):
            other = Value(other, label=str(other))
        return Value(self.data + other.data, [self, other], '+')

    def __mul__(self, other):
        if not isinstance(other, Value):
            other = Value(other, label=str(other))
        return Value(self.data * other.data, [self, other], '*')

    __radd__ = __add__
    __rmul__ = __mul__

    def _push(self):
        if self.op == '+':
            self.children[0].grad += self.grad
            self.children[1].grad += self.grad
        if self.op == '*':
            l, r = self.children
            l.grad += r.data * self.grad
            r.grad += l.data * self.grad

    def compute_gradients(self):
        todo, order = [self], []
        # count how often each node is used, then peel from the top
        uses = {}
        seen = set()
        while todo:
            n = todo.pop()
            if n.label in seen:
                continue
            seen.add(n.label)
            for c in n.children:
                uses[c.label] = uses.get(c.label, 0) + 1
                todo.append(c)
        ready = [self]
        self.grad = 1
        while ready:
            n = ready.pop()
            order.append(n.label)
            n._push()
            for c in n.children:
                uses[c.label] -= 1
                if uses[c.label] == 0:
                    ready.append(c)
        return order


x = Value(4, label='x')
y = Value(0.5, label='y')
z = x * y + 3 * x
z.label = 'z'
w = z * z + y * 2
print(w.compute_gradients())
for v in (x, y, z, w):
    print(v)
    print(repr(v))
print([x, y], {'x': x}, (w.children,))
print('%s and %r' % (x, y), f'{z!s} {z!r:.20}', 'format: {}'.format(w))
print(Value._next_label, Value.__doc__, Value.__name__)
