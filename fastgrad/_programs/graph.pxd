"""Graphs of items (programs/dag.h), and programs made of them."""

from libc.stdint cimport uint32_t, uint64_t

cdef extern from "programs/optimize.h" nogil:
    ctypedef uint32_t symbol
    const symbol NO_SYMBOL
    struct algebra:
        symbol (*one)(algebra *s, unsigned op, symbol a)
        symbol (*two)(algebra *s, unsigned op, symbol a, symbol b)
        symbol (*sum)(algebra *s, const symbol *x, uint32_t n)
        symbol (*dot)(algebra *s, symbol bias, const symbol *x, uint32_t n)
        symbol (*select)(algebra *s, symbol condition, symbol yes, symbol no)
        symbol (*stop)(algebra *s, symbol a)
        symbol (*sloped)(algebra *s, symbol y, symbol x, symbol slope)
    struct step:
        uint32_t op, a, b, n
    struct dag:
        algebra algebra
        uint32_t *operand
        uint32_t count
        symbol zero, one
        bint exact
        bint failed
    bint dag_begin(dag *d)
    void dag_free(dag *d)
    void dag_reserve(dag *d, uint64_t items)
    symbol dag_constant(dag *d, double x)
    symbol dag_input(dag *d, uint32_t place)
    symbol dag_captured(dag *d, uint32_t place)
    symbol dag_call(dag *d, uint32_t function, const symbol *x, uint32_t n)

cdef int no_memory() except -1

# The arguments that make a Program: of so many inputs, the numbers captured from outside and the functions it calls,
# which computes the items that are roots. The first of these, as many as there are no truths for, are outputs, the
# others guards.
cdef tuple arrays_of(dag *d, uint32_t inputs, captured, roots, list truths, tuple functions)
