"""Nodes as symbols. The contract is in the header, symbols.pxd."""

from libc.math cimport NAN
from libc.stdint cimport uint32_t, uint64_t
from libc.string cimport memcpy, memset

from fastgrad._tape.convert cimport as_operands, most_derived
from fastgrad._tape.handle cimport Handle, unpinned_handle_of
from fastgrad._tape.kinds cimport NO_SYMBOL
from fastgrad._tape.tape cimport (
    OP_FIRST_BINARY, OP_FIRST_NARY, OP_FIRST_VC, OP_LEAF, OP_TO_CV, OP_TO_VC, OP_detach, OP_dot, OP_select, OP_sloped,
    OP_sum, Second, Span, append, append_payload, hold, let_go, nary_value, no_second, op_rows, op_value1, op_value2,
    operands, payload, payload_units, reserve, tape,
)

cdef extern from "operations/algebra.h" nogil:
    symbol op_slope_a_symbol(algebra *s, unsigned op, symbol a, symbol b, symbol y)
    symbol op_slope_b_symbol(algebra *s, unsigned op, symbol a, symbol b, symbol y)


cdef void begin_nodes(Nodes *s, uint32_t type_code) noexcept:
    s.functions = algebra(constant, one, two, sum_of, dot_of, select, stop, sloped, known)
    s.type_code, s.failed, s.start, s.next_constant = type_code, False, tape.count, 0
    memset(s.constants, 0, sizeof(s.constants))


cdef inline bint room(Nodes *s, uint32_t units) noexcept:
    return (not units and tape.count < tape.limit) or more_room(s, units)


cdef bint more_room(Nodes *s, uint32_t units) noexcept:
    try:
        reserve(1, units)
    except MemoryError:
        s.failed = True
    return not s.failed


cdef symbol constant(algebra *s, double x) noexcept:
    cdef Nodes *nodes = <Nodes *>s
    cdef uint64_t bits
    cdef symbol made
    cdef int k
    memcpy(&bits, &x, sizeof(x))
    for k in range(REMEMBERED):
        if nodes.constants[k] and nodes.bits[k] == bits:
            return nodes.constants[k]
    if not room(nodes, 0):
        return 0
    made = append(OP_LEAF, nodes.type_code, x, 0, no_second())
    nodes.constants[nodes.next_constant], nodes.bits[nodes.next_constant] = made, bits
    nodes.next_constant = (nodes.next_constant + 1) % REMEMBERED
    return made


cdef symbol stop(algebra *s, symbol a) noexcept:
    return one(s, OP_detach, a)


cdef symbol one(algebra *s, unsigned op, symbol a) noexcept:
    cdef double y = op_value1(op, tape.data[a], 0.0)
    if is_constant(<Nodes *>s, a):
        return constant(s, y)
    return append(op, (<Nodes *>s).type_code, y, a, no_second()) if room(<Nodes *>s, 0) else 0


cdef symbol two(algebra *s, unsigned op, symbol a, symbol b) noexcept:
    """A constant operand is part of the node, as the tape has it."""
    cdef Second second = no_second()
    cdef double y = op_value2(op, tape.data[a], tape.data[b])
    cdef bint by_constant = is_constant(<Nodes *>s, b)
    if by_constant and is_constant(<Nodes *>s, a):
        return constant(s, y)
    if not room(<Nodes *>s, 0):
        return 0
    if by_constant:
        second.constant = tape.data[b]
        return append(op + OP_TO_VC, (<Nodes *>s).type_code, y, a, second)
    if is_constant(<Nodes *>s, a):
        second.constant = tape.data[a]
        return append(op + OP_TO_CV, (<Nodes *>s).type_code, y, b, second)
    second.node = b
    return append(op, (<Nodes *>s).type_code, y, a, second)


