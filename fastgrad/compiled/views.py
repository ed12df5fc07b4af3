"""A compiled function as other libraries take functions, each by a name of its own."""

from __future__ import annotations

import functools

from fastgrad.compiled.for_lmfit import ForLmfit
from fastgrad.compiled.for_minuit import ForMinuit
from fastgrad.compiled.for_scipy import ForSciPy


class Views:
    """The part of `Compiled` that other libraries take."""

    #: What tells iminuit to leave `hessian` alone, which is by one argument. `minuit` has the whole one.
    has_hessian = False

    @functools.cached_property
    def scipy(self) -> ForSciPy:
        """The function as SciPy's solvers take one: ``fun``, ``jac``, ``hess``, ``hessp`` of one array.

        Examples
        --------
        >>> import fastgrad, numpy as np
        >>> f = fastgrad.compile(lambda x: fastgrad.dot(x, x)).scipy
        >>> f.fun(np.ones(2)), f.jac(np.ones(2)), f.hessp(np.ones(2), np.array([1.0, 0.0]))
        (2.0, array([2., 2.]), array([2., 0.]))
        """
        return ForSciPy(self)

    @functools.cached_property
    def minuit(self) -> ForMinuit:
        """The function as iminuit takes one, of numbers by name or of one array, with ``grad`` and ``hessian``.

        Examples
        --------
        >>> import fastgrad
        >>> f = fastgrad.compile(lambda x, y: x**2 * y).minuit
        >>> f(2.0, 3.0), f.grad(2.0, 3.0).tolist(), f.hessian(2.0, 3.0).tolist()
        (12.0, [12.0, 4.0], [[6.0, 4.0], [4.0, 0.0]])
        """
        return ForMinuit(self)

    @functools.cached_property
    def lmfit(self) -> ForLmfit:
        """The function, of a dict of numbers, as lmfit takes one: ``fun`` and ``jac`` of ``Parameters``.

        Examples
        --------
        >>> import fastgrad
        >>> f = fastgrad.compile(lambda p, t, y: p["height"] * (-p["rate"] * t).exp() - y)
        >>> f.lmfit.of is f
        True
        """
        return ForLmfit(self)
