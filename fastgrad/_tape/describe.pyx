"""What a graph looks like to Python. The contract is in the header, describe.pxd."""

from libc.math cimport isfinite
from libc.stdint cimport uint32_t

from fastgrad._tape.handle cimport Handle, handle_of, state_at
from fastgrad._tape.kinds cimport Kind, Stretch, has_results, kind_at, kinds, source_of, stretch_of
from fastgrad._tape.sweep cimport find_order, order
from fastgrad._tape.tape cimport (
    OP_END, OP_FIRST_BINARY, OP_FIRST_CV, OP_FIRST_NARY, OP_FIRST_VC, OP_LEAF, OP_MASK, OP_leaves, OP_pick, OP_user,
    TRAIT_exact, TRAIT_jumps_at_a, TRAIT_jumps_at_b, TRAIT_kinked, hold, let_go, op_rows, op_slope1, op_slope2,
    operand, operands, payload, slot_count, slot_node, takes_gradient, tape,
)


# The op table as Python sees it.

def op_table():
    """The rows of the op table, for tests: (name, symbol, number of operands or 0 for n-ary, Python's function)."""
    return [
        (
            op_rows[op].name.decode(),
            op_rows[op].symbol.decode(),
            1 if op < OP_FIRST_VC else 2 if op < OP_FIRST_NARY else 0,
            op_rows[op].python.decode(),
        )
        for op in codes_of_rows()
    ]


def op_traits():
    """What the op table says of each operation: among "kinked", "exact", "jumps at a", "jumps at b"."""
    words = {
        "jumps at a": TRAIT_jumps_at_a, "jumps at b": TRAIT_jumps_at_b, "kinked": TRAIT_kinked, "exact": TRAIT_exact,
    }
    return {
        op_rows[op].name.decode(): {word for word, bit in words.items() if op_rows[op].traits & bit}
        for op in codes_of_rows()
    }


cdef list codes_of_rows():
    return [*range(1, OP_FIRST_VC), *range(OP_FIRST_BINARY, OP_END)]


def kinds_of_nodes():
    """The names of the kinds of nodes beside the op table's operations, as far as their modules are imported."""
    return [kinds[op].name.decode() for op in range(OP_END, 128) if kinds[op].name != NULL]


# A node as Python sees it.

cdef double operand_at(uint32_t node, uint32_t k) noexcept:
    cdef operands x = payload(node)
    return operand(&x, k)


cdef list operand_values(uint32_t node):
    """The numbers a node is computed from, constants included, in order. The caller holds the tape."""
    cdef uint32_t op = tape.op[node] & OP_MASK, k
    if op >= OP_FIRST_NARY:
        return [operand_at(node, k) for k in range(tape.second[node].span.n)]
    a = tape.data[tape.first[node]]
    if op >= OP_FIRST_BINARY:
        return [a, tape.data[tape.second[node].node]]
    if op >= OP_FIRST_CV:
        return [tape.second[node].constant, a]
    if op >= OP_FIRST_VC:
        return [a, tape.second[node].constant]
    return [a]


cdef uint32_t gradient_operand(uint32_t node, uint32_t k) noexcept:
    """The node in slot k of an n-ary node, if a gradient flows to it, else 0."""
    cdef operands x = payload(node)
    return x.slots[k] if takes_gradient(tape.op[node] & OP_MASK, &x, k) else 0


cdef list operands_of(Handle handle):
    """Handles of the nodes that a node passes its gradient to, as often as it has them. A pick is seen through."""
    hold()
    try:
        return operand_handles(handle.node)
    finally:
        let_go()


cdef list operand_handles(uint32_t node):
    cdef uint32_t op = tape.op[node] & OP_MASK
    if op == OP_LEAF:
        return []
    if op < OP_FIRST_BINARY:
        return [handle_of(tape.first[node])]
    if op < OP_FIRST_NARY:
        return [handle_of(tape.first[node]), handle_of(tape.second[node].node)]
    found = operands_below(node)
    while source_of(node):
        node = source_of(node)
        found += operands_below(node)
    return [handle_of(operand) for operand in found if operand]


cdef list operands_below(uint32_t node):
    """The nodes that an n-ary node passes its gradient to and that have a number; 0 stands for none."""
    cdef Kind *kind = kind_at(node)
    cdef uint32_t k = kind.first_scalar(node) if kind.first_scalar != NULL else 0
    if tape.op[node] & OP_MASK == OP_leaves:
        return [slot_node(node, k) for k in range(slot_count(node))]
    return parameters_below(node) + [gradient_operand(node, slot) for slot in range(k, slot_count(node))]


