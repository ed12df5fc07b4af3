# distutils: extra_compile_args = -O2
"""Nodes with operands in a payload, built. The contract is in the header, payloads.pxd."""

from cpython.list cimport PyList_CheckExact
from cpython.tuple cimport PyTuple_CheckExact
from libc.stdint cimport uint64_t
from libc.string cimport memset

from fastgrad._tape.convert cimport as_operands, list_from, most_derived, number_of
from fastgrad._tape.handle cimport MANY, grad_enabled, leaf, make, owner_of
from fastgrad._tape.tape cimport (
    CONSTANT, OP_LEAF, OP_dot, OP_softmax, OP_user, Span, append, append_payload, nary_memory, no_second, payload,
    payload_units, reserve, tape,
)

cdef extern from "Python.h":
    PyTypeObject *Py_TYPE(PyObject *)
    Py_ssize_t Py_SIZE(object)
    PyObject **PySequence_Fast_ITEMS(object)  # of a list or tuple
    bint PyObject_TypeCheck(PyObject *, PyTypeObject *)
    double PyFloat_AS_DOUBLE(PyObject *)
    bint PyLong_CheckExact(PyObject *)
    long long PyLong_AsLongLongAndOverflow(PyObject *, int *overflow)

cdef extern from *:
    bint likely(bint)  # keeps what it says close together: a tenth of the time of a sum of 16 products


cdef object write(uint32_t op, xs, str what, Row *row):
    """Write the operands, from any iterable of scalars and numbers. Return what holds them, which is to be kept.

    They are written as they lie there, if looking at them is all it takes; else after all of them have been read.
    """
    cdef Handle like = None
    while not written(op, xs, like, row):
        if size_of(xs) < 0:
            xs = list_from(xs, what)
        else:
            xs = as_operands(list(xs), what)
            like = most_derived(xs)
        if not xs:
            row.x.n, row.like = 0, NULL
            break
    return xs


cdef bint written(uint32_t op, xs, Handle like, Row *row) except -1:
    """Write the operands that lie in a list or tuple, if there are any and it takes no more than looking at them."""
    cdef Py_ssize_t n = size_of(xs)
    if n <= 0:
        return False
    begin(op, n, row)
    return size_of(xs) == n and fill(row, PySequence_Fast_ITEMS(xs), n, 0, 1) and chosen(row, like)


cdef bint dot_written(xs, ys, bias, Row *row) except -1:
    """The same for the operands of a sum of products, which take turns."""
    cdef Py_ssize_t n = size_of(xs)
    cdef PyObject *first = <PyObject *>bias
    if n < 0:
        return False
    begin(OP_dot, 2 * n + 1, row)
    if size_of(xs) != n or size_of(ys) != n or not fill(row, &first, 1, 0, 2):
        return False
    if not fill(row, PySequence_Fast_ITEMS(xs), n, 1, 2) or not fill(row, PySequence_Fast_ITEMS(ys), n, 2, 2):
        return False
    return chosen(row, None)


cdef inline Py_ssize_t size_of(xs) noexcept:
    """How many items a list or tuple has; -1 of anything else."""
    return Py_SIZE(xs) if PyList_CheckExact(xs) or PyTuple_CheckExact(xs) else -1


cdef inline int begin(uint32_t op, Py_ssize_t n, Row *row) except -1:
    """Make room for n operands and a node, a softmax's for n more. That may run any code: what it may change is looked
    at afterwards."""
    cdef uint64_t memory = nary_memory(op, n), units = payload_units(n, n + memory)
    cdef uint64_t nodes = n + 1 if op == OP_softmax else 1
    row.records = True
    if tape.count + nodes > tape.limit or tape.pool_count + units > min(tape.pool_capacity, tape.pool_threshold):
        row.records = grad_enabled()
        reserve(nodes, units)
    row.x.n, row.x.slots, row.x.data = n, tape.pool + tape.pool_count, tape.data
    row.x.reals = <double *>(row.x.slots + n + (n & 1))
    row.like, row.kind, row.mixed = NULL, NULL, False
    row.room, row.reals = n + memory, 0
    if memory:
        use_reals(row)
    return 0


