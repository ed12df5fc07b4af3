"""`compile`, and the function that it makes."""

from __future__ import annotations

import copy
import functools
import types
from typing import TYPE_CHECKING, Any, TypeAlias, overload

import numpy as np

from fastgrad._tape.absent import Absent, names_of
from fastgrad._tape.observer import recording_active
from fastgrad.compiled.arguments import (
    check_one,
    common,
    described_call,
    differentiating,
    gradient,
    no_class_method,
    of_positions,
    of_shapes,
    table,
    thread_count,
    with_rows,
)
from fastgrad.compiled.bound import Bound
from fastgrad.compiled.derivatives import Derivatives
from fastgrad.compiled.direct import DirectFunction, direct_gradient, direct_value
from fastgrad.compiled.inspection import Inspected
from fastgrad.compiled.path import Lost, Path
from fastgrad.compiled.paths import Paths
from fastgrad.compiled.structure import floats_of, has_scalar
from fastgrad.compiled.table import row_of, table_of
from fastgrad.compiled.totals import Totals
from fastgrad.compiled.views import Views

if TYPE_CHECKING:
    from collections.abc import Callable

    from typing_extensions import Self

    from fastgrad.compiled.arguments import _Axes, _Places
    from fastgrad.compiled.structure import Nest, _Floats

    _Slope: TypeAlias = tuple[Any, float]  # by a scalar


@overload
def compile(function: Callable[..., Any], *, num_threads: int | None = None) -> Compiled: ...
@overload
def compile(function: None = None, *, num_threads: int | None = None) -> Callable[[Callable[..., Any]], Compiled]: ...
def compile(function: Any = None, *, num_threads: int | None = None) -> Any:
    """Compile a function of numbers: the first call records it, later ones replay the flat program.

    Parameters
    ----------
    function : callable
        A plain function of scalars, lists, tuples, dicts and arrays of them. It may use scalars from outside, a model's
        parameters for instance, which are read afresh at every call. Apart from these its results must depend on its
        arguments only. Without it, this returns a decorator.
    num_threads : int, optional
        How many threads work on the rows of a batch, at least 1; results do not depend on it. None is what the
        environment's FASTGRAD_NUM_THREADS says, or 1.

    Returns
    -------
    Compiled

    Raises
    ------
    TypeError
        If function cannot be called.
    ValueError
        If num_threads is no whole number of at least 1.

    Examples
    --------
    >>> import fastgrad
    >>> square = fastgrad.compile(lambda x: x * x)
    >>> square(3.0), square.value_and_grad(3.0)
    (9.0, (9.0, 6.0))
    """
    if function is None:
        return functools.partial(compile, num_threads=num_threads)
    if isinstance(function, (staticmethod, classmethod)):
        raise TypeError(
            f"compile() takes a function, not a {type(function).__name__}: put @staticmethod above @fastgrad.compile, "
            "and name the class where it is needed"
        )
    if not callable(function):
        raise TypeError(f"compile() takes a function, not {function!r}")
    return Compiled(function, num_threads)


