"""Losses: against the same computed scalar by scalar, against torch, at the edges, and of what they are given."""

import gc
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import fastgrad
from fastgrad import Value, losses, nn, reference
from support.graphs import live_nodes
from support.marks import COLLECT_ALWAYS
from support.unfused import Unfused

PROBABILITIES, SIGNS = [0.0, 1.0, 0.25, 1.0], [1.0, -1.0, -1.0, 1.0]

# The losses of one prediction and one target, scalar by scalar: a term each, and how the terms become one number.


def mean(terms):
    return sum(terms) / len(terms)


def cross_entropy_term(p, t):
    return -(t * p.log() + (1.0 - t) * (1.0 - p).log())


PAIRS = {
    "mse": (lambda p, t: (p - t) ** 2, mean, [0.5, -2.0, 3.25, 1.0]),
    "sum_of_squares": (lambda p, t: (p - t) ** 2, sum, [0.5, -2.0, 3.25, 1.0]),
    "root_of_squares": (lambda p, t: (p - t) ** 2, lambda terms: sum(terms) ** 0.5, [0.5, -2.0, 3.25, 1.0]),
    "binary_cross_entropy": (lambda z, t: cross_entropy_term(z.sigmoid(), t), mean, PROBABILITIES),
    "binary_cross_entropy_with_logits": (lambda z, t: z.softplus() - t * z, mean, PROBABILITIES),
    "hinge": (lambda s, t: (1.0 - t * s).relu(), mean, SIGNS),
}
every_pair_loss = pytest.mark.parametrize("name", PAIRS)


def loss_of(name, scores, targets, **options):
    """A loss of scores, through a sigmoid where the loss wants probabilities."""
    if name != "binary_cross_entropy":
        return getattr(losses, name)(scores, targets, **options)
    scores = scores if isinstance(scores, list) else list(scores)
    return losses.binary_cross_entropy([z.sigmoid() for z in scores], targets, **options)


def by_scalars(name, scores, targets):
    term, reduce, _ = PAIRS[name]
    return reduce([term(z, t) for z, t in zip(scores, targets)])


def cross_entropy_by_scalars(rows, labels):
    def of_row(row, label):
        total = sum(z.exp() for z in row).log()
        if isinstance(label, int):
            return total - row[label]
        return sum((total - z) * q for z, q in zip(row, label))

    return mean([of_row(row, label) for row, label in zip(rows, labels)])


def grads(scalars):
    return [x.grad for x in scalars]


def close(found, expected, tolerance=1e-12):
    np.testing.assert_allclose(found, expected, rtol=tolerance, atol=tolerance)


# The same computed scalar by scalar.

SCORES = [0.75, -1.5, 2.0, 0.125]


@every_pair_loss
def test_a_loss_of_scalars_is_that_of_its_terms(name, number):
    scores, oracle = [number(z) for z in SCORES], [reference.Value(z) for z in SCORES]
    loss, expected = loss_of(name, scores, PAIRS[name][2]), by_scalars(name, oracle, PAIRS[name][2])
    assert type(loss) is number
    for root in (loss, expected):
        root.backward()
    close(loss.data, expected.data)
    close(grads(scores), grads(oracle))


@every_pair_loss
def test_a_loss_of_a_batch_is_that_of_its_terms(name):
    model = nn.MLP(3, [4, 1], rng=1)
    X = np.random.default_rng(0).normal(size=(4, 3))
    oracle = Unfused(model.layers)
    loss = loss_of(name, model(X), PAIRS[name][2])
    expected = by_scalars(name, [oracle(row)[0] for row in X.tolist()], PAIRS[name][2])
    for root in (loss, expected):
        root.backward()
    close(loss.data, expected.data)
    close(model.flat_grad, oracle.flat_grad)


@every_pair_loss
def test_a_loss_of_one_scalar(name):
    z, oracle = Value(0.75), reference.Value(0.75)
    target = PAIRS[name][2][3]
    loss = losses.binary_cross_entropy(z.sigmoid(), target) if name == "binary_cross_entropy" else None
    loss = loss or getattr(losses, name)(z, target)
    expected = by_scalars(name, [oracle], [target])
    for root in (loss, expected):
        root.backward()
    close([loss.data, z.grad], [expected.data, oracle.grad])


