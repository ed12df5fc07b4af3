"""Restoring pickled scalars: a segment's nodes appended to the tape again. What writes them is in pickling.pyx.

What is not whole is refused; the tape is as it was then. Once room is reserved no Python code may run, so the nodes are
appended by C functions that return what is wrong.
"""

import copyreg

cimport cython
from cpython.bytes cimport PyBytes_AS_STRING
from libc.stdint cimport uint8_t, uint32_t, uint64_t
from libc.stdlib cimport calloc, free, malloc
from libc.string cimport memcpy, memset

from fastgrad._tape.handle cimport UNLISTED, Handle, make_typed, state_of, type_code_of, unpinned_handle_of
from fastgrad._tape.kinds cimport kinds
from fastgrad._tape.node cimport Node
from fastgrad._tape.tape cimport (
    CONSTANT, OP_END, OP_FIRST_BINARY, OP_FIRST_CV, OP_FIRST_NARY, OP_FIRST_VC, OP_LEAF, OP_leaves, OP_pick,
    OP_softmax, Second, Span, append, append_payload, hold, is_nary, let_go, nary_fits, op_rows, payload_units,
    reserve, resume_limit, slot_count, slot_node, tape,
)

cdef struct Stretch:
    uint32_t start  # number
    uint32_t count
    uint32_t first  # node

cdef struct Incoming:
    NodeArrays at
    uint8_t code[256]       # by index in the pickle's names
    uint8_t type_code[256]  # by index in its types
    Stretch *parents        # by number
    uint32_t parent_count
    Stretch own             # grows as nodes are appended
    uint64_t pool_end


@cython.auto_pickle(False)
cdef class Restored:
    """The nodes of a segment on the tape again: which stay together, as its owned last node stands on the others."""

    cdef uint32_t start  # the number of the first
    cdef uint32_t count
    cdef Handle last

    def __setstate__(self, states):
        for number, state in states.items():
            handle = unpinned_handle_of(node_at(whole(self), number))
            state_of(handle)
            for name, kept in state.items():
                set_kept(handle, name, kept)


cdef int set_kept(Handle handle, name, kept) except -1:
    """Put back what was kept: in the dictionary, or in a subclass's slot."""
    if name in copyreg._slotnames(type(handle)):
        setattr(handle, name, kept)
    else:
        state_of(handle)[name] = kept
    return 0


def restore_nodes(parents, *arrays):
    """Append a segment's nodes to the tape. Operands are numbered through the parents, as listed, and the segment."""
    cdef uint64_t count = 0
    cdef Restored restored
    starts = []
    for parent in parents:
        starts.append(count)
        count += whole(parent).count
    restored = restored_from(count, starts, parents, arrays)
    restored.start = 0
    return restored


def restore_segment(start, parents, *arrays):
    """The same in pickles of 0.3.0: there nodes are numbered through all segments, in the order of their numbers."""
    parents = sorted(parents, key=start_of)
    return restored_from(start, [start_of(parent) for parent in parents], parents, arrays)


def start_of(restored):
    return whole(restored).start


cdef Restored whole(restored):
    if type(restored) is not Restored or (<Restored>restored).last is None:
        raise damaged("a segment is missing")
    return restored


def restore_number(segment, number):
    """A scalar by its number in a restored segment."""
    return unpinned_handle_of(node_at(whole(segment), number))


cdef uint32_t node_at(Restored segment, number) except 0:
    cdef Stretch stretch = stretch_of(segment, segment.start)
    if not stretch.start <= number < stretch.start + stretch.count:
        raise damaged("a scalar is outside its segment")
    return stretch.first + <uint32_t>(number - stretch.start)


cdef Stretch stretch_of(Restored restored, uint32_t start) noexcept:
    return Stretch(start, restored.count, restored.last.node + 1 - restored.count)


cdef object damaged(str what):
    return ValueError(f"the pickled scalars are damaged: {what}")


# Reading what was written.

cdef NodeArrays columns_at(bytes ops, bytes type_codes, bytes data, bytes grad, bytes first, bytes second):
    return NodeArrays(
        <uint8_t *>PyBytes_AS_STRING(ops), <uint8_t *>PyBytes_AS_STRING(type_codes), <double *>PyBytes_AS_STRING(data),
        <double *>PyBytes_AS_STRING(grad), <uint32_t *>PyBytes_AS_STRING(first), <Second *>PyBytes_AS_STRING(second),
    )


