"""Scalars and numpy arrays: the numbers of a nesting of scalars, in and out. Exported from ``fastgrad`` itself."""

import numpy as np


def _flat(xs):
    """Every scalar and number of a nesting of lists, tuples and arrays, in order, and the nesting's shape."""
    array = np.asarray(xs, dtype=object)
    return array.ravel().tolist(), array.shape


def values(xs):
    """The numbers of scalars.

    Parameters
    ----------
    xs : scalar, or list, tuple or array of scalars and numbers, nested to any depth

    Returns
    -------
    numpy.ndarray
        float64, of the nesting's shape.

    Examples
    --------
    >>> import fastgrad
    >>> fastgrad.values([[fastgrad.Value(1.0), 2.0], [3.0, fastgrad.Scalar(4.0)]])
    array([[1., 2.],
           [3., 4.]])
    """
    return _read(xs, "data", None)


def grads(xs):
    """The gradients of scalars; 0.0 for a plain number.

    Parameters
    ----------
    xs : scalar, or list, tuple or array of scalars and numbers, nested to any depth

    Returns
    -------
    numpy.ndarray
        float64, of the nesting's shape.

    Examples
    --------
    >>> import fastgrad
    >>> x = [fastgrad.Value(1.0), fastgrad.Value(2.0)]
    >>> (x[0] * x[1]).backward()
    >>> fastgrad.grads(x)
    array([2., 1.])
    """
    return _read(xs, "grad", 0.0)


def _read(xs, attribute, otherwise):
    from fastgrad import Node

    flat, shape = _flat(xs)
    numbers = [getattr(x, attribute) if isinstance(x, Node) else x if otherwise is None else otherwise for x in flat]
    return np.array(numbers, dtype=np.float64).reshape(shape)


def set_values(xs, numbers):
    """Write numbers into the ``data`` of scalars.

    Parameters
    ----------
    xs : scalar, or list, tuple or array of scalars, nested to any depth
    numbers : array_like
        Of the same shape.

    Raises
    ------
    TypeError
        If xs holds anything but scalars; nothing is written then.
    ValueError
        If the shapes differ; nothing is written then.

    Examples
    --------
    >>> import fastgrad
    >>> x = [fastgrad.Value(1.0), fastgrad.Value(2.0)]
    >>> fastgrad.set_values(x, [3.0, 4.0])
    >>> x[1].data
    4.0
    """
    from fastgrad import Node

    flat, shape = _flat(xs)
    array = np.asarray(numbers, dtype=np.float64)
    if array.shape != shape:
        raise ValueError(f"set_values() needs as many numbers as scalars: the shape is {shape}, not {array.shape}")
    for x in flat:
        if not isinstance(x, Node):
            raise TypeError(f"set_values() writes to scalars, not to {x!r} of type {type(x).__name__}")
    for x, number in zip(flat, array.ravel().tolist()):
        x.data = number
