"""Programs with kernels in them: each loop that one can stand for gets a site, beside the loop as it was written.

A site is a constant of the code. Of an expression E is made, with the values that it begins with as arguments::

    (site @ (arguments) or (E on the arguments,))[0] if ~site else E

where ``[*(...)]`` in the place of ``(...)`` has a function called that takes the list which the kernel has made; and of
a ``for`` statement::

    if ~site:
        round, values, rest = site @ (arguments)
        if round: variables = values
        what = rest or what the statement runs over
    else:
        what = what the statement runs over
    for target in what: body

What a loop that a break may end runs over is in a tuple, which is not there after a break of the kernel's; of a
``while`` statement the variable says whether it goes on.
"""

from __future__ import annotations

import ast
import builtins
import itertools
import types

from fastgrad.fusing.building import Unfit
from fastgrad.fusing.definitions import first_line, may_be_inlined, remember
from fastgrad.fusing.names import Scope, assigned_in, surely_assigned
from fastgrad.fusing.sites import Context, ExpressionKernel, StatementKernel, consumer_of
from fastgrad.fusing.trees import changed, located, written

TYPE_CHECKING = False  # true to type checkers; typing is slow to import
if TYPE_CHECKING:
    from typing import Any, TypeAlias

    _Definition: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef

_MARK = "\0fastgrad "  # of the constants that stand for sites until the code is made
_numbers = itertools.count()
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


