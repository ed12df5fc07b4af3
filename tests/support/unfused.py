"""Networks computed scalar by scalar, to hold the fused ones to."""

import numpy as np

from fastgrad import reference

POINTWISE = ("identity", "tanh", "relu", "sigmoid", "step", "softplus", "gelu", "leaky_relu")


def activated(name, sums):
    """The activation of a layer's sums, of any engine's scalars."""
    if name == "identity":
        return sums
    if name == "leaky_relu":
        return [z if z.data > 0.0 else z * 0.01 for z in sums]
    if name == "softmax":
        largest = max(z.data for z in sums)
        powers = [(z - largest).exp() for z in sums]
        return [power / sum(powers) for power in powers]
    return [getattr(z, name)() for z in sums]


class Unfused:
    """The network that a list of fused layers is, with a scalar for each parameter."""

    def __init__(self, layers, number=reference.Value):
        self.layers = []
        for layer in layers:
            table = layer.flat.reshape(layer.nout, layer.nin + 1)
            self.layers.append(([[number(p) for p in row] for row in table], layer.activation))

    def __call__(self, x):
        for neurons, name in self.layers:
            sums = [sum((w * value for w, value in zip(weights, x)), bias) for *weights, bias in neurons]
            x = activated(name, sums)
        return x

    @property
    def flat_grad(self):
        return np.array([p.grad for neurons, _ in self.layers for row in neurons for p in row])


def weighted(results, start=0):
    """A sum to go back from in which every result has a weight of its own."""
    return sum(result * (0.5 + 0.25 * (start + k)) for k, result in enumerate(results))
