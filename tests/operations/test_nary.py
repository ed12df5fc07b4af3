"""Operations on many scalars at once: one node each."""

import math
from itertools import accumulate

import numpy as np
import pytest

import fastgrad
from support.graphs import reached
from support.marks import large

ALL = {
    "sum": fastgrad.sum,
    "mean": fastgrad.mean,
    "prod": fastgrad.prod,
    "logsumexp": fastgrad.logsumexp,
    "softmax": fastgrad.softmax,
    "dot": lambda xs: fastgrad.dot(xs, [1.0, 2.0, 3.0]),
    "fsum": fastgrad.math.fsum,
}
of_all = pytest.mark.parametrize("operation", ALL.values(), ids=ALL)


def data_of(result):
    return [y.data if isinstance(y, fastgrad.Node) else y for y in (result if isinstance(result, list) else [result])]


# What goes in, what comes out.


@of_all
@pytest.mark.parametrize(
    "container", [list, tuple, iter, lambda xs: (x for x in xs), np.array, lambda xs: dict(enumerate(xs)).values()]
)
def test_any_iterable(number, operation, container):
    xs = [number(1.0), 2.0, number(-0.5)]
    expected = data_of(operation([1.0, 2.0, -0.5]))
    result = operation(container(xs))
    assert data_of(result) == expected
    assert {type(y) for y in (result if isinstance(result, list) else [result])} == {number}


@of_all
def test_plain_numbers_give_plain_numbers(operation):
    for xs in ([1.0, 2.0, -0.5], np.array([1.0, 2.0, -0.5]), [1, np.float32(2.0), np.float64(-0.5)]):
        result = operation(xs)
        assert {type(y) for y in (result if isinstance(result, list) else [result])} == {float}


def test_arrays_of_any_shape(number):
    xs = np.array([[number(1.0), number(2.0)], [number(3.0), number(4.0)]])
    assert fastgrad.sum(xs).data == 10.0
    assert fastgrad.mean(xs).data == 2.5
    assert fastgrad.dot(xs, xs).data == 30.0
    assert fastgrad.dot(xs, np.ones((2, 2))).data == 10.0


def test_nothing():
    assert (fastgrad.sum([]), fastgrad.prod([]), fastgrad.dot([], []), fastgrad.dot([], [], bias=2.0)) == (
        0.0,
        1.0,
        0.0,
        2.0,
    )
    for function in (fastgrad.mean, fastgrad.logsumexp, fastgrad.softmax):
        with pytest.raises(ValueError, match=rf"{function.__name__}\(\) of nothing"):
            function([])


@of_all
@pytest.mark.parametrize("wrong", ["3", None, 1j, [1.0], object()], ids=lambda wrong: type(wrong).__name__)
def test_an_operand_that_is_no_number_is_named(number, operation, wrong):
    x = number(1.0)
    fastgrad.collect()
    before = fastgrad.tape_info().nodes
    with pytest.raises(TypeError, match=type(wrong).__name__):
        operation([x, 2.0, wrong])
    assert fastgrad.tape_info().nodes == before


@of_all
def test_what_cannot_be_walked_is_named(number, operation):
    for wrong in (3.0, None, number(1.0)):
        with pytest.raises(TypeError, match=f"{type(wrong).__name__}"):
            operation(wrong)


def test_an_error_while_walking_is_passed_on(number):
    def broken():
        yield number(1.0)
        raise KeyError("no more")

    with pytest.raises(KeyError, match="no more"):
        fastgrad.sum(broken())


def test_lists_of_different_lengths(number):
    with pytest.raises(ValueError, match="not of 1 and 2"):
        fastgrad.dot([number(1.0)], [1.0, 2.0])


# One node.


def nodes_made(function, *arguments):
    """A function's result, and how many nodes more there are."""
    fastgrad.collect()
    before = fastgrad.tape_info().nodes
    result = function(*arguments)
    return result, fastgrad.tape_info().nodes - before


def test_one_node_each(number):
    xs = [number(x) for x in (1.0, 2.0, 3.0)]
    for function in (fastgrad.sum, fastgrad.mean, fastgrad.prod, fastgrad.logsumexp, fastgrad.math.fsum):
        y, nodes = nodes_made(function, [*xs, 0.5])
        assert (nodes, y.prev, y._op) == (1, xs, function.__name__)
    y, nodes = nodes_made(fastgrad.dot, xs, xs, xs[0])
    assert (nodes, y.prev, y._op) == (1, [xs[0], xs[0], xs[0], xs[1], xs[1], xs[2], xs[2]], "dot")


def test_softmax_is_one_node_and_one_a_result(number):
    xs = [number(x) for x in (1.0, 2.0, 3.0)]
    ps, nodes = nodes_made(fastgrad.softmax, [*xs, 0.0])
    assert nodes == 1 + 4
    assert [p.prev for p in ps] == [xs] * 4
    assert [p._op for p in ps] == ["softmax"] * 4
    last = ps.pop()
    _, nodes = nodes_made(lambda: (ps.clear(), fastgrad.collect()))
    assert nodes == -3
    assert set(reached(last)) == {last, *xs}


