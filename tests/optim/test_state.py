"""Optimizers' state: an optimizer goes on where it was, from a dict, a file or a copy."""

import copy

import numpy as np
import pytest

import fastgrad
from fastgrad import Value, nn, optim
from support.optimizing import each_setting, in_a_list, started, train


def saved(state, tmp_path):
    np.savez(tmp_path / "state.npz", **state)
    with np.load(tmp_path / "state.npz") as loaded:
        return dict(loaded)


@each_setting
@pytest.mark.parametrize("by_file", [False, True])
def test_an_optimizer_goes_on_from_its_state_bit_for_bit(kind, settings, by_file, tmp_path):
    params, w = started(in_a_list)
    optimizer = getattr(optim, kind)(params, **settings)
    train(optimizer, w, 10)
    state, middle = optimizer.state_dict(), fastgrad.values(w)
    kept = copy.deepcopy(state)
    expected = train(optimizer, w, 10)
    fastgrad.set_values(w, middle)
    other = getattr(optim, kind)(params)
    other.load_state_dict(saved(state, tmp_path) if by_file else state)
    np.testing.assert_equal(state, kept)
    assert other.lr == settings["lr"]
    assert train(other, w, 10).tolist() == expected.tolist()


def test_a_state_is_of_plain_numbers_and_arrays():
    state = optim.RMSprop([Value(0.0)] * 1, momentum=0.5, centered=True).state_dict()
    assert list(state) == [
        *("lr", "alpha", "eps", "weight_decay", "momentum", "centered", "steps"),
        *("square_avg", "grad_avg", "momentum_buffer"),
    ]
    assert {type(entry) for entry in state.values()} == {float, bool, int, np.ndarray}


def test_a_state_has_only_the_arrays_that_are_used():
    arrays = {"momentum_buffer", "square_avg", "grad_avg"}
    x = Value(0.0)
    assert arrays & set(optim.SGD(x).state_dict()) == set()
    assert arrays & set(optim.RMSprop(x).state_dict()) == {"square_avg"}


def without(state, name):
    return {key: entry for key, entry in state.items() if key != name}


@pytest.mark.parametrize(
    ("change", "error", "complaint"),
    [
        (lambda state: None, TypeError, "state_dict must be a dict, not None of type NoneType"),
        (lambda state: list(state), TypeError, r"state_dict must be a dict, not \['lr'.* of type list"),
        (lambda state: without(state, "lr"), ValueError, "state_dict has no 'lr'"),
        (lambda state: without(state, "steps"), ValueError, "state_dict has no 'steps'"),
        (lambda state: without(state, "momentum_buffer"), ValueError, "state_dict has no 'momentum_buffer'"),
        (lambda state: state | {"exp_avg": np.zeros(2)}, ValueError, "state_dict has 'exp_avg', which SGD does not"),
        (lambda state: state | {"momentum": 0.0}, ValueError, "state_dict has 'momentum_buffer', which SGD does not"),
        (lambda state: state | {"lr": -1.0}, ValueError, "lr must be at least 0"),
        (lambda state: state | {"lr": "1"}, TypeError, "lr must be a real number"),
        (lambda state: state | {"steps": 1.5}, ValueError, "steps must be a whole number, not 1.5"),
        (lambda state: state | {"steps": -1}, ValueError, "steps must be at least 0"),
        (lambda state: state | {"momentum_buffer": np.zeros(3)}, ValueError, r"momentum_buffer .*\(2,\), not \(3,\)"),
        (lambda state: state | {"momentum_buffer": ["a", "b"]}, TypeError, "momentum_buffer must be an array of real"),
        (lambda state: optim.Adam(Value(1.0)).state_dict(), ValueError, "state_dict has no 'momentum'"),
    ],
)
def test_a_bad_state_is_refused_and_changes_nothing(change, error, complaint):
    w = [Value(1.0), Value(2.0)]
    optimizer = optim.SGD(w, lr=0.5, momentum=0.5)
    w[0].grad = 1.0
    optimizer.step()
    before = optimizer.state_dict()
    with pytest.raises(error, match=complaint):
        optimizer.load_state_dict(change(before | {"lr": 0.25}))
    np.testing.assert_equal(optimizer.state_dict(), before)


def test_an_optimizer_copied_with_its_module_keeps_to_it(copied):
    model = nn.MLP(2, [3, 1], rng=1)
    optimizer = optim.Adam(model, lr=0.1)
    model([1.0, 2.0]).backward()
    optimizer.step()
    optimizer.note = [optimizer]
    twin, its_optimizer = copied((model, optimizer))
    assert type(its_optimizer) is optim.Adam
    assert its_optimizer.note[0] is its_optimizer
    for net, steps in ((model, optimizer), (twin, its_optimizer)):
        steps.zero_grad()
        net([1.0, 2.0]).backward()
        steps.step()
    assert twin.flat.tolist() == model.flat.tolist()
    twin.flat = np.zeros(13)
    assert its_optimizer.parameters.data.tolist() == [0.0] * 13


def test_an_optimizer_copied_with_scalars_keeps_to_them(copied):
    w = [Value(1.0), Value(2.0)]
    optimizer = optim.SGD(w, lr=0.5)
    twins, its_optimizer = copied((w, optimizer))
    twins[1].grad = 1.0
    its_optimizer.step()
    assert [x.data for x in twins] == [1.0, 1.5]
    assert [x.data for x in w] == [1.0, 2.0]
