"""SciPy's integrators, called with programs."""

from __future__ import annotations

import contextlib
import math
import os
import threading
import warnings
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from fastgrad.transforms.tape import name_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fastgrad.compiled.structure import _Floats
    from fastgrad.ode.flow import Flow

METHODS = "RK45", "RK23", "DOP853", "Radau", "BDF", "LSODA"
_IMPLICIT = "Radau", "BDF", "LSODA"
_MOST_STEPS = 1_000_000  # of LSODA between two times
_DONE = "Integration successful."  # as LSODA says, too, where its steps are 0
_STANDING = "its steps came to nothing."
_MOST_CALLS = 1000  # of LSODA at one time
_NEAR = 1e-10  # of the whole time


class _Alone:
    """LSODA, whose state all threads share: one solution at a time, and none while a right-hand side is computed."""

    def __init__(self) -> None:
        self.lock, self.busy = threading.RLock(), False

    def __enter__(self) -> None:
        self.lock.acquire()
        if self.busy:
            self.lock.release()
            raise RuntimeError(
                "LSODA cannot begin a solution while it computes another in the same thread: where a right-hand side "
                'solves an equation itself, take method="DOP853" for one of the two'
            )
        self.busy = True

    def __exit__(self, *error: object) -> None:
        self.busy = False
        self.lock.release()


_lsoda = _Alone()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_lsoda.__init__)  # type: ignore[misc]


def scipy_integrate() -> Any:
    """Return the module `scipy.integrate`."""
    try:
        from scipy import integrate  # type: ignore[import-untyped]
    except ImportError as error:
        raise ImportError('fastgrad.ode stands on SciPy: pip install "fastgrad[ode]"') from error
    return integrate


class Settings(NamedTuple):
    """How to integrate: as `odeint` was told."""

    method: Any
    rtol: float
    atol: _Floats  # for each number of y
    options: dict[str, Any]

    def with_columns(self, scales: Sequence[float]) -> Settings:
        """Return those for y and its derivatives by numbers of these sizes.

        A derivative times the size of what it is by is as large as y, and so is what may be wrong of it.
        """
        atols = [self.atol, *(self.atol / (abs(scale) or 1.0) for scale in scales)]
        return self._replace(atol=np.concatenate(atols))


def integrated(flow: Flow, t: _Floats, y0: _Floats, p: _Floats, how: Settings) -> _Floats:
    """Return the solution at each of the times, of which the first is where it begins."""
    if len(t) == 1:
        return y0[np.newaxis].copy()
    check_beginning(flow, t[0], y0, p)
    if how.method == "LSODA" and not how.options:
        with _lsoda:
            return _by_lsoda(flow, t, y0, p, how)
    found: _Floats = by_solve_ivp(flow, t, y0, p, how).y.T
    return found


def check_beginning(flow: Flow, t: float, y: _Floats, p: _Floats) -> None:
    """Raise RuntimeError unless what the function gives at the beginning are numbers."""
    slopes = flow.begin(float(t), y, p)
    if not np.all(np.isfinite(slopes)):
        raise RuntimeError(
            f"the integration of {name_of(flow.of)} cannot begin: at t = {float(t)!r} with y = {y.tolist()!r:.200} it "
            f"returns {slopes.tolist()!r:.200}. Begin where it is finite"
        )


def by_solve_ivp(flow: Flow, t: _Floats, y0: _Floats, p: Any, how: Settings, **further: Any) -> Any:
    """Return what SciPy's `solve_ivp` finds; p is an array or a function of t that returns it."""
    of, at = flow.of, p if callable(p) else lambda t: p
    if how.method in _IMPLICIT:
        jacobian = flow.jacobian(t[0], y0, at(t[0]), how.method != "LSODA")
        further["jac"] = lambda t, y: jacobian(t, y, at(t))

    def rates(t: float, y: _Floats) -> Any:
        return of(float(t), y, at(t))

    given = {"t_eval": t, "rtol": how.rtol, "atol": how.atol, **how.options, **further}
    is_lsoda = how.method == "LSODA"
    try:
        with _lsoda if is_lsoda else contextlib.nullcontext():
            call = _moving(rates, flow) if is_lsoda else rates
            found = scipy_integrate().solve_ivp(call, (t[0], t[-1]), y0, how.method, **given)
    except ValueError as error:
        if "infs or NaNs" not in str(error):
            raise
        raise _failure(flow, "it has come to numbers that are not finite.", how.method) from error
    if found.status < 0:
        raise _failure(flow, found.message, how.method)
    return found


def _moving(rates: Any, flow: Flow) -> Any:
    """Return a function for LSODA that raises where time stands still: `solve_ivp` would go on for ever."""
    last, calls = math.nan, 0

    def counted(t: float, y: _Floats) -> Any:
        nonlocal last, calls
        calls = calls + 1 if t == last else 0
        last = t
        if calls > _MOST_CALLS:
            raise _failure(flow, _STANDING, "LSODA")
        return rates(t, y)

    return counted


def _by_lsoda(flow: Flow, t: _Floats, y0: _Floats, p: _Floats, how: Settings) -> _Floats:
    """Return what SciPy's `odeint` finds, whose loop over steps is not Python's as that of `solve_ivp` is."""
    integrate, of, jacobian, sign = scipy_integrate(), flow.of, flow.jacobian(t[0], y0, p, False), 1.0
    slopes: Any = of
    if t[-1] < t[0]:  # it knows where to stop where time ascends
        sign, slopes = -1.0, lambda t, y, p: -of(-t, y, p)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".* Run with full_output")  # what failed is raised
        found, account = integrate.odeint(
            slopes,
            y0,
            sign * t,
            (p,),
            lambda t, y, p: sign * jacobian(sign * t, y, p),
            full_output=True,
            rtol=how.rtol,
            atol=how.atol,
            tcrit=sign * t[-1:],
            mxstep=_MOST_STEPS,
            tfirst=True,
        )
    message, left = account["message"], abs(sign * t[-1] - account["tcur"][-1])
    if message == _DONE and (left > _NEAR * abs(t[-1] - t[0]) or not np.all(np.isfinite(found))):
        message = _STANDING
    if message != _DONE:
        raise _failure(flow, message, how.method)
    return found  # type: ignore[no-any-return]


def _failure(flow: Flow, message: str, method: Any) -> RuntimeError:
    stiff = "" if method in _IMPLICIT else 'if it is stiff, take method="Radau", "BDF" or "LSODA"; '
    return RuntimeError(
        f"the integration of {name_of(flow.of)} by {method} failed: {message} Look where its solution may have no end; "
        f"{stiff}else give a larger rtol or atol"
    )
