"""Gradients as values of functions: floats, or scalars that have gradients themselves."""

from libc.stdint cimport uint32_t
from libc.stdlib cimport free, malloc

from fastgrad._tape.convert cimport most_derived, number_of
from fastgrad._tape.drive cimport sweep_backward
from fastgrad._tape.graph_sweep cimport GraphSweep, adjoint_of, append_reached, find_reached, swept
from fastgrad._tape.handle cimport Handle, state_of, unpinned_handle_of
from fastgrad._tape.kinds cimport symbol
from fastgrad._tape.node cimport Node
from fastgrad._tape.observer cimport current, observers
from fastgrad._tape.symbols cimport constant
from fastgrad._tape.tape cimport OP_LEAF, OP_MASK, hold, let_go, slot_count, slot_node, tape


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
    cdef GraphSweep s = GraphSweep(most_derived(roots))
    cdef double *kept
    cdef uint32_t k
    cdef Handle x
    hold()
    try:
        find_reached(s, roots)
        append_leaves(s)
        own = [tape.grad[x.node] for x in by]
        kept = <double *>malloc(s.count * sizeof(double))
        if kept == NULL:
            raise MemoryError(f"no memory to keep {s.count:,} gradients")
        for k in range(s.count):
            kept[k] = tape.grad[s.reached[k]]
        try:
            return swept_plainly(s, roots, seeds, by)
        finally:
            for k in range(s.count):
                tape.grad[s.reached[k]] = kept[k]
            free(kept)
            for x, grad in zip(by, own):
                tape.grad[x.node] = grad
    finally:
        let_go()


cdef int append_leaves(GraphSweep s) except -1:
    """What is reached has no leaves: append them, some more than once."""
    cdef uint32_t k, j, leaf, count = s.count
    for k in range(count):
        for j in range(slot_count(s.reached[k])):
            leaf = slot_node(s.reached[k], j)
            if leaf and tape.op[leaf] & OP_MASK == OP_LEAF:
                append_reached(s, leaf)
    return 0


cdef list swept_plainly(GraphSweep s, list roots, list seeds, list by):
    """The sums over roots, each of which begins with all grads at 0."""
    cdef uint32_t k
    cdef Handle root, x
    total = [0.0] * len(by)
    for x in by:
        tape.grad[x.node] = 0.0
    for root, seed in zip(roots, seeds):
        for k in range(s.count):
            tape.grad[s.reached[k]] = 0.0
        sweep_backward(root, number_of(seed, "a seed"))
        total = [found + tape.grad[x.node] for found, x in zip(total, by)]
    return total


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
    """Set the `grad_node` of a leaf, which a layer may hold, and Python code not as yet."""
    if node and tape.op[node] == OP_LEAF and adjoint_of(s, node):
        state_of(unpinned_handle_of(node))["grad_node"] = unpinned_handle_of(adjoint_of(s, node))
    return 0


def backward_with_graph(Node root, double gradient):
    """Set the `grad_node` of all leaves below, and add to the grads of all."""
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
