"""A program's sources: how its classes are offered for exchange, and what it asks of its numbers.

A module's syntax tree is changed in four small ways before it is compiled. A class with operators is passed to
`offered` when it is made, after its decorators. It has no slots, as a class on fastgrad takes none of its own. Of
``type(x)`` is made ``x.__class__``, the class that ``x`` shows. And after a statement that sets a switch, a variable of
the module's or a class's that is True or False, `switches.look` is called. Line numbers stay what they are.
"""

from __future__ import annotations

import ast

TYPE_CHECKING = False  # true to type checkers; typing is slow to import
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

_ARITHMETIC = {"__add__", "__mul__", "__radd__", "__rmul__"}
_OFFERED = '__import__("fastgrad.run.exchange", None, None, ["offered"]).offered'
_LOOK = '__import__("fastgrad.run.switches", None, None, ["look"]).look()'

SLOTS = "__slots_as_written__"

_numbers: set[str] = set()  # names of classes with operators, and of those that stand on them

sources: dict[str, Source] = {}  # of the program's own modules, by file, as they were written


class Source:
    """A module's tree, and what is asked of it again and again."""

    def __init__(self, tree: ast.Module) -> None:
        self.tree, self.nodes = tree, list(ast.walk(tree))
        self.functions: dict[str, list[ast.FunctionDef]] = {}
        for node in self.nodes:
            if isinstance(node, ast.FunctionDef):
                self.functions.setdefault(node.name, []).append(node)
        self.modules = _names_imported(self.nodes, ast.Import)
        self.imported = self.modules | _names_imported(self.nodes, ast.ImportFrom)
        self._names: dict[ast.AST, set[str]] = {}

    def not_looked_at(self) -> Iterator[ast.AST]:
        """Yield all parts but those of statements after which `switches.look` is called."""
        names = switch_names(self.tree)
        looked_at = {
            part
            for node in self.nodes
            if isinstance(node, ast.Assign) and _sets_one_of(node, names)
            for part in ast.walk(node)
        }
        return (node for node in self.nodes if node not in looked_at)

    def names_in(self, node: ast.AST) -> set[str]:
        """Return the attributes and variables that a part of the module reads."""
        if node not in self._names:
            parts = list(ast.walk(node))
            read = [part for part in parts if isinstance(getattr(part, "ctx", None), ast.Load)]
            attributes = {part.attr for part in read if isinstance(part, ast.Attribute)}
            self._names[node] = attributes | {part.id for part in read if isinstance(part, ast.Name)}
        return self._names[node]


def _names_imported(nodes: list[ast.AST], kind: type[ast.Import | ast.ImportFrom]) -> set[str]:
    imports = [alias for node in nodes if isinstance(node, kind) for alias in node.names]
    return {alias.asname or alias.name.partition(".")[0] for alias in imports}


def prepared(source: str | bytes, file: str) -> ast.Module:
    """Parse a module of the program, and return what is compiled in its place.

    >>> print(ast.unparse(prepared("class V:\\n  def __add__(self, other): pass", "v.py")).split("\\n")[1])
    class V:
    """
    sources[file] = Source(ast.parse(source, file))
    return offering(ast.parse(source, file))


def offering(tree: ast.Module) -> ast.Module:
    """Change a tree so that its classes are offered for exchange."""
    changed: ast.Module = ast.fix_missing_locations(_Offering(switch_names(tree)).visit(tree))
    return changed


class _Offering(ast.NodeTransformer):
    def __init__(self, switches: set[str]) -> None:
        self.switches = switches

    def visit_Assign(self, node: ast.Assign) -> Any:
        self.generic_visit(node)
        if not _sets_one_of(node, self.switches):
            return node
        look = ast.parse(_LOOK).body[0]
        for part in ast.walk(look):
            ast.copy_location(part, node)
        return [node, look]

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        self.generic_visit(node)
        if node.bases or _defined(node) & _ARITHMETIC:
            decorator = ast.parse(_OFFERED, mode="eval").body
            for part in ast.walk(decorator):
                ast.copy_location(part, node)
            node.decorator_list.insert(0, decorator)
        if _defined(node) & _ARITHMETIC or {ast.unparse(base).rpartition(".")[2] for base in node.bases} & _numbers:
            _numbers.add(node.name)
            for entry in node.body:
                _rename_slots(entry)
            node.decorator_list = [_without_slots(entry) for entry in node.decorator_list]
        return node

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        if isinstance(node.func, ast.Name) and node.func.id == "type" and len(node.args) == 1 and not node.keywords:
            return ast.copy_location(ast.Attribute(node.args[0], "__class__", ast.Load()), node)
        return node


def _defined(node: ast.ClassDef) -> set[str]:
    names = {entry.name for entry in node.body if isinstance(entry, ast.FunctionDef)}
    assigned = [target for entry in node.body if isinstance(entry, ast.Assign) for target in entry.targets]
    return names | {target.id for target in assigned if isinstance(target, ast.Name)}


def _rename_slots(entry: ast.stmt) -> None:
    for target in entry.targets if isinstance(entry, ast.Assign) else [getattr(entry, "target", None)]:
        if isinstance(target, ast.Name) and target.id == "__slots__":
            target.id = SLOTS


