"""A set of nodes that gives its members from the highest index down.

A byte for each node says that it is a member, one for each block of 64 nodes and one for each group of 64 blocks that some of them
are. So a sweep of a few nodes that lie far apart does not pay for what lies between. Bytes, not bits: a store waits for nothing, where
setting one bit of a word waits for the bit set before, and the next node of a sweep is nearly always a neighbour of the last. The
set is empty before and after use.
"""

from libc.stdint cimport UINT32_MAX, uint8_t, uint32_t, uint64_t
from libc.stdlib cimport calloc

cdef extern from *:
    """
    #include <string.h>

    /* The highest index from `i` down to `start`, a multiple of 8, whose byte is set; UINT32_MAX where there is none. */
    static inline uint32_t highest_set(const uint8_t *bytes, uint32_t start, uint32_t i)
    {
        uint32_t at = i & ~7u;
        uint64_t mask = ~(uint64_t)0 >> (8 * (7 - (i & 7))), word;
        for (;; at -= 8, mask = ~(uint64_t)0) {
            memcpy(&word, bytes + at, 8);
    #if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
            word = __builtin_bswap64(word);
    #endif
            if (word & mask)
                return at + (63 - (uint32_t)__builtin_clzll(word & mask)) / 8;
            if (at == start)
                return UINT32_MAX;
        }
    }
    """
    uint32_t highest_set(const uint8_t *bytes, uint32_t start, uint32_t i) nogil

cdef struct NodeSet:
    uint8_t *node
    uint8_t *block
    uint8_t *group
    uint32_t size  # indices below it fit


cdef inline NodeSet *new_set(uint32_t size) noexcept nogil:
    """An empty set for indices below size; NULL where there is no memory."""
    cdef uint64_t groups = (<uint64_t>size >> 12) + 8, blocks = 64 * groups
    cdef NodeSet *s = <NodeSet *>calloc(1, sizeof(NodeSet) + 64 * blocks + blocks + groups)
    if s != NULL:
        s.node = <uint8_t *>(s + 1)
        s.block = s.node + 64 * blocks
        s.group = s.block + blocks
        s.size = size
    return s


cdef inline void add(NodeSet *s, uint32_t i) noexcept nogil:
    s.node[i] = 1
    if not s.block[i >> 6]:
        s.block[i >> 6] = 1
        s.group[i >> 12] = 1


cdef inline uint32_t take_below(NodeSet *s, uint32_t i) noexcept nogil:
    """Take member i out, the highest one, and return the next lower one, or 0 where there is none. Index 0 is no member."""
    cdef uint32_t b = i >> 6, g = i >> 12, found = UINT32_MAX
    s.node[i] = 0
    if i & 63:
        if s.node[i - 1]:
            return i - 1
        found = highest_set(s.node, b << 6, i - 1)
    if found != UINT32_MAX:
        return found
    s.block[b] = 0
    if b & 63:
        found = highest_set(s.block, g << 6, b - 1)
    if found == UINT32_MAX:
        s.group[g] = 0
        if g == 0:
            return 0
        g = highest_set(s.group, 0, g - 1)
        if g == UINT32_MAX:
            return 0
        found = highest_set(s.block, g << 6, (g << 6) + 63)
    return highest_set(s.node, found << 6, (found << 6) + 63)
