"""Recording is given up where it takes longer than it saves: decisions are counted, by a clock of the tests' own."""

import warnings

import numpy as np
import pytest

import fastgrad
from fastgrad.compiled import paths

FACTOR = 8  # times as long as a plain call a recording takes


class Clock:
    """Every call of a function takes a second, one that is recorded three more, and making a program of it four."""

    def __init__(self):
        self.now, self.recordings, self.plain = 0.0, 0, 0


@pytest.fixture
def clock(monkeypatch):
    clock, run, plainly, path = Clock(), paths.Paths._run, paths.Paths.call, paths.Run.path

    def recorded(self, *args):
        clock.recordings += 1
        clock.plain -= 1
        clock.now += 3
        return run(self, *args)

    def lowered(self):
        clock.now += 4
        return path(self)

    def called(self, numbers):
        clock.plain += 1
        clock.now += 1
        return plainly(self, numbers)

    monkeypatch.setattr(paths, "_FREE_SECONDS", 5e-4)
    monkeypatch.setattr(paths, "_seconds", lambda: clock.now)
    monkeypatch.setattr(paths.Paths, "_run", recorded)
    monkeypatch.setattr(paths.Run, "path", lowered)
    monkeypatch.setattr(paths.Paths, "call", called)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield clock


def way(x, ways):
    """Another path for each whole number below."""
    for k in range(ways):
        if x < k + 1:
            return x * k
    return x


def over_ways(ways):
    return fastgrad.compile(lambda x: way(x, ways))


def ladder(x):
    """Another path for each number: comparisons that Python asks."""
    total = 0.0
    for k in range(40):
        total = total + (x * k if x > k / 40 else x - k)
    return total


class TestSingleCalls:
    def test_a_function_that_goes_another_way_each_time_is_soon_called_plainly(self, clock):
        f = over_ways(41)
        found = [f.value_and_grad(k + 0.5) for k in range(41)]
        assert found == [((k + 0.5) * k, k) for k in range(41)]
        assert len(f.programs()) == clock.recordings == 1
        assert clock.now <= 1.5 * 41

    @pytest.mark.parametrize("calls", [300, 1000])
    def test_however_long_it_goes_on(self, clock, calls):
        f = over_ways(1000)
        for k in range(calls):
            f.value_and_grad(k + 0.5)
        assert clock.now <= 1.5 * calls

    def test_a_few_ways_are_recorded_at_once_where_that_takes_no_time(self, clock, monkeypatch):
        monkeypatch.setattr(paths, "_FEW_SECONDS", 100.0)
        f = over_ways(3)
        for k in range(10_000):
            f.value_and_grad(k % 3 + 0.5)
        checks = 13  # at powers of two from 4 on, of which the paths are known
        assert (len(f.programs()), clock.plain) == (3, 0)
        assert clock.recordings <= 3 + checks

    def test_and_soon_where_it_takes_long(self, clock):
        f = over_ways(3)
        for k in range(200):
            f.value_and_grad(k % 3 + 0.5)
        assert len(f.programs()) == 3
        assert clock.now <= 200 / 1.5

    def test_what_comes_back_again_and_again_is_all_recorded_in_time(self, clock):
        f = over_ways(30)
        for k in range(3000):
            f(k % 30 + 0.5)
        assert len(f.programs()) == 30
        assert clock.now <= 3000 / 3

    def test_a_call_that_is_plain_anyway_is_not_compared(self, clock):
        f = over_ways(64)
        for k in range(9):
            f(k + 0.5)
        before = clock.recordings
        for k in range(9, 17):
            f(k + 0.5)
        assert clock.recordings == before


