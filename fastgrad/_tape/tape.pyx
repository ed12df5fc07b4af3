# distutils: extra_compile_args = -O3
"""The tape's memory: growth, and collection of the nodes nobody needs. The contract is in the header, tape.pxd."""

from libc.math cimport NAN
from libc.stdint cimport SIZE_MAX, int64_t
from libc.stdlib cimport calloc, free, getenv, malloc, realloc
from libc.string cimport memmove, memset

cdef enum:
    SMALLEST = 1 << 15  # nodes: the arrays of a tape that is mostly temporaries stay in the cache
    SMALLEST_POOL = 1 << 16
    MODERATE = 1 << 17
    LARGE = 1 << 20
    MOST = 0xFFFFFFF0   # nodes and pool units are counted in 32 bits

# For tests: collect whenever a node is appended.
cdef bint collect_always = getenv("FASTGRAD_COLLECT_ALWAYS") != NULL


# Growth.

cdef int resize(void **array, size_t item, size_t length, bint larger) except -1:
    """Reallocate an array to length items. Where there is no memory it stays as it was: long enough if it was to be
    shorter, which is no failure then."""
    cdef void *moved = NULL
    if length <= SIZE_MAX // item:
        moved = realloc(array[0], length * item)
    if moved != NULL:
        array[0] = moved
    elif larger:
        raise MemoryError(f"no memory for {length:,} nodes on the tape")
    return 0


cdef int set_lengths(uint32_t length, bint larger) except -1:
    resize(<void **>&tape.data, sizeof(double), length, larger)
    resize(<void **>&tape.grad, sizeof(double), length, larger)
    resize(<void **>&tape.first, sizeof(uint32_t), length, larger)
    resize(<void **>&tape.second, sizeof(Second), length, larger)
    resize(<void **>&tape.op, sizeof(uint8_t), length, larger)
    resize(<void **>&tape.type_code, sizeof(uint8_t), length, larger)
    resize(<void **>&tape.owner, sizeof(uint32_t *), length, larger)
    return 0


cdef int check_room_to_collect(uint32_t nodes) except -1:
    """Leave memory for a collection: a tape that has filled all there is must be able to let go of it."""
    cdef void *room = malloc(<size_t>nodes * sizeof(uint32_t))
    if room == NULL:
        raise MemoryError(f"no memory for {nodes:,} nodes on the tape")
    free(room)
    return 0


cdef int enlarge_nodes(uint32_t capacity) except -1:
    """Have room for more nodes; after a failure the capacity is what it was."""
    try:
        set_lengths(capacity, True)
        check_room_to_collect(capacity)
    except MemoryError:
        set_lengths(tape.capacity, False)
        raise
    memset(tape.grad + tape.capacity, 0, (capacity - tape.capacity) * sizeof(double))
    memset(tape.owner + tape.capacity, 0, (capacity - tape.capacity) * sizeof(uint32_t *))
    tape.capacity = capacity
    return 0


cdef uint32_t grown(uint64_t needed, uint64_t capacity, uint64_t threshold, bint sparingly) noexcept nogil:
    """The next capacity: half as much again, of a large tape an eighth; not beyond where a collection comes first."""
    cdef uint64_t larger = capacity + (capacity >> (6 if sparingly else 1 if capacity < LARGE else 3))
    if needed <= threshold:
        larger = min(larger, threshold)
    return <uint32_t>min(<uint64_t>MOST, max(needed, larger))


cdef int resume_limit() noexcept nogil:
    """Say anew how far appending may go without asking."""
    if tape.paused or collect_always:
        tape.limit = 0
    else:
        tape.limit = min(tape.capacity, tape.threshold) if tape.holds == 0 else tape.capacity
    return 0


cdef int grow(uint64_t count, uint64_t pool_count, bint sparingly) except -1:
    """Have room for so many nodes and pool units in all."""
    cdef uint32_t pool_capacity
    if count > MOST or pool_count > MOST:
        raise MemoryError(f"the tape holds at most {<uint64_t>MOST:,} nodes and as many operands")
    if count > tape.capacity:
        enlarge_nodes(grown(count, tape.capacity, tape.threshold, sparingly))
    if pool_count > tape.pool_capacity:
        pool_capacity = grown(pool_count, tape.pool_capacity, tape.pool_threshold, sparingly)
        resize(<void **>&tape.pool, sizeof(uint32_t), pool_capacity, True)
        tape.pool_capacity = pool_capacity
    return 0


cdef int reserve(uint32_t nodes, uint64_t units) except -1:
    """Make room for so many nodes and pool units. This may collect: indices and pointers from before are void.

    Until the room is used, no Python code may run, nor may an object be made that Python's collector tracks: collecting
    garbage, it may run code that uses the room.
    """
    if collect_always or tape.count + <uint64_t>nodes > tape.threshold or tape.pool_count + units > tape.pool_threshold:
        collect()
    try:
        grow(tape.count + <uint64_t>nodes, tape.pool_count + units, False)
    except MemoryError:
        collect()
        grow(tape.count + <uint64_t>nodes, tape.pool_count + units, True)
    resume_limit()
    return 0


