"""One row of a program at a time, in memory that is kept from call to call.

Who runs a row holds the GIL; the memory is one run's at a time. The numbers are those of `Execution` for one row, bit
for bit.
"""

from fastgrad._programs.rows cimport Executable, plan

cdef class OneRow:
    cdef Executable program
    cdef plan *plan
    cdef double *values   # inputs, uniforms, steps; then their adjoints, and what else a sweep needs
    cdef double *results  # room for the outputs, or the gradient
    cdef bint taken       # by who runs a row, if it may be asked for meanwhile

cdef class BoundProgram(OneRow):
    cdef Py_buffer x, value, grad, uniforms

# Memory for a row: of values, and where a gradient is wanted for its sweep, too. Its uniforms are the program's own.
cdef OneRow one_row(Executable owner, bint gradient)

# Is a row computed in microseconds, so that letting go of the GIL is not worth it?
cdef bint is_quick(Executable owner, bint gradient) except -1

# Other uniforms from here on.
cdef void set_uniforms(OneRow row, const double *uniform) noexcept

# Computes the row of the inputs that stand in `values`. Returns whether every guard had its outcome.
cdef bint compute(OneRow row) noexcept

# The outputs, and the gradient of their sum by the inputs, of what was computed last.
cdef void write_outputs(OneRow row, double *to) noexcept
cdef int write_gradient(OneRow row, double *to) except -1

cdef BoundProgram bound(Executable owner, x, value, grad, uniforms)
