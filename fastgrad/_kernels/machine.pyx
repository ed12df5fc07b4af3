# distutils: extra_compile_args = -O3 -fno-tree-slp-vectorize
"""The machine that runs kernels. The contract is in the header, machine.pxd."""

from cpython.exc cimport PyErr_CheckSignals
from cpython.object cimport PyObject
from libc.stdint cimport int32_t, int64_t, uint16_t, uint32_t

from fastgrad._kernels.arithmetic cimport (
    OP_add, OP_div, OP_mul, OP_pow, OP_sub, absolute, binary, compared, floor_divided, negated, of_one, positive,
    remainder_of, summed, sum_done, to_float, to_int, truth_of,
)
from fastgrad._kernels.blocks cimport run_blocks
from fastgrad._kernels.changes cimport Run, commit
from fastgrad._kernels.conditions cimport HOLDS, agreement_of, is_function
from fastgrad._kernels.fields cimport item_of, length_of, slice_of
from fastgrad._kernels.objects cimport (
    append_noted, appended, called, concatenated, extended, forget_attributes, get_attribute, in_cell, is_of_type,
    loaded, new_object, new_tuple, set_attribute, set_item, summed_exactly, unpack,
)
from fastgrad._kernels.program cimport (
    ABSOLUTE_VALUE, ADD, APPEND, APPEND_TO, ATTRIBUTE, ATTRIBUTE_OF_OBJECT, CELL, CHECK_FUNCTION, CHECK_OTHER,
    CHECK_SAME, CHECK_TYPE, CLEAR, COPY, DIVIDE, END, EXACT_SUM, EXTEND, FLOOR_DIVIDE, FUNCTION, FUNCTION_OF_FLOAT,
    FUNCTION_OF_NODE, GREATER, ITEM, ITSELF, JUMP, JUMP_UNLESS, JUMP_UNLESS_FUNCTION, JUMP_UNLESS_GREATER,
    JUMP_UNLESS_LESS, JUMP_UNLESS_SAME, JUMP_UNLESS_TYPE,
    KEEP, LEAST, LENGTH, LENGTH_OF_RANGE, METHOD, MULTIPLY, NEGATIVE, NEW_LIST, NEW_TUPLE, NEXT, NUMBER, POWER,
    REMAINDER, ROUND_DONE, SET_ATTRIBUTE, SET_ITEM, SLICE, SMALLER, START, SUBTRACT, SUMMED, SUM_DONE, TO_FLOAT,
    TO_INT, UNPACKED, Instruction, Loop, Program,
)
from fastgrad._kernels.registers cimport (
    ADDS, DIVIDES, EMPTY, FLOAT, INT, MULTIPLIES, NODE, NOTHING, OBJECT, POWERS, SUBTRACTS, Register, box,
    copy_register, set_tag,
)
from fastgrad._tape.handle cimport Handle
from fastgrad._tape.tape cimport hold, let_go, reserve, tape

cdef extern from *:
    """
    static void let_others_run(void)
    {
        Py_BEGIN_ALLOW_THREADS
        Py_END_ALLOW_THREADS
    }
    """
    void let_others_run()
    int stop_collector "PyGC_Disable"()
    int start_collector "PyGC_Enable"()
    PyObject *PyList_New(Py_ssize_t size)
    bint OP_UNLIKELY(bint)

cdef enum:
    STEPS = 1 << 16    # between pauses
    LONGEST = 1 << 20  # without one
    KEPT = 1 << 10     # objects that are made before those that nobody needs are let go of
    WORTH = 3          # rounds beyond which a block is worth it
    OFTEN = 8          # a loop runs, from where on it is worth it for fewer
    PATIENCE = 16      # blocks that do nothing, after which a loop is left to single rounds


cdef bint measure(const Register *sequence, Register *to) noexcept:
    cdef Py_ssize_t length = length_of(sequence.content.object) if sequence.tag == OBJECT else -1
    set_tag(to, INT)
    to.content.integer = length
    return length >= 0


