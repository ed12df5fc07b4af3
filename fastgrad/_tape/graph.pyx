"""Drivers of the sweeps, and what a graph looks like to Python. The contract is in the header, _graph.pxd."""

import math
import operator

from cpython.exc cimport PyErr_CheckSignals
from libc.math cimport isfinite
from libc.stdint cimport uint32_t, uint64_t
from libc.string cimport memset

from fastgrad._tape.convert cimport number_of
from fastgrad._tape.handle cimport Handle, handle_of, state_at
from fastgrad._layers.layer cimport Results, is_layer, results_of
from fastgrad._layers.loss cimport penalized_at, shape_of_loss
from fastgrad._layers.network cimport network_pull, network_value
from fastgrad._tape.nodeset cimport NodeSet, take_below
from fastgrad._tape.sweep cimport (
    abandon, add_operands, borrow_set, find_order, give_back, knows_order, needs_python, order, pull, pull_from,
    pull_in_order, recompute, recompute_in_order,
)
from fastgrad._tape.tape cimport (
    CONSTANT, FROM_NOTHING, FROM_RESULTS, FROM_SCALARS, HAS_CALLBACK, OP_END, OP_FIRST_BINARY, OP_FIRST_CV,
    OP_FIRST_NARY, OP_FIRST_VC, OP_LEAF, OP_MASK, LOSS_l2_penalty, OP_custom, OP_fsum, OP_hypot, OP_loss, OP_pick,
    OP_network, OP_run, OP_softmax, OP_user, OP_wide_layer, layer_at, layer_shape, loss_name, loss_shape, op_rows,
    operand, operands, payload, penalized, slot_count, slot_node, takes_gradient, tape,
)
from fastgrad._recording.trace cimport note_raised, tracing
from fastgrad._layers.blas cimport wide_pull, wide_value


# Where a result is not finite, Python knows whether that is a value or an error.

cdef double ask_python(uint32_t op, double a, double b) except? -1.0:
    """Compute an operation as Python itself does: with its value, or its exception."""
    module, name = op_rows[op].python.decode().split(".")
    function = getattr(math if module == "math" else operator, name)
    try:
        y = function(a, b) if op >= OP_FIRST_VC else function(a)
        if isinstance(y, complex):
            raise ValueError(f"a negative number to a fractional power is not real: ({a!r}) ** {b!r}")
    except Exception as error:
        if tracing.count:
            note_raised(error)
        raise
    return y


# Backward.

cdef int python_step(uint32_t node) except -1:
    """Run the step of a node whose step is a Python function's. The caller holds the tape."""
    if tape.op[node] & HAS_CALLBACK:
        state_at(node)["_backward"]()
    else:
        pull_with_python(node)
    return 0


cdef int pull_with_python(uint32_t node) except -1:
    cdef uint32_t op = tape.op[node] & OP_MASK
    if op == OP_custom:
        custom_step(node)
    elif op == OP_wide_layer:
        wide_pull(node)
    else:
        network_pull(node)
    return 0


cdef int custom_step(uint32_t node) except -1:
    cdef operands x
    cdef uint32_t k
    values = operand_values(node)
    partials = state_at(node)["_custom"].partials
    if len(partials) != len(values):
        raise ValueError(f"{describe(node)} has {len(values)} operands, but {len(partials)} partial derivatives")
    for k in range(<uint32_t>len(values)):
        slope = number_of(partials[k](*values), "a partial derivative")
        x = payload(node)
        if x.slots[k] != CONSTANT:
            tape.grad[x.slots[k]] += tape.grad[node] * slope
    return 0


cdef int step(uint32_t node) except -1:
    """Run one node's own step, without the callback that may have replaced it. What it gives a node of many, which
    nobody can ask to pass it on, goes straight on."""
    tape.hold += 1
    try:
        while node:
            own_step(node)
            node = node_of_many(node)
    except BaseException:
        while node:  # what was on its way is forgotten
            abandon(node)
            node = node_of_many(node)
        raise
    finally:
        tape.hold -= 1
    return 0


cdef int own_step(uint32_t node) except -1:
    if tape.op[node] & OP_MASK >= OP_custom:
        pull_with_python(node)
    else:
        pull(node)
    return 0


cdef uint32_t node_of_many(uint32_t node) noexcept:
    """The node of many results that a node has its operands from; 0 where it has none."""
    if tape.op[node] & OP_MASK == OP_pick:
        return tape.first[node]
    if is_layer(node) and shape_of(node).inputs == FROM_RESULTS:
        return payload(node).slots[1]
    if tape.op[node] & OP_MASK == OP_loss and shape_of_loss(node).inputs == FROM_RESULTS:
        return payload(node).slots[0]
    return 0


cdef layer_shape shape_of(uint32_t node) noexcept:
    return layer_at(payload(node).reals).shape


