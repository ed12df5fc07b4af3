"""Pickling and deep copying: scalars with the graph they stand on, as flat arrays, whatever its depth.

A scalar reduces to a segment and its index in it. A segment is the nodes that a scalar stands on and that no other
segment has, in order; those it needs of others are its parents'. A segment lives as long as a pickler remembers it, and
all picklers share those there are, so scalars that are pickled together share what they share, whatever else is pickled
meanwhile. A segment holds its scalar, not its nodes' indices: after nodes have moved, they are found again.

What restores them is in restoring.pyx.
"""

import copyreg

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize
from cpython.object cimport PyObject
from libc.stdint cimport uint8_t, uint32_t, uint64_t
from libc.stdlib cimport free, realloc
from libc.string cimport memcpy, memset

from fastgrad._tape.handle cimport Handle, owner_of, state_at, type_of, unpinned_handle_of
from fastgrad._tape.kinds cimport kind_at
from fastgrad._tape.nodeset cimport NodeSet, add, take_below
from fastgrad._tape.restoring cimport NodeArrays, code_name, columns_at
from fastgrad._tape.sweep cimport borrow_set, give_back
from fastgrad._tape.tape cimport (
    CONSTANT, HAS_CALLBACK, OP_END, OP_FIRST_BINARY, OP_FIRST_NARY, OP_LEAF, OP_MASK, OP_leaves, Span, hold, is_nary,
    let_go, payload_units, slot_count, slot_node, tape,
)

from fastgrad._tape.restoring import restore_nodes, restore_number

# Which segment a node is in. Segments have numbers from 1 on, in the order in which they were made; what is 0, or the
# number of one that is gone, is in none.

cdef uint32_t *segment_of = NULL  # by node
cdef uint32_t covered = 0         # nodes there is room for
cdef PyObject **segments = NULL   # by number, borrowed; NULL where one is gone
cdef uint32_t room = 0
cdef uint32_t last = 0            # the highest number that was given
cdef uint32_t live = 0
cdef uint64_t generation = 0      # of the tape, when the nodes were found


cdef class Segment:
    """Some nodes, in order; the last one is a scalar's, and stands on all the others."""

    cdef Handle scalar
    cdef list parents      # the segments of operands that are not in this one
    cdef uint32_t number   # 0 where it is not known to others
    cdef uint32_t count
    cdef uint32_t *nodes
    cdef uint32_t child    # the number of the last segment that has it for a parent
    cdef uint32_t start    # while a child is written: where it begins in the numbering of that

    def __dealloc__(self):
        free(self.nodes)
        if self.number:
            forget(self.number)

    def __reduce__(self):
        hold()  # what follows makes objects, so that Python's collector may run any code
        try:
            find_nodes()
            return restore_nodes, (self.parents, *columns(self)), kept_state(self)
        finally:
            let_go()


cdef void forget(uint32_t number) noexcept:
    """A segment is gone; with the last one, so is all that is known."""
    global segment_of, covered, segments, room, last, live
    segments[number] = NULL
    live -= 1
    if live == 0:
        free(segment_of)
        free(segments)
        segment_of, covered, segments, room, last = NULL, 0, NULL, 0, 0


cdef Segment segment_at(uint32_t node):
    """The segment that a node is in, or None."""
    cdef PyObject *segment = segments[segment_of[node]] if last else NULL
    return <Segment>segment if segment != NULL else None


cdef int enter(Segment segment) except -1:
    """Give a segment a number."""
    global segments, room, last, live
    cdef PyObject **more
    if last + 1 >= room:
        more = <PyObject **>realloc(segments, (2 * <uint64_t>room + 64) * sizeof(PyObject *))
        if more == NULL:
            raise MemoryError(f"no memory to pickle {live + 1:,} scalars")
        segments = more
        segments[0] = NULL
        room = 2 * room + 64
    last += 1
    live += 1
    segments[last] = <PyObject *>segment
    segment.number = last
    return 0


