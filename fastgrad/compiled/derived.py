"""Derivatives of compiled functions beyond the gradient: Jacobians, Hessians, products with them.

Each is a program of its own, made of the path's that a row takes when it is first asked for and kept with it, so that
value, gradient and Hessian of one call come from one path.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from fastgrad._programs import derive
from fastgrad.compiled.arguments import chosen, several_results, with_rows
from fastgrad.compiled.direct import DirectFunction, DirectPath, DirectPaths, direct_value
from fastgrad.compiled.structure import Nest, Number, Row, crossed, described, floats_of, in_words
from fastgrad.compiled.table import Uniforms

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fastgrad._programs.program import Program
    from fastgrad.compiled.arguments import _Axes
    from fastgrad.compiled.function import Compiled
    from fastgrad.compiled.path import Path
    from fastgrad.compiled.paths import Paths
    from fastgrad.compiled.structure import _Floats, _Structure

_MOST_STEPS = 4096  # of a program whose Hessian is one program; that of a longer one is made of products with it


class Wanted(NamedTuple):
    """What is asked for of a function.

    Attributes
    ----------
    kind : str
        "jacobian"; "hessian"; "product", the Hessian's with a vector, which is a further argument; "pushed", results
        and their derivatives in a direction, which is one, too; "derivative"; "all", the Hessian by all inputs as one
        matrix; or "places", the derivatives by some of the program's inputs and captured numbers.
    argnums : int or tuple of int
        Or the places.
    with_value : bool
        The value (and for second derivatives the gradient), too?
    mode : str
        Of a Jacobian "auto", "forward" or "reverse".
    order : int
        Of a derivative.
    sparse : bool
        A sparse matrix?
    """

    kind: str
    argnums: Any = 0
    with_value: bool = False
    mode: str = "auto"
    order: int = 1
    sparse: bool = False


class Derived(DirectFunction):
    """A derivative of a compiled function, as a function of the same arguments."""

    def __init__(self, of: Compiled, wanted: Wanted) -> None:
        self.of, self.wanted = of, wanted
        self._direct: dict[tuple[Paths, _Structure], DirectPaths] = {}
        self._programs: dict[Path, DirectPath] = {}

    @direct_value
    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Return the derivative; of a product the last argument is the vector."""
        has_vector = self.wanted.kind in ("product", "pushed")
        own, vector = (args[:-1], args[-1]) if has_vector else (args, None)
        paths, path, X = self.of._located(own, kwargs)
        arguments = paths.structure
        if has_vector:
            X, arguments = self._with_vector(X, arguments, chosen(arguments, self.wanted.argnums)[0], vector)
        found = self.made(paths, path)
        if isinstance(found, ByProducts):
            return found.structure.put_together(iter(found(X)[0].tolist()))
        if isinstance(found, Sparse):
            return found(X)
        if not kwargs:
            self._remember(paths, arguments, found)
        values, _ = found.program.run(X, found.uniforms.now())
        return found.structure.put_together(iter(values[0].tolist()))

    def rows(self, args: tuple[Any, ...], in_axes: _Axes, num_threads: int | None) -> Any:
        """Compute many rows: see `Compiled.batch`."""
        paths, X = self.of._given_rows(args, in_axes)
        threads, parts = self.of._threads_of(num_threads), []
        for path, rows in self.of._parts(paths, X, threads):
            if path is not None:
                parts.append((path, rows))
            else:
                parts += [(paths.unkept(X[row].tolist()), np.array([row], np.int64)) for row in rows.tolist()]
        found = [(self.made(paths, path), rows) for path, rows in parts]
        values = np.empty((len(X), found[0][0].structure.size()))
        for made, rows in found:
            if isinstance(made, ByProducts):
                values[slice(None) if rows is None else rows] = made(X[slice(None) if rows is None else rows])
            else:
                made.program.fill(X, made.uniforms.now(), rows, values, None, threads)
        return with_rows(found[0][0].structure, values)

    def made(self, paths: Paths | None, path: Path) -> Any:
        """Return the program of a path's derivative, made when it is first asked for and kept if the path is."""
        found = self._programs.get(path)
        if found is None:
            found = _made(self.wanted, paths, path, self.of._name())
            if path.number >= 0:
                self._programs[path] = found
        return found

    def _with_vector(self, X: _Floats, arguments: Nest, inner: _Structure, vector: Any) -> tuple[_Floats, Nest]:
        name = f"the vector for {self.of._name()}"
        given = described(vector, name)
        if given.size() != inner.size() or (given != inner and Number() not in (given, inner)):
            raise ValueError(
                f"{name} must have the structure of the argument, {in_words(inner)}, not {in_words(given)}"
            )
        numbers = np.array([floats_of(given, vector, name)])
        positional, named = arguments.parts
        parts = (*positional.parts, given)
        return np.hstack([X, numbers]), Nest(tuple, (), (Nest(tuple, (), parts), named))

    def _remember(self, paths: Paths, arguments: Nest, found: DirectPath) -> None:
        """Let calls like this one go straight through the program."""
        direct = self._direct.get((paths, arguments))
        if direct is None:
            direct = self._direct[paths, arguments] = DirectPaths(arguments, paths.calls)
        direct.latest = found
        self._last = direct


