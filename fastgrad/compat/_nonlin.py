"""The activation as a switch, as micrograd and its children have it."""

from __future__ import annotations

from typing import Any


class Nonlin:
    """What gives a neuron or a layer of `fastgrad.nn` the attribute `nonlin`."""

    activation: Any
    _nonlinear = ""  # the activation that is switched
    _most_shown = float("inf")

    @property
    def nonlin(self) -> bool:
        """Whether there is an activation. Assigning switches it."""
        return bool(self.activation != "identity")

    @nonlin.setter
    def nonlin(self, on: bool) -> None:
        self.activation = self._activation_if(on)

    def _activation_if(self, on: bool) -> str | None:
        return self._nonlinear if on else None
