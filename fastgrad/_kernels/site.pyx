# distutils: extra_compile_args = -O3
"""Where a kernel stands in a program: what is called there, and what is handed back to Python when it gives way."""

from threading import get_ident

cimport cython
from cpython.object cimport PyObject
from libc.stdint cimport uint32_t, uint64_t
from libc.stdlib cimport free
from libc.string cimport memcpy

from fastgrad._kernels.arithmetic cimport make_room
from fastgrad._kernels.changes cimport Run, commit, drop_nodes, undo
from fastgrad._kernels.conditions cimport HOLDS, OUTDATED, Agreement, agreement_of, read_names
from fastgrad._kernels.machine cimport FINISHED, GAVE_WAY, RAISED, Ended, execute
from fastgrad._kernels.objects cimport forget_attributes
from fastgrad._kernels.program cimport Program
from fastgrad._kernels.registers cimport EMPTY, NOTHING, Register, box, load
from fastgrad._tape.observer cimport observers
from fastgrad._tape.tape cimport hold, let_go, tape

cdef extern from *:
    """
    /* Is every line or call reported, to a debugger perhaps? Then Python is to do it all. */
    static int is_traced(void)
    {
        PyThreadState *state = PyThreadState_Get();
        return state->c_tracefunc || state->c_profilefunc;
    }
    """
    bint is_traced()
    PyObject **items_of "&PyTuple_GET_ITEM"(tuple values, Py_ssize_t place)
    int stop_collector "PyGC_Disable"()
    int start_collector "PyGC_Enable"()
    PyObject *own_globals "PyEval_GetGlobals"()
    PyObject *own_locals "PyEval_GetLocals"()

cdef enum:
    PATIENCE = 8      # ways given, from which on a site that seldom runs is left to Python
    TRANSLATIONS = 4  # of a site, as what it calls changes

cdef list handed_back = []  # (thread, arguments) of kernels that gave way


@cython.auto_pickle(False)
cdef class Site:
    """A place in a program where a kernel may run.

    In the code it is a constant. ``~site`` says whether a kernel is worth trying, ``site @ arguments`` runs it: of an
    expression that gives a tuple of the value, empty where the kernel gave way, and ``site @ None`` gives the arguments
    back then; what a function makes of a list comes from an iterator, so that no other frame is between it and its
    caller. Of a statement it gives whether there was a round, the values of the variables, the iterator for the
    rounds that are left, or () where all are, or None where a break or a test has ended it, and the arguments.

    Parameters
    ----------
    translate : function
        Given the dictionary of global names and the arguments, it returns a `Program`, the registers of the values and
        the argument that is a function of the list that an expression's kernel makes, -1 for none; or None.
    rest : function, optional
        Of a statement: given the arguments and how many rounds are done, it returns the iterator for the others.
    at_module : bool
        Whether it stands in a module's own code, of which the names are global ones, if Python executes it so.
    line : int
        Where it stands.

    Attributes
    ----------
    runs, ways : int
        How often the kernel ran to its end, and how often it gave way.
    is_left : bool
        Whether it is left to Python for good.
    """

    cdef object translate, rest
    cdef tuple results
    cdef int finish, translations
    cdef readonly bint is_left  # to Python
    cdef bint at_module
    cdef uint32_t nodes  # of its last run
    cdef readonly Program program
    cdef readonly int line
    cdef readonly long long runs, ways

    def __init__(self, translate, int line, rest=None, bint at_module=False):
        self.translate, self.line, self.rest, self.at_module = translate, line, rest, at_module

    def __reduce__(self):
        return idle, ()  # with code that is sent elsewhere

    def __invert__(self):
        return not self.is_left and tape.count > 1  # without a number on the tape there is nothing to gain

    def __matmul__(self, tuple given):
        if given is None:
            return take_back()
        return enter_expression(self, given) if (<Site?>self).rest is None else enter_statement(self, given)


def idle():
    """A site that leaves everything to Python."""
    cdef Site site = Site(None, 0)
    site.is_left = True
    return site