LABELS, SOFT = [2, 0, 1], [[0.5, 0.25, 0.25], [0.0, 1.0, 0.0], [0.1, 0.2, 0.7]]


@pytest.mark.parametrize("labels", [LABELS, SOFT], ids=["labels", "probabilities"])
def test_cross_entropy_of_rows_is_that_of_its_terms(labels):
    data = np.random.default_rng(3).normal(size=(3, 3)).tolist()
    rows, oracle = [[[number(z) for z in row] for row in data] for number in (Value, reference.Value)]
    loss, expected = losses.cross_entropy(rows, labels), cross_entropy_by_scalars(oracle, labels)
    for root in (loss, expected):
        root.backward()
    close(loss.data, expected.data)
    close([grads(row) for row in rows], [grads(row) for row in oracle])


@pytest.mark.parametrize("labels", [LABELS, SOFT], ids=["labels", "probabilities"])
def test_cross_entropy_of_a_batch_is_that_of_its_terms(labels):
    model = nn.MLP(2, [5, 3], rng=2)
    X = np.random.default_rng(4).normal(size=(3, 2))
    oracle = Unfused(model.layers)
    loss = losses.cross_entropy(model(X), labels)
    expected = cross_entropy_by_scalars([oracle(row) for row in X.tolist()], labels)
    for root in (loss, expected):
        root.backward()
    close(loss.data, expected.data)
    close(model.flat_grad, oracle.flat_grad)


def test_cross_entropy_of_one_row():
    row = [Value(z) for z in (1.0, 2.0, -0.5)]
    by_label, by_probabilities = losses.cross_entropy(row, 1), losses.cross_entropy(row, [0.0, 1.0, 0.0])
    in_a_list = losses.cross_entropy([row], [1])
    assert by_label.data == by_probabilities.data == in_a_list.data
    close(by_label.data, math.log(sum(math.exp(z.data) for z in row)) - 2.0)


@pytest.mark.parametrize("name", ["binary_cross_entropy", "binary_cross_entropy_with_logits", "hinge", "cross_entropy"])
def test_a_sum_is_the_mean_times_the_rows(name):
    scores = [[Value(z), Value(0.5)] for z in SCORES] if name == "cross_entropy" else [Value(z) for z in SCORES]
    targets = [0, 1, 1, 0] if name == "cross_entropy" else PAIRS[name][2]
    total, average = loss_of(name, scores, targets, reduction="sum"), loss_of(name, scores, targets)
    close(total.data, 4.0 * average.data)
    flat = np.ravel(scores).tolist()
    total.backward()
    of_total = grads(flat)
    average.zero_grad()
    average.backward()
    close(of_total, 4.0 * np.array(grads(flat)))


def test_squares_of_rows_are_over_all_numbers():
    rows = [[Value(1.0), 2.0], [Value(3.0), Value(4.0)]]
    assert losses.sum_of_squares(rows, np.zeros((2, 2))).data == 30.0
    assert losses.mse(rows, [[0, 0], [0, 0]]).data == 7.5
    deep = losses.mse([[rows, rows]], np.zeros((1, 2, 2, 2)))
    assert deep.data == 7.5
    deep.backward()
    assert rows[0][0].grad == 0.5  # it is there twice


def test_a_constant_counts_and_gets_no_gradient():
    x = Value(1.0)
    loss = losses.mse([x, 3, np.float32(2.0)], [0.0, 0.0, 0.0])
    loss.backward()
    assert (loss.prev, x.grad) == ([x], 2.0 / 3.0)
    close(loss.data, 14.0 / 3.0)


def test_targets_may_be_scalars_where_the_loss_is_of_differences():
    a, b, c = Value(1.0), Value(4.0), Value(2.0)
    losses.sum_of_squares([a, 5.0, c], [b, c, 1.0]).backward()
    assert grads([a, b, c]) == [-6.0, 6.0, -6.0 + 2.0]
    assert losses.mse([1.0, 2.0], [c, c]).data == 0.5
    model = nn.MLP(2, [3, 1], rng=0)
    X = [[1.0, 2.0], [3.0, 4.0], [0.0, 1.0]]
    loss = losses.mse(model(X), model(X))
    loss.backward()
    assert loss.data == 0.0
    close(model.flat_grad, 0.0)