cdef symbol many(Nodes *s, uint32_t op, symbol first, const symbol *x, uint32_t n) noexcept:
    """A node of operands `first`, unless it is NO_SYMBOL, and x."""
    cdef uint32_t extra = first != NO_SYMBOL, k, node
    cdef uint32_t *slots
    cdef operands own
    if not room(s, <uint32_t>payload_units(n + extra, 0)):
        return 0
    slots = tape.pool + tape.pool_count
    if extra:
        slots[0] = first
    for k in range(n):
        slots[k + extra] = x[k]
    node = append_payload(op, s.type_code, NAN, Span(n + extra, 0))
    own = payload(node)
    tape.data[node] = nary_value(op, &own)
    return node


cdef symbol sum_of(algebra *s, const symbol *x, uint32_t n) noexcept:
    return many(<Nodes *>s, OP_sum, NO_SYMBOL, x, n) if n else constant(s, 0.0)


cdef symbol dot_of(algebra *s, symbol bias, const symbol *x, uint32_t n) noexcept:
    return many(<Nodes *>s, OP_dot, constant(s, -0.0) if bias == NO_SYMBOL else bias, x, 2 * n)


cdef symbol select(algebra *s, symbol condition, symbol yes, symbol no) noexcept:
    cdef symbol[2] cases = [yes, no]
    return many(<Nodes *>s, OP_select, condition, cases, 2)


cdef symbol sloped(algebra *s, symbol y, symbol x, symbol slope) noexcept:
    cdef symbol[2] by = [x, slope]
    return many(<Nodes *>s, OP_sloped, y, by, 2)


cdef int known(algebra *s, symbol a, double *x) noexcept:
    x[0] = tape.data[a]
    return is_constant(<Nodes *>s, a)


def slopes_of(str name, *numbers):
    """The slopes of an operation by its operands, as scalars that have gradients themselves.

    Parameters
    ----------
    name : str
        Of an operation of one or two numbers, as docs/operations.md has it.
    *numbers : scalars and numbers
        Its operands; one of them at least is a scalar.

    Returns
    -------
    list of Scalar or Value
        The partial derivative by each.

    Raises
    ------
    ValueError
        If there is no operation of that name and so many operands.
    TypeError
        If no operand is a scalar.

    Examples
    --------
    >>> import fastgrad
    >>> from fastgrad._tape.symbols import slopes_of
    >>> x = fastgrad.Value(0.5)
    >>> (slope,) = slopes_of("sin", x)
    >>> slope.backward()
    >>> slope.data == fastgrad.math.cos(0.5), x.grad == -fastgrad.math.sin(0.5)
    (True, True)
    """
    cdef list given = as_operands(list(numbers), "slopes_of()")
    cdef Handle like = most_derived(given)
    cdef uint32_t op = code_of(name, len(given))
    if like is None:
        raise TypeError("slopes_of() takes at least one scalar")
    hold()
    try:
        return [unpinned_handle_of(node) for node in slope_nodes(op, like, given)]
    finally:
        let_go()


cdef uint32_t code_of(str name, Py_ssize_t count) except 0:
    cdef uint32_t op
    codes = range(1, OP_FIRST_VC) if count == 1 else range(OP_FIRST_BINARY, OP_FIRST_NARY) if count == 2 else []
    for op in codes:
        if op_rows[op].name.decode() == name:
            return op
    raise ValueError(f"there is no operation {name!r} of {count} operands")


cdef list slope_nodes(uint32_t op, Handle like, list given):
    cdef Nodes s
    cdef symbol[2] x
    cdef symbol y
    cdef uint32_t k, n = <uint32_t>len(given)
    begin_nodes(&s, like.type_code)
    for k in range(n):
        x[k] = (<Handle>given[k]).node if isinstance(given[k], Handle) else constant(&s.functions, given[k])
    y = one(&s.functions, op, x[0]) if n == 1 else two(&s.functions, op, x[0], x[1])
    found = [op_slope_a_symbol(&s.functions, op, x[0], x[n - 1], y)]
    if n == 2:
        found.append(op_slope_b_symbol(&s.functions, op, x[0], x[1], y))
    if s.failed:
        raise MemoryError("no memory for the slopes of an operation")
    return found
