"""A program's sources, and what it asks of its numbers."""

from __future__ import annotations

import ast
from functools import cached_property

TYPE_CHECKING = False  # true to type checkers; typing is slow to import
if TYPE_CHECKING:
    from collections.abc import Iterator

    _Uses = dict[str, set["str | None"]]  # of names: the outermost functions in which they are used, None outside

sources: dict[str, Source] = {}  # of the program's own modules, by file, as they were written


class Source:
    """A module's tree, and what is found in it once and asked for again and again."""

    def __init__(self, tree: ast.Module) -> None:
        self.tree, self.nodes = tree, list(ast.walk(tree))
        self.functions: dict[str, list[ast.FunctionDef]] = {}
        for node in self.nodes:
            if isinstance(node, ast.FunctionDef):
                self.functions.setdefault(node.name, []).append(node)
        self.modules = _names_imported(self.nodes, ast.Import)
        self.imported = self.modules | _names_imported(self.nodes, ast.ImportFrom)
        self._read: dict[ast.AST, tuple[set[str], set[str]]] = {}

    def names_in(self, node: ast.AST) -> set[str]:
        """Return the attributes and variables that a part of the module reads."""
        return set().union(*self.read_in(node))

    def read_in(self, node: ast.AST) -> tuple[set[str], set[str]]:
        """Return the attributes, and the variables, that a part of the module reads."""
        if node not in self._read:
            read = [part for part in ast.walk(node) if isinstance(getattr(part, "ctx", None), ast.Load)]
            attributes = {part.attr for part in read if isinstance(part, ast.Attribute)}
            self._read[node] = attributes, {part.id for part in read if isinstance(part, ast.Name)}
        return self._read[node]

    @cached_property
    def parts(self) -> list[tuple[ast.AST, str | None]]:
        """All parts of functions, and of what stands outside of functions, with the outermost function's name."""
        return [(part, name) for node, name, _ in _outermost(self.tree) for part in ast.walk(node)]

    @cached_property
    def reads(self) -> _Uses:
        """What attributes and variables are read, and where."""
        return _by_name((part, name) for part, name in self.parts if isinstance(getattr(part, "ctx", None), ast.Load))

    @cached_property
    def stores(self) -> _Uses:
        """What attributes are set, and where."""
        attributes = (entry for entry in self.parts if isinstance(entry[0], ast.Attribute))
        return _by_name((part, name) for part, name in attributes if isinstance(part.ctx, ast.Store))  # type: ignore[attr-defined]

    @cached_property
    def calls(self) -> list[tuple[ast.Call, str | None]]:
        """All calls, and where they stand."""
        return [(part, name) for part, name in self.parts if isinstance(part, ast.Call)]

    @cached_property
    def used(self) -> set[str]:
        """The functions and methods of whose results something becomes."""
        dropped = {id(node.value) for node in self.nodes if isinstance(node, ast.Expr)}
        return {_called(call) for call, _ in self.calls if id(call) not in dropped}

    @cached_property
    def changes(self) -> dict[str, list[tuple[ast.AST, int, bool]]]:
        """Where a variable of the module, or an attribute that numbers share, is set, how often, and for others, too.

        Changing what it stands for counts twice.
        """
        found: dict[str, list[tuple[ast.AST, int, bool]]] = {}
        shared = {name for node in self.nodes if isinstance(node, ast.Global) for name in node.names}
        for top, function, in_class in _outermost(self.tree):
            for node in ast.walk(top):
                is_variable = isinstance(node, (ast.Name, ast.AugAssign))
                for name, count in _changed_by(node, self.imported):
                    if not is_variable or function is None or name in shared:
                        found.setdefault(name, []).append((node, count, not is_variable or in_class))
        return found

    @cached_property
    def looked_at(self) -> set[ast.AST]:
        """The parts of statements after which `switches.look` is called."""
        names = switch_names(self.tree)
        statements = [node for node in self.nodes if isinstance(node, ast.Assign) and sets_one_of(node, names)]
        return {part for statement in statements for part in ast.walk(statement)}


