"""Python's loops over numbers as kernels."""

from fastgrad.fusing.functions import compiled, fuse, fused_loops

__all__ = ["compiled", "fuse", "fused_loops"]
