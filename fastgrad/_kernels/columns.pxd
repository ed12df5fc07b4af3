"""How a block of rounds is done: its plan, and the columns that the plan computes with.

A *column* has a value for each round of the block, a *step* makes one of others. Operands of steps are columns, or,
from -1 down, registers that are the same in all rounds. Where the rounds of an innermost loop do not depend on each
other, but for sums, each step can do all of them before the next one begins; where one takes up what another has left,
it has that in a column, too, and all steps do a round before the next one begins.
"""

from cpython.object cimport PyObject
from libc.stdint cimport int16_t, int32_t, int64_t, uint8_t, uint16_t, uint32_t
from libc.stdlib cimport free

cdef enum:
    ROUNDS = 64        # of a block, at most
    COLUMNS = 128
    STEPS = 128
    EXPECTED = 128
    KEPT = 64
    LISTS = 8
    INDEX = 0               # the column of the loop's index
    ITSELF_NUMBER = -30000  # an operand: the step's own number

cdef union Values:
    double number[64]
    int64_t integer[64]
    uint32_t node[64]
    PyObject *object[64]

cdef struct Column:
    Values values
    uint8_t tag
    uint8_t type_code

cdef enum StepCode:
    TAKE_ITEMS         # of the list or tuple a, at b
    TAKE_PARTS         # the entry c of each of the tuples a
    JOIN_NODES         # the operation c of two nodes
    NODES_AND_NUMBERS  # the operation c of a node a and a plain number b, or of one node
    NUMBERS_AND_NODES  # the same operation, where the node is b
    NEW_LEAVES         # of the plain numbers a; c says whether they are ints
    SUM_NODES          # of b, on top of what register a holds
    SUM_PRODUCTS       # the operation c of entries of the lists a and b, on top of what register `offset` holds
    COMBINE_NUMBERS    # the operation c of plain numbers
    COMBINE_INTEGERS
    APPLY_TO_NUMBERS   # the operation c of one of them
    SUM_NUMBERS        # of b, on top of what register a holds
    LARGEST_NUMBERS    # of b and what was the largest before, at first in register a
    LEAST_NUMBERS
    READ_ATTRIBUTES    # of the nodes a: c is what
    SET_ATTRIBUTES     # of the nodes a to b: c is what
    SET_ITEMS          # of the list a, at b, to the column or register c
    APPEND_ALL         # b to the list a

cdef struct Step:
    uint16_t code
    uint16_t to        # a column
    int16_t a
    int16_t b
    int32_t c
    uint32_t offset    # of the node that it appends, among those of a round; see also SUM_PRODUCTS
    double number

cdef struct Expected:
    # What a register has to hold for the plan to do.
    uint16_t place
    uint8_t tag
    uint8_t type_code
    unsigned version   # of the type

cdef struct Kept:
    # What a register has after a block: the column's last entry.
    uint16_t place
    uint16_t column

cdef struct Carried:
    # What a round takes up from the one before: a column of it, the register that has it at first, and the column that
    # a round leaves.
    uint16_t place
    uint16_t column
    uint16_t left

cdef struct Plan:
    Step steps[128]
    Expected expected[128]
    Kept kept[64]
    Carried carried[64]
    uint8_t tags[128]         # of columns
    uint8_t type_codes[128]
    Values *columns
    uint32_t step_count, expected_count, kept_count, carried_count, column_count
    uint32_t nodes            # that a round appends
    bint needs_round          # done singly, before it: something is in registers that are set in the loop
    bint sets_anything
    bint calls_methods        # which may be hidden by what is kept on a number,
    bint sees_attributes      # as may data and grad of a teaching engine's
    int16_t lists[8]          # operands: those that are set have to be others than the rest
    uint8_t sets[8]           # which are
    uint32_t list_count
    uint32_t code             # of the type of its nodes
    unsigned version


cdef inline bint takes_in_order(const Step *step) noexcept:
    """Does a step take the entries of one list, one after the other?"""
    return step.code == TAKE_ITEMS and step.a < 0 and step.b == INDEX


cdef inline void free_plan(Plan *plan) noexcept:
    if plan != NULL:
        free(plan.columns)
        free(plan)
