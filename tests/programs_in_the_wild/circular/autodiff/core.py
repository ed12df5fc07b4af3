class Var:
    def __init__(self, data, parents=(), op=""):
        self.data = float(data)
        self.grad = 0.0
        self.parents = parents
        self.op = op
        self._back = lambda: None

    def __add__(self, other):
        return functions.add(self, other)

    def __radd__(self, other):
        return functions.add(self, other)

    def __mul__(self, other):
        return functions.mul(self, other)

    def __rmul__(self, other):
        return functions.mul(self, other)

    def __sub__(self, other):
        return functions.add(self, functions.mul(other, -1.0))

    def sin(self):
        return functions.sin(self)

    def exp(self):
        return functions.exp(self)

    def backward(self):
        seen, order = set(), []

        def walk(v):
            if v in seen:
                return
            seen.add(v)
            for p in v.parents:
                walk(p)
            order.append(v)

        walk(self)
        self.grad = 1.0
        while order:
            order.pop()._back()

    def __repr__(self):
        return "Var(%.5f, %.5f)" % (self.data, self.grad)


from . import functions  # noqa: E402  at the end: functions needs Var
