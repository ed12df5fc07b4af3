"""What the exchange of a program's classes asks of the tape."""

from cpython.float cimport PyFloat_CheckExact
from cpython.object cimport PyTypeObject

from fastgrad._tape.handle cimport Handle, forms, state_at, state_of, type_code_of
from fastgrad._tape.spelled cimport Spelled, is_constant_leaf
from fastgrad._tape.tape cimport tape

cdef extern from *:
    """
    static PyObject *new_instance(PyTypeObject *base, PyTypeObject *type)
    {
        PyObject *nothing = PyTuple_New(0), *instance = nothing ? base->tp_new(type, nothing, NULL) : NULL;
        Py_XDECREF(nothing);
        return instance;
    }
    static void reset_new(PyTypeObject *type) { type->tp_new = type->tp_base->tp_new; }
    """
    object new_instance(type base, PyTypeObject *number)
    void reset_new(PyTypeObject *number)


def spell(number, form):
    """Set how a type of numbers spells its graph."""
    number._forms = int(form)
    forms[type_code_of(<type>number)] = int(form)


def kept_on(Handle handle not None):
    """What is kept on a number beside its node: to be read only."""
    return state_at(handle.node)


def keep_on(Handle handle not None):
    """The same, to be written to."""
    return state_of(handle)


cdef class Maker:
    """A class's ``__new__``: it makes a number of the class's twin, a subclass that is on the tape.

    Parameters
    ----------
    twins : dict
        From classes to their twins.
    missing : function
        Given a class that has none, it puts one there.
    place : int
        At which of the arguments the data is, if it is given by place.
    name : str
        The data's parameter.
    plain : function
        Makes an instance of a class where the data is no number.
    mixed : bool
        Whether there are such instances before it has made one.
    unwraps : bool
        Whether a number made from a number has its data; else it has it as data, and is no number.
    """

    cdef dict twins
    cdef object kind, twin, missing, name, plain
    cdef Py_ssize_t place
    cdef bint mixed, unwraps

    def __cinit__(
        self, dict twins not None, missing, Py_ssize_t place, name, plain, bint mixed=False, bint unwraps=True
    ):
        self.kind, self.twin = next(iter(twins.items()))
        self.twins, self.missing, self.place, self.name, self.plain = twins, missing, place + 1, name, plain
        self.mixed, self.unwraps = mixed, unwraps

    cdef bint stands_on_plain(self, tuple given, dict named) except -1:
        """Is a number made from one whose data is no number?"""
        for value in (*given, *named.values()):
            if isinstance(value, (tuple, list, set)):
                for entry in value:
                    if isinstance(entry, self.kind) and not isinstance(entry, Handle):
                        return True
        return False

    def __call__(self, *given, **named):
        number = given[0]
        data = given[self.place] if len(given) > self.place else named.get(self.name, 0.0)
        if not PyFloat_CheckExact(data) and not isinstance(data, (float, int)):
            if not (self.unwraps and isinstance(data, Handle)):
                self.mixed = True
                return self.plain(number)
        if self.mixed and self.stands_on_plain(given, named):
            return self.plain(number)
        twin = self.twin if number is self.kind else self.twins.get(number)
        if twin is None:
            twin = self.missing(number)
        return new_instance(Spelled, <PyTypeObject *>twin)


def instance_of(twin):
    """Make an instance of a twin, past every ``__new__``."""
    return new_instance(Spelled, <PyTypeObject *>twin)


def drop_maker(number):
    """Let a class make its instances as ``object`` does, after its ``__new__`` was deleted."""
    reset_new(<PyTypeObject *>number)


def is_constant(Handle handle not None):
    """Tell whether a number is a leaf that was made of a plain operand."""
    return is_constant_leaf(handle.node)


def nodes_made():
    """How many nodes there have been so far."""
    return tape.squeezed + tape.count - 1
