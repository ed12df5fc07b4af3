"""The exchange: a program's class of numbers is put on fastgrad when its first number is made.

By then the class is what it will be: decorated, extended, and with the modules it needs. It is tried beside a twin on
fastgrad's tape. If they agree, the class's ``__new__`` makes instances of the twin from now on, and those of its
methods that mean what fastgrad's mean are fastgrad's; all others stay. If they do not, the class stays as it is.
"""

from __future__ import annotations

import contextlib
import threading
import types

from fastgrad._tape.exchange import drop_maker, instance_of, nodes_made
from fastgrad.run.candidate import NEEDED, Candidate, described, set_new
from fastgrad.run.flags import flags_of
from fastgrad.run.offering import SLOTS
from fastgrad.run.roles import Unfit
from fastgrad.run.saying import say
from fastgrad.run.settings import settings
from fastgrad.run.twins import TwinType

TYPE_CHECKING = False  # true to type checkers; typing is slow to import
if TYPE_CHECKING:
    from typing import Any

_one_at_a_time = threading.RLock()


def offered(cls: Any) -> Any:
    """Offer a class for exchange; it is returned, to be tried when its first number is made."""
    try:
        if SLOTS in vars(cls):
            cls.__slots__ = vars(cls)[SLOTS]
            delattr(cls, SLOTS)
        if settings.active and isinstance(cls, type) and _may_be_engine(cls):
            set_new(cls, _First(cls))
    except Exception as error:  # whatever is wrong with the exchange, the program runs
        say(f"a class is left alone: looking at it raised {type(error).__name__}: {error}")
    return cls


def _may_be_engine(cls: Any) -> bool:
    plain = cls.__new__ is object.__new__ or isinstance(cls.__new__, _First)
    return plain and all(hasattr(cls, name) for name in NEEDED)


def _first_of(cls: type) -> _First | None:
    """Return what waits for the first number of a class, if something does."""
    new = vars(cls).get("__new__")
    first = new.__func__ if isinstance(new, staticmethod) else None
    return first if isinstance(first, _First) and first.cls is cls else None


class _First:
    """A class's ``__new__`` until its first number is made, and while it is tried."""

    def __init__(self, cls: type) -> None:
        self.cls = cls
        self.twin: Any = None  # which a trial makes; None stands for the class as it is
        self.trying = False
        self.thread = 0

    def __call__(self, number: Any, *given: Any, **named: Any) -> Any:
        if self.trying and self.thread == threading.get_ident():
            if isinstance(number, TwinType) or (self.twin is not None and number is self.cls):
                return instance_of(number if isinstance(number, TwinType) else self.twin)
            return object.__new__(number)
        with _one_at_a_time:
            if _first_of(self.cls) is self:
                self.decide()
        new = number.__new__
        return new(number) if new is object.__new__ else new(number, *given, **named)

    def decide(self) -> None:
        """Try the class, those it stands on before, and exchange it or leave it alone."""
        self.trying, self.thread = True, threading.get_ident()
        for base in reversed(self.cls.__mro__[1:]):
            above = _first_of(base)
            if above is not None and not above.trying:
                above.decide()
        if not isinstance(self.cls.__mro__[1].__new__, types.BuiltinFunctionType):  # the one above was exchanged
            del self.cls.__new__
            return
        try:
            trial_of = self.tried()
            trial_of.exchange()
        except Unfit as reason:
            self.stay(str(reason))
        except Exception as error:  # whatever is wrong with the exchange, the program runs
            self.stay(f"trying it raised {type(error).__name__}: {error}")
        else:
            settings.exchanged.append(self.cls)
            for line in trial_of.report():
                say(line)
        finally:
            self.trying = False

    def tried(self) -> Candidate:
        """Try the class: as one whose numbers all take a derivative, else as one with a flag for those that do."""
        candidate, before = Candidate(self), nodes_made()
        try:
            candidate.run()
        except Unfit:
            for flag in flags_of(self.cls):
                candidate = Candidate(self, flag)
                with contextlib.suppress(Unfit):
                    candidate.run()
                    return candidate
            raise
        finally:
            settings.nodes_of_trials += nodes_made() - before
        return candidate

    def stay(self, reason: str) -> None:
        """Let the class be what it was."""
        self.twin = None
        if "__new__" in vars(self.cls):
            del self.cls.__new__
            drop_maker(self.cls)
        if reason:
            settings.left_alone.append(self.cls)
            say(f"{described(self.cls)} is left alone: {reason}")
