# distutils: extra_compile_args = -O2
"""The life of handles. The contract is in the header, handle.pxd."""

import os
import threading

cimport cython
from cpython.object cimport PyObject, PyTypeObject
from cpython.ref cimport Py_DECREF, Py_INCREF
from libc.stdint cimport uint64_t
from libc.string cimport memset

from fastgrad._tape.tape cimport OP_MASK, collect, forget_other_threads, hold, let_go, reserve, resume_limit

cdef extern from "Python.h":
    int PyObject_GenericSetAttr(object, object, object) except -1
    object PyObject_GenericGetDict(object, void *)
    void Py_CLEAR(PyObject *)

cdef extern from *:
    """
    static PyObject *allocate(PyTypeObject *type) { return type->tp_alloc(type, 0); }
    static void deallocate(PyObject *object) { Py_TYPE(object)->tp_free(object); }
    static Py_ssize_t size_of_instances(PyTypeObject *type) { return type->tp_basicsize; }
    static int clear_slots(PyObject *object)
    {
        inquiry clear = Py_TYPE(object)->tp_clear;
        return clear ? clear(object) : 0;
    }
    static void set_deallocator(PyTypeObject *type, destructor function) { type->tp_dealloc = function; }
    static int is_pythons(PyTypeObject *type) { return PyType_HasFeature(type, Py_TPFLAGS_HEAPTYPE); }
    /* Has a subclass's instance nothing that one of the base has not, but perhaps a list of weak references? */
    static int adds_nothing(PyTypeObject *type, PyTypeObject *base)
    {
        /* From Python 3.12 on that lies before the object, at an offset below 0. */
        Py_ssize_t references = type->tp_weaklistoffset > 0 ? sizeof(PyObject *) : 0;
        int finalizes = type->tp_finalize || type->tp_del;
        return type->tp_basicsize == base->tp_basicsize + references && !type->tp_itemsize && !finalizes;
    }
    /* What a deallocator does before all else; was the object kept by its finalizer? */
    static int was_kept(PyObject *object)
    {
        if (Py_TYPE(object)->tp_finalize) {
            /* One from the shelf is not, where the class got its finalizer after the first. Python wants it to be. */
            if (PyType_IS_GC(Py_TYPE(object)) && !PyObject_GC_IsTracked(object))
                PyObject_GC_Track(object);
            if (PyObject_CallFinalizerFromDealloc(object) < 0)
                return 1;
        }
        if (PyType_IS_GC(Py_TYPE(object)))
            PyObject_GC_UnTrack(object);
        if (Py_TYPE(object)->tp_weaklistoffset)
            PyObject_ClearWeakRefs(object);
        return 0;
    }
    /* Python calls a subclass's + - * / ** by their names, unless told that the base's do. */
    static void inherit_operator(PyTypeObject *type, PyTypeObject *base, int which)
    {
        PyNumberMethods *to = type->tp_as_number, *from = base->tp_as_number;
        switch (which) {
        case 0: to->nb_add = from->nb_add; break;
        case 1: to->nb_subtract = from->nb_subtract; break;
        case 2: to->nb_multiply = from->nb_multiply; break;
        case 3: to->nb_true_divide = from->nb_true_divide; break;
        case 4: to->nb_power = from->nb_power; break;
        }
    }
    static void set_name(PyTypeObject *type, const char *name) { type->tp_name = name; }
    static void set_dictionary(PyTypeObject *type, Py_ssize_t offset) { type->tp_dictoffset = offset; }
    """
    object allocate(PyTypeObject *number)
    void deallocate(PyObject *)
    Py_ssize_t size_of_instances(PyTypeObject *number)
    int clear_slots(object)
    PyTypeObject *type_at "Py_TYPE"(PyObject *)
    bint is_pythons(PyTypeObject *number)  # made by a class statement
    bint adds_nothing(PyTypeObject *number, PyTypeObject *base)
    bint was_kept(PyObject *)
    void inherit_operator(PyTypeObject *number, PyTypeObject *base, int which)
    void set_deallocator(PyTypeObject *number, void (*function)(PyObject *) noexcept)
    void set_name(PyTypeObject *number, const char *name)
    void set_dictionary(PyTypeObject *number, Py_ssize_t offset)

cdef dict nothing = {}
cdef dict codes = {}               # by the type's identity
cdef list types = [None] * 256     # by type code
cdef list free_codes = list(range(UNLISTED - 1, MANY, -1))
cdef uint64_t given_at[256]        # collections when a type got its code
cdef uint64_t reclaimed_at = <uint64_t>-1  # collections when free codes were last looked for
cdef object local = threading.local()
cdef uint32_t pins_at_most = 1 << 14


cdef uint8_t type_code_of(object number) except? 0:
    """The code of a type of number. The table keeps the type, so that a handle can be made again."""
    code = codes.get(id(number))
    if code is None:
        if not free_codes:
            reclaim_codes()
        if not free_codes:
            return UNLISTED
        code = codes[id(number)] = free_codes.pop()
        types[code] = number
        given_at[<uint8_t>code] = tape.collections
        make_fast(number, code)
    return code


