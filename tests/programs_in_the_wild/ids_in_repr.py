import itertools


class Var:
    _ids = itertools.count()

    def __init__(self, data, inputs=()):
        self.id = next(Var._ids)
        self.data = data
        self.inputs = inputs
        self.adj = 0
        self.pullback = None

    def __repr__(self):
        ins = ', '.join(f'%{i.id}' for i in self.inputs)
        return f'%{self.id} = {self.data} ({ins})' if ins else f'%{self.id} = {self.data}'

    def __add__(self, o):
        o = o if isinstance(o, Var) else Var(o)
        r = Var(self.data + o.data, (self, o))
        r.pullback = lambda g: (g, g)
        return r

    def __sub__(self, o):
        o = o if isinstance(o, Var) else Var(o)
        r = Var(self.data - o.data, (self, o))
        r.pullback = lambda g: (g, -g)
        return r

    def __mul__(self, o):
        o = o if isinstance(o, Var) else Var(o)
        r = Var(self.data * o.data, (self, o))
        r.pullback = lambda g: (g * o.data, g * self.data)
        return r

    def __rsub__(self, o): return Var(o) - self
    def __rmul__(self, o): return Var(o) * self
    __radd__ = __add__


def collect(root):
    found = {}
    todo = [root]
    while todo:
        v = todo.pop()
        if v.id not in found:
            found[v.id] = v
            todo.extend(v.inputs)
    # ids grow along the graph, so sorting by id is sorting by time
    return [found[i] for i in sorted(found)]


def sweep(root):
    nodes = collect(root)
    for v in nodes:
        v.adj = 0
    root.adj = 1
    for v in reversed(nodes):
        if v.pullback:
            for i, g in zip(v.inputs, v.pullback(v.adj)):
                i.adj += g
    return nodes


x = Var(3)
y = Var(0.5)
out = 2 * x * y + (1 - x) * (x - y) * 4
for v in sweep(out):
    print(v, '| adjoint', v.adj)

t = Var(0.0)
for k in range(5):
    e = (t - 2) * (t - 2) + (t - 5) * (t - 5)
    n = len(sweep(e))
    t.data -= 0.1 * t.adj
    print(k, e, n, t)
print(next(Var._ids))
