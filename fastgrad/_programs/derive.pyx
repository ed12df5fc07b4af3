# distutils: extra_compile_args = -O2
"""Programs that compute derivatives of a program's outputs. How they are made stands in programs/derive.h.

A derived program has the inputs and the guards of the program it is of, and its captured numbers, the first of its
uniforms. Outputs are as each function says. Programs are made small: what no output needs is left out, what is
computed twice is computed once, and what is 0 or 1 for all numbers is not computed at all.
"""

cimport cython
from libc.stdint cimport uint32_t, uint64_t
from libc.stdlib cimport calloc, free, malloc

from fastgrad._programs.arrays cimport memory_of
from fastgrad._programs.graph cimport (
    NO_SYMBOL, algebra, arrays_of, dag, dag_begin, dag_call, dag_captured, dag_constant, dag_free, dag_input,
    dag_reserve, no_memory, symbol,
)
from fastgrad._programs.program cimport Program
from fastgrad._programs.rows cimport (
    NO_VALUE, STEP_call, STEP_select, STEP_sloped, STEP_stop, STEP_sum, program, step,
)

cdef extern from "programs/derive.h" nogil:
    struct flow:
        symbol amount, alive
    struct tangent:
        uint32_t by
        flow flow
    struct tangents:
        const tangent *first
        uint32_t n
    struct total:
        flow flow
    struct derivation:
        total *adjoint
        bint failed
    void derive_begin(derivation *v, dag *d, const symbol *by, uint32_t n)
    void derive_free(derivation *v)
    void derive_forward(derivation *v, const symbol *by, const symbol *seed, uint32_t n, bint together)
    void derive_bases(derivation *v, const symbol *by, const symbol *seed, uint32_t n)
    tangents tangents_of(const derivation *v, symbol i)
    void derive_backward(derivation *v, const symbol *root, const symbol *seed, uint32_t n)
    enum:
        OP_END
    int is_one(uint32_t op)
    uint64_t listed_operands(const step *s)

cdef extern from "programs/second.h" nogil:
    void derive_second(derivation *v, uint32_t n, flow *entry)

cdef enum:
    ITEMS_A_STEP = 6  # of a program, about as many as second derivatives take


@cython.auto_pickle(False)
cdef class Graph:
    """A program as items, and some of its inputs, by which derivatives are taken."""

    cdef dag dag
    cdef program *p
    cdef tuple functions    # of the program
    cdef uint32_t captured  # of the program's uniforms the first ones
    cdef uint32_t before    # captured numbers that come before those
    cdef uint32_t fixed     # inputs that are captured, after those
    cdef uint32_t n         # inputs by which derivatives are taken
    cdef uint32_t inputs    # of the program that it becomes
    cdef symbol *item       # of each value of the program
    cdef symbol *by         # of each of those inputs
    cdef symbol *seed       # their tangents
    cdef list roots         # items that are outputs

    def __cinit__(self, Program of not None, uint32_t captured, places, fixed=(), uint32_t before=0):
        cdef program *p = &of.p
        cdef uint32_t k, among = 0
        among_fixed = {place: k for k, place in enumerate(fixed)}
        self.p, self.captured, self.n, self.roots = p, captured, <uint32_t>len(places), []
        self.functions = of.functions
        self.before, self.fixed = before, <uint32_t>len(among_fixed)
        self.inputs = p.inputs - self.fixed
        self.item = <symbol *>calloc(p.inputs + p.uniforms + p.steps + 1, sizeof(symbol))
        self.by, self.seed = <symbol *>calloc(self.n + 1, sizeof(symbol)), <symbol *>calloc(self.n + 1, sizeof(symbol))
        if self.item == NULL or self.by == NULL or self.seed == NULL or not dag_begin(&self.dag):
            no_memory()
        dag_reserve(&self.dag, ITEMS_A_STEP * <uint64_t>p.steps)
        for k in range(p.inputs):
            if k in among_fixed:
                self.item[k] = dag_captured(&self.dag, before + captured + <uint32_t>among_fixed[k])
            else:
                self.item[k] = dag_input(&self.dag, among)
                among += 1
        for k in range(p.uniforms):
            if k < captured:
                self.item[p.inputs + k] = dag_captured(&self.dag, before + k)
            else:
                self.item[p.inputs + k] = dag_constant(&self.dag, p.uniform[k])
        self.dag.exact = True  # the steps are those of the program
        for k in range(p.steps):
            self.item[p.inputs + p.uniforms + k] = item_of_step(self, &p.step[k])
        self.dag.exact = False
        for k in range(self.n):
            self.by[k], self.seed[k] = self.item[<uint32_t>places[k]], self.dag.one

    def __dealloc__(self):
        dag_free(&self.dag)
        free(self.item)
        free(self.by)
        free(self.seed)

    cdef symbol output(self, uint32_t k) noexcept:
        return self.item[self.p.output[k]]

    cdef int values(self) except -1:
        """Make the program's own outputs outputs."""
        cdef uint32_t k
        for k in range(self.p.outputs):
            self.roots.append(self.output(k))
        return 0

    cdef int add(self, flow found) except -1:
        self.roots.append(found.amount if found.amount else self.dag.zero)
        return 0

    cdef int tangent_inputs(self) except -1:
        """Further inputs: a tangent of each of those that derivatives are taken by."""
        cdef uint32_t k
        for k in range(self.n):
            self.seed[k] = dag_input(&self.dag, self.inputs + k)
        self.inputs += self.n
        return 0

    cdef Program made(self):
        """The program of the outputs."""
        import numpy

        cdef uint32_t k
        cdef program *p = self.p
        truths = [p.guard[k].truth for k in range(p.guards)]
        guards = [self.item[p.guard[k].value] for k in range(p.guards)]
        captured = [0.0] * self.before + [p.uniform[k] for k in range(self.captured)] + [0.0] * self.fixed
        if self.dag.failed:
            no_memory()
        return Program(*arrays_of(
            &self.dag, self.inputs, captured, numpy.array(self.roots + guards, numpy.uint32), truths, self.functions,
        ))


