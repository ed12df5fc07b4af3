"""Operations of numbers of any type, and what is said where there is none. The contract is in operators.pxd."""

from libc.stdint cimport uint32_t

from fastgrad._tape.convert cimport as_double, no_argument, no_operation
from fastgrad._tape.drive cimport ask_python
from fastgrad._tape.node cimport Node
from fastgrad._tape.observer cimport observers
from fastgrad._tape.tape cimport OP_FIRST_CV, OP_TO_CV, OP_TO_VC, op_rows


cdef double ask_of_one(uint32_t op, double x, double constant) except? -1.0:
    return ask_python(op, constant, x) if op >= OP_FIRST_CV else ask_python(op, x, constant)


cdef object any_operation(uint32_t op, left, right):
    """A binary operation of nodes and numbers of any type; NotImplemented where an operand is neither."""
    cdef double constant
    left, right = held(left), held(right)
    if not isinstance(left, Node):
        if as_double(left, &constant):
            return with_constant(op + OP_TO_CV, <Node>right, constant)
    elif isinstance(right, Node):
        return of_two(op, <Node>left, <Node>right, <Node>(right if isinstance(right, type(left)) else left))
    elif as_double(right, &constant):
        return with_constant(op + OP_TO_VC, <Node>left, constant)
    return NotImplemented


cdef object with_others(uint32_t op, left, right):
    """A binary operation of a node and an array, or of what is no operand. Of a repetition a recording says more."""
    if getattr(left, "ndim", 0) or getattr(right, "ndim", 0):
        from fastgrad import arrays

        return arrays.elementwise(op_rows[op].name.decode(), left, right)
    return NotImplemented if observers.count else no_operation(op_rows[op].symbol.decode(), left, right)


cdef object held(x):
    """What an array without dimensions holds, a scalar perhaps; anything else as it is."""
    return x.item() if not isinstance(x, (float, int, Node)) and getattr(x, "ndim", None) == 0 else x


cdef object called(str name, uint32_t op, left, right):
    """The same for a function's arguments: what is neither a node nor a number is an error."""
    result = any_operation(op, left, right)
    if result is NotImplemented:
        raise no_argument(name, right if isinstance(left, Node) else left)
    return result
