"""Calls in a kernel: of functions that it knows, and of the program's own, which are written in place.

A function of the program's own is known by the code it has, and an object that is called by its type. Samples of what
is called tell which to translate; whether it is one of these the kernel checks.
"""

from __future__ import annotations

import ast
import contextlib
import math
import types

from fastgrad import math as fastgrad_math
from fastgrad._kernels.program import Code, operation_codes
from fastgrad._tape.numbers import Number
from fastgrad.fusing import samples
from fastgrad.fusing.building import Unfit
from fastgrad.fusing.definitions import tree_of
from fastgrad.fusing.names import Scope, assigned_in
from fastgrad.fusing.samples import MISSING
from fastgrad.fusing.shapes import PYTHONS_OWN
from fastgrad.fusing.syntax import names_read
from fastgrad.fusing.variables import Frame, Variables

TYPE_CHECKING = False  # true to type checkers; typing is slow to import
if TYPE_CHECKING:
    from typing import Any

_DEEPEST = 12  # functions written in functions
_FLAGS = 0x4 | 0x8 | 0x20 | 0x80 | 0x200  # of code: *args, **kwargs, and generators and coroutines of all kinds


def _function_codes() -> dict[int, tuple[Code, int]]:
    """What functions of one number do, by their identity: those of floats, of nodes, and of both."""
    codes = {name: code for name, code in operation_codes().items() if name not in ("floor", "ceil")}
    found = {id(math.fabs): (Code.FUNCTION_OF_FLOAT, codes["abs"])}
    for name, code in codes.items():
        if hasattr(math, name):
            found[id(getattr(math, name))] = (Code.FUNCTION_OF_FLOAT, code)
        if hasattr(fastgrad_math, name):
            kind = Code.FUNCTION if hasattr(math, name) else Code.FUNCTION_OF_NODE
            found[id(getattr(fastgrad_math, name))] = (kind, code)
        if name in vars(Number):
            found[id(vars(Number)[name])] = (Code.FUNCTION_OF_NODE, code)  # Value.tanh
    return found


_FUNCTIONS = _function_codes()


class Option:
    """One of the things that a call may be of: how it is told, and the function that is written in place.

    Parameters
    ----------
    function : function
        A function, of Python or in C.
    kind : type, optional
        Of the object whose method it is.
    name : str, optional
        Of the method, where an object may have something else under it.
    """

    def __init__(self, function: Any, kind: type | None = None, name: str = "") -> None:
        self.function, self.kind, self.name = function, kind, name