cdef int reclaim_codes() except -1:
    """Give up the types no node is of, but not those given a code since the last collection: a node may be coming."""
    global reclaimed_at
    cdef uint64_t before = tape.collections
    cdef bint used[256]
    cdef uint32_t i
    if reclaimed_at == before:  # it looks at all nodes: once after a collection will do
        return 0
    reclaimed_at = before
    collect()
    reclaimed_at = tape.collections
    memset(used, 0, sizeof(used))
    for i in range(1, tape.count):
        used[tape.type_code[i]] = True
    for i in range(<uint32_t>MANY + 1, <uint32_t>UNLISTED):
        if not used[i] and given_at[i] < before and types[i] is not None:
            clear_shelf(<uint8_t>i)
            codes.pop(id(types[i]), None)
            free_codes.append(i)
            types[i] = None
    return 0


@cython.no_gc
cdef class Handle:
    """What every number has: a node, and state of its own where something is kept on it."""

    def __cinit__(self):
        if shelf[VALUE].type == type_at(<PyObject *>self):
            self.type_code = VALUE
        else:
            self.type_code = UNLISTED  # until it is known: a handle half made is for no shelf
            self.type_code = type_code_of(type(self))
        if tape.count >= tape.limit:
            make_room()
        self.node = append(OP_LEAF, self.type_code, 0.0, 0, no_second())
        tape.owner[self.node] = &self.node
        if self.type_code == UNLISTED:
            pin(self)

    def __setattr__(self, name, value):
        PyObject_GenericSetAttr(self, name, value)
        if not self.pinned and (self.state != NULL or has_slots(self, name)):
            pin(self)

    @property
    def __dict__(self):
        return state_of(self)


cdef bint has_slots(Handle handle, name):
    """Can the attribute be in a slot of a subclass?"""
    cdef bint more = size_of_instances(type_at(<PyObject *>handle)) > size_of_instances(<PyTypeObject *>Handle)
    return more and name != "data" and name != "grad"


# The deallocators: leave the node to the tape, and the handle to the shelf.

cdef inline bint shelved(PyObject *dead) noexcept:
    """Take a handle's node and state away, and put the handle on its type's shelf, if it has one with a place left."""
    cdef Shelf *s = &shelf[(<Handle>dead).type_code]
    if (<Handle>dead).node:
        tape.owner[(<Handle>dead).node] = NULL
        (<Handle>dead).node = 0
    if (<Handle>dead).state != NULL:
        Py_CLEAR((<Handle>dead).state)
    (<Handle>dead).whole = False
    if s.type != type_at(dead) or s.count == SHELF_SIZE:
        return False
    (<Handle>dead).state = s.top
    s.top = dead
    s.count += 1
    return True


cdef void release(PyObject *dead) noexcept:
    """The built-in types' deallocator, and the last part of a subclass's."""
    if not shelved(dead):
        deallocate(dead)


cdef void release_subclass(PyObject *dead) noexcept:
    """The deallocator of a subclass whose instances have nothing that those of the built-in types have not."""
    cdef PyObject *number = <PyObject *>type_at(dead)
    if not was_kept(dead) and not shelved(dead):
        deallocate(dead)
        Py_DECREF(<object>number)


cdef tuple OPERATORS = (
    ("__add__", "__radd__"), ("__sub__", "__rsub__"), ("__mul__", "__rmul__"), ("__truediv__", "__rtruediv__"),
    ("__pow__", "__rpow__"),
)


cdef int make_fast(object number, uint8_t type_code) except -1:
    """Let a subclass have what makes the built-in types fast, as far as it changes nothing of it."""
    if not is_pythons(<PyTypeObject *>number):
        return 0
    forms[type_code] = getattr(number, "_forms", 0)
    base = next(kind for kind in number.__mro__ if not is_pythons(<PyTypeObject *>kind))
    for which, names in enumerate(OPERATORS):
        if all(getattr(number, name, None) is getattr(base, name, number) for name in names):
            inherit_operator(<PyTypeObject *>number, <PyTypeObject *>base, which)
    if adds_nothing(<PyTypeObject *>number, <PyTypeObject *>Handle):
        set_deallocator(<PyTypeObject *>number, release_subclass)
        shelf[type_code].type = <PyTypeObject *>number
    return 0


cdef int clear_shelf(uint8_t type_code) except -1:
    cdef Shelf *s = &shelf[type_code]
    cdef PyObject *dead
    s.type = NULL
    while s.top != NULL:
        dead = s.top
        s.top = (<Handle>dead).state
        (<Handle>dead).state = NULL
        number = <object>type_at(dead)
        deallocate(dead)
        Py_DECREF(number)
    s.count = 0
    return 0


