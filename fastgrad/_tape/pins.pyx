"""Letting go of pinned handles that nobody needs.

The tape owns a reference to every pinned handle, and what is kept on a handle often refers to it again: a callback
closes over its own output. Python's collector cannot see through the tape, so this module does what it would do, before
every collection of nodes: it counts the references that pinned state holds on handles. A handle that has more than
those, and its pin, is held from outside. It is needed, and with it what it was computed from and what its state refers
to. The state of the other pinned handles is cleared, and their pins are given up; before that, as Python's collector
does, finalizers in it are called, and what is needed is found anew: a finalizer may keep a number.

State is followed only into objects all of whose references were found in state, so that the search ends at what is
shared with the rest of the program and never takes for garbage what is not.
"""

from cpython.object cimport PyObject, visitproc
from libc.stdint cimport uint32_t, uint64_t, uint8_t, uintptr_t
from libc.stdlib cimport calloc, free, malloc, realloc
from libc.string cimport memset

from fastgrad._tape.handle cimport Handle, owner_of, unpin
from fastgrad._tape.tape cimport slot_count, slot_node, tape

cdef extern from "Python.h":
    Py_ssize_t Py_REFCNT(PyObject *)
    bint PyObject_IS_GC(PyObject *)
    bint PyObject_TypeCheck(PyObject *, type)
    bint PyGC_Disable()  # whether it was enabled
    bint PyGC_Enable()
    void PyObject_CallFinalizer(object)

cdef extern from *:
    """
    static int visit_references(PyObject *object, visitproc visit, void *search)
    {
        traverseproc traverse = Py_TYPE(object)->tp_traverse;
        return traverse ? traverse(object, visit, search) : 0;
    }
    static int is_to_be_finalized(PyObject *object)
    {
        return Py_TYPE(object)->tp_finalize && PyObject_IS_GC(object) && !PyObject_GC_IsFinalized(object);
    }
    """
    bint is_to_be_finalized(PyObject *object)
    int visit_references(PyObject *object, visitproc visit, void *search) noexcept

cdef struct Found:
    PyObject *object
    Py_ssize_t references  # found in pinned state; -1 when the object was followed from a needed handle

cdef struct Search:
    Found *table           # a hash table with open addressing
    uint64_t size          # a power of 2
    uint64_t used
    PyObject **pending     # objects to be followed
    uint64_t pending_count
    uint64_t pending_size
    uint8_t *needed        # for each node
    uint32_t *nodes        # needed ones to be followed
    uint32_t node_count
    bint no_memory


# References found to an object.

cdef Found *place_of(Search *search, PyObject *object) noexcept:
    cdef uint64_t k = (<uint64_t><uintptr_t>object * 0x9E3779B97F4A7C15U >> 20) & (search.size - 1)
    while search.table[k].object != NULL and search.table[k].object != object:
        k = (k + 1) & (search.size - 1)
    return &search.table[k]


cdef void enlarge(Search *search) noexcept:
    cdef Search larger = search[0]
    cdef uint64_t k
    larger.size = max(<uint64_t>1024, 2 * search.size)
    larger.table = <Found *>calloc(larger.size, sizeof(Found))
    if larger.table == NULL:
        search.no_memory = True
        return
    for k in range(search.size):
        if search.table[k].object != NULL:
            place_of(&larger, search.table[k].object)[0] = search.table[k]
    free(search.table)
    search[0] = larger


cdef void follow_later(Search *search, PyObject *object) noexcept:
    cdef PyObject **pending
    cdef uint64_t size = 2 * search.pending_size + 1024
    if search.pending_count == search.pending_size:
        pending = <PyObject **>realloc(search.pending, size * sizeof(PyObject *))
        if pending == NULL:
            search.no_memory = True
            return
        search.pending = pending
        search.pending_size = size
    search.pending[search.pending_count] = object
    search.pending_count += 1


cdef int count_reference(PyObject *object, void *argument) noexcept:
    """Count a reference to an object, and follow it when all there are have been found."""
    cdef Search *search = <Search *>argument
    cdef Found *place
    cdef bint handle = PyObject_TypeCheck(object, Handle)
    if not handle and not PyObject_IS_GC(object):
        return 0
    if 2 * search.used >= search.size:
        enlarge(search)
        if search.no_memory:
            return 1
    place = place_of(search, object)
    search.used += place.object == NULL
    place.object = object
    place.references += 1
    if not handle and place.references == Py_REFCNT(object):
        follow_later(search, object)
    return search.no_memory


