"""scalar helpers for the notebook"""
import math

made = 0


class Scalar:
    def __init__(self, x, inputs=(), slopes=()):
        global made
        made += 1
        self.x = x
        self.g = 0.0
        self.inputs = inputs
        self.slopes = slopes

    @staticmethod
    def _s(o):
        return o if isinstance(o, Scalar) else Scalar(o)

    def __add__(self, o):
        o = self._s(o)
        return Scalar(self.x + o.x, (self, o), (1.0, 1.0))

    def __sub__(self, o):
        o = self._s(o)
        return Scalar(self.x - o.x, (self, o), (1.0, -1.0))

    def __mul__(self, o):
        o = self._s(o)
        return Scalar(self.x * o.x, (self, o), (o.x, self.x))

    def __truediv__(self, o):
        o = self._s(o)
        return Scalar(self.x / o.x, (self, o), (1 / o.x, -self.x / o.x ** 2))

    def sqrt(self):
        r = math.sqrt(self.x)
        return Scalar(r, (self,), (0.5 / r,))

    def backward(self, upstream=1.0):
        self.g += upstream
        for i, s in zip(self.inputs, self.slopes):
            i.backward(upstream * s)

    def __repr__(self):
        return f'Scalar(x={self.x}, g={self.g})'
