# distutils: extra_compile_args = -O3
"""Python's objects in registers, and out again. The contract is in the header, registers.pxd."""

from cpython.ref cimport Py_DECREF, Py_INCREF
from libc.stdint cimport int64_t, uint32_t

from fastgrad._tape.handle cimport MANY, UNLISTED, Handle, from_shelf, make_typed, owner_of, type_code_of, type_of
from fastgrad._tape.tape cimport tape

from fastgrad._tape.node import Node
from fastgrad._tape.numbers import Number
from fastgrad._tape.spelled import Spelled

cdef extern from *:
    """
    /* An int that fits; what is exactly one, of the type itself. */
    static inline int as_integer(PyObject *value, int64_t *integer)
    {
        int overflow;
        const long long found = PyLong_AsLongLongAndOverflow(value, &overflow);
        *integer = found;
        return !overflow;
    }
    /* Do attributes of a type's instances go the way that they go for a base, without a __getattr__ of its own? */
    static inline int reads_as(PyTypeObject *type, PyTypeObject *base)
    {
        return type->tp_getattro == base->tp_getattro && type->tp_setattro == base->tp_setattro;
    }
    static inline int has_finalizer(PyTypeObject *type) { return type->tp_finalize || type->tp_del; }
    """
    bint as_integer(PyObject *value, int64_t *integer)
    PyObject *PyType_Lookup "_PyType_Lookup"(PyTypeObject *number, object name)
    PyObject *new_float "PyFloat_FromDouble"(double number) except NULL
    PyObject *new_int "PyLong_FromLongLong"(long long number) except NULL
    bint has_finalizer(PyTypeObject *number)
    bint reads_as(PyTypeObject *number, PyTypeObject *base)
    bint is_a "PyObject_TypeCheck"(PyObject *value, PyTypeObject *number)

cdef Kind stranger  # the one that was met last and is no number's
cdef PyTypeObject *list_type = <PyTypeObject *>list
cdef PyTypeObject *handle_type = <PyTypeObject *>Handle
cdef PyTypeObject *spelled_type = <PyTypeObject *>Spelled

# Python's names of what a type may have of its own, and the bit that says that it has not.
cdef dict STANDARD = {
    "__add__": ADDS, "__sub__": SUBTRACTS, "__mul__": MULTIPLIES, "__truediv__": DIVIDES, "__pow__": POWERS,
    "__radd__": ADDS << REFLECTED, "__rsub__": SUBTRACTS << REFLECTED, "__rmul__": MULTIPLIES << REFLECTED,
    "__rtruediv__": DIVIDES << REFLECTED, "__rpow__": POWERS << REFLECTED,
    "__neg__": NEGATES, "__pos__": POSITIVE, "__abs__": ABSOLUTE, "__lt__": COMPARES, "__le__": COMPARES,
    "__gt__": COMPARES, "__ge__": COMPARES, "__bool__": TRUTH,
}
cdef tuple IN_PLACE = ("__iadd__", "__isub__", "__imul__", "__itruediv__", "__ipow__", "__ifloordiv__", "__imod__")
cdef object of_spelled = vars(Spelled)
cdef object of_number = vars(Number)
cdef object of_node = vars(Node)


cdef PyObject *looked_up(PyTypeObject *number, name) noexcept:
    """What a type has under a name, borrowed, or NULL; the type has a version then."""
    return PyType_Lookup(number, name)


cdef uint32_t standing_of(PyTypeObject *number) except? 0:
    """Which operators of a type are fastgrad's."""
    cdef bint spelled = is_subtype(<object>number, Spelled)
    cdef uint32_t standing = SPELLS if spelled else 0, lacking = 0
    cdef PyObject *found
    for name, bit in STANDARD.items():
        own = of_spelled.get(name) if spelled else None
        if own is None:
            own = of_number.get(name, of_node.get(name))
        found = looked_up(number, name)
        if found != NULL and <object>found is own:
            standing |= <uint32_t>bit
        else:
            lacking |= <uint32_t>bit
    if spelled and (<object>number)._floats:
        standing |= FLOATS
    return standing & ~lacking


cdef bint is_subtype(number, base) except -1:
    return base in number.__mro__


cdef bint learn(PyTypeObject *number, uint32_t code) except -1:
    """Look at a type of numbers: may a kernel compute with it? Its code is that of its results, too."""
    if code == MANY or code == UNLISTED or type_code_of(<object>number) != code:
        return False
    if not is_subtype(<object>number, Number) or has_finalizer(number):
        return False  # of each result's end somebody would be told
    if not reads_as(number, handle_type) or any([looked_up(number, name) != NULL for name in IN_PLACE]):
        return False
    kinds[code].standing = standing_of(number)
    kinds[code].type = number
    kinds[code].version = type_version(number)
    return kinds[code].version != 0


cdef bint is_known(PyTypeObject *number, uint32_t code) noexcept:
    """Is a type of numbers as it was when it was looked at? Without a version nobody knows."""
    return kinds[code].type == number and kinds[code].version and kinds[code].version == type_version(number)


cdef bint learned(PyTypeObject *number, uint32_t code) noexcept:
    try:
        return learn(number, code)
    except Exception:  # a class's metaclass may do what it likes: then it is no number of a kernel's
        return False


cdef void load_others(Register *register, PyObject *value) noexcept:
    cdef PyTypeObject *number = type_at(value)
    cdef uint32_t code
    if number != list_type and (number != stranger.type or stranger.version != type_version(number)):
        if is_a(value, handle_type):
            code = (<Handle>value).type_code
            if is_known(number, code) or learned(number, code):
                recent.type, recent.version = number, kinds[code].version
                load(register, value)
                return
        elif number == int_type and as_integer(value, &register.content.integer):
            set_tag(register, INT)
            return
        elif number != int_type and type_version(number):
            stranger.type, stranger.version = number, type_version(number)
    set_tag(register, OBJECT)
    register.content.object = value


cdef PyObject *boxed(const Register *register) except NULL:
    """The object for what a register holds: of a node the handle that there is, or a new one."""
    cdef PyObject *value
    if register.tag == NODE:
        return handle_for(register)
    if register.tag == FLOAT:
        return new_float(register.content.number)
    if register.tag == INT:
        return new_int(register.content.integer)
    value = register.content.object
    Py_INCREF(<object>value)
    return value


cdef object box(const Register *register):
    """The same, as Cython has objects."""
    cdef PyObject *value = boxed(register)
    result = <object>value
    Py_DECREF(result)
    return result


cdef PyObject *handle_for(const Register *register) except NULL:
    cdef PyObject *value
    cdef Handle handle
    if tape.owner[register.node] != NULL:
        value = owner_of(register.node)
        Py_INCREF(<object>value)
        return value
    value = from_shelf(register.type_code, register.node)
    if value == NULL:
        handle = make_typed(type_of(register.node), register.node)
        value = <PyObject *>handle
        Py_INCREF(handle)
    (<Handle>value).whole = register.whole
    return value