class Found:
    """What became of a loop: its kernel and the one around it, or why it has none; and the function it stands in."""

    def __init__(self, file: str, node: Any, kernel: Any, around: Found | None, why: str, function: Any = None) -> None:
        self.file, self.line, self.kernel, self.around, self.why = file, node.lineno, kernel, around, why
        self.function, self._node = function, node

    @property
    def text(self) -> str:
        """Its first line."""
        try:
            return written(self._node)
        except RecursionError:
            return "..."


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
        return changed(tree, body=self.block(tree.body, Context(Scope(tree.body))))

    def module_with_names(self, tree: ast.Module) -> ast.Module:
        """The same for a tree that somebody else compiles: its sites are names that Python finds among its own."""
        named: ast.Module = _Named(self.constants).visit(self.module(tree))
        vars(builtins).update(self.constants)
        return named

    def function(self, node: _Definition, outer: set[str]) -> _Definition:
        """Return a function with sites in it; ``outer`` are the variables of the functions around it."""
        if may_be_inlined(node):
            self.definitions[first_line(node), node.name] = node
        scope = Scope(node.body, node.args, outer)
        if scope.looks_at_names:
            return node
        before, self.place = self.place, (self.file, first_line(node), node.name)
        body = self.block(node.body, Context(scope, scope.parameters))
        self.place = before
        return changed(node, body=body)

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
            return self.function(node, context.scope.for_inner())
        if isinstance(node, ast.ClassDef):
            definitions = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
            body = [self.statement(entry, context) if isinstance(entry, definitions) else entry for entry in node.body]
            return changed(node, body=body)
        if context.scope.looks_at_names:
            return node
        if isinstance(node, (ast.For, ast.While)):
            return self.loop(node, context)
        kept: ast.stmt = self.parts_of(node, context)
        return kept

    def parts_of(self, node: Any, context: Context) -> Any:
        """What stays as it is, with sites in its parts."""
        fields = {}
        for name in node._fields:
            value = getattr(node, name, None)
            if isinstance(value, ast.expr) and name != "annotation":
                found = self.expression(value, context)
                if found is not value:
                    fields[name] = found
            elif type(value) is list and value:
                is_block = isinstance(value[0], ast.stmt)
                fields[name] = self.block(value, context) if is_block else [self.part(x, context) for x in value]
        return changed(node, **fields) if fields else node

    def part(self, node: Any, context: Context) -> Any:
        """An expression, an argument, a handler, a case of a match, an entry of a ``with``."""
        if isinstance(node, ast.expr):
            return self.expression(node, context)
        if isinstance(node, ast.ExceptHandler):
            return changed(node, body=self.block(node.body, context.knowing([node.name] if node.name else [])))
        if isinstance(node, ast.match_case):
            return changed(node, body=self.block(node.body, context.knowing(assigned_in(node.pattern))))
        if isinstance(node, ast.withitem):
            return changed(node, context_expr=self.expression(node.context_expr, context))
        if isinstance(node, ast.keyword):
            return changed(node, value=self.expression(node.value, context))
        return node

    def loop(self, node: ast.For | ast.While, context: Context) -> ast.stmt:
        try:
            kernel = StatementKernel(node, self.file, context)
        except Unfit as error:
            self.found.append(Found(self.file, node, None, self.around, error.why, self.place))
            stays: ast.stmt = self.inside(node, context)
            return stays
        mark, given, found = self.marked(kernel, node)
        call = ast.BinOp(ast.Constant(mark), ast.MatMult(), ast.Tuple(kernel.arguments, ast.Load()))
        run = ast.Assign([ast.Name(given, ast.Store())], call)
        done = ast.Delete([ast.Name(given, ast.Del())])
        over = ast.Assign([ast.Name(given, ast.Store())], kernel.iterator(given))
        before, self.around = self.around, found
        kept = self.inside(node, context)
        self.around = before
        original = ast.Assign([ast.Name(given, ast.Store())], _begun(kept, kernel.may_break))
        test = ast.UnaryOp(ast.Invert(), ast.Constant(mark))
        chosen = ast.If(test, [run, kernel.taken(given), over], [original])
        loop = _on_variable(kept, given, kernel.may_break)
        both = [chosen, loop, done] if context.scope.is_module else [chosen, loop]
        return located(ast.If(ast.Constant(True), both, []), node)

    def inside(self, node: ast.For | ast.While, context: Context) -> Any:
        """A loop that stays, with sites in what it does."""
        if isinstance(node, ast.While):
            return self.parts_of(node, context)
        over = self.expression(node.iter, context)
        body = self.block(node.body, context.knowing(assigned_in(node.target)))
        return changed(node, iter=over, body=body, orelse=self.block(node.orelse, context))

    def marked(self, kernel: Any, node: ast.AST) -> tuple[str, str, Found]:
        """The constant that stands for a site, and a variable that no program has."""
        number = next(_numbers)
        self.constants[f"{_MARK}{number}"] = kernel.site
        self.found.append(Found(self.file, node, kernel, self.around, "", self.place))
        return f"{_MARK}{number}", f".{number}", self.found[-1]

    # Expressions.

    def expression(self, node: Any, context: Context) -> Any:
        if isinstance(node, (ast.Name, ast.Constant)):
            return node
        if isinstance(node, ast.Lambda):
            return node
        consumer = consumer_of(node, context)
        if not context.is_iterable and (consumer is not None or isinstance(node, ast.ListComp)):
            return self.comprehension(node, consumer, context)
        return self.kept(node, context)

    def kept(self, node: Any, context: Context) -> Any:
        """An expression that stays, with sites in its parts."""
        if isinstance(node, _COMPREHENSIONS):
            return self.inside_comprehension(node, context)
        return self.parts_of(node, context)

    def inside_comprehension(self, node: Any, context: Context) -> Any:
        """A comprehension that stays, with sites in its parts."""
        within = context.within(set().union(*(assigned_in(part.target) for part in node.generators)))
        generators = [
            changed(part, ifs=[self.expression(test, within) for test in part.ifs]) for part in node.generators
        ]
        generators[0].iter = self.expression(generators[0].iter, context.as_iterable())
        parts = {name: getattr(node, name) for name in ("elt", "key", "value") if hasattr(node, name)}
        parts = {name: self.expression(value, within) for name, value in parts.items()}
        return changed(node, generators=generators, **parts)

    def comprehension(self, node: Any, consumer: str | None, context: Context) -> Any:
        try:
            kernel = ExpressionKernel(node, consumer, self.file, context)
        except Unfit as error:
            self.found.append(Found(self.file, node, None, self.around, error.why, self.place))
            return self.kept(node, context)
        mark, given, found = self.marked(kernel, node)
        back = ast.BinOp(ast.Constant(mark), ast.MatMult(), ast.Constant(None))
        before, self.around = self.around, found
        kept = self.kept(node, context)
        self.around = before
        again = ast.BoolOp(ast.And(), [_set(given, back), kernel.rebuilt(given, kept)])
        fallback = ast.Tuple([again, _set(given, ast.Constant(None))], ast.Load())
        call = ast.BinOp(ast.Constant(mark), ast.MatMult(), ast.Tuple(kernel.arguments, ast.Load()))
        either: ast.expr = ast.BoolOp(ast.Or(), [call, fallback])
        if kernel.may_take_list:
            either = ast.List([ast.Starred(either, ast.Load())], ast.Load())
        either = ast.Subscript(either, ast.Constant(0), ast.Load())
        test = ast.UnaryOp(ast.Invert(), ast.Constant(mark))
        chosen = ast.IfExp(test, either, kept)
        return located(chosen, node)


def _begun(loop: ast.For | ast.While, may_break: bool) -> ast.expr:
    """What a variable has before the whole loop."""
    if isinstance(loop, ast.While):
        return ast.Constant(True)
    return ast.Tuple([loop.iter], ast.Load()) if may_break else loop.iter


def _on_variable(loop: ast.For | ast.While, name: str, may_break: bool) -> ast.stmt:
    """A loop over what a variable has, which holds nothing while the loop runs."""
    if isinstance(loop, ast.While):
        return ast.If(ast.Name(name, ast.Load()), [loop], [])
    parts = ast.Tuple([ast.Name(name, ast.Load()), _set(name, ast.Constant(None))], ast.Load())
    over = ast.Subscript(parts, ast.Constant(0), ast.Load())
    if not may_break:
        return changed(loop, iter=located(over, loop))
    only = ast.Subscript(over, ast.Constant(0), ast.Load())
    return ast.If(ast.Name(name, ast.Load()), [changed(loop, iter=located(only, loop))], [])


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
