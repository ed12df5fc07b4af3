# distutils: extra_compile_args = -O3
"""Steps that read. The contract is in the header, reading.pxd."""

from cpython.float cimport PyFloat_AS_DOUBLE
from cpython.list cimport PyList_CheckExact
from cpython.object cimport PyObject, PyTypeObject
from libc.stdint cimport int64_t, uint8_t, uint32_t, uint64_t
from libc.string cimport memcpy

from fastgrad._kernels.columns cimport INDEX, Step, Values
from fastgrad._kernels.fields cimport (
    DATA, GRAD, entries_of, hides, is_harmless, length_of, list_items, may_be_whole, may_set_number, read_number,
    size_at,
)
from fastgrad._kernels.operands cimport Block, integer_of, is_of, word_at
from fastgrad._kernels.registers cimport (
    FLOAT, NODE, SPELLS, Register, float_type, kinds, load, set_node, type_at, type_version,
)
from fastgrad._tape.handle cimport Handle
from fastgrad._tape.tape cimport tape


cdef inline bint take(Block *block, PyObject *value, uint8_t tag, uint32_t code, Values *to, uint32_t k) noexcept:
    """Put an entry into a column; False where it is not of its kind."""
    cdef PyTypeObject *kind = type_at(value)
    cdef Register found
    if tag == NODE:
        if kind != kinds[code].type or (<Handle>value).type_code != code or (<Handle>value).whole:
            return False
        if hides(block.plan, (<Handle>value).state):
            return False
        to.node[k] = (<Handle>value).node
        return True
    load(&found, value)
    if found.tag != tag:
        return False
    to.integer[k] = found.content.integer  # or whatever it is
    return True


cdef uint32_t take_nodes(Block *block, PyObject **entries, uint32_t rounds, uint32_t code, uint32_t *to) noexcept:
    """Take numbers of a type that lie one behind the other."""
    cdef const PyTypeObject *kind = kinds[code].type
    cdef uint32_t k
    cdef uint64_t word
    for k in range(block.first, rounds):
        if type_at(entries[k]) != kind:
            return k
        word = word_at(&(<Handle>entries[k]).node)
        if not is_of(word, code):
            return k
        if (<Handle>entries[k]).state != NULL and hides(block.plan, (<Handle>entries[k]).state):
            return k
        to[k] = <uint32_t>word
    return rounds


cdef uint32_t take_floats(Block *block, PyObject **entries, uint32_t rounds, double *to) noexcept:
    cdef uint32_t k
    for k in range(block.first, rounds):
        if type_at(entries[k]) != float_type:
            return k
        to[k] = PyFloat_AS_DOUBLE(<object>entries[k])
    return rounds


cdef uint32_t take_in_order(Block *block, const Step *step, Values *to) noexcept:
    """Take the entries of one list, or tuple, at the loop's index."""
    cdef PyObject *values = block.run.registers[-1 - step.a].content.object
    cdef int64_t start = block.columns[INDEX].integer[0], left = length_of(values) - start
    cdef uint8_t tag = block.plan.tags[step.to]
    cdef uint32_t code = block.plan.type_codes[step.to], k, rounds = <uint32_t>min(<int64_t>block.rounds, left)
    cdef PyObject **entries
    if left <= block.first:
        return block.first
    entries = entries_of(values) + start
    if tag == NODE:
        return take_nodes(block, entries, rounds, code, to.node)
    if tag == FLOAT:
        return take_floats(block, entries, rounds, to.number)
    for k in range(block.first, rounds):
        if not take(block, entries[k], tag, code, to, k):
            return k
    return rounds


cdef uint32_t take_items(Block *block, const Step *step, Values *to) noexcept:
    cdef uint8_t tag = block.plan.tags[step.to]
    cdef uint32_t code = block.plan.type_codes[step.to], k
    cdef PyObject *values
    cdef int64_t place
    if tag == NODE and type_version(kinds[code].type) != kinds[code].version:
        return block.first
    if step.a < 0 and step.b == INDEX:
        return take_in_order(block, step, to)
    for k in range(block.first, block.rounds):
        values = block.columns[step.a].object[k] if step.a >= 0 else block.run.registers[-1 - step.a].content.object
        place = integer_of(block, step.b, k)
        if not 0 <= place < length_of(values):
            return k
        if not take(block, entries_of(values)[place], tag, code, to, k):
            return k
    return block.rounds