# Values.


def test_sums_are_added_from_left_to_right(number):
    data = [0.1 * k * (-1.1) ** k for k in range(50)]
    xs = [number(x) for x in data]
    left_to_right = list(accumulate(data))[-1]
    assert fastgrad.sum(xs).data == left_to_right
    assert fastgrad.mean(xs).data == left_to_right / 50
    assert fastgrad.math.fsum(xs).data == math.fsum(data)
    total = 0.25
    for x in data:
        total += x * (x + 1.0)
    assert fastgrad.dot(xs, [x + 1.0 for x in data], bias=0.25).data == total
    product = 1.0
    for x in data[1:]:
        product *= x
    assert fastgrad.prod(xs[1:]).data == product


def test_exponentials_do_not_overflow(number):
    xs = [number(x) for x in (1000.0, 999.0, -1e6)]
    assert fastgrad.logsumexp(xs).data == pytest.approx(1000.0 + math.log1p(math.exp(-1.0)), rel=1e-15)
    ps = fastgrad.softmax(xs)
    assert data_of(ps) == pytest.approx([1 / (1 + math.exp(-1.0)), 1 / (1 + math.e), 0.0], rel=1e-15)
    loss = -fastgrad.softmax([number(-1e6), number(0.0)])[1].log()
    assert loss.data == 0.0
    assert fastgrad.logsumexp([number(-1000.0)]).data == -1000.0


def test_infinite_scores(number):
    nothing = number(-math.inf)
    assert fastgrad.logsumexp([nothing, number(-math.inf)]).data == -math.inf
    assert fastgrad.logsumexp([number(math.inf), 1.0]).data == math.inf
    masked = fastgrad.softmax([nothing, number(2.0), number(2.0)])
    assert data_of(masked) == [0.0, 0.5, 0.5]
    masked[1].backward()
    assert nothing.grad == 0.0
    certain, other = number(math.inf), number(1.0)
    assert data_of(fastgrad.softmax([certain, other])) == [1.0, 0.0]
    fastgrad.logsumexp([certain, other]).backward()
    assert (certain.grad, other.grad) == (1.0, 0.0)


def test_nan_is_not_hidden(number):
    for operation in ALL.values():
        assert all(map(math.isnan, data_of(operation([number(1.0), number(math.nan), 2.0]))))


# Gradients.


def gradients(function, data):
    xs = [fastgrad.Value(x) for x in data]
    function(xs).backward()
    return [x.grad for x in xs]


def test_gradients():
    data = [1.5, -2.0, 0.5]
    exponentials = [math.exp(x) for x in data]
    p = [e / sum(exponentials) for e in exponentials]
    assert gradients(fastgrad.sum, data) == [1.0, 1.0, 1.0]
    assert gradients(fastgrad.mean, data) == [1 / 3] * 3
    assert gradients(fastgrad.prod, data) == [-1.0, 0.75, -3.0]
    assert gradients(lambda xs: fastgrad.dot(xs, [4.0, 5.0, 6.0]), data) == [4.0, 5.0, 6.0]
    assert gradients(lambda xs: fastgrad.dot(xs[:1], xs[1:2], bias=xs[2]), data) == [-2.0, 1.5, 1.0]
    assert gradients(fastgrad.logsumexp, data) == pytest.approx(p, rel=1e-15)
    for k in range(3):
        expected = [p[k] * ((k == i) - p[i]) for i in range(3)]
        assert gradients(lambda xs, k=k: fastgrad.softmax(xs)[k], data) == pytest.approx(expected, rel=1e-14)


@pytest.mark.parametrize("large", [1e3, 1e9, 1e15, 1e16, 1e17, 1e300, math.inf])
def test_logsumexps_slopes_add_up_to_1_however_large_the_numbers(large):
    """In the value of large numbers log(n) is lost."""
    assert gradients(fastgrad.logsumexp, [large, large]) == [0.5, 0.5]
    assert gradients(fastgrad.logsumexp, [large, -large, large, large]) == [1 / 3, 0.0, 1 / 3, 1 / 3]


@pytest.mark.parametrize(
    ("factors", "expected"),
    [
        ([0.0, 3.0, 2.0], [6.0, 0.0, 0.0]),
        ([0.0, 0.0, 2.0], [0.0] * 3),
        ([1e-200, 1e-200, 1e300], [1e100, 1e100, 0.0]),
        ([0.0], [1.0]),
    ],
)
def test_products_have_slopes_at_zeros_and_do_not_divide(factors, expected):
    assert gradients(fastgrad.prod, factors) == pytest.approx(expected, rel=1e-15)