cdef int sweep_fresh(uint32_t i) except -1:
    cdef NodeSet *s = borrow_set(i)
    try:
        while True:
            i = pull_from(s, i)
            if i == 0:
                break
            if needs_python(i):
                add_operands(s, i, True)
                python_step(i)
                i = take_below(s, i)
            else:
                PyErr_CheckSignals()
    finally:
        while i:  # broken off
            abandon(i)
            i = take_below(s, i)
        give_back(s, 0)
    return 0


cdef int sweep_known(uint32_t root) except -1:
    cdef uint32_t k = 0, left
    try:
        while True:
            k = pull_in_order(k)
            if k >= order.length:
                return 0
            if needs_python(order.nodes[k]):
                python_step(order.nodes[k])
                find_order(root)
                k += 1
            else:
                PyErr_CheckSignals()
                find_order(root)
    finally:
        find_order(root)
        for left in range(k, order.length):
            abandon(order.nodes[left])


cdef int sweep_backward(Handle root, double gradient) except -1:
    tape.grad[root.node] = gradient
    tape.hold += 1
    try:
        if knows_order(root.node) and order.by_gradient:
            sweep_known(root.node)
        else:
            sweep_fresh(root.node)
    finally:
        tape.hold -= 1
    return 0


cdef int sweep_zero(Handle root) except -1:
    """Set the grads of all that root stands on to 0."""
    cdef uint32_t i, k, node
    cdef penalized part
    tape.grad[root.node] = 0.0
    find_order(root.node)
    for i in range(order.length):
        node = order.nodes[i]
        if tape.op[node] != OP_run:
            for k in range(slot_count(node)):
                tape.grad[slot_node(node, k)] = 0.0
        for k in range(parts_of_runs(node)):
            part = part_of_run(node, k)
            memset(tape.grad + part.start, 0, part.length * sizeof(double))
    return 0


cdef uint32_t parts_of_runs(uint32_t node) noexcept:
    """How many stretches of parameters a node stands on: a layer on one, a penalty on some."""
    cdef uint32_t op = tape.op[node] & OP_MASK
    if op == OP_loss and shape_of_loss(node).loss == LOSS_l2_penalty:
        return slot_count(node)
    return is_layer(node) and shape_of(node).inputs != FROM_NOTHING


cdef penalized part_of_run(uint32_t node, uint32_t k) noexcept:
    """One of them: the first node and how many."""
    cdef layer_shape shape
    cdef penalized part
    if not is_layer(node):
        return penalized_at(node, k)
    shape = shape_of(node)
    part.start = tape.first[payload(node).slots[0]] + shape.place
    part.length = shape.parameters
    return part


# Forward.

cdef int python_value(uint32_t node) except -1:
    """Compute a node's data with Python's help."""
    cdef uint32_t op = tape.op[node] & OP_MASK
    values = operand_values(node) if op < OP_wide_layer else None
    if op < OP_FIRST_NARY:
        tape.data[node] = ask_python(op, values[0], values[1] if len(values) > 1 else 0.0)
    elif op == OP_fsum:
        tape.data[node] = math.fsum(values)
    elif op == OP_hypot:
        tape.data[node] = math.hypot(*values)
    elif op == OP_custom:
        tape.data[node] = number_of(state_at(node)["_custom"].value(*values), f"the value of {symbol_of(node)}()")
    elif op == OP_user:
        user_value(node)
    elif op == OP_wide_layer:
        wide_value(None, node)
    elif op == OP_network:
        network_value(None, node)
    else:
        raise ValueError(
            f"forward() cannot compute {describe(node)} again: its condition was a plain Python bool. Give the "
            f"comparison of scalars itself as condition (x > 0, not x.data > 0), or build the graph anew"
        )
    return 0


cdef int user_value(uint32_t node) except -1:
    call_forward = state_at(node).get("_forward")
    if call_forward is None:
        raise ValueError(
            f"forward() cannot compute {describe(node)} again: its value was given from outside. Set its _forward to a "
            f"function that sets its data, or build the graph anew"
        )
    call_forward()
    return 0


cdef int sweep_forward(Handle root) except -1:
    cdef uint32_t k, node = root.node
    tape.hold += 1
    try:
        find_order(node)
        k = order.length
        while True:
            k = recompute_in_order(k)
            if k == 0:
                return 0
            PyErr_CheckSignals()
            find_order(node)
            k -= 1
            if not recompute(order.nodes[k]):
                python_value(order.nodes[k])
                find_order(node)
    finally:
        tape.hold -= 1


# The op table as Python sees it.

def op_table():
    """The rows of the op table, for tests: (name, symbol, number of operands or 0 for n-ary, Python's function)."""
    codes = [*range(1, OP_FIRST_VC), *range(OP_FIRST_BINARY, OP_END)]
    return [
        (
            op_rows[op].name.decode(),
            op_rows[op].symbol.decode(),
            1 if op < OP_FIRST_VC else 2 if op < OP_FIRST_NARY else 0,
            op_rows[op].python.decode(),
        )
        for op in codes
    ]


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
    tape.hold += 1
    try:
        return operand_handles(handle.node)
    finally:
        tape.hold -= 1


