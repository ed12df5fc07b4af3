"""Sweeps: backward and what it adds up, single steps, callbacks, and what stops or clears a gradient."""

import math
import threading

import pytest

import fastgrad
from fastgrad import Scalar, Value
from fastgrad._tape.gradients import nodes_made
from support.graphs import exact, state
from support.marks import measures
from support.processes import run_python

# backward().


def test_backward_sets_its_own_gradient_and_adds_to_the_others(number):
    x = number(3.0)
    y = x * x
    x.grad, y.grad = 10.0, 10.0
    y.backward()
    assert (y.grad, x.grad) == (1.0, 16.0)
    y.backward()
    assert (y.grad, x.grad) == (1.0, 22.0)


def test_a_second_sweep_adds_what_the_first_left_on_shared_nodes(number):
    x = number(3.0)
    inner = x * 2.0
    first, second = inner * 5.0, inner * 7.0
    first.backward()
    assert (inner.grad, x.grad) == (5.0, 10.0)
    second.backward()
    assert (inner.grad, x.grad) == (12.0, 10.0 + 24.0)


def test_the_gradient_may_be_given(number):
    x = number(3.0)
    y = x * x
    y.backward(0.5)
    assert (y.grad, x.grad) == (0.5, 3.0)
    y.backward(gradient=-1)
    assert (y.grad, x.grad) == (-1.0, -3.0)
    y.backwards(2.0)
    assert (y.grad, x.grad) == (2.0, 9.0)


@pytest.mark.parametrize("gradient", ["1", None, 1j, [1.0]])
def test_a_gradient_that_is_no_number_is_refused(number, gradient):
    x = number(3.0)
    with pytest.raises(TypeError, match="gradient must be a real number"):
        (x * x).backward(gradient)
    assert x.grad == 0.0


def test_backward_of_a_leaf(number):
    x = number(3.0)
    x.backward()
    assert x.grad == 1.0


def test_data_is_read_when_the_gradient_flows(number):
    x, w = number(3.0), number(5.0)
    y = x * w
    w.data = 7.0
    y.backward()
    assert (y.data, x.grad, w.grad) == (15.0, 7.0, 3.0)


def test_what_is_not_below_is_left_alone(number):
    x = number(3.0)
    above = (y := x * 2.0) * 3.0
    beside = x * 5.0
    above.grad, beside.grad = 11.0, 13.0
    y.backward()
    assert (x.grad, above.grad, beside.grad) == (2.0, 11.0, 13.0)


# One node's own step.


def test_a_step_is_callable(number):
    x = number(3.0)
    y = x * x
    y.grad = 2.0
    step = y._backward
    step()
    y._backward()
    assert x.grad == 24.0
    x._backward()  # a leaf has nothing to do
    assert x.grad == 24.0


def test_a_callback_replaces_a_step(number):
    x = number(3.0)
    y = x * 2.0
    z = y * 5.0
    seen = []

    def callback():
        seen.append(y.grad)
        x.grad += 100.0

    y._backward = callback
    assert y._backward is callback
    z.backward()
    assert (seen, x.grad) == ([5.0], 100.0)
    y._backward()
    assert (seen, x.grad) == ([5.0, 5.0], 200.0)


def test_a_step_kept_before_the_callback_is_the_nodes_own(number):
    x = number(3.0)
    y = x * 2.0
    own = y._backward

    def loud():
        own()
        x.grad *= -1.0

    y._backward = loud
    y.backward(4.0)
    assert x.grad == -8.0


