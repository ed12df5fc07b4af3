"""Fits of batches that come one after the other."""

import numpy as np
import pytest

from fastgrad import Value, nn, train

RNG = np.random.default_rng(3)
X, Y = RNG.normal(size=(90, 2)), RNG.normal(size=90)
WEIGHTS = RNG.random(90)


def in_batches(*columns, size=30):
    for start in range(0, len(columns[0]), size):
        yield tuple(column[start : start + size] for column in columns)


def model():
    return nn.MLP(2, [3, 1], rng=0)


class Loader:
    """As data loaders of others are: begun anew for each epoch, each batch a list."""

    def __init__(self):
        self.passes = 0

    def __len__(self):
        return 3

    def __iter__(self):
        self.passes += 1
        return map(list, in_batches(X, Y))


@pytest.mark.parametrize("size", [30, 40])
def test_batches_give_what_their_rows_give(size):
    expected, found = model(), model()
    kept = train.fit(expected, X, Y, epochs=4, batch_size=size, shuffle=False)
    streamed = train.fit(found, lambda: in_batches(X, Y, size=size), epochs=4)
    assert streamed.loss == pytest.approx(kept.loss, rel=1e-14)
    assert np.array_equal(found.flat, expected.flat)


def test_weights_come_with_batches():
    expected, found = model(), model()
    train.fit(expected, X, Y, weights=WEIGHTS, epochs=2, batch_size=30, shuffle=False)
    train.fit(found, lambda: in_batches(X, Y, WEIGHTS), epochs=2)
    assert np.array_equal(found.flat, expected.flat)


def test_what_can_be_begun_again_is_begun_for_each_epoch():
    loader = Loader()
    history = train.fit(model(), loader, epochs=3)
    assert (loader.passes, history.epochs) == (3, 3)
    assert train.fit(model(), [*in_batches(X, Y)], epochs=3).loss.tolist() == history.loss.tolist()


def test_a_generator_is_one_epoch():
    assert train.fit(model(), in_batches(X, Y), epochs=1).epochs == 1
    with pytest.raises(ValueError, match="used up after one epoch of 2: give a function that returns a new one"):
        train.fit(model(), in_batches(X, Y), epochs=2)


def test_no_batch_is_made_before_it_is_wanted():
    """So data that are larger than memory may be made or read as they are needed."""
    alive = most = 0

    class Rows(np.ndarray):
        def __del__(self):
            nonlocal alive
            alive -= self.base is None

    def made():
        nonlocal alive, most
        for _ in range(50):
            rows = Rows((64, 2))
            rows[...] = 1.0
            alive += 1
            most = max(most, alive)
            yield rows, np.ones(64)
            del rows

    train.fit(model(), made, epochs=2)
    assert most <= 3


def test_a_model_of_rows_is_replayed_over_batches():
    class Line(nn.Module):
        def __init__(self):
            self.w, self.b = Value(0.1), Value(0.0)

        def __call__(self, row):
            return self.w * row[0] + self.b * row[1]

    expected, found = Line(), Line()
    train.fit(expected, X, Y, epochs=3, batch_size=30, shuffle=False)
    history = train.fit(found, lambda: in_batches(X, Y), epochs=3)
    assert history.compiled
    assert [found.w.data, found.b.data] == [expected.w.data, expected.b.data]


def test_metric_validation_and_patience_go_with_batches():
    labels = (Y > 0).astype(int)
    history = train.fit(
        model(), lambda: in_batches(X, labels), loss="binary_cross_entropy_with_logits", metric="accuracy",
        validation=(X, labels), patience=50, epochs=3,
    )  # fmt: skip
    assert len(history.metric) == len(history.val_loss) == len(history.val_metric) == 3


# What is refused.


@pytest.mark.parametrize(
    ("batches", "error", "message"),
    [
        ([], ValueError, "batches must have at least one"),
        (3.0, TypeError, "X without y must be batches"),
        (lambda: 3.0, TypeError, "must return an iterator"),
        (X, TypeError, r"each batch must be \(X, y\) or \(X, y, weights\).*of arrays give fit\(model, X, y\)"),
        ([(X, Y[:3])], ValueError, "y of batch 0 must have a row for each of X of batch 0"),
        ([(X, Y), (X[:, :1], Y)], ValueError, r"X of batch 1 must have rows as the first had"),
        ([(X, Y), (X, Y, WEIGHTS)], ValueError, "batch 1 must have as many parts as the first, 2, not 3"),
        ([(X, Y), (X * np.nan, Y)], ValueError, "X of batch 1 must hold finite numbers"),
    ],
)
def test_what_is_no_batch_is_refused(batches, error, message):
    with pytest.raises(error, match=message):
        train.fit(model(), batches, epochs=1)


def test_a_function_that_gives_the_same_iterator_again_is_told():
    batches = in_batches(X, Y)
    with pytest.raises(ValueError, match="must return a new iterator at each call"):
        train.fit(model(), lambda: batches, epochs=2)


@pytest.mark.parametrize("given", [{"batch_size": 3}, {"weights": WEIGHTS}, {"validation": 0.2}])
def test_what_batches_say_themselves_is_not_said_again(given):
    with pytest.raises(ValueError, match="batches are as they come"):
        train.fit(model(), [(X, Y)], epochs=1, **given)


def test_batches_in_the_place_of_rows_are_told():
    with pytest.raises(TypeError, match=r"batches \(X, y\) are given alone"):
        train.fit(model(), in_batches(X, Y), Y)