cdef int find_nodes() except -1:
    """Know of every node of the tape which segment it is in."""
    global segment_of, covered, generation
    cdef uint32_t *more
    cdef uint32_t number
    if covered < tape.count:
        more = <uint32_t *>realloc(segment_of, tape.capacity * sizeof(uint32_t))
        if more == NULL:
            raise MemoryError(f"no memory to pickle from a tape of {tape.count:,} nodes")
        memset(more + covered, 0, (tape.capacity - covered) * sizeof(uint32_t))
        segment_of, covered = more, tape.capacity
    if generation == tape.generation:
        return 0
    memset(segment_of, 0, covered * sizeof(uint32_t))
    for number in range(1, last + 1):  # a parent's number is lower
        if segments[number] != NULL:
            find_again(<Segment>segments[number])
    generation = tape.generation
    return 0


cdef int find_again(Segment segment) except -1:
    """Find a segment's nodes where they are now: what its scalar stands on and no earlier segment has."""
    cdef uint32_t node = segment.scalar.node, left = segment.count
    cdef NodeSet *s = borrow_set(node)
    while node:
        if left and segments[segment_of[node]] == NULL:
            left -= 1
            segment.nodes[left] = node
            segment_of[node] = segment.number
            add_operands(s, node)
        node = take_below(s, node)
    give_back(s, node)
    return 0


cdef inline void add_operands(NodeSet *s, uint32_t node) noexcept:
    cdef uint32_t k
    for k in range(slot_count(node)):
        if slot_node(node, k):
            add(s, slot_node(node, k))


# Making one.

def reduced(Handle scalar):
    """What ``__reduce__`` of a scalar returns."""
    cdef Segment segment
    hold()
    try:
        find_nodes()
        segment = segment_at(scalar.node)
        if segment is None:
            segment = new_segment(scalar)
        return restore_number, (segment, index_in(segment, scalar.node))
    finally:
        let_go()


