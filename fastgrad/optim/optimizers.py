"""Optimizers, and clipping of gradients. Exported from ``fastgrad.optim``."""

from __future__ import annotations

import copyreg
import math
from collections.abc import Iterable, Mapping

from fastgrad._layers.parameters import Parameters, Update, real
from fastgrad._tape.node import Node

TYPE_CHECKING = False  # true to type checkers; typing is slow to import
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any, Protocol, SupportsFloat, TypeAlias

    from typing_extensions import TypeIs

    from fastgrad._layers.leaves import Leaves

    class _Module(Protocol):
        def _stretches(self) -> Any: ...

    _One: TypeAlias = _Module | Node
    _Params: TypeAlias = _One | Iterable[_One] | "Optimizer"
    _Stretch: TypeAlias = Node | tuple[Leaves, int, int]


def _share(number: SupportsFloat, name: str) -> float:
    return real(number, name, 1.0)


def _flag(given: Any, name: str) -> bool:
    if getattr(given, "ndim", 0) or given not in (0, 1):
        raise TypeError(f"{name} must be True or False, not {given!r:.60} of type {type(given).__name__}")
    return bool(given)


# Optimizers.


class Optimizer(Update):
    """What every optimizer has: `SGD`, `Adam`, `AdamW` and `RMSprop` are made of it.

    ``step()`` changes the parameters once, by their gradients; ``zero_grad()`` sets these to 0. An optimizer pickled or
    copied together with its module, the module first, keeps to the module's parameters.

    Attributes
    ----------
    lr : float
        The learning rate. It may be set at any time.
    parameters : Parameters
        All of them as one: ``parameters.data`` and ``parameters.grad`` are copies, arrays of shape (n,).
    """

    _rule = ""  # its name in updates.c
    _checks: Mapping[str, Callable[[Any, str], float]] = {}  # by option, what checks it
    _fixed: Mapping[str, float] = {}  # options that are not the caller's to choose
    _arrays: Mapping[str, str | None] = {}  # by state array, the option without which it is not used, if there is one

    def __init__(self, params: _Params, **options: SupportsFloat) -> None:
        if not self._rule:
            raise TypeError("Optimizer is what optimizers have in common: make an SGD, Adam, AdamW or RMSprop")
        checked = self._checked(options)
        self._begin(_parameters_of(params), self._rule, {**checked, **self._fixed})

    def _checked(self, options: Mapping[str, Any]) -> dict[str, float]:
        return {name: check(options[name], name) for name, check in self._checks.items()}

    def _options(self) -> dict[str, float]:
        return {name: check(self._option(name), name) for name, check in self._checks.items()}

    def _used(self, options: Mapping[str, float]) -> list[str]:
        """The names of the state arrays that are used with these options."""
        return [name for name, option in self._arrays.items() if option is None or options[option]]

    def state_dict(self) -> dict[str, Any]:
        """Return what it takes to go on later: options, the number of steps taken, and state arrays.

        Returns
        -------
        dict
            From names to numbers and arrays of shape (parameters,), all of them copies. The parameters are not among
            them: save those with the module.

        Examples
        --------
        >>> from fastgrad import Value, optim
        >>> optim.SGD([Value(1.0)], lr=0.5, momentum=0.9).state_dict()["momentum_buffer"]
        array([0.])
        """
        options = self._options()
        return {**options, "steps": self._steps(), **{name: self._array(name) for name in self._used(options)}}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Take over options and state from an optimizer of the same class for as many parameters.

        Parameters
        ----------
        state_dict : dict
            What `state_dict` returned.

        Raises
        ------
        TypeError, ValueError
            If it is not one of such an optimizer; nothing has changed then.

        Examples
        --------
        >>> from fastgrad import Value, optim
        >>> first, second = optim.Adam([Value(1.0)], lr=0.5), optim.Adam([Value(1.0)])
        >>> second.load_state_dict(first.state_dict())
        >>> second.lr
        0.5
        """
        self._restore(self.parameters, state_dict)

    def _restore(self, parameters: Parameters, state_dict: Mapping[str, Any]) -> None:
        if not isinstance(state_dict, Mapping):
            raise TypeError(f"state_dict must be a dict, not {state_dict!r:.60} of type {type(state_dict).__name__}")
        options = self._checked(_entries(state_dict, self._checks))
        steps = real(_entries(state_dict, ["steps"])["steps"], "steps")
        arrays = _entries(state_dict, self._used(options))
        unknown = [name for name in state_dict if name not in options and name not in arrays and name != "steps"]
        if unknown:
            raise ValueError(f"state_dict has {unknown[0]!r}, which {type(self).__name__} does not know")
        if steps != math.floor(steps):
            raise ValueError(f"steps must be a whole number, not {steps}")
        self._begin(parameters, self._rule, {**options, **self._fixed}, steps, arrays)

    def __reduce__(self) -> tuple[Any, ...]:
        new = copyreg.__newobj__  # type: ignore[attr-defined]  # as object.__reduce_ex__ has it
        return new, (type(self),), (self.parameters, self.state_dict(), vars(self))

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        parameters, state_dict, attributes = state
        self._restore(parameters, state_dict)
        vars(self).update(attributes)

    def __repr__(self) -> str:
        options = ", ".join(f"{name}={value}" for name, value in self._options().items())
        count = 0 if self.parameters is None else len(self.parameters)
        return f"{type(self).__name__}({count:,} parameter{'s' * (count != 1)}, {options})"


def _entries(state_dict: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    """Some of the entries; ValueError for the first that is not there."""
    for name in names:
        if name not in state_dict:
            raise ValueError(f"state_dict has no {name!r}: is it another optimizer's?")
    return {name: state_dict[name] for name in names}


def _parameters_of(params: _Params) -> Parameters:
    """The parameters of a module, a scalar, an optimizer, or several modules and scalars: leaves, each once."""
    if isinstance(params, Optimizer):
        return params.parameters
    stretches: list[_Stretch] = []
    for entry in [params] if _is_one(params) or not isinstance(params, Iterable) else params:
        if not _is_one(entry):
            raise TypeError(
                "params must be a module, a scalar, or a list of modules and scalars; "
                f"{entry!r:.60} of type {type(entry).__name__} is neither{_if_foreign(type(entry))}"
            )
        stretches += [entry] if isinstance(entry, Node) else entry._stretches()
    parameters = Parameters(stretches)
    if not len(parameters):
        where = "; a module's are scalars and modules among its attributes" if hasattr(params, "_stretches") else ""
        raise ValueError(f"params has no parameters: {params!r:.60}{where}")
    parameters.check()
    return parameters


def _if_foreign(kind: type) -> str:
    """What to do with a scalar of another engine, or nothing."""
    if not hasattr(kind, "backward"):
        return ""
    return f": it is of module {kind.__module__}; import Value from fastgrad in its place"


def _is_one(entry: object) -> TypeIs[_One]:
    return isinstance(entry, Node) or (hasattr(entry, "_stretches") and not isinstance(entry, type))


class SGD(Optimizer):
    """Stochastic gradient descent, with momentum if asked.

    Parameters
    ----------
    params : nn.Module, scalar, or iterable of both
        What to optimize: leaves, each once.
    lr : float
        The learning rate, at least 0.
    momentum : float
        How much of the last step goes into the next.
    dampening : float
        How much of a gradient does not go into the momentum.
    weight_decay : float
        Adds this many times the parameter to its gradient.
    nesterov : bool
        Whether to look ahead along the momentum, which must not be 0 then, and dampening must be.

    Notes
    -----
    As in torch, the momentum starts as the first gradient, and the learning rate is applied to the momentum: see
    Sutskever et al., "On the importance of initialization and momentum in deep learning" (2013), who do not.

    Examples
    --------
    >>> from fastgrad import nn, optim
    >>> optim.SGD(nn.MLP(3, [4, 4, 1]), lr=0.1, momentum=0.9)
    SGD(41 parameters, lr=0.1, momentum=0.9, dampening=0.0, weight_decay=0.0, nesterov=False)
    """

    _rule = "sgd"
    _checks = {"lr": real, "momentum": real, "dampening": real, "weight_decay": real, "nesterov": _flag}
    _arrays = {"momentum_buffer": "momentum"}

    def __init__(
        self,
        params: _Params,
        lr: SupportsFloat = 1e-3,
        momentum: SupportsFloat = 0.0,
        dampening: SupportsFloat = 0.0,
        weight_decay: SupportsFloat = 0.0,
        nesterov: bool = False,
    ) -> None:
        super().__init__(
            params, lr=lr, momentum=momentum, dampening=dampening, weight_decay=weight_decay, nesterov=nesterov
        )

    def _checked(self, options: Mapping[str, Any]) -> dict[str, float]:
        options = super()._checked(options)
        if options["nesterov"] and not (options["momentum"] and options["dampening"] == 0.0):
            raise ValueError(
                "nesterov needs a momentum above 0 and a dampening of 0, "
                f"not {options['momentum']} and {options['dampening']}"
            )
        return options


class Adam(Optimizer):
    """Steps of a mean gradient by the root of a mean squared one.

    Parameters
    ----------
    params : nn.Module, scalar, or iterable of both
        What to optimize: leaves, each once.
    lr : float
        The learning rate, at least 0: about how far a step goes.
    betas : (float, float)
        How much of the mean, and of the mean square, stays at a step; both at least 0 and below 1.
    eps : float
        Added to the root.
    weight_decay : float
        Adds this many times the parameter to its gradient.

    Notes
    -----
    Kingma and Ba, "Adam: a method for stochastic optimization", arXiv:1412.6980.

    Examples
    --------
    >>> from fastgrad import Value, optim
    >>> x = Value(1.0)
    >>> x.grad = 100.0
    >>> optim.Adam([x], lr=0.25).step()
    >>> round(x.data, 9)
    0.75
    """

    _rule = "adam"
    _checks = {"lr": real, "beta1": _share, "beta2": _share, "eps": real, "weight_decay": real}
    _arrays = {"exp_avg": None, "exp_avg_sq": None}

    def __init__(
        self,
        params: _Params,
        lr: SupportsFloat = 1e-3,
        betas: Sequence[SupportsFloat] = (0.9, 0.999),
        eps: SupportsFloat = 1e-8,
        weight_decay: SupportsFloat = 0.0,
    ) -> None:
        beta1, beta2 = _pair(betas)
        super().__init__(params, lr=lr, beta1=beta1, beta2=beta2, eps=eps, weight_decay=weight_decay)


def _pair(betas: Sequence[SupportsFloat]) -> tuple[float, float]:
    try:
        beta1, beta2 = betas
    except (TypeError, ValueError):
        raise ValueError(f"betas must be two numbers, not {betas!r:.60}") from None
    return _share(beta1, "betas[0]"), _share(beta2, "betas[1]")


class AdamW(Adam):
    """Adam that takes the weight decay off the parameters, apart from the gradient's step.

    Parameters
    ----------
    params : nn.Module, scalar, or iterable of both
        What to optimize: leaves, each once.
    lr : float
        The learning rate, at least 0.
    betas : (float, float)
        How much of the mean, and of the mean square, stays at a step; both at least 0 and below 1.
    eps : float
        Added to the root.
    weight_decay : float
        At each step a parameter loses lr times this part of itself.

    Notes
    -----
    Loshchilov and Hutter, "Decoupled weight decay regularization", arXiv:1711.05101.

    Examples
    --------
    >>> from fastgrad import Value, optim
    >>> x = Value(1.0)
    >>> optim.AdamW([x], lr=0.5, weight_decay=0.5).step()
    >>> x.data
    0.75
    """

    _fixed = {"decoupled": 1.0}

    def __init__(
        self,
        params: _Params,
        lr: SupportsFloat = 1e-3,
        betas: Sequence[SupportsFloat] = (0.9, 0.999),
        eps: SupportsFloat = 1e-8,
        weight_decay: SupportsFloat = 1e-2,
    ) -> None:
        super().__init__(params, lr, betas, eps, weight_decay)


class RMSprop(Optimizer):
    """Steps of the gradient by the root of a mean squared one.

    Parameters
    ----------
    params : nn.Module, scalar, or iterable of both
        What to optimize: leaves, each once.
    lr : float
        The learning rate, at least 0.
    alpha : float
        How much of the mean square stays at a step; at least 0 and below 1.
    eps : float
        Added to the root.
    weight_decay : float
        Adds this many times the parameter to its gradient.
    momentum : float
        How much of the last step goes into the next.
    centered : bool
        Whether to take the variance of the gradient for its mean square.

    Notes
    -----
    Hinton, "Neural networks for machine learning", lecture 6e; centered: Graves, arXiv:1308.0850.

    Examples
    --------
    >>> from fastgrad import Value, optim
    >>> x = Value(1.0)
    >>> x.grad = 100.0
    >>> optim.RMSprop([x], lr=0.25, alpha=0.75).step()
    >>> round(x.data, 9)
    0.5
    """

    _rule = "rmsprop"
    _checks = {"lr": real, "alpha": _share, "eps": real, "weight_decay": real, "momentum": real, "centered": _flag}
    _arrays = {"square_avg": None, "grad_avg": "centered", "momentum_buffer": "momentum"}

    def __init__(
        self,
        params: _Params,
        lr: SupportsFloat = 1e-2,
        alpha: SupportsFloat = 0.99,
        eps: SupportsFloat = 1e-8,
        weight_decay: SupportsFloat = 0.0,
        momentum: SupportsFloat = 0.0,
        centered: bool = False,
    ) -> None:
        super().__init__(
            params, lr=lr, alpha=alpha, eps=eps, weight_decay=weight_decay, momentum=momentum, centered=centered
        )


# Clipping.


def _bound(number: SupportsFloat, name: str) -> float:
    return math.inf if number == math.inf else real(number, name)


def clip_grad_norm_(params: _Params, max_norm: SupportsFloat, norm_type: SupportsFloat = 2.0) -> float:
    """Scale gradients down, all by the same factor, where their norm is above a bound.

    Parameters
    ----------
    params : nn.Module, scalar, iterable of both, or Optimizer
    max_norm : float
        The bound, at least 0. With ``math.inf`` the norm is only computed.
    norm_type : float
        The norm's order, above 0; ``math.inf`` is for the largest magnitude.

    Returns
    -------
    float
        The norm before, of all gradients as one vector. If it is nan or infinite, gradients become nan or 0, as in
        torch.

    Examples
    --------
    >>> from fastgrad import Value, optim
    >>> x, y = Value(0.0), Value(0.0)
    >>> x.grad, y.grad = 3.0, 4.0
    >>> optim.clip_grad_norm_([x, y], max_norm=1.0)
    5.0
    >>> round(x.grad, 6), round(y.grad, 6)
    (0.6, 0.8)
    """
    parameters, max_norm, norm_type = (
        _parameters_of(params),
        _bound(max_norm, "max_norm"),
        _bound(norm_type, "norm_type"),
    )
    if norm_type == 0.0:
        raise ValueError("norm_type must be above 0, not 0.0")
    norm = parameters.grad_norm(norm_type)
    beyond = norm + 1e-6  # what torch takes to divide by
    if not beyond <= max_norm:
        parameters.scale_grad(max_norm / beyond)
    return norm


def clip_grad_value_(params: _Params, clip_value: SupportsFloat) -> None:
    """Bring every gradient into [-clip_value, clip_value].

    Parameters
    ----------
    params : nn.Module, scalar, iterable of both, or Optimizer
    clip_value : float
        At least 0.

    Examples
    --------
    >>> from fastgrad import Value, optim
    >>> x = Value(0.0)
    >>> x.grad = -7.0
    >>> optim.clip_grad_value_(x, 2.0)
    >>> x.grad
    -2.0
    """
    parameters, clip_value = _parameters_of(params), _bound(clip_value, "clip_value")
    parameters.clamp_grad(clip_value)
