"""The Python object for a node.

A handle holds a node's index; the tape points back at the index, so that it can be changed when nodes move, and does
not own the handle. There is at most one handle of a node at a time. Where a handle has state (a label, an attribute, a
callback), or was made by walking a graph, it is *pinned*: the tape owns one reference, and the handle lives as long as
its node.

Handles of the built-in types, and of subclasses that add no slots, are not returned to Python's allocator but kept on a
shelf for the next node. They have no part in Python's garbage collector, which could not see through the tape; `_pins`
finds the cycles through their state.
"""

from cpython.object cimport PyObject, PyTypeObject
from libc.stdint cimport uint8_t, uint16_t, uint32_t

from fastgrad._tape.tape cimport OP_LEAF, append, no_second, tape

cdef extern from *:
    """
    static inline PyObject *revive(PyObject *object)
    {
    #if defined(Py_REF_DEBUG) || defined(Py_TRACE_REFS)
        _Py_NewReference(object);  /* which counts it and lists it, as a debug build does with a new object */
    #else
        Py_SET_REFCNT(object, 1);
    #endif
        return object;
    }
    """
    PyObject *revive(PyObject *dead) noexcept  # a new reference
    object taken "(PyObject *)"(PyObject *)     # the reference itself, which becomes the caller's

cdef enum:
    VALUE = 0        # the code of each type of number: its place in `types`
    SCALAR = 1
    MANY = 2         # of a node of many numbers, which is no scalar
    UNLISTED = 255   # a type beyond the table's size: its handles are pinned, as one made again would not know it
    SHELF_SIZE = 1 << 12

cdef class Handle:
    cdef uint32_t node
    cdef uint8_t type_code
    cdef uint8_t pinned
    cdef uint8_t whole    # the number was given as an int: see spelled.pyx
    cdef PyObject *state  # the instance's dictionary, or NULL

cdef struct Shelf:
    PyObject *top        # the next one lies in its state; NULL where the shelf is empty
    PyTypeObject *type   # of all on it; NULL where the type has no shelf
    uint32_t count

cdef Shelf shelf[256]  # by type code

cdef uint16_t forms[256]  # how a type's graph is spelled, by type code: see spelled.pyx

cdef object make_slowly(Handle like, uint32_t node)
cdef int make_room() except -1
cdef bint grad_enabled() noexcept
cdef int pin(Handle handle) except -1
cdef int unpin(Handle handle) except -1
cdef dict state_of(Handle handle)
cdef dict state_at(uint32_t node)
cdef Handle handle_of(uint32_t node)
cdef Handle unpinned_handle_of(uint32_t node)
cdef Handle make_typed(object number, uint32_t node)
cdef object type_of(uint32_t node)
cdef uint8_t type_code_of(object number) except? 0
cdef PyObject *owner_of(uint32_t node) noexcept
cdef int adopt(object number, uint8_t type_code, const char *name) except -1
cdef int disable_grad(bint nothing) except -1


cdef inline PyObject *from_shelf(uint8_t type_code, uint32_t node) noexcept:
    """A new reference to a handle for a node that has none, of the type of a code; NULL where the shelf is empty."""
    cdef Shelf *s = &shelf[type_code]
    cdef PyObject *handle = s.top
    if handle == NULL:
        return NULL
    s.top = (<Handle>handle).state
    s.count -= 1
    (<Handle>handle).state = NULL
    (<Handle>handle).node = node
    tape.owner[node] = &(<Handle>handle).node
    return revive(handle)


cdef inline object make(Handle like, uint32_t node):
    """A handle for a node that has none, of the type of another handle."""
    cdef PyObject *handle = from_shelf(like.type_code, node)
    return make_slowly(like, node) if handle == NULL else taken(handle)


cdef inline object leaf(Handle like, double value):
    """A handle for a new leaf, for which there is room."""
    return make(like, append(OP_LEAF, like.type_code, value, 0, no_second()))
