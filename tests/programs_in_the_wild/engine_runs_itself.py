"""A module that is a library and its own demonstration."""

__all__ = ["Scalar", "check"]


class Scalar:
    """One number.

    >>> x = Scalar(3)
    >>> (x * x).backward()
    >>> x.derivative
    6.0
    """

    def __init__(self, data, parents=()):
        self.data = data
        self.derivative = 0.0
        self.parents = parents

    def __add__(self, other):
        other = _lift(other)
        return Scalar(self.data + other.data, [(self, 1.0), (other, 1.0)])

    def __mul__(self, other):
        other = _lift(other)
        return Scalar(self.data * other.data, [(self, other.data), (other, self.data)])

    def __truediv__(self, other):
        other = _lift(other)
        return Scalar(self.data / other.data, [(self, 1 / other.data), (other, -self.data / other.data ** 2)])

    def __radd__(self, other):
        return self + other

    def __rmul__(self, other):
        return self * other

    def __rtruediv__(self, other):
        return _lift(other) / self

    def __repr__(self):
        return f"Scalar({self.data!r})"

    def backward(self, seed=1.0):
        """Walk all paths down from here."""
        self.derivative += seed
        for parent, slope in self.parents:
            parent.backward(seed * slope)


def _lift(x):
    return x if isinstance(x, Scalar) else Scalar(x)


def check(f, *xs, h=1e-6, tol=1e-4):
    """Compare gradients with central differences.

    >>> check(lambda a, b: a * b + a / b, 2.0, 5.0)
    True
    """
    args = [Scalar(x) for x in xs]
    f(*args).backward()
    for i, a in enumerate(args):
        up = f(*[Scalar(x + h * (i == j)) for j, x in enumerate(xs)]).data
        down = f(*[Scalar(x - h * (i == j)) for j, x in enumerate(xs)]).data
        if abs((up - down) / (2 * h) - a.derivative) > tol:
            return False
    return True


if __name__ == "__main__":
    import doctest
    print(doctest.testmod())
    x, y = Scalar(1.5), Scalar(-2.5)
    f = 3 * x * y + x / y + 1 / x
    f.backward()
    print(f, x.derivative, y.derivative)
    print(check(lambda a, b: a * a * b, 1.0, 2.0), check(lambda a: 1 / a, 0.5))
    fib = [Scalar(1), Scalar(1)]
    for _ in range(12):
        fib.append(fib[-1] + fib[-2])
    fib[-1].backward()
    print(fib, [n.derivative for n in fib[:2]], Scalar.__doc__.splitlines()[0])
