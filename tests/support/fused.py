"""The same source with kernels and without, and what can be told apart of two runs of it."""

import ast
import pickle
import traceback

from fastgrad import Node
from fastgrad._tape.exchange import nodes_made
from fastgrad.fusing import compiled

FILE = "drawn.py"


def both(source, names=(), file=FILE):
    """Execute a module's source plainly, and with kernels; return both modules' variables."""
    plain, fused = dict(names), dict(names)
    exec(compile(source, file, "exec"), plain)
    exec(compiled(ast.parse(source), file), fused)
    return plain, fused


def shown(value, seen=()):
    """Write what a value is, numbers with the graph they stand on, lists and dicts with what is in them."""
    if isinstance(value, Node):
        return f"{type(value).__name__}({value.data!r}, {value.grad!r}, {graph(value)})"
    if isinstance(value, (list, tuple)) and id(value) not in seen:
        return f"{type(value).__name__}[{', '.join(shown(entry, (*seen, id(value))) for entry in value)}]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {shown(entry, seen)}" for key, entry in value.items()) + "}"
    return (
        f"{type(value).__name__} {value!r}"
        if isinstance(value, (int, float, str, type(None)))
        else type(value).__name__
    )


def graph(number):
    """The nodes that a number stands on, one by one in the order in which they were made."""
    return pickle.dumps(number).hex() if type(number).__module__ == "fastgrad" else [o.data for o in number.prev]


def outcome(function, *arguments):
    """Call a function; return everything that can be seen of it."""
    before = nodes_made()
    try:
        result, error = function(*arguments), None
    except Exception as raised:
        lines = [(frame.name, frame.lineno) for frame in traceback.extract_tb(raised.__traceback__)[1:]]
        lines = [place for place in lines if place[0] not in ("<genexpr>", "<listcomp>")]
        result, error = None, (type(raised).__name__, str(raised), lines)
    made = nodes_made() - before
    return {"result": shown(result), "error": error, "arguments": shown(arguments), "nodes": made}