cdef inline void use_reals(Row *row) noexcept:
    """Let the payload have doubles. Else their memory is not touched: beside scalars it is twice as much as these."""
    row.reals = row.room
    memset(row.x.reals, 0, row.reals * sizeof(double))


cdef inline bint fill(Row *row, PyObject **xs, Py_ssize_t n, Py_ssize_t place, Py_ssize_t step) noexcept:
    """Write operands into every so many slots, from a place on. False where one is no scalar, float or int of usual
    size: what reading it does nobody knows."""
    cdef uint32_t *slots = <uint32_t *>row.x.slots
    cdef PyTypeObject *kind = row.kind
    cdef Py_ssize_t k
    for k in range(n):
        if likely(Py_TYPE(xs[k]) == kind):
            slots[place] = (<Handle>xs[k]).node
        elif likely(Py_TYPE(xs[k]) == <PyTypeObject *>float):
            put_number(row, place, PyFloat_AS_DOUBLE(xs[k]))
        elif likely(put(row, place, xs[k])):
            kind = row.kind
        else:
            return False
        place += step
    return True


cdef bint put(Row *row, Py_ssize_t place, PyObject *x) noexcept:
    """Write the first scalar, one of another type, or an int."""
    cdef int overflow
    cdef long long number
    if PyObject_TypeCheck(x, <PyTypeObject *>Handle) and (<Handle>x).type_code != MANY:
        row.mixed = row.kind != NULL
        if not row.mixed:
            row.kind = Py_TYPE(x)
        (<uint32_t *>row.x.slots)[place] = (<Handle>x).node
        return True
    if not PyLong_CheckExact(x):
        return False
    number = PyLong_AsLongLongAndOverflow(x, &overflow)
    put_number(row, place, <double>number)
    return not overflow


cdef inline void put_number(Row *row, Py_ssize_t place, double number) noexcept:
    if row.reals == 0:
        use_reals(row)
    (<uint32_t *>row.x.slots)[place] = CONSTANT
    row.x.reals[place] = number


cdef inline bint chosen(Row *row, Handle like) noexcept:
    """Say what the result is like, unless scalars of several types are to be compared first, which may run code."""
    cdef uint32_t k
    if like is not None:
        row.like = <PyObject *>like
        return True
    for k in range(row.x.n):
        if row.x.slots[k] != CONSTANT:
            row.like = owner_of(row.x.slots[k])
            break
    return not row.mixed


cdef object given_value(uint32_t op, list xs, double value):
    """A node of an operation whose value Python computes."""
    cdef Row row
    xs = write(op, xs, "", &row)
    return finish(op, value, &row)


cdef object finish(uint32_t op, double value, Row *row):
    """The result: a plain number where no scalar took part, a leaf where nothing is recorded."""
    cdef Handle like
    if row.like == NULL:
        return value
    like = <Handle>row.like
    if not row.records:
        return leaf(like, value)
    return make(like, append_payload(op, like.type_code, value, Span(row.x.n, row.reals)))


cdef uint32_t user_node(Handle like, double value, list children, object slopes) except 0:
    """A node with a value, operands, and perhaps slopes, given from outside. The caller makes the handle."""
    cdef Span span
    cdef operands x
    cdef uint32_t k
    cdef bint records
    for child in children:
        if not isinstance(child, Handle) or (<Handle>child).type_code == MANY:
            raise TypeError(f"a node's children must be scalars, not {child!r} of type {type(child).__name__}")
    numbers = [number_of(slope, "a local gradient") for slope in slopes] if slopes is not None else []
    if numbers and len(numbers) != len(children):
        raise ValueError(f"{len(children)} children need as many local gradients, not {len(numbers)}")
    span.n = len(children)
    span.reals = len(numbers)
    records = grad_enabled()
    reserve(1, payload_units(span.n, span.reals))
    if not records:
        return append(OP_LEAF, like.type_code, value, 0, no_second())
    for k in range(span.n):
        tape.pool[tape.pool_count + k] = (<Handle>children[k]).node
    x = payload(append_payload(OP_user, like.type_code, value, span))
    for k in range(span.reals):
        x.reals[k] = numbers[k]
    return tape.count - 1
