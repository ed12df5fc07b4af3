# distutils: extra_compile_args = -O2
"""Calls of compiled functions that go straight from the arguments through a program, without Python code.

Such a call takes the way of the last one, if its arguments have the same form: numbers and arrays, exactly of these
types, alone or in lists and tuples. Where anything is otherwise it leaves nothing behind, and the method that it stands
before is called: at another form, a guard that comes out otherwise, a call at which to compare, while a thread records.
"""

cimport cython
from cpython.object cimport PyObject, PyTypeObject
from libc.stdint cimport uint64_t

from fastgrad._programs.one_row cimport (
    OneRow, call_directly, compute, is_quick, one_row, set_uniforms, vectorcallfunc, write_gradient, write_outputs,
)
from fastgrad._programs.rows cimport Executable
from fastgrad._tape.observer cimport observers
from fastgrad.compiled.forms cimport (
    NUMBER, Form, Part, form_of, form_of_arguments, list_of, put_together, read_arguments,
)
from fastgrad.compiled.table cimport Calls, Uniforms, is_due, refresh

from types import MethodType

cdef extern from "Python.h":
    unsigned long METHOD_DESCRIPTOR "Py_TPFLAGS_METHOD_DESCRIPTOR"  # Python makes no bound method for it
    Py_ssize_t PyVectorcall_NARGS(size_t)
    object PyObject_Vectorcall(object, PyObject *const *, size_t, PyObject *)
    PyObject *PyDict_GetItemWithError(dict, object) except? NULL


@cython.auto_pickle(False)
cdef class DirectPath:
    """A path as a direct call has it.

    Parameters
    ----------
    program : Program
    uniforms : Uniforms
        The numbers that no row changes.
    structure : the results' description
    """

    cdef readonly Executable program
    cdef readonly Uniforms uniforms
    cdef readonly object structure
    cdef Form results     # None where the structure puts them together
    cdef OneRow row       # made when first needed
    cdef OneRow gradient  # the same, where the gradient is wanted, too

    def __init__(self, Executable program not None, Uniforms uniforms not None, structure):
        if <size_t>len(uniforms.numbers) != program.p.uniforms:
            raise ValueError(f"{program!r} has {program.p.uniforms} uniforms, not {len(uniforms.numbers)}")
        self.program, self.uniforms, self.structure = program, uniforms, structure
        self.results, self.row, self.gradient = form_of(structure), None, None
        if self.results is not None and self.results.size != program.p.outputs:
            self.results = None


@cython.auto_pickle(False)
cdef class DirectPaths:
    """The paths for arguments of one structure as a direct call has them.

    Parameters
    ----------
    structure : the description of positional and named arguments
    calls : Calls

    Attributes
    ----------
    latest : DirectPath or None
        The one that all rows of the last call took.
    """

    cdef readonly object structure
    cdef readonly Calls calls
    cdef public DirectPath latest
    cdef Form arguments  # None where they are none for a direct call
    cdef Form first      # that of the first argument

    def __init__(self, structure, Calls calls not None):
        self.structure, self.calls, self.latest = structure, calls, None
        self.arguments, self.first = form_of_arguments(structure), None
        if self.arguments is not None and self.arguments.part.count:
            self.first = form_of(structure.parts[0].parts[0])


@cython.auto_pickle(False)
cdef class DirectFunction:
    """A function as a direct call has it."""

    cdef public DirectPaths _last  # of the last call's arguments
    cdef public dict _derived      # derivatives, which are such functions, by what they are
    cdef DirectFunction found      # the one of them that was asked for last:
    cdef Shortcut method           # by this method,
    cdef object names, value       # and with this keyword, or none


cdef DirectPaths paths_of(Shortcut method, DirectFunction function, PyObject *const *keywords, object names):
    """Those of the last call's arguments, of the function or of one of its derivatives; None where there are none."""
    cdef object value = <object>keywords[0] if names is not None else None
    if method.wanted is None:
        return function._last if names is None else None
    if method is not function.method or names is not function.names or value is not function.value:
        found = derivative_of(method, function, keywords, names)
        if found is None or (names is not None and len(names) > 1):
            return None if found is None else (<DirectFunction>found)._last
        function.found, function.method, function.names, function.value = found, method, names, value
    return function.found._last


cdef DirectFunction derivative_of(Shortcut method, DirectFunction function, PyObject *const *keywords, object names):
    """What a method's keywords ask for; None where it is not there yet."""
    cdef PyObject *found
    cdef tuple wanted = method.wanted
    if names is not None:
        wanted = with_keywords(wanted, method.places, keywords, names)
    if wanted is None or function._derived is None:
        return None
    found = PyDict_GetItemWithError(function._derived, wanted)
    return <DirectFunction>found if found != NULL else None


cdef tuple with_keywords(tuple wanted, dict places, PyObject *const *values, tuple names):
    """What is wanted, with the keywords that say so; None where there is another, or they are not of simple types."""
    cdef list found = list(wanted)
    cdef Py_ssize_t k
    for k in range(len(names)):
        place, value = places.get(names[k]), <object>values[k]
        if place is None or not (is_plain(value) or (type(value) is tuple and all([is_plain(x) for x in value]))):
            return None
        found[place] = value
    return tuple(found)


