"""Layers applied to many rows as one node, computed by a compiled program.

The program keeps nothing between forward and backward but the inputs: a sweep computes the rows again, block by block,
in the processor's cache.
"""

from libc.stdint cimport uint32_t, uint64_t

from fastgrad._tape.handle cimport Handle

cdef uint32_t NETWORK  # the code

cdef int network_value(Handle owner, uint32_t node) except -1  # compute the results; without an owner under a hold
cdef int network_pull(uint32_t node) except -1                 # pass the adjoints on; the caller holds the tape

cdef enum:
    LEAST_ROWS = 64
    LEAST_PRODUCTS = 1 << 12  # of all rows
    MOST_PARAMETERS = 1 << 13

cdef inline bint pays_as_network(uint64_t rows, uint64_t parameters) noexcept nogil:
    """Is a program faster than layer by layer? Beyond so many parameters a block of rows no longer fits into the cache,
    and numpy's matrix products are."""
    return rows >= LEAST_ROWS and rows * parameters >= LEAST_PRODUCTS and parameters <= MOST_PARAMETERS
