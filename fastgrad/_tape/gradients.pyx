"""Gradients as values of functions: floats, or scalars that have gradients themselves."""

from libc.stdint cimport uint32_t, uint64_t
from libc.stdlib cimport free, malloc
from libc.string cimport memcpy, memset

from fastgrad._tape.convert cimport number_of
from fastgrad._tape.drive cimport sweep_backward
from fastgrad._tape.graph_sweep cimport GraphSweep, adjoint_of, swept
from fastgrad._tape.handle cimport Handle, owner_of, state_of, unpinned_handle_of
from fastgrad._tape.kinds cimport symbol
from fastgrad._tape.node cimport Node
from fastgrad._tape.observer cimport current, observers
from fastgrad._tape.symbols cimport constant
from fastgrad._tape.tape cimport OP_LEAF, hold, let_go, slot_count, slot_node, tape


cdef list graph_gradients(list roots, list seeds, list by):
    cdef GraphSweep s
    cdef Handle x
    cdef symbol amount
    hold()
    try:
        s = swept(roots, seeds, by)
        found = []
        for x in by:
            amount = adjoint_of(s, x.node)
            found.append(unpinned_handle_of(amount if amount else constant(s.algebra, 0.0)))
        s.finish()
        return found
    finally:
        let_go()


cdef list plain_gradients(list roots, list seeds, list by):
    """The same as floats, by a sweep after which all is as before it."""
    cdef uint64_t before = 0
    cdef double *kept
    cdef Handle root, x
    for root in roots:
        before = max(before, <uint64_t>root.node + 1)
    kept = <double *>malloc(before * sizeof(double))
    if kept == NULL:
        raise MemoryError(f"no memory to keep {before:,} gradients")
    hold()
    memcpy(kept, tape.grad, before * sizeof(double))
    try:
        memset(tape.grad, 0, before * sizeof(double))
        total = [0.0] * len(by)
        for root, seed in zip(roots, seeds):
            sweep_backward(root, number_of(seed, "a seed"))
            total = [found + grad_below(x, before) for found, x in zip(total, by)]
            memset(tape.grad, 0, before * sizeof(double))
        return total
    finally:
        memcpy(tape.grad, kept, before * sizeof(double))
        let_go()
        free(kept)


cdef double grad_below(Handle x, uint64_t end) noexcept:
    return tape.grad[x.node] if x.node < end else 0.0


def gradients(y, xs, create_graph=False, seeds=None):
    """Return the derivatives of a scalar, or of the sum of several, by others; no ``grad`` is changed.

    Parameters
    ----------
    y : scalar or list of scalars
    xs : scalar or list of scalars
    create_graph : bool
        Are the gradients to be scalars, which have gradients themselves? In a recording they are in any case, and where
        there are scalars among the seeds.
    seeds : number or scalar, or list of them, optional
        A factor for each y; 1 where there are none.

    Returns
    -------
    float or scalar, or list of them
        One for each x: 0 for one that y does not depend on.

    Raises
    ------
    TypeError
        If y or xs have anything but scalars; if, with create_graph, a Python function passes a gradient on.
    ValueError
        If there are not as many seeds as y.

    Examples
    --------
    >>> import fastgrad
    >>> x = fastgrad.Value(3.0)
    >>> slope = fastgrad.gradients(x**3, x, create_graph=True)
    >>> slope.data, fastgrad.gradients(slope, x)
    (27.0, 18.0)
    """
    roots, by = scalars_in(y, "y"), scalars_in(xs, "xs")
    factors = [1.0] * len(roots) if seeds is None else list(seeds) if isinstance(seeds, (list, tuple)) else [seeds]
    if len(factors) != len(roots):
        raise ValueError(f"gradients() takes a seed for each y: there are {len(roots)}, and {len(factors)} seeds")
    recorded = observers.count and current() is not None
    with_graph = create_graph or recorded or any(isinstance(factor, Node) for factor in factors)
    if not roots:
        found = [0.0] * len(by)
    else:
        found = graph_gradients(roots, factors, by) if with_graph else plain_gradients(roots, factors, by)
    return found[0] if isinstance(xs, Node) else found


cdef list scalars_in(given, str name):
    found = [given] if isinstance(given, Node) else list(given) if isinstance(given, (list, tuple)) else None
    if found is None or not all([isinstance(x, Node) for x in found]):
        raise TypeError(f"gradients() takes scalars as {name}, one or a list, not {given!r:.60}")
    return found


def set_slopes(Node number not None, slopes):
    """Say how the slopes of a scalar whose slopes were given as numbers are computed as scalars, where these are asked
    for: by a function without arguments that returns one for each of `prev`."""
    state_of(number)["_slopes"] = slopes


cdef int keep_adjoint(GraphSweep s, uint32_t node) except -1:
    """Set the `grad_node` of a leaf that Python code holds."""
    if node and tape.op[node] == OP_LEAF and owner_of(node) != NULL and adjoint_of(s, node):
        state_of(unpinned_handle_of(node))["grad_node"] = unpinned_handle_of(adjoint_of(s, node))
    return 0


def backward_with_graph(Node root, double gradient):
    """Set the `grad_node` of all leaves below that have handles, and add to the grads of all."""
    cdef GraphSweep s
    cdef uint32_t k, j
    hold()
    try:
        s = swept([root], [gradient], None)
        keep_adjoint(s, root.node)
        for k in range(s.count):
            for j in range(slot_count(s.reached[k])):
                keep_adjoint(s, slot_node(s.reached[k], j))
    finally:
        let_go()
    sweep_backward(root, gradient)


def nodes_made():
    """How many nodes there are: those made from here on can be dropped."""
    return tape.count
