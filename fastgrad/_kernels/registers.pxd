"""What a kernel computes with: registers, and how Python's objects get into them and out again.

A register holds a float, an int, a node, or an object that is only handed on. A node needs no handle there: one is made
where Python will see it. Objects are borrowed: a kernel drops none, and what it makes itself it keeps to its end.

Nothing here runs Python code.
"""

from cpython.float cimport PyFloat_AS_DOUBLE
from cpython.object cimport PyObject, PyTypeObject
from libc.stdint cimport int64_t, uint8_t, uint32_t, uint64_t

from fastgrad._tape.handle cimport Handle

cdef enum Tag:
    NOTHING, FLOAT, INT, NODE, OBJECT
    EMPTY  # on purpose: what is not there yet, or was left out

cdef extern from *:
    """
    /* Two words, each of which is written and copied as a whole: a processor waits where it reads more than one store
       has written. */
    #ifndef FASTGRAD_REGISTER
    #define FASTGRAD_REGISTER
    #if defined(__BYTE_ORDER__) && __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
    #error "a register's word, and a handle's, are read with their lowest byte first"
    #endif
    typedef union { double number; int64_t integer; PyObject *object; } Content;
    typedef struct {
        Content content;
        union {
            struct { uint32_t node; uint8_t tag, type_code, whole, unused; };
            uint64_t word;
        };
    } Register;
    static inline void set_tag(Register *r, uint8_t tag)
    {
        r->word = (uint64_t)tag << 32;
    }
    static inline void set_node(Register *r, uint32_t node, uint8_t tag, uint8_t type_code, int whole)
    {
        r->word = node | (uint64_t)tag << 32 | (uint64_t)type_code << 40 | (uint64_t)(whole != 0) << 48;
    }
    static inline void copy_register(Register *to, const Register *from)
    {
        to->content.integer = from->content.integer;
        to->word = from->word;
    }
    #endif
    """
    ctypedef union Content:
        double number
        int64_t integer
        PyObject *object
    ctypedef struct Register:
        Content content    # of a node nothing
        uint64_t word      # all that follows
        uint32_t node
        uint8_t tag
        uint8_t type_code
        uint8_t whole      # a node that Python would have computed as an int: see spelled.pyx
    void set_tag(Register *register, uint8_t tag) noexcept
    void set_node(Register *register, uint32_t node, uint8_t tag, uint8_t type_code, bint whole) noexcept
    void copy_register(Register *to, const Register *register) noexcept

cdef enum:
    REFLECTED = 16  # places from an operator's bit to that of the reflected one, as __radd__

cdef enum Standing:
    # What a type of numbers leaves as fastgrad has it.
    ADDS = 1
    SUBTRACTS = 2
    MULTIPLIES = 4
    DIVIDES = 8
    POWERS = 16
    NEGATES = 32
    POSITIVE = 64
    ABSOLUTE = 128
    COMPARES = 256
    TRUTH = 512
    SPELLS = 1024  # it is a Spelled number
    FLOATS = 2048  # whose data is always a float

cdef struct Kind:
    PyTypeObject *type
    unsigned version  # of the type when it was looked at; 0 where it may not be used
    uint32_t standing

cdef Kind kinds[256]  # by type code
cdef Kind recent      # the one that was met last

cdef extern from *:
    """
    /* 0 where a type has none for now. Before Python 3.13 a flag says so, too, which is never set from then on. */
    static inline unsigned type_version(PyTypeObject *type)
    {
    #if PY_VERSION_HEX < 0x030D0000
        if (!PyType_HasFeature(type, Py_TPFLAGS_VALID_VERSION_TAG))
            return 0;
    #endif
        return type->tp_version_tag;
    }
    """
    unsigned type_version(PyTypeObject *number)
    PyTypeObject *type_at "Py_TYPE"(PyObject *value)
    PyTypeObject *float_type "&PyFloat_Type"
    PyTypeObject *int_type "&PyLong_Type"

cdef void load_others(Register *register, PyObject *value) noexcept
cdef PyObject *boxed(const Register *register) except NULL  # a new reference
cdef object box(const Register *register)
cdef PyObject *looked_up(PyTypeObject *type, object name) noexcept


cdef inline void load(Register *register, PyObject *value) noexcept:
    """Put an object into a register. It is a number where a kernel may compute with it."""
    cdef PyTypeObject *number = type_at(value)
    if number == recent.type and recent.version == type_version(number):
        set_node(register, (<Handle>value).node, NODE, (<Handle>value).type_code, (<Handle>value).whole)
    elif number == float_type:
        set_tag(register, FLOAT)
        register.content.number = PyFloat_AS_DOUBLE(<object>value)
    else:
        load_others(register, value)
