"""What is compiled in the place of a program's module: its classes are offered for exchange.

The syntax tree is changed in four small ways. A class with operators is passed to `offered` when it is made, after its
decorators. It has no slots, as a class on fastgrad takes none of its own. Of ``type(x)`` is made ``x.__class__``, the
class that ``x`` shows. And after a statement that sets a switch, a variable of the module's or a class's that is True
or False, `switches.look` is called. Line numbers stay what they are.
"""

from __future__ import annotations

import ast

from fastgrad.run.reading import Source, sets_one_of, sources, switch_names

TYPE_CHECKING = False  # true to type checkers; typing is slow to import
if TYPE_CHECKING:
    from typing import Any

_ARITHMETIC = {"__add__", "__mul__", "__radd__", "__rmul__"}
_OFFERED = '__import__("fastgrad.run.exchange", None, None, ["offered"]).offered'
_LOOK = '__import__("fastgrad.run.switches", None, None, ["look"]).look()'

SLOTS = "__slots_as_written__"

_numbers: set[str] = set()  # names of classes with operators, and of those that stand on them


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
        if not sets_one_of(node, self.switches):
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