cdef bint length_of_range(const Register *start, const Register *stop, const Register *step, Register *to) noexcept:
    cdef int64_t low, high, by, limit = <int64_t>1 << 62
    if start.tag != INT or stop.tag != INT or step.tag != INT or step.content.integer == 0:
        return False
    low, high, by = start.content.integer, stop.content.integer, step.content.integer
    if not -limit < low < limit or not -limit < high < limit or not -limit < by < limit:
        return False
    set_tag(to, INT)
    if by > 0:
        to.content.integer = (high - low - 1) // by + 1 if high > low else 0
    else:
        to.content.integer = (low - high - 1) // -by + 1 if low > high else 0
    return True


cdef bint chosen(uint16_t code, const Register *a, const Register *b, Register *to) noexcept:
    """max(a, b), or min(): the first one, unless the second one is greater, or smaller."""
    cdef bint second = True
    if a.tag == EMPTY:
        if b.tag == NOTHING or b.tag == EMPTY:
            return False
    elif not compared(code, b, a, &second):
        return False
    copy_register(to, b if second else a)
    return True


# Pauses.

cdef int own_objects(Run *run, Program program, list made) except -1:
    """Keep what is in the registers, as other code may let go of it, and nothing else."""
    cdef list kept = []
    cdef int i
    for i in range(program.registers):
        if run.registers[i].tag == OBJECT:
            kept.append(<object>run.registers[i].content.object)
    made[:] = kept
    return 0


cdef bint is_still_so(Run *run, Program program, list made) noexcept:
    """Is what the program has read before all else as it was?"""
    cdef const Instruction *i
    cdef const Register *a
    cdef const Register *before
    cdef Register found
    cdef int k
    for k in range(program.once):
        i = &program.instructions[k]
        a, before = &run.registers[i.a], &run.registers[i.to]
        if i.code == ATTRIBUTE_OF_OBJECT or i.code == CELL:
            if i.code == CELL:
                if not in_cell(a, i.c, &found):
                    return False
            elif a.tag != OBJECT or not get_attribute(program.known + k, a, program.names[i.c], &found, made):
                return False
            if found.word != before.word or (found.tag != NODE and found.content.integer != before.content.integer):
                return False
        elif i.code == CHECK_TYPE:
            if not is_of_type(program, a, i.c, i.to):
                return False
        elif i.code == CHECK_FUNCTION:
            if a.tag != OBJECT or not is_function(program.conditions, i.c, a.content.object):
                return False
        elif not rare(i.code, a, &run.registers[i.b], &found):
            return False
    return True


cdef int pause(Run *run, Program program, list made) except -1:
    """Let signals' handlers and other threads run. May the program go on after that, and is all still as it was?"""
    own_objects(run, program, made)
    run.pauses += 1
    if run.collects:
        start_collector()
    try:
        PyErr_CheckSignals()
        let_others_run()
    finally:
        run.collects = stop_collector()
        forget_attributes()
    if program.is_open or agreement_of(program.conditions, run.args) != HOLDS:
        return False
    return is_still_so(run, program, made)


cdef inline bint begins(Loop *loop) noexcept:
    """Note that a loop begins; may it do so with a block?"""
    loop.entries += loop.entries < OFTEN
    return loop.plan != NULL


cdef inline bint is_worth(const Loop *loop, int64_t rounds) noexcept:
    """Is a block worth it, after the first round? Its plan may be for the times that the loop runs after this one."""
    return rounds > WORTH or (rounds > 0 and loop.entries == OFTEN)


cdef bint in_blocks(
    Run *run, Program program, Loop *loop, Register *index, int64_t length, uint32_t *steps, bint follows_round
) noexcept:
    """Do rounds in blocks, as far as they go before a pause. False where what they were to set could not be set."""
    cdef int64_t next = index.content.integer, done = -1
    while loop.is_straight and next < length and done != next and steps[0] < STEPS:
        done = next
        next = run_blocks(run, program, loop, next, length, follows_round)
        if next < 0:
            return False
        steps[0] += <uint32_t>(next - done)
        if follows_round:
            loop.misses = loop.misses + 1 if next == done else 0
        if loop.misses == PATIENCE:
            loop.is_straight = False
        if loop.is_statement:
            run.rounds = next
            commit(run)
    index.content.integer = next
    return True


