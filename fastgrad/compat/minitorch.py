"""The dialect of the course that builds a small torch: its scalar module, its modules and its optimizer.

A gradient is called derivative. Only leaves gather it, over the sweeps until it is set to None, and it is None before
the first sweep that reaches a leaf. The numbers inside start every sweep at 0.

>>> x, y = Scalar(3.0, name="x"), Scalar(4.0)
>>> z = x * y + x.exp() * 0.0
>>> z.backward()
>>> z, x.derivative, y.derivative, z.derivative
(Scalar(12.000000), 4.0, 3.0, None)
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, SupportsFloat, TypeVar

import fastgrad

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from typing_extensions import Self

__all__ = [
    "SGD",
    "Module",
    "Optimizer",
    "Parameter",
    "Scalar",
    "ScalarHistory",
    "central_difference",
    "derivative_check",
]

_LOG_EPSILON = 1e-6  # the course adds it to what it takes the logarithm of, so that there is one of 0
_ids = itertools.count(1)
_S = TypeVar("_S", bound="Scalar")


@dataclass(frozen=True)
class ScalarHistory:
    """How a number was made: the operation's symbol, None for a leaf, and the operands that are scalars.

    >>> x = Scalar(10.0)
    >>> (x * 2.0).history, x.history
    (ScalarHistory(last_fn='*2', inputs=[Scalar(10.000000)]), ScalarHistory(last_fn=None, inputs=[]))
    """

    last_fn: str | None = None
    inputs: Sequence[Scalar] = ()


class Scalar(fastgrad.Value):
    """A number that remembers how it was made.

    Parameters
    ----------
    v : float
        The number.
    back : ScalarHistory or None
        None makes a constant, which gathers no derivative. What has a history of operations is made by them.
    name : str, optional
        A name, also for drawings; without one it is the number's id.

    Examples
    --------
    >>> x = Scalar(2.0)
    >>> Scalar(1.0) < x, x == 2.0, (x == 3.0).data, x.is_leaf()
    (Scalar(1.000000), Scalar(1.000000), 0.0, True)
    """

    __slots__ = ()

    derivative: float | None = None
    _constant = False

    def __init__(self, v: SupportsFloat, back: ScalarHistory | None = ScalarHistory(), name: str | None = None) -> None:
        if back is not None and back.last_fn is not None:
            raise ValueError("a Scalar with a history is made by an operation, not by Scalar(...)")
        super().__init__(v)
        self._backward = self._reached
        self.requires_grad_(back is not None)
        if name is not None:
            self.name = name

    def __repr__(self) -> str:
        return f"Scalar({self.data:f})"

    # What the number is.

    @cached_property
    def unique_id(self) -> int:
        """A number that no other scalar has. It is given when it is first asked for."""
        return next(_ids)

    @property
    def name(self) -> str:
        """The given name, or the id as a string."""
        return self.label or str(self.unique_id)

    @name.setter
    def name(self, name: str) -> None:
        self.label = name

    @property
    def history(self) -> ScalarHistory | None:
        """How the number was made; None for a constant."""
        return None if self._constant else ScalarHistory(self.op or None, self.prev)

    @property
    def parents(self) -> Sequence[Scalar]:
        """The operands that are scalars."""
        assert not self._constant, "A constant has no parents."
        return self.prev

    def is_leaf(self) -> bool:
        """Whether the number was made by the user, not by an operation, and is no constant."""
        return not self._constant and not self.op

    def is_constant(self) -> bool:
        """Whether the number is a constant, without a history."""
        return self._constant

    def requires_grad_(self, wanted: bool = True) -> None:
        """Make a number of the user's a constant, or a leaf again."""
        if wanted == self._constant:
            assert not self.op, "Only leaf variables can be constants."
            self._constant = not wanted

    # Derivatives.

    def backward(self, d_output: SupportsFloat | None = 1.0, create_graph: bool = False) -> None:
        """Add to the derivative of every leaf below, for ``d_output`` as that of this number; None is 1, too."""
        self.zero_grad()
        super().backward(1.0 if d_output is None else d_output, create_graph)

    def accumulate_derivative(self, x: float) -> None:
        """Add ``x`` to a leaf's derivative."""
        assert self.is_leaf(), "Only leaf variables can have derivatives."
        self.derivative = (self.derivative or 0.0) + x

    def _reached(self) -> None:
        """Take what a sweep has brought to this leaf: it calls this when it comes by."""
        if not self._constant:
            self.accumulate_derivative(self.grad)

    # Operations that differ from fastgrad's.

    def log(self) -> Self:
        """Natural logarithm of the number and a millionth."""
        logarithm: Self = fastgrad.Value.log(self + _LOG_EPSILON)
        return logarithm

    def __eq__(self, other: fastgrad.Node | SupportsFloat) -> Self:  # type: ignore[override]
        return (self <= other) * (self >= other)

    def __ne__(self, other: object) -> bool:
        return not self == other

    __hash__ = fastgrad.Value.__hash__

    # Copies. A leaf's `_backward` is its own.

    def detach(self) -> Self:
        """Return a constant with the same number."""
        return type(self)(self.data, None)

    def __copy__(self) -> Self:
        return super().__copy__() if self.op else _leaf(*self._parts())

    def __reduce__(self) -> Any:
        return super().__reduce__() if self.op else (_leaf, self._parts())

    def _parts(self) -> tuple[type[Self], float, dict[str, Any]]:
        return type(self), self.data, {name: value for name, value in vars(self).items() if name != "_backward"}


def _leaf(number: type[_S], data: float, kept: dict[str, Any]) -> _S:
    leaf = number(data)
    vars(leaf).update(kept)
    return leaf


# Checks.


