"""The instructions of a kernel, one after the other."""

from __future__ import annotations

import ast

from fastgrad._kernels.program import Code, Program
from fastgrad.fusing.liveness import needed, straight

TYPE_CHECKING = False  # true to type checkers; typing is slow to import
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

_MOST_REGISTERS = 250
_OPERAND_IN_C = (Code.SLICE, Code.LENGTH_OF_RANGE)


class Unfit(Exception):
    """Something that no kernel can do: where, and why."""

    def __init__(self, node: ast.AST, why: str) -> None:
        super().__init__(why)
        self.node, self.why = node, why


class Builder:
    """Makes a program, instruction by instruction.

    Parameters
    ----------
    arguments : sequence of str or None
        The names of the arguments; None for one that is no variable.
    """

    def __init__(self, arguments: Sequence[str | None]) -> None:
        self.arguments = list(arguments)
        self.instructions: list[list[int]] = []
        self.next = len(self.arguments)
        self.constants: dict[int, Any] = {}
        self.names: list[str] = []
        self.reads: dict[str, int] = {}
        self.guards: dict[tuple[str, tuple[str, ...]], Any] = {}
        self.expected: list[tuple[int, Any]] = []
        self.loops: list[tuple[int, int]] = []  # the first instruction and the NEXT of each

    def register(self) -> int:
        self.next += 1
        if self.next > _MOST_REGISTERS:
            raise Unfit(ast.Pass(), "it is too long")
        return self.next - 1

    def constant(self, value: Any) -> int:
        """A register of a constant, which is not given to anything else."""
        for place, known in self.constants.items():
            if type(known) is type(value) and known == value and not isinstance(value, float):
                return place
        place = -1 - len(self.constants)  # they get their registers at the end
        self.constants[place] = value
        return place

    def emit(self, code: Code, to: int = 0, a: int = 0, b: int = 0, c: int = 0, jump: int = 0) -> int:
        self.instructions.append([code, to, a, b, c, jump])
        return len(self.instructions) - 1

    def here(self) -> int:
        return len(self.instructions)

    def land(self, *jumps: int) -> None:
        """Have jumps end here."""
        for place in jumps:
            self.instructions[place][5] = self.here()

    def name(self, name: str) -> int:
        if name.startswith("__") and not name.endswith("__"):
            raise Unfit(ast.Pass(), f"{name} may be a class's own name")
        if name not in self.names:
            self.names.append(name)
        return self.names.index(name)

    def program(self, results: Sequence[int] = ()) -> Program:
        """Return the program, after which the results are in registers: those of constants come last."""
        moved = {place: self.next + i for i, place in enumerate(self.constants)}
        count = self.next + len(self.constants)
        if count > _MOST_REGISTERS:
            raise Unfit(ast.Pass(), "it is too long")
        rows = [
            [code, *(moved.get(x, x) for x in (to, a, b)), c, jump] for code, to, a, b, c, jump in self.instructions
        ]
        for row in rows:
            if row[0] in _OPERAND_IN_C:
                row[4] = moved.get(row[4], row[4])
        constants = {moved[place]: value for place, value in self.constants.items()}
        loops = [loop for loop in self.loops if straight(rows, *loop)]
        for number, (_, end) in enumerate(loops):
            rows[end][4] = number + 1
        kept = [(body, end, needed(rows, body, end, results)) for body, end in loops]
        guards = [(*place, value) for place, value in self.guards.items()]
        reads = [*self.reads.items()]
        return Program(rows, count, len(self.arguments), constants, self.names, reads, guards, self.expected, kept)
