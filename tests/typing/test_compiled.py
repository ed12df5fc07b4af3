"""What a type checker says of compiled functions, transforms and operations of a user's own; see test_numbers.py."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, SupportsFloat

import numpy as np
from numpy.typing import NDArray

import fastgrad
from fastgrad import Value, implicit, math
from fastgrad.compiled import Compiled
from fastgrad.transforms import GradientCheck
from support.typed import assert_type

# What is right.


@fastgrad.compile
def energy(x: Value, y: Value) -> Value:
    return x * x * y


@fastgrad.compile(num_threads=2)
def of_list(x: list[Value]) -> Value:
    return fastgrad.sum(number**2 for number in x)


def cubic(x: Value) -> Value:
    return x**3


def test_a_compiled_function() -> None:
    assert_type(energy, Compiled)
    assert_type(of_list, Compiled)
    value: float = energy(2.0, 3.0)
    value, slope = energy.value_and_grad(2.0, 3.0, argnums=1)
    hessian: NDArray[np.float64] = of_list.hessian(np.array([1.0, 2.0]))
    assert_type(energy.derivative(2.0, 3.0, n=2), float)
    assert_type(energy.text(), str)
    assert (value, slope, hessian.tolist()) == (12.0, 4.0, [[2.0, 0.0], [0.0, 2.0]])


def test_a_compiled_function_over_rows() -> None:
    xs: NDArray[np.float64] = energy.batch(np.ones(2), 3.0, in_axes=(0, None), num_threads=1)
    values, grads = energy.batch_value_and_grad(np.ones(2), np.ones(2), argnums=(0, 1))
    assert_type(values, NDArray[np.float64])
    assert (xs.tolist(), values.tolist()) == ([3.0, 3.0], [1.0, 1.0])
    assert [grad.tolist() for grad in grads] == [[2.0, 2.0], [1.0, 1.0]]


def test_transforms_take_functions_and_give_functions() -> None:
    assert_type(fastgrad.grad(cubic), Callable[..., Any])
    slope: float = fastgrad.grad(fastgrad.grad(cubic))(2.0)
    value, _ = fastgrad.value_and_grad(lambda p, x: p["a"] * x, argnums=(0,))({"a": 2.0}, 3.0)
    pushed, tangent = fastgrad.jvp(cubic, (2.0,), (1.0,))
    (product,) = fastgrad.hvp(cubic, (2.0,), (1.0,))
    pulled, pull = fastgrad.vjp(cubic, 2.0)
    assert_type(pull(1.0), tuple[Any, ...])
    assert [slope, value, pushed, tangent, product, pulled] == [12.0, 6.0, 8.0, 12.0, 12.0, 8.0]
    assert fastgrad.jacobian(lambda x: [x, x * x], mode="forward")(3.0) == [1.0, 6.0]
    assert fastgrad.hessian(cubic)(2.0) == fastgrad.derivative(cubic, n=2)(2.0) == 12.0
    assert_type(fastgrad.check_grad(cubic, 2.0), GradientCheck)
    assert fastgrad.value_grad_and_hessian(cubic)(1.0) == (1.0, 3.0, 6.0)


def test_gradients_that_are_scalars() -> None:
    x = Value(3.0)
    y = x**3
    slope: Value = fastgrad.gradients(y, x, create_graph=True)
    slope.backward()
    assert_type(x.grad, float)
    y.backward(create_graph=True)
    node: Value | None = x.grad_node
    assert node is not None
    assert fastgrad.checkpoint(cubic)(x).data == 27.0


def test_operations_of_ones_own() -> None:
    def forward(x: float, y: float) -> float:
        return x * y

    def rule(primals: tuple[Any, ...], tangents: tuple[Any, ...]) -> Any:
        (x, y), (dx, dy) = primals, tangents
        return x * y, dx * y + x * dy

    product = fastgrad.custom("product", forward, jvp=rule)
    assert_type(product(Value(2.0), 3.0), Value)
    assert_type(product(2.0, 3.0), float)
    assert_type(product.name, str)


def test_equations_and_kernels() -> None:
    def half(x: Any, a: SupportsFloat) -> Any:
        return x * x - a

    root: Value = implicit.root(half, 1.0, Value(2.0))
    assert abs(root.data - 2.0**0.5) < 1e-12

    @fastgrad.fuse
    def total(xs: list[Value]) -> Value:
        return math.fsum([x * x for x in xs])

    assert_type(total([Value(2.0)]), Value)


# What is wrong.

if TYPE_CHECKING:
    fastgrad.compile(3.0)  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue, reportArgumentType]
    fastgrad.compile(cubic, threads=2)  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue]
    energy.hesian(2.0, 3.0)  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]
    energy.derivative(2.0, 3.0, n="2")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    fastgrad.grad(Value(2.0))  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    fastgrad.grad(cubic, argnums="x")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    fastgrad.grad(cubic, has_auxiliary=True)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    fastgrad.jvp(cubic, (2.0,))  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    fastgrad.custom("name", 3.0)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    fastgrad.gradients(3.0, Value(2.0))  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    fastgrad.checkpoint(Value(2.0))  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