cdef list parameters_below(uint32_t node):
    """The parameters that a node stands on."""
    cdef uint32_t k = 0
    cdef Stretch stretch = stretch_of(node, 0)
    cdef list found = []
    while stretch.length:
        found.extend(range(stretch.start, stretch.start + stretch.length))
        k += 1
        stretch = stretch_of(node, k)
    return found


cdef str symbol_of(uint32_t node):
    """The operation's symbol, with its constant if it has one: "" for a leaf, "+", "*2", "tanh"."""
    cdef uint32_t op = tape.op[node] & OP_MASK
    given = state_at(node).get("_op")
    if given is not None:
        return given
    if op == OP_pick:
        return symbol_of(tape.first[node])
    if op >= OP_FIRST_NARY:
        return kinds[op].describe(node) if kinds[op].describe != NULL else kinds[op].symbol.decode()
    symbol = op_rows[op].symbol.decode()
    space = " " if symbol.isidentifier() else ""
    if OP_FIRST_VC <= op < OP_FIRST_CV:
        return f"{symbol}{space}{tape.second[node].constant:g}"
    if OP_FIRST_CV <= op < OP_FIRST_BINARY:
        return f"{tape.second[node].constant:g}{space}{symbol}"
    return symbol


def formula_of(Handle handle not None):
    """The operation's symbol for pictures: with _ in the operand's place where the other one is a constant."""
    cdef uint32_t op = tape.op[handle.node] & OP_MASK
    if "_op" in state_at(handle.node) or not OP_FIRST_VC <= op < OP_FIRST_BINARY:
        return symbol_of(handle.node)
    symbol, constant = op_rows[op].symbol.decode(), f"{tape.second[handle.node].constant:.4g}"
    if constant.startswith("-") and not symbol.isidentifier():
        constant = f"({constant})"
    places = ("_", constant) if op < OP_FIRST_CV else (constant, "_")
    return f"{symbol}({', '.join(places)})" if symbol.isidentifier() else f" {symbol} ".join(places)


cdef str describe(uint32_t node):
    """A node's name for messages."""
    handle = handle_of(node)
    return f"{handle!r}, the result of {symbol_of(node) or 'a node made from outside'}" + (
        f", label {handle.label!r}" if handle.label else ""
    )


def slopes_of(Handle handle not None):
    """The derivatives of a node by its operands, as its ``prev`` has them."""
    cdef uint32_t node = handle.node, op = tape.op[node] & OP_MASK, k
    cdef double da = 0.0, db = 0.0
    cdef operands x
    if op == OP_LEAF:
        return []
    if op < OP_FIRST_BINARY:
        return [op_slope1(op, tape.data[tape.first[node]], tape.second[node].constant, tape.data[node])]
    if op < OP_FIRST_NARY:
        op_slope2(op, tape.data[tape.first[node]], tape.data[tape.second[node].node], tape.data[node], &da, &db)
        return [da, db]
    if op == OP_user and tape.second[node].span.reals:
        x = payload(node)
        return [x.reals[k] for k in range(x.n)]
    return []


def operation_of(Handle handle not None):
    """The name of a node's operation in the op table and its constant, or None for each."""
    cdef uint32_t node = handle.node, op = tape.op[node] & OP_MASK
    if op == OP_LEAF or op >= OP_FIRST_NARY:
        return None, None
    constant = tape.second[node].constant if OP_FIRST_VC <= op < OP_FIRST_BINARY else None
    return op_rows[op].name.decode(), constant


# Where a nan or an infinity comes from.

def first_not_finite(Handle root not None):
    """Describe the first of the nodes that root stands on, in order of creation, whose number is nan or infinite.

    Returns
    -------
    str or None
        None where all are finite.
    """
    cdef uint32_t k
    hold()
    try:
        find_order(root.node)
        for k in range(order.length, 0, -1):
            found = not_finite_at(order.nodes[k - 1])
            if found is not None:
                return found
        return leaf_not_finite(root.node)
    finally:
        let_go()


cdef object not_finite_at(uint32_t node):
    """What is not finite about a node: a leaf it stands on, else its own number."""
    if tape.op[node] == OP_leaves:
        return None
    for leaf in leaves_below(node):
        found = leaf_not_finite(leaf)
        if found is not None:
            return found
    if has_results(node):
        return kind_at(node).not_finite(node)
    return None if isfinite(tape.data[node]) else describe(node)


cdef list leaves_below(uint32_t node):
    """A node's own operands, and the parameters it stands on."""
    return [slot_node(node, k) for k in range(slot_count(node))] + parameters_below(node)


cdef object leaf_not_finite(uint32_t node):
    if not node or tape.op[node] != OP_LEAF or isfinite(tape.data[node]):
        return None
    name = f", label {handle_of(node).label!r}" if handle_of(node).label else ""
    return f"the leaf {handle_of(node)!r}{name}"
