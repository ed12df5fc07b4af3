"""What watches a training: how seldom it draws, where there are bars, and that it is told the end."""

import sys
import types

import pytest

from fastgrad import nn, train
from fastgrad.train import progress

X, Y = [[0.0], [1.0], [2.0]], [1.0, 3.0, 5.0]


@pytest.fixture
def clock(monkeypatch):
    """A clock that only what is done moves."""
    now = types.SimpleNamespace(seconds=100.0)
    monkeypatch.setattr(progress.time, "perf_counter", lambda: now.seconds)
    return now


@pytest.mark.parametrize("cost", [1e-4, 0.02, 0.7])
@pytest.mark.parametrize("wait", [False, True])
def test_what_draws_takes_its_share_of_the_time_at_most(clock, cost, wait):
    seldom, spent, last = progress.Seldom(0.1, 0.04, wait), 0.0, -1.0
    for _ in range(100_000):
        clock.seconds += 1e-3
        if seldom.is_due():
            assert clock.seconds - last >= 0.1
            with seldom:
                clock.seconds += cost
            spent, last = spent + cost, clock.seconds
    assert 0.0 < spent <= 0.04 * (clock.seconds - 100.0) + cost


def test_it_is_due_at_once_or_after_a_while(clock):
    assert progress.Seldom(1.0, 0.04).is_due()
    waits = progress.Seldom(1.0, 0.04, wait=True)
    assert not waits.is_due()
    clock.seconds += 1.0
    assert waits.is_due()


@pytest.mark.parametrize(("loaded", "there"), [({"fastgrad"}, True), ({"autoreload"}, False)])
def test_by_default_a_notebook_has_bars_if_it_has_loaded_the_extension(monkeypatch, loaded, there):
    pytest.importorskip("tqdm")
    shell = types.SimpleNamespace(kernel=object(), extension_manager=types.SimpleNamespace(loaded=loaded))
    monkeypatch.setitem(sys.modules, "IPython", types.SimpleNamespace(get_ipython=lambda: shell))
    assert progress.notebook() is shell
    assert (progress.bars(None) is not None) == there
    assert progress.bars(False) is None
    assert progress.bars(True) is progress.Bar


def test_a_shell_in_a_terminal_is_no_notebook(monkeypatch):
    for shell in (None, types.SimpleNamespace()):
        monkeypatch.setitem(sys.modules, "IPython", types.SimpleNamespace(get_ipython=lambda shell=shell: shell))
        assert progress.notebook() is None


# Callbacks that are not always called, and that are told the end.


class Now:
    """One that is due after every third time it is asked."""

    def __init__(self):
        self.asked, self.seen = 0, []

    def is_due(self):
        self.asked += 1
        return self.asked % 3 == 0

    def __call__(self, epoch, history):
        assert history.epochs == len(history.loss) == epoch + 1
        self.seen.append(epoch)


def test_a_callback_is_called_where_it_is_due_and_others_always(monkeypatch):
    monkeypatch.setattr(progress, "_UNSEEN", 0.0)
    now, always = Now(), []
    train.fit(nn.MLP(1, [1], rng=0), X, Y, epochs=9, callbacks=[now, lambda epoch, history: always.append(epoch)])
    assert (now.seen, always) == ([2, 5, 8], [*range(9)])


def test_epochs_that_nobody_has_to_see_are_not_looked_at(monkeypatch):
    monkeypatch.setattr(progress, "_UNSEEN", 1e9)
    now = Now()
    model, plain = nn.MLP(1, [1], rng=0), nn.MLP(1, [1], rng=0)
    history = train.fit(model, X, Y, epochs=50, callbacks=[now])
    assert now.asked == 1
    assert history.loss.tolist() == train.fit(plain, X, Y, epochs=50).loss.tolist()
    for option in ({"validation": (X, Y)}, {"callbacks": [now, lambda epoch, history: None]}):
        now.asked, seen = 0, {"callbacks": [now], **option}
        assert len(train.fit(model, X, Y, epochs=50, **seen).loss) == 50
        assert now.asked == 50


def test_a_bar_shows_all_epochs_in_the_end_whoever_looked(monkeypatch, capsys):
    pytest.importorskip("tqdm")
    monkeypatch.setattr(progress, "_UNSEEN", 1e9)
    train.fit(nn.MLP(1, [1], rng=0), X, Y, epochs=77, progress=True)
    assert "77/77" in capsys.readouterr().err


class Told:
    def __init__(self, answer=None):
        self.answer, self.epochs, self.ends = answer, [], []

    def __call__(self, epoch, history):
        self.epochs.append(epoch)
        if isinstance(self.answer, type):
            raise self.answer
        return self.answer

    def finish(self, history):
        self.ends.append((history.stopped, history.epochs, len(history.loss)))


@pytest.mark.parametrize(
    ("answer", "end"),
    [(None, ("finished", 3, 3)), (True, ("callback", 1, 1)), (KeyboardInterrupt, ("interrupted", 1, 1))],
)
def test_a_callback_is_told_the_end_and_why(answer, end):
    told = Told(answer)
    train.fit(nn.MLP(1, [1], rng=0), X, Y, epochs=3, callbacks=[told])
    assert told.ends == [end]


def test_a_callback_is_told_of_an_error():
    told = Told()
    with pytest.raises(train.TrainingError):
        train.fit(nn.MLP(1, [1], rng=0), X, Y, lr=1e300, epochs=9, callbacks=[told])
    assert [stopped for stopped, _, _ in told.ends] == ["error"]
