"""Leaves that lie together, as a Python object. The contract is in the header, leaves.pxd."""

import operator

from libc.stdint cimport uint32_t

from fastgrad._tape.handle cimport Handle, make_typed, type_code_of, type_of, unpinned_handle_of
from fastgrad._tape.tape cimport OP_LEAF, OP_MASK, OP_leaves, Second, append, no_second, reserve, tape

from fastgrad._tape.numbers import Scalar, Value


cdef uint32_t first_leaf(Leaves leaves) noexcept:
    return tape.first[leaves.root.node]


cdef uint32_t leaf_count(Leaves leaves) noexcept:
    return tape.second[leaves.root.node].span.n if leaves.root is not None else 0


cdef class Leaves:
    """Leaves that lie together on the tape: the parameters of a module.

    They live as long as this object or a node that stands on them. A leaf's number is made when it is asked for, and is
    the same object as long as somebody holds it.

    Parameters
    ----------
    number : type
        `Value`, `Scalar` or a subclass of one.
    length : int
        How many leaves, at least 1. Their data is 0.0.
    """

    def __init__(self, number, length):
        if not (isinstance(number, type) and issubclass(number, (Value, Scalar))):
            raise TypeError(f"leaves are of Value, Scalar or a subclass, not of {number!r}")
        length = operator.index(length)
        if not 0 < length < 1 << 31:
            raise ValueError(f"there are at least 1 and at most 2,147,483,647, not {length!r}")
        if self.root is not None:
            raise TypeError("leaves cannot be made again by __init__")
        self.root = new_leaves(number, length)

    def __len__(self):
        return leaf_count(self)

    def __getitem__(self, index):
        positions = range(len(self))[index]
        if isinstance(positions, range):
            return [number_at(self, k) for k in positions]
        return number_at(self, positions)

    @property
    def type(self):
        """The type of the numbers."""
        if self.root is None:
            raise TypeError("these leaves were made without __init__, and have no numbers")
        return type_of(self.root.node)

    def __reduce__(self):
        return restored, (self.root,)

    def __repr__(self):
        return f"<{len(self)} leaves of type {self.type.__name__}>" if len(self) else "<no leaves>"


cdef Handle number_at(Leaves leaves, uint32_t k):
    cdef uint32_t node = first_leaf(leaves) + k
    if tape.owner[node] != NULL:
        return unpinned_handle_of(node)
    return make_typed(type_of(leaves.root.node), node)


cdef Handle new_leaves(type number, uint32_t length):
    cdef uint32_t type_code = type_code_of(number), first, _
    cdef Second second = no_second()
    reserve(length + 1, 0)
    first = tape.count
    for _ in range(length):
        append(OP_LEAF, type_code, 0.0, 0, no_second())
    second.constant = 0.0
    second.span.n = length
    second.span.reals = 0
    return make_typed(number, append(OP_leaves, type_code, 0.0, first, second))


def restored(Handle root not None):
    """The leaves whose node was pickled."""
    cdef Leaves leaves = Leaves.__new__(Leaves)
    if tape.op[root.node] & OP_MASK != OP_leaves:
        raise ValueError("the pickled leaves are damaged: their node is another")
    leaves.root = root
    return leaves
