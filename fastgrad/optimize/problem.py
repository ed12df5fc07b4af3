"""What is solved: a function of a structure as one of an array, and SciPy itself."""

from __future__ import annotations

import functools
import inspect
import math
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from fastgrad.compiled.function import Compiled
from fastgrad.compiled.structure import Array, described, floats_of, in_words
from fastgrad.optimize.functions import compiled, form, is_vector, usable
from fastgrad.transforms.tape import name_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastgrad.compiled.for_scipy import ForSciPy
    from fastgrad.compiled.structure import _Floats, _Structure

_MANY = 50  # unknowns, from which on a matrix may be sparse
_SHARE = 0.1  # of its entries, up to which it is


def scipy_optimize() -> Any:
    """Return the module `scipy.optimize`."""
    try:
        from scipy import optimize  # type: ignore[import-untyped]
    except ImportError as error:
        raise ImportError('fastgrad.optimize stands on SciPy: pip install "fastgrad[optimize]"') from error
    return optimize


def check_function(function: Any, name: str) -> None:
    """Raise TypeError unless an argument is a function."""
    if not callable(function):
        raise TypeError(
            f"{name} must be a function of numbers or a compiled one, not {function!r:.60}: its derivatives are found "
            "from what it computes"
        )


class Unknowns:
    """The numbers that are sought, as the user's structure and as one array.

    Attributes
    ----------
    structure : the description of x0
    start : numpy.ndarray, shape (n,)
        Its numbers.
    """

    def __init__(self, x0: Any, name: str = "x0") -> None:
        self.structure: _Structure = described(x0, name)
        self.start: _Floats = np.array(floats_of(self.structure, x0, name))
        if not len(self.start):
            raise ValueError(f"{name} must have at least one number to begin with, not {x0!r:.60}")
        self.is_array = isinstance(self.structure, Array) and len(self.structure.shape) == 1

    def like(self, numbers: _Floats) -> Any:
        """Return numbers as the user's structure."""
        return self.structure.of_floats(np.asarray(numbers, dtype=np.float64))

    def floats(self, x: Any) -> list[float]:
        """Return the numbers of what has the user's structure."""
        return floats_of(self.structure, x, "x")

    def compiled(self, function: Callable[..., Any], args: tuple[Any, ...]) -> Any:
        """Return a function of the structure as one of an array, compiled if it can be recorded where one begins."""
        structure = self.structure

        def of_array(x: Any, *args: Any) -> Any:
            return _called(function, structure, x, args)

        found = compiled(function) if self.is_array else form(function, structure, lambda: of_array)
        return usable(found, (self.start, *args))

    def compiled_array(self, function: Callable[..., Any], args: tuple[Any, ...]) -> Any:
        """Return a function whose results are any structure as one from an array to an array, compiled if it can be."""
        structure = self.structure

        def of_array(x: Any, *args: Any) -> Any:
            result = _called(function, structure, x, args)
            numbers: list[Any] = []
            described(result, f"the result of {name_of(function)}").take_apart(result, numbers)
            return np.array([*numbers, None], dtype=object)[:-1]  # so that numpy looks into none of them

        if self.is_array:
            found = usable(compiled(function), (self.start, *args))
            if isinstance(found, Compiled) and is_vector(found, (self.start, *args)):
                return found
        return usable(form(function, (structure, "array"), lambda: of_array), (self.start, *args))


def _called(function: Callable[..., Any], structure: _Structure, x: Any, args: tuple[Any, ...]) -> Any:
    try:
        return function(structure.put_together(iter(x)), *args)
    except (TypeError, AttributeError) as error:
        if "list" in str(error) and hasattr(error, "add_note"):  # which Python has from 3.11 on
            error.add_note(
                f"where to begin is {in_words(structure)}, and so is what the function is given: begin with an array "
                "(numpy.array) where it computes with one as a whole"
            )
        raise


def arguments(args: Any) -> tuple[Any, ...]:
    """Return further arguments, of which one may be given by itself, as a tuple."""
    return args if isinstance(args, tuple) else (args,)


def jacobian_of(of: Any, x: _Floats, args: tuple[Any, ...], sparse: bool | None) -> Callable[..., Any]:
    """Return the function for a Jacobian: a sparse one where that is said, or where most of a large one is 0."""
    if sparse is None:
        sparse = len(x) >= _MANY and _is_sparse(of.jacobian(x, *args, sparse=True))
    return functools.partial(of.jacobian, sparse=True) if sparse else of.jacobian


def _is_sparse(matrix: Any) -> bool:
    rows, columns = matrix.shape
    return bool(matrix.nnz <= _SHARE * rows * columns)


def closed(function: Callable[..., Any], args: tuple[Any, ...]) -> Callable[..., Any]:
    """Return a function of x alone: not all of SciPy's functions pass further arguments on to all that they call."""
    return (lambda x: function(x, *args)) if args else function


class Progress:
    """A line that tells how far a solver is, as its callback; and the user's own callback."""

    def __init__(self, unknowns: Unknowns, callback: Any, of: ForSciPy | None = None) -> None:
        self.unknowns, self.callback, self.of = unknowns, callback, of
        self.bar: Any = None
        self.steps = 0
        self.by_name = callback is not None and set(inspect.signature(callback).parameters) == {"intermediate_result"}
        if of is not None:
            from fastgrad.train.progress import Bar, bars

            self.bar = cast("type[Bar]", bars(True))("steps", self._beside)

    def for_scipy(self) -> Any:
        """Return what SciPy is to call after each step."""
        if self.bar is None and (self.callback is None or self.unknowns.is_array):
            return self.callback
        if not self.by_name:
            return self._of_x

        def of_result(intermediate_result: Any) -> Any:
            self._count()
            intermediate_result.x = self.unknowns.like(intermediate_result.x)
            return self.callback(intermediate_result=intermediate_result)

        return of_result

    def _of_x(self, x: _Floats, *state: Any) -> Any:
        self._count()
        return None if self.callback is None else self.callback(self.unknowns.like(x), *state)

    def _count(self) -> None:
        if self.of is not None:
            self.steps += 1
            self.bar.show(self.steps)

    def _beside(self, steps: int) -> dict[str, str]:
        """Tell the value, which a method without gradients does not say."""
        return {} if self.of is None or math.isnan(self.of.value) else {"value": f"{self.of.value:.6g}"}

    def close(self) -> None:
        """Leave the line as it is."""
        if self.bar is not None:
            self.bar.close(self.steps)
