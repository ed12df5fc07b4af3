"""Ordinary differential equations: SciPy's integrators with compiled right-hand sides and derivatives of solutions.

>>> from fastgrad import ode
>>> y = ode.odeint(lambda t, y: -y, 1.0, [0.0, 1.0])
>>> round(float(y[-1]), 5)
0.36788

It stands on SciPy, which ``pip install "fastgrad[ode]"`` brings along; it is imported when something is integrated.
"""

from fastgrad.ode.solution import odeint

__all__ = ["odeint"]