class Calls(Variables):
    """A builder that knows calls; its parameters are those of `Variables`."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.written: set[tuple[str, int, str]] = set()  # functions, by file, line and name

    def is_guarded(self, value: Any) -> bool:
        name = getattr(value, "__name__", "") if type(value) is types.BuiltinFunctionType or type(value) is type else ""
        known = type(value) in (types.FunctionType, int, float) or id(value) in _FUNCTIONS
        return known or (bool(name) and PYTHONS_OWN.get(name) is value)

    def call(self, node: ast.Call, to: int) -> None:
        function = self.known(node.func)
        if function is MISSING and isinstance(node.func, ast.Attribute):
            self.call_method(node.func, node, to)
        elif function is MISSING:
            place = self.value(node.func)
            options = [option for sample in self.sample(place) if (option := _option(sample)) is not None]
            self.choose(options, place, node, to)
        elif id(function) in _FUNCTIONS:
            self.function_in_c(function, self.arguments_of(node), node, to)
        elif type(function) is types.FunctionType:
            if function not in self.functions:
                self.functions.append(function)
            self.write(function, self.constant(function), self.arguments_of(node), node, to)
        else:
            self.builtin(function.__name__, node, to)

    def call_method(self, owner: ast.Attribute, node: ast.Call, to: int) -> None:
        """Call ``owner.name()``: a number's method, one of the program's own, or what an object has under the name."""
        place, name = self.value(owner.value), owner.attr
        kinds = {type(sample): sample for sample in self.sample(place)}
        methods = [Option(found, kind, name) for kind in kinds if (found := samples.method_of(kind, name)) is not None]
        own = samples.attributes(self.sample(place), name)
        own = tuple(value for value in own if type(value) is not types.MethodType)
        if own:
            held = self.register()
            self.note(held, own)
            self.emit_attribute(held, place, name)
            self.choose([option for value in own if (option := _option(value)) is not None], held, node, to)
        elif methods:
            self.choose(methods, place, node, to)
        elif node.args or node.keywords:
            raise Unfit(node, f"a call of {ast.unparse(node.func)} is not for kernels")
        else:
            self.emit(Code.METHOD, to, place, c=self.name(name))

    def choose(self, options: list[Option], place: int, node: ast.Call, to: int) -> None:
        """Call what is in a register, which is one of the options."""
        if not options:
            raise Unfit(node, f"a call of {ast.unparse(node.func)} is not for kernels")
        arguments = self.arguments_of(node)
        ends = []
        for option in options[:-1]:
            unless = self.test(option, place)
            self.take(option, place, arguments, node, to)
            self.settle(to)
            ends.append(self.emit(Code.JUMP))
            self.land(unless)
        self.check(options[-1], place)
        self.take(options[-1], place, arguments, node, to)
        if ends:
            self.settle(to)
        self.land(*ends)

    def test(self, option: Option, place: int) -> int:
        if option.kind is not None:
            name = self.name(option.name) + 1 if option.name else 0
            return self.emit(Code.JUMP_UNLESS_TYPE, name, place, place, self.type_place(option.kind))
        if id(option.function) in _FUNCTIONS:
            return self.emit(Code.JUMP_UNLESS_SAME, 0, place, self.constant(option.function))
        return self.emit(Code.JUMP_UNLESS_FUNCTION, 0, place, place, self.code_place(option.function))

    def check(self, option: Option, place: int) -> None:
        if option.kind is not None:
            name = self.name(option.name) + 1 if option.name else 0
            self.emit_once(Code.CHECK_TYPE, name, place, place, self.type_place(option.kind))
        elif id(option.function) in _FUNCTIONS:
            self.emit_once(Code.CHECK_SAME, 0, place, self.constant(option.function))
        else:
            self.emit_once(Code.CHECK_FUNCTION, 0, place, place, self.code_place(option.function))

    def take(self, option: Option, place: int, arguments: dict[int | str, int], node: ast.Call, to: int) -> None:
        if option.kind is not None:
            if option.function not in self.functions:
                self.functions.append(option.function)
            moved = {key + 1 if isinstance(key, int) else key: value for key, value in arguments.items()}
            self.write(option.function, self.constant(option.function), {0: place, **moved}, node, to)
        elif id(option.function) in _FUNCTIONS:
            self.function_in_c(option.function, arguments, node, to)
        else:
            self.write(option.function, place, arguments, node, to)

    def function_in_c(self, function: Any, arguments: dict[int | str, int], node: ast.Call, to: int) -> None:
        if [*arguments] != [0]:
            raise Unfit(node, f"a call of {ast.unparse(node.func)} with other than one argument is not for kernels")
        code, operation = _FUNCTIONS[id(function)]
        self.emit(code, to, arguments[0], c=operation)

    def arguments_of(self, node: ast.Call) -> dict[int | str, int]:
        """The registers of a call's arguments, by place or name."""
        found: dict[int | str, int] = {}
        for i, entry in enumerate(node.args):
            if isinstance(entry, ast.Starred):
                raise Unfit(node, "a call with * is not for kernels")
            found[i] = self.argument(entry)
        for keyword in node.keywords:
            if keyword.arg is None:
                raise Unfit(node, "a call with ** is not for kernels")
            found[keyword.arg] = self.argument(keyword.value)
        return found

    def argument(self, node: ast.expr) -> int:
        """The register of an argument: a variable has to have a value, be it that the function does not read it."""
        place = self.value(node)
        if isinstance(node, ast.Name) and not self.is_bound(place):
            before, place = place, self.register()
            self.emit(Code.COPY, place, before)
            self.note(place, self.sample(before))
        self.bound.add(place)
        return place

    def emit_attribute(self, to: int, owner: int, name: str) -> None:
        """Read an attribute into a register that nothing else sets."""
        if self.is_fixed(owner) and self.sample(to):
            self.emit_once(Code.ATTRIBUTE_OF_OBJECT, to, owner, c=self.name(name))
        else:
            self.emit(Code.ATTRIBUTE, to, owner, c=self.name(name))

    # Functions of the program's own.

    def write(
        self, function: types.FunctionType, place: int, arguments: dict[int | str, int], node: ast.Call, to: int
    ) -> None:
        """Write a function in place; its result goes to a register."""
        name, code = function.__name__, function.__code__
        tree = tree_of(function)
        if tree is None or code.co_flags & _FLAGS or function.__kwdefaults__:
            raise Unfit(node, f"{name}(), which is called, does or takes more than a kernel can")
        if len(self.frames) > _DEEPEST or any(frame.code is code for frame in self.frames):
            raise Unfit(node, f"{name}(), which is called, goes too deep")
        scope = Scope(tree.body, tree.args, code.co_freevars)
        if scope.looks_at_names:
            raise Unfit(node, f"{name}(), which is called, looks at names")
        assigned: set[str] = set().union(*map(assigned_in, tree.body))
        variables = self.parameters(function, tree, arguments, assigned, node)
        for i, free in enumerate(code.co_freevars):
            if free in self.assigned:
                raise Unfit(node, f"{name}(), which is called, reads {free}, which the loop sets")
            variables[free] = self.cell(function, place, i)
        frame = Frame(function.__globals__, scope.has, variables, code)
        frame.result, frame.last = to, tree.body[-1]
        self.written.add((code.co_filename, code.co_firstlineno, code.co_name))
        self.frames.append(frame)
        try:
            self.clear(tree, assigned - set(variables))
            self.block(tree.body)
            if not isinstance(frame.last, ast.Return):
                self.emit(Code.COPY, to, self.constant(None))
            self.land(*frame.returns)
        finally:
            self.frames.pop()

    def parameters(
        self, function: types.FunctionType, tree: ast.FunctionDef, arguments: dict[int | str, int], assigned: set[str],
        node: ast.Call,
    ) -> dict[str, int]:  # fmt: skip
        """The registers of a function's parameters: those of the arguments, unless the function assigns them."""
        names = [entry.arg for entry in (*tree.args.posonlyargs, *tree.args.args, *tree.args.kwonlyargs)]
        count = function.__code__.co_argcount
        by_place = {names[key]: value for key, value in arguments.items() if isinstance(key, int) and key < count}
        by_name = {key: value for key, value in arguments.items() if isinstance(key, str)}
        defaults = function.__defaults__ or ()
        found = {name: self.constant(value) for name, value in zip(names[count - len(defaults) : count], defaults)}
        taken = {**by_place, **by_name}
        wrong = len(taken) != len(arguments) or set(by_name) - set(names[function.__code__.co_posonlyargcount :])
        found.update(taken)
        if wrong or set(found) != set(names):
            raise Unfit(node, f"a call of {function.__name__}() with such arguments is not for kernels")
        for name in assigned & set(found):
            place = self.register()
            self.emit(Code.COPY, place, found[name])
            self.note(place, self.sample(found[name]))
            found[name] = place
        return found

    def cell(self, function: types.FunctionType, place: int, i: int) -> int:
        """The register of a variable of a function around."""
        to = self.register()
        self.emit_once(Code.CELL, to, place, c=i)
        with contextlib.suppress(ValueError):  # of an empty one
            self.note(to, ((function.__closure__ or ())[i].cell_contents,))
        return to

    def clear(self, tree: ast.FunctionDef, names: set[str]) -> None:
        """Have the variables hold nothing, but those that are surely assigned before they are read."""
        pending = set(names)
        needed: set[str] = set()
        for node in tree.body:
            read = set(names_read([node])) & pending
            if isinstance(node, (ast.For, ast.While, ast.If, ast.AugAssign)):
                read |= assigned_in(node) & pending
            needed |= read
            pending -= assigned_in(node)
        for name in sorted(needed):
            self.emit(Code.CLEAR, self.frame.variables.setdefault(name, self.register()))

    def returned(self, node: ast.Return) -> None:
        frame = self.frame
        if frame.code is None:
            raise Unfit(node, "return in a loop is not for kernels")
        is_last = node is frame.last
        if node.value is None:
            self.emit(Code.COPY, frame.result, self.constant(None))
        elif is_last and not frame.returns:
            self.raw_value(node.value, frame.result)
        else:
            self.value(node.value, frame.result)
        if not is_last:
            frame.returns.append(self.emit(Code.JUMP))

    # What a translator has.

    def value(self, node: ast.expr, to: int | None = None) -> int:
        raise NotImplementedError

    def raw_value(self, node: ast.expr, to: int | None = None) -> int:
        raise NotImplementedError

    def settle(self, place: int) -> None:
        raise NotImplementedError

    def block(self, body: list[ast.stmt]) -> None:
        raise NotImplementedError

    def builtin(self, name: str, node: ast.Call, to: int) -> None:
        raise NotImplementedError


def _option(value: Any) -> Option | None:
    """What a call of an object is of."""
    if type(value) is types.FunctionType or id(value) in _FUNCTIONS:
        return Option(value)
    method = samples.method_of(type(value), "__call__")
    return Option(method, type(value)) if method is not None and not samples.is_number(value) else None
