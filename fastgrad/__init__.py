"""Scalar automatic differentiation: write ordinary Python on numbers, call ``backward()``, get every derivative.

>>> from fastgrad import Value
>>> x = Value(2.0)
>>> y = (x * x + 1.0).log()
>>> y.backward()
>>> x.grad
0.8
"""

import sys

from fastgrad import _former_names
from fastgrad._version import __version__ as __version__

TYPE_CHECKING = False  # true to type checkers; typing is slow to import

if getattr(sys.flags, "gil", None) == 0:
    raise ImportError(
        "fastgrad's tape is guarded by the GIL, which this Python was told to do without: leave PYTHON_GIL=0 and "
        "-X gil=0 away, then a free-threaded Python takes it up where fastgrad is imported"
    )

try:
    import fastgrad._tape.pins  # noqa: F401 (it looks after the tape by itself)
    from fastgrad._tape.custom import custom
    from fastgrad._tape.functions import collect, no_grad, tape_info
    from fastgrad._tape.gradients import gradients
    from fastgrad._tape.nary import dot, logsumexp, mean, prod, softmax, sum
    from fastgrad._tape.node import Node
    from fastgrad._tape.numbers import Scalar, Value
except ModuleNotFoundError as error:
    if not (error.name or "").startswith("fastgrad._"):
        raise
    raise ImportError(
        "fastgrad's compiled modules are not here: this is its source folder. Install it first (pip install .), and "
        "run Python outside the folder, or install it in place (pip install -e .)"
    ) from error
except ImportError as error:
    if "interpreter" not in str(error):
        raise
    raise ImportError(
        "this Python interpreter cannot have fastgrad's tape, which belongs to the process: import fastgrad in the "
        "main interpreter alone, and use threads or processes beside it, not subinterpreters"
    ) from error

__all__ = [
    "Node",
    "Scalar",
    "TraceError",
    "Value",
    "check_grad",
    "checkpoint",
    "collect",
    "compile",
    "custom",
    "derivative",
    "dot",
    "fuse",
    "fused_loops",
    "grad",
    "gradients",
    "grads",
    "hessian",
    "hvp",
    "jacobian",
    "jvp",
    "logsumexp",
    "math",
    "mean",
    "no_grad",
    "prod",
    "set_values",
    "softmax",
    "sum",
    "tape_info",
    "value_and_grad",
    "value_grad_and_hessian",
    "values",
    "vjp",
]

_LATER = {  # what is asked for by few programs, and most of what needs numpy
    "TraceError": "compiled",
    "check_grad": "transforms",
    "checkpoint": "transforms",
    "compile": "compiled",
    "derivative": "transforms",
    "fuse": "fusing",
    "fused_loops": "fusing",
    "grad": "transforms",
    "grads": "arrays",
    "hessian": "transforms",
    "hvp": "transforms",
    "jacobian": "transforms",
    "jvp": "transforms",
    "set_values": "arrays",
    "value_and_grad": "transforms",
    "value_grad_and_hessian": "transforms",
    "values": "arrays",
    "vjp": "transforms",
}
_MODULES = ("implicit", "losses", "math", "nn", "optim", "optimize", "plots", "train")

_former_names.serve()


def load_ipython_extension(shell: object) -> None:
    """``%load_ext fastgrad`` in a notebook: engines that later cells define or import run on fastgrad, fused."""
    from fastgrad.run import notebooks

    notebooks.load_ipython_extension(shell)


def unload_ipython_extension(shell: object) -> None:
    """``%unload_ext fastgrad``: what was exchanged stays, and nothing more is."""
    from fastgrad.run import notebooks

    notebooks.unload_ipython_extension(shell)


# numpy takes ten times as long to import as fastgrad: what needs it comes when it is asked for, and other modules, too.
if TYPE_CHECKING:
    from fastgrad import implicit as implicit
    from fastgrad import losses as losses
    from fastgrad import math as math
    from fastgrad import nn as nn
    from fastgrad import optim as optim
    from fastgrad import optimize as optimize
    from fastgrad import plots as plots
    from fastgrad import train as train
    from fastgrad.arrays import grads, set_values, values
    from fastgrad.compiled import TraceError, compile
    from fastgrad.fusing import fuse, fused_loops
    from fastgrad.transforms import (
        check_grad,
        checkpoint,
        derivative,
        grad,
        hessian,
        hvp,
        jacobian,
        jvp,
        value_and_grad,
        value_grad_and_hessian,
        vjp,
    )
else:

    def __getattr__(name):
        import importlib

        if name in _MODULES:
            return importlib.import_module(f"fastgrad.{name}")
        if name in _LATER:
            return getattr(importlib.import_module(f"fastgrad.{_LATER[name]}"), name)
        # What begins with an underscore is asked for by tools, which want no advice.
        found = not name.startswith("_") and hasattr(importlib.import_module("fastgrad.math"), name)
        remedy = f": fastgrad.math.{name} is there" if found else ""
        raise AttributeError(f"module 'fastgrad' has no attribute {name!r}{remedy}")

    def __dir__():
        return sorted({*globals(), *_MODULES, *_LATER})
