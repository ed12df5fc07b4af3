"""Recordings. What goes on while one is made is in _trace, what becomes of its nodes in _lower."""

from libc.stdint cimport uint32_t, uint64_t, uintptr_t
from libc.stdlib cimport calloc, free
from libc.string cimport memcpy

from fastgrad._tape.handle cimport Handle, unpinned_handle_of
from fastgrad._recording.lower cimport Lowering
from fastgrad._tape.tape cimport (
    CONSTANT, FROM_NUMBERS, FROM_SCALARS, LOSS_SHAPE_REALS, OP_FIRST_BINARY, OP_LEAF, OP_MASK, SHAPE_REALS,
    LOSS_l2_penalty, OP_layer, OP_loss, OP_pick, OP_wide_layer, is_nary, layer, layer_at, loss, loss_at, loss_reals,
    loss_targets, op_rows, operands as Operands, payload, slot_count, slot_node, tape,
)
from fastgrad._recording.trace cimport ON_INPUTS, Trace

from fastgrad._recording.trace import TraceError, recording_active

cdef extern from "programs/program.h" nogil:
    enum:
        NO_VALUE, STEP_dot, STEP_select, STEP_stop, STEP_sum

__all__ = ["Recording", "TraceError", "formulas", "names_of", "recording_active", "text"]


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
    >>> from fastgrad._recording.record import Recording, text
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
        if error is not None or self.raised is not None:
            self.release()
        if error is None and self.raised is not None:
            raise TraceError(
                f"{self.raised} was raised while recording, and the function went on. A replay does not raise, and "
                f"cannot go that way: ask beforehand, with a comparison such as `if x > 0:`, or use where()"
            )

    def marks(self, outputs):
        """Tell what was done: equal numbers for equal computations, in whatever order what is independent was done.

        Parameters
        ----------
        outputs : list of scalars and floats

        Returns
        -------
        marks : list of int
            For each guard what it asked, and for the end the outputs; and what was computed from the inputs until then.
        outside : list of scalars
            Those from outside that were used. The marks tell them from others as long as they live.
        """
        if not self.holds:
            raise RuntimeError("the recording is gone")
        cdef Marks marks = Marks(self)
        return marks_of(marks, outputs), marks.outside

    def arrays(self, outputs):
        """Make a program's arrays: what `fastgrad._programs.program.Program` is made from. This can be done once.

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
        from fastgrad._programs.program import Program

        arrays, captured = self.arrays(outputs)
        return Program(*arrays), captured


# Marks: a number for what a node computes from what, mixed from its operands'; for all nodes up to a guard, the sum of
# theirs. Other threads' nodes may be among those of a recording, but stand on none of its inputs, nor does what matters
# here stand on them: they have no marks, lest what they stand on be kept alive.

cdef class Marks:
    cdef Trace trace
    cdef uint64_t *mark  # of nodes, as far as they are known
    cdef list outside    # scalars

    def __cinit__(self, Trace trace):
        cdef uint32_t k
        self.trace, self.outside = trace, []
        self.mark = <uint64_t *>calloc(trace.end, sizeof(uint64_t))
        if self.mark == NULL:
            raise MemoryError(f"no memory for the marks of {trace.end - trace.start:,} nodes")
        for k in range(<uint32_t>len(trace.inputs)):
            self.mark[(<Handle>trace.inputs[k]).node] = mixed(k + 1, 0)

    def __dealloc__(self):
        free(self.mark)


cdef list marks_of(Marks marks, outputs):
    cdef Trace trace = marks.trace
    cdef uint64_t total = 0, found = 3
    cdef uint32_t done = trace.start, count
    asked = []
    find_marked(marks, outputs)
    for (number, _), count in zip(trace.guards, trace.asked):
        total += sum_of_new(marks, done, count)
        done = count
        asked.append(mixed(total, mark_at(marks, (<Handle>number).node)))
    total += sum_of_new(marks, done, trace.end)
    for x in outputs:
        found = mixed(found, mark_of_output(marks, x))
    return [*asked, mixed(total, found)]


cdef int find_marked(Marks marks, outputs) except -1:
    """Set the marks to 1 of nodes on the inputs, of guards and outputs, and of what these stand on."""
    cdef Trace trace = marks.trace
    cdef uint32_t i, k, operand
    if trace.end > trace.start:
        trace.depends(trace.end - 1)  # after which it is known of all before, too
    for x in [*outputs, *[number for number, _ in trace.guards]]:
        if isinstance(x, Handle) and (<Handle>x).node >= trace.end:
            raise ValueError(f"{x!r} was made after the recording")
        if isinstance(x, Handle) and (<Handle>x).node >= trace.start:
            marks.mark[(<Handle>x).node] = 1
    for i in range(trace.end - 1, trace.start - 1, -1):
        if marks.mark[i] or trace.on[i - trace.start] & ON_INPUTS:
            marks.mark[i] = 1
            for k in range(slot_count(i)):
                operand = slot_node(i, k)
                if operand >= trace.start:
                    marks.mark[operand] = 1
    return 0


cdef uint64_t sum_of_new(Marks marks, uint32_t start, uint32_t end) except? 0:
    """Mark some nodes; return the sum over those that stand on the inputs."""
    cdef Trace trace = marks.trace
    cdef uint64_t total = 0
    cdef uint32_t i
    for i in range(start, end):
        if not marks.mark[i]:
            continue
        marks.mark[i] = mark_of(marks, i)
        if trace.on[i - trace.start] & ON_INPUTS:
            total += marks.mark[i]
    return total


cdef uint64_t mark_of_output(Marks marks, x) except? 0:
    if not isinstance(x, Handle):
        return bits(x)
    return mark_at(marks, (<Handle>x).node)


cdef inline uint64_t mark_at(Marks marks, uint32_t node) except? 0:
    """The mark of a node, 0 for none; a scalar from outside is told from others by its handle."""
    if marks.mark[node] == 0 and node and node < marks.trace.start:
        scalar = unpinned_handle_of(node)
        marks.outside.append(scalar)
        marks.mark[node] = <uintptr_t><void *>scalar
    return marks.mark[node]


cdef uint64_t mark_of(Marks marks, uint32_t i) except? 0:
    """A number for what a node computes from what."""
    cdef uint32_t op = tape.op[i] & OP_MASK, k, n = slot_count(i)
    cdef uint64_t found = mixed(mixed(3, op), n)
    for k in range(n):
        found = mixed(found, mark_at(marks, slot_node(i, k)))
    return mixed_with_numbers(found, i, op)


cdef uint64_t mixed_with_numbers(uint64_t found, uint32_t i, uint32_t op) noexcept:
    """Mix in the plain numbers among a node's operands."""
    cdef Operands x
    if op == OP_LEAF:
        return mixed(found, bits(tape.data[i]))
    if op < OP_FIRST_BINARY:
        return mixed(found, bits(tape.second[i].constant))
    if op == OP_pick:
        return mixed(found, tape.second[i].place)
    if not is_nary(op):
        return found
    x = payload(i)
    if op == OP_layer or op == OP_wide_layer:
        return mixed_with_layer(found, &x)
    if op == OP_loss:
        return mixed_with_loss(found, &x)
    return mixed_with_constants(found, x.slots, x.reals, min(x.n, tape.second[i].span.reals))


