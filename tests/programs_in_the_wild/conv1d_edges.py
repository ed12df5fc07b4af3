import random


class Scalar:
    def __init__(self, value, children=None, operation=None):
        self.value = value
        self.derivative = 0
        self.children = children or []
        self.operation = operation

    @staticmethod
    def _check(v):
        if isinstance(v, (int, float)):
            return Scalar(v)
        return v

    def __add__(self, other):
        other = self._check(other)
        return Scalar(self.value + other.value, [self, other], '+')

    def __mul__(self, other):
        other = self._check(other)
        return Scalar(self.value * other.value, [self, other], '*')

    def __sub__(self, other):
        return self + self._check(other) * -1

    def __radd__(self, other):
        return self + other

    def relu(self):
        return Scalar(max(0, self.value), [self], 'relu')

    def backwards(self):
        self.derivative = 1
        for node in reversed(self._sorted()):
            node._push()

    def _push(self):
        if self.operation == '+':
            for c in self.children:
                c.derivative += self.derivative
        elif self.operation == '*':
            l, r = self.children
            l.derivative += self.derivative * r.value
            r.derivative += self.derivative * l.value
        elif self.operation == 'relu':
            if self.value > 0:
                self.children[0].derivative += self.derivative

    def _sorted(self):
        result, marked = [], set()

        def mark(n):
            if n in marked:
                return
            marked.add(n)
            for c in n.children:
                mark(c)
            result.append(n)
        mark(self)
        return result


class Conv1d:
    def __init__(self, k):
        self.kernel = [Scalar(random.gauss(0, 0.5)) for _ in range(k)]
        self.bias = Scalar(0.0)

    def __call__(self, xs):
        k = len(self.kernel)
        return [sum((w * x for w, x in zip(self.kernel, xs[i:i + k])), self.bias) for i in range(len(xs) - k + 1)]

    @property
    def params(self):
        return self.kernel + [self.bias]


random.seed(2)
signal = [Scalar(float(v)) for v in (0, 0, 0, 1, 1, 1, 0, 0, 1, 1)]
# wanted: rising edges
want = [max(0.0, b.value - a.value) for a, b in zip(signal[1:], signal[2:])]
conv = Conv1d(3)
print('params', len(conv.params), 'targets', want)
for epoch in range(30):
    out = [o.relu() for o in conv(signal)]
    loss = sum((o - t) * (o - t) for o, t in zip(out, want))
    for p in conv.params:
        p.derivative = 0
    loss.backwards()
    for p in conv.params:
        p.value -= 0.05 * p.derivative
    if epoch % 5 == 0:
        print(epoch, loss.value, [round(p.value, 6) for p in conv.params])
print([o.value for o in out])
print(loss.operation, len(loss._sorted()), signal[3].derivative)
