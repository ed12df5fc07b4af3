"""The options program reaches what it tells: closed forms, random paths within their errors, one path for math.max."""

import numpy as np
import pytest

from examples import options
from fastgrad.compiled import paths
from support.places import CHECKOUT

PICTURES = {"options_greeks.png", "options_barrier.png", "options_american.png"}


@pytest.fixture(scope="module")
def quick(tmp_path_factory):
    """The numbers of the quick form, and the folder of its pictures."""
    folder = tmp_path_factory.mktemp("options")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(paths, "_FREE_SECONDS", float("inf"))  # however long recording takes here, so that paths are all
        return options.main(["--quick", "--out", str(folder)]), folder


# A call and its greeks.


def test_the_greeks_are_those_of_the_closed_forms(quick):
    results, _ = quick
    assert results["greeks error"] < 1e-11
    assert results["greeks gap"] < 1e-12 * results["call"].max()


def test_prices_and_greeks_are_tied_together_as_black_and_scholes_say(quick):
    results, _ = quick
    found, spots = results["greeks"], options.SPOTS
    np.testing.assert_allclose(results["call"], spots * found["delta"] + options.STRIKE * found["strike"], rtol=1e-11)
    at_the_money = np.flatnonzero(spots == 100.0)
    assert results["call"][at_the_money] == pytest.approx([12.3359989], abs=1e-6)


# A barrier.


def test_random_paths_agree_with_the_formula_within_their_errors(quick):
    prices, errors, wanted, deltas, slopes = quick[0]["barrier"].T
    assert np.all(np.abs(prices - wanted) < 3.0 * errors)
    assert np.all(errors < 0.2)
    np.testing.assert_allclose(deltas, slopes, atol=0.03)


def test_a_path_is_kept_for_each_month_of_knocking_out_and_two_for_the_payoff(quick):
    results, _ = quick
    assert results["barrier paths"] == options.MONTHS + 2
    assert results["barrier gap"] < 1e-10


def test_an_option_is_worth_nothing_at_its_barrier():
    market = (options.BARRIER, options.STRIKE, options.RATE, options.VOLATILITY)
    assert options.knocked_out_by_formula(options.BARRIER, *market, 1.0) == pytest.approx(0.0, abs=1e-12)
    assert options.knocked_out(options.BARRIER - 1.0, *market, np.zeros(12)) == 0.0


# A lattice.


def test_an_operation_for_the_larger_number_makes_one_path_where_a_branch_makes_many(quick):
    results, _ = quick
    assert results["lattice paths"]["math.max"] == 1
    assert 20 < results["lattice paths"]["max"] <= 256
    assert max(results["lattice gaps"]) < 1e-11


def test_an_american_put_is_worth_at_least_the_european_one_and_its_exercise(quick):
    results, _ = quick
    exercise = np.maximum(options.STRIKE - options.SPOTS, 0.0)
    assert np.all(results["american"] >= exercise - 1e-9)
    assert np.all(results["american"] > results["european"] - 0.15)  # a coarse lattice has an error
    at_once = np.abs(results["american"] - exercise) < 1e-9
    np.testing.assert_allclose(results["american deltas"][at_once], -1.0, atol=1e-9)
    assert at_once.sum() == 7


@pytest.mark.slow
def test_more_random_paths_come_nearer_and_a_finer_lattice_gives_the_known_price(tmp_path):
    results = options.main(["--out", str(tmp_path)])
    prices, errors, wanted, deltas, slopes = results["barrier"].T
    assert np.all(np.abs(prices - wanted) < 3.0 * errors)
    assert np.all(errors < 0.07)
    np.testing.assert_allclose(deltas, slopes, atol=0.01)
    assert results["american"][30] == pytest.approx(7.97, abs=0.05)
    assert max(results["lattice gaps"]) < 1e-11


# The program.


def test_pictures_go_to_the_folder_asked_for(quick):
    pytest.importorskip("matplotlib")
    _, folder = quick
    assert {path.name for path in folder.iterdir()} == PICTURES
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in folder.iterdir())


def test_without_matplotlib_the_program_says_so_in_a_line_and_goes_on(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    monkeypatch.setattr(options, "LESSONS", {"one": options.greeks})
    assert "greeks" in options.main(["--quick", "--out", str(tmp_path)])
    assert "matplotlib is missing" in capsys.readouterr().out
    assert not list(tmp_path.iterdir())


def test_the_table_has_a_row_for_the_program_and_its_command():
    table = (CHECKOUT / "examples" / "README.md").read_text(encoding="utf-8")
    assert "[`options.py`](options.py)" in table
    assert "`python -m examples.options " in table
