"""Running programs over rows. The contract is in the header, rows.pxd."""

import os
import sys
from _thread import allocate_lock, start_new_thread
from operator import index

cimport cython
from cpython.buffer cimport PyBUF_C_CONTIGUOUS, PyBUF_FORMAT, PyBuffer_Release, PyObject_GetBuffer
from cpython.exc cimport PyErr_CheckSignals
from libc.stdint cimport int64_t, uint32_t, uint64_t
from libc.stdlib cimport calloc, free, malloc
from libc.string cimport memcmp, memcpy

from fastgrad._programs.arrays cimport hold_doubles, new_array, new_integers

# Rows are divided into so many chunks at most, and of so many rows at least, whatever the number of threads, so that
# sums are always the same.
cdef enum:
    MOST_CHUNKS = 128
    LEAST_CHUNK = 512
    APART = 16     # numbers, so that threads at work on neighbouring sums share no line of the cache
    MOST_SETS = 8  # of instructions


@cython.auto_pickle(False)
cdef class Executable:
    def __dealloc__(self):
        cdef plan *plan
        while self.plans != NULL:
            plan, self.plans = self.plans, self.plans.next
            free_plan(plan)
        free(self.p.uniform)
        free(self.p.step)
        free(self.p.operand)
        free(self.p.output)
        free(self.p.guard)


cdef object fault_of(Executable executable):
    """What is wrong with the program, or None. Nothing else here may be called before there is nothing."""
    cdef const char *fault = program_fault(&executable.p)
    return fault.decode() if fault != NULL else None


@cython.final
@cython.auto_pickle(False)
cdef class Columns:
    """Arrays with as many rows each, side by side: a table that is read where its parts are.

    Parameters
    ----------
    arrays : tuple of contiguous arrays of float64
        Each has a leading axis of rows, of which there are some.
    """

    def __cinit__(self, tuple arrays not None):
        cdef uint64_t width = 0, place = 0, size, k
        cdef Py_buffer *view
        self.arrays = arrays
        self.views = <Py_buffer *>calloc(len(arrays), sizeof(Py_buffer))
        if self.views == NULL:
            raise MemoryError("no memory for a table")
        for array in arrays:
            PyObject_GetBuffer(array, &self.views[self.held], PyBUF_C_CONTIGUOUS)
            self.held += 1
            width += row_size(&self.views[self.held - 1])
        self.shape = self.views[0].shape[0], width
        self.column = <column *>malloc((width + 1) * sizeof(column))
        if self.column == NULL:
            raise MemoryError("no memory for a table")
        for view in self.views[:self.held]:
            size = row_size(view)
            for k in range(size):
                self.column[place + k].first, self.column[place + k].step = <double *>view.buf + k, size
            place += size

    def __dealloc__(self):
        cdef int k
        for k in range(self.held):
            PyBuffer_Release(&self.views[k])
        free(self.views)
        free(self.column)

    def __len__(self):
        return self.shape[0]

    def __getitem__(self, key):
        if type(key) is int and self.table is None:
            from numpy import concatenate

            return concatenate([array[key].reshape(-1) for array in self.arrays])
        if self.table is None:
            from numpy import column_stack

            self.table = column_stack([array.reshape(len(array), -1) for array in self.arrays])
        return self.table[key]


cdef uint64_t row_size(Py_buffer *view) noexcept:
    """Numbers in a row."""
    return <uint64_t>view.len // (<uint64_t>view.shape[0] * sizeof(double))


# Running over rows.

cdef plan *plan_of(Executable owner, wanted wanted) except NULL:
    """The plan for what is wanted, made when first asked for."""
    cdef plan *plan = owner.plans
    while plan != NULL:
        if memcmp(&plan.wanted, &wanted, sizeof(wanted)) == 0:
            return plan
        plan = plan.next
    plan = make_plan(&owner.p, wanted)
    if plan == NULL:
        raise MemoryError(f"no memory to run {owner!r}")
    plan.next, owner.plans = owner.plans, plan
    return plan


cdef plan *careful_plan_of(Executable owner, const plan *hasty) except NULL:
    """The plan for the same that tells from 0 where nothing flows."""
    cdef wanted wanted = hasty.wanted
    wanted.careful = True
    return plan_of(owner, wanted)


