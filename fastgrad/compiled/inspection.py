"""What a compiled function tells of its programs: their number, their text, their size, their picture."""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any

import numpy as np

from fastgrad._programs.listing import text
from fastgrad.compiled.arguments import names_of_inputs
from fastgrad.compiled.structure import has_names

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastgrad._programs.program import Program
    from fastgrad.compiled.path import Path
    from fastgrad.compiled.paths import Paths
    from fastgrad.compiled.structure import Nest
    from fastgrad.draw.canvas import _Direction, _Picture


class Inspected:
    """The part of `Compiled` that looks at what is recorded."""

    function: Callable[..., Any]
    _paths: dict[Nest, Paths]  # by the arguments' structure

    def programs(self) -> list[Program]:
        """Return the recorded programs, one for each path of each structure of arguments."""
        return [path.program for path in self._recorded()]

    def text(self) -> str:
        """Return the programs as readable flat code, a line for each constant, step and guard.

        The first line lists the inputs, by their names where columns of a frame are among them.

        Examples
        --------
        >>> import fastgrad
        >>> f = fastgrad.compile(lambda x: 2.0 * x.exp())
        >>> f(0.0)
        2.0
        >>> print(f.text())
        v0: inputs
        u0 = 2.0
        v2 = exp(v0)
        v3 = v2 * u0
        return v3
        """
        return "\n\n".join(self._text_of(paths, path) for paths, path in self._with_paths())

    def _text_of(self, paths: Paths, path: Path) -> str:
        named = names_of_inputs(self.function, paths.structure) if has_names(paths.structure) else ["inputs"]
        return text(*path.program.arrays(), names=named)

    def draw(
        self, path: int | None = None, format: str = "svg", rankdir: _Direction = "LR", max_nodes: float = 400
    ) -> _Picture:
        """Draw the programs: a box for each input, number from outside, constant, step and result.

        What a number is computed as stands in its box, with the names of `text`; a guard is round, and shows the
        outcome that its path is for.

        Parameters
        ----------
        path : int, optional
            Which path, from 0 on, in the order of `programs`. Without it all are drawn, in one picture.
        format : str
            As of `fastgrad.draw.draw_dot`.
        rankdir : {"LR", "TB"}
            Which way the computation runs: left to right, or top to bottom.
        max_nodes : int
            How many boxes are drawn at most.

        Returns
        -------
        graphviz.Digraph or Drawing
            The picture, as `fastgrad.draw.draw_dot` returns it.

        Raises
        ------
        ValueError
            If nothing is recorded yet, if there is no such path, or if there are more boxes than ``max_nodes``.

        Examples
        --------
        >>> import fastgrad
        >>> f = fastgrad.compile(lambda x: 2.0 * x.exp())
        >>> f(0.0)
        2.0
        >>> print(f.draw().source.expandtabs(4))
        digraph {
            graph [rankdir=LR]
            v0 [label="{ x | v0 }" shape=record]
            u0 [label="{ constant | u0 | 2.0 }" shape=record]
            v2 [label="{ v2 | exp(v0) }" shape=record]
            v3 [label="{ v3 | v2 * u0 }" shape=record]
            result0 [label="{ result | v3 }" shape=record]
            v0 -> v2
            v2 -> v3
            u0 -> v3
            v3 -> result0
        }
        <BLANKLINE>
        """
        from fastgrad.compiled.drawing import picture

        known = [(k, found, paths.structure) for k, (paths, found) in enumerate(self._with_paths())]
        if not known:
            raise ValueError(f"{self._name()} has no paths to draw yet: call it before")
        wanted = known if path is None else [known[_place(path, len(known), self._name())]]
        return picture(wanted, self.function, self._name(), format, rankdir, max_nodes)

    def report(self) -> dict[str, int]:
        """Return how large the programs are.

        Returns
        -------
        dict
            paths, their number; nodes, as recorded; steps, of the programs; bytes, of the programs.
        """
        arrays = [array for program in self.programs() for array in program.arrays() if isinstance(array, np.ndarray)]
        return {
            "paths": len(self.programs()),
            "nodes": sum(path.nodes for path in self._recorded()),
            "steps": sum(program.steps for program in self.programs()),
            "bytes": sum(array.nbytes for array in arrays),
        }

    def __repr__(self) -> str:
        count = len(self.programs())
        return f"<compiled {self._name()}: {count} {'path' if count == 1 else 'paths'}>"

    def _repr_html_(self) -> str:
        from fastgrad.compiled.tables import programs

        return programs(self.function, self._name(), self._with_paths(), list(self._paths.values()))

    def _name(self) -> str:
        return getattr(self.function, "__name__", None) or type(self.function).__name__

    def _recorded(self) -> list[Path]:
        return [path for _, path in self._with_paths()]

    def _with_paths(self) -> list[tuple[Paths, Path]]:
        """Return each path, after the paths that it is one of."""
        return [(paths, path) for paths in list(self._paths.values()) for path in list(paths.recorded)]


def _place(path: Any, count: int, name: str) -> int:
    try:
        place = operator.index(path)
    except TypeError:
        raise TypeError(f"path must be an int, not {path!r}") from None
    if not 0 <= place < count:
        raise ValueError(f"path must be one of the {count} paths of {name}, from 0 on, not {place}")
    return place
