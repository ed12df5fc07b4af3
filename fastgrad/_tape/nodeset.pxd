"""A set of nodes that gives its members from the highest index down.

A byte for each node says whether it is a member, a bit for each block of 64 nodes and one for each group of 64 blocks
whether any of them is. So a sweep of a few nodes that lie far apart does not pay for what lies between. The nodes have
bytes because storing one waits for nothing, where setting a bit of a word waits for the bit set before: the next node
of a sweep is nearly always a neighbour of the last. The set is empty before and after use.
"""

from libc.stdint cimport uint32_t, uint64_t
from libc.stdlib cimport calloc

cdef extern from "operations/portable.h" nogil:
    uint32_t highest_bit(uint64_t word)

cdef extern from *:
    """
    #ifdef __SSE2__
    #include <emmintrin.h>
    #endif

    /* A bit for each of 64 bytes that are 0 or 1. */
    static inline uint64_t bits_of_bytes(const _Bool *bytes)
    {
        uint64_t bits = 0;
    #ifdef __SSE2__
        for (int k = 0; k < 64; k += 16) {
            __m128i set = _mm_slli_epi16(_mm_loadu_si128((const __m128i *)(bytes + k)), 7);
            bits |= (uint64_t)(uint32_t)_mm_movemask_epi8(set) << k;
        }
    #else
        for (int k = 0; k < 64; k++)
            bits |= (uint64_t)bytes[k] << k;
    #endif
        return bits;
    }
    """
    ctypedef bint flag "_Bool"  # storing one makes no other value stale, as storing a char would: C lets chars overlap
    uint64_t bits_of_bytes(const flag *bytes) nogil

cdef struct NodeSet:
    flag *node
    uint64_t *block  # a word is a group
    uint64_t *group
    uint32_t size    # indices below it fit


cdef inline NodeSet *new_set(uint32_t size) noexcept nogil:
    """An empty set for indices below size; NULL where there is no memory."""
    cdef uint64_t groups = (<uint64_t>size >> 12) + 1, words = (groups >> 6) + 1
    cdef NodeSet *s = <NodeSet *>calloc(1, sizeof(NodeSet) + (groups + words) * sizeof(uint64_t) + (groups << 12))
    if s != NULL:
        s.block = <uint64_t *>(s + 1)
        s.group = s.block + groups
        s.node = <flag *>(s.group + words)
        s.size = size
    return s


cdef inline void add(NodeSet *s, uint32_t i) noexcept nogil:
    cdef uint64_t blocks = s.block[i >> 12], block = <uint64_t>1 << (i >> 6 & 63)
    s.node[i] = 1
    if not blocks & block:
        s.block[i >> 12] = blocks | block
        s.group[i >> 18] |= <uint64_t>1 << (i >> 12 & 63)


cdef inline void add_beside(NodeSet *s, uint32_t i, uint32_t member) noexcept nogil:
    """The same, given a member, which is often of the same block: then that one is known to have members."""
    if (i ^ member) < 64:
        s.node[i] = 1
    else:
        add(s, i)


cdef inline uint32_t next_block(NodeSet *s, uint32_t b) noexcept nogil:
    """Take block b out, which has no members left, and return the highest block below it that has some, or 0."""
    cdef uint32_t g = b >> 6, w = g >> 6
    s.block[g] &= ~(<uint64_t>1 << (b & 63))
    if s.block[g] == 0:
        s.group[w] &= ~(<uint64_t>1 << (g & 63))
        while s.group[w] == 0:
            if w == 0:
                return 0
            w -= 1
        g = (w << 6) + highest_bit(s.group[w])
    return (g << 6) + highest_bit(s.block[g])


cdef inline uint32_t take_below(NodeSet *s, uint32_t i) noexcept nogil:
    """Take member i out, the highest, and return the next lower one, or 0 where there is none. Index 0 is no member."""
    cdef uint32_t b = i >> 6
    cdef uint64_t members
    s.node[i] = 0
    if i & 63 and s.node[i - 1]:
        return i - 1
    members = bits_of_bytes(s.node + (b << 6))
    if members == 0:
        b = next_block(s, b)
        members = bits_of_bytes(s.node + (b << 6))
        if members == 0:
            return 0
    return (b << 6) + highest_bit(members)
