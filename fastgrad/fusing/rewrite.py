"""Programs with kernels in them: each loop that one can stand for gets a site, beside the loop as it was written.

A site is a constant of the code. Of an expression E is made, with the values that it begins with as arguments::

    (site @ (arguments) or (E on the arguments,))[0] if ~site else E

and of a ``for`` statement::

    if ~site:
        round, values, rest = site @ (arguments)
        if round: variables = values
        for target in rest or what the statement runs over: body
    else:
        the statement
"""

from __future__ import annotations

import ast
import builtins
import itertools
import types

from fastgrad.fusing.building import Unfit
from fastgrad.fusing.definitions import as_function, first_line, may_be_inlined, remember
from fastgrad.fusing.names import Scope, assigned_in, surely_assigned
from fastgrad.fusing.sites import Context, ExpressionKernel, StatementKernel, consumer_of
from fastgrad.fusing.trees import copied

TYPE_CHECKING = False  # true to type checkers; typing is slow to import
if TYPE_CHECKING:
    from typing import Any

_MARK = "\0fastgrad "  # of the constants that stand for sites until the code is made
_numbers = itertools.count()
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


class Found:
    """What became of a loop: its kernel and the one around it, or why it has none; and the function it stands in."""

    def __init__(self, file: str, node: Any, kernel: Any, around: Found | None, why: str, function: Any = None) -> None:
        self.file, self.line, self.kernel, self.around, self.why = file, node.lineno, kernel, around, why
        self.function = function
        self.text = ast.unparse(node).split("\n")[0].removesuffix(":")


