# distutils: extra_compile_args = -O3
"""Drivers of the sweeps. The contract is in the header, drive.pxd."""

import math
import operator

from cpython.exc cimport PyErr_CheckSignals
from libc.stdint cimport uint32_t
from libc.string cimport memset

from fastgrad._tape.describe cimport describe, operand_values
from fastgrad._tape.handle cimport Handle, state_at
from fastgrad._tape.kinds cimport Kind, Stretch, kind_at, needs_python, source_of, stretch_of
from fastgrad._tape.nodeset cimport NodeSet, take_below
from fastgrad._tape.observer cimport note_raised, observers
from fastgrad._tape.sweep cimport (
    Reach, abandon, add_operands, begin_reach, borrow_set, end_reach, find_order, give_back, knows_order, order, pull,
    pull_from, pull_in_order, recompute, recompute_in_order,
)
from fastgrad._tape.tape cimport (
    FIRST_OF_PYTHON, HAS_CALLBACK, OP_FIRST_NARY, OP_FIRST_VC, OP_MASK, OP_leaves, hold, let_go, op_rows, slot_count,
    slot_node, tape,
)


# Where a result is not finite, Python knows whether that is a value or an error.

def exp2(x):
    """What Python 3.10 does not have in its math."""
    return math.pow(2.0, x)


cdef double ask_python(uint32_t op, double a, double b) except? -1.0:
    """Compute an operation as Python itself does: with its value, or its exception."""
    module, name = op_rows[op].python.decode().split(".")
    function = getattr(math if module == "math" else operator, name, exp2)
    try:
        y = function(a, b) if op >= OP_FIRST_VC else function(a)
        if isinstance(y, complex):
            raise ValueError(f"a negative number to a fractional power is not real: ({a!r}) ** {b!r}")
    except Exception as error:
        if observers.count:
            note_raised(error)
        raise
    return y


# Backward.

cdef int python_step(uint32_t node) except -1:
    """Run the step of a node whose step is a Python function's. The caller holds the tape."""
    if tape.op[node] & HAS_CALLBACK:
        state_at(node)["_backward"]()
    else:
        kind_at(node).pull_with_python(node)
    return 0


cdef int step(uint32_t node) except -1:
    """Run one node's own step, without the callback that may have replaced it. What it gives a node of many, which
    nobody can ask to pass it on, goes straight on."""
    cdef Reach outer
    hold()
    outer = begin_reach(0)
    try:
        while node:
            own_step(node)
            node = source_of(node)
    except BaseException:
        while node:  # what was on its way is forgotten
            abandon(node)
            node = source_of(node)
        raise
    finally:
        end_reach(outer)
        let_go()
    return 0


cdef int own_step(uint32_t node) except -1:
    if tape.op[node] & OP_MASK >= FIRST_OF_PYTHON:
        kind_at(node).pull_with_python(node)
    else:
        pull(node)
    return 0


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
    cdef Reach outer
    tape.grad[root.node] = gradient
    hold()
    outer = begin_reach(root.node)
    try:
        if knows_order(root.node) and order.by_gradient:
            sweep_known(root.node)
        else:
            sweep_fresh(root.node)
    finally:
        end_reach(outer)
        let_go()
    return 0


cdef int sweep_zero(Handle root) except -1:
    """Set the grads of all that root stands on to 0."""
    cdef uint32_t i, k
    tape.grad[root.node] = 0.0
    find_order(root.node)
    for i in range(order.length):
        if tape.op[order.nodes[i]] != OP_leaves:
            for k in range(slot_count(order.nodes[i])):
                tape.grad[slot_node(order.nodes[i], k)] = 0.0
        zero_stretches(order.nodes[i])
    return 0


cdef void zero_stretches(uint32_t node) noexcept:
    """Set the grads of the parameters that a node stands on to 0."""
    cdef uint32_t k = 0
    cdef Stretch stretch = stretch_of(node, 0)
    while stretch.length:
        memset(tape.grad + stretch.start, 0, stretch.length * sizeof(double))
        k += 1
        stretch = stretch_of(node, k)


# Forward.

cdef int python_value(uint32_t node) except -1:
    """Compute a node's data with Python's help."""
    cdef uint32_t op = tape.op[node] & OP_MASK
    cdef Kind *kind = kind_at(node)
    if op < OP_FIRST_NARY:
        values = operand_values(node)
        tape.data[node] = ask_python(op, values[0], values[1] if len(values) > 1 else 0.0)
    elif kind.recompute_with_python != NULL:
        kind.recompute_with_python(node)
    else:
        raise ValueError(
            f"forward() cannot compute {describe(node)} again: its condition was a plain Python bool. Give the "
            f"comparison of scalars itself as condition (x > 0, not x.data > 0), or build the graph anew"
        )
    return 0


cdef int recompute_node(uint32_t node) except -1:
    """Compute a node's data from its operands' data."""
    if not recompute(node):
        python_value(node)
    return 0


cdef int sweep_forward(Handle root) except -1:
    cdef uint32_t k, node = root.node
    hold()
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
        let_go()
