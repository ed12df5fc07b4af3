from micrograd.engine import Value


class Tensor:
    """ a list of lists of Values, with the few operations that a model needs """

    def __init__(self, rows):
        self.rows = [[v if isinstance(v, Value) else Value(v) for v in row] for row in rows]

    @property
    def shape(self):
        return (len(self.rows), len(self.rows[0]))

    @property
    def T(self):
        return Tensor(list(zip(*self.rows)))

    def __matmul__(self, other):
        cols = list(zip(*other.rows))
        return Tensor([[sum((a * b for a, b in zip(row, col)), Value(0)) for col in cols] for row in self.rows])

    def __add__(self, other):
        return Tensor([[a + b for a, b in zip(r, s)] for r, s in zip(self.rows, other.rows)])

    def map(self, name):
        return Tensor([[getattr(v, name)() for v in row] for row in self.rows])

    def sum(self):
        return sum(v for row in self.rows for v in row)

    def parameters(self):
        return [v for row in self.rows for v in row]

    def grad(self):
        return [[v.grad for v in row] for row in self.rows]

    def tolist(self):
        return [[v.item() for v in row] for row in self.rows]
