"""`fastgrad.compile`: record a function once, then replay it over any number of rows.

>>> import fastgrad
>>> @fastgrad.compile
... def f(x, y):
...     return x * y if x > 0 else y
>>> f(2.0, 3.0), f.value_and_grad(-2.0, 3.0, argnums=1)
(6.0, (3.0, 1.0))
>>> import numpy as np
>>> f.batch(np.array([2.0, -2.0]), np.array([3.0, 3.0])).tolist()
[6.0, 3.0]
"""

from fastgrad._tape.observer import TraceError
from fastgrad.compiled.function import Compiled, compile
from fastgrad.compiled.function import _loaded as _loaded  # pickles of 0.3.0 name it here

__all__ = ["Compiled", "TraceError", "compile"]