cdef int collect_between_rounds(Run *run, Program program, list made) except -1:
    """Let the tape collect, between two rounds of a statement. What the registers hold has handles meanwhile."""
    cdef int i
    cdef list handles = [
        box(&run.registers[i]) if run.registers[i].tag == NODE else None for i in range(program.registers)
    ]
    own_objects(run, program, made)
    let_go()
    try:
        reserve(1, 0)
    finally:
        hold()
    forget_attributes()
    for i in range(program.registers):
        if run.registers[i].tag == NODE:
            run.registers[i].node = (<Handle>handles[i]).node
    run.start = tape.count
    return 0


cdef inline void keep_all(Register *to, const Register *values, int32_t count) noexcept:
    cdef int32_t k
    for k in range(count):
        copy_register(to + k, values + k)


cdef Ended execute(Run *run, Program program, list made) except RAISED:
    """Run a program on registers, in which its arguments are; `made` keeps what it makes."""
    cdef Register *r = run.registers
    cdef Instruction *first = program.instructions
    cdef Instruction *i = first
    cdef Register *to
    cdef Register *a
    cdef Register *b
    cdef bint done, truth = True
    cdef uint16_t code
    cdef uint32_t steps = 0
    while True:
        code, to, a, b = i.code, r + i.to, r + i.a, r + i.b
        done = True
        if code == ADD:
            done = binary(OP_add, ADDS, a, b, to)
        elif code == MULTIPLY:
            done = binary(OP_mul, MULTIPLIES, a, b, to)
        elif code == SUBTRACT:
            done = binary(OP_sub, SUBTRACTS, a, b, to)
        elif code == NEXT:
            to.content.integer += 1
            steps += 1
            if OP_UNLIKELY(steps >= STEPS):
                if run.change_count == 0:
                    steps = 0
                    if not pause(run, program, made):
                        done = False
                        break
                elif steps >= LONGEST:  # what may still be undone nobody else is to see
                    done = False
                    break
            if i.c and is_worth(&program.loops[i.c - 1], a.content.integer - to.content.integer):
                done = in_blocks(run, program, &program.loops[i.c - 1], to, a.content.integer, &steps, True)
                if not done:
                    break
            if to.content.integer < a.content.integer:
                i = first + i.jump
                continue
        elif code == ITEM:
            done = loaded(to, item_of(a, b))
        elif code == COPY:
            copy_register(to, a)
            done = a.tag != NOTHING and a.tag != EMPTY
        elif code == KEEP:
            keep_all(to, a, i.c)
        elif code == SUMMED:
            done = binary(OP_add, ADDS, to, a, to) if to.tag == NODE else summed(to, a, b)
        elif code == APPEND:
            done = appended(to, a)
        elif code == ATTRIBUTE:
            done = get_attribute(program.known + (i - first), a, program.names[i.c], to, made)
        elif code == ATTRIBUTE_OF_OBJECT:
            done = a.tag == OBJECT
            done = done and get_attribute(program.known + (i - first), a, program.names[i.c], to, made)
        elif code == SET_ATTRIBUTE:
            done = set_attribute(run, program.known + (i - first), a, program.names[i.c], b)
        elif code == SET_ITEM:
            done = set_item(run, a, b, to)
        elif code == DIVIDE:
            done = binary(OP_div, DIVIDES, a, b, to)
        elif code == POWER:
            done = binary(OP_pow, POWERS, a, b, to)
        elif code == NEGATIVE:
            done = negated(a, to)
        elif code == METHOD:
            done = called(program.known + (i - first), a, program.names[i.c], to)
        elif code == FUNCTION:
            done = of_one(i.c, a, to)
        elif code == FUNCTION_OF_FLOAT:
            done = a.tag != NODE and of_one(i.c, a, to)
        elif code == FUNCTION_OF_NODE:
            done = a.tag == NODE and of_one(i.c, a, to)
        elif code == JUMP:
            i = first + i.jump
            continue
        elif code == LENGTH:
            done = measure(a, to)
        elif code == LENGTH_OF_RANGE:
            done = length_of_range(a, b, r + i.c, to)
        elif code == LEAST:
            copy_register(to, a if a.content.integer <= b.content.integer else b)
        elif code == NEW_LIST:
            done = new_object(to, PyList_New(0), made)
        elif code == CHECK_TYPE:
            done = is_of_type(program, a, i.c, i.to)
        elif code == CHECK_FUNCTION:
            done = a.tag == OBJECT and is_function(program.conditions, i.c, a.content.object)
        elif code == CELL:
            done = in_cell(a, i.c, to)
        elif code == NEW_TUPLE:
            done = new_tuple(to, a, i.c, made)
        elif code == APPEND_TO:
            done = append_noted(run, to, a)
        elif code == UNPACKED:
            done = unpack(a, i.c, to)
        elif code == SLICE:
            done = new_object(to, slice_of(a, b, r + i.c), made)
        elif code == ROUND_DONE:
            run.rounds = a.content.integer + 1
            commit(run)
            if OP_UNLIKELY(steps >= STEPS):
                steps = 0
                if not pause(run, program, made):
                    done = False
                    break
            if OP_UNLIKELY(len(made) > KEPT):
                own_objects(run, program, made)
            if OP_UNLIKELY(tape.count >= tape.threshold):
                collect_between_rounds(run, program, made)
        elif code == START:
            set_tag(to, INT)
            to.content.integer = 0
            if a.content.integer <= 0:
                i = first + i.jump
                continue
            if i.c and begins(&program.loops[i.c - 1]):
                done = in_blocks(run, program, &program.loops[i.c - 1], to, a.content.integer, &steps, False)
                if done and to.content.integer >= a.content.integer:
                    i = first + i.jump
                    continue
        elif code == END:
            run.is_broken = i.c
            return FINISHED
        else:
            done = decided(program, i, a, b, &truth) if code >= JUMP_UNLESS else rare(code, a, b, to)
            if code >= JUMP_UNLESS and done and not truth:
                i = first + i.jump
                continue
        if OP_UNLIKELY(not done) and not (code == ADD and i.c == 0 and concatenated(a, b, to, made)):
            break
        i += 1
    return GAVE_WAY


