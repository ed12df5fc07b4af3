"""Gradients that have gradients: `fastgrad.gradients`, `backward(create_graph=True)` and `grad_node`."""

import math

import numpy as np
import pytest
from hypothesis import given, settings

import fastgrad
from fastgrad import Scalar, Value, losses, nn
from fastgrad import math as fm
from support.drawn_derivatives import POINTS, STEPS, close, drawn, tame
from support.graphs import live_nodes
from support.marks import large, measures
from support.memory import check_no_objects


def data(scalars):
    return [scalar.data for scalar in scalars]


# Gradients as floats.


class TestFloats:
    def test_of_one_by_one_is_a_float(self, number):
        x = number(3.0)
        assert fastgrad.gradients(x**3, x) == 27.0

    def test_of_one_by_several_is_a_list(self, number):
        x, y = number(3.0), number(2.0)
        assert fastgrad.gradients(x * x * y, [x, y]) == [12.0, 9.0]

    def test_of_several_is_that_of_their_sum_with_seeds_as_factors(self, number):
        x = number(3.0)
        assert fastgrad.gradients([x * x, x], x) == 7.0
        assert fastgrad.gradients([x * x, x], x, seeds=[2.0, -1.0]) == 11.0
        assert fastgrad.gradients(x * x, x, seeds=0.5) == 3.0

    def test_by_what_it_does_not_depend_on_is_0(self, number):
        x, other = number(3.0), number(1.0)
        y = x * x
        assert fastgrad.gradients(y, [other, x]) == [0.0, 6.0]
        assert fastgrad.gradients(x, y) == 0.0
        assert fastgrad.gradients([], x) == 0.0
        assert fastgrad.gradients(y, []) == []

    def test_by_itself_and_by_what_is_between_is_what_flows_there(self, number):
        x = number(3.0)
        y = x * x
        z = fm.sin(y)
        assert fastgrad.gradients(z, [z, y]) == [1.0, math.cos(9.0)]

    @pytest.mark.parametrize("create_graph", [False, True])
    def test_no_grad_is_changed(self, create_graph):
        x, before, other, layer = Value(3.0), Value(1.0), Value(1.0), nn.Layer(1, 1, rng=0)
        y = x * x
        y.backward()
        z, after = fastgrad.sum([y * x, other, *layer.parameters()]) + 0.0 * layer([x]), Value(2.0)
        grads = [before, other, after, *layer.parameters()]
        for k, scalar in enumerate(grads):
            scalar.grad = 5.0 + k
        found = fastgrad.gradients([z, x], [x, y, before, after, x], create_graph)
        assert [getattr(slope, "data", slope) for slope in found] == [28.0, 3.0, 0.0, 0.0, 28.0]
        assert (x.grad, y.grad) == (6.0, 1.0)
        assert [scalar.grad for scalar in grads] == [5.0 + k for k in range(len(grads))]


class TestScalars:
    def test_have_gradients_of_any_order(self, number):
        x = number(2.0)
        y, found = x**5, []
        for _ in range(6):
            y = fastgrad.gradients(y, x, create_graph=True)
            found.append(y.data)
        assert found == [80.0, 160.0, 240.0, 240.0, 120.0, 0.0]

    def test_are_of_the_type_of_what_they_are_of(self, number):
        x = number(2.0)
        assert type(fastgrad.gradients(x * x, x, create_graph=True)) is number

    def test_seeds_may_be_scalars_and_are_differentiated_by(self, number):
        x, seed = number(3.0), number(2.0)
        slope = fastgrad.gradients(x * x, x, seeds=seed)
        assert slope.data == 12.0
        assert fastgrad.gradients(slope, [x, seed]) == [4.0, 6.0]

    def test_by_what_it_does_not_depend_on_is_a_scalar_of_0(self):
        x, other = Value(3.0), Value(1.0)
        found = fastgrad.gradients(x * x, [other, x], create_graph=True)
        assert data(found) == [0.0, 6.0]
        assert fastgrad.gradients(found[0], x) == 0.0

    def test_a_number_twice_in_one_operation_is_given_both_slopes(self):
        x = Value(3.0)
        for y, first, second in ((x * x, 6.0, 2.0), (x / x, 0.0, 0.0), (x**x, None, None)):
            slope = fastgrad.gradients(y, x, create_graph=True)
            if first is None:
                first, second = 27.0 * (math.log(3.0) + 1.0), 27.0 * ((math.log(3.0) + 1.0) ** 2 + 1.0 / 3.0)
            assert slope.data == pytest.approx(first, abs=1e-12)
            assert fastgrad.gradients(slope, x) == pytest.approx(second, abs=1e-12)

    def test_a_long_chain_does_not_recurse(self):
        x = Value(1.0)
        y = x
        for _ in range(20_000):
            y = y * 1.0001
        slope = fastgrad.gradients(y * y, x, create_graph=True)
        assert fastgrad.gradients(slope, x) == pytest.approx(2.0 * 1.0001**40_000)

    @settings(max_examples=60)
    @given(STEPS, POINTS)
    def test_are_what_the_plain_sweep_finds(self, steps, x):
        scalars = [Value(number) for number in x]
        y = drawn(steps)(scalars)
        expected = fastgrad.gradients(y, scalars)
        tame(expected)
        assert close(data(fastgrad.gradients(y, scalars, create_graph=True)), expected)


