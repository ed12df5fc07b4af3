"""Kinds of nodes, and the rows of the op table's operations. The contract is in the header, kinds.pxd."""

from libc.stdint cimport uint32_t, uint64_t
from libc.string cimport memcpy, memset

from fastgrad._tape.tape cimport (
    CONSTANT, FIRST_OF_PYTHON, OP_END, OP_MASK, OP_fsum, OP_hypot, OP_ifel, OP_leaves, OP_pick, OP_select, OP_softmax,
    OP_user, nary_pull, nary_value, op_rows, operands, payload, tape,
)

cdef uint32_t next_code = OP_END
cdef uint32_t next_of_python = FIRST_OF_PYTHON


cdef uint32_t add_kind(Kind kind) except 0:
    """Register a kind; return the code that its nodes have."""
    global next_code, next_of_python
    cdef uint32_t code = next_code if kind.pull_with_python == NULL else next_of_python
    if code == FIRST_OF_PYTHON and kind.pull_with_python == NULL or code > OP_MASK:
        raise RuntimeError(f"there are codes for {FIRST_OF_PYTHON - OP_END} kinds of nodes, and no more")
    next_code += kind.pull_with_python == NULL
    next_of_python += kind.pull_with_python != NULL
    if kind.digest == NULL:
        kind.digest = digest
    if kind.recompute == NULL:
        kind.recompute = left_to_python
    kinds[code] = kind
    return code


cdef class Symbols:
    cdef symbol of_number(self, uint32_t node) except? 0:
        raise TypeError("an algebra says itself what the symbol of a number is")

    cdef symbol *of_results(self, uint32_t node) except NULL:
        raise TypeError("an algebra says itself what the symbols of results are")

    cdef symbol *room(self, uint64_t n) except NULL:
        raise TypeError("an algebra has memory of its own")

    cdef symbol called(self, function, const symbol *x, uint32_t n) except? 0:
        raise TypeError("a program only can call a function of Python again")


# What tells nodes apart.

cdef uint64_t mixed_number(uint64_t found, double number) noexcept nogil:
    cdef uint64_t bits
    memcpy(&bits, &number, sizeof(number))
    return mixed(found, bits)


cdef uint64_t mixed_numbers(uint64_t found, const double *numbers, uint64_t n) noexcept nogil:
    cdef uint64_t k
    for k in range(n):
        found = mixed_number(found, numbers[k])
    return found


cdef uint64_t mixed_constants(uint64_t found, const uint32_t *slots, const double *numbers, uint64_t n) noexcept nogil:
    """Mix in the numbers of the slots that are constants."""
    cdef uint64_t k
    for k in range(n):
        if slots[k] == CONSTANT:
            found = mixed_number(found, numbers[k])
    return found


# The rows of the op table's operations.

cdef void pull(uint32_t node) noexcept nogil:
    cdef operands x = payload(node)
    nary_pull(tape.op[node] & OP_MASK, &x, tape.grad[node], tape.data[node], tape.grad)


cdef bint recompute(uint32_t node) noexcept nogil:
    cdef operands x = payload(node)
    tape.data[node] = nary_value(tape.op[node] & OP_MASK, &x)
    return True


cdef bint recompute_choice(uint32_t node) noexcept nogil:
    """What is chosen by a plain number cannot be chosen again."""
    cdef operands x = payload(node)
    if x.slots[tape.op[node] & OP_MASK == OP_ifel] == CONSTANT:
        return False
    return recompute(node)


cdef bint left_to_python(uint32_t node) noexcept nogil:
    return False


cdef uint64_t digest(uint32_t node, uint64_t found) noexcept nogil:
    cdef operands x = payload(node)
    cdef uint32_t n = min(x.n, tape.second[node].span.reals)
    return mixed_constants(found, x.slots, x.reals, n)


cdef symbol *symbols_of_operands(Symbols symbols, uint32_t node, uint64_t room) except NULL:
    cdef operands x = payload(node)
    cdef symbol *each = symbols.room(room)
    cdef uint32_t k
    for k in range(x.n):
        if x.slots[k] == CONSTANT:
            each[k] = symbols.algebra.constant(symbols.algebra, x.reals[k])
        else:
            each[k] = symbols.of_number(x.slots[k])
    return each


cdef symbol *lower(Symbols symbols, uint32_t node) except NULL:
    cdef uint32_t n = tape.second[node].span.n
    cdef symbol *each = symbols_of_operands(symbols, node, 2 * <uint64_t>n)
    nary_symbols(symbols.algebra, tape.op[node] & OP_MASK, each, n)
    return each


cdef Results softmax_results(uint32_t node) noexcept nogil:
    cdef operands x = payload(node)
    return Results(x.n, x.reals + x.n, x.reals + 2 * <uint64_t>x.n)


cdef object softmax_not_finite(uint32_t node):
    return None  # its operands or its picks tell


# A pick, which is one result of a node of many, and the node of leaves that lie together: they have no payload.

cdef void pull_pick(uint32_t node) noexcept nogil:
    results_of(tape.first[node]).adjoints[tape.second[node].place] += tape.grad[node]


cdef bint recompute_pick(uint32_t node) noexcept nogil:
    tape.data[node] = results_of(tape.first[node]).values[tape.second[node].place]
    return True


cdef uint32_t source_of_pick(uint32_t node) noexcept nogil:
    return tape.first[node]


cdef uint32_t first_scalar_of_pick(uint32_t node) noexcept nogil:
    return 1


cdef uint64_t digest_of_pick(uint32_t node, uint64_t found) noexcept nogil:
    return mixed(found, tape.second[node].place)


cdef symbol *lower_pick(Symbols symbols, uint32_t node) except NULL:
    cdef symbol *results = symbols.of_results(tape.first[node])
    return results + tape.second[node].place


cdef void pull_nothing(uint32_t node) noexcept nogil:
    pass


cdef bint is_computed(uint32_t node) noexcept nogil:
    return True


cdef uint64_t digest_of_nothing(uint32_t node, uint64_t found) noexcept nogil:
    return found


cdef symbol *lower_nothing(Symbols symbols, uint32_t node) except NULL:
    cdef symbol *none = symbols.room(1)
    none[0] = NO_SYMBOL
    return none


cdef int fill() noexcept:
    """Make the rows of the op table's operations."""
    cdef Kind *kind
    cdef uint32_t op
    memset(kinds, 0, sizeof(kinds))
    for op in range(<uint32_t>OP_pick, <uint32_t>OP_END):
        kind = &kinds[op]
        kind.name, kind.symbol, kind.pickled = op_rows[op].name, op_rows[op].symbol, True
        kind.pull, kind.recompute, kind.digest, kind.lower = pull, recompute, digest, lower
    kinds[OP_select].recompute = kinds[OP_ifel].recompute = recompute_choice
    kinds[OP_user].recompute = kinds[OP_fsum].recompute = kinds[OP_hypot].recompute = left_to_python
    kinds[OP_user].lower = NULL
    kinds[OP_softmax].results, kinds[OP_softmax].not_finite = softmax_results, softmax_not_finite
    kind = &kinds[OP_pick]
    kind.pull, kind.recompute, kind.digest, kind.lower = pull_pick, recompute_pick, digest_of_pick, lower_pick
    kind.source, kind.first_scalar = source_of_pick, first_scalar_of_pick
    kind = &kinds[OP_leaves]
    kind.pull, kind.recompute, kind.digest, kind.lower = pull_nothing, is_computed, digest_of_nothing, lower_nothing
    return 0


fill()