class Compiled(Inspected, Derivatives, Totals, Views, DirectFunction):
    """A function that is recorded at its first call and replayed later; made by `fastgrad.compile`.

    Notes
    -----
    A comparison that Python asks the truth of is a guard. A call, or a row of a batch, for which one comes out
    otherwise is recorded along its own path; at most 256 paths are kept for arguments of one structure, and the rows of
    further ones are computed by plain calls, with one warning.

    A row that is recorded raises what the function raises. One that is replayed computes as IEEE 754 says: the
    logarithm of a negative number is nan.

    It can decorate methods of a class whose instances have a ``__dict__``; an instance's numbers are from outside.

    A function is recorded again, and compared, at its first batch, whenever the number of its calls comes to a power of
    two, and when a variable from outside that it names has another value: numbers from outside that are no scalars, and
    scalars that were exchanged for others, are part of what it was recorded as. What differs once is refused from then
    on.

    A pickle has the recorded programs and the scalars they use, and no code: loaded elsewhere it replays. Where it has
    to record it looks for the function in the module that it is from, and raises RuntimeError where there is none.
    """

    __name__: str
    __wrapped__: Callable[..., Any]
    backward = Absent("backward", "f.value_and_grad(x) returns the gradient; of scalars f returns one, which has it")

    def __init__(self, function: Callable[..., Any], num_threads: int | None = None) -> None:
        self.function = function
        self.num_threads = thread_count(num_threads)
        self._paths, self._derived, self._shared = {}, {}, {}
        self._by_shapes: dict[tuple[Any, ...], Paths] = {}  # the paths, too, by the shapes of arrays' rows
        functools.update_wrapper(self, function, updated=())

    def __dir__(self) -> list[str]:
        return names_of(self)

    # One row.

    @direct_value
    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Return what the function returns, with floats for scalars. In another recording it is recorded, too.

        Where arguments have scalars, results are scalars: nodes on the tape with the derivatives by these, and by the
        scalars from outside, which ``backward()`` and `fastgrad.gradients` go through, as often as they are asked to.
        """
        if recording_active() or differentiating.runs:
            return self.function(*args, **kwargs)
        if has_scalar((args, kwargs)):
            return self._on_tape(args, kwargs)
        paths, X = self._given(args, kwargs)
        path = self._path_of(paths, X) if paths.recorded else None
        if path is not None:
            values, _ = path.program.run(X, path.uniforms.now())
            return path.structure.put_together(iter(values[0].tolist()))
        structure, numbers = paths.plainly(X)[0] if paths.recorded else paths.record(X[0].tolist())[1:]
        return structure.put_together(iter(numbers))

    @direct_gradient
    def value_and_grad(self, *args: Any, argnums: _Places = 0, **kwargs: Any) -> tuple[float, Any]:
        """Return the function's value and its gradient by some arguments.

        Parameters
        ----------
        *args, **kwargs
            The function's arguments.
        argnums : int or tuple of int
            Which positional arguments the gradient is by.

        Returns
        -------
        value : float
        grad : structure like the argument's, or a tuple of them
            Floats where the argument has numbers, arrays where it has arrays.

        Raises
        ------
        TypeError
            If the function returns anything but one number.

        Examples
        --------
        >>> import fastgrad, numpy as np
        >>> f = fastgrad.compile(lambda x, y: x[0] * x[1] * y)
        >>> f.value_and_grad(np.array([2.0, 3.0]), 1.0)
        (6.0, array([3., 2.]))
        >>> f.value_and_grad([2.0, 3.0], 1.0, argnums=(0, 1))
        (6.0, ([3.0, 2.0], 6.0))
        """
        paths, value, slopes = self._value_and_all_slopes(args, kwargs)
        return value, gradient(paths.structure, slopes, argnums)

    def grad(self, *args: Any, **kwargs: Any) -> _Floats:
        """Return the derivatives by all the arguments' numbers, one after the other, as iminuit looks for them.

        `value_and_grad` returns them in the arguments' structure, by the arguments asked for.

        Parameters
        ----------
        *args, **kwargs
            The function's arguments.

        Returns
        -------
        numpy.ndarray, shape (inputs,)

        Raises
        ------
        TypeError
            If the function returns anything but one number.

        Examples
        --------
        >>> import fastgrad
        >>> fastgrad.compile(lambda x, y: x * y).grad(2.0, 3.0)
        array([3., 2.])
        """
        return self._value_and_all_slopes(args, kwargs)[2]

    def bind(
        self, x: _Floats, value: _Floats, grad: _Floats | None = None, hessian: _Floats | None = None
    ) -> Callable[[], object]:
        """Make a call object on buffers of your own: no conversions, no new objects.

        Parameters
        ----------
        x : numpy.ndarray of float64, shape (inputs,)
            All the arguments' numbers one after the other. The call reads it.
        value : numpy.ndarray of float64, shape (outputs,)
            The call writes the results' numbers here.
        grad : numpy.ndarray of float64, shape (inputs,), optional
            The call writes the gradient here.
        hessian : numpy.ndarray of float64, shape (inputs, inputs), optional
            The call writes the second derivatives here.

        Returns
        -------
        callable
            Without arguments; its result says nothing. The function must have been called before, with arguments of one
            structure, which the buffers are for.

        Raises
        ------
        ValueError
            If the function was not called before, or with arguments of several structures, or a buffer is not as said.
        TypeError
            If gradient or Hessian is asked for of several results.

        Examples
        --------
        >>> import fastgrad, numpy as np
        >>> f = fastgrad.compile(lambda x, y: x * y)
        >>> f(1.0, 1.0)
        1.0
        >>> x, value, grad, hessian = np.array([2.0, 3.0]), np.empty(1), np.empty(2), np.empty((2, 2))
        >>> call = f.bind(x, value, grad, hessian=hessian)
        >>> _ = call()
        >>> value, grad, hessian.tolist()
        (array([6.]), array([3., 2.]), [[0.0, 1.0], [1.0, 0.0]])
        """
        known = [paths for paths in self._paths.values() if paths.recorded]
        if len(known) != 1:
            remedy = "compile it afresh for a bind" if known else "call it once before"
            wanted = "a function that was called with arguments of one structure"
            raise ValueError(f"bind() wants {wanted}, not of {len(known)}: {remedy}")
        return Bound(self, known[0], x, value, grad, hessian).call()

    # Many rows.

    def batch(self, *args: Any, in_axes: _Axes = 0, num_threads: int | None = None) -> Any:
        """Compute the function for many rows.

        Parameters
        ----------
        *args
            Arrays with a leading axis of rows, frames and series, or structures of them. The function may index a row
            of a frame by the names of its columns, too.
        in_axes : 0, None, or a sequence of these
            For each argument, None says that it has no axis of rows and is the same for all.
        num_threads : int, optional
            For this call instead of the function's own.

        Returns
        -------
        numpy.ndarray of shape (rows,), or the function's own nesting of such
            In place of an array of shape s, one of shape (rows,) + s.

        Raises
        ------
        TypeError
            If an argument is no array of rows, though `in_axes` does not say None for it.
        ValueError
            If there are no rows, or not as many in each argument, or `in_axes` is not as said.

        Examples
        --------
        >>> import fastgrad, numpy as np
        >>> f = fastgrad.compile(lambda x, a: a * x)
        >>> f.batch(np.array([1.0, 2.0]), 3.0, in_axes=(0, None))
        array([3., 6.])
        """
        paths, X = self._given_rows(args, in_axes)
        threads = self._threads_of(num_threads)
        parts = self._parts(paths, X, threads)
        plain = [row for path, rows in parts if path is None for row in paths.plainly(X[rows])]
        known = [path.structure for path, _ in parts if path is not None]
        structure = common([*known, *(structure for structure, _ in plain)], self._name())
        values = np.empty((len(X), structure.size()))
        for path, rows in parts:
            if path is None:
                values[rows] = [numbers for _, numbers in plain]
            else:
                path.program.fill(X, path.uniforms.now(), rows, values, None, threads)
        return with_rows(structure, values)

    def batch_value_and_grad(
        self, *args: Any, argnums: _Places = 0, in_axes: _Axes = 0, num_threads: int | None = None
    ) -> tuple[_Floats, Any]:
        """Compute value and gradient for many rows: see `batch` and `value_and_grad`.

        Returns
        -------
        values : numpy.ndarray, shape (rows,)
        grads : structure like the argument's with a leading axis of rows, or a tuple of them

        Examples
        --------
        >>> import fastgrad, numpy as np
        >>> fastgrad.compile(lambda x: x**2).batch_value_and_grad(np.array([1.0, 2.0]))
        (array([1., 4.]), array([2., 4.]))
        """
        paths, X = self._given_rows(args, in_axes)
        threads = self._threads_of(num_threads)
        values, grads = np.empty((len(X), 1)), np.empty(X.shape)
        for path, rows in self._parts(paths, X, threads):
            if path is None:
                values[rows], grads[rows] = paths.plain_gradients(X[rows])
            else:
                check_one(path.structure, self._name())
                path.program.fill(X, path.uniforms.now(), rows, values, grads, threads)
        return values.reshape(-1), gradient(paths.structure, grads, argnums)

    # In classes, copies and pickles.

    def __set_name__(self, owner: type, name: str) -> None:
        self._attribute = name

    @overload
    def __get__(self, instance: None, owner: type | None = None) -> Self: ...
    @overload
    def __get__(self, instance: object, owner: type | None = None) -> Compiled: ...
    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        if instance is None:
            return self
        if isinstance(instance, type):
            raise no_class_method(self._name())
        if not hasattr(instance, "__dict__"):
            kind = type(instance).__name__
            raise TypeError(f"a compiled method needs instances with a __dict__, which {kind} has not")
        name, held = getattr(self, "_attribute", self._name()), vars(instance)
        method = held.get(name)
        if type(method) is _Method and not method.is_of(instance):  # that of what the instance is a copy of
            del held[name]
            method = None
        return held.setdefault(name, _Method(self, instance, name)) if method is None else method

    def __set__(self, instance: object, value: Any) -> None:
        vars(instance)[getattr(self, "_attribute", self._name())] = value

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        paths = [(known.structure, [path.state() for path in known.recorded]) for known in self._paths.values()]
        where = getattr(self.function, "__module__", None), getattr(self.function, "__qualname__", self._name())
        return _loaded, (self._name(), *where, getattr(self, "__doc__", None), self.num_threads, paths)

    # How it is done.

    def _threads_of(self, num_threads: int | None) -> int:
        return self.num_threads if num_threads is None else thread_count(num_threads)

    def _given(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Paths, _Floats]:
        """Return the paths for the arguments' structure, and their numbers as a table of one row."""
        simple = None if kwargs else row_of(args)
        if simple is not None:
            shapes, X = simple
            paths = self._by_shapes.get(shapes) or self._of_shapes(shapes)
        else:
            structure = described_call(args, kwargs, self._name())
            X = np.array([floats_of(structure, (args, kwargs), f"{self._name()}()")], dtype=np.float64)
            paths = self._paths_for(structure)
        self._last = paths
        return paths.counted(X), X

    def _paths_for(self, structure: Nest) -> Paths:
        paths = self._paths.get(structure)
        if paths is None:
            paths = self._paths.setdefault(structure, Paths(self.function, structure, self._name()))
        return paths

    def _of_shapes(self, shapes: tuple[Any, ...]) -> Paths:
        paths = self._by_shapes[shapes] = self._paths_for(of_positions(of_shapes(shapes)))
        return paths

    def _given_rows(self, args: tuple[Any, ...], in_axes: _Axes) -> tuple[Paths, _Floats]:
        """Return the paths for the arguments' structure, and the table of all rows."""
        simple = table_of(args) if type(in_axes) is int and in_axes == 0 else None
        if simple is None:
            structure, X = table(args, in_axes, self._name())
            paths = self._paths_for(structure)
        else:
            shapes, X = simple
            paths = self._by_shapes.get(shapes) or self._of_shapes(shapes)
        return paths.counted(X), X

    def _value_and_all_slopes(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Paths, float, _Floats]:
        """Return the paths for the arguments' structure, the value, and the slopes by all the arguments' numbers."""
        paths, X = self._given(args, kwargs)
        path = self._path_of(paths, X)
        if path is None:
            values, grads = paths.plain_gradients(X)
        else:
            check_one(path.structure, self._name())
            values, _, grads = path.program.run_grad(X, path.uniforms.now())
        return paths, values.item(), grads[0]

    def _path_of(self, paths: Paths, X: _Floats) -> Path | None:
        path = paths.latest
        if path is None or path.outcomes:
            path = paths.path_of(X)
            if path is None:
                paths.warn(1)
        return path

    def _parts(self, paths: Paths, X: _Floats, threads: int) -> list[tuple[Path | None, Any]]:
        parts = paths.parts(X, threads)
        path, rows = parts[-1]
        if path is None:
            paths.warn(len(rows))
        return parts


class _Method(Compiled):
    """A compiled method of one instance, kept in its `__dict__`."""

    def __init__(self, compiled: Compiled, instance: object, name: str) -> None:
        super().__init__(types.MethodType(compiled.function, instance), compiled.num_threads)
        self._place = instance, name

    def is_of(self, instance: object) -> bool:
        """Whether it is this instance's."""
        return self._place[0] is instance

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        instance, name = self._place
        method: Self = getattr(copy.deepcopy(instance, memo), name)
        return method

    def __reduce__(self) -> tuple[Any, ...]:
        return getattr, self._place


def _loaded(name: str, module: str, qualname: str, doc: str | None, num_threads: int | None, known: Any) -> Compiled:
    """Make what a pickle has: programs without code."""
    compiled = Compiled(Lost(name, module, qualname), num_threads)
    compiled.__doc__ = doc
    for structure, states in known:
        paths = compiled._paths_for(structure)
        for state in states:
            paths.insert(Path(*state))
    return compiled
