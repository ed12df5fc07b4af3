"""What goes on while a recording does. The contract is in the header, trace.pxd."""

import os
import sys

from libc.stdint cimport uint8_t, uint32_t
from libc.stdlib cimport calloc, free, realloc

from fastgrad._tape.handle cimport Handle, disable_grad, grad_enabled, make
from fastgrad._tape.observer cimport ON_INPUTS, ON_OUTSIDE, Observer, current, observe, stop_observing
from fastgrad._tape.tape cimport (
    OP_LEAF, OP_detach, append, hold, let_go, no_second, reserve, resume_limit, slot_count, slot_node, tape,
)

from fastgrad._recording.remedies import REMEDIES, REMEDY
from fastgrad._tape.observer import TraceError

cdef str package = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep


cdef class Trace(Observer):
    def __cinit__(self, inputs, Py_ssize_t watched=-1):
        self.inputs, self.watched, self.seen = list(inputs), watched, ("", 0)
        self.guards = []
        self.asked = []

    def __dealloc__(self):
        if self.holds:
            let_go()
        free(self.is_input)
        free(self.on)

    cdef int begin(self) except -1:
        """Record in this thread from here on, whether it is to or not."""
        if current() is not None:
            raise RuntimeError("a recording goes on in this thread already")
        if self.start:
            raise RuntimeError("a recording cannot be made twice")
        find_inputs(self)
        hold()
        self.holds = True
        resume_limit()
        while not grad_enabled():
            disable_grad(False)
            self.silences += 1
        return observe(self)

    cdef int end_recording(self) except -1:
        self.end = tape.count
        stop_observing(self)
        while self.silences:
            disable_grad(True)
            self.silences -= 1
        return 0

    cdef int release(self) except -1:
        """Let nodes move again."""
        if self.holds:
            self.holds = False
            let_go()
            resume_limit()
        return 0

    cdef int depends(self, uint32_t node) except -1:
        """What a node depends on."""
        if node < self.start:
            return ON_INPUTS if node >= self.first_input and self.is_input[node - self.first_input] else ON_OUTSIDE
        if node >= self.known:
            learn(self)
        return self.on[node - self.start]

    # What is told of numbers: see Observer.

    cdef int raised(self, error) except -1:
        """If the function goes on after this, it does what no replay does."""
        self.error = f"{user_line()}{type(error).__name__} ({error})"
        return 0

    cdef int truth_asked(self, Handle number, bint truth) except -1:
        """If another call may give another truth, it becomes a guard."""
        if self.depends(number.node):
            if len(self.guards) == self.watched:
                frame = user_frame()
                self.seen = (frame.f_code.co_filename, frame.f_lineno) if frame is not None else ("", 0)
            self.guards.append((number, bool(truth)))
            self.asked.append(tape.count)
        return 0

    cdef int read_off(self, Handle number, str what) except -1:
        """Raise TraceError where what is done with a number would be done once, and not in every call."""
        cdef int on = self.depends(number.node)
        if on:
            whose = "depends on its arguments" if on & ON_INPUTS else "comes from outside and may change"
            raise TraceError(
                f"{user_line()}{what} of a number that {whose} would be recorded as it is now, in a compiled function. "
                f"{REMEDIES.get(what, REMEDY)}"
            )
        return 0

    cdef int used_as_integer(self, Handle number) except -1:
        """Raise TraceError where a number would be a count or an index, which has to be the same in every call."""
        if self.depends(number.node):
            raise TraceError(
                f"{user_line()}range(), an index and a sequence's repetition take an int, not a number that may differ "
                f"from call to call, as an int among a compiled function's arguments may. Take it from outside of the "
                f"arguments, for instance by functools.partial; or use where() for a choice. To pick by a label that "
                f"is an argument, give it one-hot, and take fastgrad.dot(one_hot, xs)"
            )
        return 0

    cdef int changes(self, str what) except -1:
        """Raise TraceError for what a replay would not do."""
        raise TraceError(
            f"{user_line()}{what} cannot be recorded: a compiled function computes, and changes nothing. Do it outside "
            f"of the function"
        )

    cdef object detached(self, Handle number):
        """A number that no gradient flows through, but that depends on what it is taken from."""
        reserve(1, 0)
        return make(number, append(OP_detach, number.type_code, tape.data[number.node], number.node, no_second()))

    cdef object so_far(self):
        return len(self.guards), self.error

    cdef int take_back(self, so_far) except -1:
        count, self.error = so_far
        del self.guards[count:], self.asked[count:]
        return 0


cdef int find_inputs(Trace trace) except -1:
    cdef Handle x
    for x in trace.inputs:
        if tape.op[x.node] != OP_LEAF:
            raise ValueError(f"an input must be a leaf, not {x!r}, the result of an operation")
    trace.start = trace.known = trace.first_input = tape.count
    for x in trace.inputs:
        trace.first_input = min(trace.first_input, x.node)
    trace.is_input = <uint8_t *>calloc(trace.start - trace.first_input + 1, 1)
    if trace.is_input == NULL:
        raise MemoryError(f"no memory for {len(trace.inputs):,} inputs")
    for x in trace.inputs:
        trace.is_input[x.node - trace.first_input] = True
    return 0


cdef int learn(Trace trace) except -1:
    """Find out what the nodes made so far depend on."""
    cdef uint32_t needed = tape.count - trace.start, i, k
    cdef uint8_t on
    cdef void *moved
    if needed > trace.capacity:
        moved = realloc(trace.on, 2 * <size_t>needed)
        if moved == NULL:
            raise MemoryError(f"no memory to record {needed:,} nodes")
        trace.on = <uint8_t *>moved
        trace.capacity = 2 * needed
    for i in range(trace.known, tape.count):
        on = 0
        for k in range(slot_count(i)):
            on |= depends_at(trace, slot_node(i, k))
        trace.on[i - trace.start] = on
    trace.known = tape.count
    return 0


cdef inline uint8_t depends_at(Trace trace, uint32_t node) noexcept:
    if node >= trace.start:
        return trace.on[node - trace.start]
    if node >= trace.first_input and trace.is_input[node - trace.first_input]:
        return ON_INPUTS
    return ON_OUTSIDE if node else 0


cdef bint is_library(frame) except -1:
    module = str(frame.f_globals.get("__name__"))
    return module.split(".")[0] in ("numpy", "scipy") or os.path.abspath(frame.f_code.co_filename).startswith(package)


cdef object user_frame():
    frame = sys._getframe()
    while frame is not None and is_library(frame):
        frame = frame.f_back
    return frame


cdef str user_line():
    """Where in the user's code this is, for a message."""
    frame = user_frame()
    return f"{frame.f_code.co_filename}, line {frame.f_lineno}: " if frame is not None else ""