cdef int mark_reference(PyObject *object, void *argument) noexcept:
    """Mark a handle that a needed one's state refers to; follow what belongs to pinned state alone."""
    cdef Search *search = <Search *>argument
    cdef Found *place
    if PyObject_TypeCheck(object, Handle):
        mark_needed(search, (<Handle>object).node)
    elif PyObject_IS_GC(object):
        place = place_of(search, object)
        if place.object != NULL and place.references == Py_REFCNT(object):
            place.references = -1
            follow_later(search, object)
    return search.no_memory


cdef bint is_pinned(uint32_t i) noexcept:
    return tape.owner[i] != NULL and (<Handle>owner_of(i)).pinned


cdef void follow(Search *search, uint32_t i, visitproc visit) noexcept:
    """Visit what a pinned handle's state refers to, and what belongs to that alone refers to."""
    cdef PyObject *handle = owner_of(i)
    if (<Handle>handle).state != NULL:
        visit((<Handle>handle).state, search)
    visit_references(handle, visit, search)
    while search.pending_count and not search.no_memory:
        search.pending_count -= 1
        visit_references(search.pending[search.pending_count], visit, search)


# Which nodes are needed.

cdef void mark_needed(Search *search, uint32_t i) noexcept:
    if i and not search.needed[i]:
        search.needed[i] = 1
        search.nodes[search.node_count] = i
        search.node_count += 1


cdef bint held_outside(Search *search, uint32_t i) noexcept:
    cdef PyObject *handle = owner_of(i)
    return Py_REFCNT(handle) - (<Handle>handle).pinned > place_of(search, handle).references


cdef void find_needed(Search *search) noexcept:
    cdef uint32_t i, k
    for i in range(1, tape.count):
        if is_pinned(i):
            follow(search, i, <visitproc>count_reference)
    for i in range(1, tape.count):
        if tape.owner[i] != NULL and held_outside(search, i):
            mark_needed(search, i)
    while search.node_count and not search.no_memory:
        search.node_count -= 1
        i = search.nodes[search.node_count]
        for k in range(slot_count(i)):
            mark_needed(search, slot_node(i, k))
        if is_pinned(i):
            follow(search, i, <visitproc>mark_reference)


cdef list unneeded(Search *search):
    cdef uint32_t i
    return [<Handle>owner_of(i) for i in range(1, tape.count) if is_pinned(i) and not search.needed[i]]


cdef list to_be_finalized(Search *search):
    """What belongs to the state of unneeded handles alone, and has a finalizer."""
    cdef uint64_t k
    cdef Found *found
    objects = []
    for k in range(search.size):
        found = &search.table[k]
        if found.object != NULL and not PyObject_TypeCheck(found.object, Handle):
            if found.references == Py_REFCNT(found.object) and is_to_be_finalized(found.object):
                objects.append(<object>found.object)
    return objects


cdef int release_pins() except -1:
    """Unpin the handles nobody needs. Clearing their state may run any code; the tape's nodes stay where they are."""
    cdef bint collects = PyGC_Disable()  # what it runs could change what is being counted
    try:
        released = find_unneeded(call_finalizers)
        if released is None:  # some have run
            released = find_unneeded(unneeded)
    finally:
        if collects:
            PyGC_Enable()
    for handle in released:
        unpin(handle)
    return 0


cdef list call_finalizers(Search *search):
    """Call the finalizers there are; the unneeded handles where there are none."""
    objects = to_be_finalized(search)
    for object in objects:
        PyObject_CallFinalizer(object)
    return None if objects else unneeded(search)


cdef list find_unneeded(list (*result)(Search *)):
    """Search, and return what is made of it."""
    cdef Search search
    memset(&search, 0, sizeof(Search))
    enlarge(&search)
    search.needed = <uint8_t *>calloc(tape.count, sizeof(uint8_t))
    search.nodes = <uint32_t *>malloc(tape.count * sizeof(uint32_t))
    try:
        if search.needed == NULL or search.nodes == NULL or search.no_memory:
            raise MemoryError("no memory to look through what is kept on the tape")
        find_needed(&search)
        if search.no_memory:
            raise MemoryError("no memory to look through what is kept on the tape")
        return result(&search)
    finally:
        free(search.table)
        free(search.pending)
        free(search.needed)
        free(search.nodes)


tape.release_pins = release_pins