class TestNodesOfMany:
    @pytest.mark.parametrize(
        ("operation", "expected"),
        [
            (lambda x: fastgrad.prod([x, x, 2.0]), 4.0),
            (lambda x: fastgrad.mean([x * x, x]), 1.0),
            (lambda x: fm.fsum([x * x, x]), 2.0),
            (lambda x: fastgrad.dot([x, 2.0], [x, x], bias=x), 2.0),
            (lambda x: fm.where(x > 0.0, x * x, x), 2.0),
            (lambda x: fm.hypot(x, 4.0), 16.0 / 5.0**3),
        ],
    )
    def test_have_second_derivatives(self, operation, expected):
        x = Value(3.0)
        slope = fastgrad.gradients(operation(x), x, create_graph=True)
        assert fastgrad.gradients(slope, x) == pytest.approx(expected)

    def test_logsumexp_and_softmax_do_so_where_exp_overflows(self):
        xs = [Value(1000.0), Value(1001.0)]
        p = 1.0 / (1.0 + math.e)
        slopes = fastgrad.gradients(fastgrad.logsumexp(xs), xs, create_graph=True)
        assert data(slopes) == pytest.approx([p, 1.0 - p])
        assert fastgrad.gradients(slopes[0], xs) == pytest.approx([p * (1.0 - p), -p * (1.0 - p)])
        slopes = fastgrad.gradients(fastgrad.softmax(xs)[0], xs, create_graph=True)
        assert data(slopes) == pytest.approx([p * (1.0 - p), -p * (1.0 - p)])
        third = p * (1.0 - p) * (1.0 - 2.0 * p)
        assert fastgrad.gradients(slopes[0], xs) == pytest.approx([third, -third])

    def test_a_product_of_a_zero_has_second_derivatives(self):
        xs = [Value(2.0), Value(0.0), Value(3.0)]
        slopes = fastgrad.gradients(fastgrad.prod(xs), xs, create_graph=True)
        assert [fastgrad.gradients(slope, xs) for slope in slopes] == [
            [0.0, 3.0, 0.0],
            [3.0, 0.0, 2.0],
            [0.0, 2.0, 0.0],
        ]

    def test_after_nodes_have_moved_the_sweep_begins_at_the_root(self):
        """Making room collects, which moves roots down."""
        xs = [Value(0.1), Value(0.2), Value(0.3)]
        for garbage in range(400):
            dropped = [Value(1.0) * 2.0 for _ in range(garbage)]
            y = fastgrad.logsumexp([xs[0] * xs[1], xs[1] * xs[2], xs[0]])
            del dropped
            found = fastgrad.gradients(y, xs, create_graph=True)
            assert data(found) == pytest.approx(fastgrad.gradients(y, xs), abs=1e-12)

    def test_layers_and_losses_have_second_derivatives(self):
        model = nn.MLP(2, [3, 1], rng=0)
        parameters = model.parameters()

        def gradient():
            loss = losses.mse(model(np.array([[0.1, 0.2], [0.3, -0.4]])), [[0.5], [1.0]])
            return fastgrad.gradients(loss, parameters, create_graph=True)

        slopes = gradient()
        found = fastgrad.gradients(fastgrad.sum([slope * slope for slope in slopes]), parameters)
        for k, parameter in enumerate(parameters):
            ends = []
            for step in (1e-6, -1e-6):
                parameter.data += step
                ends.append(sum(slope.data**2 for slope in gradient()))
                parameter.data -= step
            assert found[k] == pytest.approx((ends[0] - ends[1]) / 2e-6, rel=1e-5, abs=1e-7)


def below(scalars):
    """All that scalars stand on, and they."""
    found, pending = set(), list(scalars)
    while pending:
        node = pending.pop()
        if node not in found:
            found.add(node)
            pending.extend(node.prev)
    return found


