"""Running a program over rows: what is given, what is wanted, threads, signals.

An executable owns a program, as program.h has it, and the plans to run it by, made when they are first needed. Only who
holds the GIL makes a plan or takes its spare memory; running needs no GIL. How rows run stands in rows.h.
"""

from libc.stdint cimport int32_t, int64_t, uint32_t, uint64_t

from fastgrad._programs.functions cimport Functions

cdef extern from "rows/rows.h" nogil:
    enum:
        NO_VALUE, STEP_dot, STEP_sum, STEP_select, STEP_stop, STEP_sloped, STEP_call
    const double NO_GRADIENT
    ctypedef double called(void *functions, uint32_t function, const double *x, uint32_t n) noexcept
    struct step:
        uint32_t op, a, b, n
    struct guard:
        uint32_t value, truth
    struct program:
        uint32_t inputs, uniforms, uniform_steps, steps, operands, outputs, guards
        step *step
        uint32_t *operand
        uint32_t *output
        guard *guard
        double *uniform
        uint32_t functions
        called *call
        void *context
    struct wanted:
        uint32_t outputs, inputs, uniforms, guards, careful
    struct work:
        pass
    struct row_plan:
        uint32_t length
    struct matrices:
        uint32_t weights
    struct block_plan:
        matrices matrices
    struct plan:
        wanted wanted
        block_plan block
        row_plan uniform_steps
        row_plan varying_steps
        bint hasty
        uint64_t rows
        uint64_t rows_a_piece
        work *spare
        plan *next
    struct column:
        const double *first
        uint64_t step
    struct call:
        const double *x
        const column *column
        const double *seeds
        const double *uniform
        const double *weight
        const int64_t *indices
        double *values
        int32_t *failed
        double *input_grads
    struct sums:
        double total
        uint64_t passed_rows
        double *uniform_adjoint
        uint64_t doubtful
    const char *program_fault(const program *p)
    uint64_t value_count(const program *p)
    uint64_t uniform_end(const program *p)
    plan *make_plan(const program *p, wanted wanted)
    void free_plan(plan *plan)
    work *make_work(const plan *plan, uint64_t rows)
    void free_work(work *work)
    void gather_weights(const matrices *m, const double *uniform, double *weight)
    bint work_suffices(const work *work, const plan *plan, uint64_t rows)
    void run_rows(const plan *plan, const call *call, uint64_t start, uint64_t stop, work *work, sums *sums)
    bint uses_weights(const plan *plan, const call *call, uint64_t rows)
    void finish_sums(const plan *plan, work *work, sums *sums)
    const char *choose_kernels(unsigned number)
    uint64_t take_piece(uint64_t *next)
    void row_forward(const row_plan *plan, double *number)
    void row_backward(const row_plan *plan, double *number)
    void row_results(const uint32_t *result, uint32_t n, const double *number, double *to)
    int64_t first_failed(const program *p, const double *value)

cdef class Columns:
    # Arrays with as many rows, side by side: held, and where their numbers are.
    cdef readonly tuple shape
    cdef tuple arrays
    cdef object table  # the same as one array, once it was asked for
    cdef Py_buffer *views
    cdef int held
    cdef column *column

cdef class Executable:
    cdef program p
    cdef Functions called  # None where there are none
    cdef plan *plans

cdef struct Worker:
    work *work
    uint64_t row, stop  # of its chunk, what is still to be run
    sums *sums          # of its chunk

cdef class Execution:
    # A run: what it is given and gives, and the threads' shares.
    cdef Executable program
    cdef plan *plan
    cdef call call
    cdef Py_buffer x, given_uniforms, seeds, indices, value_table, grad_table
    cdef uint64_t rows, table_rows, chunk, chunks, next
    cdef double *uniform  # values that are the same for all rows, then their adjoints for each chunk, if they have some
    cdef double *weight   # of the plan's matrices
    cdef sums *sums       # of each chunk, and once it has run, of all in the first
    cdef Worker *workers
    cdef int threads
    cdef bint stopped
    cdef object table, values, failed, grads

cdef object fault_of(Executable executable)
cdef object use_kernels(unsigned number)
cdef plan *plan_of(Executable owner, wanted wanted) except NULL
cdef plan *careful_plan_of(Executable owner, const plan *hasty) except NULL
cdef bint takes_microseconds(const plan *plan, uint64_t rows) noexcept
cdef Execution begin(Executable owner, X, uniforms, wanted wanted)
cdef int give_seeds(Execution r, seeds) except -1
cdef int give_indices(Execution r, indices) except -1
cdef int give_tables(Execution r, values, grads) except -1
cdef int make_values(Execution r) except -1
cdef int make_grads(Execution r) except -1
cdef int make_failed(Execution r) except -1
cdef int run(Execution r, num_threads) except -1
cdef object uniform_grads(Execution r)  # as an array