def test_plain_predictions_give_a_float():
    assert losses.mse([1.0, 2.0], [0, 4]) == 2.5
    assert type(losses.hinge(np.array([0.5, 3.0]), [1, 1])) is float
    assert losses.cross_entropy([0.0, 0.0], 1) == math.log(2.0)
    assert losses.root_of_squares(3.0, 0.0) == 3.0


# The sweep.


def network_and_loss():
    model = nn.MLP(2, [3, 2], activation="sigmoid", rng=5)
    X, y = np.random.default_rng(6).normal(size=(5, 2)), np.random.default_rng(7).normal(size=(5, 2))
    return model, X, y, losses.mse(model(X), y)


def test_gradients_add_up_over_sweeps():
    model, _, _, loss = network_and_loss()
    loss.backward()
    once = model.flat_grad
    loss.backward(0.5)
    close(model.flat_grad, 1.5 * once)
    loss.zero_grad()
    assert not model.flat_grad.any()


def test_forward_follows_changed_parameters():
    model, X, y, loss = network_and_loss()
    model.flat = 0.5 * model.flat
    expected = losses.mse(model(X), y)
    assert loss.data != expected.data
    loss.forward()
    assert loss.data == expected.data
    expected.backward()
    grad = model.flat_grad
    model.zero_grad()
    loss.backward()
    assert (model.flat_grad == grad).all()


@pytest.mark.parametrize("name", [name for name in PAIRS if name != "root_of_squares"])
def test_predictions_are_read_when_the_gradient_flows(name):
    early, late = [[Value(z) for z in (0.25, 0.75, 0.5, x)] for x in (0.125, 0.875)]
    loss, expected = [getattr(losses, name)(scores, PAIRS[name][2]) for scores in (early, late)]
    early[3].data = 0.875
    loss.backward()
    expected.backward()
    assert grads(early) == grads(late)
    assert loss.data != expected.data
    loss.forward()
    assert loss.data == expected.data


def test_a_root_is_read_when_the_gradient_flows():
    x = Value(3.0)
    loss = losses.root_of_squares([x, 4.0], [0.0, 0.0])
    x.data = 2.0
    loss.backward()
    assert x.grad == 2.0 / 5.0
    loss.data = 8.0
    loss.backward()
    assert x.grad == 2.0 / 5.0 + 2.0 / 8.0


def test_one_batch_in_two_losses():
    model, X, y, _ = network_and_loss()
    batch = model(X)
    total = losses.mse(batch, y) + 0.5 * losses.sum_of_squares(batch, y) + batch[0, 1]
    total.backward()
    found = model.flat_grad
    model.zero_grad()
    for term in (losses.mse(model(X), y), 0.5 * losses.sum_of_squares(model(X), y), model(X)[0, 1]):
        term.backward()
    close(found, model.flat_grad)


def test_a_batch_of_a_wide_layer_gets_the_gradients_of_its_rows():
    model = nn.MLP(128, [128, 3], rng=8)
    X, labels = np.random.default_rng(9).normal(size=(4, 128)), [0, 2, 1, 2]
    whole = losses.cross_entropy(model(X), labels, reduction="sum")
    whole.backward()
    found = model.flat_grad
    model.zero_grad()
    rows = [losses.cross_entropy(model(row), label) for row, label in zip(X, labels)]
    for loss in rows:
        loss.backward()
    close(whole.data, sum(loss.data for loss in rows), 1e-11)
    close(found, model.flat_grad, 1e-11)


def test_a_graph_shows_what_is_below_the_batch():
    model, X, y, loss = network_and_loss()
    assert set(loss.prev) == set(model.parameters())
    x = Value(1.0)
    of_scalars = losses.mse(model([[x, 2.0]]), [[0.0, 0.0]])
    assert set(of_scalars.prev) == {*model.parameters(), x}
    assert losses.mse([x, 1.0], [0.0, 0.0]).prev == [x]


