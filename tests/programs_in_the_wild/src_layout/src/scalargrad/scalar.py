import math


class Scalar(object):
    def __init__(self, value, parents=(), op=None):
        self.value = value
        self.gradient = 0.0
        self.parents = tuple(parents)
        self.op = op
        self._backprop = None

    def __add__(self, o):
        if not isinstance(o, Scalar): o = Scalar(o)
        r = Scalar(self.value + o.value, (self, o), 'add')
        def f():
            self.gradient += r.gradient
            o.gradient += r.gradient
        r._backprop = f
        return r
    __radd__ = __add__

    def __sub__(self, o):
        if not isinstance(o, Scalar): o = Scalar(o)
        r = Scalar(self.value - o.value, (self, o), 'sub')
        def f():
            self.gradient += r.gradient
            o.gradient -= r.gradient
        r._backprop = f
        return r

    def __rsub__(self, o):
        return Scalar(o) - self

    def __mul__(self, o):
        if not isinstance(o, Scalar): o = Scalar(o)
        r = Scalar(self.value * o.value, (self, o), 'mul')
        def f():
            self.gradient += r.gradient * o.value
            o.gradient += r.gradient * self.value
        r._backprop = f
        return r
    __rmul__ = __mul__

    def __truediv__(self, o):
        if not isinstance(o, Scalar): o = Scalar(o)
        r = Scalar(self.value / o.value, (self, o), 'div')
        def f():
            self.gradient += r.gradient / o.value
            o.gradient += -r.gradient * self.value / (o.value * o.value)
        r._backprop = f
        return r

    def sin(self):
        r = Scalar(math.sin(self.value), (self,), 'sin')
        def f():
            self.gradient += math.cos(self.value) * r.gradient
        r._backprop = f
        return r

    def exp(self):
        r = Scalar(math.exp(self.value), (self,), 'exp')
        def f():
            self.gradient += r.value * r.gradient
        r._backprop = f
        return r

    def backprop(self):
        done = []
        marks = {}
        stack = [(self, 0)]
        # iterative depth first walk, no recursion limit trouble
        while stack:
            node, state = stack.pop()
            if state == 1:
                done.append(node)
                continue
            if id(node) in marks:
                continue
            marks[id(node)] = True
            stack.append((node, 1))
            for p in node.parents:
                stack.append((p, 0))
        self.gradient = 1.0
        for node in reversed(done):
            if node._backprop is not None:
                node._backprop()

    def __str__(self):
        return '<%g | %g>' % (self.value, self.gradient)
