"""Parameters as one flat array, and steps over them. The contract is in the header, parameters.pxd."""

from operator import index

cimport cython
from libc.math cimport INFINITY, isinf, pow
from libc.stdint cimport uint32_t, uint64_t
from libc.stdlib cimport calloc, free
from libc.string cimport memcpy, memset

from fastgrad._layers.leaves cimport Leaves
from fastgrad._programs.arrays cimport doubles_of, memory_of, new_array
from fastgrad._tape.convert cimport number_of
from fastgrad._tape.handle cimport unpinned_handle_of
from fastgrad._tape.node cimport Node
from fastgrad._tape.observer cimport observers, refuse_always
from fastgrad._tape.tape cimport OP_LEAF, OP_MASK, hold, let_go, tape


@cython.no_gc_clear  # the parts point into what `stretches` holds
cdef class Parameters:
    """Scalars and parts of `Leaves`, in order, as one flat array of numbers and one of gradients.

    Parameters
    ----------
    stretches : iterable of scalars and (leaves, start, stop)
        Of `Leaves` those from start up to stop.
    """

    def __cinit__(self, stretches):
        self.stretches = tuple([checked_stretch(stretch) for stretch in stretches])
        self.parts = <Part *>calloc(len(self.stretches) + 1, sizeof(Part))
        if self.parts == NULL:
            raise MemoryError(f"no memory for {len(self.stretches):,} parameters")
        for stretch in self.stretches:
            add_part(self, part_of(stretch))

    def __dealloc__(self):
        free(self.parts)

    def __len__(self):
        return self.length

    @property
    def data(self):
        """The numbers, a new array of shape (n,)."""
        return copied(self, False)

    def set_data(self, numbers):
        """Write n numbers; nothing is written if there are more or less."""
        assign(self, False, checked_numbers(numbers, self.length, "data"))

    @property
    def grad(self):
        """The gradients, a new array of shape (n,)."""
        return copied(self, True)

    def set_grad(self, numbers):
        """Write n gradients; nothing is written if there are more or less."""
        assign(self, True, checked_numbers(numbers, self.length, "grad"))

    def zero_grad(self):
        """Set the gradients to 0."""
        clear(self)

    def scalars(self):
        """The numbers as scalars, a list."""
        cdef uint64_t i, k
        scalars = []
        for i in range(self.part_count):
            for k in range(self.parts[i].length):
                scalars.append(unpinned_handle_of(first_of(&self.parts[i]) + <uint32_t>k))
        return scalars

    def check(self):
        """Raise ValueError unless every parameter is a leaf, and there once."""
        for stretch in self.stretches:
            if isinstance(stretch, Node) and tape.op[(<Node>stretch).node] & OP_MASK != OP_LEAF:
                raise ValueError(f"params must be leaves, but {stretch!r} is the result of an operation")
        check_distinct(self)

    def grad_norm(self, double power):
        """The norm of the gradients, as one vector: infinity for the largest magnitude."""
        cdef double largest = 0.0, total = 0.0
        cdef uint64_t i
        for i in range(self.part_count):
            largest = largest_of(largest, self.parts[i].length, tape.grad + first_of(&self.parts[i]))
        if isinf(power) or largest == 0.0 or largest - largest != 0.0:
            return largest
        for i in range(self.part_count):
            total += sum_of_powers(self.parts[i].length, tape.grad + first_of(&self.parts[i]), largest, power)
        return largest * pow(total, 1.0 / power)

    def scale_grad(self, double factor):
        """Multiply the gradients."""
        cdef uint64_t i
        for i in range(self.part_count):
            scale(self.parts[i].length, tape.grad + first_of(&self.parts[i]), factor)

    def clamp_grad(self, double bound):
        """Bring the gradients into [-bound, bound]."""
        cdef uint64_t i
        for i in range(self.part_count):
            clamp(self.parts[i].length, tape.grad + first_of(&self.parts[i]), bound)

    def __reduce__(self):
        return Parameters, (self.stretches,)

    def __repr__(self):
        return f"<{self.length:,} parameters>"


# Parts.

cdef object checked_stretch(stretch):
    if isinstance(stretch, Node):
        return stretch
    if not (isinstance(stretch, tuple) and len(stretch) == 3 and isinstance(stretch[0], Leaves)):
        kind = type(stretch).__name__
        raise TypeError(f"a stretch is a scalar or (leaves, start, stop), not {stretch!r:.60} of type {kind}")
    leaves, start, stop = stretch[0], index(stretch[1]), index(stretch[2])
    if not 0 <= start <= stop <= len(leaves):
        raise ValueError(f"there are no parameters {start} to {stop} in {leaves!r}")
    return leaves, start, stop


cdef Part part_of(stretch) except *:
    cdef Part part
    if isinstance(stretch, Node):
        part.node, part.of_leaves, part.offset, part.length = &(<Node>stretch).node, False, 0, 1
    else:
        leaves, start, stop = stretch
        part.node, part.of_leaves, part.offset, part.length = &(<Leaves>leaves).root.node, True, start, stop - start
    return part


cdef int add_part(Parameters parameters, Part part) noexcept:
    cdef Part *last = &parameters.parts[parameters.part_count]
    if not part.length:
        return 0
    parameters.length += part.length
    if parameters.part_count and first_of(&part) == first_of(last - 1) + (last - 1).length:
        (last - 1).length += part.length
    else:
        last[0] = part
        parameters.part_count += 1
    return 0


cdef int check_distinct(Parameters parameters) except -1:
    cdef uint64_t i, end = 0
    hold()
    try:
        parts = [(first_of(&parameters.parts[i]), parameters.parts[i].length) for i in range(parameters.part_count)]
        for start, length in sorted(parts):
            if start < end:
                raise ValueError(f"params has {unpinned_handle_of(start)!r} more than once")
            end = start + length
    finally:
        let_go()
    return 0


