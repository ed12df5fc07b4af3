"""Pickling and deep copying: scalars with the graph they stand on, as flat arrays, whatever its depth.

A scalar reduces to a segment and its place in it; a segment is the nodes it stands on that no earlier segment of the
same pickler has, so that scalars pickled together share what they share. Which nodes were had is written in a session,
which lives as long as one of its segments does, that is, as long as a pickler remembers it; until then nothing is
collected, and nodes stay where they are.

A place counts the nodes of a session's segments one after the other.
"""

import copyreg
import weakref
from bisect import bisect_right

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize
from libc.stdint cimport uint8_t, uint32_t, uint64_t
from libc.stdlib cimport calloc, free, malloc, realloc
from libc.string cimport memcpy, memset

from fastgrad._tape.handle cimport (
    UNLISTED, Handle, make_typed, owner_of, state_at, state_of, type_code_of, type_of, unpinned_handle_of,
)
from fastgrad._tape.kinds cimport kind_at, kinds
from fastgrad._tape.nodeset cimport NodeSet, add, take_below
from fastgrad._tape.sweep cimport borrow_set, give_back
from fastgrad._tape.tape cimport (
    CONSTANT, HAS_CALLBACK, OP_END, OP_FIRST_BINARY, OP_FIRST_CV, OP_FIRST_NARY, OP_FIRST_VC, OP_LEAF, OP_leaves,
    OP_pick, OP_softmax, Second, Span, append, append_payload, is_nary, nary_fits, op_rows, payload_units, reserve,
    resume_limit, slot_count, slot_node, tape,
)

cdef object open_session = None  # a weak reference

cdef struct Stretch:
    uint32_t start  # place
    uint32_t count
    uint32_t first  # node

cdef struct NodeArrays:
    uint8_t *op
    uint8_t *type_code
    double *data
    double *grad
    uint32_t *first
    Second *second


cdef class Session:
    cdef uint32_t *place  # for each node, 1 + its place, or 0
    cdef uint32_t size
    cdef uint32_t count   # places given
    cdef list starts      # of the segments
    cdef list segments    # weak references
    cdef object __weakref__

    cdef bint closed

    def __cinit__(self):
        self.starts = []
        self.segments = []
        tape.hold += 1
        resume_limit()

    def __dealloc__(self):
        free(self.place)
        self.close()

    cdef void close(self) noexcept:
        """Let nodes move again; the segments can be pickled no more."""
        tape.hold -= not self.closed
        self.closed = True

    cdef int cover(self) except -1:
        """Have a place for every node of the tape."""
        cdef uint32_t *place
        if self.size < tape.count:
            place = <uint32_t *>realloc(self.place, tape.count * sizeof(uint32_t))
            if place == NULL:
                raise MemoryError(f"no memory to pickle from a tape of {tape.count:,} nodes")
            memset(place + self.size, 0, (tape.count - self.size) * sizeof(uint32_t))
            self.place = place
            self.size = tape.count
        return 0

    cdef object segment_of(self, uint32_t place):
        """The segment a place is in; None where it is gone."""
        return self.segments[bisect_right(self.starts, place) - 1]()


cdef class Segment:
    """Some nodes of a session, in order."""

    cdef Session session
    cdef uint32_t start
    cdef uint32_t count
    cdef uint32_t *nodes
    cdef list parents   # the segments of operands that are not in this one
    cdef object __weakref__

    def __dealloc__(self):
        free(self.nodes)

    def __reduce__(self):
        if self.session.closed:
            raise ValueError("a pickler that has failed on a scalar cannot go on: use a new one")
        return restore_segment, (self.start, self.parents, *columns(self)), kept_state(self)


cdef class Restored:
    """The nodes of a segment on the tape again: which stay together, as its owned last node stands on the others."""

    cdef uint32_t start  # place
    cdef uint32_t count
    cdef Handle last

    def __setstate__(self, states):
        for place, state in states.items():
            handle = unpinned_handle_of(node_at(self, place))
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


# Pickling.

