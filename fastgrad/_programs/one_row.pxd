"""One row of a program at a time, in memory that is kept from call to call.

Who runs a row holds the GIL; the memory is one run's at a time. The numbers are those of `Execution` for one row, bit
for bit.
"""

from cpython.object cimport PyObject, PyTypeObject
from libc.stdint cimport uint32_t

from fastgrad._programs.rows cimport Executable, plan

cdef extern from *:
    """
    /* Python calls objects of a type with the arguments as they lie: by the function that stands there in each. */
    static inline void call_directly(PyTypeObject *type, Py_ssize_t offset, unsigned long flags)
    {
        type->tp_vectorcall_offset = offset;
        type->tp_flags |= Py_TPFLAGS_HAVE_VECTORCALL | flags;
        PyType_Modified(type);
    }
    """
    void call_directly(PyTypeObject *type, Py_ssize_t offset, unsigned long flags)

cdef extern from "Python.h":
    ctypedef object (*vectorcallfunc)(object, PyObject *const *, size_t, PyObject *)

cdef class OneRow:
    cdef Executable program
    cdef plan *plan
    cdef double *values   # inputs, uniforms, steps; then their adjoints, and what else a sweep needs
    cdef double *results  # room for the outputs, or the gradient
    cdef bint taken       # by who runs a row, if it may be asked for meanwhile

cdef struct Target:  # of outputs of a program that come one after the other
    const uint32_t *output
    uint32_t n
    Py_buffer view

cdef class BoundProgram(OneRow):
    cdef vectorcallfunc vectorcall
    cdef Py_buffer x, grad, uniforms
    cdef Target *target
    cdef uint32_t targets

# Memory for a row: of values, and where a gradient is wanted for its sweep, too. Its uniforms are the program's own.
cdef OneRow one_row(Executable owner, bint gradient)

# Is a row computed in microseconds, so that letting go of the GIL is not worth it?
cdef bint is_quick(Executable owner, bint gradient) except -1

# Other uniforms from here on.
cdef int set_uniforms(OneRow row, const double *uniform) except -1

# Computes the row of the inputs that stand in `values`. Returns whether every guard had its outcome.
cdef bint compute(OneRow row) except -1

# The outputs, and the gradient of their sum by the inputs, of what was computed last.
cdef void write_outputs(OneRow row, double *to) noexcept
cdef int write_gradient(OneRow row, double *to) except -1

cdef BoundProgram bound(Executable owner, x, value, grad, uniforms)
