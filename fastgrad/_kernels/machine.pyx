# distutils: extra_compile_args = -O3 -fno-tree-slp-vectorize
"""The machine that runs kernels. The contract is in the header, machine.pxd."""

from cpython.exc cimport PyErr_CheckSignals, PyErr_Clear
from cpython.object cimport PyObject
from cpython.ref cimport Py_DECREF
from libc.stdint cimport int32_t, int64_t, uint16_t, uint32_t

from fastgrad._kernels.arithmetic cimport (
    OP_abs, OP_add, OP_div, OP_mul, OP_pow, OP_relu, OP_sub, absolute, binary, compared, floor_divided, negated, of_one,
    positive, rectified, remainder_of, summed, sum_done, to_float, to_int, truth_of,
)
from fastgrad._kernels.blocks cimport run_blocks
from fastgrad._kernels.changes cimport Change, Run, as_object, commit, note_change
from fastgrad._kernels.fields cimport (
    DATA, GRAD, attribute_of, is_harmless, item_of, keeps, length_of, meaning_of, place_of, read_number, set_number,
    slice_of,
)
from fastgrad._kernels.program cimport (
    ABSOLUTE_VALUE, ADD, APPEND, ATTRIBUTE, CLEAR, COPY, DIVIDE, END, FLOOR_DIVIDE, FUNCTION, FUNCTION_OF_FLOAT,
    FUNCTION_OF_NODE, GREATER, ITEM, ITSELF, JUMP, JUMP_UNLESS, JUMP_UNLESS_GREATER, JUMP_UNLESS_LESS, JUMP_UNLESS_SAME,
    KEEP, LEAST, LENGTH, LENGTH_OF_RANGE, METHOD, MULTIPLY, NEGATIVE, NEW_LIST, NEXT, NUMBER, POWER, REMAINDER,
    ROUND_DONE, SET_ATTRIBUTE, SET_ITEM, SLICE, SMALLER, START, SUBTRACT, SUMMED, SUM_DONE, TO_FLOAT, TO_INT, UNPACKED,
    Instruction, Known, Loop, Program,
)
from fastgrad._kernels.registers cimport (
    ADDS, DIVIDES, EMPTY, FLOAT, INT, MULTIPLIES, NODE, NOTHING, OBJECT, POWERS, SUBTRACTS, Register, box,
    copy_register, kinds, load, set_tag,
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
    int PyList_Append(PyObject *values, PyObject *value)
    bint OP_UNLIKELY(bint)

cdef enum:
    STEPS = 1 << 16    # between pauses
    LONGEST = 1 << 20  # without one
    KEPT = 1 << 10     # objects that are made before those that nobody needs are let go of
    WORTH = 3          # rounds for which a block is worth it
    PATIENCE = 16      # blocks that do nothing, after which a loop is left to single rounds


# Instructions that are more than arithmetic.

cdef bint keep(list made, PyObject *value) noexcept:
    """Keep an object, a new reference to which is given, to the kernel's end."""
    if value == NULL:
        return False
    if PyList_Append(<PyObject *>made, value) < 0:
        PyErr_Clear()
        Py_DECREF(<object>value)
        return False
    Py_DECREF(<object>value)
    return True


cdef bint new_object(Register *to, PyObject *value, list made) noexcept:
    if not keep(made, value):
        return False
    set_tag(to, OBJECT)
    to.content.object = value
    return True


cdef bint appended(const Register *to, const Register *value) noexcept:
    cdef PyObject *entry = as_object(value)
    cdef bint done
    if entry == NULL:
        return False
    done = PyList_Append(to.content.object, entry) == 0
    if not done:
        PyErr_Clear()
    Py_DECREF(<object>entry)
    return done


cdef bint set_item(Run *run, const Register *sequence, const Register *index, const Register *value) noexcept:
    """Set an entry of a list, where what was there is a number, too, of which nobody is told."""
    cdef PyObject **place
    cdef Change change
    if sequence.tag != OBJECT or not isinstance(<object>sequence.content.object, list):
        return False
    place = place_of(sequence, index)
    if place == NULL or type(<object>sequence.content.object) is not list or not is_harmless(place[0]):
        return False
    change.place, change.before = place, place[0]
    change.node, change.is_grad, change.number = 0, False, 0.0
    cdef PyObject *entry = as_object(value)
    if entry == NULL:
        return False
    if not note_change(run, change):
        Py_DECREF(<object>entry)
        return False
    place[0] = entry
    return True


cdef int32_t known_meaning(Known *known, const Register *number, object name) noexcept:
    """What an instruction's name means for the type of a number, which is the one it met last, mostly."""
    if known.version != kinds[number.type_code].version:
        known.meaning = meaning_of(number, name)
        known.version = kinds[number.type_code].version
    return known.meaning


cdef bint get_attribute(Known *known, const Register *owner, object name, Register *to, list made) noexcept:
    cdef int32_t meaning
    cdef PyObject *found
    if owner.tag == NODE:
        meaning = known_meaning(known, owner, name)
        return (meaning == DATA or meaning == GRAD) and read_number(owner, meaning, to)
    if owner.tag != OBJECT:
        return False
    found = attribute_of(owner.content.object, name)
    if found == NULL:
        return False
    load(to, found)
    if to.tag == OBJECT:
        return keep(made, found)
    Py_DECREF(<object>found)
    return True


cdef bint set_attribute(Run *run, Known *known, const Register *owner, object name, const Register *value) noexcept:
    cdef int32_t meaning
    cdef Change change
    if owner.tag != NODE:
        return False
    meaning = known_meaning(known, owner, name)
    if meaning != DATA and meaning != GRAD:
        return False
    change.place, change.before = NULL, NULL
    change.node, change.is_grad = owner.node, meaning == GRAD
    change.number = tape.grad[owner.node] if change.is_grad else tape.data[owner.node]
    return note_change(run, change) and set_number(owner, meaning, value)


cdef bint called(Known *known, const Register *owner, object name, Register *to) noexcept:
    """A number's method without arguments."""
    cdef int32_t meaning
    if owner.tag != NODE:
        return False
    meaning = known_meaning(known, owner, name)
    if meaning <= 0 or keeps(owner, name):
        return False
    if meaning == OP_abs:
        return absolute(owner, to)
    if meaning == OP_relu:
        return rectified(owner, to)
    return of_one(meaning, owner, to)


cdef bint unpack(const Register *entries, int32_t count, Register *to) noexcept:
    cdef Register index
    cdef int32_t i
    if entries.tag != OBJECT or length_of(entries.content.object) != count:
        return False
    set_tag(&index, INT)
    for i in range(count):
        index.content.integer = i
        load(to + i, place_of(entries, &index)[0])
    return True


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


cdef int pause(Run *run, Program program, list made) except -1:
    """Let signals' handlers and other threads run."""
    own_objects(run, program, made)
    run.pauses += 1
    if run.collects:
        start_collector()
    try:
        PyErr_CheckSignals()
        let_others_run()
    finally:
        run.collects = stop_collector()
    return 0


cdef bint in_blocks(
    Run *run, Program program, Loop *loop, Register *index, int64_t length, uint32_t *steps
) noexcept:
    """Do rounds in blocks, as far as they go before a pause. False where what they were to set could not be set."""
    cdef int64_t next = index.content.integer, done = -1
    while loop.is_straight and next < length and done != next and steps[0] < STEPS:
        done = next
        next = run_blocks(run, program, loop, next, length)
        if next < 0:
            return False
        steps[0] += <uint32_t>(next - done)
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
    cdef list handles = []
    cdef int i
    own_objects(run, program, made)
    for i in range(program.registers):
        if run.registers[i].tag == NODE:
            handles.append(box(&run.registers[i]))
    let_go()
    try:
        reserve(1, 0)
    finally:
        hold()
    handles.reverse()
    for i in range(program.registers):
        if run.registers[i].tag == NODE:
            run.registers[i].node = (<Handle>handles.pop()).node
    run.start = tape.count
    return 0


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
                    pause(run, program, made)
                elif steps >= LONGEST:  # what may still be undone nobody else is to see
                    done = False
                    break
            if i.c and to.content.integer + WORTH < a.content.integer:
                done = in_blocks(run, program, &program.loops[i.c - 1], to, a.content.integer, &steps)
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
            copy_register(to, a)
        elif code == SUMMED:
            done = binary(OP_add, ADDS, to, a, to) if to.tag == NODE else summed(to, a, b)
        elif code == APPEND:
            done = appended(to, a)
        elif code == ATTRIBUTE:
            done = get_attribute(program.known + (i - first), a, program.names[i.c], to, made)
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
        elif code == UNPACKED:
            done = unpack(a, i.c, to)
        elif code == SLICE:
            done = new_object(to, slice_of(a, b, r + i.c), made)
        elif code == ROUND_DONE:
            run.rounds = a.content.integer + 1
            commit(run)
            if OP_UNLIKELY(steps >= STEPS):
                steps = 0
                pause(run, program, made)
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
        elif code == END:
            return FINISHED
        else:
            done = decided(code, a, b, &truth) if code >= JUMP_UNLESS else rare(code, a, b, to)
            if code >= JUMP_UNLESS and done and not truth:
                i = first + i.jump
                continue
        if OP_UNLIKELY(not done):
            break
        i += 1
    return GAVE_WAY


cdef bint loaded(Register *to, PyObject *value) noexcept:
    if value == NULL:
        return False
    load(to, value)
    return True


cdef bint are_same(const Register *a, const Register *b, bint *truth) noexcept:
    """``a is b``, of which plain numbers in registers do not tell."""
    if (a.tag != NODE and a.tag != OBJECT) or (b.tag != NODE and b.tag != OBJECT):
        return False
    if a.tag == NODE:
        truth[0] = b.tag == NODE and a.node == b.node
    else:
        truth[0] = b.tag == OBJECT and a.content.object == b.content.object
    return True


cdef bint decided(uint16_t code, const Register *a, const Register *b, bint *truth) noexcept:
    """Whether to go on with the next instruction, rather than to jump."""
    if code == JUMP_UNLESS:
        return truth_of(a, truth)
    if code == JUMP_UNLESS_SAME:
        return are_same(a, b, truth)
    return compared(code, a, b, truth)


cdef bint rare(uint16_t code, const Register *a, const Register *b, Register *to) noexcept:
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
    return False