def reduced(Handle number):
    """What ``__reduce__`` of a scalar returns."""
    global open_session
    cdef Session session = open_session() if open_session is not None else None
    try:
        segment = find_segment(session, number.node) if session is not None else None
        if segment is None:
            session = Session()
            open_session = weakref.ref(session)
            segment = find_segment(session, number.node)
    except BaseException:  # whose traceback may keep the pickler
        session.close()
        open_session = None
        raise
    return restore_number, (segment, session.place[number.node] - 1)


cdef Segment find_segment(Session session, uint32_t node):
    """The segment a node is in, made if it is in none; None where the session has forgotten one that is needed."""
    session.cover()
    if session.place[node]:
        return session.segment_of(session.place[node] - 1)
    return new_segment(session, node)


cdef Segment new_segment(Session session, uint32_t root):
    cdef Segment segment = Segment.__new__(Segment)
    cdef uint32_t i
    parents = {}
    nodes = nodes_below(session, root, parents)
    if None in parents.values():
        return None
    check_leaves(session, nodes)
    segment.session = session
    segment.start = session.count
    segment.count = len(nodes)
    segment.parents = list(parents.values())
    segment.nodes = <uint32_t *>malloc(len(nodes) * sizeof(uint32_t))
    if segment.nodes == NULL:
        raise MemoryError(f"no memory to pickle {len(nodes):,} nodes")
    for i in range(segment.count):
        segment.nodes[i] = nodes[segment.count - 1 - i]
        session.place[segment.nodes[i]] = session.count + i + 1
    session.count += segment.count
    session.starts.append(segment.start)
    session.segments.append(weakref.ref(segment))
    return segment


cdef list nodes_below(Session session, uint32_t root, dict parents):
    """The nodes that root stands on and that have no place yet, from root down; parents gets the others' segments."""
    cdef NodeSet *s = borrow_set(root)
    cdef uint32_t i = root, k
    nodes = []
    try:
        while i:
            if session.place[i]:
                parent = bisect_right(session.starts, session.place[i] - 1) - 1
                parents[parent] = session.segments[parent]()
            else:
                check_pickles(i)
                nodes.append(i)
                for k in range(slot_count(i)):
                    if slot_node(i, k):
                        add(s, slot_node(i, k))
            i = take_below(s, i)
    finally:
        give_back(s, i)
    return nodes


cdef int check_leaves(Session session, list nodes) except -1:
    """Leaves that lie together must be in the segment of their node, where they do."""
    cdef uint32_t i, k
    for i in nodes:
        if tape.op[i] == OP_leaves:
            for k in range(slot_count(i)):
                if session.place[slot_node(i, k)]:
                    raise ValueError("a parameter cannot be pickled or copied before its module: put the module first")
    return 0


cdef int check_pickles(uint32_t i) except -1:
    if tape.op[i] & HAS_CALLBACK or callable(state_at(i).get("_forward")):
        raise TypeError(
            f"{unpinned_handle_of(i)!r} cannot be pickled or copied: its _backward or _forward is a Python function. "
            f"Make the operation with fastgrad.custom(), or pickle its .detach()"
        )
    if tape.op[i] >= OP_END and not kind_at(i).pickled:
        raise TypeError(
            "a number that a module has computed cannot be pickled or copied with its graph: pickle the module, and "
            "compute it again, or pickle its .detach()"
        )
    return 0


cdef dict kept_state(Segment segment):
    """By place, what is kept on the nodes."""
    cdef uint32_t i
    kept = {}
    for i in range(segment.count):
        if tape.owner[segment.nodes[i]] != NULL:
            handle = <Handle>owner_of(segment.nodes[i])
            slots = [name for name in copyreg._slotnames(type(handle)) if hasattr(handle, name)]
            state = {**state_at(segment.nodes[i]), **{name: getattr(handle, name) for name in slots}}
            if state:
                kept[segment.start + i] = state
    return kept or None


