"""Derivatives of plain functions, of any order: `grad`, `hessian` and others, with JAX's names.

>>> import fastgrad
>>> fastgrad.grad(lambda x, y: x * y**2)(2.0, 3.0)
9.0
>>> fastgrad.hessian(lambda x: x[0] ** 2 * x[1])([2.0, 3.0])
[[6.0, 4.0], [4.0, 0.0]]
>>> fastgrad.grad(lambda x: x * fastgrad.grad(lambda y: x * y)(1.0))(4.0)
8.0
"""

from fastgrad.transforms.checking import GradientCheck, check_grad
from fastgrad.transforms.functions import (
    derivative,
    grad,
    hessian,
    jacobian,
    value_and_grad,
    value_grad_and_hessian,
)
from fastgrad.transforms.products import hvp, jvp, vjp
from fastgrad.transforms.recomputing import checkpoint

__all__ = [
    "GradientCheck",
    "check_grad",
    "checkpoint",
    "derivative",
    "grad",
    "hessian",
    "hvp",
    "jacobian",
    "jvp",
    "value_and_grad",
    "value_grad_and_hessian",
    "vjp",
]