def _names_imported(nodes: list[ast.AST], kind: type[ast.Import | ast.ImportFrom]) -> set[str]:
    imports = [alias for node in nodes if isinstance(node, kind) for alias in node.names]
    return {alias.asname or alias.name.partition(".")[0] for alias in imports}


def _outermost(node: ast.AST) -> Iterator[tuple[ast.AST, str | None, bool]]:
    """Yield what stands in a module and its classes: functions with their names, and all else; and if in a class."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.ClassDef):
            yield from _outermost(child)
        else:
            function = child.name if isinstance(child, ast.FunctionDef) else None
            yield child, function, isinstance(node, ast.ClassDef)


def _by_name(parts: Iterator[tuple[ast.AST, str | None]]) -> _Uses:
    found: _Uses = {}
    for part, function in parts:
        name = getattr(part, "attr", None) or getattr(part, "id", None)
        if name is not None:
            found.setdefault(name, set()).add(function)
    return found


def _called(call: ast.Call) -> str:
    return str(getattr(call.func, "attr", None) or getattr(call.func, "id", ""))


def _changed_by(node: ast.AST, imported: set[str]) -> Iterator[tuple[str, int]]:
    """Yield the names that a part of a module sets."""
    is_stored = isinstance(getattr(node, "ctx", None), (ast.Store, ast.Del))
    if isinstance(node, ast.Name) and is_stored:
        yield node.id, 1
    elif isinstance(node, ast.Attribute) and is_stored and (node.attr.isupper() or _is_shared(node.value, imported)):
        yield node.attr, 1
    elif isinstance(node, ast.Subscript) and is_stored:
        yield str(getattr(node.value, "id", None) or getattr(node.value, "attr", "")), 2
    elif isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
        yield node.target.id, 1
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "setattr":
        yield from ((part.value, 2) for part in node.args if isinstance(part, ast.Constant) and type(part.value) is str)


def _is_shared(part: ast.expr, imported: set[str]) -> bool:
    """Tell whether an expression stands for a module or class, by its looks; what is set on numbers is their own."""
    if isinstance(part, ast.Name) and part.id in imported:
        return True
    name = part.id if isinstance(part, ast.Name) else part.attr if isinstance(part, ast.Attribute) else ""
    return name[:1].isupper() or name in ("cls", "__class__") or isinstance(part, ast.Call)


# Switches.


def switch_names(tree: ast.AST) -> set[str]:
    """Return what a module sets to True or False somewhere and a function of it reads, or perhaps one of another's."""
    assignments = [node for node in ast.walk(tree) if isinstance(node, ast.Assign)]
    stored = [_stored_in(node) for node in assignments if _has_a_bool(node.value)]
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    read = {part.id for node in functions for part in ast.walk(node) if isinstance(part, ast.Name)}
    variables = {part.id for parts in stored for part in parts if isinstance(part, ast.Name)} & read
    return variables | {part.attr for parts in stored for part in parts if isinstance(part, ast.Attribute)}


def _has_a_bool(value: ast.expr) -> bool:
    return any(isinstance(part, ast.Constant) and isinstance(part.value, bool) for part in ast.walk(value))


def _stored_in(node: ast.Assign) -> list[ast.Name | ast.Attribute]:
    """The variables, and attributes of others than ``self``, that a statement sets."""
    parts = [part for target in node.targets for part in ast.walk(target)]
    return [
        part
        for part in parts
        if isinstance(part, (ast.Name, ast.Attribute))
        and isinstance(part.ctx, ast.Store)
        and not (isinstance(part, ast.Attribute) and getattr(part.value, "id", "self") == "self")
    ]


def sets_one_of(node: ast.Assign, names: set[str]) -> bool:
    """Tell whether a statement sets a variable, or an attribute that is not of ``self``, of some names."""
    return any((part.id if isinstance(part, ast.Name) else part.attr) in names for part in _stored_in(node))


