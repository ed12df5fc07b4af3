"""Teaching engines of random spelling: what they call things, how they keep the slopes, and how they sweep."""

import re
import textwrap

from support.engine_shapes import SHAPES

# Of one number or two, a and b; y is the result.
ONE = {
    "__neg__": ("-a", "-1.0"),
    "tanh": ("math.tanh(a)", "1.0 - y * y"),
    "sin": ("math.sin(a)", "math.cos(a)"),
    "exp": ("math.exp(a)", "y"),
    "relu": ("a if a > 0.0 else 0.0", "(1.0 if a > 0.0 else 0.0)"),
    "sigmoid": ("1.0 / (1.0 + math.exp(-a))", "y * (1.0 - y)"),
}
TWO = {
    "__add__": ("a + b", "1.0", "1.0"),
    "__mul__": ("a * b", "b", "a"),
    "__sub__": ("a - b", "1.0", "-1.0"),
    "__truediv__": ("a / b", "1.0 / b", "-a / (b * b)"),
}

NAMES = {
    "Value": ["Num", "Scalar", "Var", "Node", "Tensor", "Float"],
    "data": ["val", "v", "x", "number", "payload", "_data"],
    "grad": ["g", "gradient_", "derivative_", "dx", "_grad", "adjoint"],
    "operands": ["_prev", "prev", "parents", "children", "_inputs", "args"],
    "slopes": ["local_grads", "partials", "_slopes", "locals_"],
    "step": ["backstep", "pull_back", "_run", "fn"],
    "_backward": ["back", "_back", "_step", "grad_fn", "backward_"],
    "backward": ["backprop", "sweep_", "go", "compute_gradients"],
    "out": ["result", "o", "ret", "new"],
    "other": ["rhs", "o_", "b_", "that"],
    "order": ["topo", "L", "sorted_nodes"],
    "seen": ["visited", "done", "marked"],
    "visit": ["build", "walk", "dfs"],
    "node": ["n", "u", "vertex"],
    "operand": ["child", "parent", "w"],
}


def renamed(text, generator):
    """The same text with some of its names exchanged for others."""
    names = {
        name: generator.choice(others)
        for name, others in NAMES.items()
        if generator.random() < 0.6 and not any(re.search(rf"\b{other}\b", text) for other in others)
    }
    return re.sub(r"\b\w+\b", lambda word: names.get(word[0], word[0]), text)


# How the operations are written.


def inline(expression, **places):
    """An expression with the places where its numbers are."""
    return re.sub(r"\b[aby]\b", lambda name: places[name[0]], expression)


def method(name, how, generator):
    """The text of an operation's method."""
    value, *slopes = ONE.get(name) or TWO[name]
    names = ["self", "other"][: len(slopes)]
    head = f"def {name}({', '.join(names)}):\n"
    if len(names) == 2 and how["wraps"]:
        head += f"    other = {how['wraps']}\n"
    return head + textwrap.indent(how["body"](name, value, slopes, names, generator), "    ")


def operands_of(names):
    return f"({', '.join(names)},)"


def closures(name, value, slopes, names, generator):
    """Slopes are read when the gradient flows."""
    of = {"a": "self.data", "b": "other.data", "y": "out.data"}
    steps = "".join(f"    {x}.grad += ({inline(slope, **of)}) * out.grad\n" for x, slope in zip(names, slopes))
    return (
        f"out = Value({inline(value, **of)}, {operands_of(names)})\n"
        f"def step():\n{steps}out._backward = step\nreturn out\n"
    )


def saved_in_closures(name, value, slopes, names, generator):
    """Numbers are saved beforehand."""
    steps = "".join(f"    {x}.grad += ({slope}) * out.grad\n" for x, slope in zip(names, slopes))
    reads = "".join(f"{letter} = {x}.data\n" for letter, x in zip("ab", names))
    return (
        f"{reads}y = {value}\nout = Value(y, {operands_of(names)})\n"
        f"def step():\n{steps}out._backward = step\nreturn out\n"
    )


def slopes_beside(name, value, slopes, names, generator):
    """Slopes lie beside the operands."""
    reads = "".join(f"{letter} = {x}.data\n" for letter, x in zip("ab", names))
    return f"{reads}y = {value}\nreturn Value(y, {operands_of(names)}, ({', '.join(slopes)},))\n"


_VISIT = """
def backward(self):
    order, seen = [], set()
    def visit(node):
        if node not in seen:
            seen.add(node)
            for operand in node.operands:
                visit(operand)
            order.append(node)
    visit(self)
    self.grad = 1.0
    for node in reversed(order):
"""
_LOOP = """
def backward(self):
    order, seen, pending = [], set(), [(self, False)]
    while pending:
        node, ready = pending.pop()
        if ready:
            order.append(node)
        elif node not in seen:
            seen.add(node)
            pending.append((node, True))
            pending.extend((operand, False) for operand in node.operands)
    self.grad = 1.0
    while order:
        node = order.pop()
"""
_STEP = """
        node._backward()
"""
_SLOPES = (
    "        for operand, slope in zip(node.operands, node.slopes):\n            operand.grad += slope * node.grad\n"
)
_SAYS = "\nmake, number, derivative, sweep = Value, lambda v: v.data, lambda v: v.grad, lambda v: v.backward()\n"


def written(generator):
    """An engine made of parts, which operations it has, and whether it reads data when the gradient flows."""
    body = generator.choice([closures, closures, saved_in_closures, slopes_beside])
    wraps = generator.choice(["other if isinstance(other, Value) else Value(other)", ""])
    names = ["__add__", "__mul__", *(name for name in [*ONE, *TWO][:-4] if generator.random() < 0.6)]
    names += [name for name in ("__sub__", "__truediv__") if generator.random() < 0.5]
    beside = body is slopes_beside
    kept = "tuple(operands)" if beside else generator.choice(["tuple(operands)", "list(operands)", "set(operands)"])
    start = f"def __init__(self, data, operands=(){', slopes=()' if beside else ''}):\n"
    start += f"    self.data, self.grad, self.operands = data, {generator.choice(['0', '0.0'])}, {kept}\n"
    start += "    self.slopes = slopes\n" if beside else "    self._backward = lambda: None\n"
    parts = [method(name, {"wraps": wraps, "body": body}, generator) for name in names]
    parts += ["__radd__, __rmul__ = __add__, __mul__\n"] if wraps else []
    parts += [generator.choice([_VISIT, _LOOP]) + (_SLOPES if beside else _STEP)]
    if not wraps:
        generator.shuffle(parts)
    text = "import math\n\nclass Value:\n" + textwrap.indent("\n".join([start, *parts]), "    ") + _SAYS
    return text, names, bool(wraps), body is closures


def engine(generator):
    """An engine's text, which operations it has, whether they take plain numbers, and whether it reads data late."""
    if generator.random() < 0.25:
        text, *traits = SHAPES[generator.choice(sorted(SHAPES))], ["__add__", "__mul__"], False, False
    else:
        text, *traits = written(generator)
    return renamed(text, generator), *traits