def _without_slots(decorator: ast.expr) -> ast.expr:
    if isinstance(decorator, ast.Call):
        decorator.keywords = [keyword for keyword in decorator.keywords if keyword.arg not in ("slots", "weakref_slot")]
    return decorator


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


def _sets_one_of(node: ast.Assign, names: set[str]) -> bool:
    return any((part.id if isinstance(part, ast.Name) else part.attr) in names for part in _stored_in(node))


def is_switched(name: str) -> bool:
    """Tell whether the program changes a variable or attribute by statements alone that are looked at."""
    return not any(_changes(part, name, source) for source in sources.values() for part in source.not_looked_at())


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
    parts = [part for source in sources.values() for part in source.nodes]
    dropped = {id(part.value) for part in parts if isinstance(part, ast.Expr)}
    calls = [part for part in parts if isinstance(part, ast.Call) and id(part) not in dropped]
    return any(function in (getattr(call.func, "attr", None), getattr(call.func, "id", None)) for call in calls)


def is_called_with_arguments(method: str) -> bool:
    """Tell whether the program calls a method with arguments somewhere; a module's function of the name is another."""
    return any(
        isinstance(part, ast.Call)
        and getattr(part.func, "attr", None) == method
        and (part.args or part.keywords)
        and getattr(part.func.value, "id", None) not in source.modules  # type: ignore[attr-defined, operator]
        for source in sources.values()
        for part in source.nodes
    )


def is_asked_for(names: set[str], without: set[str]) -> bool:
    """Tell whether the program reads an attribute or variable outside the functions and methods ``without``."""
    return any(
        names & source.names_in(part) for source in sources.values() for part in _parts_without(source.tree, without)
    )


def is_read_in(attribute: str, functions: set[str]) -> bool:
    """Tell whether functions and methods of some names read an attribute."""
    return any(
        isinstance(part, ast.Attribute) and part.attr == attribute and isinstance(part.ctx, ast.Load)
        for source in sources.values()
        for name in functions
        for node in source.functions.get(name, ())
        for part in ast.walk(node)
    )


def is_given(cls: type, parameter: str, place: int, without: set[str]) -> bool:
    """Tell whether the program, outside some functions, makes numbers with a parameter, by its name or place."""
    calls = [
        part
        for source in sources.values()
        for node in _parts_without(source.tree, without)
        for part in ast.walk(node)
        if isinstance(part, ast.Call)
    ]
    named = any(keyword.arg == parameter for call in calls for keyword in call.keywords)
    return named or any(
        len(call.args) > place and cls.__name__ in (getattr(call.func, "id", None), getattr(call.func, "attr", None))
        for call in calls
    )


def is_set(name: str, without: set[str]) -> bool:
    """Tell whether the program sets an attribute outside the functions and methods ``without``."""
    return any(
        isinstance(part, ast.Attribute) and part.attr == name and isinstance(part.ctx, ast.Store)
        for source in sources.values()
        for node in _parts_without(source.tree, without)
        for part in ast.walk(node)
    )


def _parts_without(node: ast.AST, functions: set[str]) -> Iterator[ast.AST]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.ClassDef):
            yield from _parts_without(child, functions)
        elif not (isinstance(child, ast.FunctionDef) and child.name in functions):
            yield child


def is_changed(name: str, function: ast.AST | None) -> bool:
    """Tell whether the program sets a variable or attribute more than once, or changes what is in it.

    What a function does itself, to count its calls perhaps, is not meant.
    """
    own = set(ast.walk(function)) if function is not None else set()
    parts = ((part, source) for source in sources.values() for part in source.nodes if part not in own)
    return sum(_changes(part, name, source) for part, source in parts) > 1


def _changes(part: ast.AST, name: str, source: Source) -> int:
    """How often a part of a program sets a name; changing what it stands for counts twice."""
    stored = isinstance(getattr(part, "ctx", None), (ast.Store, ast.Del))
    if isinstance(part, ast.Name) and part.id == name:
        return stored
    if isinstance(part, ast.Attribute) and part.attr == name:
        return stored and (name.isupper() or _is_shared(part.value, source))
    if isinstance(part, ast.Subscript) and stored:
        return 2 * (name in (getattr(part.value, "id", None), getattr(part.value, "attr", None)))
    if isinstance(part, ast.AugAssign) and isinstance(part.target, ast.Name):
        return part.target.id == name
    if isinstance(part, ast.Call) and isinstance(part.func, ast.Name) and part.func.id == "setattr":
        return 2 * any(isinstance(argument, ast.Constant) and argument.value == name for argument in part.args)
    return 0


def _is_shared(part: ast.expr, source: Source) -> bool:
    """Tell whether an expression stands for a module or class, by its looks; what is set on numbers is their own."""
    if isinstance(part, ast.Name) and part.id in source.imported:
        return True
    name = part.id if isinstance(part, ast.Name) else part.attr if isinstance(part, ast.Attribute) else ""
    return name[:1].isupper() or name in ("cls", "__class__") or isinstance(part, ast.Call)
