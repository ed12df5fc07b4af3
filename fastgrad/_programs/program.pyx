"""Compiled programs: recorded steps, run over rows. What a program is stands in program.h, how it runs in rows.h.

A Program never changes once it is made, so that threads may share it.
"""

cimport cython
from libc.stdint cimport uint32_t

from fastgrad._programs.arrays cimport array_of, copied_rows, doubles_of
from fastgrad._programs.functions cimport Functions, call_function
from fastgrad._programs.one_row cimport bound
from fastgrad._programs.rows cimport (
    Executable, Execution, begin, fault_of, give_indices, give_seeds, give_tables, guard, make_failed,
    make_grads, make_values, program, run, step, uniform_grads, use_kernels, wanted,
)

cdef extern from "programs/program.h" nogil:
    enum:
        OP_FIRST_VC, OP_FIRST_BINARY, OP_FIRST_NARY, OP_END, STEP_END
    const char *step_name(uint32_t op)


@cython.auto_pickle(False)
cdef class Program(Executable):
    """What a recorded function computes, as flat steps over rows of numbers.

    Values are numbered: the inputs, then the uniforms (numbers that are the same for all rows), then one a step.

    Parameters
    ----------
    inputs : int
        Numbers in a row.
    uniforms : array of float, shape (u,)
        Constants; of captured numbers those at recording time.
    uniform_steps : int
        So many of the first steps stand on uniforms only.
    steps : array of uint32, shape (n, 4)
        Operation and operands of each step: see program.h.
    operands : array of uint32, shape (m,)
        Values: operands of the steps that have many.
    outputs : array of uint32, shape (k,)
        Values.
    guards : array of uint32, shape (g, 2)
        Values, and whether each is to be other than 0.
    functions : tuple of functions, optional
        Those of Python that steps call.

    Raises
    ------
    ValueError
        If these make no program.
    """

    def __cinit__(self, inputs, uniforms, uniform_steps, steps, operands, outputs, guards, tuple functions=()):
        cdef program *p = &self.p
        p.inputs, p.uniform_steps = count_of(inputs, "inputs"), count_of(uniform_steps, "uniform_steps")
        p.uniform = <double *>copied_rows(numbers(uniforms), 1, &p.uniforms, "uniforms")
        p.step = <step *>copied_rows(codes(steps, "steps", 4), 4, &p.steps, "steps")
        p.operand = <uint32_t *>copied_rows(codes(operands, "operands", 0), 1, &p.operands, "operands")
        p.output = <uint32_t *>copied_rows(codes(outputs, "outputs", 0), 1, &p.outputs, "outputs")
        p.guard = <guard *>copied_rows(codes(guards, "guards", 2), 2, &p.guards, "guards")
        if functions:
            self.called = Functions(functions)
            p.functions, p.call, p.context = <uint32_t>len(functions), call_function, <void *>self.called
        fault = fault_of(self)
        if fault is not None:
            raise ValueError(f"this is no program: {fault}")

    @property
    def inputs(self):
        """Numbers in a row."""
        return self.p.inputs

    @property
    def uniforms(self):
        """The numbers that are the same for all rows, as they were at recording time: an array, shape (u,)."""
        return array_of(self.p.uniform, (self.p.uniforms,), "f8")

    @property
    def uniform_steps(self):
        """Steps computed once a call."""
        return self.p.uniform_steps

    @property
    def steps(self):
        """Steps, those computed once a call included."""
        return self.p.steps

    @property
    def operands(self):
        """Operands of the steps that have many."""
        return self.p.operands

    @property
    def outputs(self):
        """Results of a row."""
        return self.p.outputs

    @property
    def guards(self):
        """Outcomes to be checked in a row."""
        return self.p.guards

    @property
    def functions(self):
        """Functions of Python that steps call, as a tuple."""
        return self.called.functions if self.called is not None else ()

    def arrays(self):
        """The arguments that make this program."""
        cdef program *p = &self.p
        return (
            p.inputs, self.uniforms, p.uniform_steps, array_of(p.step, (p.steps, 4), "u4"),
            array_of(p.operand, (p.operands,), "u4"), array_of(p.output, (p.outputs,), "u4"),
            array_of(p.guard, (p.guards, 2), "u4"), self.functions,
        )

    def __reduce__(self):
        inputs, uniforms, uniform_steps, steps, *others = self.arrays()
        codes, steps[:, 0] = unique(steps[:, 0])
        names = [step_name(code).decode() for code in codes]
        return restored, (names, inputs, uniforms, uniform_steps, steps, *others)

    def __repr__(self):
        return f"<program of {self.p.steps:,} steps, {self.p.inputs:,} inputs and {self.p.outputs:,} outputs>"

    def run(self, X, uniforms, num_threads=1):
        """Compute every row.

        Parameters
        ----------
        X : array of float64, shape (rows, inputs), C-contiguous, or `Columns`
        uniforms : array of float64, shape (uniforms,), C-contiguous
        num_threads : int
            The results do not depend on it.

        Returns
        -------
        values : array, shape (rows, outputs)
        passed : array of int32, shape (rows,)
            -1 where every guard had its outcome, else the first that had another; the row's other results mean nothing.
        """
        cdef wanted asked = wanted(outputs=True, inputs=False, uniforms=0, guards=True, careful=False)
        cdef Execution rows = begin(self, X, uniforms, asked)
        make_values(rows)
        make_failed(rows)
        run(rows, num_threads)
        return rows.values, rows.failed

    def run_grad(self, X, uniforms, seeds=None, num_threads=1):
        """Compute every row and the gradient of its outputs' sum by its inputs.

        As `run`; `seeds`, shape (rows, outputs), are factors of the outputs in that sum.

        Returns
        -------
        values, passed : arrays
        grads : array, shape (rows, inputs)
        """
        cdef wanted asked = wanted(outputs=True, inputs=True, uniforms=0, guards=True, careful=False)
        cdef Execution rows = begin(self, X, uniforms, asked)
        give_seeds(rows, seeds)
        make_values(rows)
        make_grads(rows)
        make_failed(rows)
        run(rows, num_threads)
        return rows.values, rows.failed, rows.grads

    def run_sum(self, X, uniforms, seeds=None, inputs_wanted=False, num_threads=1, uniforms_wanted=None):
        """Compute every row, the sum of all outputs over all rows, and its gradient by the uniforms.

        As `run_grad`. The gradient is by the first `uniforms_wanted` of the uniforms, or by all.

        Returns
        -------
        total : float
        passed_count : int
            Execution in which every guard had its outcome. Unless these are all, the other results mean nothing.
        uniform_grads : array, shape (uniforms_wanted,)
        values : array, shape (rows, outputs)
        grads : array, shape (rows, inputs)
            Only if `inputs_wanted`.
        """
        cdef uint32_t count = self.p.uniforms
        if uniforms_wanted is not None:
            count = min(count, count_of(uniforms_wanted, "uniforms_wanted"))
        cdef wanted asked = wanted(outputs=True, inputs=bool(inputs_wanted), uniforms=count, guards=True, careful=False)
        cdef Execution rows = begin(self, X, uniforms, asked)
        give_seeds(rows, seeds)
        make_values(rows)
        if inputs_wanted:
            make_grads(rows)
        run(rows, num_threads)
        total = rows.sums[0].total + 0.0
        if inputs_wanted:
            return total, rows.sums[0].passed_rows, uniform_grads(rows), rows.values, rows.grads
        return total, rows.sums[0].passed_rows, uniform_grads(rows), rows.values

    def classify(self, X, uniforms, num_threads=1, indices=None):
        """Check the guards of every row, or of those with some indices, and compute nothing that they do not need.

        Returns
        -------
        array of int32, shape (rows,)
            -1 where every guard had its outcome, else the first that had another.
        """
        cdef wanted asked = wanted(outputs=False, inputs=False, uniforms=0, guards=True, careful=False)
        cdef Execution rows = begin(self, X, uniforms, asked)
        give_indices(rows, indices)
        make_failed(rows)
        run(rows, num_threads)
        return rows.failed

    def fill(self, X, uniforms, indices, values, grads=None, num_threads=1):
        """Compute rows whose guards are known to come out as recorded, into arrays for all rows.

        Parameters
        ----------
        X, uniforms, num_threads
            See `run`.
        indices : array of int64, contiguous, or None
            Which rows; None for all.
        values : array of float64, shape (rows, outputs), C-contiguous
        grads : array of float64, shape (rows, inputs), C-contiguous, optional
            For the gradient of each row's outputs' sum.
        """
        cdef wanted asked = wanted(outputs=True, inputs=grads is not None, uniforms=0, guards=False, careful=False)
        cdef Execution rows = begin(self, X, uniforms, asked)
        give_indices(rows, indices)
        give_tables(rows, values, grads)
        run(rows, num_threads)

    def total(self, X, uniforms, indices=None, uniforms_wanted=0, num_threads=1):
        """Compute the sum of all outputs over rows, and its gradient by the first of the uniforms.

        Parameters
        ----------
        X, uniforms, num_threads
            See `run`.
        indices : array of int64, contiguous, optional
            Which rows, whose guards are known to come out as recorded. Without it all rows, whose guards are checked.
        uniforms_wanted : int

        Returns
        -------
        total : float
        passed_count : int
            Execution in which every guard had its outcome. Unless these are all, the other results mean nothing.
        uniform_grads : array, shape (uniforms_wanted,)
        """
        cdef uint32_t count = min(self.p.uniforms, count_of(uniforms_wanted, "uniforms_wanted"))
        cdef wanted asked = wanted(outputs=True, inputs=False, uniforms=count, guards=indices is None, careful=False)
        cdef Execution rows = begin(self, X, uniforms, asked)
        give_indices(rows, indices)
        run(rows, num_threads)
        return rows.sums[0].total + 0.0, rows.sums[0].passed_rows, uniform_grads(rows)

    def bind(self, x, value, grad=None, uniforms=None):
        """A call on fixed buffers of one row.

        Parameters
        ----------
        x : buffer of float64, shape (inputs,)
        value : writable buffer of float64, shape (outputs,)
            Or a tuple of buffers, each of one dimension, which the outputs fill one after the other.
        grad : writable buffer of float64, shape (inputs,), optional
            For the gradient of the outputs' sum.
        uniforms : buffer of float64, shape (uniforms,), optional
            Read at every call. The program's own if there is none.

        Returns
        -------
        BoundProgram
            Called without arguments it reads `x`, writes `value` and `grad`, and returns whether every guard had its
            outcome.
        """
        return bound(self, x, value, grad, uniforms)


