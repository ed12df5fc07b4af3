"""The modules that ``fastgrad run`` serves to a program: micrograd's, and others with numbers or a dialect in them."""

import contextlib
import importlib.machinery
import importlib.util
import os
import sys

import fastgrad

NUMBERS = ("Scalar", "Value")
DIALECTS = ("seed0", "seed1", "seed2")
_MICROGRAD = os.path.join(os.path.dirname(os.path.abspath(__file__)), "compat", "micrograd")


@contextlib.contextmanager
def served(replace, extended):
    """Serve micrograd and the replaced modules to every import, and afterwards leave ``sys.modules`` as it was."""
    finder = _Finder(replace, extended)
    hidden = {name: module for name, module in sys.modules.items() if finder.serves(name)}
    for name in hidden:
        del sys.modules[name]
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)
        for name in [name for name in sys.modules if finder.serves(name)]:
            del sys.modules[name]
        sys.modules.update(hidden)


def _open_subclass(base):
    return type(base.__name__, (base,), {"__slots__": (), "__module__": base.__module__})


class _Finder:
    """An import hook for the replaced modules. It serves micrograd from the folder of its stand-in.

    A built-in class takes no new methods, so a class that the script extends is served as a subclass.
    """

    def __init__(self, replace, extended):
        self.offered = {}  # of each module, the names of classes and dialects
        self.classes = {name: getattr(fastgrad, name) for name in NUMBERS}
        self.classes.update({name: _open_subclass(self.classes[name]) for name in extended.intersection(NUMBERS)})
        if "Value" in extended:
            self.offered["micrograd.engine"] = ["Value"]
        for module, name in replace:
            self.offered.setdefault(module, []).append(name)

    def serves(self, name):
        return name in self.offered or name.partition(".")[0] == "micrograd" or self._is_parent(name)

    def _is_parent(self, name):
        return any(other.startswith(name + ".") for other in self.offered)

    def find_spec(self, name, path=None, target=None):
        is_parent = self._is_parent(name)
        if name in self.offered:
            return importlib.machinery.ModuleSpec(name, self, is_package=is_parent)
        if name == "micrograd":
            init = os.path.join(_MICROGRAD, "__init__.py")
            return importlib.util.spec_from_file_location(name, init, submodule_search_locations=[_MICROGRAD])
        return self._package(name, path) if is_parent else None

    def _package(self, name, path):
        """Find the package that a replaced module lies in; where there is none, an empty one will do."""
        others = (finder for finder in sys.meta_path if finder is not self and hasattr(finder, "find_spec"))
        found = (finder.find_spec(name, path) for finder in others)
        empty = importlib.machinery.ModuleSpec(name, self, is_package=True)
        return next((spec for spec in found if spec is not None), empty)

    def create_module(self, spec):
        return None

    def exec_module(self, module):
        for name in self.offered.get(module.__name__, ()):
            if name in DIALECTS:
                self._run_dialect(name, vars(module))
            else:
                setattr(module, name, self.classes[name])

    def _run_dialect(self, name, namespace):
        """Run the dialect's own file in a module, which makes its classes anew, with the served numbers for its own."""
        file = importlib.util.find_spec(f"fastgrad.compat.{name}")
        exec(file.loader.get_code(file.name), namespace)
        for thing in list(namespace.values()):
            if isinstance(thing, type) and "_number" in vars(thing):
                thing._number = namespace[thing._number.__name__] = self.classes[thing._number.__name__]