cdef int adopt(object number, uint8_t type_code, const char *name) except -1:
    """Make a built-in type one of the tape's: give it its code, the deallocator, and its public name."""
    set_deallocator(<PyTypeObject *>number, release)
    shelf[type_code].type = <PyTypeObject *>number
    set_name(<PyTypeObject *>number, name)
    types[type_code] = number
    codes[id(number)] = type_code
    return 0


cdef object make_slowly(Handle like, uint32_t node):
    number = types[like.type_code]
    return make_typed(number if number is not None else type(like), node)


cdef int make_room() except -1:
    """Make room for a node, and say whether this thread records."""
    cdef bint records = grad_enabled()
    reserve(1, 0)
    return records


# Recording can be stopped thread by thread. A thread's wishes end with it, of which C's own variables know nothing.

cdef extern from *:
    """
    #include "operations/portable.h"
    static THREAD_LOCAL int is_silent;
    """
    bint is_silent


@cython.auto_pickle(False)
cdef class Silence:
    cdef int wishes

    def __dealloc__(self):
        if self.wishes > 0:
            tape.paused -= 1
            resume_limit()


cdef bint grad_enabled() noexcept:
    """Does this thread record?"""
    return not is_silent


cdef int disable_grad(bint nothing) except -1:
    """Stop recording in this thread, or take one such wish back."""
    global is_silent
    cdef Silence silence = getattr(local, "silence", None)
    cdef bint before
    if silence is None:
        silence = local.silence = Silence()
    before = silence.wishes > 0
    if not before and not nothing:
        raise RuntimeError("no_grad() is left in a thread that has not entered it")
    silence.wishes += 1 if nothing else -1
    is_silent = silence.wishes > 0
    tape.paused += is_silent - before
    return resume_limit()


def in_forked_child():
    """End what other threads held: this one is the only one."""
    forget_other_threads()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=in_forked_child)


# Pins.

cdef int pin(Handle handle) except -1:
    """Let the tape own a reference to the handle. Many of them are a reason to collect."""
    global pins_at_most
    if handle.pinned:
        return 0
    handle.pinned = True
    Py_INCREF(handle)
    tape.pins += 1
    if tape.pins >= pins_at_most:
        tape.threshold = 0
        resume_limit()
        pins_at_most = 2 * tape.pins
    return 0


cdef int unpin(Handle handle) except -1:
    """Clear a pinned handle's state, and give up the tape's reference."""
    tape.op[handle.node] &= OP_MASK
    handle.pinned = False
    tape.pins -= 1
    Py_CLEAR(handle.state)
    clear_slots(handle)
    Py_DECREF(handle)
    return 0


cdef dict state_of(Handle handle):
    """The handle's dictionary, in which whatever is kept keeps it alive as long as its node."""
    pin(handle)
    return PyObject_GenericGetDict(handle, NULL)


cdef dict state_at(uint32_t node):
    """What is kept on a node; not to be written to."""
    if tape.owner[node] == NULL or (<Handle>owner_of(node)).state == NULL:
        return nothing
    return <dict>(<Handle>owner_of(node)).state


cdef PyObject *owner_of(uint32_t node) noexcept:
    """The handle of a node that has one, borrowed."""
    return <PyObject *>(<char *>tape.owner[node] - offset)


cdef Handle make_typed(object number, uint32_t node):
    """A handle, of a type, for a node that has none.

    Making an instance of a subclass may run Python's collector, and that any code: nothing may move meanwhile, and the
    node may have a handle after it.
    """
    cdef Handle handle
    hold()
    try:
        handle = allocate(<PyTypeObject *>number)
    finally:
        let_go()
    if tape.owner[node] != NULL:
        return <Handle>owner_of(node)
    handle.type_code = tape.type_code[node]
    handle.node = node
    tape.owner[node] = &handle.node
    if handle.type_code == UNLISTED:
        pin(handle)
    return handle


cdef object type_of(uint32_t node):
    """The type of a node's handle, whether it has one or not; `Value` where that is not known any more."""
    if tape.owner[node] != NULL:
        return type(<Handle>owner_of(node))
    return types[tape.type_code[node] if tape.type_code[node] != UNLISTED else VALUE]


cdef Handle unpinned_handle_of(uint32_t node):
    """The node's handle, made where there is none."""
    return <Handle>owner_of(node) if tape.owner[node] != NULL else make_typed(type_of(node), node)


cdef Handle handle_of(uint32_t node):
    """The same, pinned where it is made, so that whoever walks a graph meets the same handle again."""
    cdef bint known = tape.owner[node] != NULL
    cdef Handle handle = unpinned_handle_of(node)
    if not known:
        pin(handle)
    return handle


cdef Handle any_handle = Handle.__new__(Handle)
cdef Py_ssize_t offset = <char *>&any_handle.node - <char *><void *>any_handle
set_deallocator(<PyTypeObject *>Handle, release)
set_dictionary(<PyTypeObject *>Handle, <char *>&any_handle.state - <char *><void *>any_handle)
any_handle = None
