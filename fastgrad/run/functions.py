"""Functions of one number that a program has beside its class, ``relu(x)``: those that mean fastgrad's become them."""

from __future__ import annotations

import inspect
import types

from fastgrad._tape.spelled import Spelled
from fastgrad.run import effects, reading, trial
from fastgrad.run.flags import method_for
from fastgrad.run.hook import own_modules
from fastgrad.run.roles import Unfit
from fastgrad.run.twins import TwinType

TYPE_CHECKING = False  # true to type checkers; typing is slow to import
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from fastgrad.run.candidate import Candidate
    from fastgrad.run.trial import _Experiment

# The functions of one number that a program may have under these names, in any spelling.
_NAMES = {
    **{name: name for name in ("exp", "log", "log2", "log10", "log1p", "expm1", "sqrt", "cbrt", "sin", "cos", "tan")},
    **{name: name for name in ("asin", "acos", "atan", "sinh", "cosh", "tanh", "asinh", "acosh", "atanh", "abs")},
    **{name: name for name in ("relu", "sigmoid", "softplus", "gelu", "step", "sign", "erf", "erfc", "leaky_relu")},
    **{"arcsin": "asin", "arccos": "acos", "arctan": "atan", "ln": "log", "logistic": "sigmoid", "__abs__": "abs"},
    **{"leakyrelu": "leaky_relu", "logarithm": "log", "exponential": "exp", "heaviside": "step", "sigm": "sigmoid"},
}


def function_of(name: str) -> str | None:
    """Return fastgrad's name for a function or method, if it has one.

    >>> function_of("ReLU"), function_of("clip")
    ('relu', None)
    """
    return _NAMES.get(name if name.startswith("__") else name.strip("_").lower())


class Functions:
    """The functions of a program that were tried with a class, and do what fastgrad's do."""

    def __init__(self, candidate: Candidate) -> None:
        self.candidate = candidate
        self.taken: dict[types.FunctionType, Any] = {}

    def try_them(self, namespaces: list[dict[str, Any]]) -> None:
        """Try those that take a number and nothing else; where one does more than it seems, all stay."""
        names = {name for function in _found() for name in function.__code__.co_names}
        try:
            with trial.undone(self.candidate.cls, namespaces, names) as changed:
                self.try_each()
        except Unfit:
            changed = ["what was printed or drawn"]
        if changed:
            self.taken.clear()

    def try_each(self) -> None:
        for function in _found() if not self.candidate.switches else ():
            if not effects.does_more(function) and not effects.settings_read(function, self.candidate.cls):
                meant = function_of(function.__name__) or ""
                fast = method_for(meant, self.candidate.roles.flag)
                if self.agrees(function, fast, meant):
                    self.taken[function] = fast

    def agrees(self, function: types.FunctionType, fast: Any, meant: str) -> bool:
        """Tell whether a function has values, and the same as fastgrad's."""
        candidate = self.candidate
        if meant not in candidate.symbols:
            candidate.see(meant, lambda: function(candidate.cls(0.5)))
        experiments = [(f"at {point:g}", _at(point, function, fast)) for point in trial.POINTS]
        experiments += trial.used_twice(lambda x: (fast if isinstance(x, Spelled) else function)(x))
        outcomes = [trial.outcome(candidate.cls, candidate.roles, experiment, False) for _, experiment in experiments]
        has_values = any(isinstance(outcome, list) and len(outcome) == 3 for outcome in outcomes)
        return has_values and candidate.disagreement(experiments) is None

    def exchange(self) -> None:
        """Let the functions, wherever the program has them, be fastgrad's for numbers on the tape."""
        for function, fast in self.taken.items():
            own = types.FunctionType(function.__code__, function.__globals__, function.__name__, function.__defaults__)
            function.__signature__ = inspect.signature(function)  # type: ignore[attr-defined]
            function.__kwdefaults__ = {"_fast": fast, "_own": own, "_number": Spelled}
            function.__code__ = _either.__code__.replace(co_name=function.__name__)


def _either(*given, _fast=None, _own=None, _number=None, **named):  # type: ignore[no-untyped-def]
    if len(given) == 1 and not named and isinstance(given[0], _number):
        return _fast(given[0])
    return _own(*given, **named)


def _at(point: float, function: Any, fast: Any) -> _Experiment:
    def experiment(cls: Any) -> tuple[list[Any], Any]:
        x = cls(point)
        return [x], (fast if isinstance(cls, TwinType) else function)(x)

    return experiment


def _found() -> Iterator[types.FunctionType]:
    """Yield the functions of one argument that the program's modules define under such names, each once."""
    seen: set[types.FunctionType] = set()
    for module in own_modules():
        for value in list(vars(module).values()):
            if isinstance(value, types.FunctionType) and value not in seen and _may_be(value):
                seen.add(value)
                yield value


def _may_be(function: types.FunctionType) -> bool:
    is_own = function.__code__.co_filename in reading.sources and not function.__closure__
    return is_own and function_of(function.__name__) is not None and _takes_one(function)


def _takes_one(function: types.FunctionType) -> bool:
    parameters = list(inspect.signature(function).parameters.values())
    return len(parameters) == 1 and parameters[0].kind is parameters[0].POSITIONAL_OR_KEYWORD