class TestRows:
    @pytest.mark.parametrize("method", ["batch", "batch_value_and_grad", "sum"])
    def test_each_on_a_way_of_its_own_are_computed_plainly(self, clock, method):
        f = over_ways(1000)
        getattr(f, method)(np.arange(1000) + 0.5)
        assert clock.recordings <= 0.3 * 1000 / FACTOR
        assert clock.now <= 1.5 * 1000

    def test_a_total_with_slopes_by_what_they_share_is_of_plain_sweeps(self, clock):
        f = fastgrad.compile(lambda p, x: way(x, 1000) * p)
        total, slope = f.sum_value_and_grad(2.0, np.arange(1000) + 0.5)
        assert (total, slope) == pytest.approx((2.0 * slope, sum((k + 0.5) * k for k in range(1000))))
        assert clock.now <= 1.5 * 1000

    def test_many_on_a_way_are_replayed_at_the_first_batch(self, clock):
        f = over_ways(50)
        f.batch(np.arange(5000) % 50 + 0.5)
        assert (len(f.programs()), clock.recordings) == (50, 51)
        assert clock.plain <= 1

    def test_the_ways_of_most_rows_are_recorded_first(self, clock):
        f = over_ways(300)
        f.batch(np.concatenate([np.arange(300) + 0.5, np.full(400, 299.5)]))
        again = clock.recordings
        f.batch(np.full(5, 299.5))
        assert clock.recordings - again <= 1  # to compare, at the second batch

    def test_batch_after_batch_all_are_recorded(self, clock):
        f = over_ways(64)
        for _ in range(30):
            f.batch(np.arange(128) % 64 + 0.5)
        assert len(f.programs()) == 64
        assert clock.now <= 1.5 * 30 * 128 / 2


X = np.linspace(0.0, 1.0, 30) + 1e-3


@pytest.fixture
def impatient(monkeypatch):
    """Nothing is free, hardly anything worth it, and everything said."""
    monkeypatch.setattr(paths, "_FREE_SECONDS", 0.0)
    monkeypatch.setattr(paths, "_FEW_SECONDS", 0.0)
    monkeypatch.setattr(paths, "_MOST_SHARE", 0.0)
    monkeypatch.setattr(paths, "_SILENT_SECONDS", 0.0)


@pytest.mark.usefixtures("impatient")
def test_rows_beyond_have_the_same_results_and_one_warning_says_what_splits_them():
    f = fastgrad.compile(ladder)
    advice = r"more would take longer than it saves; what splits them is 'total = total .*test_giving_up"
    with pytest.warns(RuntimeWarning, match=advice):
        values, grads = f.batch_value_and_grad(X)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        f.batch_value_and_grad(X)
    assert len(f.programs()) < len(X) / 2
    expected = [fastgrad.compile(ladder).value_and_grad(x) for x in X.tolist()]
    np.testing.assert_allclose(values, [value for value, _ in expected], rtol=1e-14)
    np.testing.assert_allclose(grads, [grad for _, grad in expected], rtol=1e-14)


@pytest.mark.usefixtures("impatient")
def test_single_calls_too_whose_paths_are_looked_for_now_and_then():
    numbers = [*X.tolist(), X[0].item()] * 3
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        f = fastgrad.compile(ladder)
        found = [f.value_and_grad(x) for x in numbers]
    expected = [fastgrad.value_and_grad(lambda x: ladder(x))(x) for x in numbers]
    assert found == [pytest.approx(one) for one in expected]


def test_nothing_is_said_of_plain_calls_that_take_no_time(monkeypatch):
    monkeypatch.setattr(paths, "_FREE_SECONDS", 0.0)
    monkeypatch.setattr(paths, "_SILENT_SECONDS", np.inf)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fastgrad.compile(ladder).batch(X)


def test_what_takes_no_time_is_recorded(monkeypatch):
    monkeypatch.setattr(paths, "_FREE_SECONDS", np.inf)
    f = fastgrad.compile(ladder)
    f.batch(X)
    assert len(f.programs()) == len({sum(x > k / 40 for k in range(40)) for x in X.tolist()})


def test_plain_gradients_leave_those_of_scalars_from_outside_alone(monkeypatch):
    monkeypatch.setattr(paths, "MOST_PATHS", 2)
    w = fastgrad.Value(2.0)
    inner = w * w
    f = fastgrad.compile(lambda x: way(x, 9) * inner + w)
    with pytest.warns(RuntimeWarning, match="more than 2 paths, and no more are recorded"):
        values, grads = f.batch_value_and_grad(np.arange(9) + 0.5)
    assert values.tolist() == [(k + 0.5) * k * 4.0 + 2.0 for k in range(9)]
    assert grads.tolist() == [4.0 * k for k in range(9)]
    assert (w.grad, inner.grad) == (0.0, 0.0)
    f = fastgrad.compile(lambda x: w if x > 1.0 and x < 2.0 else way(x, 9))
    with pytest.warns(RuntimeWarning):
        values, grads = f.batch_value_and_grad(np.array([0.5, 3.5, 5.5, 1.5]))
    assert (values[3], grads[3], w.grad) == (2.0, 0.0, 0.0)
