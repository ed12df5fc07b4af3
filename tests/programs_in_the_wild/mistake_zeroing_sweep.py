class Value:
    """backward() zeroes everything below it before it starts"""

    def __init__(self, data, parents=(), op=None):
        self.data = data
        self.grad = 0
        self.parents = list(parents)
        self.op = op
        self.backward_step = None

    @staticmethod
    def of(x):
        if type(x) is Value:
            return x
        return Value(x)

    def __add__(self, other):
        other = Value.of(other)
        result = Value(self.data + other.data, [self, other], 'plus')

        def step():
            self.grad = self.grad + result.grad
            other.grad = other.grad + result.grad
        result.backward_step = step
        return result

    def __mul__(self, other):
        other = Value.of(other)
        result = Value(self.data * other.data, [self, other], 'times')

        def step():
            self.grad = self.grad + result.grad * other.data
            other.grad = other.grad + result.grad * self.data
        result.backward_step = step
        return result

    def order(self):
        out, seen = [], set()

        def visit(v):
            if v in seen:
                return
            seen.add(v)
            for p in v.parents:
                visit(p)
            out.append(v)
        visit(self)
        return out[::-1]

    def zero(self):
        for v in self.order():
            v.grad = 0

    def backward(self, seed=1):
        self.zero()
        self.grad = seed
        for v in self.order():
            if v.backward_step is not None:
                v.backward_step()


a, b = Value(4), Value(-1)
p = a * b + a
q = a * a * 2
p.backward()
print('after p:', a.grad, b.grad)
q.backward()
print('after q:', a.grad, b.grad)       # a starts again, b keeps what it had
p.backward(10)
print('seed 10:', a.grad, b.grad, p.grad, [v.op for v in p.order()])
r = p + q
r.backward()
print('both   :', a.grad, b.grad, p.grad, q.grad)
q.zero()
print('zeroed :', a.grad, b.grad, p.grad, q.grad)
for k in range(4):
    r.backward(k * 0.5)
    print(k, a.grad, b.grad)
