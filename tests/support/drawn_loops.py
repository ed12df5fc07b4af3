"""Loops drawn from the grammar of kernels, and hostile things for them to run over."""

import math

import fastgrad.math
from fastgrad import Scalar, Value


class Own(Value):
    """A number that multiplies in its own way."""

    def __mul__(self, other):
        return Value.__mul__(self, other) + 1.0


class Plain(Value):
    """A number that has nothing of its own."""


class Dying(Value):
    """A number whose end is noted."""

    ends = 0

    def __del__(self):
        Dying.ends += 1


HELPERS = """
def square(v): return v * v
def affine(v, w=0.5):
    s = v * w
    s += 1
    return s
def both(v, w): return v + w, v * w
def branch(v, w):
    if v > 0:
        return v * 2
    elif w < 0: return w
    u = -v
    return u
def folded(v, count):
    for q in range(count):
        v = v * 0.5 + q
    return v
def early(v):
    for q in (1, 2, 3):
        if v > q: return v - q
    return v
def nothing(v): pass
def weighted(v, w=fastgrad.Value(0.25)): return v * w
def unset(v):
    if v > 1: n = 1
    return v * n
class Unit:
    def __init__(self, w, b, act): self.w, self.b, self.act = w, b, act
    def __call__(self, v): return self.act(self.w * v + self.b)
    def forward(self, v, scale=2.0): return both(self.w, v)[0] * scale
    def parts(self): return [self.w, *[self.b]] + [self.w]
class Gate(Unit):
    def __call__(self, v):
        z = self.w * v
        return z if z > 0 else z * 0.1
UNITS = [
    Unit(fastgrad.Value(0.3), 0.1, fastgrad.math.tanh), Unit(fastgrad.Value(-0.2), fastgrad.Value(0.4), square),
    Gate(fastgrad.Value(0.7), 0.0, None), Unit(0.5, 1, lambda v: v * 3),
]
"""


