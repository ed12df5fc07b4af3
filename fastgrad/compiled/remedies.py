"""What to say of errors that a function raises while it is recorded."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from fastgrad import math
from fastgrad._recording.remedies import REMEDIES
from fastgrad._tape.observer import TraceError
from fastgrad.compiled.structure import Array

if TYPE_CHECKING:
    from fastgrad.compiled.structure import Nest

_UFUNC = re.compile(r"ufunc '(\w+)'|no callable (\w+) method|'fastgrad\.Value' object has no attribute '(\w+)'$")
_LINEAR_ALGEBRA = re.compile("det|slogdet|inv|pinv|solve|eig|svd|cholesky|qr|lstsq")


def explain(error: Exception, structure: Nest, name: str) -> None:
    """Add notes to what a function raised while it was recorded, as numpy's messages do not say what it was given."""
    puzzling = isinstance(error, (TypeError, ValueError, IndexError, AttributeError)) and type(error) is not TraceError
    picking = isinstance(error, IndexError) and "only integers, slices" in str(error)
    if not puzzling or not hasattr(error, "add_note"):  # which Python has from 3.11 on
        return
    parts = enumerate(structure.parts[0].parts)
    arrays = [f"argument {k} an array of shape {part.shape}" for k, part in parts if isinstance(part, Array)]
    if arrays:
        remedy = (
            ". To compute with each number of an array by itself, give it to batch, batch_value_and_grad, sum or mean"
        )
        error.add_note(
            f"{name} was recorded with {', '.join(arrays)}; in a batch that is one row{'' if picking else remedy}"
        )
    ufunc = _UFUNC.search(str(error))
    if ufunc:
        error.add_note(
            f"{name} is recorded with scalars of fastgrad, not with floats: use operations and functions of "
            f"fastgrad.math{_instead_of(ufunc[ufunc.lastindex or 0])}"
        )
    if picking:
        error.add_note("to pick by a label that is an argument, give it one-hot, and take fastgrad.dot(one_hot, xs)")


def _instead_of(ufunc: str) -> str:
    if f"{ufunc}()" in REMEDIES:
        return f". {REMEDIES[f'{ufunc}()']}"
    if _LINEAR_ALGEBRA.match(ufunc):
        return ". numpy.linalg decomposes and solves arrays of floats only: write out what is small"
    of_scalars = getattr(getattr(math, ufunc, None), "__module__", "math") != "math"
    return f", such as {ufunc}" if of_scalars else ", such as erf and sigmoid"