cdef uint64_t mixed_with_layer(uint64_t found, Operands *x) noexcept:
    cdef layer at = layer_at(x.reals)
    found = mixed_with_all(found, x.reals, SHAPE_REALS)
    if at.shape.inputs == FROM_NUMBERS:
        return mixed_with_all(found, at.in_, <uint64_t>at.shape.rows * at.shape.nin)
    if at.shape.inputs == FROM_SCALARS:
        return mixed_with_constants(found, x.slots + 1, at.in_, x.n - 1)
    return found


cdef uint64_t mixed_with_loss(uint64_t found, Operands *x) noexcept:
    cdef loss at = loss_at(x.reals)
    cdef bint of_scalars = at.shape.inputs == FROM_SCALARS
    if at.shape.loss == LOSS_l2_penalty:
        return mixed_with_all(found, x.reals, loss_reals(&at.shape))
    found = mixed_with_all(found, x.reals, LOSS_SHAPE_REALS + loss_targets(&at.shape))
    return mixed_with_constants(found, x.slots, at.predictions, x.n) if of_scalars else found


cdef uint64_t mixed_with_constants(uint64_t found, const uint32_t *slots, const double *numbers, uint64_t n) noexcept:
    cdef uint64_t k
    for k in range(n):
        if slots[k] == CONSTANT:
            found = mixed(found, bits(numbers[k]))
    return found


cdef uint64_t mixed_with_all(uint64_t found, const double *numbers, uint64_t n) noexcept:
    cdef uint64_t k
    for k in range(n):
        found = mixed(found, bits(numbers[k]))
    return found


cdef inline uint64_t mixed(uint64_t mark, uint64_t more) noexcept:
    mark = (mark ^ more) * <uint64_t>0x9E3779B97F4A7C15
    return mark ^ (mark >> 29)


cdef inline uint64_t bits(double number) noexcept:
    cdef uint64_t found
    memcpy(&found, &number, sizeof(number))
    return found


# What came of it.

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
        Values are named as by `names_of`.
    """
    name = names_of(inputs, uniforms, uniform_steps)
    lines = [f"{', '.join(map(name, range(inputs)))}: inputs"] if inputs else []
    lines += [f"u{k} = {float(x)!r}" for k, x in enumerate(uniforms)]
    for value, formula, _ in formulas(inputs, uniforms, uniform_steps, steps, operands):
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


def formulas(inputs, uniforms, uniform_steps, steps, operands):
    """List a program's steps: the value, how it is computed as text, and the values of which."""
    name = names_of(inputs, uniforms, uniform_steps)
    found = []
    for value, (op, a, b, n) in enumerate(steps.tolist(), inputs + len(uniforms)):
        of = values_of_step(op, a, b, n, operands)
        found.append((value, formula_of(op, [name(x) for x in of], b == <uint32_t>NO_VALUE), of))
    return found


cdef list values_of_step(uint32_t op, uint32_t a, uint32_t b, uint32_t n, operands):
    """A step's operands, of a dot the bias first."""
    if op == STEP_dot:
        return [*([] if b == <uint32_t>NO_VALUE else [b]), *operands[a:a + 2 * n].tolist()]
    if op == STEP_sum or op == STEP_select:
        return operands[a:a + (n if op == STEP_sum else 3)].tolist()
    return [a] if op < OP_FIRST_BINARY or op == STEP_stop else [a, b]


cdef str formula_of(uint32_t op, list x, bint no_bias):
    if op == STEP_dot:
        bias = "" if no_bias else f"{x.pop(0)} + "
        return f"{bias}dot({', '.join([f'{p}*{q}' for p, q in zip(x[::2], x[1::2])])})"
    symbol = op_rows[op].symbol.decode() if OP_FIRST_BINARY <= op < STEP_dot else ""
    if symbol in ("+", "-", "*", "/", "**", "<", ">", "<=", ">="):
        return f"{x[0]} {symbol} {x[1]}"
    return f"{name_of_step(op)}({', '.join(x)})"


cdef str name_of_step(uint32_t op):
    if op == STEP_sum:
        return "sum"
    if op == STEP_select:
        return "where"
    return "stop" if op == STEP_stop else op_rows[op].name.decode()
