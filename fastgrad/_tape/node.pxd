"""A node as a Python object."""

from fastgrad._tape.handle cimport Handle

cdef class Node(Handle):
    pass

cdef int set_leaf(Node number, data) except -1