def test_the_same_scalar_more_than_once(number):
    x = number(3.0)
    fastgrad.sum([x, x, 1.0, x]).backward()
    assert x.grad == 3.0
    x.grad = 0.0
    fastgrad.prod([x, x, x]).backward()
    assert x.grad == 27.0
    x.grad = 0.0
    fastgrad.dot([x, x], [x, 2.0], bias=x).backward()
    assert x.grad == 9.0
    x.grad = 0.0
    sum(p * w for p, w in zip(fastgrad.softmax([x, x, 0.0]), [1.0, 1.0, 0.0])).backward()
    p = math.exp(3.0) / (2 * math.exp(3.0) + 1.0)
    assert x.grad == pytest.approx(2 * p * (1 - 2 * p), rel=1e-13)


def test_each_result_of_a_softmax_has_its_own_sweep(number):
    """What one sweep leaves in the node of all results must not show in the next."""
    xs = [number(x) for x in (0.5, -1.0, 2.0)]
    ps = fastgrad.softmax(xs)
    rows = []
    for p in [*ps, ps[0]]:
        p.zero_grad()
        p.backward()
        rows.append([x.grad for x in xs])
    data = data_of(ps)
    for k, row in enumerate(rows):
        assert row == pytest.approx([data[k % 3] * ((k % 3 == i) - data[i]) for i in range(3)], rel=1e-14)
    assert rows[0] == rows[3]


def test_results_of_a_softmax_used_together(number):
    xs = [number(x) for x in (0.5, -1.0, 2.0)]
    ps = fastgrad.softmax(xs)
    entropy = -fastgrad.dot(ps, [p.log() for p in ps])
    fastgrad.collect()
    entropy.backward()
    h = entropy.data
    assert [x.grad for x in xs] == pytest.approx([-p.data * (math.log(p.data) + h) for p in ps], rel=1e-13)


def test_a_softmax_of_softmaxes(number):
    x = number(0.3)
    y = fastgrad.softmax([fastgrad.softmax([x, 0.0])[0] * 3.0, x, 1.0])[0]
    y.backward()

    def plain(x):
        inner = 1 / (1 + math.exp(-x))
        scores = [math.exp(s) for s in (3 * inner, x, 1.0)]
        return scores[0] / sum(scores)

    step = 1e-6
    assert y.data == pytest.approx(plain(0.3), rel=1e-15)
    assert x.grad == pytest.approx((plain(0.3 + step) - plain(0.3 - step)) / (2 * step), rel=1e-8)


def test_an_error_in_the_middle_of_a_softmaxs_results_leaves_nothing_behind(number):
    xs = [number(0.5), number(-1.0)]
    ps = fastgrad.softmax(xs)
    y = ps[0] * 2.0 + ps[1] * 5.0

    def fail():
        raise RuntimeError("stop")

    own = ps[0]._backward
    ps[0]._backward = fail
    with pytest.raises(RuntimeError, match="stop"):
        y.backward()
    ps[0]._backward = own
    y.zero_grad()
    y.backward()
    slope = ps[0].data * ps[1].data * (2.0 - 5.0)
    assert [x.grad for x in xs] == pytest.approx([slope, -slope], rel=1e-14)


def test_single_steps_of_a_softmaxs_results(number):
    """By hand, too, every result passes its own gradient on."""
    xs = [number(0.5), number(-1.0)]
    ps = fastgrad.softmax(xs)
    ps[0].grad, ps[1].grad = 2.0, 5.0
    ps[1]._backward()
    ps[0]._backward()
    slope = ps[0].data * ps[1].data * (2.0 - 5.0)
    assert [x.grad for x in xs] == pytest.approx([slope, -slope], rel=1e-14)


# Size.


@large
def test_many_operands(number):
    n = 100_000
    xs = [number(1.0 / n) for _ in range(n)]
    y = fastgrad.sum(xs) + fastgrad.dot(xs, xs) + fastgrad.logsumexp(xs) + fastgrad.softmax(xs)[7] + fastgrad.prod(xs)
    fastgrad.collect()
    y.backward()
    assert y.data == pytest.approx(1.0 + 1.0 / n + 1.0 / n + math.log(n) + 1.0 / n, rel=1e-9)
    assert xs[8].grad == pytest.approx(1.0 + 2.0 / n + 1.0 / n - 1.0 / n**2, rel=1e-9)
    assert xs[7].grad == pytest.approx(xs[8].grad + 1.0 / n, rel=1e-9)


def test_a_long_row_of_small_ones(number):
    """Payloads are squeezed out with their nodes, again and again."""
    x, ys = number(0.01), []
    for i in range(3000):
        y = fastgrad.dot([x, 2.0, x, float(i)], [x, 1.0, 3.0, 1.0])
        fastgrad.softmax([x, y, 0.5])
        if i % 10 == 0:
            ys.append((i, y))
    fastgrad.collect()
    for i, y in ys:
        x.grad = 0.0
        assert y.data == pytest.approx(0.01**2 + 2.0 + 0.03 + i, rel=1e-15)
        y.backward()
        assert x.grad == pytest.approx(2 * 0.01 + 3.0, rel=1e-15)