def _made(wanted: Wanted, paths: Paths | None, path: Path, name: str) -> Any:
    structure: _Structure
    inner: _Structure
    program, captured = path.program, len(path.uniforms.scalars)
    if paths is None:
        made = _jacobian(program, captured, list(wanted.argnums), _all(program.outputs * len(wanted.argnums)), wanted)
        return DirectPath(made, Uniforms(path.uniforms.scalars, made.uniforms), Row(made.outputs))
    inner, places = chosen(paths.structure, wanted.argnums)
    if wanted.kind == "all":
        inner, places = Row(program.inputs), list(range(program.inputs))
    if wanted.kind == "pushed":
        made = derive.pushed(program, captured, places)
        both = Nest(tuple, (), (path.structure, path.structure))
        return DirectPath(made, Uniforms(path.uniforms.scalars, made.uniforms), both)
    if wanted.kind != "jacobian" and type(path.structure) is not Number:
        raise several_results(path.structure, name)
    if wanted.sparse:
        return Sparse(path, places, wanted)
    if wanted.kind == "derivative":
        if inner != Number():
            raise TypeError(f"derivative() takes a function of one number, and {name} is given {in_words(inner)}")
        made, structure = derive.tower(program, captured, places[0], wanted.order), Number()
    elif wanted.kind == "product":
        made = derive.hessian_product(program, captured, places, with_value=wanted.with_value)
        structure = inner
    elif wanted.kind == "jacobian":
        structure, order = crossed(path.structure, inner)
        made = _jacobian(program, captured, places, order, wanted)
    elif program.steps > _MOST_STEPS:
        return ByProducts(path, inner, places, wanted.with_value)
    else:
        structure, order = crossed(inner, inner)
        made, _ = derive.hessian(program, captured, places, order, wanted.with_value)
    if wanted.with_value:
        structure = _with_value(path.structure, inner, structure, wanted.kind)
    return DirectPath(made, Uniforms(path.uniforms.scalars, made.uniforms), structure)


def _all(size: int) -> NDArray[np.int64]:
    return np.arange(size, dtype=np.int64)


def _with_value(value: _Structure, inner: _Structure, structure: _Structure, kind: str) -> _Structure:
    return Nest(tuple, (), (value, structure) if kind == "jacobian" else (value, inner, structure))


def _jacobian(program: Program, captured: int, places: list[int], order: Any, wanted: Wanted) -> Program:
    """Make the program by tangents or by adjoints; if either may be, that which takes fewer steps."""
    ways = [wanted.mode == "forward"]
    if wanted.mode == "auto":
        few = program.steps * min(len(places), program.outputs) <= _MOST_STEPS
        ways = [True, False] if few else [len(places) <= program.outputs]
    made = [derive.jacobian(program, captured, places, way, order, wanted.with_value)[0] for way in ways]
    return min(made, key=lambda one: one.steps + one.operands)


class Sparse:
    """A Jacobian or Hessian as a sparse matrix: a program for what is not 0, and where that is."""

    def __init__(self, path: Path, places: list[int], wanted: Wanted) -> None:
        try:
            from scipy import sparse  # type: ignore[import-untyped]
        except ImportError as error:
            raise ImportError("sparse=True returns SciPy's matrices: pip install scipy") from error

        captured = len(path.uniforms.scalars)
        if wanted.kind == "hessian":
            self.program, pattern = derive.hessian(path.program, captured, places, mirrored=True)
            shape = len(places), len(places)
        else:
            shape = path.program.outputs, len(places)
            forward = wanted.mode == "forward" or (wanted.mode == "auto" and shape[1] <= shape[0])
            self.program, pattern = derive.jacobian(path.program, captured, places, forward)
        order = np.lexsort(pattern.T[::-1])
        self.order = None if np.array_equal(order, np.arange(len(order))) else order
        rows, columns = pattern[order].T
        ends = np.searchsorted(rows, np.arange(shape[0] + 1))
        self.matrix = sparse.csr_matrix((np.zeros(len(rows)), columns, ends), shape=shape)
        self.matrix.has_canonical_format = True
        self.uniforms = Uniforms(path.uniforms.scalars, self.program.uniforms)

    def __call__(self, X: _Floats) -> Any:
        """Compute one row."""
        values = self.program.run(X, self.uniforms.now())[0][0]
        found = copy.copy(self.matrix)  # which takes a fifth of the time of its own copy()
        found.data = values if self.order is None else values[self.order]
        found.indices, found.indptr = found.indices.copy(), found.indptr.copy()
        return found


class ByProducts:
    """The Hessian of a long program: products with unit vectors, which are the rows of a batch.

    What the program itself computes, and its gradient, are computed once; the directions are lanes.
    """

    def __init__(self, path: Path, inner: _Structure, places: list[int], with_value: bool) -> None:
        self.path, self.with_value, self.size = path, with_value, len(places)
        self.captured = len(path.uniforms.scalars)
        self.program = derive.hessian_product(
            path.program, self.captured, places, fixed=range(path.program.inputs), with_value=with_value
        )
        self.structure, self.order = crossed(inner, inner)
        if with_value:
            self.structure = _with_value(Number(), inner, self.structure, "hessian")

    def __call__(self, X: _Floats) -> _Floats:
        """Compute some rows, one after the other."""
        return np.array([self._row(row) for row in np.asarray(X[:])])

    def _row(self, row: _Floats) -> _Floats:
        uniforms, end = self.program.uniforms, self.captured + len(row)
        uniforms[: self.captured] = self.path.uniforms.now()[: self.captured]
        uniforms[self.captured : end] = row
        values, _ = self.program.run(np.eye(self.size), uniforms)
        before = 1 + self.size if self.with_value else 0
        lower = np.tril(values[:, before:])
        hessian = lower + np.tril(lower, -1).T
        return np.concatenate([values[0, :before], hessian.ravel()[self.order]])
