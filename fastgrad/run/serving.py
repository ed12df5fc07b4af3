"""The modules that ``fastgrad run`` serves to a program: micrograd's, and others with numbers or a dialect in them."""

from __future__ import annotations

import contextlib
import importlib
import importlib.machinery
import importlib.util
import os
import sys
import types

import fastgrad

TYPE_CHECKING = False  # true to type checkers; typing is slow to import
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from importlib.machinery import ModuleSpec
    from typing import Any, TypeAlias

    _Replacements: TypeAlias = Iterable[tuple[str, str]]  # a module's name, and what is served as it

NUMBERS = ("Scalar", "Value")
DIALECTS = ("seed0", "seed1", "seed2")
_MICROGRAD = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "compat", "micrograd")


def say(line: str) -> None:
    """Print a line of fastgrad's own beside what the program prints."""
    print(f"fastgrad: {line}", file=sys.stderr, flush=True)


def offers(target: str) -> list[str]:
    """Return the names that a class or a dialect brings into the module it is served as.

    >>> offers("Value"), offers("seed1")
    (['Value'], ['MLP', 'Layer', 'Neuron', 'Value'])
    """
    return [target] if target in NUMBERS else [*importlib.import_module(f"fastgrad.compat.{target}").__all__]


@contextlib.contextmanager
def served(replace: _Replacements, extended: set[str], local: LocalModules) -> Iterator[None]:
    """Serve micrograd and the replaced modules to every import, and afterwards leave ``sys.modules`` as it was.

    ``local`` notes the other modules. What was replaced and never imported is said at the end.
    """
    finder = _Finder(replace, extended, local)
    hidden = {name: module for name, module in sys.modules.items() if finder.serves(name)}
    for name in hidden:
        del sys.modules[name]
    sys.meta_path.insert(0, finder)
    try:
        yield
    except (ImportError, AttributeError) as error:
        finder.explain(error)
        raise
    finally:
        sys.meta_path.remove(finder)
        for name in [name for name in sys.modules if finder.serves(name)]:
            del sys.modules[name]
        sys.modules.update(hidden)
        finder.say_what_was_never_imported()


class LocalModules:
    """Passes to ``note`` the name and the file of each module that is imported from a folder, once.

    Installed packages that lie somewhere below the folder are not meant: ``a.b`` counts if it is ``a/b.py`` there.
    """

    def __init__(self, folder: str, note: Callable[[str, str], None]) -> None:
        self.folder, self.note = folder, note
        self.noted: set[str] = set()

    def look(self, name: str, specs: Iterator[ModuleSpec]) -> None:
        """Note a module if the first of ``specs``, where imports find it, is in the folder."""
        base = os.path.join(self.folder, *name.split("."))
        files = [base + ".py", os.path.join(base, "__init__.py")]
        # Most imports are of other modules: they are not searched for twice.
        if name not in self.noted and any(map(os.path.isfile, files)):
            spec = next(specs, None)
            if spec is not None and spec.origin in files:
                self.noted.add(name)
                self.note(name, spec.origin)


def _open_subclass(base: type) -> type:
    return type(base.__name__, (base,), {"__slots__": (), "__module__": base.__module__})


class _Finder:
    """An import hook for the replaced modules. It serves micrograd from the folder of its stand-in.

    A built-in class takes no new methods, so a class that the script extends is served as a subclass.
    """

    def __init__(self, replace: _Replacements, extended: set[str], local: LocalModules) -> None:
        self.replaced, self.local = list(replace), local
        self.imported: set[str] = set()
        self.offered: dict[str, list[str]] = {}  # of each module, the names of classes and dialects
        self.classes: dict[str, type] = {name: getattr(fastgrad, name) for name in NUMBERS}
        self.classes.update({name: _open_subclass(self.classes[name]) for name in extended.intersection(NUMBERS)})
        if "Value" in extended:
            self.offered["micrograd.engine"] = ["Value"]
        for module, name in self.replaced:
            self.offered.setdefault(module, []).append(name)

    def serves(self, name: str) -> bool:
        return name in self.offered or name.partition(".")[0] == "micrograd" or self._is_parent(name)

    def _is_parent(self, name: str) -> bool:
        return any(other.startswith(name + ".") for other in self.offered)

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: types.ModuleType | None = None
    ) -> ModuleSpec | None:
        is_parent = self._is_parent(name)
        if name in self.offered:
            return self._spec(name, is_parent)
        if name == "micrograd":
            init = os.path.join(_MICROGRAD, "__init__.py")
            return importlib.util.spec_from_file_location(name, init, submodule_search_locations=[_MICROGRAD])
        if is_parent:  # where there is no such package, an empty one will do
            return next(self._elsewhere(name, path), self._spec(name, True))
        if not self.serves(name):
            self.local.look(name, self._elsewhere(name, path))
        return None

    def _spec(self, name: str, is_package: bool) -> ModuleSpec:
        spec = importlib.machinery.ModuleSpec
        return spec(name, self, is_package=is_package)  # type: ignore[arg-type]  # a loader by its methods

    def _elsewhere(self, name: str, path: Sequence[str] | None) -> Iterator[ModuleSpec]:
        """Yield what the other finders find."""
        others = (finder for finder in sys.meta_path if finder is not self and hasattr(finder, "find_spec"))
        found = (finder.find_spec(name, path) for finder in others)
        return (spec for spec in found if spec is not None)

    def create_module(self, spec: ModuleSpec) -> None:
        return None

    def exec_module(self, module: types.ModuleType) -> None:
        self.imported.add(module.__name__)
        for name in self.offered.get(module.__name__, ()):
            if name in DIALECTS:
                self._run_dialect(name, vars(module))
            else:
                setattr(module, name, self.classes[name])

    def _run_dialect(self, name: str, namespace: dict[str, Any]) -> None:
        """Run the dialect's own file in a module, which makes its classes anew, with the served numbers for its own."""
        file: Any = importlib.util.find_spec(f"fastgrad.compat.{name}")
        exec(file.loader.get_code(file.name), namespace)
        for thing in list(namespace.values()):
            if isinstance(thing, type) and "_number" in vars(thing):
                number = vars(thing)["_number"].__name__
                thing._number = namespace[number] = self.classes[number]  # type: ignore[attr-defined]

    def say_what_was_never_imported(self) -> None:
        for module in dict.fromkeys(module for module, _ in self.replaced if module not in self.imported):
            say(f"{self._options(module)} served nothing: the program never imported {module}")

    def explain(self, error: ImportError | AttributeError) -> None:
        """Add to an error on a name that a replaced module lacks what the module offers, and what else could be."""
        if isinstance(error, ImportError):
            module, text = error.name, error.msg
        else:
            module, text = error.obj.__name__ if isinstance(error.obj, types.ModuleType) else None, str(error)
        if module is None or module not in [replaced for replaced, _ in self.replaced]:
            return
        offered = ", ".join(name for target in self.offered[module] for name in offers(target))
        targets = ", ".join([*NUMBERS, *(f"{dialect} ({', '.join(offers(dialect))})" for dialect in DIALECTS)])
        text = (
            f"{text.removesuffix(' (unknown location)')}: {self._options(module)} offers only {offered}; the targets "
            f"of --replace are {targets}; micrograd's modules are served under their own names, without --replace"
        )
        if isinstance(error, ImportError):
            error.msg = text
        else:
            error.args = (text,)

    def _options(self, module: str) -> str:
        return " ".join(f"--replace {module}={name}" for replaced, name in self.replaced if replaced == module)