def test_the_operation_is_named_as_its_function():
    z = Value(0.5)
    for name in PAIRS:
        assert getattr(losses, name)([z], [1.0])._op == name
    assert losses.cross_entropy([z, z], 0)._op == losses.cross_entropy([z, z], [0.0, 1.0])._op == "cross_entropy"
    assert losses.l2_penalty([z], 1.0)._op == "l2_penalty"


def sweep_by_hand(root):
    """What the teaching engines do: sort the nodes by walking operands, then call each one's step."""
    order, seen, stack = [], set(), [(root, False)]
    while stack:
        node, done = stack.pop()
        if done:
            order.append(node)
        elif node not in seen:
            seen.add(node)
            stack += [(node, True), *((child, False) for child in node._prev)]
    root.grad = 1.0
    for node in reversed(order):
        node._backward()


def test_a_sweep_by_hand_gives_the_same_gradients():
    model, _, _, loss = network_and_loss()
    total = loss * 2.0 + losses.l2_penalty(model, 0.1)
    total.backward()
    found = model.flat_grad
    total.zero_grad()
    sweep_by_hand(total)
    close(model.flat_grad, found)


def test_nothing_is_recorded_without_gradients(number):
    model, X, y, loss = network_and_loss()
    x = number(2.0)
    with fastgrad.no_grad():
        assert losses.mse(model(X), y).prev == []
        for result in (losses.hinge([x], [1]), losses.l2_penalty([x], 1.0), losses.cross_entropy([x, 1.0], 0)):
            assert (type(result), result.prev) == (number, [])
    assert losses.mse([x], [0.0]).prev == [x]


def test_the_result_is_of_the_most_derived_type():
    class Special(Value):
        pass

    a, b = Value(1.0), Special(2.0)
    assert type(losses.mse([a, b], [0.0, 0.0])) is Special
    assert type(losses.mse([[a], [b]], [0.0, 0.0])) is Special
    assert type(losses.l2_penalty([a, b], 1.0)) is Special


def test_a_loss_is_one_node_and_keeps_the_batch_alive():
    model = nn.MLP(2, [3, 1], rng=0)
    nodes = live_nodes()
    loss = losses.mse(model([[1.0, 2.0], [3.0, 4.0]]), [0.0, 1.0])
    assert live_nodes() == nodes + 3  # two layers and the loss
    gc.collect()
    loss.backward()
    assert model.flat_grad.any()
    del loss
    assert live_nodes() == nodes


# Edges.


def slope_of(loss, at, *arguments):
    z = Value(at)
    result = loss([z], *arguments)
    result.backward()
    return result.data, z.grad


def test_a_certain_and_right_probability_costs_nothing():
    bce = losses.binary_cross_entropy
    assert slope_of(bce, 0.0, [0]) == (0.0, 1.0)
    assert slope_of(bce, 1.0, [1]) == (0.0, -1.0)


def test_a_certain_and_wrong_probability_costs_infinitely_much():
    bce = losses.binary_cross_entropy
    assert slope_of(bce, 0.0, [1]) == (math.inf, -math.inf)
    assert slope_of(bce, 1.0, [0]) == (math.inf, math.inf)
    assert slope_of(bce, 1.0, [0.5]) == (math.inf, math.inf)


def test_small_probabilities_are_not_rounded_off():
    value, slope = slope_of(losses.binary_cross_entropy, 1e-20, [0])
    close([value * 1e20, slope], [1.0, 1.0])
    value, slope = slope_of(losses.binary_cross_entropy_with_logits, 50.0, [1])
    close([value * math.exp(50.0), slope * math.exp(50.0)], [1.0, -1.0])


def test_the_kinks():
    assert slope_of(losses.hinge, 1.0, [1]) == (0.0, 0.0)
    assert slope_of(losses.hinge, -1.0, [-1]) == (0.0, 0.0)
    assert slope_of(losses.root_of_squares, 2.0, [2.0]) == (0.0, 0.0)


EXTREME = st.one_of(st.floats(allow_nan=False), st.floats(-50.0, 50.0))


