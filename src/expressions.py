"""The expressions of the op table and of the table of losses: read, and written as C that evaluates them on symbols.

On numbers the expressions are compiled as they stand. On symbols (see operations/algebra.h) each operator becomes a
call, for which this module parses them: ``python src/expressions.py FOLDER`` writes operations/expressions.c and
layers/expressions.c into a folder, as the build does.
"""

import re
import sys
from pathlib import Path

HERE = Path(__file__).parent
OPERATIONS = HERE / "operations" / "ops.def"
LOSSES = HERE / "layers" / "losses.def"

# Columns of the tables that are expressions; the name is the first column of each.
EXPRESSIONS = {"UNARY": (6, 7), "BINARY": (6, 7, 8), "FUNCTION1": (1,), "FUNCTION2": (1,), "LOSS": (5, 6)}

# Functions that operations have other names for.
C_NAMES = {"fabs": "abs", "fmax": "max", "fmin": "min", "op_power": "pow"}

TOKEN = re.compile(r"\s*(?:(\d+\.\d*|\d+)|(\w+)|(\|\||&&|[<>=!]=|[-+*/<>!?:(),]))")
BINDING = [("||",), ("&&",), ("==", "!="), ("<", ">", "<=", ">="), ("+", "-"), ("*", "/")]  # the loosest first
OPERATORS = {"+": "add", "-": "sub", "*": "mul", "/": "div", "<": "lt", ">": "gt", "<=": "le", ">=": "ge"}


# Tables.


