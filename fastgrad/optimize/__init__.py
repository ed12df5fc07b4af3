"""SciPy's optimizers with exact derivatives: minima, fits and roots of plain Python functions.

>>> from fastgrad import optimize
>>> found = optimize.minimize(lambda p: (p["a"] - 1.0) ** 2 + (p["b"] - p["a"]) ** 4, {"a": 0.0, "b": 0.0})
>>> round(found.x["a"], 4)
1.0

It stands on SciPy, which ``pip install "fastgrad[optimize]"`` brings along; it is imported when a solver is called.
"""

from fastgrad.optimize.everywhere import basinhopping, dual_annealing, shgo
from fastgrad.optimize.fits import curve_fit, least_squares
from fastgrad.optimize.minima import minimize, minimize_scalar
from fastgrad.optimize.roots import root

__all__ = [
    "basinhopping",
    "curve_fit",
    "dual_annealing",
    "least_squares",
    "minimize",
    "minimize_scalar",
    "root",
    "shgo",
]
