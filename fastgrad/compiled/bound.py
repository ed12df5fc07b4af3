"""Calls on fixed buffers, as `Compiled.bind` makes them: of a program, or of those of all paths that numbers take."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from fastgrad.compiled.arguments import check_buffer, check_one
from fastgrad.compiled.derived import ByProducts, Wanted
from fastgrad.compiled.table import BoundFunction

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastgrad.compiled.direct import DirectPath
    from fastgrad.compiled.function import Compiled
    from fastgrad.compiled.path import Path
    from fastgrad.compiled.paths import Paths
    from fastgrad.compiled.structure import _Floats
    from fastgrad.compiled.table import Uniforms


class Bound:
    """The buffers of a call, for arguments of one structure."""

    def __init__(
        self, of: Compiled, paths: Paths, x: _Floats, value: _Floats, grad: _Floats | None, hessian: _Floats | None
    ) -> None:
        self.of, self.paths, self.x, self.value, self.grad, self.hessian = of, paths, x, value, grad, hessian
        self._check(paths.structure.size(), paths.recorded[0].structure.size())
        self.derived = None if hessian is None else of._derivative(Wanted("all", with_value=True))
        self.calls: dict[Path, Callable[[], bool]] = {}

    def _check(self, size: int, outputs: int) -> None:
        check_buffer("x", self.x, (size,))
        check_buffer("value", self.value, (outputs,))
        for name, buffer, shape in (("grad", self.grad, (size,)), ("hessian", self.hessian, (size, size))):
            if buffer is not None:
                check_buffer(name, buffer, shape)
                check_one(self.paths.recorded[0].structure, self.of._name())

    def call(self) -> Callable[[], object]:
        """Return a call of the program, if the numbers can take one path only; else one that follows them."""
        first = self.paths.recorded[0]
        made = None if first.outcomes or first.uniforms.scalars else self._made(first)
        if made is None or isinstance(made, ByProducts):
            return BoundFunction(self._follow)
        return self._call_of(made, None)

    def _made(self, path: Path) -> DirectPath | ByProducts:
        found: DirectPath | ByProducts = path if self.derived is None else self.derived.made(self.paths, path)
        return found

    def _call_of(self, made: DirectPath, uniforms: _Floats | None) -> Callable[[], bool]:
        if self.hessian is None:
            return made.program.bind(self.x, self.value, self.grad, uniforms)
        grad = np.empty(len(self.x)) if self.grad is None else self.grad
        return made.program.bind(self.x, (self.value, grad, self.hessian.reshape(-1)), None, uniforms)

    def _follow(self) -> tuple[Callable[[], bool], Uniforms] | None:
        """Compute the numbers; return the call of the path they are on and its uniforms, if it is there to be kept."""
        path = self.of._path_of(self.paths, self.x[np.newaxis])
        if path is None and self.derived is None:
            self._compute_plainly(self.x[np.newaxis])
            return None
        made = self._made(path or self.paths.unkept(self.x.tolist()))
        if isinstance(made, ByProducts):
            self._write(made(self.x[np.newaxis])[0])
            return None
        call = self.calls.get(path) if path else None
        if call is None:
            call = self._call_of(made, made.uniforms.now())
        call()
        if path is None:
            return None
        self.calls[path] = call
        return call, made.uniforms

    def _compute_plainly(self, X: _Floats) -> None:
        if self.grad is None:
            [(_, self.value[:])] = self.paths.plainly(X)
        else:
            self.value[:], self.grad[:] = self.paths.plain_gradients(X)

    def _write(self, results: _Floats) -> None:
        n = len(self.x)
        self.value[:] = results[:1]
        if self.grad is not None:
            self.grad[:] = results[1 : n + 1]
        if self.hessian is not None:
            self.hessian[:] = results[n + 1 :].reshape(n, n)
