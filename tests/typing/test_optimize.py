"""What a type checker says of optimizers; see test_numbers.py."""

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from numpy.typing import NDArray

import fastgrad
from fastgrad import Value, optimize
from support.typed import assert_type

if TYPE_CHECKING:
    from fastgrad.optimize.result import Result

pytest.importorskip("scipy")


def bowl(p: dict[str, Value]) -> Value:
    return (p["a"] - 1.0) ** 2 + p["b"] ** 2


def line(x: float, a: Value, b: Value) -> Value:
    return a * x + b


def test_results() -> None:
    found: Result = optimize.minimize(bowl, {"a": 0.0, "b": 1.0}, bounds={"a": (0.0, None)}, tol=1e-9)
    assert_type(found.covariance(), NDArray[np.float64])
    errors: dict[str, float] = found.standard_errors()
    fit: Result = optimize.curve_fit(line, [0.0, 1.0, 2.0], [1.0, 3.0, 5.1], [1.0, 1.0])
    x: list[float] = fit.x
    assert (sorted(errors), len(x)) == (["a", "b"], 2)


def test_a_compiled_function_is_one() -> None:
    square = fastgrad.compile(lambda x: x * x)
    value: Any = square.scipy.fun(np.array([2.0]))
    assert value.tolist() == [4.0]
    assert optimize.minimize(square, 3.0).success


if TYPE_CHECKING:  # what is wrong
    optimize.minimize(3.0, 1.0)  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]
    optimize.minimize(bowl, {}, methods="BFGS")  # type: ignore[call-arg] # pyright: ignore[reportCallIssue]
    optimize.least_squares(line)  # type: ignore[call-arg] # pyright: ignore[reportCallIssue]
