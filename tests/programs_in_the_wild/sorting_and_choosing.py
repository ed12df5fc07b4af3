import random


class Value:
    __hash__ = object.__hash__

    def __init__(self, data, prev=(), op=''):
        self.data = data
        self.grad = 0
        self._prev = prev
        self._op = op
        self._backward = lambda: None

    def __eq__(self, other):
        return self is other

    def __add__(self, other):
        if type(other) is not Value:
            other = Value(other)
        out = Value(self.data + other.data, (self, other), '+')

        def bw():
            self.grad += out.grad
            other.grad += out.grad
        out._backward = bw
        return out

    def __mul__(self, other):
        if type(other) is not Value:
            other = Value(other)
        out = Value(self.data * other.data, (self, other), '*')

        def bw():
            self.grad += other.data * out.grad
            other.grad += self.data * out.grad
        out._backward = bw
        return out

    __radd__ = __add__
    __rmul__ = __mul__

    def backward(self):
        order, seen = [], set()

        def visit(v):
            if v in seen:
                return
            seen.add(v)
            for p in v._prev:
                visit(p)
            order.append(v)
        visit(self)
        self.grad = 1
        for v in reversed(order):
            v._backward()

    def __repr__(self):
        return f'{self.data}'


random.seed(1)
vs = [Value(random.randint(-9, 9)) for _ in range(8)]
print(vs, sum(vs), sum(vs[:2], Value(100)))
ranked = sorted(vs, key=lambda v: v.data)
print(ranked, ranked[0] is min(vs, key=lambda v: v.data))
best = max(vs, key=lambda v: v.data)
median = ranked[len(ranked) // 2]
score = best * median + sum(v * v for v in ranked[:3])
score.backward()
print(score, best, best.grad, median.grad, [v.grad for v in vs])
print(vs.index(best), best in vs, Value(best.data) in vs, vs.count(best))
print([i for i, v in enumerate(vs) if v.data % 2 == 0], {v.data for v in vs if v.data > 0} == {1})
print(any(v == best for v in vs), all(isinstance(v, Value) for v in vs), list(map(type, vs[:1])))
groups = {}
for v in vs:
    groups.setdefault('negative' if v.data < 0 else 'positive', []).append(v)
print(groups)
random.shuffle(vs)
print(vs, list(zip(vs, ranked))[:2], vs[::-1][:3])
first, *rest = vs
print(first, rest, len(rest))
order = dict(zip(vs, range(len(vs))))
print([order[v] for v in ranked])
for v in vs:
    v.grad = None
print([v.grad for v in vs])
try:
    min(vs)
except TypeError as e:
    print('TypeError:', e)