cdef inline bint is_plain(value) noexcept:
    return type(value) is int or type(value) is str


cdef object replayed(DirectPaths paths, PyObject *const *args, Py_ssize_t n, bint with_gradient):
    """The function's value, and perhaps its gradient by the first argument; None where this is no direct call."""
    cdef DirectPath path = paths.latest
    cdef OneRow row
    if path is None or paths.arguments is None or observers.count:
        return None
    if with_gradient and (paths.first is None or path.results is None or path.results.part.kind != NUMBER):
        return None
    row = row_of(path, with_gradient)
    if row is None or row.taken or path.program.p.inputs != paths.arguments.size:
        return None
    row.taken = True
    try:
        if not read_arguments(paths.arguments, args, n, row.values) or not computed(paths.calls, path.uniforms, row):
            return None
        return with_gradient_of(paths, row) if with_gradient else results_of(path, row)
    finally:
        row.taken = False


cdef OneRow row_of(DirectPath path, bint with_gradient):
    """Memory for a row; None where other threads should run meanwhile."""
    cdef OneRow row = path.gradient if with_gradient else path.row
    if row is None and is_quick(path.program, with_gradient):
        row = one_row(path.program, with_gradient)
        set_uniforms(row, path.uniforms.memory)
        if with_gradient:
            path.gradient = row
        else:
            path.row = row
    return row


cdef bint computed(Calls calls, Uniforms uniforms, OneRow row) except -1:
    """Compute a row. False where it is on another path, or the call is one to compare at: then it is not counted."""
    cdef uint64_t count = calls.count, place = calls.next
    if uniforms.scalars:
        refresh(uniforms)
        set_uniforms(row, uniforms.memory)
    if not compute(row):
        return False
    if not is_due(calls):
        return True
    calls.count, calls.next = count, place
    return False


cdef object results_of(DirectPath path, OneRow row):
    cdef const double *numbers = row.results
    cdef const Part *part
    write_outputs(row, row.results)
    if path.results is None:
        return path.structure.put_together(iter(list_of(path.program.p.outputs, &numbers)))
    part = path.results.part
    return put_together(&part, &numbers)


cdef tuple with_gradient_of(DirectPaths paths, OneRow row):
    cdef const double *numbers = row.results
    cdef const Part *part = paths.first.part
    cdef double value
    write_outputs(row, &value)
    write_gradient(row, row.results)
    return value, put_together(&part, &numbers)


# Methods.

@cython.final
@cython.auto_pickle(False)
cdef class Shortcut:
    """A method of functions that is called where a direct call is not possible.

    To Python it is that method: with its name, its signature and its words.
    """

    cdef vectorcallfunc vectorcall
    cdef readonly object __wrapped__
    cdef bint with_gradient
    cdef tuple wanted  # of a derivative what it is, without keywords
    cdef dict places   # and which of its parts the keywords are

    def __cinit__(self, method, bint with_gradient, tuple wanted=None, dict places=None):
        self.vectorcall, self.__wrapped__, self.with_gradient = called, method, with_gradient
        self.wanted, self.places = wanted, places

    def __call__(self, *args, **kwargs):
        return self.__wrapped__(*args, **kwargs)

    def __get__(self, instance, owner):
        return self if instance is None else MethodType(self, instance)

    def __getattr__(self, name):
        return getattr(self.__wrapped__, name)

    @property
    def __doc__(self):
        return self.__wrapped__.__doc__

    @property
    def __module__(self):
        return self.__wrapped__.__module__

    def __repr__(self):
        return repr(self.__wrapped__)

    def __reduce__(self):
        return self.__wrapped__.__qualname__


cdef object called(object shortcut, PyObject *const *args, size_t n, PyObject *names):
    cdef Shortcut method = <Shortcut>shortcut
    cdef Py_ssize_t count = PyVectorcall_NARGS(n)
    cdef DirectPaths paths
    if count and isinstance(<object>args[0], DirectFunction):
        paths = paths_of(method, <DirectFunction>args[0], args + count, <object>names if names != NULL else None)
        if paths is not None:
            result = replayed(paths, args + 1, count - 1, method.with_gradient)
            if result is not None:
                return result
    return PyObject_Vectorcall(method.__wrapped__, args, n, names)


cdef int let_python_call_it() except -1:
    cdef Shortcut one = Shortcut(None, False)
    call_directly(<PyTypeObject *>Shortcut, <char *>&one.vectorcall - <char *><PyObject *>one, METHOD_DESCRIPTOR)
    return 0


let_python_call_it()


def direct_value(method):
    """Stand before a method that returns what the function returns."""
    return Shortcut(method, False)


def direct_gradient(method):
    """Stand before a method that returns the function's value and its gradient by the first argument."""
    return Shortcut(method, True)


def direct_derivative(wanted, **places):
    """Stand before a method that returns a derivative, which is in the function's `_derived`.

    Parameters
    ----------
    wanted : tuple
        What it is there by, where no keywords are given.
    places : int
        Which part of that each of the method's keywords is.
    """
    return lambda method: Shortcut(method, False, tuple(wanted), places)
