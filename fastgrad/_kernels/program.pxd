"""The program of a kernel, for a machine with registers."""

from libc.stdint cimport int32_t, uint16_t

from fastgrad._kernels.columns cimport Plan
from fastgrad._kernels.conditions cimport Conditions
from fastgrad._kernels.registers cimport Register

cpdef enum Code:
    # Registers are a, b, c; the result goes to `to`. An instruction that is not followed by the next one says where.
    END = 0            # c says whether a break, or the test of a while, has ended a statement
    COPY               # to = a
    KEEP               # to, to + 1, ... = a, a + 1, ..., c of them, which may hold nothing
    CLEAR              # to holds nothing
    ADD                # to = a + b
    SUBTRACT
    MULTIPLY
    DIVIDE
    POWER
    FLOOR_DIVIDE       # of ints
    REMAINDER
    NEGATIVE
    ITSELF             # +a
    ABSOLUTE_VALUE
    FUNCTION           # to = the operation c of a: of a node, or of a plain number
    FUNCTION_OF_FLOAT  # the same, where a node is not allowed,
    FUNCTION_OF_NODE   # or a plain number is not
    METHOD             # to = a.name(), by name c
    ATTRIBUTE          # to = a.name
    ATTRIBUTE_OF_OBJECT  # the same, of what is no number
    SET_ATTRIBUTE      # a.name = b, of a number: its data or its grad
    ITEM               # to = a[b]
    SET_ITEM           # a[b] = to
    CELL               # to = what is in cell c of the function a
    SLICE              # to = a[b:c]
    UNPACKED           # to, to + 1, ... = a, of c entries
    LENGTH             # to = len(a)
    LENGTH_OF_RANGE    # to = len(range(a, b, c))
    LEAST              # to = the smaller one of the ints a and b
    GREATER            # to = max(a, b)
    SMALLER            # to = min(a, b)
    TO_FLOAT           # to = float(a)
    TO_INT             # to = int(a)
    NUMBER             # to = a, which has to be a number
    NEW_LIST           # to = []
    NEW_TUPLE          # to = (a, a + 1, ...), of c entries
    APPEND             # to.append(a), to a list that the kernel has made
    APPEND_TO          # the same, to any other list
    EXTEND             # to.extend(a)
    SUMMED             # to = to + a, as sum() adds; b is what rounding has lost
    SUM_DONE           # to = to, with what rounding has lost
    EXACT_SUM          # to = math.fsum(a), of a list or tuple of plain numbers
    START              # to = 0; jump where a is not above it; c as NEXT has it
    NEXT               # to += 1; jump where that is below a; c is the number of the loop, if it may run in blocks
    ROUND_DONE         # of a statement: what was done in round a stays
    CHECK_TYPE         # a is of type c, and has nothing of its own under name to - 1, if there is one
    CHECK_FUNCTION     # a is a function of code c
    CHECK_SAME         # a is b
    CHECK_OTHER        # a is not b
    GIVE_WAY
    JUMP
    JUMP_UNLESS        # jump unless a is true
    JUMP_UNLESS_LESS   # jump unless a < b
    JUMP_UNLESS_LESS_EQUAL
    JUMP_UNLESS_GREATER
    JUMP_UNLESS_GREATER_EQUAL
    JUMP_UNLESS_EQUAL  # of plain numbers
    JUMP_UNLESS_NOT_EQUAL
    JUMP_UNLESS_SAME   # of objects: a is b
    JUMP_UNLESS_TYPE   # as CHECK_TYPE
    JUMP_UNLESS_FUNCTION

cdef struct Instruction:
    uint16_t code
    uint16_t to
    uint16_t a
    uint16_t b
    int32_t c
    int32_t jump

cdef struct Known:
    # What a name is for numbers of a type, where that was found out.
    unsigned version
    int32_t meaning

cdef struct Loop:
    # An innermost loop, for blocks.
    int32_t body          # its first instruction
    int32_t end           # the NEXT
    uint16_t index        # registers
    uint16_t length
    bint is_straight      # it may run in blocks
    bint is_statement     # its rounds are a statement's
    int32_t entries       # how often it has begun
    int32_t misses        # blocks that did nothing, one after the other
    uint16_t kept[64]     # the registers that are set in it and read elsewhere, or in the next round
    int32_t kept_count
    int32_t plans_made
    Plan *plan
    Plan *other           # that was used before

cdef class Program:
    cdef Loop *loops
    cdef int loop_count
    cdef Instruction *instructions
    cdef Known *known             # for each instruction and type code that it met last
    cdef Conditions conditions
    cdef readonly int length, registers, arguments
    cdef readonly int once        # how many of the first instructions read what stays as it is
    cdef readonly bint is_open    # how many rounds it does depends on what it reads, which other code may change
    cdef Register *at_first       # what constants are in which registers
    cdef readonly tuple names     # of attributes and methods
    cdef readonly tuple constants  # kept alive
    cdef tuple numbers             # (register, number) of those whose node may move