# Holds. Each thread counts its own, as the others' end with a fork.

cdef extern from *:
    """
    #include "operations/portable.h"
    static THREAD_LOCAL int64_t own_holds;
    """
    int64_t own_holds

cdef void hold() noexcept nogil:
    global own_holds
    tape.holds += 1
    own_holds += 1


cdef void let_go() noexcept nogil:
    global own_holds
    tape.holds -= 1
    own_holds -= 1
    if tape.holds == 0:
        resume_limit()


cdef inline void note_change(uint32_t start) noexcept nogil:
    """Nodes from here on are not where they were."""
    tape.generation += 1
    tape.changed = min(tape.changed, start)


def drop_nodes(uint32_t start):
    """Drop the nodes from an index on, unless a handle of one is left or another thread has the tape held."""
    cdef uint32_t node
    for node in range(start, tape.count):
        if tape.owner[node] != NULL or tape.holds > <uint64_t>own_holds:
            return
    for node in range(start, tape.count):
        if is_nary(tape.op[node] & OP_MASK):  # payloads lie in the order of their nodes
            tape.pool_count = tape.first[node]
            break
    memset(tape.grad + start, 0, (tape.count - start) * sizeof(double))
    tape.count = start
    note_change(start)
    resume_limit()


cdef void forget_other_threads() noexcept nogil:
    """In a child made by fork there is this thread only."""
    global own_holds
    own_holds = max(own_holds, 0)  # what one thread begins another may end
    tape.holds = <uint32_t>own_holds
    resume_limit()


# Collection: mark from the owned nodes in one sweep down, then slide the survivors up to the front. `to` has, for each
# node, 0 where it is garbage, and later its new index. Survivors and garbage mostly lie in long runs.

cdef enum:
    TOGETHER = 8  # nodes that are looked at at a time

cdef inline bint are_garbage(const uint32_t *to, uint32_t **owner) noexcept nogil:
    """Are so many nodes neither marked nor owned?"""
    cdef size_t found = 0
    cdef int k
    for k in range(TOGETHER):
        found |= to[k] | <size_t>owner[k]
    return found == 0


cdef inline uint32_t above_garbage(const uint32_t *to, uint32_t i) noexcept nogil:
    """The next lower node that survives, given one that is garbage; 0 where there is none."""
    while i >= <uint32_t>TOGETHER and are_garbage(to + i - TOGETHER, tape.owner + i - TOGETHER):
        i -= TOGETHER
    while i and to[i] == 0 and tape.owner[i] == NULL:
        i -= 1
    return i


cdef uint32_t mark_survivors(uint32_t *to) noexcept nogil:
    """Mark what is owned and what that stands on; return how many survive, index 0 among them."""
    cdef uint32_t i = tape.count - 1, k, survivors = 1
    while i:
        if to[i] == 0 and tape.owner[i] == NULL:
            i = above_garbage(to, i)
            continue
        to[i] = 1
        survivors += 1
        for k in range(slot_count(i)):
            to[slot_node(i, k)] = 1
        i -= 1
    return survivors


cdef inline uint32_t next_survivor(const uint32_t *to, uint32_t i) noexcept nogil:
    """The first node from i on that survives, or the tape's end."""
    cdef uint32_t found = 0
    cdef int k
    while i + <uint32_t>TOGETHER <= tape.count and found == 0:
        for k in range(TOGETHER):
            found |= to[i + k]
        i += TOGETHER
    if found:
        i -= TOGETHER
    while i < tape.count and to[i] == 0:
        i += 1
    return i


cdef uint32_t slide_payload(const uint32_t *to, uint32_t j, uint32_t place) noexcept nogil:
    """Move the payload of a node, which is j now, down to a place in the pool, its slots renumbered; return its end."""
    cdef Span span = tape.second[j].span
    cdef uint32_t units = <uint32_t>payload_units(span.n, span.reals), k
    cdef uint32_t *slots = tape.pool + place
    memmove(slots, tape.pool + tape.first[j], units * sizeof(uint32_t))
    for k in range(span.n):
        if slots[k] != CONSTANT:
            slots[k] = to[slots[k]]
    tape.first[j] = place
    return place + units


cdef void move_run(uint32_t i, uint32_t j, uint32_t length) noexcept nogil:
    """Move nodes that lie behind each other down to j, with their operands as they are."""
    memmove(tape.data + j, tape.data + i, length * sizeof(double))
    memmove(tape.grad + j, tape.grad + i, length * sizeof(double))
    memmove(tape.first + j, tape.first + i, length * sizeof(uint32_t))
    memmove(tape.second + j, tape.second + i, length * sizeof(Second))
    memmove(tape.op + j, tape.op + i, length)
    memmove(tape.type_code + j, tape.type_code + i, length)
    memmove(tape.owner + j, tape.owner + i, length * sizeof(uint32_t *))
    cdef uint32_t left = max(i, j + length)
    memset(tape.owner + left, 0, (i + length - left) * sizeof(uint32_t *))


