"""Parameters wherever they lie, as one flat array, and the optimizers' steps over them.

What is kept of a parameter is its handle, or its `Leaves`, never its index. Survivors of a collection keep their order,
so leaves that lie side by side, all of them held, lie so for ever: they are one part, whatever they were given as.
"""

from libc.stdint cimport uint32_t, uint64_t

from fastgrad._tape.tape cimport tape

cdef extern from "layers/updates.h" nogil:
    enum:
        RULE_END, OPTION_lr, OPTION_END, MOST_STATES
    struct rule:
        const char *name
        unsigned states
        const char *state_names[MOST_STATES]
    const rule update_rules[]
    const char *option_names[]
    struct update:
        double options[OPTION_END]
        double steps
    struct leaves:
        uint64_t n
        double *data
        const double *grad
        double *state[MOST_STATES]
    void begin_step(unsigned rule, update *u)
    void update_stretch(unsigned rule, const update *u, const leaves *s)
    double largest_of(double largest, uint64_t n, const double *numbers)
    double sum_of_powers(uint64_t n, const double *numbers, double unit, double power)
    void scale(uint64_t n, double *numbers, double factor)
    void clamp(uint64_t n, double *numbers, double bound)

cdef struct Part:
    const uint32_t *node  # of a handle that `stretches` holds: the first leaf's, or that of `Leaves`
    bint of_leaves
    uint32_t offset       # of the first leaf in `Leaves`
    uint64_t length

cdef class Parameters:
    cdef readonly tuple stretches  # as given
    cdef Part *parts
    cdef uint64_t part_count
    cdef uint64_t length

cdef class Update:
    cdef readonly Parameters parameters
    cdef unsigned rule
    cdef update now     # options and the number of steps
    cdef double *state  # the rule's arrays, one after the other

cdef inline uint32_t first_of(const Part *part) noexcept nogil:
    """A part's first leaf; good until the next reserve."""
    return tape.first[part.node[0]] + part.offset if part.of_leaves else part.node[0]
