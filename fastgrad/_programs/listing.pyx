"""What a program looks like: readable flat code, made from its arrays."""

from libc.stdint cimport uint32_t, uint64_t

from fastgrad._programs.rows cimport NO_VALUE, STEP_call, STEP_dot, step

cdef extern from "programs/program.h" nogil:
    uint32_t OP_FIRST_BINARY, OP_FIRST_NARY
    struct op_row:
        const char *symbol
    op_row op_rows[]
    uint64_t listed_operands(const step *s)
    uint64_t operand_count(const step *s)
    const char *step_name(uint32_t op)


def text(inputs, uniforms, uniform_steps, steps, operands, outputs, guards, functions=(), *, names=("inputs",)):
    """A program's arrays as readable flat code: a line for each constant, step and guard.

    Parameters
    ----------
    names : sequence of str
        What the inputs are called.

    Returns
    -------
    str
        Values are named as by `names_of`.
    """
    name = names_of(inputs, uniforms, uniform_steps)
    lines = [f"{', '.join(map(name, range(inputs)))}: {', '.join(names)}"] if inputs else []
    lines += [f"u{k} = {float(x)!r}" for k, x in enumerate(uniforms)]
    for value, formula, _ in formulas(inputs, uniforms, uniform_steps, steps, operands, functions):
        lines.append(f"{name(value)} = {formula}")
    for value, truth in guards.tolist():
        lines.append(f"guard {name(value)} {'!=' if truth else '=='} 0")
    lines.append(f"return {', '.join(map(name, outputs.tolist()))}")
    return "\n".join(lines)


def names_of(inputs, uniforms, uniform_steps):
    """Return a function that names a program's values.

    Those that differ from row to row are named v and their number; those that do not are u and theirs, the captured
    ones first.
    """
    first_varying = inputs + len(uniforms) + uniform_steps
    return lambda value: f"u{value - inputs}" if inputs <= value < first_varying else f"v{value}"


def formulas(inputs, uniforms, uniform_steps, steps, operands, functions=()):
    """List a program's steps: the value, how it is computed as text, and the values of which."""
    name = names_of(inputs, uniforms, uniform_steps)
    found = []
    for value, (op, a, b, n) in enumerate(steps.tolist(), inputs + len(uniforms)):
        of = values_of_step(step(op, a, b, n), operands)
        called = name_of_function(functions[b]) if op == STEP_call else ""
        found.append((value, formula_of(op, [name(x) for x in of], b == <uint32_t>NO_VALUE, called), of))
    return found


cdef list values_of_step(step s, operands):
    """A step's operands, of a dot the bias first."""
    cdef uint64_t count = operand_count(&s), n = listed_operands(&s)
    if n == 0:
        return [s.a, s.b][:count]
    return [s.b][:count - n] + operands[s.a:s.a + n].tolist()


cdef str name_of_function(function):
    return getattr(function, "__name__", None) or type(function).__name__


cdef str formula_of(uint32_t op, list x, bint no_bias, str called):
    if op == STEP_dot:
        bias = "" if no_bias else f"{x.pop(0)} + "
        return f"{bias}dot({', '.join([f'{p}*{q}' for p, q in zip(x[::2], x[1::2])])})"
    symbol = op_rows[op].symbol.decode() if OP_FIRST_BINARY <= op < OP_FIRST_NARY else ""
    if symbol in ("+", "-", "*", "/", "**", "<", ">", "<=", ">="):
        return f"{x[0]} {symbol} {x[1]}"
    return f"{called or step_name(op).decode()}({', '.join(x)})"
