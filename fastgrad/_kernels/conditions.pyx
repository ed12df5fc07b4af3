# distutils: extra_compile_args = -O2
"""What a program was made for. The contract is in the header, conditions.pxd."""

import types as types_of_python

cimport cython
from cpython.dict cimport PyDict_GetItemWithError
from cpython.exc cimport PyErr_Clear
from cpython.object cimport PyObject, PyTypeObject
from libc.stdlib cimport calloc, free

from fastgrad._kernels.registers cimport Register, load, looked_up, type_at, type_version

cdef extern from *:
    PyObject *own_globals "PyEval_GetGlobals"()
    bint PyFunction_Check(PyObject *value)
    PyObject *code_of "PyFunction_GET_CODE"(PyObject *function)
    PyObject *globals_of "PyFunction_GET_GLOBALS"(PyObject *function)
    PyObject *defaults_of "PyFunction_GET_DEFAULTS"(PyObject *function)
    PyObject *named_defaults_of "PyFunction_GET_KW_DEFAULTS"(PyObject *function)

# What stands under a name that is imported lazily, from Python 3.15 on, until the name is read.
cdef PyObject *lazy_type = or_null(getattr(types_of_python, "LazyImportType", None))


@cython.auto_pickle(False)
cdef class Conditions:
    """What has to be as it was.

    Parameters
    ----------
    home : dict
        The global names of the code that the kernel stands in.
    guards : sequence of (dict, dict or None, str, object)
        Where a name is looked up, where else, the name, and what it has to be.
    reads : sequence of (dict, dict or None, str, int)
        The same, and the register that it is read into.
    given : sequence of (int, object)
        Arguments, and what they have to be.
    types : sequence of type
        Those whose instances are met: as they are now.
    functions : sequence of function
        Those that are called: with the code and the defaults that they have now.
    codes : sequence of function
        The same, where it is another function each time that is met, of the same code and defaults.
    """

    def __cinit__(self, dict home, guards, reads, given, types, functions, codes):
        cdef int i
        cdef PyTypeObject *kind
        self.kept = (
            home, tuple(guards), tuple(reads), tuple(given), tuple(types),
            tuple([(None, *seen(function)[1:]) for function in codes]), tuple(map(seen, functions)),
        )
        self.home = <PyObject *>home
        self.guard_count, self.read_count, self.given_count = len(guards), len(reads), len(given)
        self.type_count, self.function_count = len(types), len(codes) + len(functions)
        self.guards = <Lookup *>calloc(self.guard_count + 1, sizeof(Lookup))
        self.reads = <Lookup *>calloc(self.read_count + 1, sizeof(Lookup))
        self.given = <Given *>calloc(self.given_count + 1, sizeof(Given))
        self.types = <TypeSeen *>calloc(self.type_count + 1, sizeof(TypeSeen))
        self.functions = <FunctionSeen *>calloc(self.function_count + 1, sizeof(FunctionSeen))
        if self.guards == NULL or self.reads == NULL or self.given == NULL:
            raise MemoryError("no memory for a kernel's program")
        if self.types == NULL or self.functions == NULL:
            raise MemoryError("no memory for a kernel's program")
        for i, (names, others, name, value) in enumerate(self.kept[1]):
            self.guards[i] = Lookup(<PyObject *>names, or_null(others), <PyObject *>name, <PyObject *>value, 0)
        for i, (names, others, name, place) in enumerate(self.kept[2]):
            self.reads[i] = Lookup(<PyObject *>names, or_null(others), <PyObject *>name, NULL, <int?>place)
        for i, (place, value) in enumerate(self.kept[3]):
            self.given[i] = Given(<int?>place, <PyObject *>value)
        for i, value in enumerate(self.kept[4]):
            kind = <PyTypeObject *>value
            looked_up(kind, "__call__")  # which gives it a version
            self.types[i] = TypeSeen(kind, type_version(kind))
        for i, (function, code, names, defaults, named) in enumerate(self.kept[5] + self.kept[6]):
            self.functions[i] = FunctionSeen(
                <PyObject *>function, <PyObject *>code, <PyObject *>names, or_null(defaults), or_null(named)
            )
            if i < <int>len(codes):
                self.functions[i].function = NULL

    def __dealloc__(self):
        free(self.guards)
        free(self.reads)
        free(self.given)
        free(self.types)
        free(self.functions)


cdef tuple seen(function):
    return function, function.__code__, function.__globals__, function.__defaults__, function.__kwdefaults__


cdef PyObject *or_null(value) noexcept:
    return NULL if value is None else <PyObject *>value


cdef inline PyObject *found(const Lookup *lookup) noexcept:
    cdef PyObject *value = PyDict_GetItemWithError(<object>lookup.names, <object>lookup.name)
    if value == NULL and lookup.others != NULL:
        value = PyDict_GetItemWithError(<object>lookup.others, <object>lookup.name)
    if value == NULL:
        PyErr_Clear()
    elif <PyObject *>type_at(value) == lazy_type:
        return NULL
    return value


cdef inline bint is_as_seen(const FunctionSeen *seen, PyObject *function) noexcept:
    return (
        code_of(function) == seen.code and globals_of(function) == seen.names
        and defaults_of(function) == seen.defaults and named_defaults_of(function) == seen.named_defaults
    )


cdef Agreement agreement_of(Conditions conditions, PyObject **args) noexcept:
    cdef int i
    if own_globals() != conditions.home:
        return OUTDATED
    for i in range(conditions.guard_count):
        if found(&conditions.guards[i]) != conditions.guards[i].value:
            return OUTDATED
    for i in range(conditions.type_count):
        if type_version(conditions.types[i].type) != conditions.types[i].version or not conditions.types[i].version:
            return OUTDATED
    for i in range(conditions.function_count):
        if conditions.functions[i].function == NULL:
            continue
        if not is_as_seen(&conditions.functions[i], conditions.functions[i].function):
            return OUTDATED
    for i in range(conditions.given_count):
        if args[conditions.given[i].place] != conditions.given[i].value:
            return DIFFERS
    return HOLDS


cdef void read_names(Conditions conditions, Register *registers) noexcept:
    cdef int i
    cdef PyObject *value
    for i in range(conditions.read_count):
        value = found(&conditions.reads[i])
        if value != NULL:
            load(registers + conditions.reads[i].place, value)


cdef bint is_function(Conditions conditions, int place, PyObject *value) noexcept:
    """Is it a function of the code that was met?"""
    return PyFunction_Check(value) and is_as_seen(&conditions.functions[place], value)
