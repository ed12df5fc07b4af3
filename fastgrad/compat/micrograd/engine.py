"""micrograd's ``Value``, which is fastgrad's."""

from fastgrad import Value

__all__ = ["Value"]
