"""What `fastgrad.compile` makes: see `fastgrad.compiled.function`."""

from fastgrad.compiled.function import Compiled, TraceError, compile
from fastgrad.compiled.function import _loaded as _loaded  # pickles of 0.3.0 name it here

__all__ = ["Compiled", "TraceError", "compile"]