@cython.final
@cython.auto_pickle(False)
cdef class Execution:
    """A run of a program over rows: what it is given, what it gives, and the threads' shares.

    Rows are divided into chunks, the same for any number of threads. A thread takes the next chunk and runs it piece by
    piece; chunks have sums of their own, added in order at the end.
    """

    def __dealloc__(self):
        free_memory(self)
        PyBuffer_Release(&self.x)
        PyBuffer_Release(&self.given_uniforms)
        PyBuffer_Release(&self.seeds)
        PyBuffer_Release(&self.indices)
        PyBuffer_Release(&self.value_table)
        PyBuffer_Release(&self.grad_table)

    def share(self, int k, done):
        """Run chunks until there are no more, in a thread of its own; then release a lock."""
        if not 0 <= k < self.threads:
            raise ValueError(f"there are {self.threads} shares, and none is number {k}")
        with nogil:
            while not self.stopped and run_piece(self, &self.workers[k]):
                pass
        done.release()


cdef void free_memory(Execution r) noexcept:
    cdef int k
    for k in range(r.threads):
        free_work(r.workers[k].work)
    free(r.workers)
    free(r.sums)
    free(r.uniform)
    free(r.weight)
    r.threads, r.workers, r.sums, r.uniform, r.weight = 0, NULL, NULL, NULL, NULL


cdef Execution begin(Executable owner, X, uniforms, wanted wanted):
    """Hold what is given. Where there are no guards, they cost nothing to check."""
    cdef Execution r = Execution.__new__(Execution)
    cdef program *p = &owner.p
    wanted.guards = wanted.guards or not p.guards
    r.program = owner
    r.table = X
    if type(X) is Columns:
        give_columns(r, X)
    else:
        hold_doubles(X, &r.x, "X", -1, p.inputs)
        r.call.x, r.table_rows = <double *>r.x.buf, r.x.shape[0]
    hold_doubles(uniforms, &r.given_uniforms, "uniforms", p.uniforms, -1)
    r.rows = r.table_rows
    r.plan = plan_of(owner, wanted)
    return r


cdef int give_columns(Execution r, Columns X) except -1:
    if X.shape[1] != r.program.p.inputs:
        raise ValueError(f"X must have {r.program.p.inputs} columns, not {X.shape[1]}")
    r.call.column, r.table_rows = X.column, X.shape[0]
    return 0


cdef int give_seeds(Execution r, seeds) except -1:
    if seeds is not None:
        hold_doubles(seeds, &r.seeds, "seeds", r.rows, r.program.p.outputs)
        r.call.seeds = <double *>r.seeds.buf
    return 0


cdef int give_indices(Execution r, indices) except -1:
    """Run some of the rows only."""
    cdef uint64_t rows = r.rows, signs = 0, place, k
    if indices is None:
        return 0
    PyObject_GetBuffer(indices, &r.indices, PyBUF_FORMAT | PyBUF_C_CONTIGUOUS)
    if r.indices.ndim != 1 or r.indices.itemsize != sizeof(int64_t) or r.indices.format[0] not in b"lq":
        raise ValueError(f"indices must be an array of int64, not {indices!r:.60}")
    r.rows, r.call.indices = r.indices.shape[0], <int64_t *>r.indices.buf
    for k in range(r.rows):
        place = <uint64_t>r.call.indices[k]
        signs |= place | (rows - 1 - place)
    if signs >> 63:
        raise ValueError(f"indices must be from 0 to below {rows}, the number of rows")
    return 0


cdef int give_tables(Execution r, values, grads) except -1:
    """Write into arrays with a row for each of X."""
    hold_doubles(values, &r.value_table, "values", r.table_rows, r.program.p.outputs, True)
    r.call.values = <double *>r.value_table.buf
    if grads is not None:
        hold_doubles(grads, &r.grad_table, "grads", r.table_rows, r.program.p.inputs, True)
        r.call.input_grads = <double *>r.grad_table.buf
    return 0


cdef int make_values(Execution r) except -1:
    r.values = new_array((r.rows, r.program.p.outputs), &r.call.values)
    return 0


cdef int make_grads(Execution r) except -1:
    r.grads = new_array((r.rows, r.program.p.inputs), &r.call.input_grads)
    return 0