cdef bint are_same(const Register *a, const Register *b, bint *truth) noexcept:
    """``a is b``, of which plain numbers in registers do not tell."""
    if (a.tag != NODE and a.tag != OBJECT) or (b.tag != NODE and b.tag != OBJECT):
        return False
    if a.tag == NODE:
        truth[0] = b.tag == NODE and a.node == b.node
    else:
        truth[0] = b.tag == OBJECT and a.content.object == b.content.object
    return True


cdef bint decided(
    Program program, const Instruction *i, const Register *a, const Register *b, bint *truth
) noexcept:
    """Whether to go on with the next instruction, rather than to jump."""
    cdef uint16_t code = i.code
    if code == JUMP_UNLESS_TYPE:
        truth[0] = is_of_type(program, a, i.c, i.to)
        return True
    if code == JUMP_UNLESS_FUNCTION:
        truth[0] = a.tag == OBJECT and is_function(program.conditions, i.c, a.content.object)
        return True
    if code == JUMP_UNLESS:
        return truth_of(a, truth)
    if code == JUMP_UNLESS_SAME:
        return are_same(a, b, truth)
    return compared(code, a, b, truth)


cdef bint rare(uint16_t code, const Register *a, const Register *b, Register *to) noexcept:
    cdef bint same = False
    if code == CHECK_SAME:
        return are_same(a, b, &same) and same
    if code == CHECK_OTHER:
        return are_same(a, b, &same) and not same
    if code == EXTEND:
        return extended(to, a)
    if code == CLEAR:
        set_tag(to, EMPTY)
        return True
    if code == NUMBER:
        copy_register(to, a)
        return a.tag == FLOAT or a.tag == INT or a.tag == NODE
    if code == FLOOR_DIVIDE:
        return floor_divided(a, b, to)
    if code == REMAINDER:
        return remainder_of(a, b, to)
    if code == ITSELF:
        return positive(a, to)
    if code == ABSOLUTE_VALUE:
        return absolute(a, to)
    if code == GREATER:
        return chosen(JUMP_UNLESS_GREATER, a, b, to)
    if code == SMALLER:
        return chosen(JUMP_UNLESS_LESS, a, b, to)
    if code == TO_FLOAT:
        return to_float(a, to)
    if code == TO_INT:
        return to_int(a, to)
    if code == SUM_DONE:
        return sum_done(to, a)
    if code == EXACT_SUM:
        return summed_exactly(a, to)
    return False
