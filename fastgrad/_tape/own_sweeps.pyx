"""Sweeps as other engines have them. The contract is in the header, own_sweeps.pxd."""

from libc.stdint cimport uint32_t
from libc.stdlib cimport free, malloc

from fastgrad._tape.drive cimport sweep_backward
from fastgrad._tape.handle cimport Handle, unpinned_handle_of
from fastgrad._tape.nodeset cimport NodeSet, add, take_below
from fastgrad._tape.sweep cimport borrow_set, find_order, give_back, order
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
    cdef uint32_t count
    free(nodes_below(root, &count))
    return count


cdef uint32_t *nodes_below(Handle root, uint32_t *count) except NULL:
    """The nodes that a number stands on, itself the first, each once; to be freed."""
    cdef NodeSet *s
    cdef uint32_t *nodes
    cdef uint32_t k, j, node = root.node
    find_order(node)
    count[0] = order.length
    for k in range(order.length):
        count[0] += slot_count(order.nodes[k])
    nodes = <uint32_t *>malloc(count[0] * sizeof(uint32_t))
    if nodes == NULL:
        raise MemoryError(f"no memory for the order of {count[0]:,} nodes")
    try:
        s = borrow_set(node)
    except MemoryError:
        free(nodes)
        raise
    for k in range(order.length):
        add(s, order.nodes[k])
        for j in range(slot_count(order.nodes[k])):
            if slot_node(order.nodes[k], j):
                add(s, slot_node(order.nodes[k], j))
    count[0] = 0
    while node:
        nodes[count[0]] = node
        count[0] += 1
        node = take_below(s, node)
    give_back(s, 0)
    return nodes


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
    cdef uint32_t count, k
    cdef uint32_t *nodes
    cdef double *before
    cdef dict found = {}
    hold()
    try:
        nodes = nodes_below(root, &count)
        before = <double *>malloc(count * sizeof(double))
        if before == NULL:
            free(nodes)
            raise MemoryError(f"no memory for a sweep over {count:,} nodes")
        for k in range(count):
            before[k] = tape.grad[nodes[k]]
            tape.grad[nodes[k]] = 0.0
        try:
            sweep_backward(root, 1.0)
            for k in range(count):
                found[unpinned_handle_of(nodes[k])] = tape.grad[nodes[k]]
        finally:
            for k in range(count):
                tape.grad[nodes[k]] = before[k]
            free(nodes)
            free(before)
    finally:
        let_go()
    return found
