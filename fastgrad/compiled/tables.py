"""What a notebook shows of a compiled function: a row for each path, and what recordings and plain calls have taken."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

from fastgrad._programs.listing import formulas
from fastgrad.compiled.arguments import names_of_inputs
from fastgrad.draw.tables import table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from typing import Any

    from fastgrad._programs.program import Program
    from fastgrad.compiled.path import Path
    from fastgrad.compiled.paths import Paths

_COLUMNS = ["path", "arguments", "nodes", "steps", "guards", "results", "operations"]
_MOST_NAMES, _MOST_KINDS = 8, 6


def programs(
    function: Callable[..., Any], name: str, known: Sequence[tuple[Paths, Path]], everything: Iterable[Paths]
) -> str:
    """Write the table of a function's paths, each given after those that it is one of."""

    def row(k: int) -> list[object]:
        paths, path = known[k]
        inputs = names_of_inputs(function, paths.structure)
        arguments = ", ".join([*inputs[:_MOST_NAMES], *(["…"] if len(inputs) > _MOST_NAMES else [])])
        program = path.program
        return [k, arguments, path.nodes, program.steps, program.guards, program.outputs, operations(program)]

    count = len(known)
    title = f"compiled {name}: {count} path{'' if count == 1 else 's'}"
    return table(title if count else f"{title}: call it, and it is recorded", _COLUMNS, count, row, _spent(everything))


def operations(program: Program) -> str:
    """Count a program's steps by what they compute, the most frequent first."""
    size, uniforms, uniform_steps, steps, operands, _, _, functions = program.arrays()
    _, first, counts = np.unique(steps[:, 0], return_index=True, return_counts=True)
    stand_ins = (call,) * len(functions)
    texts = [formulas(size, uniforms, uniform_steps, steps[k : k + 1], operands, stand_ins)[0][1] for k in first]
    ranked = sorted(zip(counts.tolist(), map(_operation, texts)), key=lambda pair: (-pair[0], pair[1]))
    told = [f"{count:,} {what}" for count, what in ranked[:_MOST_KINDS]]
    return ", ".join([*told, *(["…"] if len(ranked) > _MOST_KINDS else [])])


def call() -> float:
    """Stand for any function that a program calls, which are counted as one kind."""
    return 0.0


def _operation(formula: str) -> str:
    """Return what a step's text says that it does: the function's name, or else the sign between two values."""
    found = re.search(r"(\w+)\(", formula) or re.search(r" (\S+) ", formula)
    return found[1] if found else formula


def _spent(everything: Iterable[Paths]) -> str:
    accounts = [(paths.asked(), paths.account) for paths in everything]
    plain_rows = sum(account.plain_rows for _, account in accounts)
    plain = sum(account.plain_seconds for _, account in accounts)
    recording = sum(account.aside() for _, account in accounts) - plain
    words = [f"rows: {sum(asked for asked, _ in accounts):,}", f"recordings: {recording:.3g} s"]
    if plain_rows:
        words.append(f"plain calls: {plain_rows:,} rows, {plain:.3g} s")
    return ", ".join(words)
