"""The modules that ``fastgrad run --replace`` serves to a program, with numbers or a dialect in them."""

from __future__ import annotations

import contextlib
import importlib
import importlib.machinery
import importlib.util
import sys
import types

import fastgrad
from fastgrad.run.hook import OwnModules, found_after
from fastgrad.run.saying import say

TYPE_CHECKING = False  # true to type checkers; typing is slow to import
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from importlib.machinery import ModuleSpec
    from typing import Any, TypeAlias

    _Replacements: TypeAlias = Iterable[tuple[str, str]]  # a module's name, and what is served as it

NUMBERS = ("Scalar", "Value")
DIALECTS = ("seed0", "seed1", "seed2", "minitorch", "eurekalabs", "microgpt")


def offers(target: str) -> list[str]:
    """Return the names that a class or a dialect brings into the module it is served as.

    >>> offers("Value"), offers("seed1")
    (['Value'], ['MLP', 'Layer', 'Neuron', 'Value'])
    """
    return [target] if target in NUMBERS else [*importlib.import_module(f"fastgrad.compat.{target}").__all__]


def parse_replacement(text: str) -> tuple[str, str]:
    """Split ``module=Class`` or ``module=dialect`` and check both sides.

    >>> parse_replacement("course.engine=Scalar"), parse_replacement("course.nn=seed1")
    (('course.engine', 'Scalar'), ('course.nn', 'seed1'))
    """
    module, equals, name = text.partition("=")
    if not equals or not all(part.isidentifier() for part in module.split(".")):
        raise ValueError(f"cannot replace {text!r}: expected a module's name and a class, such as engine=Scalar")
    if name not in NUMBERS + DIALECTS:
        classes, dialects = " and ".join(NUMBERS), ", ".join(DIALECTS)
        raise ValueError(
            f"cannot replace {text!r}: fastgrad offers the classes {classes} and the dialects {dialects}, not {name!r}"
        )
    return module, name


@contextlib.contextmanager
def served(replace: _Replacements, also: Iterable[str] = ()) -> Iterator[None]:
    """Let a program's imports find the replaced modules, and its own prepared; afterwards ``sys.modules`` is as before.

    What was replaced and never imported is said at the end.
    """
    finder = _Replaced(replace)
    finders: list[Any] = [finder, OwnModules(also)]  # finders by their methods
    hidden = {name: module for name, module in sys.modules.items() if finder.serves(name)}
    before = set(sys.modules)
    for name in hidden:
        del sys.modules[name]
    sys.meta_path[:0] = finders
    try:
        yield
    except (ImportError, AttributeError) as error:
        finder.explain(error)
        raise
    finally:
        sys.meta_path[:] = [other for other in sys.meta_path if other not in finders]
        for name in set(sys.modules) - before:
            if isinstance(getattr(getattr(sys.modules[name], "__spec__", None), "loader", None), _Replaced):
                del sys.modules[name]
        sys.modules.update(hidden)
        finder.say_what_was_never_imported()


class _Replaced:
    """An import hook for the replaced modules. The numbers are served as subclasses, which can be extended."""

    def __init__(self, replace: _Replacements) -> None:
        self.offered: dict[str, list[str]] = {}  # of each module, the names of classes and dialects
        self.imported: set[str] = set()
        self.classes: dict[str, type] = {}
        self.dialects: dict[str, dict[str, Any]] = {}
        for module, name in replace:
            self.offered.setdefault(module, []).append(name)

    def serves(self, name: str) -> bool:
        return name in self.offered or self._is_parent(name)

    def _is_parent(self, name: str) -> bool:
        return any(other.startswith(name + ".") for other in self.offered)

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: types.ModuleType | None = None
    ) -> ModuleSpec | None:
        if name in self.offered:
            return self._spec(name, self._is_parent(name))
        if self._is_parent(name):  # where there is no such package, an empty one will do
            return found_after(self, name, path) or self._spec(name, True)
        return None

    def _spec(self, name: str, is_package: bool) -> ModuleSpec:
        spec = importlib.machinery.ModuleSpec
        return spec(name, self, is_package=is_package)  # type: ignore[arg-type]  # a loader by its methods

    def create_module(self, spec: ModuleSpec) -> None:
        return None

    def exec_module(self, module: types.ModuleType) -> None:
        self.imported.add(module.__name__)
        for name in self.offered.get(module.__name__, ()):
            if name in NUMBERS:
                setattr(module, name, self._number(name))
            else:
                vars(module).update(self._dialect(name, module.__name__))

    def _dialect(self, name: str, module: str) -> dict[str, Any]:
        """What a dialect offers, its classes made anew; in the first module that it is served as, they are at home."""
        if name not in self.dialects:
            home = types.ModuleType(module)
            file: Any = importlib.util.find_spec(f"fastgrad.compat.{name}")
            exec(file.loader.get_code(file.name), vars(home))
            self.dialects[name] = {"__all__": home.__all__, **{offer: vars(home)[offer] for offer in home.__all__}}
        return self.dialects[name]

    def _number(self, name: str) -> type:
        """The numbers of a dialect that is served, too, or a class that can be extended."""
        for module, targets in self.offered.items():
            for target in targets:
                if target in DIALECTS and name in offers(target):
                    found: type = self._dialect(target, module)[name]
                    return found
        base = getattr(fastgrad, name)
        attributes = {"__slots__": (), "__module__": base.__module__}
        return self.classes.setdefault(name, type(name, (base,), attributes))

    def say_what_was_never_imported(self) -> None:
        for module in self.offered:
            if module not in self.imported:
                say(f"{self._options(module)} served nothing: the program never imported {module}")

    def explain(self, error: ImportError | AttributeError) -> None:
        """Add to an error on a name that a replaced module lacks what the module offers, and what else could be."""
        if isinstance(error, ImportError):
            module, text = error.name, error.msg
        else:
            module, text = error.obj.__name__ if isinstance(error.obj, types.ModuleType) else None, str(error)
        if module is None or module not in self.offered:
            return
        offered = ", ".join(name for target in self.offered[module] for name in offers(target))
        targets = ", ".join([*NUMBERS, *(f"{dialect} ({', '.join(offers(dialect))})" for dialect in DIALECTS)])
        text = (
            f"{text.removesuffix(' (unknown location)')}: {self._options(module)} offers only {offered}; the targets "
            f"of --replace are {targets}; without --replace a module's own class is exchanged, all other names stay"
        )
        if isinstance(error, ImportError):
            error.msg = text
        else:
            error.args = (text,)

    def _options(self, module: str) -> str:
        return " ".join(f"--replace {module}={name}" for name in self.offered[module])