cdef symbol item_of_step(Graph g, const step *s) except? 0:
    cdef algebra *a = &g.dag.algebra
    cdef uint32_t k
    cdef symbol *x
    cdef symbol found
    if s.op == STEP_stop:
        return a.stop(a, g.item[s.a])
    if s.op < OP_END:
        return a.one(a, s.op, g.item[s.a]) if is_one(s.op) else a.two(a, s.op, g.item[s.a], g.item[s.b])
    count = listed_operands(s)
    x = <symbol *>malloc(count * sizeof(symbol))
    if x == NULL:
        no_memory()
    for k in range(<uint32_t>count):
        x[k] = g.item[g.p.operand[s.a + k]]
    if s.op == STEP_select:
        found = a.select(a, x[0], x[1], x[2])
    elif s.op == STEP_sloped:
        found = a.sloped(a, x[0], x[1], x[2])
    elif s.op == STEP_call:
        found = dag_call(&g.dag, s.b, x, s.n)
    elif s.op == STEP_sum:
        found = a.sum(a, x, s.n)
    else:
        found = a.dot(a, NO_SYMBOL if s.b == NO_VALUE else g.item[s.b], x, s.n)
    free(x)
    return found


@cython.auto_pickle(False)
cdef class Derivation:
    """Derivatives of the items that a graph has when it is begun."""

    cdef derivation v
    cdef Graph graph

    def __cinit__(self, Graph graph not None):
        self.graph = graph
        derive_begin(&self.v, &graph.dag, graph.by, graph.n)

    def __dealloc__(self):
        derive_free(&self.v)

    cdef int done(self) except -1:
        return no_memory() if self.v.failed or self.graph.dag.failed else 0

    cdef int forward(self, bint together) except -1:
        derive_forward(&self.v, self.graph.by, self.graph.seed, self.graph.n, together)
        return self.done()

    cdef int bases(self) except -1:
        derive_bases(&self.v, self.graph.by, self.graph.seed, self.graph.n)
        return self.done()

    cdef int backward(self, symbol root) except -1:
        derive_backward(&self.v, &root, &self.graph.dag.one, 1)
        return self.done()

    cdef flow adjoint(self, uint32_t k) noexcept:
        """That of the k-th of the inputs."""
        return self.v.adjoint[self.graph.by[k]].flow

    cdef flow tangent(self, symbol root) noexcept:
        """Its only one."""
        cdef tangents t = tangents_of(&self.v, root)
        return t.first[0].flow if t.n else flow(0, 0)