class TestSize:
    """A sweep writes few nodes, as what is sent through them again is all of these."""

    @measures
    @pytest.mark.parametrize(
        ("operation", "made"),
        [
            (lambda x, y: x + y, 0),  # the gradient itself
            (lambda x, y: x - y, 1),  # its negative
            (lambda x, y: x * y, 2),  # two products
            (lambda x, y: x / y, 3),  # a quotient, which both have; a product and its negative
            (lambda x, y: (x - y) * y, 3),  # two products, and a difference in which the negative is
            (lambda x, y: x * x / y + y, 6),  # the quotient, three products, a sum, and a difference again
            (lambda x, y: 2.0 * x - y, 2),  # a constant is part of a node
        ],
    )
    def test_of_the_steps(self, operation, made):
        x, y, factor = Value(3.0), Value(2.0), Value(0.5)
        root = operation(x, y) * factor
        slopes = fastgrad.gradients(root, [x, y], create_graph=True)
        assert len(below(slopes) - below([root])) == made
        assert data(slopes) == pytest.approx(fastgrad.gradients(root, [x, y]), rel=1e-15)

    def test_no_graph_of_a_constant(self):
        x = Value(3.0)
        slope = fastgrad.gradients(x / 4.0 * 2.0, x, create_graph=True)
        assert (slope.data, slope.prev) == (0.5, [])


class TestChoices:
    """What was not chosen passes nothing on, not even 0 times an infinite slope."""

    @pytest.mark.parametrize(
        "choice",
        [
            lambda x: fm.where(x > 0.0, fm.sqrt(x), x),
            lambda x: fm.max(fm.sqrt(x) - 1.0, x),
            lambda x: fm.min(fm.sqrt(x) + 1.0, x),
            lambda x: fm.clip(fm.sqrt(x) - 1.0, 0.0, 2.0) + x,
            lambda x: fm.relu(fm.sqrt(x) - 1.0) + x,
            lambda x: (fm.sqrt(x) - 1.0).leaky_relu(0.0) + x,
        ],
    )
    def test_pass_nothing_on_to_what_they_did_not_take(self, choice):
        x = Value(0.0)
        slope = fastgrad.gradients(choice(x) * x, x, create_graph=True)
        second = fastgrad.gradients(slope, x, create_graph=True)
        third = fastgrad.gradients(second, x, create_graph=True)
        assert (slope.data, second.data, third.data) == (0.0, 2.0, 0.0)


# backward(create_graph=True).


class TestBackward:
    def test_leaves_have_their_derivatives_as_scalars_too(self, number):
        x, y = number(3.0), number(2.0)
        (x * x * y).backward(create_graph=True)
        assert (x.grad, y.grad, x.grad_node.data, y.grad_node.data) == (12.0, 9.0, 12.0, 9.0)
        assert fastgrad.gradients(x.grad_node, [x, y]) == [4.0, 6.0]

    def test_the_number_to_begin_with_is_a_factor(self, number):
        x = number(3.0)
        (x * x).backward(0.5, create_graph=True)
        assert (x.grad, x.grad_node.data) == (3.0, 3.0)

    def test_grads_are_added_up_and_nodes_are_of_the_last(self, number):
        x = number(3.0)
        (x * x).backward(create_graph=True)
        (x * 5.0).backward(create_graph=True)
        assert (x.grad, x.grad_node.data) == (11.0, 5.0)

    def test_a_leaf_of_its_own(self, number):
        x = number(3.0)
        x.backward(create_graph=True)
        assert (x.grad, x.grad_node.data) == (1.0, 1.0)

    def test_a_plain_one_makes_no_node(self, number):
        x = number(3.0)
        (x * x).backward()
        assert x.grad_node is None

    def test_it_is_a_scalar_or_none(self):
        x = Value(3.0)
        with pytest.raises(TypeError, match="must be a scalar or None, not 2.0"):
            x.grad_node = 2.0
        x.grad_node = Value(1.0)
        x.grad_node = None
        assert x.grad_node is None
        del x.grad_node
        assert x.grad_node is None

    def test_a_penalty_on_gradients_has_gradients(self):
        model = nn.MLP(2, [3, 1], rng=0)
        model([Value(0.3), Value(-0.2)]).backward(create_graph=True)
        parameters = model.parameters()
        penalty = fastgrad.sum([parameter.grad_node**2 for parameter in parameters])
        assert data([parameter.grad_node for parameter in parameters]) == pytest.approx([p.grad for p in parameters])
        assert any(fastgrad.gradients(penalty, parameters))


# What cannot be.


