"""The number types."""

from fastgrad._tape.node cimport Node

cdef class Number(Node):
    pass

cdef class Scalar(Number):
    pass

cdef class Value(Number):
    pass

cdef int become_operation(Number number, list operands, list slopes) except -1
