"""What a kernel does with objects: lists, tuples, attributes and methods of numbers, functions.

Each returns whether it did it; where it did not, Python has to. `made` keeps what a kernel makes.
"""

from cpython.object cimport PyObject
from libc.stdint cimport int32_t, uint16_t

from fastgrad._kernels.changes cimport Run
from fastgrad._kernels.program cimport Known, Program
from fastgrad._kernels.registers cimport Register

cdef bint new_object(Register *to, PyObject *value, list made) noexcept
cdef bint new_tuple(Register *to, const Register *entries, int32_t count, list made) noexcept
cdef bint concatenated(const Register *a, const Register *b, Register *to, list made) noexcept
cdef bint appended(const Register *to, const Register *value) noexcept
cdef bint append_noted(Run *run, const Register *to, const Register *value) noexcept
cdef bint extended(const Register *to, const Register *values) noexcept
cdef bint unpack(const Register *entries, int32_t count, Register *to) noexcept
cdef bint set_item(Run *run, const Register *sequence, const Register *index, const Register *value) noexcept
cdef bint get_attribute(Known *known, const Register *owner, object name, Register *to, list made) noexcept
cdef bint set_attribute(Run *run, Known *known, const Register *owner, object name, const Register *value) noexcept
cdef bint called(Known *known, const Register *owner, object name, Register *to) noexcept
cdef bint is_of_type(Program program, const Register *owner, int32_t type, uint16_t name) noexcept
cdef bint in_cell(const Register *function, int32_t place, Register *to) noexcept
cdef bint loaded(Register *to, PyObject *value) noexcept
