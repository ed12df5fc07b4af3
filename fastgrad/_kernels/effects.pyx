# distutils: extra_compile_args = -O2
"""What a block sets. The contract is in the header, effects.pxd."""

from cpython.object cimport PyObject
from cpython.ref cimport Py_DECREF
from libc.stdint cimport int16_t, uint8_t, uint32_t
from libc.string cimport memcpy

from fastgrad._kernels.changes cimport Change, as_object, note_change, room_for_changes
from fastgrad._kernels.columns cimport APPEND_ALL, INDEX, SET_ATTRIBUTES, SET_ITEMS, Plan, Step
from fastgrad._kernels.fields cimport DATA, grad_to_keep, list_items
from fastgrad._kernels.operands cimport Block, Numbers, entry, numbers_of
from fastgrad._kernels.reading cimport are_neighbours
from fastgrad._kernels.registers cimport FLOAT, NODE, SPELLS, Register, kinds
from fastgrad._tape.handle cimport from_shelf
from fastgrad._tape.tape cimport tape

cdef extern from *:
    """
    /* A float that nobody but its list has: it may become another one, as it would through Python's free list. */
    static inline int is_alone(PyObject *value) { return PyFloat_CheckExact(value) && Py_REFCNT(value) == 1; }
    static inline void become(PyObject *value, double number) { ((PyFloatObject *)value)->ob_fval = number; }
    """
    bint is_alone(PyObject *value)
    void become(PyObject *value, double number)
    int PyList_Append(PyObject *values, PyObject *value)


cdef PyObject **first_place(Block *block, const Step *step) noexcept:
    """Where the block's first round sets an entry."""
    return list_items(block.run.registers[-1 - step.a].content.object) + block.columns[INDEX].integer[0]


cdef bint make_entries(Block *block, const Step *step, int16_t x) noexcept:
    """Make the objects that are to be set, or none where there is no memory for all.

    None is made for a float that takes the place of another one, where what was there need not be kept.
    """
    cdef bint in_place = step.code == SET_ITEMS and block.is_statement and x >= 0 and block.plan.tags[x] == FLOAT
    cdef PyObject **place = first_place(block, step) if in_place else NULL
    cdef PyObject **made = block.columns[step.to].object
    cdef Register value
    cdef uint32_t k
    cdef bint are_nodes = x >= 0 and block.plan.tags[x] == NODE
    for k in range(block.rounds):
        if in_place and is_alone(place[k]):
            made[k] = NULL
            continue
        if are_nodes and tape.owner[block.columns[x].node[k]] == NULL:
            made[k] = from_shelf(block.plan.type_codes[x], block.columns[x].node[k])
            if made[k] != NULL:
                continue
        value = entry(block, x, k)
        made[k] = as_object(&value)
        if made[k] == NULL:
            drop_entries(made, k)
            return False
    return True


cdef void drop_entries(PyObject **made, uint32_t count) noexcept:
    cdef uint32_t k
    for k in range(count):
        if made[k] != NULL:
            Py_DECREF(<object>made[k])


cdef bint make_all(Block *block) noexcept:
    """Make what the rounds set, and have room to note what was there before."""
    cdef const Plan *plan = block.plan
    cdef const Step *step
    cdef uint32_t s, settings = 0
    for s in range(plan.step_count):
        step = &plan.steps[s]
        settings += step.code == SET_ATTRIBUTES or step.code == SET_ITEMS
        if step.code == SET_ITEMS or step.code == APPEND_ALL:
            if not make_entries(block, step, <int16_t>step.c if step.code == SET_ITEMS else step.b):
                drop_made(block, s)
                return False
    if settings and not room_for_changes(block.run, settings * block.rounds):
        drop_made(block, plan.step_count)
        return False
    return True


cdef void drop_made(Block *block, uint32_t steps) noexcept:
    cdef uint32_t s
    for s in range(steps):
        if block.plan.steps[s].code == SET_ITEMS or block.plan.steps[s].code == APPEND_ALL:
            drop_entries(block.columns[block.plan.steps[s].to].object, block.rounds)


cdef void set_attributes(Block *block, const Step *step) noexcept:
    cdef const uint32_t *nodes = block.columns[step.a].node
    cdef double *values = tape.data if step.c == DATA else tape.grad
    cdef Numbers new
    cdef Change change
    cdef uint32_t k
    cdef uint8_t tag
    change.values, change.index, change.before, change.is_grad = NULL, 0, NULL, step.c != DATA
    if not block.is_statement:
        for k in range(block.rounds):
            change.node, change.number = nodes[k], values[nodes[k]]
            note_change(block.run, change)
    numbers_of(block, step, step.b, &new)
    if kinds[block.plan.code].standing & SPELLS and step.c != DATA:
        tag = entry(block, step.b, 0).tag
        for k in range(block.rounds):
            values[nodes[k]] = grad_to_keep(block.plan.code, new.at[k], tag)
    elif are_neighbours(nodes, 0, block.rounds):
        memcpy(values + nodes[0], new.at, block.rounds * sizeof(double))
    else:
        for k in range(block.rounds):
            values[nodes[k]] = new.at[k]


cdef void set_items(Block *block, const Step *step) noexcept:
    cdef PyObject **place = first_place(block, step)
    cdef PyObject **made = block.columns[step.to].object
    cdef Change change
    cdef uint32_t k
    change.node, change.is_grad, change.number = 0, False, 0.0
    for k in range(block.rounds):
        if made[k] == NULL:
            become(place[k], block.columns[step.c].number[k])
            continue
        change.values = block.run.registers[-1 - step.a].content.object
        change.index, change.before = block.columns[INDEX].integer[0] + k, place[k]
        place[k] = made[k]
        if block.is_statement:
            Py_DECREF(<object>change.before)
        else:
            note_change(block.run, change)


cdef bint append_all(Block *block, const Step *step) noexcept:
    cdef PyObject *values = block.run.registers[-1 - step.a].content.object
    cdef PyObject **made = block.columns[step.to].object
    cdef uint32_t k
    cdef bint done = True
    for k in range(block.rounds):
        done = done and PyList_Append(values, made[k]) == 0
    drop_entries(made, block.rounds)
    return done


cdef bint set_all(Block *block) noexcept:
    """Set what the rounds set."""
    cdef const Step *step
    cdef uint32_t s
    for s in range(block.plan.step_count):
        step = &block.plan.steps[s]
        if step.code == SET_ATTRIBUTES:
            set_attributes(block, step)
        elif step.code == SET_ITEMS:
            set_items(block, step)
        elif step.code == APPEND_ALL and not append_all(block, step):
            return False
    return True
