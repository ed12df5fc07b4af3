# distutils: extra_compile_args = -O2
"""Losses: one node for all predictions. What they compute is in losses.def and loss.c, with a payload's layout.

The value is computed from the arguments as they lie, before a node is made of copies of them.
"""

from libc.math cimport isfinite
from libc.stdint cimport uint32_t, uint64_t
from libc.string cimport memcpy, memset

from fastgrad._layers.batch cimport like_of
from fastgrad._layers.layer cimport FROM_NOTHING, FROM_RESULTS, FROM_SCALARS
from fastgrad._layers.leaves cimport Leaves
from fastgrad._layers.loss cimport (
    LOSS, LOSS_SHAPE_REALS, FAULT_prediction, LOSS_l2_penalty, REDUCED_mean, REDUCED_root, REDUCED_sum,
    REDUCED_weighted, loss, loss_at, loss_fault_of, loss_first_fault, loss_reals, loss_rows, loss_shape, loss_targets,
    loss_value, penalized, penalty_of,
)
from fastgrad._layers.loss_input cimport (
    Given, check_plain, entries_of, given, has_scalars, list_of, numbers_of, outputs_needed, place_of, same_shape,
    shape_of_given, weights_of, with_sum, wrong_shape,
)
from fastgrad._layers.parameters cimport Parameters
from fastgrad._tape.convert cimport if_foreign, most_derived, number_of
from fastgrad._tape.handle cimport Handle, grad_enabled, leaf, make, make_room
from fastgrad._tape.node cimport Node
from fastgrad._tape.tape cimport (
    CONSTANT, Span, append_payload, hold, let_go, operands, payload, payload_units, reserve, tape,
)

cdef extern from "layers/loss.h" nogil:
    enum:
        LOSS_squares, LOSS_binary_cross_entropy, LOSS_binary_cross_entropy_with_logits, LOSS_hinge
        LOSS_cross_entropy_of_labels, LOSS_cross_entropy


# What is allowed.

cdef uint32_t reduction_of(reduction) except? REDUCED_root:
    if reduction == "mean":
        return REDUCED_mean
    if reduction == "sum":
        return REDUCED_sum
    raise ValueError(f"reduction must be 'mean' or 'sum', not {reduction!r}")


cdef object fault(loss *at, Given p, Given t, uint64_t k):
    """The exception for the pair or row k. Numbers are read first: a batch's may move where Python objects are made."""
    cdef loss_shape shape = at.shape
    cdef double predicted = at.predictions[k], target = at.targets[k]
    cdef bint of_target = loss_fault_of(shape.loss, predicted, target) != FAULT_prediction
    if shape.loss == LOSS_cross_entropy:
        found = with_sum([t.numbers[k * shape.columns + j] for j in range(shape.columns)]) + outputs_needed(p)
        return ValueError(f"{t.name} must be probabilities that sum to 1, but row {k} is {found}")
    if shape.loss == LOSS_cross_entropy_of_labels:
        expected = f"whole numbers from 0 to {shape.columns - 1}, a class each"
    else:
        expected = (loss_rows[shape.loss].target if of_target else loss_rows[shape.loss].prediction).decode()
    name, number = (t.name, target) if of_target else (p.name, predicted)
    place, remedy = place_of(t, k) or "what was given", remedy_of(shape.loss, of_target, number)
    return ValueError(f"{name} must be {expected}, but {place} is {number:.16g}{remedy}")


cdef str remedy_of(uint32_t code, bint of_target, double number):
    if code == LOSS_hinge and number == 0.0:
        return " (2 * labels - 1 makes -1 and 1 of 0 and 1)"
    if code == LOSS_binary_cross_entropy and not of_target:
        return " (give the model a sigmoid at its output, or use binary_cross_entropy_with_logits)"
    if code in (LOSS_binary_cross_entropy, LOSS_binary_cross_entropy_with_logits) and number == -1.0:
        return " ((targets + 1) / 2 makes 0 and 1 of -1 and 1)"
    return ""


# The node.

