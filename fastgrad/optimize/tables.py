"""What a notebook shows of a result: the message, the numbers of x, and their errors where these cost nothing more."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from fastgrad.draw.tables import table

if TYPE_CHECKING:
    from fastgrad.compiled.structure import _Floats
    from fastgrad.optimize.result import Result


def numbers(result: Result, names: list[str], x: list[float], covariance: _Floats | None) -> str:
    """Write the table of a result's numbers, with their standard errors where the covariance is known."""
    errors = None if covariance is None else np.sqrt(np.diag(covariance)).tolist()
    columns = ["", "x"] if errors is None else ["", "x", "standard error"]

    def row(k: int) -> list[object]:
        return [names[k], x[k]] if errors is None else [names[k], x[k], errors[k]]

    values = {name: np.ravel(result[name]) for name in ("fun", "cost") if name in result}
    known = [f"{name} {float(value[0]):.6g}" for name, value in values.items() if len(value) == 1]
    counts = [f"{name} {result[name]}" for name in ("nit", "nfev", "njev", "nhev") if result.get(name) is not None]
    title = "converged" if result.get("success") else "not converged"
    return table(f"{title}: {result.get('message', '')}", columns, len(x), row, ", ".join(known + counts))
