"""Schedules of the learning rate, against plain formulas and against torch."""

import math
import pickle

import pytest

from fastgrad import Value, optim
from support.optimizing import name_of

SCHEDULES = [
    ("ConstantLR", {}, lambda t: 0.3 * (1 / 3 if t < 5 else 1.0)),
    ("ConstantLR", {"factor": 0.25, "total_iters": 20}, lambda t: 0.3 * (0.25 if t < 20 else 1.0)),
    ("StepLR", {"step_size": 7}, lambda t: 0.3 * 0.1 ** (t // 7)),
    ("StepLR", {"step_size": 1, "gamma": 0.9}, lambda t: 0.3 * 0.9**t),
    ("CosineAnnealingLR", {"T_max": 50}, lambda t: 0.15 + 0.15 * math.cos(math.pi * t / 50)),
    (
        "CosineAnnealingLR",
        {"T_max": 8, "eta_min": 0.1},
        lambda t: 0.1 + 0.1 * (1 + math.cos(math.pi * (t % 16) / 8)),
    ),
    ("LinearLR", {}, lambda t: 0.3 * (1 / 3 + 2 / 3 * min(t, 5) / 5)),
    (
        "LinearLR",
        {"start_factor": 0.9, "end_factor": 0.1, "total_iters": 30},
        lambda t: 0.3 * (0.9 - 0.8 * min(t, 30) / 30),
    ),
]
each_schedule = pytest.mark.parametrize(("kind", "settings", "formula"), SCHEDULES, ids=name_of)


@each_schedule
def test_learning_rates_are_those_of_the_formula(kind, settings, formula):
    optimizer = optim.SGD(Value(1.0), lr=0.3)
    schedule = getattr(optim, kind)(optimizer, **settings)
    for epoch in range(51):
        assert optimizer.lr == pytest.approx(formula(epoch), rel=1e-12, abs=1e-16)
        assert schedule.get_last_lr() == [optimizer.lr]
        assert schedule.epoch == epoch
        schedule.step()


@each_schedule
@pytest.mark.filterwarnings("ignore:.*lr_scheduler.step")
def test_learning_rates_are_torchs(kind, settings, formula):
    torch = pytest.importorskip("torch")
    ours = optim.Adam(Value(1.0), lr=0.3)
    schedule = getattr(optim, kind)(ours, **settings)
    theirs = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.3)
    their_schedule = getattr(torch.optim.lr_scheduler, kind)(theirs, **settings)
    for _ in range(51):
        assert schedule.get_last_lr() == pytest.approx(their_schedule.get_last_lr(), rel=1e-12, abs=1e-15)
        schedule.step()
        their_schedule.step()


def test_a_learning_rate_set_by_hand_lasts_until_the_next_epoch():
    optimizer = optim.SGD(Value(1.0), lr=1.0)
    schedule = optim.StepLR(optimizer, step_size=1, gamma=0.5)
    optimizer.lr = 0.75
    assert schedule.get_last_lr() == [1.0]
    schedule.step()
    assert optimizer.lr == 0.5


def test_a_schedule_is_copied_with_its_optimizer():
    schedule = optim.LinearLR(optim.SGD(Value(1.0), lr=1.0), start_factor=0.5, total_iters=2)
    schedule.step()
    twin = pickle.loads(pickle.dumps(schedule))
    twin.step()
    assert (twin.optimizer.lr, schedule.optimizer.lr) == (1.0, 0.75)
    assert repr(schedule) == "LinearLR(base_lr=1.0, epoch=1, start_factor=0.5, end_factor=1.0, total_iters=2)"


@pytest.mark.parametrize(
    ("kind", "settings", "error", "complaint"),
    [
        ("ConstantLR", {"factor": -1.0}, ValueError, "factor must be at least 0"),
        ("ConstantLR", {"total_iters": 0}, ValueError, "total_iters must be at least 1, not 0"),
        ("StepLR", {"step_size": 0}, ValueError, "step_size must be at least 1, not 0"),
        ("StepLR", {"step_size": 2.5}, TypeError, "step_size must be a whole number, not 2.5 of type float"),
        ("StepLR", {"step_size": 1, "gamma": math.nan}, ValueError, "gamma must be at least 0"),
        ("CosineAnnealingLR", {"T_max": -3}, ValueError, "T_max must be at least 1, not -3"),
        ("CosineAnnealingLR", {"T_max": 3, "eta_min": -1e-9}, ValueError, "eta_min must be at least 0"),
        ("LinearLR", {"start_factor": math.inf}, ValueError, "start_factor must be at least 0 and finite, not inf"),
        ("LinearLR", {"end_factor": "1"}, TypeError, "end_factor must be a real number"),
        ("LinearLR", {"total_iters": None}, TypeError, "total_iters must be a whole number"),
    ],
)
def test_a_bad_schedule_is_refused_and_changes_nothing(kind, settings, error, complaint):
    optimizer = optim.SGD(Value(1.0), lr=1.0)
    with pytest.raises(error, match=f"^{complaint}"):
        getattr(optim, kind)(optimizer, **settings)
    assert optimizer.lr == 1.0


def test_a_schedule_is_of_an_optimizer():
    with pytest.raises(TypeError, match="optimizer must be an Optimizer, not 0.1 of type float"):
        optim.StepLR(0.1, 1)
    with pytest.raises(TypeError, match="make a StepLR or another one"):
        optim.Schedule(optim.SGD(Value(1.0)))