cdef str code_name(uint32_t op):
    """An operation's name in pickles: codes change when the op table grows."""
    form = "" if op < OP_FIRST_VC or op >= OP_FIRST_BINARY else "_VC" if op < OP_FIRST_CV else "_CV"
    return (op_rows[op].name if op < OP_END else kinds[op].name).decode() + form


cdef dict FORMER_NAMES = {"run": "leaves"}  # of 0.3.0


cdef dict codes_by_name():
    return {code_name(code): code for code in range(128) if code < OP_END or kinds[code].pickled}


cdef int read_names(Incoming *incoming, names) except -1:
    codes = codes_by_name()
    for i, name in enumerate(names):
        name = FORMER_NAMES.get(name, name)
        if name not in codes:
            raise damaged(f"it has operations {name!r}, which are not known here")
        incoming.code[<uint8_t>i] = codes[name]
    return 0


cdef int read_types(Incoming *incoming, types) except -1:
    for number in types:
        if not isinstance(number, type) or not issubclass(number, Node):
            raise damaged(f"it has scalars of type {number!r}, which is no type of scalars")
    for i, number in enumerate(types):
        incoming.type_code[<uint8_t>i] = type_code_of(number)
    return 0


cdef Restored restored_from(start, list starts, list parents, tuple arrays):
    """Append nodes of which the first is numbered start, and those of each parent from its own start on."""
    cdef Restored restored = Restored.__new__(Restored)
    cdef Incoming incoming
    cdef uint32_t i, n
    types, names, ops, type_codes, data, grad, first, second, payloads = arrays
    n = len(ops)
    lengths = [len(column) for column in (type_codes, data, grad, first, second)]
    if not n or lengths != [n, 8 * n, 8 * n, 4 * n, 8 * n] or len(names) > 256 or len(types) > 256:
        raise damaged("its arrays do not fit together")
    if max(ops) >= len(names) or max(type_codes) >= len(types):
        raise damaged("its arrays do not fit together")
    reserve(n, len(payloads) // sizeof(uint32_t))  # which may collect; from here on nothing does
    hold()
    incoming.parents = NULL
    try:
        incoming.at = columns_at(ops, type_codes, data, grad, first, second)
        incoming.own = Stretch(start, 0, 0)
        read_names(&incoming, names)
        read_types(&incoming, types)
        read_parents(&incoming, starts, parents)
        append_segment(&incoming, n, payloads)
        restored.start, restored.count = start, n
        restored.last = make_typed(types[incoming.at.type_code[n - 1]], incoming.own.first + n - 1)
        for i in range(n - 1):
            if incoming.type_code[incoming.at.type_code[i]] == UNLISTED:
                make_typed(types[incoming.at.type_code[i]], incoming.own.first + i)
    finally:
        free(incoming.parents)
        let_go()
        resume_limit()
    return restored


cdef int read_parents(Incoming *incoming, starts, list parents) except -1:
    cdef uint32_t i
    incoming.parents = <Stretch *>malloc((len(parents) + 1) * sizeof(Stretch))
    if incoming.parents == NULL:
        raise MemoryError(f"no memory to unpickle a scalar that stands on {len(parents):,} others")
    incoming.parent_count = len(parents)
    for i in range(incoming.parent_count):
        incoming.parents[i] = stretch_of(whole(parents[i]), starts[i])
    return 0


# Appending.

cdef int append_segment(Incoming *incoming, uint32_t n, bytes payloads) except -1:
    """Append all nodes, or none."""
    cdef uint64_t units = len(payloads) // sizeof(uint32_t)
    cdef uint8_t *needed = <uint8_t *>calloc(n, 1)
    cdef uint32_t count, pool_count
    cdef const char *complaint = NULL
    if needed == NULL:
        raise MemoryError(f"no memory to unpickle {n:,} nodes")
    try:
        reserve(n, units)
        count = incoming.own.first = tape.count
        pool_count = tape.pool_count
        incoming.pool_end = pool_count + units
        if units:
            memcpy(tape.pool + pool_count, PyBytes_AS_STRING(payloads), units * sizeof(uint32_t))
        while incoming.own.count < n and complaint == NULL:
            complaint = append_restored(incoming)
        if complaint == NULL and not stands_together(incoming.own.first, n, needed):
            complaint = b"a number that none stands on"
        if complaint != NULL:
            memset(tape.grad + count, 0, (tape.count - count) * sizeof(double))
            tape.count = count
            tape.pool_count = pool_count
            raise damaged(complaint.decode())
    finally:
        free(needed)
    return 0


cdef bint stands_together(uint32_t first, uint32_t n, uint8_t *needed) noexcept:
    """Does the last of n new nodes stand on all others, so that they stay together as long as that is there? `needed`
    has a 0 for each."""
    cdef uint32_t i, k, node, count = 0
    needed[n - 1] = True
    for i in range(n - 1, -1, -1):
        if needed[i]:
            count += 1
            for k in range(slot_count(first + i)):
                node = slot_node(first + i, k)
                if node >= first:
                    needed[node - first] = True
    return count == n


cdef const char *append_restored(Incoming *incoming) noexcept:
    """Append the segment's next node; return what is wrong, or NULL."""
    cdef uint32_t i = incoming.own.count, op = incoming.code[incoming.at.op[i]], first = 0
    cdef Second second = incoming.at.second[i]
    if is_nary(op):
        if not link_payload(incoming, op, second.span):
            return b"operands do not fit the operation"
        first = append_payload(op, incoming.type_code[incoming.at.type_code[i]], incoming.at.data[i], second.span)
        tape.grad[first] = incoming.at.grad[i]
        incoming.own.count += 1
        return NULL
    if op != OP_LEAF:
        first = linked(incoming, incoming.at.first[i])
        if OP_FIRST_BINARY <= op < OP_FIRST_NARY:
            second.node = linked(incoming, second.node)
        if first == 0 or (OP_FIRST_BINARY <= op < OP_FIRST_NARY and second.node == 0):
            return b"an operand is missing"
        if op == OP_leaves and not is_whole_run(incoming, incoming.at.first[i], second.span):
            return b"parameters that do not lie together"
        if op == OP_pick and (tape.op[first] != OP_softmax or second.place >= tape.second[first].span.n):
            return b"a result of nothing"
    first = append(op, incoming.type_code[incoming.at.type_code[i]], incoming.at.data[i], first, second)
    tape.grad[first] = incoming.at.grad[i]
    incoming.own.count += 1
    return NULL


cdef bint is_whole_run(Incoming *incoming, uint32_t number, Span span) noexcept:
    """Are the leaves of a node of them together in its own segment?"""
    cdef uint32_t k, first
    if span.n == 0 or span.reals or number < incoming.own.start:
        return False
    if span.n > incoming.own.count or number - incoming.own.start > incoming.own.count - span.n:
        return False
    first = linked(incoming, number)
    for k in range(span.n):
        if tape.op[first + k] != OP_LEAF:
            return False
    return True


cdef bint link_payload(Incoming *incoming, uint32_t op, Span span) noexcept:
    """Turn the slots of the next payload in the pool into nodes; False where it is not whole."""
    cdef uint32_t *slots = tape.pool + tape.pool_count
    cdef uint32_t k
    if not nary_fits(op, span.n, span.reals) or tape.pool_count + payload_units(span.n, span.reals) > incoming.pool_end:
        return False
    for k in range(span.n):
        if slots[k] != CONSTANT:
            slots[k] = linked(incoming, slots[k])
        if slots[k] == 0 or (slots[k] == CONSTANT and span.reals == 0):
            return False
    return True


cdef uint32_t linked(Incoming *incoming, uint32_t number) noexcept:
    """The node of a number: of those appended so far, or in a parent; 0 where there is none."""
    cdef uint32_t low = 0, high = incoming.parent_count, middle
    cdef Stretch stretch = incoming.own
    if number < stretch.start:
        while low < high:
            middle = (low + high) // 2
            if incoming.parents[middle].start <= number:
                low = middle + 1
            else:
                high = middle
        if low == 0:
            return 0
        stretch = incoming.parents[low - 1]
    return stretch.first + number - stretch.start if number - stretch.start < stretch.count else 0
