"""What the instructions of a kernel read and write."""

from __future__ import annotations

from fastgrad._kernels.program import Code

TYPE_CHECKING = False  # true to type checkers; typing is slow to import
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_CHECKS = {Code.CHECK_TYPE, Code.CHECK_FUNCTION, Code.CHECK_SAME, Code.CHECK_OTHER}
_CHANGES_LIST = {Code.SET_ITEM, Code.APPEND, Code.APPEND_TO, Code.EXTEND}
_NO_RESULT = {Code.SET_ATTRIBUTE, Code.ROUND_DONE, Code.JUMP, Code.END, Code.GIVE_WAY} | _CHANGES_LIST | _CHECKS
_READS_TARGET = {Code.SUMMED, Code.SUM_DONE, Code.NEXT} | _CHANGES_LIST
_NO_OPERANDS = {Code.JUMP, Code.END, Code.NEW_LIST, Code.CLEAR, Code.GIVE_WAY}
_TWO_OPERANDS = {
    Code.ADD, Code.SUBTRACT, Code.MULTIPLY, Code.DIVIDE, Code.POWER, Code.FLOOR_DIVIDE, Code.REMAINDER,
    Code.SET_ATTRIBUTE, Code.ITEM, Code.SET_ITEM, Code.SLICE, Code.LENGTH_OF_RANGE, Code.LEAST, Code.GREATER,
    Code.SMALLER, Code.SUMMED, Code.CHECK_SAME, Code.CHECK_OTHER,
}  # fmt: skip


def read_by(row: Sequence[int]) -> set[int]:
    """Return the registers that an instruction reads."""
    code, to, a, b, c, _ = row
    if code in _NO_OPERANDS:
        return set()
    found = {a, b} if code in _TWO_OPERANDS or code >= Code.JUMP_UNLESS else {a}
    if code in (Code.SLICE, Code.LENGTH_OF_RANGE):
        found.add(c)
    elif code in (Code.KEEP, Code.NEW_TUPLE):
        found |= set(range(a, a + c))
    return found | {to} if code in _READS_TARGET else found


def written_by(row: Sequence[int]) -> set[int]:
    """Return the registers that an instruction writes."""
    code, to, _, _, c, _ = row
    if code in _NO_RESULT or code >= Code.JUMP_UNLESS:
        return set()
    return set(range(to, to + c)) if code in (Code.UNPACKED, Code.KEEP) else {to}


def straight(rows: Sequence[Sequence[int]], body: int, end: int) -> bool:
    """Whether every round of a loop runs through all its instructions."""
    jumps = {Code.JUMP, Code.NEXT, Code.START}
    return not any(row[0] in jumps or row[0] >= Code.JUMP_UNLESS for row in rows[body:end])


def needed(rows: Sequence[Sequence[int]], body: int, end: int, results: Iterable[int]) -> list[int]:
    """Return the registers that a loop writes and that are read elsewhere, or in it by the round that comes next."""
    inside = rows[body:end]
    written: set[int] = set().union(*map(written_by, inside))
    read = set(results).union(*map(read_by, [*rows[:body], *rows[end:]]))
    set_before: set[int] = set()
    for row in inside:
        read |= read_by(row) - set_before
        set_before |= written_by(row)
    return sorted(written & read)