cdef Segment new_segment(Handle scalar):
    cdef Segment segment = Segment.__new__(Segment), parent
    cdef uint32_t node, size = 0, i
    cdef NodeSet *s
    segment.scalar, segment.parents = scalar, []
    enter(segment)
    find_nodes()
    node = scalar.node
    s = borrow_set(node)
    try:
        while node:
            parent = segment_at(node)
            if parent is None:
                if segment.count == size:
                    size = grown(segment, size)
                segment.nodes[segment.count] = node
                segment.count += 1
                segment_of[node] = segment.number
                add_operands(s, node)
            elif parent.child != segment.number:
                parent.child = segment.number
                segment.parents.append(parent)
            node = take_below(s, node)
    finally:
        give_back(s, node)
    for i in range(segment.count // 2):
        node = segment.nodes[i]
        segment.nodes[i] = segment.nodes[segment.count - 1 - i]
        segment.nodes[segment.count - 1 - i] = node
    for i in range(segment.count):
        check_pickles(segment, segment.nodes[i])
    return segment


cdef uint32_t grown(Segment segment, uint32_t size) except 0:
    cdef uint32_t *more = <uint32_t *>realloc(segment.nodes, (2 * <uint64_t>size + 8) * sizeof(uint32_t))
    if more == NULL:
        raise MemoryError(f"no memory to pickle more than {size:,} nodes")
    segment.nodes = more
    return 2 * size + 8


cdef int check_pickles(Segment segment, uint32_t i) except -1:
    cdef uint32_t k
    if tape.op[i] & HAS_CALLBACK or (tape.owner[i] != NULL and callable(state_at(i).get("_forward"))):
        raise TypeError(
            f"{unpinned_handle_of(i)!r} cannot be pickled or copied: its _backward or _forward is a Python function. "
            f"Make the operation with fastgrad.custom(), or pickle its .detach()"
        )
    if tape.op[i] >= OP_END and not kind_at(i).pickled:
        raise TypeError(
            "a number that a module has computed cannot be pickled or copied with its graph: pickle the module, and "
            "compute it again, or pickle its .detach()"
        )
    if tape.op[i] == OP_leaves:  # those that lie together must be in the segment of their node, where they do
        for k in range(slot_count(i)):
            if segment_of[slot_node(i, k)] != segment.number:
                raise ValueError("a parameter cannot be pickled or copied before its module: put the module first")
    return 0


cdef uint32_t index_in(Segment segment, uint32_t node) noexcept:
    """The index of a node that is in a segment: its nodes are in ascending order."""
    cdef uint32_t low = 0, high = segment.count, middle
    while high - low > 1:
        middle = low + (high - low) // 2
        if segment.nodes[middle] <= node:
            low = middle
        else:
            high = middle
    return low


# Writing one. Its nodes are numbered after those of its parents, one parent after the other.

cdef dict kept_state(Segment segment):
    """By index, what is kept on the nodes."""
    cdef uint32_t i
    kept = {}
    for i in range(segment.count):
        if tape.owner[segment.nodes[i]] != NULL:
            handle = <Handle>owner_of(segment.nodes[i])
            slots = [name for name in copyreg._slotnames(type(handle)) if hasattr(handle, name)]
            state = {**state_at(segment.nodes[i]), **{name: getattr(handle, name) for name in slots}}
            if state:
                kept[i] = state
    return kept or None


cdef tuple columns(Segment segment):
    """The nodes as flat arrays: types, operations, for each node its index in those, data, grads, first and second
    operands, payloads. Operands are numbers of nodes; payloads follow each other in node order."""
    cdef uint32_t i, n = segment.count
    cdef uint64_t units = 0
    cdef uint8_t code_index[256]
    cdef bytes ops = blank(n), type_codes = blank(n), data = blank(8 * n), grad = blank(8 * n)
    cdef bytes first = blank(4 * n), second = blank(8 * n), payloads
    cdef NodeArrays at = columns_at(ops, type_codes, data, grad, first, second)
    names = []
    types = []
    indices = {}  # of types
    memset(code_index, 255, sizeof(code_index))
    for i in range(n):
        op = tape.op[segment.nodes[i]]
        if code_index[op] == 255:
            code_index[op] = len(names)
            names.append(code_name(op))
        at.op[i] = code_index[op]
        at.type_code[i] = type_index(types, indices, segment.nodes[i])
        if is_nary(op):
            units += payload_units(tape.second[segment.nodes[i]].span.n, tape.second[segment.nodes[i]].span.reals)
    payloads = blank(units * sizeof(uint32_t))
    number_parents(segment)
    write_numbers(segment, at, <uint32_t *>PyBytes_AS_STRING(payloads))
    return types, names, ops, type_codes, data, grad, first, second, payloads


cdef bytes blank(uint64_t length):
    return PyBytes_FromStringAndSize(NULL, length)


cdef uint8_t type_index(list types, dict indices, uint32_t node) except? 255:
    number = type_of(node)
    index = indices.get(number)
    if index is None:
        if len(types) == 255:
            raise ValueError("scalars of more than 255 types cannot be pickled together")
        index = indices[number] = len(types)
        types.append(number)
    return index


cdef int number_parents(Segment segment) except -1:
    cdef Segment parent
    segment.start = 0
    for parent in segment.parents:
        parent.start = segment.start
        segment.start += parent.count
    return 0


cdef uint32_t numbered(uint32_t node) noexcept:
    cdef Segment segment = <Segment>segments[segment_of[node]]
    return segment.start + index_in(segment, node)


cdef int write_numbers(Segment segment, NodeArrays at, uint32_t *payload) except -1:
    """Write what is no Python object, so that no code runs that numbers the parents for another child."""
    cdef uint32_t i, node, op
    for i in range(segment.count):
        node = segment.nodes[i]
        op = tape.op[node] & OP_MASK
        at.data[i] = tape.data[node]
        at.grad[i] = tape.grad[node]
        at.first[i] = 0
        at.second[i] = tape.second[node]
        if is_nary(op):
            payload = write_payload(node, payload)
        elif op != OP_LEAF:
            at.first[i] = numbered(tape.first[node])
        if OP_FIRST_BINARY <= op < OP_FIRST_NARY:
            at.second[i].constant = 0.0
            at.second[i].node = numbered(tape.second[node].node)
    return 0


cdef uint32_t *write_payload(uint32_t node, uint32_t *payload) noexcept:
    """Write a payload with numbers of nodes for slots; return where the next one goes."""
    cdef Span span = tape.second[node].span
    cdef uint64_t units = payload_units(span.n, span.reals)
    cdef uint32_t k
    memcpy(payload, tape.pool + tape.first[node], units * sizeof(uint32_t))
    for k in range(span.n):
        if payload[k] != CONSTANT:
            payload[k] = numbered(payload[k])
    if span.n & 1:
        payload[span.n] = 0
    return payload + units
