"""What a kernel does with objects: lists, tuples, attributes and methods of numbers, functions.

Each returns whether it did it; where it did not, Python has to. `made` keeps what a kernel makes.
"""

from cpython.object cimport PyObject
from libc.stdint cimport int32_t, uint16_t, uint64_t

from fastgrad._kernels.changes cimport Run
from fastgrad._kernels.program cimport Known, Program
from fastgrad._kernels.registers cimport OBJECT, Register, copy_register, type_at

cdef bint new_object(Register *to, PyObject *value, list made) noexcept
cdef bint new_tuple(Register *to, const Register *entries, int32_t count, list made) noexcept
cdef bint concatenated(const Register *a, const Register *b, Register *to, list made) noexcept
cdef bint appended(const Register *to, const Register *value) noexcept
cdef bint append_noted(Run *run, const Register *to, const Register *value) noexcept
cdef bint extended(const Register *to, const Register *values) noexcept
cdef bint summed_exactly(const Register *values, Register *to) noexcept
cdef bint unpack(const Register *entries, int32_t count, Register *to) noexcept
cdef bint set_item(Run *run, const Register *sequence, const Register *index, const Register *value) noexcept
cdef bint get_other_attribute(Known *known, const Register *owner, object name, Register *to, list made) noexcept
cdef bint set_attribute(Run *run, Known *known, const Register *owner, object name, const Register *value) noexcept
cdef bint called(Known *known, const Register *owner, object name, Register *to) noexcept
cdef bint is_of_type_with_name(Program program, const Register *owner, int32_t type, uint16_t name) noexcept
cdef bint in_cell(const Register *function, int32_t place, Register *to) noexcept
cdef bint loaded(Register *to, PyObject *value) noexcept


# Attributes of objects that instructions have read. Kernels set none, so they stay as they are until other code runs.

cdef struct Met:
    uint64_t time
    PyObject *owner
    const Known *known  # the instruction's own
    Register found

cdef Met met[256]
cdef uint64_t now

cdef void forget_attributes() noexcept  # as other code may have set some, or nodes have moved


cdef inline Met *met_at(const Known *known, PyObject *owner) noexcept:
    """The place for what an instruction has found of an object."""
    return &met[((<size_t>owner >> 4) * 40503 + (<size_t>known >> 3) * 30011) >> 8 & 255]


cdef inline bint get_attribute(Known *known, const Register *owner, object name, Register *to, list made) noexcept:
    cdef const Met *place
    if owner.tag == OBJECT:
        place = met_at(known, owner.content.object)
        if place.owner == owner.content.object and place.known == known and place.time == now:
            copy_register(to, &place.found)
            return True
    return get_other_attribute(known, owner, name, to, made)


cdef inline bint is_of_type(Program program, const Register *owner, int32_t type, uint16_t name) noexcept:
    """Is an object of a type, and is what the type has under a name what the object has?"""
    if owner.tag == OBJECT and not name:
        return type_at(owner.content.object) == program.conditions.types[type].type
    return is_of_type_with_name(program, owner, type, name)