def is_switched(name: str) -> bool:
    """Tell whether the program changes a variable or attribute by statements alone that are looked at."""
    return all(change[0] in source.looked_at for source in sources.values() for change in source.changes.get(name, ()))


# What a program asks.


def class_statement(file: str, name: str) -> ast.ClassDef | None:
    """Find the last class of a name in one of the program's modules."""
    nodes = sources[file].nodes if file in sources else []
    found = [node for node in nodes if isinstance(node, ast.ClassDef) and node.name == name]
    return found[-1] if found else None


def function_at(file: str, line: int) -> ast.FunctionDef | None:
    """Find the function that begins in a line of one of the program's modules, with its decorators."""
    for functions in sources[file].functions.values() if file in sources else ():
        for node in functions:
            if line in (node.lineno, *(entry.lineno for entry in node.decorator_list)):
                return node
    return None


def is_raised_at(file: str, line: int) -> bool:
    """Tell whether a statement that raises is in a line of one of the program's modules."""
    nodes = sources[file].nodes if file in sources else []
    return any(
        isinstance(node, (ast.Raise, ast.Assert)) and node.lineno <= line <= (node.end_lineno or 0) for node in nodes
    )


def names_within(function: str) -> set[str]:
    """Return the names that functions and methods of a name read, and those that they call."""
    reached = functions_reached({function})
    return {name for source in sources.values() for name in _read_by(source, reached)}


def _read_by(source: Source, functions: set[str]) -> set[str]:
    nodes = (node for name in functions for node in source.functions.get(name, ()))
    return set().union(*(source.names_in(node) for node in nodes))


def functions_reached(start: set[str]) -> set[str]:
    """Return the names of the functions and methods that those in ``start`` may call, and their own."""
    reached, pending = set[str](), set(start)
    while pending:
        reached |= pending
        used = {name for source in sources.values() for name in _read_by(source, pending)}
        known = {name for source in sources.values() for name in used & source.functions.keys()}
        pending = known - reached
    return reached


def is_result_used(function: str) -> bool:
    """Tell whether the program does something with what a function or method returns."""
    return any(function in source.used for source in sources.values())


def is_called_with_arguments(method: str) -> bool:
    """Tell whether the program calls a method with arguments somewhere; a module's function of the name is another."""
    return any(
        getattr(call.func, "attr", None) == method
        and (call.args or call.keywords)
        and getattr(getattr(call.func, "value", None), "id", "") not in source.modules
        for source in sources.values()
        for call, _ in source.calls
    )


def is_asked_for(names: set[str], without: set[str]) -> bool:
    """Tell whether the program reads an attribute or variable outside the functions and methods ``without``."""
    return any(source.reads.get(name, set()) - without for source in sources.values() for name in names)


def is_set(name: str, without: set[str]) -> bool:
    """Tell whether the program sets an attribute outside the functions and methods ``without``."""
    return any(source.stores.get(name, set()) - without for source in sources.values())


def is_read_in(attribute: str, functions: set[str]) -> bool:
    """Tell whether functions and methods of some names read an attribute."""
    return any(
        attribute in source.read_in(node)[0]
        for source in sources.values()
        for name in functions
        for node in source.functions.get(name, ())
    )


def is_given(cls: type, parameter: str, place: int, without: set[str]) -> bool:
    """Tell whether the program, outside some functions, makes numbers with a parameter, by its name or place."""
    calls = [call for source in sources.values() for call, name in source.calls if name not in without]
    named = any(keyword.arg == parameter for call in calls for keyword in call.keywords)
    return named or any(len(call.args) > place and _called(call) == cls.__name__ for call in calls)


def is_changed(name: str, function: ast.AST | None, files: set[str]) -> bool:
    """Tell whether the program sets a variable of some modules, or an attribute, more than once, or changes it.

    What a function does itself, to count its calls perhaps, is not meant.
    """
    own = set(ast.walk(function)) if function is not None else set()
    changes = ((file in files, change) for file, source in sources.items() for change in source.changes.get(name, ()))
    return sum(count for here, (node, count, shared) in changes if (here or shared) and node not in own) > 1