cdef uint32_t renumber_run(const uint32_t *to, uint32_t j, uint32_t end, uint32_t pool_end) noexcept nogil:
    """Have nodes that were moved, and their handles, name the new indices; return the pool's new end."""
    cdef uint32_t op
    while j < end:
        op = tape.op[j] & OP_MASK
        if is_nary(op):
            pool_end = slide_payload(to, j, pool_end)
        elif op != OP_LEAF:
            tape.first[j] = to[tape.first[j]]
            if OP_FIRST_BINARY <= op < OP_FIRST_NARY:
                tape.second[j].node = to[tape.second[j].node]
        if tape.owner[j] != NULL:
            tape.owner[j][0] = j
        j += 1
    return pool_end


cdef uint32_t end_of_payloads(uint32_t end) noexcept nogil:
    """Where the payloads end of the nodes below one, all of which survive."""
    while tape.pool_count and end > 1:
        end -= 1
        if is_nary(tape.op[end] & OP_MASK):
            return tape.first[end] + <uint32_t>payload_units(tape.second[end].span.n, tape.second[end].span.reals)
    return 0


cdef void slide(uint32_t *to) noexcept nogil:
    """Those below the first that is garbage stay as they are."""
    cdef uint32_t i = 1, j = 1, start, pool_end
    while to[i]:
        to[i] = i
        i += 1
    pool_end = end_of_payloads(i)
    note_change(i)
    j, i = i, next_survivor(to, i)
    while i < tape.count:
        start = i
        while i < tape.count and to[i]:
            to[i] = j + (i - start)
            i += 1
        move_run(start, j, i - start)
        pool_end = renumber_run(to, j, j + (i - start), pool_end)
        j += i - start
        i = next_survivor(to, i)
    memset(tape.grad + j, 0, (tape.count - j) * sizeof(double))
    tape.squeezed += tape.count - j
    tape.count = j
    tape.pool_count = pool_end


cdef int let_go_of_pins() except -1:
    """Let go of what only its own state holds. Its finalizers may compute, so nothing is collected meanwhile."""
    hold()
    try:
        tape.release_pins()
    finally:
        let_go()
    return 0


cdef int collect() except -1:
    """Squeeze out the nodes that nobody owns or stands on. Held off, it does nothing."""
    cdef uint32_t before = tape.count, pool_before = tape.pool_count
    cdef uint32_t *to
    if tape.holds:
        return 0
    if tape.pins:
        let_go_of_pins()
    to = <uint32_t *>calloc(tape.count, sizeof(uint32_t))
    if to == NULL:
        tape.drop_caches()
        to = <uint32_t *>calloc(tape.count, sizeof(uint32_t))
    if to == NULL:
        raise MemoryError(f"no memory to collect {tape.count:,} nodes")
    if mark_survivors(to) < tape.count:
        slide(to)
    free(to)
    tape.collections += 1
    return set_thresholds(before, pool_before)


cdef int set_thresholds(uint32_t before, uint32_t pool_before) except -1:
    """Say when to collect again, and give memory back where that, and what was there before, is far below its size.

    Collecting at three times what survived, and some room beside, costs a training loop a few nanoseconds a node; six
    times saves half of them, and is some megabytes where little survives. The room alone does not keep up with a graph
    that grows. The pool may also fill up to the size of the nodes, which are what a collection looks at.
    """
    cdef uint64_t times = 6 if tape.count < <uint32_t>MODERATE else 3
    tape.threshold = <uint32_t>min(<uint64_t>MOST, times * <uint64_t>tape.count + SMALLEST)
    tape.pool_threshold = <uint32_t>min(
        <uint64_t>MOST, 3 * <uint64_t>tape.pool_count + 8 * <uint64_t>tape.count + SMALLEST_POOL
    )
    if tape.capacity > 4 * <uint64_t>max(tape.threshold, before):
        tape.capacity = tape.threshold
        set_lengths(tape.capacity, False)
    if tape.pool_capacity > 4 * <uint64_t>max(tape.pool_threshold, pool_before):
        tape.pool_capacity = tape.pool_threshold
        resize(<void **>&tape.pool, sizeof(uint32_t), tape.pool_capacity, False)
    return resume_limit()


cdef int nothing_to_release() except -1:
    return 0


cdef void nothing_to_drop() noexcept:
    pass


cdef int begin() except -1:
    memset(&tape, 0, sizeof(Tape))
    tape.release_pins = nothing_to_release
    tape.drop_caches = nothing_to_drop
    tape.threshold = SMALLEST
    tape.pool_threshold = SMALLEST_POOL
    enlarge_nodes(SMALLEST // 2)
    append(OP_LEAF, 0, NAN, 0, no_second())  # index 0 is no node
    return resume_limit()


begin()