cdef tuple columns(Segment segment):
    """The nodes as flat arrays: types, operations, for each node its place in those, data, grads, first and second
    operands, payloads. Operands are places; payloads follow each other in node order."""
    cdef uint32_t i, node, op, n = segment.count
    cdef bytes ops = blank(n), type_codes = blank(n), data = blank(8 * n), grad = blank(8 * n)
    cdef bytes first = blank(4 * n), second = blank(8 * n)
    cdef NodeArrays at = columns_at(ops, type_codes, data, grad, first, second)
    types = []
    names = []
    payloads = []
    for i in range(n):
        node = segment.nodes[i]
        op = tape.op[node]
        at.op[i] = place_in(names, code_name(op))
        at.type_code[i] = place_in(types, type_of(node))
        at.data[i] = tape.data[node]
        at.grad[i] = tape.grad[node]
        at.first[i] = 0
        at.second[i] = tape.second[node]
        if is_nary(op):
            payloads.append(packed_payload(segment, node))
        elif op != OP_LEAF:
            at.first[i] = segment.session.place[tape.first[node]] - 1
        if op == OP_LEAF or OP_FIRST_BINARY <= op < OP_FIRST_NARY:
            at.second[i].constant = 0.0
        if OP_FIRST_BINARY <= op < OP_FIRST_NARY:
            at.second[i].node = segment.session.place[tape.second[node].node] - 1
    return types, names, ops, type_codes, data, grad, first, second, b"".join(payloads)


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


cdef uint8_t place_in(list found, item) except? 255:
    if item not in found:
        if len(found) == 255:
            raise ValueError("scalars of more than 255 types cannot be pickled together")
        found.append(item)
    return found.index(item)


cdef bytes blank(uint64_t length):
    return PyBytes_FromStringAndSize(NULL, length)


cdef bytes packed_payload(Segment segment, uint32_t node):
    """A payload with places for slots."""
    cdef Span span = tape.second[node].span
    cdef uint64_t length = payload_units(span.n, span.reals) * sizeof(uint32_t)
    cdef bytes packed = PyBytes_FromStringAndSize(<char *>(tape.pool + tape.first[node]), length)
    cdef uint32_t *slots = <uint32_t *>PyBytes_AS_STRING(packed)
    cdef uint32_t k
    for k in range(span.n):
        if slots[k] != CONSTANT:
            slots[k] = segment.session.place[slots[k]] - 1
    if span.n & 1:
        slots[span.n] = 0
    return packed


# Restoring. What is not whole is refused; the tape is as it was then. Once room is reserved no Python code may run, so
# the nodes are appended by C functions that return what is wrong.

cdef struct Incoming:
    NodeArrays at
    uint8_t code[256]      # by place in the pickle's names
    uint8_t type_code[256]      # by place in its types
    Stretch *parents       # by place
    uint32_t parent_count
    Stretch own            # grows as nodes are appended
    uint64_t pool_end


cdef object damaged(str what):
    return ValueError(f"the pickled scalars are damaged: {what}")


def restore_segment(start, parents, types, names, ops, type_codes, data, grad, first, second, payloads):
    """Append a segment's nodes to the tape."""
    cdef Restored restored = Restored.__new__(Restored)
    cdef Incoming incoming
    cdef uint32_t i, n = len(ops)
    lengths = [len(column) for column in (type_codes, data, grad, first, second)]
    if not n or lengths != [n, 8 * n, 8 * n, 4 * n, 8 * n] or len(names) > 256 or len(types) > 256:
        raise damaged("its arrays do not fit together")
    if max(ops) >= len(names) or max(type_codes) >= len(types):
        raise damaged("its arrays do not fit together")
    incoming.at = columns_at(ops, type_codes, data, grad, first, second)
    codes = codes_by_name()
    for i, name in enumerate(names):
        name = FORMER_NAMES.get(name, name)
        if name not in codes:
            raise damaged(f"it has operations {name!r}, which are not known here")
        incoming.code[i] = codes[name]
    for i, number in enumerate(types):
        incoming.type_code[i] = type_code_of(number)
    incoming.parents = <Stretch *>malloc((len(parents) + 1) * sizeof(Stretch))
    if incoming.parents == NULL:
        raise MemoryError(f"no memory to unpickle {n:,} nodes")
    try:
        incoming.parent_count = len(parents)
        for i, parent in enumerate(sorted(parents, key=restored_start)):
            incoming.parents[i] = stretch_of(parent)
        incoming.own = Stretch(start, 0, 0)
        complaint = append_segment(&incoming, n, payloads)
    finally:
        free(incoming.parents)
    if complaint:
        raise damaged(complaint)
    restored.start, restored.count = start, n
    restored.last = make_typed(types[incoming.at.type_code[n - 1]], tape.count - 1)
    for i in range(n - 1):
        if incoming.type_code[incoming.at.type_code[i]] == UNLISTED:
            make_typed(types[incoming.at.type_code[i]], node_at(restored, start + i))
    return restored