cdef int make_failed(Execution r) except -1:
    r.failed = new_integers(r.rows, &r.call.failed)
    return 0


cdef int divide(Execution r) except -1:
    """Divide the rows into chunks, and make room for their sums."""
    cdef uint64_t block = r.plan.rows, size = uniform_end(&r.program.p), k, each
    cdef uint64_t adjoints = size + APART if r.plan.wanted.uniforms else 0
    each = max(block * ((LEAST_CHUNK + block - 1) // block), (r.rows + MOST_CHUNKS - 1) // MOST_CHUNKS)
    r.chunk = (each + block - 1) // block * block
    r.chunks = max(<uint64_t>1, (r.rows + r.chunk - 1) // r.chunk)
    r.uniform = <double *>malloc(max(size + adjoints * r.chunks, r.plan.uniform_steps.length) * sizeof(double))
    r.weight = <double *>malloc((r.plan.block.matrices.weights + 1) * sizeof(double))
    r.next, r.sums = 0, <sums *>calloc(r.chunks, sizeof(sums))
    if r.uniform == NULL or r.weight == NULL or r.sums == NULL:
        raise MemoryError(f"no memory to run {r.program!r}")
    for k in range(r.chunks):
        r.sums[k].total = NO_GRADIENT
        if adjoints:
            r.sums[k].uniform_adjoint = r.uniform + size + k * adjoints
    for k in range(adjoints * r.chunks):
        r.uniform[size + k] = NO_GRADIENT
    return 0


cdef void compute_uniforms(Execution r) noexcept:
    cdef program *p = &r.program.p
    memcpy(r.uniform + p.inputs, r.given_uniforms.buf, p.uniforms * sizeof(double))
    row_forward(&r.plan.uniform_steps, r.uniform)
    if uses_weights(r.plan, &r.call, r.rows):
        gather_weights(&r.plan.block.matrices, r.uniform, r.weight)
    r.call.uniform, r.call.weight = r.uniform, r.weight


cdef int hire(Execution r, uint64_t threads) except -1:
    """Give each thread memory to work with."""
    cdef uint64_t rows = min(r.rows, r.plan.rows)
    cdef work *spare = r.plan.spare
    r.workers = <Worker *>calloc(threads, sizeof(Worker))
    if r.workers == NULL:
        raise MemoryError("no memory for threads")
    if spare != NULL:
        r.plan.spare = NULL
        if work_suffices(spare, r.plan, rows):
            r.workers[0].work = spare
            r.threads = 1
        else:
            free_work(spare)
    while <uint64_t>r.threads < threads:
        r.workers[r.threads].work = make_work(r.plan, rows)
        if r.workers[r.threads].work == NULL:
            raise MemoryError(f"no memory to run {r.program!r}")
        r.threads += 1
    return 0


cdef bint run_piece(Execution r, Worker *w) noexcept nogil:
    """Run some rows of the worker's chunk, or of the next. Returns whether there were any."""
    cdef uint64_t chunk, stop
    if w.row == w.stop:
        chunk = take_piece(&r.next)
        if chunk >= r.chunks:
            return False
        w.row, w.stop = chunk * r.chunk, min(r.rows, (chunk + 1) * r.chunk)
        w.sums = &r.sums[chunk]
    stop = min(w.stop, w.row + r.plan.rows_a_piece)
    run_rows(r.plan, &r.call, w.row, stop, w.work, w.sums)
    w.row = stop
    if stop == w.stop and uses_weights(r.plan, &r.call, r.rows):
        finish_sums(r.plan, w.work, w.sums)
    return True


cdef bint takes_microseconds(const plan *plan, uint64_t rows) noexcept:
    return rows <= plan.rows_a_piece // 64


cdef int run_here(Execution r) except -1:
    """Run chunks until there are no more, and look for signals meanwhile."""
    cdef bint more = True
    if takes_microseconds(r.plan, r.rows):  # not worth letting go of the GIL
        while more:
            more = run_piece(r, r.workers)
    while more:
        with nogil:
            more = run_piece(r, r.workers)
        PyErr_CheckSignals()
    return 0


def wait_for(Execution rows, locks):
    """Wait until all threads have released their locks, whatever signals come; raise what the last of them raised."""
    error = None
    for lock in locks:
        done = False
        while not done:
            try:
                done = lock.acquire()
            except BaseException as raised:
                rows.stopped, error = True, raised
    if error is not None:
        raise error


cdef int run_shared(Execution r) except -1:
    """Run chunks in threads and here. The bare threads start several times as fast as those of `threading`."""
    locks = []
    try:
        for k in range(1, r.threads):
            lock = allocate_lock()
            lock.acquire()
            start_new_thread(r.share, (k, lock))
            locks.append(lock)
        run_here(r)
    except BaseException:
        r.stopped = True
        raise
    finally:
        wait_for(r, locks)
    return 0


cdef int run(Execution r, num_threads) except -1:
    cdef uint64_t threads = thread_count(num_threads)
    run_plan(r, threads)
    if r.plan.hasty and is_doubtful(r):
        r.plan = careful_plan_of(r.program, r.plan)
        free_memory(r)
        run_plan(r, threads)
    return 0


cdef bint is_doubtful(Execution r) noexcept:
    """Is there a nan in a gradient that means something?"""
    cdef double *adjoint = r.sums[0].uniform_adjoint
    cdef uint32_t k, inputs = r.program.p.inputs
    if r.sums[0].passed_rows == r.rows:
        for k in range(r.plan.wanted.uniforms):
            if adjoint[inputs + k] != adjoint[inputs + k]:
                return True
    return r.sums[0].doubtful > 0


cdef int run_plan(Execution r, uint64_t threads) except -1:
    divide(r)
    compute_uniforms(r)
    if r.rows <= r.plan.rows_a_piece // 4:  # a fraction of a millisecond: not worth starting threads
        threads = 1
    if r.program.called is not None:  # of Python, which take turns
        threads = 1
    hire(r, min(threads, r.chunks))
    if r.threads > 1:
        run_shared(r)
    else:
        run_here(r)
    if r.plan.spare == NULL:
        r.plan.spare, r.workers[0].work = r.workers[0].work, NULL
    add_chunks(r)
    return r.program.called.look() if r.program.called is not None else 0


cdef uint64_t thread_count(num_threads) except 0:
    cdef int64_t threads = index(num_threads)
    if threads < 1:
        raise ValueError(f"num_threads must be at least 1, not {num_threads}")
    return min(threads, MOST_CHUNKS) if sys.platform != "emscripten" else 1  # where no thread can be started


cdef void add_chunks(Execution r) noexcept:
    """Add up all sums in those of the first chunk, and sweep the uniform steps."""
    cdef uint64_t chunk, v
    cdef sums *total = &r.sums[0]
    for chunk in range(1, r.chunks):
        total.total += r.sums[chunk].total
        total.passed_rows += r.sums[chunk].passed_rows
        total.doubtful += r.sums[chunk].doubtful
        if total.uniform_adjoint != NULL:
            for v in range(r.program.p.inputs, uniform_end(&r.program.p)):
                total.uniform_adjoint[v] += r.sums[chunk].uniform_adjoint[v]
    if total.uniform_adjoint != NULL:
        row_backward(&r.plan.uniform_steps, r.uniform)


cdef object uniform_grads(Execution r):
    cdef double *grads
    cdef uint32_t k, count = r.plan.wanted.uniforms
    cdef double *adjoint = r.sums[0].uniform_adjoint
    array = new_array(count, &grads)
    for k in range(count):
        grads[k] = adjoint[r.program.p.inputs + k] + 0.0
    return array


# Instruction sets.

cdef str in_use


cdef object use_kernels(unsigned number):
    global in_use
    cdef const char *name = choose_kernels(number)
    if name == NULL:
        return None
    in_use = name.decode()
    return in_use


def instructions():
    """The name of the instruction set in use."""
    return in_use


cdef int use_best_kernels(most) except -1:
    """Use the best kernels that this processor has, or those that the environment names."""
    cdef unsigned k
    sets = {use_kernels(k): k for k in range(<unsigned>MOST_SETS)}
    sets.pop(None)
    if most is not None and most not in sets:
        raise ImportError(f"FASTGRAD_INSTRUCTIONS is {most!r}; this processor has {', '.join(sets)}: name one of these")
    use_kernels(max(sets.values()) if most is None else sets[most])
    return 0


use_best_kernels(os.environ.get("FASTGRAD_INSTRUCTIONS"))