cdef object reduced(loss_shape shape, Given p, Given t, weights):
    """The loss as a node; a plain number where no scalar took part, a leaf where nothing is recorded."""
    cdef Handle like = like_of(p.batch) if p.batch is not None else most_derived(p.scalars) if p.scalars else None
    cdef bint records = grad_enabled()
    cdef double value
    cdef uint32_t node = 0
    cdef Given w = weights_of(weights, p, shape.rows, shape.reduction == REDUCED_mean)
    if w is not None:
        shape.reduction = REDUCED_weighted
    shape.inputs = FROM_RESULTS if p.batch is not None else FROM_SCALARS
    reserve(1, payload_units(slots_of(p), loss_reals(&shape)))
    hold()  # nothing that could change the arguments runs from looking at them to copying them
    try:
        value = checked_value(shape, p, t, w)
        if records and like is not None:
            node = append_loss(shape, value, like.type_code, p, t, w)
    finally:
        let_go()
    if like is None:
        return value
    return make(like, node) if records else new_leaf(like, value)


cdef uint64_t slots_of(Given p):
    return 1 if p.batch is not None else p.count


cdef double checked_value(loss_shape shape, Given p, Given t, Given w) except? -1.0:
    cdef loss at
    cdef uint64_t bad
    at.shape, at.predictions, at.targets, at.adjoint = shape, <double *>numbers_of(p), t.numbers, NULL
    at.weights = w.numbers if w is not None else NULL
    bad = loss_first_fault(&at)
    if bad < shape.rows:
        raise fault(&at, p, t, bad)
    return loss_value(&at)


cdef object new_leaf(Handle like, double value):
    if tape.count >= tape.limit:
        make_room()
    return leaf(like, value)


cdef operands append_shape(loss_shape shape, double value, uint32_t type_code, uint64_t slots) except *:
    """Append a node whose slots and doubles are still to be written."""
    cdef uint64_t reals = loss_reals(&shape)
    cdef operands x
    if reals >= 1 << 31:
        raise MemoryError(f"{shape.rows:,} rows are more than one node holds: take the loss of them in parts")
    reserve(1, payload_units(slots, reals))
    x = payload(append_payload(LOSS, type_code, value, Span(<uint32_t>slots, <uint32_t>reals)))
    memcpy(x.reals, &shape, sizeof(shape))
    return x


cdef uint32_t append_loss(loss_shape shape, double value, uint32_t type_code, Given p, Given t, Given w) except 0:
    cdef operands x = append_shape(shape, value, type_code, slots_of(p))
    cdef uint32_t *slots = <uint32_t *>x.slots
    cdef loss at = loss_at(x.reals)
    cdef uint64_t k
    memcpy(<double *>at.targets, t.numbers, loss_targets(&shape) * sizeof(double))
    if w is not None:
        memcpy(<double *>at.weights, w.numbers, w.count * sizeof(double))
    if p.batch is not None:
        slots[0] = p.batch.node
        return tape.count - 1
    memcpy(at.predictions, p.numbers, p.count * sizeof(double))
    memset(at.adjoint, 0, p.count * sizeof(double))
    for k in range(p.count):
        entry = p.scalars[k]
        slots[k] = (<Handle>entry).node if isinstance(entry, Node) else CONSTANT
    return tape.count - 1


# Losses of one prediction and one target.

cdef object of_pairs(
    uint32_t code, uint32_t reduction, predictions, str name, targets, str targets_name, weights=None,
    double constant=0.0,
):
    """A loss of losses.def, with its constant."""
    cdef Given p = given(predictions, name), t = given(targets, targets_name)
    if not same_shape(p, t):
        raise wrong_shape(p, t)
    if code != LOSS_squares:
        check_plain(t)
    elif has_scalars(t):
        p = given([a - b for a, b in zip(entries_of(p), entries_of(t))], name)
        t = given([0.0] * <Py_ssize_t>p.count, targets_name)
    return reduced(loss_shape(code, reduction, FROM_NOTHING, 1, p.count, constant), p, t, weights)


