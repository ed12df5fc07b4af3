"""Sweeps as other engines have them. The contract is in the header, own_sweeps.pxd."""

from libc.stdint cimport uint32_t
from libc.stdlib cimport free, malloc

from fastgrad._tape.drive cimport sweep_backward
from fastgrad._tape.handle cimport Handle, unpinned_handle_of
from fastgrad._tape.sweep cimport find_order, order
from fastgrad._tape.tape cimport OP_LEAF, OP_MASK, hold, let_go, slot_count, slot_node, tape


cdef int sweep_own(Handle root, double gradient, bint leaves_only) except -1:
    """Pass on, and add to each grad, what this sweep brings, whatever the grads were before."""
    cdef uint32_t count = 0, k, j, node
    cdef uint32_t *nodes
    cdef double *before
    hold()
    try:
        find_order(root.node)
        for k in range(order.length):
            count += 1 + slot_count(order.nodes[k])
        nodes = <uint32_t *>malloc(count * sizeof(uint32_t))
        before = <double *>malloc(count * sizeof(double))
        if nodes == NULL or before == NULL:
            free(nodes)
            free(before)
            raise MemoryError(f"no memory for a sweep over {count:,} nodes")
        count = 0
        for k in range(order.length):
            nodes[count] = order.nodes[k]
            count += 1
            for j in range(slot_count(order.nodes[k])):
                node = slot_node(order.nodes[k], j)
                if node and tape.op[node] & OP_MASK == OP_LEAF:
                    nodes[count] = node
                    count += 1
        for k in range(count):  # a leaf that comes twice has 0 the second time
            before[k] = tape.grad[nodes[k]]
            tape.grad[nodes[k]] = 0.0
        try:
            sweep_backward(root, gradient)
        finally:
            for k in range(count):
                node = nodes[k]
                if leaves_only and tape.op[node] & OP_MASK != OP_LEAF:
                    tape.grad[node] = before[k]
                else:
                    tape.grad[node] += before[k]
            free(nodes)
            free(before)
    finally:
        let_go()
    return 0


def count_below(Handle root not None):
    """How many nodes a number stands on, itself included."""
    return len(nodes_below(root))


cdef set nodes_below(Handle root):
    cdef set found = {root.node}
    cdef uint32_t k, j
    find_order(root.node)
    for k in range(order.length):
        found.add(order.nodes[k])
        for j in range(slot_count(order.nodes[k])):
            if slot_node(order.nodes[k], j):
                found.add(slot_node(order.nodes[k], j))
    return found


cdef int mark_reached(Handle root, bint leaves_only) except -1:
    cdef uint32_t k, j, node
    find_order(root.node)
    for k in range(order.length):
        node = order.nodes[k]
        if not leaves_only or tape.op[node] & OP_MASK == OP_LEAF:
            mark(node)
        for j in range(slot_count(node)):
            if tape.op[slot_node(node, j)] & OP_MASK == OP_LEAF:
                mark(slot_node(node, j))
    return 0


cdef inline void mark(uint32_t node) noexcept:
    if tape.grad[node] == 0.0:
        tape.grad[node] = -0.0


def gradients_of(Handle root not None):
    """Sweep, and return the derivatives of all that a number stands on; the grads stay as they were."""
    cdef uint32_t node
    cdef dict before = {}, found = {}
    hold()
    try:
        for node in nodes_below(root):
            before[node] = tape.grad[node]
            tape.grad[node] = 0.0
        sweep_backward(root, 1.0)
    finally:
        for node in before:
            found[unpinned_handle_of(node)] = tape.grad[node]
            tape.grad[node] = before[node]
        let_go()
    return found