class Fuser:
    """Gives the loops of a tree their sites.

    Parameters
    ----------
    file : str
        Its name.

    Attributes
    ----------
    found : list of Found
        What became of each loop.
    """

    def __init__(self, file: str) -> None:
        self.file = file
        self.constants: dict[str, Any] = {}
        self.definitions: dict[tuple[int, str], Any] = {}  # as they are written, by line and name
        self.found: list[Found] = []
        self.around: Found | None = None
        self.place: tuple[str, int, str] | None = None  # of the function around

    def module(self, tree: ast.Module) -> ast.Module:
        """Change a module's tree."""
        tree.body = self.block(tree.body, Context(Scope(tree.body)))
        return ast.fix_missing_locations(tree)

    def module_with_names(self, tree: ast.Module) -> ast.Module:
        """The same for a tree that somebody else compiles: its sites are names that Python finds among its own."""
        _Named(self.constants).visit(self.module(tree))
        vars(builtins).update(self.constants)
        return tree

    def function(self, node: ast.FunctionDef | ast.AsyncFunctionDef, outer: set[str]) -> None:
        """Change a function's body; ``outer`` are the variables of the functions around it."""
        if may_be_inlined(node):
            self.definitions[first_line(node), node.name] = copied(node)
        scope = Scope(node.body, node.args, outer)
        if not scope.looks_at_names:
            before, self.place = self.place, (self.file, first_line(node), node.name)
            node.body = self.block(node.body, Context(scope, scope.parameters))
            self.place = before

    def with_sites(self, code: types.CodeType) -> types.CodeType:
        """Return code whose constants are the sites themselves."""

        def found(value: Any) -> Any:
            if isinstance(value, types.CodeType):
                return self.with_sites(value)
            return self.constants.get(value, value) if isinstance(value, str) else value

        made = code.replace(co_consts=tuple(map(found, code.co_consts)))
        tree = self.definitions.get((code.co_firstlineno, code.co_name))
        if tree is not None:
            remember(made, tree)
        return made

    # Statements.

    def block(self, body: list[ast.stmt], context: Context) -> list[ast.stmt]:
        found: list[ast.stmt] = []
        for node in body:
            found.append(self.statement(node, context))
            context = context.knowing(surely_assigned(node))
        return found

    def statement(self, node: ast.stmt, context: Context) -> ast.stmt:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            self.function(node, context.scope.for_inner())
        elif isinstance(node, ast.ClassDef):
            for entry in node.body:
                if isinstance(entry, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                    self.statement(entry, context)
        elif isinstance(node, ast.For) and not context.scope.looks_at_names:
            return self.loop(node, context)
        elif not context.scope.looks_at_names:
            self.parts_of_statement(node, context)
        return node

    def parts_of_statement(self, node: Any, context: Context) -> None:
        for name, value in ast.iter_fields(node):
            if isinstance(value, ast.expr) and name != "annotation":
                setattr(node, name, self.expression(value, context))
            elif isinstance(value, list) and value and isinstance(value[0], ast.stmt):
                setattr(node, name, self.block(value, context))
            elif isinstance(value, list):
                setattr(node, name, [self.part(entry, context) for entry in value])

    def part(self, node: Any, context: Context) -> Any:
        """A part of a statement: an expression, a handler, a case of a match, an entry of a ``with``."""
        if isinstance(node, ast.expr):
            return self.expression(node, context)
        if isinstance(node, ast.ExceptHandler):
            node.body = self.block(node.body, context.knowing([node.name] if node.name else []))
        elif isinstance(node, ast.match_case):
            node.body = self.block(node.body, context.knowing(assigned_in(node.pattern)))
        elif isinstance(node, ast.withitem):
            node.context_expr = self.expression(node.context_expr, context)
        return node

    def loop(self, node: ast.For, context: Context) -> ast.stmt:
        plain = copied(node)
        try:
            kernel = StatementKernel(plain, self.file, context)
        except Unfit as error:
            self.found.append(Found(self.file, plain, None, self.around, error.why, self.place))
            return self.inside(node, context)
        mark, given, found = self.marked(kernel, plain)
        call = ast.BinOp(ast.Constant(mark), ast.MatMult(), ast.Tuple(kernel.arguments, ast.Load()))
        run = ast.Assign([ast.Name(given, ast.Store())], call)
        done = ast.Delete([ast.Name(given, ast.Del())])
        plain.iter = kernel.iterator(given)
        before, self.around = self.around, found
        original = self.inside(node, context)
        self.around = before
        test = ast.UnaryOp(ast.Invert(), ast.Constant(mark))
        fallback = ast.Try([plain], [], [], [done])  # which leaves nothing behind, be it by an exception
        return ast.copy_location(ast.If(test, [run, kernel.taken(given), fallback], [original]), node)

    def inside(self, node: ast.For, context: Context) -> ast.For:
        """A loop that stays, with sites in what it does."""
        node.iter = self.expression(node.iter, context)
        node.body = self.block(node.body, context.knowing(assigned_in(node.target)))
        node.orelse = self.block(node.orelse, context)
        return node

    def marked(self, kernel: Any, node: ast.AST) -> tuple[str, str, Found]:
        """The constant that stands for a site, and a variable that no program has."""
        number = next(_numbers)
        self.constants[f"{_MARK}{number}"] = kernel.site
        self.found.append(Found(self.file, node, kernel, self.around, "", self.place))
        return f"{_MARK}{number}", f".{number}", self.found[-1]

    # Expressions.

    def expression(self, node: Any, context: Context) -> Any:
        if isinstance(node, ast.Lambda):
            place = node.lineno, "<lambda>"
            self.definitions[place] = None if place in self.definitions else as_function(node)
            return node
        consumer = consumer_of(node, context)
        if not context.is_iterable and (consumer is not None or isinstance(node, ast.ListComp)):
            return self.comprehension(node, consumer, context)
        return self.parts_of(node, context)

    def parts_of(self, node: Any, context: Context) -> Any:
        """An expression that stays, with sites in its parts."""
        if isinstance(node, _COMPREHENSIONS):
            return self.inside_comprehension(node, context)
        for name, value in ast.iter_fields(node):
            if isinstance(value, ast.expr):
                setattr(node, name, self.expression(value, context))
            elif isinstance(value, list):
                setattr(node, name, [self.entry(entry, context) for entry in value])
        return node

    def entry(self, node: Any, context: Context) -> Any:
        if isinstance(node, ast.keyword):
            node.value = self.expression(node.value, context)
            return node
        return self.expression(node, context) if isinstance(node, ast.expr) else node

    def inside_comprehension(self, node: Any, context: Context) -> Any:
        first = node.generators[0]
        first.iter = self.expression(first.iter, context.as_iterable())
        within = context.within(set().union(*(assigned_in(part.target) for part in node.generators)))
        for generator in node.generators:
            generator.ifs = [self.expression(test, within) for test in generator.ifs]
        for name in ("elt", "key", "value"):
            if hasattr(node, name):
                setattr(node, name, self.expression(getattr(node, name), within))
        return node

    def comprehension(self, node: Any, consumer: str | None, context: Context) -> Any:
        plain = copied(node)
        try:
            kernel = ExpressionKernel(plain, consumer, self.file, context)
        except Unfit as error:
            self.found.append(Found(self.file, plain, None, self.around, error.why, self.place))
            return self.parts_of(node, context)
        mark, given, found = self.marked(kernel, plain)
        back = ast.BinOp(ast.Constant(mark), ast.MatMult(), ast.Constant(None))
        again = ast.BoolOp(ast.And(), [_set(given, back), kernel.rebuilt(given)])
        fallback = ast.Tuple([again, _set(given, ast.Constant(None))], ast.Load())
        call = ast.BinOp(ast.Constant(mark), ast.MatMult(), ast.Tuple(kernel.arguments, ast.Load()))
        either = ast.Subscript(ast.BoolOp(ast.Or(), [call, fallback]), ast.Constant(0), ast.Load())
        test = ast.UnaryOp(ast.Invert(), ast.Constant(mark))
        before, self.around = self.around, found
        chosen = ast.IfExp(test, either, self.parts_of(node, context))
        self.around = before
        return ast.copy_location(chosen, plain)


def _set(name: str, value: ast.expr) -> ast.expr:
    return ast.NamedExpr(ast.Name(name, ast.Store()), value)


class _Named(ast.NodeTransformer):
    """Puts names in the place of the constants that stand for sites."""

    def __init__(self, constants: dict[str, Any]) -> None:
        self.constants = constants

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        if isinstance(node.value, str) and node.value in self.constants:
            return ast.copy_location(ast.Name(node.value, ast.Load()), node)
        return node
