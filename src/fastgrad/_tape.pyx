"""The tape's memory: growth, and collection of the nodes nobody needs. The contract is in the header, _tape.pxd."""

from libc.math cimport NAN
from libc.stdint cimport SIZE_MAX
from libc.stdlib cimport calloc, free, getenv, realloc
from libc.string cimport memmove, memset

cdef extern from *:
    """
    static inline uint32_t bits_in(uint64_t word) { return (uint32_t)__builtin_popcountll(word); }
    """
    uint32_t bits_in(uint64_t word) nogil


cdef enum:
    SMALLEST = 1 << 14  # nodes: the arrays of a tape that is mostly temporaries stay in the cache
    SMALLEST_POOL = 1 << 16
    MOST = 0xFFFFFFF0   # nodes and pool units are counted in 32 bits

# For tests: collect whenever a node is appended.
cdef bint collect_always = getenv("FASTGRAD_COLLECT_ALWAYS") != NULL


# Growth.

cdef int resize(void **array, size_t item, size_t length) except -1 nogil:
    """Reallocate an array to length items; where there is no memory it stays as it was."""
    cdef void *moved = NULL
    if length <= SIZE_MAX // item:
        moved = realloc(array[0], length * item)
    if moved == NULL:
        raise MemoryError(f"no memory for {length:,} nodes on the tape")
    array[0] = moved
    return 0


cdef int resize_nodes(uint32_t capacity) except -1 nogil:
    """Change the capacity of the node arrays. After a failure the arrays may be longer than the capacity says, never shorter."""
    cdef uint32_t known = min(tape.capacity, capacity)
    tape.capacity = known
    resize(<void **>&tape.data, sizeof(double), capacity)
    resize(<void **>&tape.grad, sizeof(double), capacity)
    resize(<void **>&tape.first, sizeof(uint32_t), capacity)
    resize(<void **>&tape.second, sizeof(Second), capacity)
    resize(<void **>&tape.op, sizeof(uint8_t), capacity)
    resize(<void **>&tape.kind, sizeof(uint8_t), capacity)
    resize(<void **>&tape.owner, sizeof(uint32_t *), capacity)
    memset(tape.grad + known, 0, (capacity - known) * sizeof(double))
    memset(tape.owner + known, 0, (capacity - known) * sizeof(uint32_t *))
    tape.capacity = capacity
    return 0