def doubled_by_hand(x):
    out = Value(x.data * 2.0, (x,), "doubled")

    def _backward():
        x.grad += 2.0 * out.grad

    out._backward = _backward
    return out


class TestFaults:
    def test_a_callback_cannot_be_differentiated(self):
        x = Value(3.0)
        y = doubled_by_hand(x) * x
        assert fastgrad.gradients(y, x) == 12.0
        with pytest.raises(TypeError, match=r"by a Python function, which cannot .* fastgrad.custom"):
            fastgrad.gradients(y, x, create_graph=True)
        with pytest.raises(TypeError, match="by a Python function"):
            y.backward(create_graph=True)
        assert (x.grad, x.grad_node) == (0.0, None)
        assert fastgrad.gradients(y, x) == 12.0

    def test_a_callback_that_does_not_matter_is_not_asked(self):
        x, other = Value(3.0), Value(1.0)
        slope = fastgrad.gradients(doubled_by_hand(other) * x * x, x, create_graph=True)
        assert slope.data == 12.0

    def test_partials_of_scalars_are_differentiated(self):
        cube = fastgrad.custom("cube", lambda x: x**3, lambda x: 3.0 * x * x)
        x = Value(2.0)
        slope = fastgrad.gradients(cube(x), x, create_graph=True)
        assert (slope.data, fastgrad.gradients(slope, x)) == (12.0, 12.0)

    def test_partials_of_plain_numbers_cannot_be(self):
        exponential = fastgrad.custom("exponential", math.exp, math.exp)
        x = Value(0.0)
        y = exponential(x)
        with pytest.raises(TypeError, match=r"partial derivatives of exponential\(\) .* takes plain numbers only"):
            fastgrad.gradients(y, x, create_graph=True)
        assert (fastgrad.gradients(y, x), x.grad, x.grad_node) == (1.0, 0.0, None)

    def test_what_a_partial_raises_goes_through_and_leaves_grads_as_they_were(self):
        def wrong(x):
            raise KeyError("mine")

        x = Value(2.0)
        x.grad = 5.0
        y = fastgrad.custom("wrong", lambda x: x, wrong)(x)
        for create_graph in (False, True):
            with pytest.raises(KeyError, match="mine"):
                fastgrad.gradients(y, x, create_graph)
        assert (x.grad, y.grad) == (5.0, 0.0)
        assert fastgrad.gradients(x * x, x) == 4.0

    @pytest.mark.parametrize("create_graph", [False, True])
    def test_what_is_no_scalar_is_refused(self, create_graph):
        x = Value(3.0)
        with pytest.raises(TypeError, match="takes scalars as y, one or a list, not 3.0"):
            fastgrad.gradients(3.0, x, create_graph)
        with pytest.raises(TypeError, match="takes scalars as xs, one or a list, not 3.0"):
            fastgrad.gradients(x, 3.0, create_graph)
        with pytest.raises(ValueError, match="a seed for each y: there are 1, and 2 seeds"):
            fastgrad.gradients(x, x, create_graph, seeds=[1.0, 2.0])
        with pytest.raises(TypeError, match="a seed must be a real number, not 'a'"):
            fastgrad.gradients(x, x, create_graph, seeds="a")


# Memory.


class TestMemory:
    def test_what_was_appended_goes_with_the_gradient(self, number):
        before = live_nodes()
        x = number(3.0)
        slope = fastgrad.gradients(fm.sin(x) ** 3, x, create_graph=True)
        assert live_nodes() > before + 4
        del slope
        assert live_nodes() == before + 1

    def test_a_leaf_and_its_derivative_that_refer_to_each_other_are_let_go(self, number):
        before = live_nodes()
        for _ in range(5):
            x = number(3.0)
            (x**3).backward(create_graph=True)
        del x
        assert live_nodes() == before

    @measures
    @large
    def test_a_loop_of_gradients_of_gradients_is_flat(self):
        xs = [Value(0.1 * k) for k in range(4)]

        def step(i):
            slopes = fastgrad.gradients(fastgrad.logsumexp(xs) * xs[0], xs, create_graph=True)
            fastgrad.gradients(fastgrad.sum([slope * slope for slope in slopes]), xs)

        check_no_objects(step)

    @measures
    @large
    def test_a_loop_of_gradient_penalties_is_flat(self):
        xs = [Scalar(0.1 * k) for k in range(4)]

        def step(i):
            (fm.tanh(fastgrad.dot(xs, xs))).backward(create_graph=True)
            fastgrad.sum([x.grad_node**2 for x in xs]).backward()
            for x in xs:
                x.data -= 1e-6 * x.grad
                x.grad = 0.0

        check_no_objects(step)
