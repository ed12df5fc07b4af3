"""A very small neural network library."""
from .value import Value
from .layers import Dense, Sequential

__all__ = ["Value", "Dense", "Sequential"]
__version__ = "0.1.2"
