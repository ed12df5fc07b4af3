"""The program of a kernel, as the machine reads it."""

cimport cython
from cpython.object cimport PyObject
from libc.stdlib cimport calloc, free

from fastgrad._kernels.columns cimport KEPT, free_plan
from fastgrad._kernels.conditions cimport Conditions
from fastgrad._kernels.registers cimport Register, load
from fastgrad._tape.handle cimport Handle
from fastgrad._tape.tape cimport OP_FIRST_VC, OP_LEAF, op_rows


@cython.auto_pickle(False)
cdef class Program:
    """Instructions for the machine.

    Parameters
    ----------
    instructions : list of tuple of int
        ``(code, to, a, b, c, jump)`` of each; the last one is an END.
    registers : int
        How many there are: the arguments first.
    arguments : int
        How many of them.
    constants : dict of int to object
        What is in which registers from the beginning.
    names : sequence of str
        Those of attributes and methods, which instructions count.
    conditions : Conditions
        What it was made for.
    loops : sequence of (int, int, sequence of int)
        The innermost loops through whose instructions every round runs: the first one, the one behind the last, and
        the registers that have to be right afterwards. Instructions START and NEXT of each count them from 1 on.
    once : int, optional
        How many of the first instructions stand before all others because what they read stays as it is.
    is_open : bool, optional
        Whether what it reads decides how many rounds it does: then it gives way where it pauses, since other code, as a
        signal's handler, may change that.
    """

    def __cinit__(
        self, instructions, int registers, int arguments, dict constants, names, Conditions conditions, loops,
        int once=0, bint is_open=False,
    ):
        cdef int i
        self.length, self.registers, self.arguments = len(instructions), registers, arguments
        self.once, self.is_open = once, is_open
        self.constants = tuple(constants.values())
        self.names, self.conditions = tuple(names), conditions
        self.instructions = <Instruction *>calloc(self.length, sizeof(Instruction))
        self.known = <Known *>calloc(self.length, sizeof(Known))
        self.at_first = <Register *>calloc(registers, sizeof(Register))
        if self.instructions == NULL or self.known == NULL or self.at_first == NULL:
            raise MemoryError("no memory for a kernel's program")
        for i, (code, to, a, b, c, jump) in enumerate(instructions):
            self.instructions[i] = Instruction(code, to, a, b, c, jump)
        self.loop_count = len(loops)
        self.loops = <Loop *>calloc(self.loop_count + 1, sizeof(Loop))
        if self.loops == NULL:
            raise MemoryError("no memory for a kernel's program")
        for i, (body, end, kept) in enumerate(loops):
            set_loop(&self.loops[i], self.instructions, body, end, kept)
        self.numbers = tuple([entry for entry in constants.items() if isinstance(entry[1], Handle)])
        for place, value in constants.items():
            load(&self.at_first[<int>place], <PyObject *>value)

    def __dealloc__(self):
        cdef int i
        for i in range(self.loop_count):
            free_plan(self.loops[i].plan)
            free_plan(self.loops[i].other)
        free(self.loops)
        free(self.instructions)
        free(self.known)
        free(self.at_first)


cdef int set_loop(Loop *loop, const Instruction *instructions, int body, int end, kept) except -1:
    cdef int i
    loop.body, loop.end, loop.is_straight, loop.kept_count = body, end, len(kept) <= KEPT, min(<int>KEPT, len(kept))
    loop.index, loop.length = instructions[end].to, instructions[end].a
    loop.is_statement = instructions[end - 1].code == ROUND_DONE
    for i in range(loop.kept_count):
        loop.kept[i] = kept[i]
    return 0


def operation_codes():
    """The codes of the operations of one operand, by their names in the op table."""
    return {op_rows[code].name.decode(): code for code in range(OP_LEAF + 1, OP_FIRST_VC)}
