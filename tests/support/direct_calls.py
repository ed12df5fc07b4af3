"""Calls of compiled functions: how to tell whether one is direct, and to compare it with one that is not."""

import struct
import sys

import numpy as np

import fastgrad
from fastgrad.compiled import Compiled


def flat(x):
    """All numbers in lists, tuples and arrays."""
    return [y for part in x for y in flat(part)] if isinstance(x, (list, tuple, np.ndarray)) else [x]


def called_before(function, *args):
    """A compiled function whose next call with such arguments is direct: the fifth, which is none to compare at."""
    f = fastgrad.compile(function)
    for _ in range(4):
        f(*args)
    return f


def by_way_of_python(f, *args, **kwargs):
    """A call that is not direct."""
    return Compiled.__call__.__wrapped__(f, *args, **kwargs)


def gradient_by_way_of_python(f, *args, **kwargs):
    """The same of `value_and_grad`."""
    return Compiled.value_and_grad.__wrapped__(f, *args, **kwargs)


WAYS = {"__call__": by_way_of_python, "value_and_grad": gradient_by_way_of_python}


def entered(call, *args, **kwargs):
    """The functions of this package that are called as Python code."""
    names, before = [], sys.getprofile()

    def note(frame, event, argument):
        if event == "call" and frame.f_globals["__name__"].startswith("fastgrad."):
            names.append(frame.f_code.co_name)

    sys.setprofile(note)
    try:
        call(*args, **kwargs)
    finally:
        sys.setprofile(before)
    return names


def bits(x):
    """What tells all results apart: types, and the bits of floats."""
    if isinstance(x, dict):
        return dict, [(key, bits(part)) for key, part in x.items()]
    if isinstance(x, (list, tuple)):
        return type(x), [bits(part) for part in x]
    if isinstance(x, np.ndarray):
        return x.dtype, x.shape, x.tobytes()
    if isinstance(x, fastgrad.Node):
        return type(x), struct.pack("d", x.data), [struct.pack("d", operand.data) for operand in x.prev]
    return (float, struct.pack("d", x)) if type(x) is float else (type(x), x)


def outcome(call, *args, **kwargs):
    """What comes of a call: the bits of its result, or its error."""
    try:
        return bits(call(*args, **kwargs))
    except Exception as error:
        return type(error), str(error)