def test_callbacks_run_in_the_order_of_the_sweep(number):
    order = []
    nodes = [number(1.0)]
    for i in range(20):
        nodes.append(nodes[-1] * 1.5 if i % 3 else nodes[-1] + nodes[i // 2])
    for i, node in enumerate(nodes):
        node._backward = lambda i=i, step=node._backward: (order.append(i), step())
    nodes[-1].backward()
    assert order == sorted(order, reverse=True)
    assert order[-1] == 0  # a leaf's callback is run, too


def test_a_hook_sees_the_whole_gradient(number):
    """A callback runs after everything that passes a gradient to its node."""
    x = number(2.0)
    inner = x * 3.0
    hooked, step = [], inner._backward
    inner._backward = lambda: (hooked.append(inner.grad), step())
    (inner * inner + inner.tanh() - inner).backward()
    assert hooked == [inner.grad]
    assert inner.grad == 2 * 6.0 + (1 - math.tanh(6.0) ** 2) - 1


def test_a_callback_that_is_no_function_is_refused(number):
    y = number(1.0) * 2.0
    with pytest.raises(TypeError, match="_backward must be a function .* not 3"):
        y._backward = 3
    y.backward()
    assert y.prev[0].grad == 2.0


def test_callbacks_may_be_lambdas_methods_and_callable_objects(number):
    calls = []

    class Hook:
        def __call__(self):
            calls.append("object")

        def method(self):
            calls.append("method")

    y = number(1.0) * 2.0
    for hook in (lambda: calls.append("lambda"), Hook(), Hook().method):
        y._backward = hook
        y.backward()
    assert calls == ["lambda", "object", "method"]


def test_a_users_node_with_a_closure():
    a, b = Value(2.0), Value(3.0)
    out = Value(a.data**b.data, (a, b), "power")

    def _backward():
        a.grad += b.data * a.data ** (b.data - 1.0) * out.grad
        b.grad += out.data * math.log(a.data) * out.grad

    out._backward = _backward
    (out * 2.0).backward()
    assert (a.grad, b.grad) == (24.0, 16.0 * math.log(2.0))


def test_a_subclass_adds_a_method_with_a_closure(number):
    class Mine(number):
        def swish(self):
            x, s = self, 1.0 / (1.0 + math.exp(-self.data))
            out = x * s

            def _backward():
                x.grad += out.grad * (s + x.data * s * (1.0 - s))

            out._backward = _backward
            return out

    x = Mine(0.5)
    (x.swish().swish() + 1.0).swish().backward()
    expected = [x.grad]
    y = number(0.5)
    outputs = [y * y.sigmoid()]
    outputs.append(outputs[-1] * outputs[-1].sigmoid())
    last = outputs[-1] + 1.0
    (last * last.sigmoid()).backward()
    assert expected == pytest.approx([y.grad], rel=1e-12)


# Choices.


def test_ifel_takes_the_value_and_lets_the_gradient_through(number):
    x, yes, no = number(0.5), number(7.0), number(-7.0)
    for condition, taken, other in ((True, yes, no), (False, no, yes)):
        y = x.ifel(condition, yes, no)
        assert (y.data, y.prev, y._op) == (taken.data, [x, taken], "ifel")
        taken.grad = x.grad = other.grad = 0.0
        y.backward(3.0)
        assert (x.grad, taken.grad, other.grad) == (3.0, 3.0, 0.0)


def test_ifel_of_plain_cases(number):
    x = number(0.5)
    y = x.ifel(x.data > 0.0, 1, 0)
    assert (type(y), y.data, y.prev) == (number, 1.0, [x])
    y.backward()
    assert x.grad == 1.0


def test_ifel_of_itself(number):
    x = number(0.5)
    y = x.ifel(x > 0.0, x, 0.0)
    y.backward()
    assert (y.prev, x.grad) == ([x, x], 2.0)


def test_comparisons(number):
    x, y = number(2.0), number(3.0)
    for comparison, holds in [(x < y, 1.0), (x > y, 0.0), (x <= 2, 1.0), (x >= y, 0.0), (x < 2.5, 1.0), (y < x, 0.0)]:
        assert type(comparison) is number
        assert comparison.data == holds
    assert sorted([y, x], key=lambda node: node.data) == [x, y]
    assert max(x, y) is y
    assert min([y, x]) is x


def test_comparisons_with_nan_do_not_hold(number):
    x = number(math.nan)
    assert [(x < 1.0).data, (x > 1.0).data, (x <= x).data, (x <= 1.0).data] == [0.0] * 4


# What stops or clears a gradient.


def test_detach(number):
    x = number(3.0)
    leaf = (x * 2.0).detach()
    assert (type(leaf), leaf.data, leaf.prev, leaf.grad) == (number, 6.0, [], 0.0)
    (x * leaf).backward()
    assert (x.grad, leaf.grad) == (6.0, 3.0)
    leaf.data = 1.0
    assert x.data == 3.0


def test_zero_grad_clears_all_below(number):
    x, w = number(3.0), number(5.0)
    inner = x * w
    y = (inner.tanh() + inner) * 2.0
    other = inner * 3.0
    other.backward()
    y.backward()
    y.zero_grad()
    assert [node.grad for node in (x, w, inner, y)] == [0.0] * 4
    assert other.grad == 1.0
    leaf = number(1.0)
    leaf.grad = 3.0
    leaf.zero_grad()
    assert leaf.grad == 0.0


def test_no_grad_records_nothing(number):
    x = number(3.0)
    with fastgrad.no_grad():
        results = [
            x * 2.0, x + x, -x, x.exp(), x < 4.0, x.ifel(True, x, 0.0), fastgrad.sum([x, 1.0]), *fastgrad.softmax([x,
            2.0]),
            fastgrad.math.max(x, 1.0), fastgrad.custom("twice", lambda a: 2 * a, lambda a: 2.0)(x), x.detach(),
        ]  # fmt: skip
    assert [type(y) for y in results] == [number] * len(results)
    assert [y.prev for y in results] == [[]] * len(results)
    assert results[0].data == 6.0
    results[0].backward()
    assert x.grad == 0.0


def test_no_grad_ends(number):
    x = number(3.0)
    with fastgrad.no_grad():
        with fastgrad.no_grad():
            pass
        assert (x * 2.0).prev == []
    with pytest.raises(ZeroDivisionError), fastgrad.no_grad():
        1 / 0  # noqa: B018
    assert (x * 2.0).prev == [x]


def test_no_grad_above_a_function_is_for_its_calls(number):
    @fastgrad.no_grad()
    def doubled(x):
        """Twice as much."""
        return x * 2.0 if x.data < 4.0 else x.data * doubled(x - 1.0)

    x = number(4.0)
    assert (doubled(x).data, doubled(x).prev) == (24.0, [])
    assert (doubled.__name__, doubled.__doc__) == ("doubled", "Twice as much.")
    assert (x * 2.0).prev == [x]


def test_leaves_can_be_made_without_recording():
    with fastgrad.no_grad():
        x, y = Scalar(1.0, label="x"), Value(2.0, (Value(1.0),), "op")
    assert (x.label, y.prev, y.data) == ("x", [], 2.0)
    (x * 2.0).backward()
    assert x.grad == 2.0


def test_no_grad_is_of_one_thread(number):
    x = number(3.0)
    results, inside, done = [], threading.Event(), threading.Event()

    def other_thread():
        inside.wait(300)
        results.append(x * 2.0)
        done.set()

    thread = threading.Thread(target=other_thread)
    thread.start()
    with fastgrad.no_grad():
        inside.set()
        assert done.wait(300)
        results.append(x * 2.0)
    thread.join()
    assert [y.prev for y in results] == [[x], []]


def test_a_thread_that_ends_inside_leaves_no_trace():
    """The system gives a new thread the name of one that has ended."""
    run_python("""
        import threading
        import fastgrad

        def run(function):
            thread = threading.Thread(target=function)
            thread.start()
            thread.join()

        x, recorded = fastgrad.Value(3.0), []
        run(lambda: fastgrad.no_grad().__enter__())
        for _ in range(20):
            run(lambda: recorded.append((x * 2.0).prev == [x]))
        assert recorded == [True] * 20, recorded
    """)


# The tape.


def test_tape_info_and_collect(number):
    fastgrad.collect()
    before = fastgrad.tape_info()
    kept = [number(float(i)) for i in range(100)]
    for x in kept:
        x.exp()
    during = fastgrad.tape_info()
    fastgrad.collect()
    after = fastgrad.tape_info()
    assert after.nodes == before.nodes + 100
    assert during.nodes >= after.nodes
    assert after.collections > before.collections
    assert after.capacity >= after.nodes
    assert after.bytes >= 40 * after.nodes
    assert [exact(x.data) for x in kept] == [exact(i) for i in range(100)]


def test_collections_change_nothing(number):
    x = number(0.3)
    garbage, nodes = [], [x]
    for i in range(50):
        nodes.append((nodes[-1] * x + nodes[i // 2]).tanh())
        garbage.append(x * float(i))
        if i % 7 == 0:
            garbage.clear()
            fastgrad.collect()
    before = state(nodes)
    fastgrad.collect()
    assert state(nodes) == before
    nodes[-1].backward()
    first = state(nodes)
    fastgrad.collect()
    nodes[-1].zero_grad()
    nodes[-1].backward()
    assert state(nodes) == first


@measures
def test_an_order_is_not_taken_for_that_of_a_node_in_the_same_place():
    """What lies below the first garbage stays where it is when that is collected; a new graph may come to lie there."""
    x = Value(2.0)
    for depth in (1, 50):
        before = 0
        while nodes_made() >= before:  # until they are collected
            before = nodes_made()
            x * 1.0
        beside = [x + 1.0 for _ in range(50 - depth)]
        y = x
        for _ in range(depth):
            y = y + x
        y.zero_grad()
        y.backward()
        assert x.grad == depth + 1.0
        del y, beside
