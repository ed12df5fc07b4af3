"""A class's sweep: fastgrad's stands in for it, or it stays, on fastgrad's numbers."""

from __future__ import annotations

import functools
import inspect

from fastgrad._tape.spelled import Form
from fastgrad.run import effects, reading, trial
from fastgrad.run.hook import own_modules
from fastgrad.run.roles import Unfit, vars_of

TYPE_CHECKING = False  # true to type checkers; typing is slow to import
if TYPE_CHECKING:
    from typing import Any

    from fastgrad.run.candidate import Candidate
    from fastgrad.run.roles import Roles

_FORMS: tuple[int, ...] = (
    Form(0),
    Form.ROOT_ADDS,
    Form.SWEEP_OWN,
    Form.SWEEP_OWN | Form.SWEEP_LEAVES,
    Form.SWEEP_CLEARS,
)


def sweep_name(roles: Roles) -> str:
    """Return the name of a class's sweep, a method or a function."""
    return roles.sweep if isinstance(roles.sweep, str) else str(roles.sweep.__name__)


class Sweep:
    """The sweep of a class that is tried."""

    def __init__(self, candidate: Candidate) -> None:
        self.candidate, self.roles, self.name = candidate, candidate.roles, sweep_name(candidate.roles)
        self.both = False  # where arguments are given it is the program's own
        self.is_method = isinstance(self.roles.sweep, str)
        self.original = vars_of(candidate.cls, self.name) if self.is_method else self.roles.sweep
        self.parameters = [*inspect.signature(self.original).parameters][self.is_method :]

    def stand_in(self) -> None:
        """Let fastgrad's sweep stand in; the operators are tried with it, and then it is tried with them."""
        reason = self.why_it_stays()
        if reason is not None:
            self.stay(reason)
        elif self.is_method:
            self.candidate.take(self.name, "backward")
            sweep = self.with_arguments()
            if sweep is None and self.roles.flag is not None:
                sweep = self.roles.fast_sweep
            if sweep is not None:
                setattr(self.candidate.twin, self.name, self.where_it_is_fast(sweep))

    def why_it_stays(self) -> str | None:
        if self.roles.returns == "something" and reading.is_result_used(self.name):
            return "it returns what the program uses"
        settings = effects.settings_read(self.original, self.candidate.cls)
        return f"it reads {settings[0].name}, which the program changes" if settings else None

    def stay(self, reason: str) -> None:
        """Let the program's own sweep work on fastgrad's numbers."""
        self.roles.sweeps_itself = True
        self.candidate.kept[self.name] = reason

    def with_arguments(self) -> Any:
        """Return what stands in for a sweep that is given arguments, or whose result is used; None where neither is."""
        if not self.parameters or not reading.is_called_with_arguments(self.name):
            used = self.roles.returns in ("count", "nodes") and reading.is_result_used(self.name)
            return (lambda node: self.roles.fast_sweep(node)) if used or self.roles.seeded else None
        if len(self.parameters) == 1 and not self.roles.seeded and self.takes_a_gradient():
            return _with_gradient(self.roles, self.parameters[0])
        self.both = True
        return _unless_given(self.roles, self.original)

    def where_it_is_fast(self, sweep: Any) -> Any:
        """Leave to the program's own sweep the numbers that fastgrad's is not meant for."""
        if self.roles.flag is None:
            return sweep

        def either(node: Any, *given: Any, **named: Any) -> Any:
            return (sweep if self.roles.is_swept_fast(node) else self.original)(node, *given, **named)

        return either

    def takes_a_gradient(self) -> bool:
        """Tell whether the sweep's parameter is the gradient to start with."""
        x, y = self.candidate.cls(3.0), self.candidate.cls(5.0)
        try:
            getattr(x + y, self.name)(0.5)
        except Exception:
            return False
        return bool(getattr(x, self.roles.grad) == 0.5)

    def settle(self) -> None:
        """Find the form in which fastgrad's sweep leaves what the class's leaves; else its own has to."""
        candidate, before = self.candidate, self.candidate.form
        plain = trial.sweeps(candidate.cls, self.roles)
        forms = [Form.ROOT_ADDS] if self.roles.seeded else _FORMS
        for form in () if self.roles.sweeps_itself else forms:
            candidate.set_form(before | form)
            if trial.agree(plain, self.on_twin()):
                # Where a second sweep passes on what the first has left inside, it matters what is inside.
                candidate.compares_graphs = candidate.looks_at_graphs or not form & Form.SWEEP_OWN
                if self.both and not self.own_agrees(plain):
                    raise Unfit(f"the program calls its {self.name}() with {', '.join(self.parameters)}")
                return
        candidate.set_form(before)
        if not self.roles.sweeps_itself:
            candidate.give_back(self.name) if self.is_method else None
            self.stay("it leaves other derivatives than fastgrad's")
        if not trial.agree(plain, self.on_twin()):
            raise Unfit(f"its {self.name}() leaves other derivatives than fastgrad's")

    def own_agrees(self, plain: Any) -> bool:
        twin = self.candidate.twin
        standing_in = vars(twin)[self.name]
        setattr(twin, self.name, self.original)
        agrees = trial.agree(plain, self.on_twin())
        setattr(twin, self.name, standing_in)
        return agrees

    def on_twin(self) -> Any:
        first = self.candidate.first
        first.twin = self.candidate.twin
        try:
            return trial.sweeps(first.twin, self.roles)
        finally:
            first.twin = None

    def exchange(self) -> None:
        """Put fastgrad's sweep where the program has a function."""
        if self.is_method or self.roles.sweeps_itself or self.roles.sweep == self.roles.by_closures:
            return
        replacement = _sweeping(self.roles)
        for module in own_modules():
            for name, value in list(vars(module).items()):
                if value is self.original:
                    setattr(module, name, replacement)


def _sweeping(roles: Roles) -> Any:
    """A function of the program's that sweeps, with fastgrad's sweep for numbers on the tape."""
    original = roles.sweep

    @functools.wraps(original)
    def sweep(root: Any) -> Any:
        return roles.fast_sweep(root) if roles.is_swept_fast(root) else original(root)

    return sweep


def _with_gradient(roles: Roles, parameter: str) -> Any:
    """A sweep that is given a gradient, by place or by its name."""

    def sweep(node: Any, *given: Any, **named: Any) -> Any:
        values = [*given, *(named[name] for name in named if name == parameter)]
        return roles.fast_sweep(node, *(value for value in values if value is not None))

    return sweep


def _unless_given(roles: Roles, original: Any) -> Any:
    """A sweep that is the program's own where arguments are given."""

    def sweep(node: Any, *given: Any, **named: Any) -> Any:
        return original(node, *given, **named) if given or named else roles.fast_sweep(node)

    return sweep
