"""Nodes whose operands lie in a payload, made from lists of scalars and numbers.

A payload is written behind the pool's end, and becomes part of the pool with its node. Between the two no Python code
may run, nor anything die that could run some: what holds the operands is kept until then.
"""

from cpython.object cimport PyObject, PyTypeObject
from libc.stdint cimport uint32_t

from fastgrad._tape.handle cimport Handle
from fastgrad._tape.tape cimport operands

cdef struct Row:
    operands x
    PyObject *like      # the scalar that says what the result is, borrowed; NULL among plain numbers only
    PyTypeObject *kind  # of the first scalar that was read, or NULL
    bint mixed          # are there scalars of several types?
    bint records        # does this thread?
    uint32_t room       # for doubles
    uint32_t reals      # so many doubles has the payload: all there is room for, or none

cdef object write(uint32_t op, object xs, str what, Row *row)
cdef bint dot_written(object xs, object ys, object bias, Row *row) except -1
cdef object finish(uint32_t op, double value, Row *row)
cdef object given_value(uint32_t op, list xs, double value)
cdef uint32_t user_node(Handle like, double value, list children, object slopes) except 0
