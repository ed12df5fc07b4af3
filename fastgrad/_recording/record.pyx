"""Recordings. What goes on while one is made is in trace, what becomes of its nodes in lower."""

from libc.stdint cimport uint32_t, uint64_t, uintptr_t
from libc.stdlib cimport calloc, free

from fastgrad._recording.lower cimport Lowering
from fastgrad._recording.trace cimport Trace
from fastgrad._tape.handle cimport Handle, unpinned_handle_of
from fastgrad._tape.kinds cimport kinds, mixed, mixed_number
from fastgrad._tape.observer cimport ON_INPUTS
from fastgrad._tape.tape cimport OP_FIRST_BINARY, OP_FIRST_NARY, OP_LEAF, OP_MASK, slot_count, slot_node, tape

from fastgrad._programs.program import Program
from fastgrad._tape.observer import TraceError


cdef class Recording(Trace):
    """A context in which this thread's operations on scalars are recorded, to become a program.

    While it is on, no node is collected. A truth value that Python asks of a number that depends on the inputs, or on
    scalars from outside, becomes a guard; what would read such a number off raises `TraceError`.

    Parameters
    ----------
    inputs : list of Scalar or Value
        Leaves, made just before.
    watched : int, optional
        The number of a guard, of which `seen` tells where in the user's code it was asked.

    Attributes
    ----------
    guards : list of (scalar, bool)
        Whose truth was asked, and the outcome, in that order.
    report : dict
        After `arrays` or `program`: sizes before and after.

    Examples
    --------
    >>> import fastgrad
    >>> from fastgrad._programs.listing import text
    >>> from fastgrad._recording.record import Recording
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
        if error is not None or self.error is not None:
            self.release()
        if error is None and self.error is not None:
            raise TraceError(
                f"{self.error} was raised while recording, and the function went on. A replay does not raise, and "
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
            lowering = Lowering(self.inputs, self.start, self.end)
            lowering.lower(outputs, self.guards)
            arrays = lowering.arrays(outputs, self.guards)
            captured = [unpinned_handle_of(lowering.captured.id[k]) for k in range(lowering.captured.count)]
        finally:
            self.release()
        self.report = report_of(self, lowering, arrays)
        return arrays, captured

    def program(self, outputs):
        """Make the program, and the list of the scalars it captures: see `arrays`."""
        arrays, captured = self.arrays(outputs)
        return Program(*arrays), captured

    def drop(self):
        """Let nodes move again: nothing more is wanted of this."""
        self.release()


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
        return mixed_number(5, x)
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
    if op == OP_LEAF:
        return mixed_number(found, tape.data[i])
    if op < OP_FIRST_BINARY:
        return mixed_number(found, tape.second[i].constant)
    return found if op < OP_FIRST_NARY else kinds[op].digest(i, found)


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
