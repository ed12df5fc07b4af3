"""Recordings. What goes on while one is made is in _trace, what becomes of its nodes in _lower."""

from libc.stdint cimport uint32_t, uint64_t
from libc.stdlib cimport free, malloc
from libc.string cimport memcpy

from fastgrad._handle cimport Handle, unpinned_handle_of
from fastgrad._lower cimport Lowering
from fastgrad._tape cimport (
    CONSTANT, OP_FIRST_BINARY, OP_LEAF, OP_MASK, is_nary, op_rows, payload, slot_count, slot_node, tape,
)
from fastgrad._trace cimport Trace

from fastgrad._trace import TraceError, recording_active

cdef extern from "program.h" nogil:
    enum:
        NO_VALUE, STEP_dot, STEP_select, STEP_stop, STEP_sum

__all__ = ["Recording", "TraceError", "recording_active", "text"]


cdef class Recording(Trace):
    """A context in which this thread's operations on scalars are recorded, to become a program.

    While it is on, no node is collected. A truth value that Python asks of a number that depends on the inputs, or on
    scalars from outside, becomes a guard; what would read such a number off raises `TraceError`.

    Parameters
    ----------
    inputs : list of Scalar or Value
        Leaves, made just before.

    Attributes
    ----------
    guards : list of (scalar, bool)
        Whose truth was asked, and the outcome, in that order.
    report : dict
        After `arrays` or `program`: sizes before and after.

    Examples
    --------
    >>> import fastgrad
    >>> from fastgrad._record import Recording, text
    >>> x, y = fastgrad.Value(2.0), fastgrad.Value(3.0)
    >>> with Recording([x, y]) as recording:
    ...     z = x * y + 1.0
    >>> arrays, captured = recording.arrays([z])
    >>> print(text(*arrays))
    v0, v1: inputs
    u0 = 1.0
    v3 = u0 + dot(v0*v1)
    return v3
    """

    def __enter__(self):
        self.begin()
        return self

    def __exit__(self, error, *details):
        self.end_recording()
        if error is not None:
            self.release()

    def marks(self):
        """Tell, for each guard, what it was computed from: equal numbers for equal computations.

        Returns
        -------
        list of int
        """
        cdef uint64_t *mark = <uint64_t *>malloc((self.end - self.start + 1) * sizeof(uint64_t))
        cdef uint32_t i
        if mark == NULL or not self.holds:
            free(mark)
            raise MemoryError("no memory for the marks") if self.holds else RuntimeError("the recording is gone")
        try:
            for i in range(self.start, self.end):
                mark[i - self.start] = mark_of(self, mark, i)
            return [operand_mark(self, mark, (<Handle>number).node) for number, _ in self.guards]
        finally:
            free(mark)

    def arrays(self, outputs):
        """Make a program's arrays: what `fastgrad._program.Program` is made from. This can be done once.

        Parameters
        ----------
        outputs : list of scalars and floats

        Returns
        -------
        arrays : tuple
            inputs, uniforms, uniform_steps, steps, operands, outputs, guards.
        captured : list of scalars
            Those from outside, in the order of their uniforms, which are the first ones.

        Raises
        ------
        TraceError
            If an operation is a Python function's.
        """
        cdef Lowering lowering
        cdef uint32_t k
        if not self.holds or not self.end:
            raise RuntimeError("a recording becomes a program once, after it has ended")
        try:
            outputs = list(outputs)
            lowering = Lowering(self.inputs, self.start, self.end, self.detached)
            lowering.lower(outputs, self.guards)
            arrays = lowering.arrays(outputs, self.guards)
            captured = [unpinned_handle_of(lowering.captured.id[k]) for k in range(lowering.captured.count)]
        finally:
            self.release()
        self.report = report_of(self, lowering, arrays)
        return arrays, captured

    def program(self, outputs):
        """Make the program, and the list of the scalars it captures: see `arrays`."""
        from fastgrad._program import Program

        arrays, captured = self.arrays(outputs)
        return Program(*arrays), captured


