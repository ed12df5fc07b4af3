"""The instructions of a kernel, one after the other."""

from __future__ import annotations

import ast

from fastgrad._kernels.program import Code, Program
from fastgrad.fusing.liveness import needed, straight

TYPE_CHECKING = False  # true to type checkers; typing is slow to import
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from fastgrad._kernels.conditions import Conditions

_MOST_REGISTERS = 1_000
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
    arguments : int
        How many there are.
    """

    def __init__(self, arguments: int) -> None:
        self.arguments = arguments
        self.first: list[list[int]] = []  # instructions that come before all others
        self.instructions: list[list[int]] = []
        self.next = arguments
        self.constants: dict[int, Any] = {}
        self.names: list[str] = []
        self.loops: list[tuple[int, int]] = []  # the first instruction and the NEXT of each
        self.is_open = False  # whether what is read decides how many rounds are done

    def register(self) -> int:
        self.next += 1
        if self.next > _MOST_REGISTERS:
            raise Unfit(ast.Pass(), "it is too long")
        return self.next - 1

    def constant(self, value: Any) -> int:
        """A register of a constant, which is not given to anything else."""
        for place, known in self.constants.items():
            if known is value or (type(known) is type(value) and isinstance(value, (int, str)) and known == value):
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

    def built(self, conditions: Conditions, results: Sequence[int]) -> Program:
        """Return the program, after which the results are in registers: those of constants come last."""
        moved = {place: self.next + i for i, place in enumerate(self.constants)}
        count = self.next + len(self.constants)
        if count > _MOST_REGISTERS:
            raise Unfit(ast.Pass(), "it is too long")
        begin = len(self.first)
        rows = [*self.first, *([*row[:5], row[5] + begin] for row in self.instructions)]
        rows = [[code, *(moved.get(x, x) for x in (to, a, b)), c, jump] for code, to, a, b, c, jump in rows]
        for row in rows:
            if row[0] in _OPERAND_IN_C:
                row[4] = moved.get(row[4], row[4])
        constants = {moved[place]: value for place, value in self.constants.items()}
        loops = [(body + begin, end + begin) for body, end in self.loops]
        loops = [loop for loop in loops if straight(rows, *loop)]
        for number, (body, end) in enumerate(loops):
            rows[body - 1][4] = rows[end][4] = number + 1
        kept = [(body, end, needed(rows, body, end, results)) for body, end in loops]
        return Program(rows, count, self.arguments, constants, self.names, conditions, kept, begin, self.is_open)