cdef list operand_handles(uint32_t node):
    cdef uint32_t op = tape.op[node] & OP_MASK
    if op == OP_LEAF:
        return []
    if op < OP_FIRST_BINARY:
        return [handle_of(tape.first[node])]
    if op < OP_FIRST_NARY:
        return [handle_of(tape.first[node]), handle_of(tape.second[node].node)]
    found = operands_below(node)
    while node_of_many(node):
        node = node_of_many(node)
        found += operands_below(node)
    return [handle_of(operand) for operand in found if operand]


cdef list operands_below(uint32_t node):
    """The nodes that an n-ary node passes its gradient to and that have a number; 0 stands for none."""
    cdef uint32_t op = tape.op[node] & OP_MASK, k
    cdef bint layer = is_layer(node)
    cdef penalized part
    cdef list found = []
    if op == OP_run:
        return [slot_node(node, k) for k in range(slot_count(node))]
    for k in range(parts_of_runs(node)):
        part = part_of_run(node, k)
        found.extend(range(part.start, part.start + part.length))
    if op == OP_pick or (op == OP_loss and shape_of_loss(node).inputs != FROM_SCALARS):
        return found
    if layer and shape_of(node).inputs != FROM_SCALARS:
        return found
    return found + [gradient_operand(node, k) for k in range(<uint32_t>layer, tape.second[node].span.n)]


cdef str symbol_of(uint32_t node):
    """The operation's symbol, with its constant if it has one: "" for a leaf, "+", "*2", "tanh"."""
    cdef uint32_t op = tape.op[node] & OP_MASK
    given = state_at(node).get("_op")
    if given is not None:
        return given
    if op == OP_pick:
        op = tape.op[tape.first[node]] & OP_MASK
    if op == OP_loss:
        return symbol_of_loss(node)
    symbol = op_rows[op].symbol.decode()
    space = " " if symbol.isidentifier() else ""
    if OP_FIRST_VC <= op < OP_FIRST_CV:
        return f"{symbol}{space}{tape.second[node].constant:g}"
    if OP_FIRST_CV <= op < OP_FIRST_BINARY:
        return f"{tape.second[node].constant:g}{space}{symbol}"
    return symbol


cdef str symbol_of_loss(uint32_t node):
    cdef loss_shape shape = shape_of_loss(node)
    return loss_name(&shape).decode()


cdef str describe(uint32_t node):
    """A node's name for messages."""
    handle = handle_of(node)
    return f"{handle!r}, the result of {symbol_of(node) or 'a node made from outside'}" + (
        f", label {handle.label!r}" if handle.label else ""
    )


# Where a nan or an infinity comes from.

def first_not_finite(Handle root not None):
    """Describe the first of the nodes that root stands on, in order of creation, whose number is nan or infinite.

    Returns
    -------
    str or None
        None where all are finite.
    """
    cdef uint32_t k
    tape.hold += 1
    try:
        find_order(root.node)
        for k in range(order.length, 0, -1):
            found = not_finite_at(order.nodes[k - 1])
            if found is not None:
                return found
        return leaf_not_finite(root.node)
    finally:
        tape.hold -= 1


cdef object not_finite_at(uint32_t node):
    """What is not finite about a node: a leaf it stands on, else its own number."""
    if tape.op[node] == OP_run:
        return None
    for leaf in leaves_below(node):
        found = leaf_not_finite(leaf)
        if found is not None:
            return found
    if is_layer(node):
        return result_not_finite(node)
    return None if isfinite(tape.data[node]) or is_internal(node) else describe(node)


cdef list leaves_below(uint32_t node):
    """A node's own operands, and the parameters it stands on."""
    cdef uint32_t k
    cdef penalized part
    cdef list found = [slot_node(node, k) for k in range(slot_count(node))]
    for k in range(parts_of_runs(node)):
        part = part_of_run(node, k)
        found.extend(range(part.start, part.start + part.length))
    return found


cdef object leaf_not_finite(uint32_t node):
    if not node or tape.op[node] != OP_LEAF or isfinite(tape.data[node]):
        return None
    name = f", label {handle_of(node).label!r}" if handle_of(node).label else ""
    return f"the leaf {handle_of(node)!r}{name}"


cdef bint is_internal(uint32_t node) noexcept:
    """Has the node no number of its own?"""
    return tape.op[node] == OP_softmax


cdef object result_not_finite(uint32_t node):
    cdef Results r = results_of(node)
    cdef layer_shape shape = shape_of(node)
    cdef uint64_t k
    for k in range(r.count):
        if not isfinite(r.values[k]):
            layers = f"{shape.layers} layers" if shape.layers else f"a layer of {shape.nout}"
            place = f"row {k // shape.nout}, neuron {k % shape.nout}"
            return f"result {r.values[k]!r} of {place} of {layers} with {shape.nin} inputs"
    return None
