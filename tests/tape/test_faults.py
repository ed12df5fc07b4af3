"""Bad input, exceptions and interrupts: what is raised, and that the tape stays usable."""

import operator

import numpy as np
import pytest

import fastgrad
from fastgrad import Value
from support.graphs import check_the_tape
from support.marks import python_stack
from support.processes import run_python

# Wrong types.

WRONG = ["3", b"3", None, 1j, [1.0], {}, object(), np.array([1.0, 2.0]), np.array([1.0]), np.complex128(1j), float]


@pytest.mark.parametrize("wrong", WRONG, ids=lambda wrong: type(wrong).__name__)
def test_what_is_no_real_number_is_refused_by_name(number, wrong):
    x = number(1.0)
    for attempt in (lambda: number(wrong), lambda: setattr(x, "data", wrong), lambda: setattr(x, "grad", wrong)):
        with pytest.raises(TypeError, match=f"must be a real number, not .*of type {type(wrong).__name__}") as raised:
            attempt()
        assert repr(wrong) in str(raised.value)
    assert (x.data, x.grad) == (1.0, 0.0)
    check_the_tape()


def test_a_scalar_is_no_data(number):
    with pytest.raises(
        TypeError, match=rf"{number.__name__}'s data must be a real number.*: give its number, its \.data"
    ):
        number(number(1.0))


@pytest.mark.parametrize("arguments", [(), (1.0, 2, 3, 4, 5), ("x", 1.0)])
def test_wrong_arguments_are_refused(number, arguments):
    with pytest.raises(TypeError):
        number(*arguments)
    with pytest.raises(TypeError):
        number(1.0, nonsense=1)


def test_a_number_too_large_for_a_float_is_pythons_own_error(number):
    for attempt in (
        lambda: number(10**400),
        lambda: number(1.0) * 10**400,
        lambda: fastgrad.sum([number(1.0), 10**400]),
    ):
        with pytest.raises(OverflowError, match="int too large to convert to float"):
            attempt()


class Broken:
    def __float__(self):
        raise KeyError("broken")


def test_an_error_in_a_conversion_is_passed_on(number):
    for attempt in (lambda: number(Broken()), lambda: number(1.0) + Broken(), lambda: Broken() * number(1.0)):
        with pytest.raises(KeyError, match="broken"):
            attempt()
    with pytest.raises(KeyError, match="broken"):
        fastgrad.dot([number(1.0)], [Broken()])
    check_the_tape()


def test_data_and_gradient_cannot_be_deleted(number):
    x = number(1.0)
    for name in ("data", "grad", "prev"):
        with pytest.raises((AttributeError, NotImplementedError)):
            delattr(x, name)
    assert x.data == 1.0


def test_made_without_its_constructor(number):
    class Lazy(number):
        def __init__(self):
            pass

    x = Lazy()
    assert (x.data, x.grad, x.prev) == (0.0, 0.0, [])
    x.data = 3.0
    (x * x).backward()
    assert x.grad == 6.0


def test_a_leaf_may_be_constructed_again_and_a_result_may_not():
    a = Value(2.0)
    a.__init__(4.0, label="a")
    y = a * 3.0
    assert (a.data, a.label, y.data) == (4.0, "a", 12.0)
    with pytest.raises(TypeError, match="is the result of an operation"):
        y.__init__(10.0, (y, a), (1.0, 5.0))
    y.backward()
    assert (y.data, a.grad) == (12.0, 3.0)
    check_the_tape()


# Operators with what is no number.


@pytest.mark.parametrize(
    "operation", [operator.add, operator.sub, operator.mul, operator.truediv, operator.pow, operator.lt]
)
@pytest.mark.parametrize("other", ["3", None, 1j, [1.0], {}, object()], ids=repr)
def test_operators_with_what_is_no_number(number, operation, other):
    for arguments in ((number(2.0), other), (other, number(2.0))):
        with pytest.raises(TypeError, match="unsupported operand|not supported between|can't multiply|concatenate"):
            operation(*arguments)


def test_an_operand_may_take_over(number):
    class Eager:
        def __radd__(self, other):
            return "taken"

        def __rpow__(self, other):
            return "power"

    assert number(1.0) + Eager() == "taken"
    assert number(1.0) ** Eager() == "power"


def test_three_argument_pow_is_refused(number):
    with pytest.raises(TypeError):
        pow(number(2.0), 2, 5)


# Exceptions in callbacks.


class Stop(BaseException):
    pass


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt, SystemExit, Stop, ZeroDivisionError])
def test_an_exception_in_a_callback_comes_out_of_backward(number, error):
    x = number(2.0)
    inner = x * 3.0
    y = inner * 5.0
    step = inner._backward

    def fail():
        raise error("in the callback")

    inner._backward = fail
    for _ in range(3):
        with pytest.raises(error, match="in the callback"):
            y.backward()
    assert (inner.grad, x.grad) == (15.0, 0.0)  # as far as it came
    inner._backward = step
    y.zero_grad()
    y.backward()
    assert x.grad == 15.0
    check_the_tape()