cdef inline uint64_t mixed(uint64_t mark, uint64_t more) noexcept:
    mark = (mark ^ more) * <uint64_t>0x9E3779B97F4A7C15
    return mark ^ (mark >> 29)


cdef inline uint64_t bits(double number) noexcept:
    cdef uint64_t found
    memcpy(&found, &number, sizeof(number))
    return found


cdef uint64_t operand_mark(Trace trace, uint64_t *mark, uint32_t node) noexcept:
    """A number for a node: of one from outside, which may have moved since another recording, always the same."""
    if node >= trace.start:
        return mark[node - trace.start]
    if node >= trace.first_input and trace.is_input[node - trace.first_input]:
        return mixed(1, node - trace.first_input)
    return 2


cdef uint64_t mark_of(Trace trace, uint64_t *mark, uint32_t i) noexcept:
    """A number for what a node computes from what."""
    cdef uint32_t op = tape.op[i] & OP_MASK, k, n = slot_count(i)
    cdef uint64_t found = mixed(mixed(3, op), n)
    for k in range(n):
        found = mixed(found, operand_mark(trace, mark, slot_node(i, k)))
    if op == OP_LEAF:
        return mixed(found, bits(tape.data[i]))
    if op < OP_FIRST_BINARY:
        return mixed(found, bits(tape.second[i].constant))
    if is_nary(op):
        for k in range(min(n, tape.second[i].span.reals)):
            if tape.pool[tape.first[i] + k] == CONSTANT:
                found = mixed(found, bits(payload(i).reals[k]))
    return found


cdef dict report_of(Trace trace, Lowering lowering, tuple arrays):
    return {
        "nodes": trace.end - trace.start,
        "reached": lowering.reached,
        "steps": len(arrays[3]),
        "uniform_steps": arrays[2],
        "operands": len(arrays[4]),
        "constants": len(arrays[1]) - lowering.captured.count,
        "captured": lowering.captured.count,
        "guards": len(arrays[6]),
    }


# What a program looks like.

def text(inputs, uniforms, uniform_steps, steps, operands, outputs, guards):
    """A program's arrays as readable flat code: a line for each constant, step and guard.

    Returns
    -------
    str
        Values that differ from row to row are named v and their number; those that do not are u and theirs, the
        captured ones first.
    """
    first_step = inputs + len(uniforms)

    def name(value):
        known = inputs <= value < first_step + uniform_steps
        return f"u{value - inputs}" if known else f"v{value}"

    lines = [f"{', '.join(map(name, range(inputs)))}: inputs"] if inputs else []
    lines += [f"u{k} = {float(x)!r}" for k, x in enumerate(uniforms)]
    for k, (op, a, b, n) in enumerate(steps.tolist()):
        lines.append(f"{name(first_step + k)} = {step_text(op, a, b, n, operands, name)}")
    for value, truth in guards.tolist():
        lines.append(f"guard {name(value)} {'!=' if truth else '=='} 0")
    lines.append(f"return {', '.join(map(name, outputs.tolist()))}")
    return "\n".join(lines)


cdef str step_text(uint32_t op, a, b, n, operands, name):
    if op == STEP_dot:
        pairs = operands[a:a + 2 * n].tolist()
        products = ", ".join([f"{name(x)}*{name(y)}" for x, y in zip(pairs[::2], pairs[1::2])])
        return f"dot({products})" if b == <uint32_t>NO_VALUE else f"{name(b)} + dot({products})"
    if op == STEP_sum:
        return f"sum({', '.join(map(name, operands[a:a + n].tolist()))})"
    if op == STEP_select:
        return f"where({', '.join(map(name, operands[a:a + 3].tolist()))})"
    if op == STEP_stop:
        return f"stop({name(a)})"
    row = op_rows[op]
    if op < OP_FIRST_BINARY:
        return f"{row.name.decode()}({name(a)})"
    symbol = row.symbol.decode()
    if symbol in ("+", "-", "*", "/", "**", "<", ">", "<=", ">="):
        return f"{name(a)} {symbol} {name(b)}"
    return f"{row.name.decode()}({name(a)}, {name(b)})"
