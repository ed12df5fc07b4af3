"""Plans for blocks, made from what the first round of a loop has left in the registers."""

from fastgrad._kernels.changes cimport Run
from fastgrad._kernels.columns cimport Plan
from fastgrad._kernels.program cimport Loop, Program

cdef Plan *new_plan(Run *run, Program program, Loop *loop) noexcept   # NULL where there can be none
