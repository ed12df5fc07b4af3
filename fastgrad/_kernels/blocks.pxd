"""Innermost loops, many rounds at a time.

A loop without branches is done in *blocks* of rounds. A *plan* says how, for the types that the first round has met:
which registers become columns, and which nodes a round appends. Where the rounds do not depend on each other, but for
sums, each step does all of them before the next one begins; else, and where they are few, they are done one after the
other. So the tape is what it would have been, node by node. A round in which something else turns up ends its block:
what comes from there on is the machine's.

What a block sets, lists' entries and numbers' attributes, is set at its end, when it is known that all of it holds.
"""

from libc.stdint cimport int64_t

from fastgrad._kernels.changes cimport Run
from fastgrad._kernels.program cimport Loop, Program

# Do rounds from an index on, one block of them, or none; return the index of the next one, -1 where what was to be set
# could not be set. After a round that was done singly there may be a new plan.
cdef int64_t run_blocks(
    Run *run, Program program, Loop *loop, int64_t index, int64_t length, bint follows_round
) noexcept
