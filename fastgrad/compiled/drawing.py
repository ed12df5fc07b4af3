"""Pictures of compiled programs: what is computed from what, what is asked on the way, and the results."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastgrad._programs.listing import formulas, names_of
from fastgrad.compiled.arguments import names_of_inputs
from fastgrad.draw.canvas import canvas, decimal, escape, name_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from fastgrad._programs.program import Program
    from fastgrad._tape.node import Node
    from fastgrad.compiled.path import Path
    from fastgrad.compiled.structure import Nest
    from fastgrad.draw.canvas import _Direction, _Picture

_LONG_FORMULA = 40


def picture(
    known: Sequence[tuple[int, Path, Nest]],
    function: Callable[..., Any],
    name: str,
    format: str,
    rankdir: _Direction,
    max_nodes: float,
) -> _Picture:
    """Draw paths in one picture.

    Parameters
    ----------
    known : list of (number, Path, the arguments' structure)
    function : callable
        The one that was compiled, for its parameters' names.
    name : str
        What messages call it.
    format, rankdir, max_nodes
        See `Compiled.draw`.
    """
    boxes, several = sum(_size_of(path.program) for _, path, _ in known), len(known) > 1
    if boxes > max_nodes:
        raise ValueError(
            f"a picture of {name} has {boxes:,} boxes, too many to read (the limit is {max_nodes}): "
            f"{'draw one path, path=0, ' if several else ''}read its text(), or pass a larger max_nodes= to draw it all"
        )
    sketch = _Sketch()
    for number, path, structure in known:
        sketch.prefix = f"p{number}_" if several else ""
        sketch.add(path, names_of_inputs(function, structure), f"path {number}: result" if several else "result")
    return sketch.drawn(format, rankdir)


def _size_of(program: Program) -> int:
    return program.inputs + len(program.uniforms) + program.steps + program.guards + program.outputs


class _Sketch:
    """Boxes and arrows, each box after those that it stands on."""

    def __init__(self) -> None:
        self.prefix = ""  # keeps the boxes of several paths apart
        self.boxes: dict[str, tuple[str, str]] = {}  # label and shape, by name
        self.operands: dict[str, list[str]] = {}  # names, by name

    def add(self, path: Path, inputs: Iterable[str], result: str) -> None:
        """Add a path, whose inputs have names, and whose results are called so."""
        size, uniforms, uniform_steps, steps, operands, outputs, guards, functions = path.program.arrays()
        name = names_of(size, uniforms, uniform_steps)
        for value, what in enumerate(inputs):
            self._record(name(value), [what, name(value)])
        for value, fields in enumerate(_uniforms(path.uniforms.scalars, uniforms.tolist()), size):
            self._record(name(value), [fields[0], name(value), fields[1]])
        for value, formula, of in formulas(size, uniforms, uniform_steps, steps, operands, functions):
            self._record(name(value), [name(value), _short(formula)], map(name, of))
        for k, (value, truth) in enumerate(guards.tolist()):
            label = escape(f"guard {name(value)} {'!=' if truth else '=='} 0")
            self._box(f"guard{k}", label, "ellipse", [name(value)])
        for k, (what, value) in enumerate(zip(path.structure.names(result), outputs.tolist())):
            self._record(f"result{k}", [what, name(value)], [name(value)])

    def _record(self, box: str, fields: Iterable[str], operands: Iterable[str] = ()) -> None:
        self._box(box, f"{{ {' | '.join(map(escape, fields))} }}", "record", operands)

    def _box(self, box: str, label: str, shape: str, operands: Iterable[str]) -> None:
        self.boxes[self.prefix + box] = label, shape
        self.operands[self.prefix + box] = [self.prefix + operand for operand in dict.fromkeys(operands)]

    def drawn(self, format: str, rankdir: _Direction) -> _Picture:
        dot = canvas(format, rankdir, self.operands)
        for box, (label, shape) in self.boxes.items():
            dot.node(box, label, shape=shape)
        for box, operands in self.operands.items():
            for operand in operands:
                dot.edge(operand, box)
        return dot


def _uniforms(scalars: Sequence[Node], numbers: Sequence[float]) -> list[tuple[str, str]]:
    """Tell of each number that is the same for all rows what it is, and its value."""
    outside = [(*name_of(scalar), "scalar")[0] for scalar in scalars]
    known = [(what, f"data {decimal(scalar.data)}") for what, scalar in zip(outside, scalars)]
    return known + [("constant", repr(number)) for number in numbers[len(scalars) :]]


def _short(formula: str) -> str:
    """A sum or a dot of many leaves out what its arrows show."""
    return formula if len(formula) <= _LONG_FORMULA else f"{formula[: formula.rindex('(')]}(...)"
