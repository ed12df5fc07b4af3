"""Programs made of graphs. The contract is in the header, graph.pxd."""

from libc.stdint cimport uint32_t, uint64_t

from fastgrad._programs.arrays cimport memory_of

cdef extern from "programs/optimize.h" nogil:
    struct optimizer:
        uint32_t *value
    struct counts:
        uint32_t constants, uniform_steps, steps, operands
    bint optimizer_begin(optimizer *o, dag *d, const symbol *roots, uint32_t n)
    void optimizer_free(optimizer *o)
    counts number_values(optimizer *o, uint32_t inputs, uint32_t captured)
    void write_constants(const optimizer *o, double *constant)
    void write_steps(const optimizer *o, step *steps, uint32_t *operand)


cdef int no_memory() except -1:
    raise MemoryError("no memory to compile this many operations")


cdef tuple arrays_of(dag *d, uint32_t inputs, captured, roots, list truths, tuple functions):
    cdef optimizer o
    values = roots.copy()
    outputs = len(roots) - len(truths)
    try:
        if not optimizer_begin(&o, d, <uint32_t *>memory_of(roots), <uint32_t>len(roots)):
            no_memory()
        uniforms, uniform_steps, steps, operand = written(&o, inputs, captured)
        replace_by_values(&o, <uint32_t *>memory_of(values), <uint64_t>len(values))
    finally:
        optimizer_free(&o)
    import numpy

    guards = numpy.column_stack([values[outputs:], truths]).astype(numpy.uint32)
    return inputs, uniforms, uniform_steps, steps, operand, values[:outputs].copy(), guards, functions


cdef tuple written(optimizer *o, uint32_t inputs, captured):
    import numpy

    cdef uint32_t k = <uint32_t>len(captured)
    cdef counts c = number_values(o, inputs, k)
    uniforms, steps = numpy.empty(k + c.constants), numpy.empty((c.steps, 4), numpy.uint32)
    operand = numpy.empty(c.operands, numpy.uint32)
    uniforms[:k] = captured
    write_constants(o, <double *>memory_of(uniforms) + k)
    write_steps(o, <step *>memory_of(steps), <uint32_t *>memory_of(operand))
    return uniforms, c.uniform_steps, steps, operand


cdef void replace_by_values(const optimizer *o, uint32_t *item, uint64_t n) noexcept:
    cdef uint64_t k
    for k in range(n):
        item[k] = o.value[item[k]]
