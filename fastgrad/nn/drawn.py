"""What a module tells of itself in a picture."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from fastgrad.draw.canvas import _Direction, _Picture
    from fastgrad.nn.module import Rows, Single

    _Step: TypeAlias = Rows | str  # a layer or a neuron; or what else is applied, by its name


class Drawn:
    """The part of `Module` that draws it."""

    _blocks: Callable[[str, dict[int, object]], Iterator[Single | Rows]]
    num_parameters: Callable[[], int]

    def _steps(self, name: str) -> list[_Step] | None:
        """Return what is applied in turn, with names that begin so; or None where nobody can tell."""
        return None

    def draw(
        self,
        format: str = "svg",
        rankdir: _Direction = "LR",
        max_nodes: float = 400,
        *,
        max_neurons: float = 16,
        max_numbers: float = 40,
        max_edges: float = 1000,
        inputs: Iterable[str] | None = None,
    ) -> _Picture:
        """Draw a neuron, a layer, or layers that are applied one after the other.

        Inputs and neurons are circles, a neuron's with its bias and its activation, and weights are lines: blue where
        they are positive, red where negative, gray where 0, black where not finite, and the wider the larger beside the
        network's largest. Parameters have the names of `named_parameters`: a caption has the first part, a circle the
        next and a line the last; a line or a circle that is pointed at shows the whole name and the number. Nothing is
        computed, so that neither graphs nor gradients change.

        In a `Sequential`, functions and modules that compute in a way of their own are boxes. What a subclass's own
        ``__call__`` does beside applying its layers is not seen.

        Parameters
        ----------
        format : str
            As of `fastgrad.draw.draw_dot`.
        rankdir : {"LR", "TB"}
            Which way a row goes through the network: left to right, or top to bottom.
        max_nodes : int
            How many circles and boxes are drawn at most.
        max_neurons : int
            How many circles a column has at most, 3 or more. Of a wider layer, and of more inputs, the first ones and
            the last are drawn, and a mark between says how many are left out.
        max_numbers : int
            Up to how many weights, of all that are drawn, have their numbers on the lines.
        max_edges : int
            Up to how many weights are drawn. Of more none is, and between the columns stands the shape that they have
            in a state dict.
        inputs : iterable of str, or a frame, optional
            What the inputs are called, such as ``df.columns``; otherwise x0, x1 and so on.

        Returns
        -------
        graphviz.Digraph or Drawing
            The picture, as `fastgrad.draw.draw_dot` returns it.

        Raises
        ------
        TypeError
            If it is a module that computes in a way of its own, which only its ``__call__`` knows.
        ValueError
            If there are more nodes than ``max_nodes``, or no layers, or layers or names of inputs that do not fit.

        Examples
        --------
        >>> from fastgrad import nn
        >>> neuron = nn.Neuron(2)
        >>> neuron.w, neuron.b = [1.0, -2.0], 0.5
        >>> picture = neuron.draw()
        >>> [text in picture.source for text in ("w.0 1", "w.1 -2", "b 0.5", "tanh")]
        [True, True, True, True]
        """
        from fastgrad._frames import columns_of
        from fastgrad.nn.drawing import Limits, picture

        model, steps = type(self).__name__, self._steps("")
        if steps is None:
            parts = [f"model.{name}.draw()" for name, thing in vars(self).items() if isinstance(thing, Drawn)]
            raise TypeError(
                f"{model} computes in a way that only its __call__ knows, so there is no picture of it: draw a part or "
                f"a result, {' or '.join([*parts, 'model(x).draw_dot()'])}"
            )
        if not steps:
            raise ValueError(f"{model} has no layers to draw: give it some, as in nn.Sequential(nn.Layer(3, 1))")
        limits = Limits(max_nodes, max_neurons, max_numbers, max_edges)
        names = None if inputs is None else columns_of(inputs) or tuple(map(str, inputs))
        return picture(model, self._as_named(steps), format, rankdir, limits, names)

    def _repr_html_(self) -> str | None:
        """Return a table of the parameters for notebooks; None where a class of a user's own has a text of its own."""
        if not type(self).__repr__.__module__.startswith("fastgrad."):
            return None
        from fastgrad.nn.tables import parameters

        return parameters(type(self).__name__, list(self._blocks("", {})), self.num_parameters())

    def _as_named(self, steps: Sequence[_Step]) -> list[_Step]:
        """Exchange blocks for those of the same parameters that `named_parameters` goes by."""
        known = {block.stretch: block for block in self._blocks("", {}) if isinstance(block.stretch, tuple)}
        return [step if isinstance(step, str) else known.get(step.stretch, step) for step in steps]