def mse(predictions, targets, *, weights=None):
    """Mean squared error, as one node: the mean of ``(prediction - target) ** 2`` over all numbers.

    Parameters
    ----------
    predictions : Batch, scalar, or list or array of scalars and numbers
        Of any shape; lists may be nested.
    targets : number, or list or array of numbers
        Of the same shape, where (n, 1) is as good as (n,). Scalars may be among them: a gradient flows to both.
    weights : list or array of numbers, optional
        How much each row counts, at least 0. A mean is the weighted one, divided by their sum; a sum is of the terms
        times their weights. A row of weight 0 is as if it were not there.

    Returns
    -------
    Scalar, Value or float
        Of the most derived type among the predictions; a float where no scalar is among them.

    Raises
    ------
    ValueError
        If the shapes differ, there is nothing, a target is nan, a weight is negative, or all are 0.

    Examples
    --------
    >>> import fastgrad
    >>> from fastgrad import losses
    >>> a, b = fastgrad.Value(1.0), fastgrad.Value(2.0)
    >>> loss = losses.mse([a, b], [0.0, 4.0])
    >>> loss.backward()
    >>> loss.data, a.grad, b.grad
    (2.5, 1.0, -2.0)
    """
    return of_pairs(LOSS_squares, REDUCED_mean, predictions, "predictions", targets, "targets", weights)


def sum_of_squares(predictions, targets):
    """Sum of ``(prediction - target) ** 2`` over all numbers, as one node.

    The arguments and errors are those of `mse`.

    Examples
    --------
    >>> import fastgrad
    >>> from fastgrad import losses
    >>> losses.sum_of_squares([fastgrad.Value(1.0), fastgrad.Value(2.0)], [0.0, 4.0])
    Value(data=5.0, grad=0.0)
    """
    return of_pairs(LOSS_squares, REDUCED_sum, predictions, "predictions", targets, "targets")


def root_of_squares(predictions, targets):
    """Square root of the sum of ``(prediction - target) ** 2``: the distance, as one node.

    Where it is 0 it has no slope; the gradient it passes on there is 0. The arguments and errors are those of `mse`.

    Examples
    --------
    >>> import fastgrad
    >>> from fastgrad import losses
    >>> losses.root_of_squares([fastgrad.Value(3.0), fastgrad.Value(0.0)], [0.0, 4.0])
    Value(data=5.0, grad=0.0)
    """
    return of_pairs(LOSS_squares, REDUCED_root, predictions, "predictions", targets, "targets")


def binary_cross_entropy(predictions, targets, reduction="mean", *, weights=None):
    """Binary cross-entropy ``-(t * log(p) + (1 - t) * log(1 - p))`` of probabilities, as one node.

    Parameters
    ----------
    predictions : Batch, scalar, or list or array of scalars and numbers
        Probabilities p of label 1, as a sigmoid gives them.
    targets : number, or list or array of numbers
        Of the same shape, where (n, 1) is as good as (n,). Labels 0 and 1, or probabilities t between them.
    reduction : {"mean", "sum"}
    weights : as those of `mse`

    Returns
    -------
    Scalar, Value or float
        Of the most derived type among the predictions; a float where no scalar is among them.

    Raises
    ------
    ValueError
        If a prediction or a target is not from 0 to 1, the shapes differ, or there is nothing.
    TypeError
        If targets are scalars.

    Notes
    -----
    A prediction of exactly 0 or 1 costs nothing where it is right; elsewhere the loss is infinite, where torch has 100.
    `binary_cross_entropy_with_logits` has no such edge.

    Examples
    --------
    >>> import fastgrad
    >>> from fastgrad import losses
    >>> p = fastgrad.Value(0.5)
    >>> losses.binary_cross_entropy([p], [1])
    Value(data=0.6931471805599453, grad=0.0)
    """
    return of_pairs(
        LOSS_binary_cross_entropy, reduction_of(reduction), predictions, "predictions", targets, "targets", weights
    )


