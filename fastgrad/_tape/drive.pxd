"""The sweeps' drivers, where Python has a part in them, and steps by themselves.

Arrays of the tape are read afresh after every call that may run Python code.
"""

from libc.stdint cimport uint32_t

from fastgrad._tape.handle cimport Handle

cdef double ask_python(uint32_t op, double a, double b) except? -1.0
cdef int sweep_backward(Handle root, double gradient) except -1
cdef int recompute_node(uint32_t node) except -1
cdef int sweep_forward(Handle root) except -1
cdef int sweep_zero(Handle root) except -1
cdef int step(uint32_t node) except -1
