"""The activation as a switch, as micrograd and its children have it."""


class Nonlin:
    """What gives a neuron or a layer of `fastgrad.nn` the attribute `nonlin`."""

    _nonlinear = ""  # the activation that is switched
    _most_shown = float("inf")

    @property
    def nonlin(self):
        """Whether there is an activation. Assigning switches it."""
        return self.activation != "identity"

    @nonlin.setter
    def nonlin(self, on):
        self.activation = self._activation_if(on)

    def _activation_if(self, on):
        return self._nonlinear if on else None