class Drawing:
    """Draws expressions and statements with a random generator; a kernel may know them or not."""

    def __init__(self, generator):
        self.generator = generator
        self.fresh = 0
        self.is_growing = False  # m: a loop over the list that it appends to would not end

    def of(self, *choices):
        return self.generator.choice(choices)

    def name(self):
        self.fresh += 1
        return f"t{self.fresh}"

    def number(self, names, depth=0):
        """An expression that is a number, mostly."""
        deep = depth > 2
        kind = self.generator.randrange(4 if deep else 17)
        if kind < 3 and names:
            return self.of(*names)
        if kind <= 3:
            return self.of("0.5", "2", "-1.5", "k", "n", "1e-3", "3")
        a, b = self.number(names, depth + 1), self.number(names, depth + 1)
        return self.of(
            f"({a} + {b})", f"({a} - {b})", f"({a} * {b})", f"({a} * {b})", f"({a} / {b})", f"-{a}", f"abs({a})",
            f"({a}) ** {self.of('2', '3', '0.5', '-1', 'k', 'y[0] * 0.1')}", f"max({a}, {b})", f"min({a}, {b})",
            f"({a} if {self.test(names, depth + 1)} else {b})", f"x[{self.index()}]",
            f"math.{self.of('exp', 'tanh')}({a})",
            f"fastgrad.math.{self.of('tanh', 'relu', 'exp', 'log')}({a})", f"({a}).{self.of('tanh', 'relu', 'exp')}()",
            f"({a}).{self.of('data', 'grad')}", f"sum({self.generator_of(names, depth + 1)})", f"len(x) * {a}",
            f"square({a})", f"affine({a}, {self.of('', 'w=')}{b})", f"affine({a})", f"branch({a}, {b})", f"closed({a})",
            f"folded({a}, n)", f"early({a})", f"nothing({a})", f"sum(both({a}, {b}))", f"f({a})", f"unit({a})",
            f"sum(u({a}) for u in UNITS)", f"UNITS[{self.index()}].forward({a})", f"unit.forward(scale={a}, v={b})",
            f"sum(unit.parts(), {a})", f"(unit.w if {self.test(names, depth + 1)} else unit.b)", f"weighted({a})",
            f"unset({a})", f"sum([{a}, {b}], start={a})", f"max([{a}, {b}])",
            f"math.prod({self.generator_of(names, depth + 1)})", f"math.prod([{a}, {b}], start={a})",
            f"math.fsum([{self.of('1e16', '0.1', a)}, {b}])", f"math.fsum({self.generator_of(names, depth + 1)})",
             f"(lambda v: v + {a})({b})",
        )  # fmt: skip

    def index(self):
        return self.of("0", "1", "-1", "n", "i % 3", "2")

    def test(self, names, depth):
        a, b = self.number(names, depth), self.number(names, depth)
        return self.of(
            f"{a} > {b}", f"{a} <= {b}", f"{a} == {b}", f"not {a} < {b}", f"{a} > 0 and {b} > 0",
            f"{a} > 0 or {b} != 1", f"0 < {a} <= {b}", a,
        )  # fmt: skip

    def loop(self):
        """What a loop runs over, and its variables."""
        a, b = self.name(), self.name()
        return self.of(
            (a, "x", [a]), (a, "y", [a]), (f"{a}, {b}", "zip(x, y)", [a, b]), (f"i, {a}", "enumerate(x)", [a, "i"]),
            (f"i, ({a}, {b})", "enumerate(zip(y, x), 2)", [a, b, "i"]), ("i", "range(len(x))", ["i"]),
            ("i", "range(n, -1, -1)", ["i"]), (a, "reversed(y)", [a]), (f"{a}, {b}", "pairs", [a, b]),
            (a, "x[1:]", [a]), (a, "rows[0]", [a]), (f"{a}, {b}", "zip(x, g)", [a, b]),
            (f"{a}, {b}", f"zip(x, y, strict={self.of('True', 'True', 'False')})", [a, b]),
        )  # fmt: skip

    def generator_of(self, names, depth):
        target, over, inner = self.loop()
        test = f" if {self.test(names + inner, depth + 1)}" if self.generator.random() < 0.2 else ""
        more = ""
        if self.generator.random() < 0.15:
            other, other_over, other_inner = self.loop()
            more, inner = f" for {other} in {other_over}", inner + other_inner
        return f"{self.number(names + inner, depth + 1)} for {target} in {over}{more}{test}"

    def expression(self):
        inner = self.generator_of([], 0)
        return self.of(
            f"[{inner}]", f"[{inner}]", f"sum({inner})", f"sum(({inner}), x[0])", f"sum([{inner}])", f"max({inner})",
            f"min({inner})", f"sum(({inner}), start=y[0] * k)", f"sum([{inner}], x[0] * 2)", f"min([{inner}])",
            f"math.prod({inner})", f"math.prod([{inner}], start={self.of('x[0]', 'k', 'n')})", f"math.fsum({inner})",
            f"fastgrad.math.fsum({inner})", f"fastgrad.math.prod({inner})", f"fastgrad.prod([{inner}])",
            f"tuple({inner})", f"list({inner})", "sum(x)", "sum(y, k)",
            f"[[{self.generator_of(['v'], 1)}] for v in x]",
        )  # fmt: skip

    def statement(self, names, indent, depth=0):
        pad = "    " * indent
        value = self.number(names, 1)
        kind = self.generator.randrange(16)
        if kind == 14:
            line = self.of("out += [a]", "m.append(a)", "m[0] = b", "late = a", "c = late")
            self.is_growing = self.is_growing or line == "m.append(a)"
            return [pad + line]
        if kind == 15:
            return [f"{pad}if {self.test(names, 2)}: {self.of('continue', 'break')}", f"{pad}late = {value}"]
        if kind == 10:
            return [f"{pad}a, c = both({value}, b)"]
        if kind == 11:
            return [f"{pad}out.append({self.of(value, f'({value}, a)')})"]
        if kind == 12:
            return [f"{pad}if {self.test(names, 2)}: {self.of('continue', 'break', 'pass', f'b = {value}')}"]
        if kind == 13 and depth < 2:
            first, second = self.statement(names, indent + 1, depth + 1), self.statement(names, indent + 1, depth + 1)
            return [f"{pad}if {self.test(names, 2)}:", *first, f"{pad}else:", *second]
        if kind < 3:
            target = self.of("a", "b", "c")
            return [f"{pad}{target} {self.of('=', '=', '+=', '*=', '-=')} {value}"]
        if kind == 3:
            return [f"{pad}{self.of('m', 'x', 'y')}[{self.index()}] {self.of('=', '+=')} {value}"]
        if kind == 4:
            return [f"{pad}m[i] {self.of('=', '+=')} {value}"]
        if kind == 5 and names:
            return [f"{pad}{self.of(*names)}.{self.of('data', 'grad')} {self.of('=', '-=')} {value}"]
        if kind == 6:
            return [f"{pad}a, b = b, {value}"]
        if kind == 7 and depth < 2 and self.generator.random() < 0.3:
            return [*self.while_loop(names, indent, depth + 1), *self.orelse(names, indent, depth + 1)]
        if kind == 7 and depth < 2:
            target, over, inner = self.loop()
            body = self.statement(names + inner, indent + 1, depth + 1)
            return [f"{pad}for {target} in {over}:", *body, *self.orelse(names, indent, depth + 1)]
        return [f"{pad}c = {self.of('a', 'b', 'c')} + {value}"]

    def while_loop(self, names, indent, depth):
        """A loop of a few rounds, which a test may end before."""
        pad, count = "    " * indent, self.name()
        test = self.of("", f" and ({self.test(names, 2)})")
        body = [line for _ in range(2) for line in self.statement(names, indent + 1, depth)]
        return [f"{pad}{count} = 0", f"{pad}while {count} < 3{test}:", f"{pad}    {count} += 1", *body]

    def orelse(self, names, indent, depth):
        """What follows a loop that was not broken off."""
        if self.generator.random() < 0.7:
            return []
        return ["    " * indent + "else:", *self.statement(names, indent + 1, depth)]

    def for_loop(self):
        if self.generator.random() < 0.2:
            return self.while_loop(["a", "b", "c"], 1, 0)
        target, over, inner = self.loop()
        count = self.generator.randrange(1, 4)
        body = [line for _ in range(count) for line in self.statement(inner + ["a", "b", "c"], 2)]
        after = ["    else: c = a"] if self.generator.random() < 0.3 else []
        return [f"    for {target} in {over}:", *body, *after]

    def function(self):
        """The source of a function, and of what it returns."""
        lines = [HELPERS, "def drawn(x, y, g, m, pairs, rows, k, n):", "    i, out = 1, []"]
        lines += ["    a, b, c = x[0], 2.0, y[-1]", "    def closed(v): return v * k + x[0]"]
        lines += [f"    f, unit = {self.of('square', 'fastgrad.math.exp', 'closed', 'UNITS[0]')}, UNITS[n % 4]"]
        for _ in range(self.generator.randrange(1, 3)):
            lines += self.for_loop() if self.generator.random() < 0.5 else [f"    c = {self.expression()}"]
            if lines[-1].startswith("    c = "):
                lines += ["    d = c", "    c = a"]
        names = "{name: value for name, value in (('a', a), ('b', b), ('c', c), ('i', i))}"
        return "\n".join([*lines, f"    return {names}, x, y, m, out"]) + "\n"

    def values(self, count, make, hostile):
        """A list of numbers; a hostile one has something odd somewhere."""
        values = [make(round(self.generator.uniform(-2.0, 2.0), 2)) for _ in range(count)]
        if hostile and count:
            odd = self.of(
                1, 0, 2**60, 2**53 + 1, math.nan, math.inf, 0.0, -0.0, True, None, "x", 1e308, Own(0.5), Plain(0.25),
                Scalar(2.0), Dying(0.75), [1.0], 3 + 4j, values[0],
            )  # fmt: skip
            values[self.generator.randrange(count)] = odd
        return values

    def arguments(self):
        count = self.of(1, 2, 5, 5, 9, 70)
        make = self.of(Value, Value, Value, Scalar, float, Plain, Dying)
        hostile = self.generator.random() < 0.4
        x = self.values(count, make, hostile)
        y = (
            x
            if self.generator.random() < 0.1
            else self.values(self.of(count, count, max(0, count - 1)) or 1, make, hostile)
        )
        is_x = self.generator.random() < 0.05 and not self.is_growing
        m = x if is_x else self.values(count, float, hostile)
        for number in [*x, *y]:
            if isinstance(number, Value):
                number.grad = float(self.generator.randrange(-2, 3))
        rows = [self.values(count, make, False) for _ in range(2)]
        return [x, y, self.values(count, float, False), m, list(zip(x, y, strict=False)), rows, 0.75, 2]


NAMES = {"math": math, "fastgrad": fastgrad}