cdef uint32_t take_parts(Block *block, const Step *step, Values *to) noexcept:
    """The same entry of each of the tuples, or lists, in a column; all have as many as the step's b says."""
    cdef uint8_t tag = block.plan.tags[step.to]
    cdef uint32_t code = block.plan.type_codes[step.to], k
    cdef PyObject *values
    if tag == NODE and type_version(kinds[code].type) != kinds[code].version:
        return block.first
    for k in range(block.first, block.rounds):
        values = block.columns[step.a].object[k]
        if length_of(values) != step.b:
            return k
        if not take(block, entries_of(values)[step.c], tag, code, to, k):
            return k
    return block.rounds


cdef bint are_neighbours(const uint32_t *nodes, uint32_t first, uint32_t end) noexcept:
    """Do nodes lie one behind the other, as parameters mostly do?"""
    cdef uint32_t k, others = 0
    for k in range(first, end):
        others |= (nodes[k] - k) ^ (nodes[first] - first)
    return others == 0


cdef uint32_t read_attributes(Block *block, const Step *step, double *to) noexcept:
    cdef const uint32_t *nodes = block.columns[step.a].node
    cdef const double *values = tape.data if step.c == DATA else tape.grad
    cdef uint32_t k, first = block.first
    if are_neighbours(nodes, first, block.rounds):
        memcpy(to + first, values + nodes[first], (block.rounds - first) * sizeof(double))
    else:
        for k in range(first, block.rounds):
            to[k] = values[nodes[k]]
    return floats_read(block, step, nodes, to) if kinds[block.plan.code].standing & SPELLS else block.rounds


cdef uint32_t floats_read(Block *block, const Step *step, const uint32_t *nodes, double *read) noexcept:
    """How far what was read of a teaching engine's nodes is floats: data may be ints, grads, too, at first."""
    cdef Register number, found
    cdef uint32_t k
    cdef bint is_data = step.c == DATA
    set_node(&number, 0, NODE, <uint8_t>block.plan.code, False)
    for k in range(block.first, block.rounds):
        if not may_be_whole(nodes[k]) if is_data else read[k] != 0.0:
            continue
        number.node = nodes[k]
        if not read_number(&number, step.c, &found) or found.tag != FLOAT:
            return k
        read[k] = found.content.number
    return block.rounds


# What is set: how far that can be done.

cdef uint32_t may_set_attributes(Block *block, const Step *step) noexcept:
    """The nodes have to be different ones: their order tells."""
    cdef const uint32_t *nodes = block.columns[step.a].node
    cdef uint8_t tag = block.plan.tags[step.b] if step.b >= 0 else block.run.registers[-1 - step.b].tag
    cdef Register number
    cdef uint32_t k, rounds = block.rounds
    if not are_neighbours(nodes, 0, rounds):
        for k in range(1, block.rounds):
            if nodes[k] <= nodes[k - 1]:
                rounds = k
                break
    if not kinds[block.plan.code].standing & SPELLS or step.c == GRAD:
        return rounds
    set_node(&number, 0, NODE, <uint8_t>block.plan.code, False)
    for k in range(rounds):
        number.node = nodes[k]
        if (tag != FLOAT or may_be_whole(nodes[k])) and not may_set_number(&number, step.c, tag):
            return k
    return rounds


cdef uint32_t may_set_items(Block *block, const Step *step) noexcept:
    cdef PyObject *values = block.run.registers[-1 - step.a].content.object
    cdef int64_t first = block.columns[INDEX].integer[0]
    cdef uint32_t k
    if not PyList_CheckExact(<object>values):
        return block.first
    for k in range(block.first, block.rounds):
        if first + k >= size_at(values) or not is_harmless(list_items(values)[first + k]):
            return k
    return block.rounds