@given(EXTREME, st.sampled_from([0.0, 1.0, 0.3]))
def test_a_logit_never_overflows(z, target):
    value, slope = slope_of(losses.binary_cross_entropy_with_logits, z, [target])
    assert value >= 0.0
    assert math.isinf(value) == (math.isinf(z) and target != (z > 0.0))
    assert -1.0 <= slope <= 1.0


@settings(max_examples=50 if COLLECT_ALWAYS else 200)
@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=5), st.data())
def test_rows_of_logits_never_overflow(row, data):
    label = data.draw(st.integers(0, len(row) - 1))
    for labels in (label, [float(k == label) for k in range(len(row))]):
        scalars = [Value(z) for z in row]
        loss = losses.cross_entropy(scalars, labels)
        loss.backward()
        assert 0.0 <= loss.data <= max(row) - row[label] + math.log(len(row)) + 1e-12
        assert all(-1.0 <= x.grad <= 1.0 for x in scalars)
        assert sum(grads(scalars)) == pytest.approx(0.0, abs=1e-12)


def test_infinite_logits():
    row = [Value(-math.inf), Value(1.0), Value(1.0)]
    loss = losses.cross_entropy(row, 1)
    loss.backward()
    assert (loss.data, grads(row)) == (math.log(2.0), [0.0, -0.5, 0.5])
    assert losses.cross_entropy([Value(math.inf), 0.0], 0).data == 0.0
    assert losses.cross_entropy([Value(math.inf), 0.0], 1).data == math.inf
    assert losses.cross_entropy([Value(0.0), -math.inf], [1.0, 0.0]).data == 0.0


def test_a_nan_that_was_predicted_is_not_hidden():
    for name in PAIRS:
        assert math.isnan(getattr(losses, name)([Value(math.nan), 0.5], [1.0, 1.0]).data)
    for place in (0, 1):
        row = [Value(0.5), Value(0.5)]
        row[place].data = math.nan
        assert math.isnan(losses.cross_entropy(row, 0).data)


# Beside torch.


def in_torch(torch, name, predictions, targets):
    functions = {
        "mse": torch.nn.functional.mse_loss,
        "sum_of_squares": lambda p, t: ((p - t) ** 2).sum(),
        "root_of_squares": lambda p, t: (p - t).norm(),
        "binary_cross_entropy": torch.nn.functional.binary_cross_entropy,
        "binary_cross_entropy_with_logits": torch.nn.functional.binary_cross_entropy_with_logits,
        "hinge": lambda s, t: (1.0 - t * s).clamp(min=0.0).mean(),
        "cross_entropy": torch.nn.functional.cross_entropy,
    }
    x = torch.tensor(predictions, dtype=torch.float64, requires_grad=True)
    loss = functions[name](x, torch.tensor(targets))
    loss.backward()
    return loss.item(), x.grad.numpy()


def drawn(name):
    generator = np.random.default_rng(11)
    x, t = generator.normal(size=(6, 4)), generator.uniform(size=(6, 4))
    if name == "binary_cross_entropy":
        x = 1.0 / (1.0 + np.exp(-x))
    if name == "hinge":
        t = np.where(t > 0.5, 1.0, -1.0)
    return x, t


@every_pair_loss
def test_numbers_are_those_of_torch(name):
    torch = pytest.importorskip("torch")
    x, t = drawn(name)
    scalars = [[Value(z) for z in row] for row in x.tolist()]
    loss = getattr(losses, name)(scalars, t)
    loss.backward()
    value, slopes = in_torch(torch, name, x, t)
    close(loss.data, value, 1e-9)
    close([grads(row) for row in scalars], slopes, 1e-9)


@pytest.mark.parametrize("soft", [False, True], ids=["labels", "probabilities"])
def test_cross_entropy_is_that_of_torch(soft):
    torch = pytest.importorskip("torch")
    x, t = drawn("cross_entropy")
    t = t / t.sum(axis=1, keepdims=True) if soft else t.argmax(axis=1)
    scalars = [[Value(z) for z in row] for row in (x * 100.0).tolist()]
    loss = losses.cross_entropy(scalars, t)
    loss.backward()
    value, slopes = in_torch(torch, "cross_entropy", x * 100.0, t)
    close(loss.data, value, 1e-9)
    close([grads(row) for row in scalars], slopes, 1e-9)
