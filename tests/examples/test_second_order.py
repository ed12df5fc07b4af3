"""The program on second derivatives reaches what it tells: digits that double, errors that are true, a sine."""

import numpy as np
import pytest

import fastgrad
from examples import second_order
from support.places import CHECKOUT

PICTURES = {"second_order_valley.png", "second_order_errors.png", "second_order_swing.png"}


@pytest.fixture(scope="module")
def quick(tmp_path_factory):
    """The numbers of the quick form, and the folder of its pictures."""
    folder = tmp_path_factory.mktemp("second_order")
    return second_order.main(["--quick", "--out", str(folder)]), folder


# Down a valley.


def test_the_hessian_of_the_valley_is_that_of_the_books():
    x, y = -0.7, 0.4
    wanted = [[2.0 - 400.0 * (y - 3.0 * x * x), -400.0 * x], [-400.0 * x, 200.0]]
    np.testing.assert_allclose(second_order.valley.hessian(np.array([x, y])), wanted, rtol=1e-13)


def test_newton_is_there_in_six_steps_and_descent_is_not_in_hundreds(quick):
    results, _ = quick
    assert np.abs(results["Newton"][-1] - second_order.LEAST).max() < 1e-9
    assert np.abs(results["descent"][-1] - second_order.LEAST).max() > 0.1


def test_the_last_steps_of_newton_double_the_digits():
    gaps = np.abs(second_order.newton(6) - second_order.LEAST).max(axis=1)
    assert gaps[-1] < gaps[-2] ** 1.5 < 1e-4


def test_descent_goes_down_at_every_step():
    heights = second_order.valley.batch(second_order.descent(200))
    assert np.all(np.diff(heights) < 0.0)


# Errors of a fit.


def test_a_fit_is_where_the_gradient_is_0():
    X, y = second_order.simulated(np.random.default_rng(1), 500)
    w, _ = second_order.fitted(X, y)
    chances = 1.0 / (1.0 + np.exp(-(w[0] + X @ w[1:])))
    np.testing.assert_allclose([np.sum(chances - y), *((chances - y) @ X)], 0.0, atol=1e-8)


def test_errors_are_those_of_the_information_matrix():
    X, y = second_order.simulated(np.random.default_rng(1), 500)
    w, errors = second_order.fitted(X, y)
    design = np.column_stack([np.ones(500), X])
    chances = 1.0 / (1.0 + np.exp(-(design @ w)))
    information = design.T @ (design * (chances * (1.0 - chances))[:, np.newaxis])
    np.testing.assert_allclose(errors, np.sqrt(np.diag(np.linalg.inv(information))), rtol=1e-6)


def test_fits_to_data_drawn_anew_spread_as_the_errors_say(quick):
    results, _ = quick
    np.testing.assert_allclose(results["found"].std(axis=0), results["said"].mean(axis=0), rtol=0.25)
    assert 0.88 < results["inside"] < 0.99


# A network that swings.


def test_the_network_comes_near_to_the_sine_without_having_seen_it(quick):
    results, _ = quick
    assert results["losses"][-1] < 1e-3 * results["losses"][0]
    assert results["gap"] < 0.1


def test_the_network_begins_where_it_must_whatever_its_weights():
    u, _ = second_order.swing(steps=1, rng=3)
    assert u(fastgrad.Value(0.0)).data == 0.0
    assert fastgrad.grad(u)(0.0) == 1.0


@pytest.mark.slow
def test_with_more_data_and_steps_all_come_nearer(tmp_path):
    results = second_order.main(["--out", str(tmp_path)])
    assert np.abs(results["descent"][-1] - second_order.LEAST).max() < 1e-3
    np.testing.assert_allclose(results["found"].std(axis=0), results["said"].mean(axis=0), rtol=0.1)
    assert results["inside"] == pytest.approx(0.95, abs=0.015)
    assert results["gap"] < 0.02


# The program.


def test_pictures_go_to_the_folder_asked_for(quick):
    pytest.importorskip("matplotlib")
    _, folder = quick
    assert {path.name for path in folder.iterdir()} == PICTURES
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in folder.iterdir())


def test_the_table_has_a_row_for_the_program_and_its_command():
    table = (CHECKOUT / "examples" / "README.md").read_text(encoding="utf-8")
    assert "[`second_order.py`](second_order.py)" in table
    assert "`python -m examples.second_order " in table