# Pickles name operations, as codes change when the op table grows.

cdef dict codes_by_name():
    codes = [*range(1, OP_FIRST_VC), *range(OP_FIRST_BINARY, OP_FIRST_NARY), *range(OP_END, STEP_END)]
    return {step_name(code).decode(): code for code in codes}


cdef tuple unique(codes):
    import numpy

    return numpy.unique(codes, return_inverse=True)


def restored(names, inputs, uniforms, uniform_steps, steps, operands, outputs, guards, functions=()):
    """The program of a pickle, whose steps have places in `names` for their operations."""
    known = codes_by_name()
    steps = steps.copy()
    for row in steps:
        name = names[row[0]] if row[0] < len(names) else None
        if name not in known:
            raise ValueError(f"the pickled program is damaged: it has an operation {name!r}, which is not known here")
        row[0] = known[name]
    return Program(inputs, uniforms, uniform_steps, steps, operands, outputs, guards, functions)


# Arrays in and out.

cdef uint32_t count_of(number, str name) except? 0:
    try:
        return number
    except (OverflowError, TypeError) as error:
        raise ValueError(f"{name} must be a number from 0 to {0xFFFFFFFF}, not {number!r:.60}") from error


cdef object numbers(array):
    import numpy

    array = numpy.asarray(array)
    doubles = doubles_of(array)
    if doubles is None or array.ndim != 1:
        raise ValueError(f"uniforms must be one row of numbers, not an array of shape {array.shape} and {array.dtype}")
    return doubles


cdef object codes(array, str name, columns):
    """An array of uint32, contiguous."""
    import numpy

    array = numpy.asarray(array)
    if columns and array.size == 0:
        array = array.reshape(0, columns)
    shape = "(n,)" if not columns else f"(n, {columns})"
    if array.ndim != (2 if columns else 1) or (columns and array.shape[1] != columns):
        raise ValueError(f"{name} must be an array of shape {shape}, not {array.shape}")
    if array.size and array.dtype != numpy.uint32:
        if array.dtype.kind not in "iu" or array.min() < 0 or array.max() > 0xFFFFFFFF:
            raise ValueError(f"{name} must be numbers from 0 to {0xFFFFFFFF}")
    return numpy.ascontiguousarray(array, dtype=numpy.uint32)


# Instruction sets.

def use_lanes(unsigned number):
    """Use the kernels of another instruction set for what is run from now on, and was not before.

    Returns its name; None if it is not to be had here.
    """
    return use_kernels(number)
