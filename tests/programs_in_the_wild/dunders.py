class Value:
    def __init__(self, data, prev=()):
        self.data = data
        self.grad = 0
        self.prev = prev
        self._backward = lambda: None

    def __add__(self, other):
        other = other if type(other) is Value else Value(other)
        out = Value(self.data + other.data, (self, other))

        def back():
            self.grad += out.grad
            other.grad += out.grad
        out._backward = back
        return out

    def __mul__(self, other):
        other = other if type(other) is Value else Value(other)
        out = Value(self.data * other.data, (self, other))

        def back():
            self.grad += other.data * out.grad
            other.grad += self.data * out.grad
        out._backward = back
        return out

    def __radd__(self, other): return self + other
    def __rmul__(self, other): return self * other
    def __neg__(self): return self * -1
    def __sub__(self, other): return self + (-other)
    def __abs__(self): return self if self.data >= 0 else -self

    # compared by data, kept in sets by identity
    def __eq__(self, other): return self.data == (other.data if isinstance(other, Value) else other)
    def __ne__(self, other): return not self == other
    def __hash__(self): return id(self)
    def __lt__(self, other): return self.data < (other.data if isinstance(other, Value) else other)
    def __le__(self, other): return self.data <= (other.data if isinstance(other, Value) else other)
    def __gt__(self, other): return self.data > (other.data if isinstance(other, Value) else other)
    def __ge__(self, other): return self.data >= (other.data if isinstance(other, Value) else other)

    def __float__(self): return float(self.data)
    def __int__(self): return int(self.data)
    def __bool__(self): return self.data != 0
    def __len__(self): return len(self.prev)
    def __round__(self, n=0): return round(self.data, n)
    def __format__(self, spec): return format(self.data, spec)
    def __iter__(self): return iter(self.prev)
    def __repr__(self): return f'Value({self.data})'

    def backward(self):
        topo, seen = [], set()

        def build(v):
            if id(v) not in seen:
                seen.add(id(v))
                for p in v.prev:
                    build(p)
                topo.append(v)
        build(self)
        self.grad = 1
        for v in reversed(topo):
            v._backward()


a, b, c = Value(3), Value(3), Value(-4.5)
print(a == b, a == 3, a != c, a is b, len({a, b, c}), a in [b], [c, a].index(b))
print(sorted([a, c, Value(0), Value(10)]), max(a, c, Value(7)), min([a, b, c]))
print(a < 4, a <= b, c > -4, c >= -4.5, 5 > a, 2 < a)
print(float(c), int(c), round(c, 0), f'{c:8.3f}|{a:d}', abs(c), bool(Value(0)), not a)
d = a * b + c
print(len(d), len(a), [x for x in d], list(a))
d.backward()
print(a.grad, b.grad, c.grad, d)
if d:
    print('d is not zero')
total = sum([a, b, c]) - 1.5
total.backward()
print(total, total == 0, a.grad)
while a > 0:
    a = a - 1
    print('down to', a)
print({a: 'a'}[a], hash(a) == id(a))
print([x.grad for x in sorted([a, b, c], reverse=True)])