def binary_cross_entropy_with_logits(logits, targets, reduction="mean", *, weights=None):
    """Binary cross-entropy of ``sigmoid(logits)``, as one node; it does not overflow.

    Parameters
    ----------
    logits : Batch, scalar, or list or array of scalars and numbers
        What a sigmoid would make probabilities of.
    targets : number, or list or array of numbers
        Of the same shape, where (n, 1) is as good as (n,). Labels 0 and 1, or probabilities between them.
    reduction : {"mean", "sum"}
    weights : as those of `mse`

    Returns
    -------
    Scalar, Value or float
        Of the most derived type among the logits; a float where no scalar is among them.

    Raises
    ------
    ValueError
        If a target is not from 0 to 1, the shapes differ, or there is nothing.
    TypeError
        If targets are scalars.

    Examples
    --------
    >>> import fastgrad
    >>> from fastgrad import losses
    >>> z = fastgrad.Value(1000.0)
    >>> loss = losses.binary_cross_entropy_with_logits([z], [0])
    >>> loss.backward()
    >>> loss.data, z.grad
    (1000.0, 1.0)
    """
    return of_pairs(
        LOSS_binary_cross_entropy_with_logits, reduction_of(reduction), logits, "logits", targets, "targets", weights
    )


def hinge(scores, labels, reduction="mean", *, weights=None):
    """Hinge loss ``max(0, 1 - label * score)``, as one node; its slope at the kink is 0.

    Parameters
    ----------
    scores : Batch, scalar, or list or array of scalars and numbers
    labels : number, or list or array of numbers
        Of the same shape, where (n, 1) is as good as (n,). Each -1 or 1.
    reduction : {"mean", "sum"}
    weights : as those of `mse`

    Returns
    -------
    Scalar, Value or float
        Of the most derived type among the scores; a float where no scalar is among them.

    Raises
    ------
    ValueError
        If a label is neither -1 nor 1, the shapes differ, or there is nothing.
    TypeError
        If labels are scalars.

    Examples
    --------
    >>> import fastgrad
    >>> from fastgrad import losses
    >>> losses.hinge([fastgrad.Value(2.0), fastgrad.Value(0.5)], [1, -1])
    Value(data=0.75, grad=0.0)
    """
    return of_pairs(LOSS_hinge, reduction_of(reduction), scores, "scores", labels, "labels", weights)


# Cross-entropy of rows.

