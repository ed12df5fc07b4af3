"""Derivatives times vectors: `jvp`, `vjp` and `hvp`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastgrad._tape.gradients import gradients
from fastgrad._tape.node import Node
from fastgrad._tape.numbers import Value
from fastgrad.compiled.derived import Wanted
from fastgrad.compiled.structure import described, in_words
from fastgrad.transforms.recorded import recorded
from fastgrad.transforms.tape import Run, differentiated, only_output, plain, product, slopes_of, swept

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastgrad.compiled.structure import _Structure


def jvp(function: Callable[..., Any], primals: Any, tangents: Any) -> tuple[Any, Any]:
    """Compute a function and its derivative in a direction.

    Parameters
    ----------
    function : callable
        See `jacobian`.
    primals : tuple, or any other argument
        The function's arguments; what is no tuple is its only one.
    tangents : like primals
        The direction.

    Returns
    -------
    value, tangent
        Two structures like the function's results.

    Raises
    ------
    ValueError
        If the tangents have another structure than the primals.

    Examples
    --------
    >>> import fastgrad
    >>> fastgrad.jvp(lambda x, y: x * y, (2.0, 3.0), (1.0, 0.0))
    (6.0, 3.0)
    """
    args, vector, places = _paired(primals, tangents)
    graph = differentiated([args, vector], {})

    def on_tape(called: Callable[..., Any]) -> Any:
        run = Run(called, args, {}, places)
        found = _pushed(run, _numbers(run.inner, vector), graph)
        value = run.structure.put_together(iter(run.outputs if graph else map(plain, run.outputs)))
        return value, run.structure.put_together(iter(found))

    known = recorded(function)
    if graph:
        return on_tape(known.compiled.function)  # type: ignore[no-any-return]
    wanted = Wanted("pushed", places)
    return known.call(lambda f: f._derivative(wanted)(*args, vector), on_tape)  # type: ignore[no-any-return]


def _pushed(run: Run, direction: list[Any], graph: bool) -> list[Any]:
    """Return the outputs' derivatives in a direction.

    They are those, by factors of the outputs, of the product of the gradient with it, which is linear in the factors.
    """
    factors = [Value(1.0) for _ in run.outputs]
    sums = [(output, factor) for output, factor in zip(run.outputs, factors) if isinstance(output, Node)]
    if not sums:
        return [0.0] * len(factors)
    slopes = gradients([output for output, _ in sums], run.inputs, True, [factor for _, factor in sums])
    return swept(product(slopes, direction), factors, graph)


def vjp(function: Callable[..., Any], *primals: Any) -> tuple[Any, Callable[[Any], tuple[Any, ...]]]:
    """Compute a function, and return its gradient as a function of the results' adjoints.

    Parameters
    ----------
    function : callable
        See `jacobian`.
    *primals
        Its arguments.

    Returns
    -------
    value : structure of the function's results
    pull : callable
        It takes a structure like the results', of a factor for each, and returns a tuple: for each argument the
        gradient of the sum of products. It may be called any number of times, and raises ValueError for another
        structure.

    Examples
    --------
    >>> import fastgrad
    >>> value, pull = fastgrad.vjp(lambda x, y: [x * y, x], 2.0, 3.0)
    >>> value, pull([1.0, 0.0]), pull([0.0, 1.0])
    ([6.0, 2.0], (3.0, 2.0), (1.0, 0.0))
    """
    graph = differentiated(primals, {})
    run = Run(function, primals, {}, tuple(range(len(primals))))

    def pull(adjoints: Any) -> tuple[Any, ...]:
        factors = _like(run.structure, adjoints, "the adjoints", "the results")
        seeded = [(output, factor) for output, factor in zip(run.outputs, factors) if isinstance(output, Node)]
        roots, seeds = [output for output, _ in seeded], [factor for _, factor in seeded]
        found = swept(roots, run.inputs, graph or differentiated(factors, {}), seeds)
        return run.inner.put_together(iter(found))  # type: ignore[no-any-return]

    return run.structure.put_together(iter(run.outputs if graph else map(plain, run.outputs))), pull


def hvp(function: Callable[..., Any], primals: Any, tangents: Any) -> Any:
    """Compute the product of a function's Hessian and a vector.

    Parameters
    ----------
    function : callable
        See `grad`.
    primals : tuple, or any other argument
        The function's arguments; what is no tuple is its only one.
    tangents : like primals
        The vector.

    Returns
    -------
    structure like primals

    Raises
    ------
    TypeError
        If the function returns anything but one number.
    ValueError
        If the tangents have another structure than the primals.

    Examples
    --------
    >>> import fastgrad
    >>> fastgrad.hvp(lambda x: x[0] ** 2 * x[1], [2.0, 3.0], [1.0, 0.0])
    [6.0, 4.0]
    """
    args, vector, places = _paired(primals, tangents)
    graph = differentiated([args, vector], {})

    def on_tape(called: Callable[..., Any]) -> Any:
        run = Run(called, args, {}, places)
        direction = _numbers(run.inner, vector)
        slopes = slopes_of(only_output(run, called), run.inputs, True)
        return run.inner.put_together(iter(swept(product(slopes, direction), run.inputs, graph)))

    known = recorded(function)
    if graph:
        found = on_tape(known.compiled.function)
    else:
        found = known.call(lambda f: f.hvp(*args, vector, argnums=places), on_tape)
    return found if isinstance(primals, tuple) else found[0]


def _paired(primals: Any, tangents: Any) -> tuple[tuple[Any, ...], tuple[Any, ...], tuple[int, ...]]:
    """Return a function's arguments, their tangents and their places; what is no tuple is the only argument."""
    if not isinstance(primals, tuple):
        primals, tangents = (primals,), (tangents,)
    _like(described(primals, "the primals"), tangents, "the tangents", "the primals")
    return primals, tangents, tuple(range(len(primals)))


def _numbers(structure: _Structure, x: Any) -> list[Any]:
    numbers: list[Any] = []
    structure.take_apart(x, numbers)
    return numbers


def _like(structure: _Structure, x: Any, what: str, other: str) -> list[Any]:
    """Return the numbers of something that is to have a structure."""
    given = described(x, what)
    if given != structure:
        raise ValueError(f"{what} must have the structure of {other}, {in_words(structure)}, not {in_words(given)}")
    return _numbers(given, x)
