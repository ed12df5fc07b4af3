"""The program on Hamiltonian Monte Carlo: steps that lead back and keep the energy, draws as linear algebra says."""

import numpy as np
import pytest

from examples import hamiltonian
from support.places import CHECKOUT

PICTURES = {"hamiltonian_energy.png", "hamiltonian_places.png", "hamiltonian_mistake.png"}


@pytest.fixture(scope="module")
def quick(tmp_path_factory):
    """The numbers of the quick form, and the folder of its pictures."""
    folder = tmp_path_factory.mktemp("hamiltonian")
    return hamiltonian.main(["--quick", "--out", str(folder)]), folder


# A ball that rolls.


def test_the_gradient_is_that_of_linear_algebra():
    mean, covariance = hamiltonian.exact()
    q = np.linspace(-3.0, 3.0, hamiltonian.COUNT)
    slopes = hamiltonian.energy.value_and_grad(q)[1]
    np.testing.assert_allclose(slopes, np.linalg.solve(covariance, q - mean), rtol=1e-12)


def test_the_least_energy_has_no_slope():
    mean, _ = hamiltonian.exact()
    np.testing.assert_allclose(hamiltonian.energy.value_and_grad(mean)[1], 0.0, atol=1e-12)


@pytest.mark.parametrize("steps", [1, 7, 500])
def test_with_the_momentum_turned_around_the_ball_is_back(steps):
    q, p = hamiltonian.SEEN, np.linspace(-1.0, 1.0, hamiltonian.COUNT)
    end, momentum, _ = hamiltonian.leapfrog(hamiltonian.energy, q, p, 0.3, steps)
    assert np.abs(end - q).max() > 0.01
    back, turned, height = hamiltonian.leapfrog(hamiltonian.energy, end, -momentum, 0.3, steps)
    np.testing.assert_allclose(back, q, atol=1e-11)
    np.testing.assert_allclose(turned, -p, atol=1e-11)
    assert height == pytest.approx(hamiltonian.energy(q), rel=1e-10)


def test_a_step_of_half_the_size_keeps_the_energy_four_times_as_well(quick):
    results, _ = quick
    drifts = np.array(results["drifts"])
    np.testing.assert_allclose(drifts[1:-1] / drifts[2:], 4.0, rtol=0.05)
    assert results["gap"] < 1e-12


def test_steps_keep_volumes():
    """The determinant of the derivatives of where a ball ends, by where it begins, is 1."""
    n = hamiltonian.COUNT

    def end(state):
        return np.concatenate(hamiltonian.leapfrog(hamiltonian.energy, state[:n], state[n:], 0.3, 3)[:2])

    start = np.concatenate([hamiltonian.SEEN, np.ones(n)])
    columns = [(end(start + step) - end(start - step)) / 2.0 for step in np.eye(2 * n)]  # exact: the steps are linear
    assert np.linalg.det(np.column_stack(columns)) == pytest.approx(1.0, abs=1e-9)


# Ten places.


def test_means_and_covariance_are_those_of_linear_algebra(quick):
    results, _ = quick
    draws = results["draws"]
    mean, covariance = hamiltonian.exact()
    assert np.all(np.abs(draws.mean(axis=0) - mean) < 5.0 * np.sqrt(np.diag(covariance) / len(draws)))
    np.testing.assert_allclose(np.cov(draws.T), covariance, atol=0.03)
    assert results["accepted"] > 0.9


def test_large_steps_are_made_up_for_by_the_coin():
    draws, accepted = hamiltonian.draws_of(hamiltonian.energy, 8_000, np.random.default_rng(1), size=0.5, steps=2)
    mean, covariance = hamiltonian.exact()
    assert accepted < 0.85
    np.testing.assert_allclose(draws.mean(axis=0), mean, atol=0.05)
    np.testing.assert_allclose(draws.std(axis=0), np.sqrt(np.diag(covariance)), rtol=0.06)


def test_the_same_seed_draws_the_same():
    one, two = (hamiltonian.draws_of(hamiltonian.energy, 20, np.random.default_rng(3))[0] for _ in range(2))
    assert (one == two).all()


# A mistake.


def test_only_students_distribution_gives_the_odd_sighting_up(quick):
    results, _ = quick
    at = {name: draws[:, hamiltonian.ODD].mean() for name, draws in results["with mistake"].items()}
    there = hamiltonian.PLACES[hamiltonian.ODD]
    assert abs(at["Student"] - there) < 1.0 < 4.0 < abs(at["squares"] - there)


# The program.


def test_pictures_go_to_the_folder_asked_for(quick):
    pytest.importorskip("matplotlib")
    _, folder = quick
    assert {path.name for path in folder.iterdir()} == PICTURES
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in folder.iterdir())


def test_the_table_has_a_row_for_the_program_and_its_command():
    table = (CHECKOUT / "examples" / "README.md").read_text(encoding="utf-8")
    assert "[`hamiltonian.py`](hamiltonian.py)" in table
    assert "`python -m examples.hamiltonian " in table