def rows(path):
    """Yield the rows of a table: the macro's name, and its columns as text."""
    text = re.sub(r"/\*.*?\*/", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    for row in re.finditer(rf"^({'|'.join([*EXPRESSIONS, 'NARY'])})\(", text, re.MULTILINE):
        yield row[1], split(text[row.end() :])


def split(text):
    """Split a macro's arguments at commas outside of parentheses and strings, up to its closing parenthesis."""
    columns, depth, quoted = [""], 0, False
    for character in text:
        quoted ^= character == '"'
        depth += (not quoted) * ((character == "(") - (character == ")"))
        if depth < 0:
            break
        if character == "," and not depth and not quoted:
            columns.append("")
        else:
            columns[-1] += character
    return [" ".join(column.split()) for column in columns]


# Parsing. An expression is ("number", text), ("name", text), or (operator or function's name, operands...).


class Parser:
    def __init__(self, text):
        self.tokens, end = [], 0
        while end < len(text.rstrip()):
            token = TOKEN.match(text, end)
            if token is None:
                raise SyntaxError(f"{text!r} has {text[end:].strip()[0]!r}, which expressions do not know")
            self.tokens.append(token[token.lastindex])
            end = token.end()
        self.tokens.append("")
        self.text, self.place = text, 0

    def parse(self):
        found = self.choice()
        if self.tokens[self.place]:
            raise SyntaxError(f"{self.text!r} goes on with {self.tokens[self.place]!r} where it should end")
        return found

    def taken(self, *tokens):
        """Take the next token if it is one of these."""
        token = self.tokens[self.place]
        if token and token in tokens:
            self.place += 1
            return token
        return None

    def expect(self, token):
        if not self.taken(token):
            raise SyntaxError(f"{self.text!r} has {self.tokens[self.place] or 'its end'!r} in place of {token!r}")

    def choice(self):
        condition = self.binary(0)
        if not self.taken("?"):
            return condition
        yes = self.choice()
        self.expect(":")
        return "?:", condition, yes, self.choice()

    def binary(self, level):
        if level == len(BINDING):
            return self.unary()
        left = self.binary(level + 1)
        while operator := self.taken(*BINDING[level]):
            left = operator, left, self.binary(level + 1)
        return left

    def unary(self):
        if operator := self.taken("-", "!"):
            return "neg" if operator == "-" else "!", self.unary()
        if self.taken("("):
            found = self.choice()
            self.expect(")")
            return found
        token = self.tokens[self.place]
        self.place += 1
        if token[:1].isdigit():
            return "number", token
        if not token.isidentifier():
            raise SyntaxError(f"{self.text!r} has {token or 'its end'!r} where an operand should be")
        return self.call(token) if self.taken("(") else ("name", token)

    def call(self, name):
        operands = [self.choice()]
        while self.taken(","):
            operands.append(self.choice())
        self.expect(")")
        return name, *operands


# Writing C: a variable for each operation, in the order in which they are computed.


class Writer:
    """The statements of one expression.

    Parameters
    ----------
    table : Table
    names : str
        The symbols that the expression may use; capitals are C's constants.
    """

    def __init__(self, table, names):
        self.table, self.names, self.lines = table, names, []

    def let(self, call):
        self.lines.append(f"const symbol v{len(self.lines)} = {call};")
        return f"v{len(self.lines) - 1}"

    def constant(self, text):
        return self.let(f"s->constant(s, {text})")

    def one(self, op, a):
        return self.let(f"s->one(s, OP_{op}, {a})")

    def two(self, op, a, b):
        return self.let(f"s->two(s, OP_{op}, {a}, {b})")

    def write(self, expression):
        """Write an expression's operations; return the variable of its value. A truth is a number that nothing flows
        through: the choice it makes is known."""
        kind, *operands = expression
        if kind in ("<", ">", "<=", ">=", "==", "!=", "!", "&&", "||"):
            return self.let(f"s->stop(s, {self.truth(expression)})")
        if kind == "number":
            return self.constant(operands[0])
        if kind == "name":
            return self.name(operands[0])
        if kind == "?:":
            condition = self.truth(operands[0])
            yes, no = self.write(operands[1]), self.write(operands[2])
            return self.let(f"s->select(s, {condition}, {yes}, {no})")
        return self.call(kind, [self.write(operand) for operand in operands])

    def name(self, name):
        if name in self.names:
            return name
        if name.isupper():
            return self.constant(name)
        raise SyntaxError(f"an expression of {', '.join(self.names)} uses {name!r}")

    def truth(self, expression):
        """Write a condition; return the variable that is 1 where it holds, else 0."""
        kind, *operands = expression
        if kind in ("!", "!="):
            inner = operands[0] if kind == "!" else ("==", *operands)
            return self.two("sub", self.constant("1.0"), self.truth(inner))
        if kind in ("&&", "||"):
            return self.two("mul" if kind == "&&" else "max", *map(self.truth, operands))
        a, b = map(self.write, operands)
        if kind == "==":
            return self.two("mul", self.two("le", a, b), self.two("ge", a, b))
        return self.two(OPERATORS[kind], a, b)

    def call(self, name, operands):
        name = OPERATORS.get(name, C_NAMES.get(name, name.removeprefix("of_")))
        if (bare := name.removeprefix("op_")) in self.table.functions and bare not in self.table.arity:
            return self.inlined(bare, operands)
        name = bare if bare in self.table.arity else name
        if self.table.arity.get(name) != len(operands):
            raise SyntaxError(f"no operation or function {name!r} of {len(operands)} is known")
        return self.let(f"s->{'one' if len(operands) == 1 else 'two'}(s, OP_{name}, {', '.join(operands)})")

    def inlined(self, name, operands):
        """Write a function's own expression."""
        inner = Writer(self.table, "ab")
        inner.lines = self.lines
        inner.name = lambda x: operands["ab".index(x)] if x in ("a", "b") else Writer.name(inner, x)
        return inner.write(self.table.functions[name])


class Table:
    """The op table: how many operands an operation has, and the functions that rows are written with."""

    def __init__(self):
        self.rows = list(rows(OPERATIONS))
        self.arity = {c[0]: 1 if kind == "UNARY" else 2 for kind, c in self.rows if kind in ("UNARY", "BINARY")}
        self.functions = {c[0]: Parser(c[1]).parse() for kind, c in self.rows if kind.startswith("FUNCTION")}


def cases(table, rows, code, names):
    """The cases of a switch: a code as text for each row and expression."""
    lines = []
    for name, text in rows:
        writer = Writer(table, names)
        expression = Parser(text).parse()
        if expression == (f"op_{name}", ("name", "a")) and name in table.functions:  # the row's value is a function's
            expression = table.functions[name]
        result = writer.write(expression)
        body = "\n".join(f"        {line}" for line in [*writer.lines, f"return {result};"])
        lines.append(f"    case {code}_{name}: {{\n{body}\n    }}")
    return "\n".join(lines)


def function(name, parameters, unused, cases):
    void = " ".join(f"(void){name};" for name in unused)
    return f"symbol {name}(struct algebra *s, {parameters})\n{{\n    {void}\n" + (
        f"    switch (op) {{\n{cases}\n    }}\n    return s->constant(s, NAN);\n}}\n"
    )


HEAD = '/* Written by src/expressions.py from {table}. */\n\n#include <math.h>\n\n#include "{header}"\n\n'


def operations():
    """C for the values and slopes of the op table's rows."""
    table = Table()
    text = HEAD.format(table="operations/ops.def", header="operations/algebra.h")
    for name, column in ("op_value_symbol", 6), ("op_slope_a_symbol", 7), ("op_slope_b_symbol", 8):
        wanted = [(columns[0], columns[column]) for kind, columns in table.rows if column in EXPRESSIONS.get(kind, ())]
        parameters = "unsigned op, symbol a, symbol b" + (", symbol y" if column > 6 else "")
        names = "aby" if column > 6 else "ab"
        text += function(name, parameters, names, cases(table, wanted, "OP", names)) + "\n"
    return text.rstrip() + "\n"


def losses():
    """C for the values and slopes of the losses of one prediction and one target."""
    table, found = Table(), list(rows(LOSSES))
    text = HEAD.format(table="layers/losses.def", header="layers/symbols.h")
    for name, column in ("loss_value_symbol", 5), ("loss_slope_symbol", 6):
        wanted = [(columns[0], columns[column]) for _, columns in found]
        text += function(name, "unsigned op, symbol p, symbol t, symbol c", "ptc", cases(table, wanted, "LOSS", "ptc"))
        text += "\n"
    return text.rstrip() + "\n"


def write(folder):
    """Write the generated C into a folder; a file that is as it should be is left alone. Return the paths."""
    found = {"operations/expressions.c": operations(), "layers/expressions.c": losses()}
    for name, text in found.items():
        path = Path(folder) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
    return [str(Path(folder) / name) for name in found]


if __name__ == "__main__":
    write(sys.argv[1])