def test_a_sweep_that_ended_early_leaves_nothing_for_the_next(number):
    """Nodes that were still to be visited belong to the sweep that failed."""
    x = number(1.0)
    below = [x * float(k) for k in range(1, 200)]
    trap = below[100] * 1.0

    def fail():
        raise RuntimeError

    trap._backward = fail
    y = fastgrad.sum(below) + trap
    with pytest.raises(RuntimeError):
        y.backward()
    y.zero_grad()
    other = below[3] * 10.0
    other.backward()
    assert x.grad == 40.0
    assert below[4].grad == 0.0


def test_an_exception_two_sweeps_deep(number):
    x = number(2.0)
    outer, inner = x * 3.0, number(5.0) * 7.0

    def fail():
        raise RuntimeError("deep")

    inner._backward = fail
    outer._backward = inner.backward
    y = outer + 1.0
    with pytest.raises(RuntimeError, match="deep"):
        y.backward()
    check_the_tape()


@python_stack
def test_a_callback_that_sweeps_its_own_root_runs_out_of_python_stack(number):
    x = number(2.0)
    y = x * 3.0
    y._backward = y.backward
    with pytest.raises(RecursionError):
        y.backward()
    check_the_tape()


# What callbacks may do.


def test_a_callback_may_sweep_another_graph(number):
    x, w = number(2.0), number(3.0)
    inner = x * 5.0
    step = inner._backward

    def sweep_another():
        (w * w * w).backward()
        step()

    inner._backward = sweep_another
    (inner * 7.0 + x).backward()
    assert (x.grad, w.grad) == (36.0, 27.0)


def test_a_callback_may_sweep_a_part_of_the_same_graph(number):
    x = number(2.0)
    low = x * 3.0
    high = low * 5.0
    step = high._backward
    high._backward = lambda: (low.backward(), step())
    high.backward()
    assert (low.grad, x.grad) == (1.0 + 5.0, 3.0 + 18.0)


def test_a_callback_may_make_nodes_so_many_that_the_tape_moves(number):
    x = number(2.0)
    inner = x * 3.0
    step, kept = inner._backward, []

    def grow():
        kept.extend(x * float(k) for k in range(100_000))
        fastgrad.collect()
        step()

    inner._backward = grow
    y = inner * 7.0 + x
    y.backward()
    assert x.grad == 22.0
    assert [kept[k].data for k in (0, 99_999)] == [0.0, 199_998.0]
    kept[7].backward()
    assert x.grad == 29.0


def test_a_callback_may_drop_and_change_what_is_still_to_come(number):
    x = number(2.0)
    chain = [x]
    for _ in range(10):
        chain.append(chain[-1] * 2.0)
    y = chain[-1]
    calls = []
    middle, low = chain[5], chain[2]
    step = middle._backward

    def change():
        x.data = 100.0
        low._backward = lambda: calls.append(low.grad)
        chain.clear()
        fastgrad.collect()
        step()

    middle._backward = change
    y.backward()
    assert calls == [2.0**8]
    assert x.grad == 0.0


def test_a_callback_may_compute_forward(number):
    x = number(2.0)
    inner = x * x
    y = inner * 3.0
    y.forward()
    step = y._backward

    def recompute():
        x.data = 5.0
        inner.forward()
        (number(1.0) * 2.0).forward()
        step()

    y._backward = recompute
    y.backward()
    assert (inner.data, x.grad) == (25.0, 30.0)
    y.zero_grad()
    y.forward()
    y.backward()
    assert x.grad == 30.0


def test_a_callback_may_stop_recording(number):
    x = number(2.0)
    y = x * 3.0
    step, made = y._backward, []

    def silent():
        with fastgrad.no_grad():
            made.append(x * 2.0)
        made.append(x * 2.0)
        step()

    y._backward = silent
    y.backward()
    assert [node.prev for node in made] == [[], [x]]
    assert x.grad == 3.0


def test_finalizers_that_fail_do_no_harm(number):
    run_python("""
        import gc, sys
        import fastgrad
        from fastgrad import Value

        seen = []
        sys.unraisablehook = lambda error: seen.append(error.exc_type)

        class Bad:
            def __del__(self):
                raise ValueError("in a finalizer")

        for _ in range(3):
            y = Value(1.0) * 2.0
            y.itself, y.bad = y, Bad()
        del y
        fastgrad.collect()
        assert seen == [ValueError] * 3, seen
        x = Value(2.0)
        (x * x).backward()
        assert x.grad == 4.0
    """)


def test_a_handle_may_come_back_in_its_finalizer(number):
    saved = []

    class Phoenix(number):
        def __del__(self):
            saved.append(self)

    y = Phoenix(3.0) * 2.0
    z = y + 1.0
    del y
    fastgrad.collect()
    assert type(saved[-1]) is Phoenix
    saved[-1].grad = 0.0
    z.backward()
    assert saved[0].data in (3.0, 6.0)
    saved.clear()
    del Phoenix.__del__
    check_the_tape()