def central_difference(f: Callable[..., Any], *vals: Any, arg: int = 0, epsilon: float = 1e-6) -> Any:
    """Approximate the derivative of ``f`` by one of its arguments.

    >>> round(central_difference(lambda x, y: x * y, 5.0, 10.0, arg=1), 6)
    5.0
    """
    above, below = list(vals), list(vals)
    above[arg] = vals[arg] + epsilon
    below[arg] = vals[arg] - epsilon
    return (f(*above) - f(*below)) / (2.0 * epsilon)


def derivative_check(f: Callable[..., Scalar], *scalars: Scalar) -> None:
    """Print the derivatives of ``f`` by all its arguments beside central differences, and assert that they agree.

    They do within 0.01 and a hundredth.

    >>> derivative_check(lambda x: x * x, Scalar(3.0))
    [3.0] 6.0 0 Scalar(6.000000)
    """
    f(*scalars).backward()
    numbers = [x.data for x in scalars]
    for place, x in enumerate(scalars):
        check = central_difference(f, *scalars, arg=place)
        print(numbers, x.derivative, place, check)
        assert x.derivative is not None, f"no derivative has come to argument {place}"
        assert abs(x.derivative - check.data) <= 0.01 + 0.01 * abs(check.data), (
            f"at {numbers} the derivative by argument {place} is {x.derivative}, but the central difference is "
            f"{check.data}"
        )


# Modules.


class Parameter:
    """What holds a number of a module, its ``value``, which `update` replaces.

    >>> p = Parameter(Scalar(1.0), name="bias")
    >>> p.update(Scalar(0.5))
    >>> p, p.value.name
    (Scalar(0.500000), 'bias')
    """

    def __init__(self, x: Any, name: str | None = None) -> None:
        self.name = name
        self.update(x)

    def update(self, x: Any) -> None:
        """Put another value in place of the one before."""
        self.value = x
        if hasattr(x, "requires_grad_"):
            x.requires_grad_(True)
            if self.name:
                x.name = self.name

    def __repr__(self) -> str:
        return repr(self.value)


class Module:
    """A tree of parameters and other modules, which are found as they are assigned; a call is ``forward``.

    >>> class Scaled(Module):
    ...     def __init__(self):
    ...         super().__init__()
    ...         self.scale = Parameter(Scalar(3.0))
    ...     def forward(self, x):
    ...         return self.scale.value * x
    >>> model = Scaled()
    >>> model(2.0), model.named_parameters(), model
    (Scalar(6.000000), [('scale', Scalar(3.000000))], Scaled())
    """

    _modules: dict[str, Module]
    _parameters: dict[str, Parameter]
    training: bool
    forward: Callable[..., Any]

    def __init__(self) -> None:
        self._modules = {}
        self._parameters = {}
        self.training = True

    def modules(self) -> list[Module]:
        """Return the modules that are directly in this one."""
        return list(self._modules.values())

    def train(self) -> None:
        """Set ``training`` of this module and of all inside it."""
        self._set_training(True)

    def eval(self) -> None:
        """Clear ``training`` of this module and of all inside it."""
        self._set_training(False)

    def _set_training(self, training: bool) -> None:
        self.training = training
        for module in self.modules():
            module._set_training(training)

    def named_parameters(self) -> list[tuple[str, Parameter]]:
        """Return pairs of a parameter's path, such as ``layer.bias``, and the parameter: first this module's own."""
        inner = [
            (f"{name}.{path}", parameter)
            for name, module in self._modules.items()
            for path, parameter in module.named_parameters()
        ]
        return [*self._parameters.items(), *inner]

    def parameters(self) -> list[Parameter]:
        """Return the parameters in the order of `named_parameters`."""
        return [parameter for _, parameter in self.named_parameters()]

    def add_parameter(self, k: str, v: Any) -> Parameter:
        """Make a parameter of a value, under a name."""
        parameter = self._parameters[k] = Parameter(v, k)
        return parameter

    def __setattr__(self, key: str, val: Any) -> None:
        if isinstance(val, Parameter):
            self._parameters[key] = val
        elif isinstance(val, Module):
            self._modules[key] = val
        else:
            super().__setattr__(key, val)

    def __getattr__(self, key: str) -> Any:
        if key.startswith("__"):  # what Python asks for, such as how to copy
            raise AttributeError(key)
        for found in (vars(self).get("_parameters", {}), vars(self).get("_modules", {})):
            if key in found:
                return found[key]
        return None

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.forward(*args, **kwargs)

    def __repr__(self) -> str:
        lines = [f"({name}): {module!r}".replace("\n", "\n  ") for name, module in self._modules.items()]
        inner = "\n  " + "\n  ".join(lines) + "\n" if lines else ""
        return f"{type(self).__name__}({inner})"


# Optimizers.


class Optimizer:
    """What has parameters to change."""

    def __init__(self, parameters: Sequence[Parameter]) -> None:
        self.parameters = parameters


class SGD(Optimizer):
    """Gradient descent: a step replaces each number that has a derivative.

    >>> p = Parameter(Scalar(1.0))
    >>> (p.value * 3.0).backward()
    >>> SGD([p], lr=0.1).step()
    >>> p, p.value.derivative
    (Scalar(0.700000), None)
    """

    def __init__(self, parameters: Sequence[Parameter], lr: float = 1.0) -> None:
        super().__init__(parameters)
        self.lr = lr

    def zero_grad(self) -> None:
        """Set the derivatives to None."""
        for parameter in self.parameters:
            if getattr(parameter.value, "derivative", None) is not None:
                parameter.value.derivative = None

    def step(self) -> None:
        """Replace each number by one that is lower by ``lr`` times its derivative."""
        for parameter in self.parameters:
            value = parameter.value
            if getattr(value, "derivative", None) is not None:
                parameter.update(Scalar(value.data - self.lr * value.derivative))
