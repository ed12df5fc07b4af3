"""What optimizers and clipping take as parameters, optimizers' options, and what is refused."""

import copy
import math

import numpy as np
import pytest

from fastgrad import Scalar, Value, nn, optim, reference
from fastgrad._layers.leaves import Leaves
from support.optimizing import Stretches

# What parameters may be given as.


def test_a_module_and_its_list_of_parameters_are_the_same():
    model = nn.MLP(3, [4, 4, 1], rng=0)
    twin = copy.deepcopy(model)
    for params in (optim.Adam(model), optim.Adam(twin.parameters())):
        params.parameters.set_grad(np.arange(41.0))
        params.step()
    assert len(optim.SGD(model).parameters) == 41
    assert model.flat.tolist() == twin.flat.tolist()


def test_modules_and_scalars_may_be_mixed():
    x, first, second = Value(0.0), nn.Neuron(2), nn.Layer(2, 2)
    assert len(optim.SGD([first, x, second]).parameters) == 3 + 1 + 6
    assert len(optim.SGD(np.array([x, Scalar(1.0)])).parameters) == 2
    assert len(optim.SGD(first.w).parameters) == 2
    assert len(optim.SGD(x).parameters) == 1


@pytest.mark.parametrize(
    ("params", "complaint"),
    [
        ([], r"params has no parameters: \[\]"),
        (Stretches(), "params has no parameters"),
        ([Stretches(), []], "a list of modules and scalars; .. of type list is neither"),
        (None, "None of type NoneType is neither"),
        (3.0, "3.0 of type float is neither"),
        ([Value(1.0), 2.0], "2.0 of type float is neither"),
        ("w", "'w' of type str is neither"),
        ({"w": Value(1.0)}, "'w' of type str is neither"),
        (nn.MLP, "of type type is neither"),
        ([np.zeros(3)], "of type ndarray is neither"),
        ([nn.MLP(1, [1]).named_parameters()], "of type generator is neither"),
        (
            [reference.Value(1.0)],
            "neither: it is of module fastgrad.reference; import Value from fastgrad",
        ),
    ],
    ids=repr,
)
@pytest.mark.parametrize("use", [optim.SGD, lambda params: optim.clip_grad_norm_(params, 1.0)])
def test_what_is_no_parameters_is_refused(params, complaint, use):
    with pytest.raises((TypeError, ValueError), match=complaint):
        use(params)


@pytest.mark.parametrize("use", [optim.SGD, lambda params: optim.clip_grad_value_(params, 1.0)])
def test_a_parameter_given_twice_is_refused(use):
    run = Leaves(Value, 5)
    x = run[2]
    x.data = 0.125
    for params in ([x, x], [x, Stretches((run, 0, 5))], [Stretches((run, 0, 3)), Stretches((run, 2, 4))]):
        with pytest.raises(ValueError, match=r"params has Value\(data=0.125, grad=0.0\) more than once"):
            use(params)


def test_a_result_is_no_parameter():
    x = Value(2.0)
    with pytest.raises(ValueError, match=r"params must be leaves, but Value\(data=4.0.* is the result of an operation"):
        optim.SGD([x, x * 2.0])


# Options.

NOT_NUMBERS = [("0.1", TypeError), (None, TypeError), (Value(0.1), TypeError), (1j, TypeError), ([0.1], TypeError)]
NEGATIVE = [(-0.1, ValueError), (math.nan, ValueError), (math.inf, ValueError), (-math.inf, ValueError)]
BAD = [
    *[
        ("SGD", name, *bad)
        for name in ("lr", "momentum", "dampening", "weight_decay")
        for bad in NEGATIVE + NOT_NUMBERS
    ],
    *[("Adam", name, *bad) for name in ("lr", "eps", "weight_decay") for bad in NEGATIVE + NOT_NUMBERS],
    *[("RMSprop", name, *bad) for name in ("lr", "eps", "momentum") for bad in NEGATIVE + NOT_NUMBERS],
    *[("RMSprop", "alpha", *bad) for bad in [(1.0, ValueError), *NEGATIVE, *NOT_NUMBERS]],
    *[("AdamW", "betas", (bad[0], 0.9), bad[1]) for bad in [(1.0, ValueError), *NEGATIVE, *NOT_NUMBERS]],
    *[("AdamW", "betas", (0.9, bad[0]), bad[1]) for bad in [(1.0, ValueError), *NEGATIVE, *NOT_NUMBERS]],
    *[("Adam", "betas", bad, ValueError) for bad in (0.9, (0.9,), (0.9, 0.99, 0.999), None)],
    *[("SGD", "nesterov", bad, TypeError) for bad in ("yes", 2, None, math.nan, np.ones(2), Value(1.0))],
    *[("RMSprop", "centered", bad, TypeError) for bad in ("yes", 2, None)],
]


@pytest.mark.parametrize(("kind", "name", "bad", "error"), BAD, ids=repr)
def test_a_bad_option_is_refused_by_its_name(kind, name, bad, error):
    with pytest.raises(error, match=f"^{name}"):
        getattr(optim, kind)([Value(1.0)], **{name: bad})


@pytest.mark.parametrize("others", [{}, {"momentum": 0.0}, {"momentum": 0.9, "dampening": 0.1}])
def test_nesterov_needs_momentum_without_dampening(others):
    with pytest.raises(ValueError, match="nesterov needs a momentum above 0 and a dampening of 0, not"):
        optim.SGD([Value(1.0)], nesterov=True, **others)


def test_the_learning_rate_can_be_set():
    x = Value(1.0)
    optimizer = optim.SGD(x)
    assert optimizer.lr == 1e-3
    optimizer.lr = 0.25
    x.grad = 1.0
    optimizer.step()
    assert x.data == 0.75
    for bad in [-1.0, math.nan, math.inf]:
        with pytest.raises(ValueError, match="^lr must be at least 0 and finite, not"):
            optimizer.lr = bad
    with pytest.raises(TypeError, match="^lr must be a real number, not 'fast' of type str"):
        optimizer.lr = "fast"
    assert optimizer.lr == 0.25


def test_a_learning_rate_of_zero_changes_nothing():
    x = Value(1.0)
    x.grad = 1.0
    optim.SGD(x, lr=0).step()
    assert x.data == 1.0


def test_the_representation_says_what_there_is():
    assert repr(optim.SGD(Value(0.0), momentum=1)) == (
        "SGD(1 parameter, lr=0.001, momentum=1.0, dampening=0.0, weight_decay=0.0, nesterov=False)"
    )
    assert repr(optim.Adam(nn.MLP(3, [4, 4, 1]))).startswith("Adam(41 parameters, lr=0.001, beta1=0.9, ")


def test_an_optimizer_is_one_of_the_four():
    with pytest.raises(TypeError, match="make an SGD, Adam, AdamW or RMSprop"):
        optim.Optimizer([Value(1.0)])


def test_an_optimizer_that_was_not_initialized_says_so():
    blank = optim.SGD.__new__(optim.SGD)
    for use in (blank.step, blank.zero_grad, blank.state_dict):
        with pytest.raises(TypeError, match="this SGD has no parameters: its __init__ was not called"):
            use()


def test_an_optimizer_may_be_initialized_again():
    x, y = Value(1.0), Value(1.0)
    optimizer = optim.SGD([x], lr=1.0, momentum=0.5)
    optimizer.__init__([x, y], lr=0.5)
    x.grad = y.grad = 1.0
    optimizer.step()
    assert (x.data, y.data) == (0.5, 0.5)
