# distutils: extra_compile_args = -O2
"""One row of a program at a time. The contract is in the header, one_row.pxd."""

cimport cython
from cpython.buffer cimport PyBuffer_Release
from cpython.object cimport PyObject, PyTypeObject
from libc.stdint cimport uint32_t, uint64_t
from libc.stdlib cimport calloc, free, malloc
from libc.string cimport memcpy

from fastgrad._programs.arrays cimport hold_doubles
from fastgrad._programs.rows cimport (
    NO_GRADIENT, careful_plan_of, first_failed, plan, plan_of, program, row_backward, row_forward, row_results,
    takes_microseconds, value_count, wanted,
)

cdef extern from "Python.h":
    size_t OFFSET "PY_VECTORCALL_ARGUMENTS_OFFSET"


@cython.auto_pickle(False)
cdef class OneRow:
    def __dealloc__(self):
        free(self.values)


cdef plan *plan_for_row(Executable owner, bint gradient) except NULL:
    return plan_of(owner, wanted(outputs=True, inputs=gradient, uniforms=0, guards=True, careful=False))


cdef OneRow one_row(Executable owner, bint gradient):
    cdef OneRow row = OneRow.__new__(OneRow)
    make_room(row, owner, gradient)
    return row


cdef int make_room(OneRow row, Executable owner, bint gradient) except -1:
    cdef uint64_t v, count = value_count(&owner.p), length
    row.program, row.plan = owner, plan_for_row(owner, gradient)
    length = row.plan.varying_steps.length
    row.values = <double *>malloc((length + max(owner.p.inputs, owner.p.outputs)) * sizeof(double))
    if row.values == NULL:
        raise MemoryError(f"no memory to run {owner!r}")
    row.results = row.values + length
    for v in range(count):
        row.values[count + v] = NO_GRADIENT
    set_uniforms(row, owner.p.uniform)
    return 0


cdef bint is_quick(Executable owner, bint gradient) except -1:
    return takes_microseconds(plan_for_row(owner, gradient), 1)


cdef int set_uniforms(OneRow row, const double *uniform) except -1:
    memcpy(row.values + row.program.p.inputs, uniform, row.program.p.uniforms * sizeof(double))
    row_forward(&row.plan.uniform_steps, row.values)
    return row.program.called.look() if row.program.called is not None else 0


cdef bint compute(OneRow row) except -1:
    row_forward(&row.plan.varying_steps, row.values)
    if row.program.called is not None:
        row.program.called.look()
    return first_failed(&row.program.p, row.values) < 0


cdef void write_outputs(OneRow row, double *to) noexcept:
    row_results(row.program.p.output, row.program.p.outputs, row.values, to)


cdef int write_gradient(OneRow row, double *to) except -1:
    if sweep(row, row.plan, row.values, to) and row.plan.hasty and first_failed(&row.program.p, row.values) < 0:
        write_careful_gradient(row, to)
    return 0


cdef bint sweep(OneRow row, const plan *by, double *values, double *to) noexcept:
    """Write the gradient, and return whether there is a nan in it."""
    cdef program *p = &row.program.p
    cdef double *adjoint = values + value_count(p)
    cdef bint is_nan = False
    cdef uint32_t k
    for k in range(p.outputs):
        adjoint[p.output[k]] = NO_GRADIENT
    for k in range(p.outputs):
        adjoint[p.output[k]] += 1.0
    row_backward(&by.varying_steps, values)
    for k in range(p.inputs):
        to[k] = adjoint[k] + 0.0
        is_nan |= to[k] != to[k]
    return is_nan


cdef int write_careful_gradient(OneRow row, double *to) except -1:
    cdef plan *careful = careful_plan_of(row.program, row.plan)
    cdef uint64_t v, count = value_count(&row.program.p)
    cdef double *values = <double *>malloc(careful.varying_steps.length * sizeof(double))
    if values == NULL:
        raise MemoryError(f"no memory to run {row.program!r}")
    memcpy(values, row.values, count * sizeof(double))
    for v in range(count):
        values[count + v] = NO_GRADIENT
    sweep(row, careful, values, to)
    free(values)
    return 0


@cython.final
@cython.auto_pickle(False)
cdef class BoundProgram(OneRow):
    """A program's call on fixed buffers of one row: see Program.bind."""

    def __cinit__(self):
        self.vectorcall = called

    def __dealloc__(self):
        cdef uint32_t k
        PyBuffer_Release(&self.x)
        for k in range(self.targets):
            PyBuffer_Release(&self.target[k].view)
        free(self.target)
        PyBuffer_Release(&self.grad)
        PyBuffer_Release(&self.uniforms)

    def __call__(self):
        return run_bound(self)


cdef object run_bound(BoundProgram b):
    cdef Target *target = b.target
    cdef Target *end = target + b.targets
    cdef bint passed
    if b.program is None:
        raise TypeError("a bound program is made by Program.bind")
    if b.uniforms.buf != NULL:
        set_uniforms(b, <const double *>b.uniforms.buf)
    memcpy(b.values, b.x.buf, b.program.p.inputs * sizeof(double))
    passed = compute(b)
    while target < end:
        row_results(target.output, target.n, b.values, <double *>target.view.buf)
        target += 1
    if b.plan.wanted.inputs:
        write_gradient(b, <double *>b.grad.buf)
    return passed


cdef object called(object b, PyObject *const *args, size_t n, PyObject *names):
    if n & ~OFFSET or names != NULL:
        raise TypeError("a bound program takes no arguments: it reads its buffers")
    return run_bound(<BoundProgram>b)


cdef int let_python_call_it() except -1:
    cdef BoundProgram b = BoundProgram.__new__(BoundProgram)
    call_directly(<PyTypeObject *>BoundProgram, <char *>&b.vectorcall - <char *><PyObject *>b, 0)
    return 0


let_python_call_it()


cdef int hold_targets(BoundProgram b, tuple values, const program *p) except -1:
    cdef Target *target
    cdef uint64_t size = 0
    b.target = <Target *>calloc(len(values) + 1, sizeof(Target))
    if b.target == NULL:
        raise MemoryError("no memory for a bound program")
    for value in values:
        target = &b.target[b.targets]
        hold_doubles(value, &target.view, "value", p.outputs if len(values) == 1 else -1, -1, True)
        b.targets += 1
        target.output, target.n = p.output + size, <uint32_t>target.view.shape[0]
        size += target.n
    if size != p.outputs:
        raise ValueError(f"value must be arrays of {p.outputs} numbers together, not of {size}")
    return 0


cdef BoundProgram bound(Executable owner, x, value, grad, uniforms):
    cdef BoundProgram b = BoundProgram.__new__(BoundProgram)
    cdef program *p = &owner.p
    hold_doubles(x, &b.x, "x", p.inputs, -1)
    hold_targets(b, value if type(value) is tuple else (value,), p)
    if grad is not None:
        hold_doubles(grad, &b.grad, "grad", p.inputs, -1, True)
    if uniforms is not None:
        hold_doubles(uniforms, &b.uniforms, "uniforms", p.uniforms, -1)
    make_room(b, owner, grad is not None)
    return b