def restored_start(Restored restored):
    return restored.start


cdef Stretch stretch_of(Restored restored):
    return Stretch(restored.start, restored.count, restored.last.node + 1 - restored.count)


cdef str append_segment(Incoming *incoming, uint32_t n, bytes payloads):
    cdef uint64_t units = len(payloads) // sizeof(uint32_t)
    cdef uint32_t count, pool_count
    cdef const char *complaint = NULL
    reserve(n, units)
    count = incoming.own.first = tape.count
    pool_count = tape.pool_count
    incoming.pool_end = pool_count + units
    if units:
        memcpy(tape.pool + pool_count, PyBytes_AS_STRING(payloads), units * sizeof(uint32_t))
    while incoming.own.count < n and complaint == NULL:
        complaint = append_restored(incoming)
    if complaint == NULL and not stands_together(incoming.own.first, n):
        complaint = b"a number that none stands on"
    if complaint != NULL:
        memset(tape.grad + count, 0, (tape.count - count) * sizeof(double))
        tape.count = count
        tape.pool_count = pool_count
        return complaint.decode()
    return ""


cdef bint stands_together(uint32_t first, uint32_t n) noexcept:
    """Does the last of n new nodes stand on all others, so that they stay together as long as that is there?"""
    cdef uint8_t *needed = <uint8_t *>calloc(n, 1)
    cdef uint32_t i, k, node, count = 0
    if needed == NULL:
        return False
    needed[n - 1] = True
    for i in range(n - 1, -1, -1):
        if needed[i]:
            count += 1
            for k in range(slot_count(first + i)):
                node = slot_node(first + i, k)
                if node >= first:
                    needed[node - first] = True
    free(needed)
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


cdef bint is_whole_run(Incoming *incoming, uint32_t place, Span span) noexcept:
    """Are the leaves of a node of them together in its own segment?"""
    cdef uint32_t k, first
    if span.n == 0 or span.reals or place < incoming.own.start:
        return False
    if span.n > incoming.own.count or place - incoming.own.start > incoming.own.count - span.n:
        return False
    first = linked(incoming, place)
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


cdef uint32_t linked(Incoming *incoming, uint32_t place) noexcept:
    """The node at a place among those appended so far or in a parent; 0 where there is none."""
    cdef uint32_t low = 0, high = incoming.parent_count, middle
    cdef Stretch stretch = incoming.own
    if place < stretch.start:
        while low < high:
            middle = (low + high) // 2
            if incoming.parents[middle].start <= place:
                low = middle + 1
            else:
                high = middle
        if low == 0:
            return 0
        stretch = incoming.parents[low - 1]
    return stretch.first + place - stretch.start if place - stretch.start < stretch.count else 0


cdef uint32_t node_at(Restored segment, place) except 0:
    cdef Stretch stretch = stretch_of(segment)
    if not stretch.start <= place < stretch.start + stretch.count:
        raise damaged("a scalar is outside its segment")
    return stretch.first + <uint32_t>(place - stretch.start)


def restore_number(Restored segment, place):
    """The scalar at a place of a restored segment."""
    return unpinned_handle_of(node_at(segment, place))
