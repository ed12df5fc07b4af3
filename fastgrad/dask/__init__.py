"""Rows on many machines: Dask's arrays and data frames as they are, and blocks of rows for any executor.

>>> import fastgrad, numpy as np
>>> import dask.array as da
>>> error = fastgrad.compile(lambda p, x, y: (p[0] * x + p[1] - y) ** 2)
>>> x = da.arange(1000, chunks=100) / 1000
>>> error.mean_value_and_grad(np.array([2.0, 1.0]), x, 2.0 * x + 1.0, in_axes=(None, 0, 0))
(0.0, array([0., 0.]))
"""

from fastgrad.dask.blocks import Column, blocks
from fastgrad.dask.local import fit_local

__all__ = ["Column", "blocks", "fit_local"]
