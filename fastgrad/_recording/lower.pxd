"""From nodes of the tape to the steps of a program.

A `Lowering` is given the range of nodes that a recording made, and what is wanted of them. It walks them in order and
makes items of a graph (programs/dag.h) of those that are needed, each as its kind says. A node from before the range is
an input, or is captured: its number is to be read anew in every call. Then programs/optimize.h makes steps of the
items.

No node is made meanwhile, so that pointers into the tape's arrays hold.
"""

from libc.stdint cimport uint8_t, uint32_t

from fastgrad._programs.graph cimport dag
from fastgrad._tape.kinds cimport Symbols

cdef enum:
    NEEDED = 1
    EXACTLY = 2  # to the last bit: another rounding might change what a guard or a step function says

cdef struct Ids:
    # A list that grows.
    uint32_t *id
    uint32_t count
    uint32_t capacity

cdef class Lowering(Symbols):
    cdef dag dag
    cdef readonly list inputs
    cdef uint32_t start
    cdef uint32_t end
    cdef uint8_t *needed     # of nodes from start on: NEEDED, EXACTLY
    cdef uint32_t *item      # of nodes from start on: of those of many results the place of the first in `results`
    cdef uint32_t *outside   # of nodes before start: their item, 0 where they are not needed
    cdef Ids captured        # nodes
    cdef Ids results         # items
    cdef Ids work            # items
    cdef list functions      # those of Python that are called
    cdef uint32_t reached    # nodes

    cdef int lower(self, list outputs, list guards) except -1
    cdef tuple arrays(self, list outputs, list guards)