# Arrays in and out.

cdef int check_no_recording() except -1:
    return refuse_always("reading or writing parameters as an array") if observers.count else 0


cdef object copied(Parameters parameters, bint grad):
    cdef double *numbers
    cdef Part *part
    cdef uint64_t i
    check_no_recording()
    array = new_array(parameters.length, &numbers)
    for i in range(parameters.part_count):
        part = &parameters.parts[i]
        memcpy(numbers, (tape.grad if grad else tape.data) + first_of(part), part.length * sizeof(double))
        numbers += part.length
    return array


cdef int assign(Parameters parameters, bint grad, array) except -1:
    cdef double *numbers = <double *>memory_of(array)
    cdef Part *part
    cdef uint64_t i
    check_no_recording()
    for i in range(parameters.part_count):
        part = &parameters.parts[i]
        memcpy((tape.grad if grad else tape.data) + first_of(part), numbers, part.length * sizeof(double))
        numbers += part.length
    return 0


cdef object checked_numbers(numbers, uint64_t length, str what):
    """An array of so many contiguous doubles, or an exception that says what is wrong."""
    import numpy

    try:
        array = numpy.asarray(numbers)
    except ValueError:
        array = numpy.empty((), dtype=object)
    doubles = doubles_of(array)
    if doubles is None:
        kind = type(numbers).__name__
        raise TypeError(f"{what} must be an array of real numbers, not {numbers!r:.60} of type {kind}")
    if array.shape != (length,):
        raise ValueError(f"{what} must be an array of shape ({length},), not {array.shape}")
    return doubles


cdef inline int clear(Parameters parameters) noexcept:
    cdef Part *part
    cdef uint64_t i
    for i in range(parameters.part_count):
        part = &parameters.parts[i]
        memset(tape.grad + first_of(part), 0, part.length * sizeof(double))
    return 0


# Steps.

cdef dict rules = {update_rules[code].name.decode(): code for code in range(<int>RULE_END)}
cdef dict option_codes = {option_names[code].decode(): code for code in range(<int>OPTION_END)}


def real(number, str name, double below=INFINITY):
    """Read a number of at least 0 and below another."""
    cdef double given = number_of(number, name)
    if not 0.0 <= given < below:
        limit = f"below {below:g}" if below < INFINITY else "finite"
        raise ValueError(f"{name} must be at least 0 and {limit}, not {given}")
    return given


@cython.auto_pickle(False)
cdef class Update:
    """An update rule, its options and its state, and the parameters it is for: the compiled part of an optimizer."""

    def __cinit__(self, *args, **kwargs):
        pass

    def __dealloc__(self):
        free(self.state)

    def _begin(self, Parameters parameters not None, str rule, dict options, double steps=0.0, dict arrays=None):
        """Be a rule for parameters, after so many steps, with the contents of the state arrays that are not 0."""
        cdef unsigned code = rules[rule]
        cdef uint64_t length = parameters.length
        cdef update now
        cdef double *state
        given = [(k, checked_numbers((arrays or {})[name], length, name)) for k, name in places_of(code, arrays or {})]
        memset(&now, 0, sizeof(now))
        for name, value in options.items():
            now.options[<unsigned>option_codes[name]] = value
        now.steps = steps
        state = <double *>calloc(update_rules[code].states * length + 1, sizeof(double))
        if state == NULL:
            raise MemoryError(f"no memory for the state of {length:,} parameters")
        for k, array in given:
            memcpy(state + <uint64_t>k * length, memory_of(array), length * sizeof(double))
        free(self.state)
        _before = self.parameters  # which goes when all is in place
        self.state, self.parameters, self.rule, self.now = state, parameters, code, now

    def step(self):
        """Change the parameters once, by their gradients."""
        check_no_recording()
        take_step(self, begun(self))

    def zero_grad(self):
        """Set the parameters' gradients to 0."""
        clear(begun(self))

    @property
    def lr(self):
        """The learning rate. It may be set at any time."""
        return self.now.options[OPTION_lr]

    @lr.setter
    def lr(self, number):
        self.now.options[OPTION_lr] = real(number, "lr")

    def _option(self, str name):
        return self.now.options[<unsigned>option_codes[name]]

    def _steps(self):
        begun(self)
        return int(self.now.steps)

    def _array(self, str name):
        """A copy of a state array."""
        cdef uint64_t length = begun(self).length
        cdef double *numbers
        array = new_array(length, &numbers)
        for k, _ in places_of(self.rule, [name]):
            memcpy(numbers, self.state + <uint64_t>k * length, length * sizeof(double))
        return array


cdef list places_of(unsigned code, names):
    """The number and the name of the rule's state arrays that are among these."""
    own = [update_rules[code].state_names[k].decode() for k in range(update_rules[code].states)]
    return [(k, name) for k, name in enumerate(own) if name in names]


cdef Parameters begun(Update update):
    if update.parameters is None:
        raise TypeError(f"this {type(update).__name__} has no parameters: its __init__ was not called")
    return update.parameters


cdef int take_step(Update optimizer, Parameters parameters) noexcept:
    cdef leaves s
    cdef uint64_t i, offset = 0
    cdef unsigned k
    begin_step(optimizer.rule, &optimizer.now)
    for i in range(parameters.part_count):
        s.n = parameters.parts[i].length
        s.data = tape.data + first_of(&parameters.parts[i])
        s.grad = tape.grad + first_of(&parameters.parts[i])
        for k in range(update_rules[optimizer.rule].states):
            s.state[k] = optimizer.state + k * parameters.length + offset
        update_stretch(optimizer.rule, &optimizer.now, &s)
        offset += s.n
    return 0
