"""The machine that runs kernels.

A kernel is all or nothing where it makes a value, and goes round by round where it stands for a statement. Before a
round that it does not know it *gives way*: what the round had done so far is undone, and Python goes on from there.
"""

from fastgrad._kernels.changes cimport Run
from fastgrad._kernels.program cimport Program

cdef enum Ended:
    FINISHED, GAVE_WAY, RAISED

cdef Ended execute(Run *run, Program program, list made) except RAISED
