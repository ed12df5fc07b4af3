"""Settings that a program changes while it runs: as long as one is not what it was in the trial, its class is plain.

The program's statements that set a variable to True or False are followed by a call of `look`, see `reading`.
"""

from __future__ import annotations

import contextlib

from fastgrad.run import reading

TYPE_CHECKING = False  # true to type checkers; typing is slow to import
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any


class Setting:
    """A variable of a module, or an attribute of a class, that the program changes.

    Parameters
    ----------
    name : str
        Its name.
    owner : dict, class or module
        What has it.
    """

    def __init__(self, name: str, owner: Any) -> None:
        self.name, self.owner = name, owner
        self.at_first = self.value()

    def value(self) -> Any:
        """Return what it is now."""
        return self.owner.get(self.name) if isinstance(self.owner, dict) else getattr(self.owner, self.name, None)

    def set(self, value: Any) -> None:
        """Let it be something else."""
        if isinstance(self.owner, dict):
            self.owner[self.name] = value
        else:
            setattr(self.owner, self.name, value)

    def is_switch(self) -> bool:
        """Tell whether it is True or False, and is only changed where that is seen."""
        return isinstance(self.at_first, bool) and reading.is_switched(self.name)


class Switched:
    """A class that is exchanged as long as its switches are what they were.

    Parameters
    ----------
    cls : type
        The class.
    settings : list of Setting
        Its switches.
    fast, plain : dict
        Its methods on fastgrad and as they were; ``__new__`` is among them where numbers have to be as they were, too.
    """

    def __init__(self, cls: Any, settings: list[Setting], fast: dict[str, Any], plain: dict[str, Any]) -> None:
        self.cls, self.settings, self.fast, self.plain = cls, settings, fast, plain
        self.is_fast = True

    def look(self) -> None:
        """Let the class be what the switches say."""
        is_fast = all(setting.value() == setting.at_first for setting in self.settings)
        if is_fast != self.is_fast:
            self.is_fast = is_fast
            for name, method in (self.fast if is_fast else self.plain).items():
                setattr(self.cls, name, method)


@contextlib.contextmanager
def turned(setting: Setting, cls: Any, plain: dict[str, Any]) -> Iterator[None]:
    """Let a switch be what it is not, and a class have its methods as they were."""
    fast = {name: vars(cls)[name] for name in plain}
    setting.set(not setting.at_first)
    for name, method in plain.items():
        setattr(cls, name, method)
    try:
        yield
    finally:
        setting.set(setting.at_first)
        for name, method in fast.items():
            setattr(cls, name, method)


_switched: list[Switched] = []  # of the program that runs


def watch(switched: Switched) -> None:
    """Look at a class's switches from now on."""
    _switched.append(switched)


def forget() -> None:
    """Look at no class any more, as another program begins."""
    _switched.clear()


def look() -> None:
    """Look at all switches, one of which may have been set."""
    for switched in _switched:
        switched.look()