cdef bint translated(Site site, tuple given) except -1:
    """Have a program, made now that what names and arguments stand for is known, and is as it was then."""
    cdef Agreement agreement
    if site.program is not None:
        agreement = agreement_of(site.program.conditions, items_of(given, 0))
        if agreement != OUTDATED:
            return agreement == HOLDS
        site.program = None
    site.translations += 1
    if site.translations <= TRANSLATIONS:
        made = site.translate(<object>own_globals(), given)
        if made is not None:
            site.program, site.results, site.finish = made
    site.is_left = site.program is None
    return site.program is not None and agreement_of(site.program.conditions, items_of(given, 0)) == HOLDS


cdef void set_up(Program program, Register *registers, PyObject **args) noexcept:
    """Fill the registers."""
    cdef int i
    memcpy(registers, program.at_first, program.registers * sizeof(Register))
    for place, number in program.numbers:
        load(registers + <int>place, <PyObject *>number)
    for i in range(program.arguments):
        load(registers + i, args[i])
    read_names(program.conditions, registers)


cdef bint may_run(Site site, tuple given) except -1:
    if observers.count or tape.paused or is_traced() or (site.at_module and own_locals() != own_globals()):
        return False
    return translated(site, given)


cdef Ended run_kernel(Site site, Run *run, PyObject **args, list values) except *:
    """Run the kernel as far as it goes, with nodes where they are and Python's collector at rest.

    The values it has are appended to a list. Where a signal's handler has raised, the exception comes after them.
    """
    cdef list made = []
    cdef Ended ended = GAVE_WAY
    cdef uint32_t first
    error = None
    if tape.count + <uint64_t>site.nodes > tape.limit:
        make_room(site.nodes)  # while nodes stay where they are the tape only grows
    run.changes, run.change_count, run.change_capacity = NULL, 0, 0
    run.args = args
    run.pauses, run.rounds, run.is_broken, run.start = 0, 0, False, tape.count
    first = tape.count
    hold()
    forget_attributes()
    run.collects = stop_collector()
    try:
        set_up(site.program, run.registers, args)
        ended = execute(run, site.program, made)
    except BaseException as raised:
        ended, error = RAISED, raised
    try:
        if ended == FINISHED:
            site.nodes = tape.count - first if tape.count > first else 0
            commit(run)
        else:
            undo(run)
        if ended == FINISHED or run.rounds:
            values.extend([box_perhaps(&run.registers[<int>place]) for place in site.results])
        if ended != FINISHED:
            made.clear()
            drop_nodes(run)
        if error is not None:
            values.append(error)
    finally:
        if run.collects:
            start_collector()
        let_go()
        free(run.changes)
    return ended


cdef object box_perhaps(const Register *register):
    """A tuple of what a register holds, empty where that is nothing."""
    return () if register.tag == NOTHING or register.tag == EMPTY else (box(register),)


cdef int gave_way(Site site) except -1:
    site.ways += 1
    if site.ways >= PATIENCE and site.ways > site.runs // 2:
        site.is_left = True
    return 0


cdef object enter_expression(Site site, tuple given):
    cdef PyObject **args = items_of(given, 0)
    cdef Run run
    cdef list values = []
    cdef Ended ended
    if may_run(site, given):
        ended = run_kernel(site, &run, args, values)
        if ended == FINISHED and values[0]:
            site.runs += 1
            return values[0] if site.finish < 0 else map(given[site.finish], values[0])
        if ended == RAISED:
            raise values.pop()
        gave_way(site)
    handed_back.append((get_ident(), given))
    return ()


def take_back():
    """Return the arguments of the kernel of this thread that gave way last."""
    thread = get_ident()
    for i in range(len(handed_back) - 1, -1, -1):
        if handed_back[i][0] == thread:
            return handed_back.pop(i)[1]


cdef object enter_statement(Site site, tuple given):
    cdef PyObject **args = items_of(given, 0)
    cdef Run run
    cdef list values = []
    cdef Ended ended = GAVE_WAY
    run.rounds = 0
    if may_run(site, given):
        ended = run_kernel(site, &run, args, values)
        if ended == FINISHED:
            site.runs += 1
            if run.is_broken:
                return True, values, None, given
            return run.rounds > 0, values, iter(()), given
        if ended == RAISED:
            error = values.pop()
            return run.rounds > 0, values, map(throw, (error,)), given
        gave_way(site)
    return run.rounds > 0, values, site.rest(given, run.rounds) if run.rounds else (), given


def throw(error):
    raise error