def cross_entropy(logits, labels, reduction="mean", *, weights=None):
    """Cross-entropy of ``softmax(logits)``, row by row, as one node; it does not overflow.

    Parameters
    ----------
    logits : Batch, or list or array of scalars and numbers
        Of shape (n, classes); a flat list is one row. The softmax is computed here: a model's last layer has none.
    labels : list or array of numbers
        Of shape (n,): which class each row is of, whole numbers from 0. Or of the logits' shape: a probability for each
        class, that sum to 1 in a row. For one flat row a whole number, or its probabilities.
    reduction : {"mean", "sum"}
        Over the rows.
    weights : as those of `mse`

    Returns
    -------
    Scalar, Value or float
        Of the most derived type among the logits; a float where no scalar is among them.

    Raises
    ------
    ValueError
        If a label is no class, probabilities do not sum to 1 within 1e-6, the shapes do not go together, or there is
        nothing.
    TypeError
        If labels are scalars.

    Examples
    --------
    >>> import fastgrad
    >>> from fastgrad import losses
    >>> rows = [[fastgrad.Value(1000.0), fastgrad.Value(1000.0)], [fastgrad.Value(0.0), fastgrad.Value(0.0)]]
    >>> losses.cross_entropy(rows, [0, 1])
    Value(data=0.6931471805599453, grad=0.0)
    """
    cdef Given p = given(logits, "logits"), t = given(labels, "labels")
    cdef uint64_t rows = p.shape[0] if p.depth == 2 else 1
    cdef uint32_t code = LOSS_cross_entropy_of_labels, how = reduction_of(reduction)
    if p.depth < 1 or p.depth > 2 or (p.depth == 1 and p.batch is not None) or (rows > 1 and p.shape[1] == 1):
        raise ValueError(f"logits must be of shape (rows, classes), not {shape_of_given(p)}{outputs_needed(p)}")
    if not is_one_a_row(p, t):
        code = LOSS_cross_entropy
        if not same_shape(p, t):
            raise ValueError(
                f"logits of shape {shape_of_given(p)} need labels of shape {(rows,) if p.depth == 2 else ()}, or of "
                f"{shape_of_given(p)} where they are probabilities, not of {shape_of_given(t)}"
            )
    check_plain(t)
    return reduced(loss_shape(code, how, FROM_NOTHING, <uint32_t>(p.count // rows), rows, 0.0), p, t, weights)


cdef bint is_one_a_row(Given p, Given t) noexcept:
    """Is there one label for each row of logits, perhaps as a column, or one for the only row?"""
    if p.depth == 1:
        return t.depth == 0
    return t.shape[0] == p.shape[0] and (t.depth == 1 or (t.depth == 2 and t.shape[1] == 1))


# Penalty.

def l2_penalty(parameters, alpha):
    """``alpha`` times the sum of the squares of parameters, as one node, to be added to a loss.

    Parameters
    ----------
    parameters : Module, or iterable of scalars
        All of a module's count, biases too.
    alpha : float
        At least 0.

    Returns
    -------
    Scalar or Value
        Of the most derived type among the parameters.

    Raises
    ------
    ValueError
        If there are no parameters, or alpha is negative, infinite or nan.
    TypeError
        If a parameter is not a scalar.

    Examples
    --------
    >>> import fastgrad
    >>> from fastgrad import losses
    >>> w = fastgrad.Value(3.0)
    >>> penalty = losses.l2_penalty([w], 0.1)
    >>> penalty.backward()
    >>> penalty.data, w.grad
    (0.9, 0.6000000000000001)
    """
    cdef list stretches = stretches_of(parameters)
    cdef double factor = number_of(alpha, "alpha")
    cdef Handle like = most_derived([root_of(entry) for entry in stretches])
    cdef bint records = grad_enabled()
    cdef uint32_t node
    if not (factor >= 0.0 and isfinite(factor)):
        raise ValueError(f"alpha must be a number of at least 0, not {alpha!r}")
    if like is None:
        raise ValueError("parameters must not be empty: give a module that has some, or at least one scalar")
    node = append_penalty(stretches, factor, like.type_code)
    return make(like, node) if records else new_leaf(like, tape.data[node])


cdef list stretches_of(parameters):
    """Scalars, and (leaves, start, stop)."""
    if not hasattr(parameters, "_flat_view"):
        return scalars_of(parameters)
    return list((<Parameters?>parameters._flat_view()).stretches)


cdef Handle root_of(entry):
    """The scalar, or what stands on the leaves."""
    return (<Leaves>(<tuple>entry)[0]).root if isinstance(entry, tuple) else entry


cdef list scalars_of(parameters):
    found = list_of(parameters, "parameters")
    for k, entry in enumerate(found):
        if not isinstance(entry, Node):
            kind = f"{type(entry).__name__}{if_foreign(entry)}"
            raise TypeError(f"parameters must be scalars, but entry {k} is {entry!r} of type {kind}")
    return found


cdef uint32_t append_penalty(list stretches, double alpha, uint32_t type_code) except 0:
    cdef uint64_t n = len(stretches), k
    cdef uint32_t start, stop
    cdef loss_shape shape = loss_shape(LOSS_l2_penalty, REDUCED_sum, FROM_NOTHING, 1, n, alpha)
    cdef operands x = append_shape(shape, 0.0, type_code, n)
    cdef uint32_t *slots = <uint32_t *>x.slots
    cdef penalized *parts = <penalized *>(x.reals + LOSS_SHAPE_REALS)
    cdef uint32_t node = tape.count - 1
    for k in range(n):
        entry = stretches[k]
        slots[k] = root_of(entry).node
        parts[k] = penalized(0, 1)
        if isinstance(entry, tuple):
            start, stop = <uint32_t>(<tuple>entry)[1], <uint32_t>(<tuple>entry)[2]
            parts[k] = penalized(start, stop - start)
    tape.data[node] = penalty_of(node)
    return node
