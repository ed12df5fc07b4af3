"""Pictures that nobody sees, and that are closed afterwards."""

import pytest

matplotlib = pytest.importorskip("matplotlib")
matplotlib.use("Agg")


@pytest.fixture(autouse=True)
def _closed_figures():
    from matplotlib import pyplot

    yield
    pyplot.close("all")


@pytest.fixture
def axes():
    from matplotlib import pyplot

    return pyplot.subplots()[1]
