"""What has to be as it was when a program was made: global names, functions, types."""

from cpython.object cimport PyObject, PyTypeObject

from fastgrad._kernels.registers cimport Register

cdef struct Lookup:
    # A global name.
    PyObject *names    # the dictionary that it is looked up in,
    PyObject *others   # and the one that is asked after that, or NULL
    PyObject *name
    PyObject *value    # what it has to be; NULL where it is read
    int place          # the register that it is read into

cdef struct Given:
    # An argument.
    int place
    PyObject *value

cdef struct TypeSeen:
    PyTypeObject *type
    unsigned version

cdef struct FunctionSeen:
    PyObject *function  # NULL: it is met while the program runs
    PyObject *code
    PyObject *names
    PyObject *defaults
    PyObject *named_defaults

cdef enum Agreement:
    HOLDS
    OUTDATED  # another program may do
    DIFFERS   # the arguments are others

cdef class Conditions:
    cdef PyObject *home  # the global names of the code that the kernel stands in
    cdef Lookup *guards
    cdef Lookup *reads
    cdef Given *given
    cdef TypeSeen *types
    cdef FunctionSeen *functions
    cdef int guard_count, read_count, given_count, type_count, function_count
    cdef tuple kept      # alive

cdef Agreement agreement_of(Conditions conditions, PyObject **args) noexcept
cdef void read_names(Conditions conditions, Register *registers) noexcept
cdef bint is_function(Conditions conditions, int place, PyObject *value) noexcept