cdef uint64_t grown(uint64_t needed, uint64_t capacity, uint64_t threshold) noexcept nogil:
    """The next capacity: half as much again, but not beyond the threshold at which a collection comes first."""
    return min(<uint64_t>MOST, max(needed, min(capacity + capacity // 2, threshold)))


cdef int resume_limit() noexcept nogil:
    """Say anew how far appending may go without asking."""
    if tape.paused or collect_always:
        tape.limit = 0
    else:
        tape.limit = min(tape.capacity, tape.threshold) if tape.hold == 0 else tape.capacity
    return 0


cdef int reserve(uint32_t nodes, uint64_t units) except -1:
    """Make room for so many nodes and pool units. This may collect: indices and pointers from before are void."""
    cdef uint64_t count, pool_count
    if collect_always or tape.count + <uint64_t>nodes > tape.threshold or tape.pool_count + units > tape.pool_threshold:
        collect()
    count = tape.count + <uint64_t>nodes
    pool_count = tape.pool_count + units
    if count > MOST or pool_count > MOST:
        raise MemoryError(f"the tape holds at most {<uint64_t>MOST:,} nodes and as many operands")
    if count > tape.capacity:
        resize_nodes(<uint32_t>grown(count, tape.capacity, tape.threshold))
    if pool_count > tape.pool_capacity:
        pool_count = grown(pool_count, tape.pool_capacity, tape.pool_threshold)
        resize(<void **>&tape.pool, sizeof(uint32_t), pool_count)
        tape.pool_capacity = <uint32_t>pool_count
    resume_limit()
    return 0


# Collection: mark from the owned nodes in one sweep down, then slide the survivors up to the front.

cdef struct Survivors:
    uint64_t *bits    # one for each node
    uint32_t *before  # survivors before each word of bits


cdef inline void mark(Survivors *s, uint32_t i) noexcept nogil:
    s.bits[i >> 6] |= <uint64_t>1 << (i & 63)


cdef inline bint survives(Survivors *s, uint32_t i) noexcept nogil:
    return (s.bits[i >> 6] >> (i & 63)) & 1


cdef inline uint32_t moved(Survivors *s, uint32_t i) noexcept nogil:
    """The new index of a survivor: how many survive before it."""
    return s.before[i >> 6] + bits_in(s.bits[i >> 6] & ((<uint64_t>1 << (i & 63)) - 1))


cdef void mark_operands(Survivors *s, uint32_t i) noexcept nogil:
    cdef uint32_t op = tape.op[i] & OP_MASK, k
    cdef operands x
    if op == OP_LEAF:
        return
    if is_nary(op):
        x = payload(i)
        for k in range(x.n):
            if x.slots[k] != CONSTANT:
                mark(s, x.slots[k])
        return
    mark(s, tape.first[i])
    if OP_FIRST_BINARY <= op < OP_FIRST_NARY:
        mark(s, tape.second[i].node)


cdef uint32_t mark_all(Survivors *s) noexcept nogil:
    """Mark what is owned and what that stands on; return how many survive, index 0 among them."""
    cdef uint32_t i, w, total = 0
    for i in range(tape.count - 1, 0, -1):
        if tape.owner[i] != NULL:
            mark(s, i)
        if survives(s, i):
            mark_operands(s, i)
    mark(s, 0)
    for w in range(((tape.count - 1) >> 6) + 1):
        s.before[w] = total
        total += bits_in(s.bits[w])
    return total


cdef uint32_t slide_payload(Survivors *s, uint32_t i, uint32_t to) noexcept nogil:
    """Move node i's payload down to `to` in the pool, its slots renumbered; return where the next one goes."""
    cdef Span span = tape.second[i].span
    cdef uint32_t units = <uint32_t>payload_units(span.n, span.reals), k
    cdef uint32_t *slots = tape.pool + to
    memmove(slots, tape.pool + tape.first[i], units * sizeof(uint32_t))
    for k in range(span.n):
        if slots[k] != CONSTANT:
            slots[k] = moved(s, slots[k])
    return to + units


cdef void slide(Survivors *s) noexcept nogil:
    cdef uint32_t i, j = 1, op, pool_end = 0
    cdef Second second
    for i in range(1, tape.count):
        if not survives(s, i):
            continue
        op = tape.op[i] & OP_MASK
        second = tape.second[i]
        if is_nary(op):
            tape.first[j] = pool_end
            pool_end = slide_payload(s, i, pool_end)
        else:
            tape.first[j] = moved(s, tape.first[i]) if op != OP_LEAF else 0
            if OP_FIRST_BINARY <= op < OP_FIRST_NARY:
                second.node = moved(s, second.node)
        tape.second[j] = second
        tape.data[j] = tape.data[i]
        tape.grad[j] = tape.grad[i]
        tape.op[j] = tape.op[i]
        tape.kind[j] = tape.kind[i]
        tape.owner[j] = tape.owner[i]
        if tape.owner[j] != NULL:
            tape.owner[j][0] = j
        j += 1
    memset(tape.grad + j, 0, (tape.count - j) * sizeof(double))
    memset(tape.owner + j, 0, (tape.count - j) * sizeof(uint32_t *))
    tape.count = j
    tape.pool_count = pool_end
    tape.generation += 1


cdef int collect() except -1:
    """Squeeze out the nodes that nobody owns or stands on. Held off, it does nothing."""
    cdef Survivors s
    cdef uint32_t words = (tape.count >> 6) + 1
    if tape.hold:
        return 0
    if tape.pins:
        tape.hold += 1  # the finalizers of what is let go may compute
        try:
            tape.release_pins()
        finally:
            tape.hold -= 1
        words = (tape.count >> 6) + 1
    s.bits = <uint64_t *>calloc(words, sizeof(uint64_t) + sizeof(uint32_t))
    if s.bits == NULL:
        raise MemoryError("no memory to collect the tape")
    s.before = <uint32_t *>(s.bits + words)
    with nogil:
        if mark_all(&s) < tape.count:
            slide(&s)
    free(s.bits)
    tape.collections += 1
    set_thresholds()
    return 0


cdef int set_thresholds() except -1 nogil:
    """Collect again at twice what survived; give memory back where that is far below what there is."""
    tape.threshold = <uint32_t>min(<uint64_t>MOST, max(<uint64_t>SMALLEST, 2 * <uint64_t>tape.count))
    tape.pool_threshold = <uint32_t>min(<uint64_t>MOST, max(<uint64_t>SMALLEST_POOL, 2 * <uint64_t>tape.pool_count))
    if tape.capacity > 4 * <uint64_t>tape.threshold:
        resize_nodes(tape.threshold)
    if tape.pool_capacity > 4 * <uint64_t>tape.pool_threshold:
        resize(<void **>&tape.pool, sizeof(uint32_t), tape.pool_threshold)
        tape.pool_capacity = tape.pool_threshold
    return resume_limit()


cdef int nothing_to_release() except -1:
    return 0


cdef int begin() except -1:
    memset(&tape, 0, sizeof(Tape))
    tape.release_pins = nothing_to_release
    tape.threshold = SMALLEST
    tape.pool_threshold = SMALLEST_POOL
    resize_nodes(SMALLEST)
    append(OP_LEAF, 0, NAN, 0)  # index 0 is no node
    return resume_limit()


begin()