def hessian(
    Program of not None, uint32_t captured, places, order=None, bint with_value=False, bint mirrored=False,
):
    """A program for second derivatives of the output, perhaps with its value and gradient.

    Parameters
    ----------
    of : Program
        Of one output.
    captured : int
        Of its uniforms so many, the first, are numbers captured from outside; the others are constants.
    places : sequence of int
        The inputs by which derivatives are taken, without repetition; there are n of them.
    order : array of int, optional
        Which of the n times n second derivatives are outputs. Without it, those that are not 0 for all numbers: by the
        i-th and the j-th of the inputs with j <= i, or, if `mirrored`, all of them, row by row.
    with_value : bool
        Are the value and the n first derivatives outputs, too? Then they come before the others.

    Returns
    -------
    program : Program
    pattern : array of int, shape (entries, 2)
        By which two of the inputs each of these second derivatives is.
    """
    cdef Graph g = Graph(of, captured, places)
    cdef Derivation v = Derivation(g)
    cdef uint32_t k
    v.backward(g.output(0))
    if with_value:
        g.values()
        for k in range(g.n):
            g.add(v.adjoint(k))
    return made_with(g, second_derivatives(g, v, mirrored or order is not None), order)


cdef object second_derivatives(Graph g, Derivation v, bint mirrored):
    """The items by two of the inputs, after the adjoints; above the diagonal they are 0, or the same."""
    cdef uint64_t n = g.n, i, j
    cdef flow *entry = <flow *>calloc(n * (n + 1) // 2 + 1, sizeof(flow))
    cdef symbol *item
    if entry == NULL:
        no_memory()
    try:
        v.bases()
        derive_second(&v.v, g.n, entry)
        v.done()
        items = new_items(g.dag.zero, n, n)
        item = <symbol *>memory_of(items)
        for i in range(n):
            for j in range(i + 1):
                if entry[i * (i + 1) // 2 + j].amount:
                    item[i * n + j] = entry[i * (i + 1) // 2 + j].amount
                    if mirrored:
                        item[j * n + i] = item[i * n + j]
    finally:
        free(entry)
    return items


cdef object new_items(symbol zero, uint64_t rows, uint64_t columns):
    import numpy

    return numpy.full((rows, columns), zero, dtype=numpy.uint32)


cdef tuple made_with(Graph g, items, order):
    """The program with those of these items as outputs that are in an order, or that are not 0; and where they are."""
    import numpy

    if order is None:
        order = numpy.flatnonzero(items.ravel() != g.dag.zero)
    g.roots += items.ravel()[order].tolist()
    return g.made(), numpy.column_stack(numpy.divmod(order, max(1, g.n)))


def jacobian(Program of not None, uint32_t captured, places, bint forward, order=None, bint with_value=False):
    """A program for the derivatives of the outputs, perhaps with these.

    Parameters
    ----------
    of, captured, places, order, with_value
        See `hessian`; the program has any number of outputs, and only these are outputs, too.
    forward : bool
        By tangents of all of the inputs, or by an adjoint of each of the outputs?

    Returns
    -------
    program : Program
    pattern : array of int, shape (entries, 2)
        Of which output, by which of the inputs each of the derivatives is.
    """
    cdef Graph g = Graph(of, captured, places)
    cdef Derivation v = Derivation(g)
    cdef tangents t
    cdef symbol *item
    cdef uint64_t k, j
    items = new_items(g.dag.zero, of.p.outputs, g.n)
    item = <symbol *>memory_of(items)
    if with_value:
        g.values()
    if forward:
        v.forward(False)
    for k in range(of.p.outputs):
        if forward:
            t = tangents_of(&v.v, g.output(<uint32_t>k))
            for j in range(t.n):
                item[k * g.n + t.first[j].by] = t.first[j].flow.amount
        else:
            v.backward(g.output(<uint32_t>k))
            for j in range(g.n):
                if v.adjoint(<uint32_t>j).amount:
                    item[k * g.n + j] = v.adjoint(<uint32_t>j).amount
    return made_with(g, items, order)


def pushed(Program of not None, uint32_t captured, places):
    """A program for the outputs and their derivatives in one direction.

    Parameters
    ----------
    of, captured, places
        See `jacobian`.

    Returns
    -------
    Program
        Its further inputs are the direction, a number for each of `places`; its outputs those of the program, and then
        the derivative of each.
    """
    cdef Graph g = Graph(of, captured, places)
    cdef Derivation v = Derivation(g)
    cdef uint32_t k
    g.values()
    g.tangent_inputs()
    v.forward(True)
    for k in range(of.p.outputs):
        g.add(v.tangent(g.output(k)))
    return g.made()


def hessian_product(
    Program of not None, uint32_t captured, places, fixed=(), bint with_value=False,
):
    """A program for the product of the Hessian and a vector.

    Parameters
    ----------
    of, captured, places
        See `hessian`.
    fixed : sequence of int
        Inputs that are the same for all rows: see `shared`.
    with_value : bool
        Are the value and the first derivatives outputs, too? Then they come before the product.

    Returns
    -------
    Program
        Its further inputs are the vector, a number for each of `places`.
    """
    cdef Graph g = Graph(of, captured, places, fixed)
    cdef Derivation v = Derivation(g), again
    cdef uint32_t k
    v.backward(g.output(0))
    if with_value:
        g.values()
        for k in range(g.n):
            g.add(v.adjoint(k))
    g.tangent_inputs()
    again = Derivation(g)
    again.forward(True)
    for k in range(g.n):
        g.add(again.tangent(v.adjoint(k).amount) if v.adjoint(k).amount else flow(0, 0))
    return g.made()


def shared(Program of not None, uint32_t captured, fixed):
    """The same program, with some inputs the same for all rows.

    Parameters
    ----------
    of, captured
        See `hessian`.
    fixed : sequence of int
        Which inputs: they are captured, after those that the program captures, in this order. What stands on them alone
        is computed once a call.
    """
    cdef Graph g = Graph(of, captured, [], fixed)
    g.values()
    return g.made()


def sums(Program of not None, uint32_t captured, places, fixed):
    """A program whose slopes, by the first of its uniforms, are value, gradient and Hessian.

    The sums over rows of many outputs are the gradient of the sum of one, to which each contributes with a factor that
    is a uniform.

    Parameters
    ----------
    of, captured, places, fixed
        See `hessian` and `shared`. The numbers captured come after the factors, which are 1 in a call.

    Returns
    -------
    program : Program
    factors : int
        How many there are: for the value, the first derivatives by each of n `places`, and the second, by i and j <= i.
    """
    cdef uint32_t n = <uint32_t>len(places), k
    cdef Graph g = Graph(of, captured, places, fixed, 1 + n + n * (n + 1) // 2)
    cdef Derivation v = Derivation(g)
    v.backward(g.output(0))
    g.values()
    for k in range(n):
        g.add(v.adjoint(k))
    items = second_derivatives(g, v, False)
    for k in range(n):
        g.roots += items[k, :k + 1].tolist()
    g.roots = [total_with_factors(g)]
    return g.made(), g.before


cdef symbol total_with_factors(Graph g) except? 0:
    cdef symbol *pair = <symbol *>malloc(2 * g.before * sizeof(symbol))
    cdef uint32_t k
    cdef symbol total
    if pair == NULL:
        no_memory()
    for k in range(g.before):
        pair[2 * k], pair[2 * k + 1] = dag_captured(&g.dag, k), <symbol>g.roots[k]
    total = g.dag.algebra.dot(&g.dag.algebra, NO_SYMBOL, pair, g.before)
    free(pair)
    return total


def tower(Program of not None, uint32_t captured, uint32_t place, uint32_t order):
    """A program for a derivative of any order of the only output, by one of the inputs.

    Returns
    -------
    Program
        Its output is that derivative; of order 0 the program's own.
    """
    cdef Graph g = Graph(of, captured, [place])
    cdef Derivation v
    cdef flow found = flow(g.output(0), 0)
    for _ in range(order):
        v = Derivation(g)
        v.forward(True)
        found = v.tangent(found.amount)
        if not found.amount:
            break
    g.add(found)
    return g.made()
