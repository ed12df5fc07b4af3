"""One recorded way through a function, and what stands for a function whose code is not there."""

from __future__ import annotations

import functools
import importlib
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from fastgrad.compiled.direct import DirectPath
from fastgrad.compiled.table import Uniforms

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from fastgrad._programs.program import Program
    from fastgrad._recording.record import Recording
    from fastgrad.compiled.structure import _Structure

    _Outcome: TypeAlias = tuple[int, bool]


class Lost:
    """What stands for a function after unpickling: programs are kept, code is not, but may be there by import."""

    def __init__(self, name: str, module: str, qualname: str) -> None:
        self.__name__, self.__module__, self.__qualname__ = name, module, qualname

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        function = self.found()
        if function is not None:
            return function(*args, **kwargs)
        raise RuntimeError(
            f"{self.__name__} was loaded from a pickle, which has its recorded programs and no code: it takes "
            "arguments of the structures it was called with before, and rows that go the ways recorded before. Compile "
            "the function here for others"
        )

    def found(self) -> Callable[..., Any] | None:
        """Return the function that a module of that name has compiled under that name, or None."""
        try:
            compiled = functools.reduce(getattr, self.__qualname__.split("."), importlib.import_module(self.__module__))
        except (ImportError, AttributeError):
            return None
        function = getattr(compiled, "function", None)
        return None if isinstance(function, Lost) else function


class Path(DirectPath):
    """One recorded way through a function.

    Attributes
    ----------
    program : Program
    uniforms : Uniforms
        The numbers that no row changes, and the scalars from outside that some are of.
    structure : the results' description
    outcomes : list of (mark, truth)
        What each guard asked, as a number that says what was computed until then, and the recorded answer.
    end : int
        A number that says what all of the function computed, and its results.
    nodes : int
        How many nodes were recorded.
    outside : list of scalars
        Those from outside that were used; these numbers tell them apart as long as they live.
    number : int
        Which of the paths it is; -1 for one that is not kept.
    """

    def __init__(
        self,
        program: Program,
        captured: list[Any],
        structure: _Structure,
        outcomes: list[_Outcome],
        end: int,
        nodes: int,
        outside: Sequence[Any] = (),
    ) -> None:
        super().__init__(program, Uniforms(captured, program.uniforms), structure)
        self.outcomes, self.end, self.nodes, self.outside = outcomes, end, nodes, outside
        self.number = -1
        self._leaves: tuple[Path | None, int] = (None, -1)  # the path that it leaves, and at which guard
        self._branches: dict[int, Path] = {}  # those that leave it, by the guard

    def beside(self, k: int) -> Path | None:
        """Return a path through the branch that the other outcome of guard k leads to, or None."""
        path: Path | None = self
        while path is not None:
            left, place = path._leaves
            if k > place:
                return path._branches.get(k)
            if k == place:
                return left
            path = left
        return None

    def branch_off(self, k: int, path: Path) -> None:
        """Let another path leave this one at guard k."""
        path._leaves = self, k
        self._branches[k] = path

    def tried(self, row: list[float]) -> Path:
        """Return this path, if it runs: a function that the program calls may raise what recording did not ask it."""
        if self.program.functions:
            self.program.run(np.array([row]), self.uniforms.now())
        return self

    def state(self) -> tuple[Any, ...]:
        """Return what makes this path."""
        return self.program, self.uniforms.scalars, self.structure, self.outcomes, self.end, self.nodes


class Run:
    """A call of a function that was recorded, before it is a path.

    Attributes
    ----------
    structure, outcomes, end, outside
        See `Path`.
    outputs : list of scalars and floats
    """

    def __init__(self, recording: Recording, structure: _Structure, outputs: list[Any]) -> None:
        (*marks, self.end), self.outside = recording.marks(outputs)
        self.outcomes = [(mark, truth) for mark, (_, truth) in zip(marks, recording.guards)]
        self.structure, self.outputs, self._recording = structure, outputs, recording

    def path(self) -> Path:
        """Make the program, which can be done once."""
        program, captured = self._recording.program(self.outputs)
        nodes = self._recording.report["nodes"]
        return Path(program, captured, self.structure, self.outcomes, self.end, nodes, self.outside)

    def release(self) -> None:
        """Let go of the tape."""
        self._recording.drop()
