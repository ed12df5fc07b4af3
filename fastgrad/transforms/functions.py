"""The transforms: functions that take a function and return its derivative."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, TypeVar

from fastgrad.compiled.arguments import order_of
from fastgrad.compiled.derivatives import mode_of
from fastgrad.compiled.structure import Number, crossed
from fastgrad.transforms.recorded import recorded
from fastgrad.transforms.tape import Run, differentiated, name_of, only_output, plain, slopes_of, swept

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastgrad.compiled.arguments import _Places
    from fastgrad.compiled.structure import _Structure
    from fastgrad.transforms.recorded import Recorded

    _F = TypeVar("_F", bound=Callable[..., Any])


def grad(function: Callable[..., Any], argnums: _Places = 0, has_aux: bool = False) -> Callable[..., Any]:
    """Return a function that computes the gradient of another.

    Parameters
    ----------
    function : callable
        Of numbers, lists, tuples, dicts and arrays of them; it returns one number. It is called with scalars in the
        places of the numbers by which derivatives are taken, and may itself call what this and other transforms return.
    argnums : int or tuple of int
        Which positional arguments the derivatives are by.
    has_aux : bool
        Does the function return a pair, of its value and of anything else, which is to be returned too?

    Returns
    -------
    callable
        It takes the function's arguments and returns a structure like the argument's, or a tuple of them; with
        `has_aux` a pair of that and what else there was. Numbers are floats, but scalars where the call itself is being
        differentiated: where arguments are scalars, or in a function that another transform calls.

    Raises
    ------
    TypeError
        If it is no function; in a call, if the function returns anything but one number, or with `has_aux` no pair.
    ValueError
        In a call, if there is no such argument.

    Notes
    -----
    Scalars that a function uses from outside are constants of it; an outer transform differentiates through them. A
    function that is called again is recorded, like one given to `fastgrad.compile`, and replayed: apart from such
    scalars its results must depend on its arguments only. What cannot be recorded, because it reads ``.data`` for
    instance, is called on the tape each time.

    Examples
    --------
    >>> import fastgrad
    >>> slope = fastgrad.grad(lambda x: x**3)
    >>> slope(2.0), fastgrad.grad(slope)(2.0)
    (12.0, 12.0)
    >>> fastgrad.grad(lambda p, x: p["a"] * x + p["b"])({"a": 2.0, "b": 1.0}, 3.0)
    {'a': 3.0, 'b': 1.0}
    """
    both = value_and_grad(function, argnums, has_aux)

    @_named(function, "grad")
    def gradient(*args: Any, **kwargs: Any) -> Any:
        value, found = both(*args, **kwargs)
        return (found, value[1]) if has_aux else found

    return gradient


def value_and_grad(function: Callable[..., Any], argnums: _Places = 0, has_aux: bool = False) -> Callable[..., Any]:
    """Return a function that computes the value of another and its gradient.

    Parameters
    ----------
    function, argnums, has_aux
        See `grad`, which raises the same errors, too.

    Returns
    -------
    callable
        It returns a pair: the value, or with `has_aux` a pair of it and what else there was; and the gradient.

    Examples
    --------
    >>> import fastgrad
    >>> fastgrad.value_and_grad(lambda x, y: x * y, argnums=(0, 1))(2.0, 3.0)
    (6.0, (3.0, 2.0))
    """
    known = recorded(function)
    by = {} if type(argnums) is int and argnums == 0 else {"argnums": argnums}  # a call without is direct

    @_named(function, "value_and_grad")
    def both(*args: Any, **kwargs: Any) -> Any:
        graph = differentiated(args, kwargs)

        def on_tape(called: Callable[..., Any]) -> Any:
            run = Run(called, args, kwargs, argnums, has_aux)
            value = only_output(run, called)
            found = run.inner.put_together(iter(slopes_of(value, run.inputs, graph)))
            if not graph:
                return ((plain(value), plain(run.aux)) if has_aux else plain(value)), found
            return ((value, run.aux) if has_aux else value), found

        if graph or has_aux:
            return on_tape(known.compiled.function)
        return known.call(lambda compiled: compiled.value_and_grad(*args, **by, **kwargs), on_tape)

    return both


def jacobian(function: Callable[..., Any], argnums: _Places = 0, mode: str = "auto") -> Callable[..., Any]:
    """Return a function that computes the derivatives of all results of another.

    Parameters
    ----------
    function, argnums
        See `grad`; the function returns any number of numbers, in any structure.
    mode : "auto", "forward" or "reverse"
        See `Compiled.jacobian`; a call on the tape goes in reverse.

    Returns
    -------
    callable
        In place of each number of the results it returns a structure like the argument's; for arrays one array, with
        the shape of the results and then the argument's.

    Raises
    ------
    TypeError
        If it is no function; in a call, if the function returns no numbers.
    ValueError
        In a call, if there is no such argument, or no such mode.

    Examples
    --------
    >>> import fastgrad
    >>> fastgrad.jacobian(lambda x: [x[0] * x[1], x[1]])([2.0, 3.0])
    [[3.0, 2.0], [0.0, 1.0]]
    """
    mode = mode_of(mode)
    known = recorded(function)

    @_named(function, "jacobian")
    def derivatives(*args: Any, **kwargs: Any) -> Any:
        graph = differentiated(args, kwargs)

        def on_tape(called: Callable[..., Any]) -> Any:
            run = Run(called, args, kwargs, argnums)
            rows = [swept(output, run.inputs, graph) for output in run.outputs]
            return _matrix(run.structure, run.inner, rows)

        if graph:
            return on_tape(known.compiled.function)
        return known.call(lambda f: f.jacobian(*args, argnums=argnums, mode=mode, **kwargs), on_tape)

    return derivatives


def hessian(function: Callable[..., Any], argnums: _Places = 0) -> Callable[..., Any]:
    """Return a function that computes the second derivatives of another.

    Parameters
    ----------
    function, argnums
        See `grad`, which raises the same errors, too.

    Returns
    -------
    callable
        It returns a structure like the argument's with such a structure in place of each number; for an array one
        array, which has its shape twice.

    Examples
    --------
    >>> import fastgrad, numpy as np
    >>> fastgrad.hessian(lambda x: x[0] ** 2 * x[1])(np.array([2.0, 3.0]))
    array([[6., 4.],
           [4., 0.]])
    """
    known = recorded(function)

    @_named(function, "hessian")
    def second(*args: Any, **kwargs: Any) -> Any:
        graph = differentiated(args, kwargs)
        if graph:
            return _second_on_tape(known, args, kwargs, argnums, graph)[2]
        return known.call(
            lambda f: f.hessian(*args, argnums=argnums, **kwargs),
            lambda f: _second_on_tape(known, args, kwargs, argnums, graph)[2],
        )

    return second


def value_grad_and_hessian(function: Callable[..., Any], argnums: _Places = 0) -> Callable[..., Any]:
    """Return a function that computes value, gradient and second derivatives of another, in one call.

    Parameters
    ----------
    function, argnums
        See `grad`, which raises the same errors, too.

    Returns
    -------
    callable
        It returns three: the value, and what the functions return that `grad` and `hessian` make.

    Examples
    --------
    >>> import fastgrad
    >>> fastgrad.value_grad_and_hessian(lambda x: x**3)(2.0)
    (8.0, 12.0, 12.0)
    """
    known = recorded(function)

    @_named(function, "value_grad_and_hessian")
    def all_three(*args: Any, **kwargs: Any) -> Any:
        graph = differentiated(args, kwargs)
        if graph:
            return _second_on_tape(known, args, kwargs, argnums, graph)
        return known.call(
            lambda f: f.value_grad_and_hessian(*args, argnums=argnums, **kwargs),
            lambda f: _second_on_tape(known, args, kwargs, argnums, graph),
        )

    return all_three


def _second_on_tape(known: Recorded, args: Any, kwargs: Any, argnums: _Places, graph: bool) -> tuple[Any, Any, Any]:
    function = known.compiled.function
    run = Run(function, args, kwargs, argnums)
    value = only_output(run, function)
    slopes = slopes_of(value, run.inputs, True)
    rows = [swept(slope, run.inputs, graph) for slope in slopes]
    rows = [[rows[max(i, j)][min(i, j)] for j in range(len(rows))] for i in range(len(rows))]
    gradient = run.inner.put_together(iter(slopes if graph else map(plain, slopes)))
    return value if graph else plain(value), gradient, _matrix(run.inner, run.inner, rows)


def derivative(function: Callable[..., Any], n: int = 1) -> Callable[[Any], Any]:
    """Return a function that computes the n-th derivative of a function of one number.

    Parameters
    ----------
    function : callable
        It takes one number and returns one.
    n : int
        At least 0.

    Returns
    -------
    callable
        Of one number.

    Raises
    ------
    ValueError
        If n is no whole number of at least 0.
    TypeError
        In a call, if the function is given anything but one number, or returns anything else.

    Examples
    --------
    >>> import fastgrad
    >>> fastgrad.derivative(lambda x: x**5, 3)(2.0)
    240.0
    """
    order = order_of(n)
    known = recorded(function)

    @_named(function, f"derivative {order}")
    def of_order(x: Any) -> Any:
        graph = differentiated([x], {})

        def on_tape(called: Callable[..., Any]) -> Any:
            run = Run(called, [x], {}, 0)
            if type(run.inner) is not Number:
                raise TypeError(
                    f"derivative() takes a function of one number, and {name_of(called)} was given {x!r:.60}"
                )
            found = only_output(run, called)
            for _ in range(order):
                (found,) = slopes_of(found, run.inputs, True)
            return found if graph else plain(found)

        if graph:
            return on_tape(known.compiled.function)
        return known.call(lambda f: f.derivative(x, n=order), on_tape)

    return of_order


# What they share.


def _named(function: Any, what: str) -> Callable[[_F], _F]:
    """Give a derivative the function's names and words."""

    def named(derivative: Any) -> Any:
        name = name_of(function)
        functools.update_wrapper(derivative, function, assigned=("__module__", "__doc__"), updated=())
        derivative.__name__ = derivative.__qualname__ = f"{what} of {name}"
        del derivative.__wrapped__
        return derivative

    return named


def _matrix(outer: _Structure, inner: _Structure, rows: list[list[Any]]) -> Any:
    structure, order = crossed(outer, inner)
    flat = [entry for row in rows for entry in row]
    return structure.put_together(iter([flat[k] for k in order.tolist()]))
