"""A user's own operations, made from plain functions."""

import math
import pickle

import numpy as np
import pytest

import fastgrad
from fastgrad import custom

POWER = custom("power", lambda a, b: a**b, lambda a, b: b * a ** (b - 1.0), lambda a, b: a**b * math.log(a))


def test_value_and_gradients(number):
    a, b = number(2.0), number(3.0)
    y = POWER(a, b)
    (y * 0.5).backward()
    assert (type(y), y.data) == (number, 8.0)
    assert (a.grad, b.grad) == (6.0, 4.0 * math.log(2.0))


def test_it_looks_like_any_operation(number):
    a, b = number(2.0), number(3.0)
    y = POWER(a, b)
    assert (y._op, y.op, y.prev) == ("power", "power", [a, b])
    assert y.label == (f"Scalar({y.data:.4g})" if number is fastgrad.Scalar else "")
    assert "power" in repr(POWER)


def test_numbers_may_be_mixed_in(number):
    a = number(2.0)
    for y, slope in ((POWER(a, 3), 12.0), (POWER(2.0, a), 4.0 * math.log(2.0)), (POWER(a, np.float64(3.0)), 12.0)):
        a.grad = 0.0
        y.backward()
        assert y.prev == [a]
        assert a.grad == slope


def test_plain_numbers_give_a_float():
    assert POWER(2, 3) == 8.0
    assert type(POWER(2, 3)) is float
    assert custom("seven", lambda: 7)() == 7.0


def test_the_functions_are_given_floats(number):
    given = []

    def value(*numbers):
        given.append(numbers)
        return 0.0

    probe = custom("probe", value, *[lambda *numbers: given.append(numbers) or 1.0] * 2)
    probe(number(2.0), 3).backward()
    assert given == [(2.0, 3.0)] * 3
    assert {type(x) for numbers in given for x in numbers} == {float}


def test_the_same_scalar_twice(number):
    a = number(2.0)
    POWER(a, a).backward()
    assert a.grad == 4.0 + 4.0 * math.log(2.0)


def test_partials_are_asked_when_the_gradient_flows(number):
    a, b = number(2.0), number(3.0)
    y = POWER(a, b)
    a.data = 5.0
    y.backward()
    assert (y.data, a.grad) == (8.0, 75.0)
    y.forward()
    assert y.data == 125.0


def test_repeated_and_deep_use(number):
    half = custom("half", lambda a: a / 2.0, lambda a: 0.5)
    x = number(1024.0)
    y = x
    for _ in range(10):
        y = half(y)
        fastgrad.collect()
    y.backward()
    assert (y.data, x.grad) == (1.0, 0.5**10)


def test_what_is_returned_may_be_any_real_number(number):
    whole = custom("whole", lambda a: int(a), lambda a: np.float32(1.5))
    x = number(2.7)
    y = whole(x)
    y.backward()
    assert (y.data, x.grad) == (2.0, 1.5)


@pytest.mark.parametrize("wrong", ["1", None, 1j, [1.0]], ids=repr)
def test_what_is_returned_must_be_a_number(number, wrong):
    x = number(2.0)
    with pytest.raises(TypeError, match=type(wrong).__name__):
        custom("bad", lambda a: wrong, lambda a: 1.0)(x)
    y = custom("bad", lambda a: 1.0, lambda a: wrong)(x)
    with pytest.raises(TypeError, match=type(wrong).__name__):
        y.backward()
    assert x.grad == 0.0


def test_a_scalar_is_not_a_partial(number):
    """A partial computed with a scalar would lose what it depends on, in silence."""
    x = number(2.0)
    with pytest.raises(TypeError, match=r"\.data"):
        custom("loose", lambda a: x * a, lambda a: 1.0)(x)


def test_arguments_are_counted(number):
    with pytest.raises(TypeError, match=r"power\(\) takes 2 arguments.* not 1"):
        POWER(number(2.0))
    with pytest.raises(TypeError, match=r"power\(\) takes 2 arguments.* not 3"):
        POWER(number(2.0), 1.0, 1.0)


@pytest.mark.parametrize("wrong", ["3", None, 1j, [2.0]], ids=repr)
def test_an_argument_that_is_no_number_is_named(number, wrong):
    with pytest.raises(TypeError, match=rf"power.*{type(wrong).__name__}"):
        POWER(number(2.0), wrong)


def test_it_is_made_of_functions():
    for parts in ((1.0,), (lambda a: a, 2.0), (None, lambda a: a)):
        with pytest.raises(TypeError, match="function"):
            custom("broken", *parts)


def test_its_name_comes_first():
    with pytest.raises(TypeError, match="takes a name, a string"):
        custom(lambda a: a * a, lambda a: 2.0 * a)


def test_errors_of_the_functions_are_passed_on(number):
    x = number(0.0)
    with pytest.raises(ZeroDivisionError):
        custom("inverse", lambda a: 1.0 / a, lambda a: -1.0 / a**2)(x)
    y = custom("loose", lambda a: a, lambda a: 1.0 / a)(x) * 2.0
    with pytest.raises(ZeroDivisionError):
        y.backward()
    x.data = 4.0
    y.zero_grad()
    y.backward()
    assert x.grad == 0.5


def test_functions_may_use_the_engine_themselves(number):
    def slope(a):
        probe = number(a)
        (probe.sin() * probe).backward()
        fastgrad.collect()
        return probe.grad

    wave = custom("wave", lambda a: math.sin(a) * a, slope)
    x = number(0.5)
    y = wave(x) * wave(x * 2.0)
    y.backward()
    f = [math.sin(0.5) * 0.5, math.sin(1.0)]
    d = [math.sin(0.5) + 0.5 * math.cos(0.5), math.sin(1.0) + math.cos(1.0)]
    assert x.grad == pytest.approx(d[0] * f[1] + 2.0 * f[0] * d[1], rel=1e-14)


def test_an_operation_may_be_kept_on_a_class(number):
    class Mine(number):
        cube = custom("cube", lambda a: a**3, lambda a: 3.0 * a * a)

    x = Mine(2.0)
    y = Mine.cube(x)
    assert type(y) is Mine
    y.backward()
    assert x.grad == 12.0


def test_a_callback_may_run_the_operations_own_step():
    square = fastgrad.custom("square", lambda a: a * a, lambda a: 2.0 * a)
    x, seen = fastgrad.Value(3.0), []
    y = square(x)
    own = y._backward
    y._backward = lambda: (seen.append(y.grad), own())
    y.backward()
    assert (seen, x.grad) == ([1.0], 6.0)


# Rules: one function for the derivatives by all arguments.


def rate_jvp(arguments, tangents):
    a, b = arguments
    return tangents[0] / b - tangents[1] * a / b**2


def rate_vjp(arguments, adjoint):
    a, b = arguments
    return adjoint / b, -adjoint * a / b**2


RULES = [custom("rate", lambda a, b: a / b, jvp=rate_jvp), custom("rate", lambda a, b: a / b, vjp=rate_vjp)]


@pytest.mark.parametrize("rate", RULES, ids=["jvp", "vjp"])
class TestRules:
    def test_give_the_derivatives_of_every_order(self, rate, number):
        a, b = number(3.0), number(2.0)
        (4.0 * rate(a, b)).backward()
        assert (a.grad, b.grad) == (2.0, -3.0)
        assert fastgrad.hessian(lambda a, b: rate(a, b), (0, 1))(3.0, 2.0) == ((0.0, -0.25), (-0.25, 0.75))

    def test_take_plain_numbers_beside_scalars(self, rate, number):
        b = number(2.0)
        rate(3.0, b).backward()
        assert b.grad == -0.75
        assert rate(3.0, 2.0) == 1.5

    def test_compile(self, rate):
        f = fastgrad.compile(lambda a, b: 4.0 * rate(a, b))
        assert [f.value_and_grad(3.0, b, argnums=(0, 1)) for b in (2.0, 4.0)] == [
            (6.0, (2.0, -3.0)),
            (3.0, (1.0, -0.75)),
        ]
        assert f.hessian(3.0, 2.0, argnums=(0, 1)) == ((0.0, -1.0), (-1.0, 3.0))

    def test_are_pickled_with_the_operation(self, rate, monkeypatch):
        rule = {"jvp": rate.jvp, "vjp": rate.vjp}
        again = pickle.loads(pickle.dumps(custom("rate", math.hypot, **rule)))
        assert (again.name, again.value, again.jvp, again.vjp) == ("rate", math.hypot, rate.jvp, rate.vjp)


def test_derivatives_are_given_in_one_way():
    with pytest.raises(TypeError, match="one of these says it all"):
        custom("twice", lambda a: a, lambda a: 1.0, vjp=lambda arguments, g: [g])
    with pytest.raises(TypeError, match="as jvp or vjp one for all"):
        custom("wrong", lambda a: a, jvp=1.0)


def test_a_rule_gives_as_many_derivatives_as_there_are_arguments(number):
    x = number(2.0)
    y = custom("wrong", lambda a, b: a * b, vjp=lambda arguments, g: [g])(x, 3.0)
    with pytest.raises(ValueError, match=r"wrong\(\) was given 2 arguments, and its vjp gives as many.* not \[1.0\]"):
        y.backward()


# In compiled functions.


def sine(x):
    return math.sin(float(x))


def cosine(x):
    return math.cos(float(x))


SINE = custom("sine", sine, cosine)  # of plain numbers only
SQUARE = custom("square", lambda a: a * a, lambda a: 3.0 * a)  # a slope that is wrong shows whose it is


class TestCompiled:
    def test_what_takes_scalars_becomes_steps(self):
        f = fastgrad.compile(lambda x: SQUARE(x) + x)
        assert f.value_and_grad(2.0) == f.value_and_grad(2.0) == (6.0, 7.0)
        assert f.hessian(2.0) == 3.0
        assert f.programs()[0].functions == ()

    def test_what_takes_plain_numbers_only_is_called(self):
        f = fastgrad.compile(lambda x: SINE(2.0 * x) * x)
        for x in (0.5, 0.7):
            assert f(x) == math.sin(2.0 * x) * x
            assert f.value_and_grad(x) == (f(x), pytest.approx(math.sin(2.0 * x) + 2.0 * x * math.cos(2.0 * x)))
        assert sine in f.programs()[0].functions
        assert "sine(" in f.text()

    def test_it_is_called_for_every_row(self):
        f = fastgrad.compile(lambda x: SINE(2.0 * x) * x, num_threads=2)
        X = np.linspace(0.0, 1.0, 5000)
        values, slopes = f.batch_value_and_grad(X)
        assert values.tolist() == [f(x) for x in X]
        np.testing.assert_allclose(slopes, np.sin(2.0 * X) + 2.0 * X * np.cos(2.0 * X), rtol=1e-12)

    def test_over_a_scalar_from_outside_it_is_called_once_a_call(self):
        calls = []
        count = custom("count", lambda a: calls.append(a) or float(a), lambda a: 1.0)
        w = fastgrad.Value(3.0)
        f = fastgrad.compile(lambda x: count(w) * x)
        f.batch(np.ones(100))
        w.data, calls[:] = 5.0, []
        assert f.batch(np.ones(100)).tolist() == [5.0] * 100
        assert 0 < len(calls) < 10

    def test_a_comparison_inside_is_a_branch(self):
        bent = custom("bent", lambda a: a if a > 0 else 2 * a, lambda a: 1.0 if a > 0 else 2.0)
        f = fastgrad.compile(lambda x: bent(x))
        assert [f.value_and_grad(x) for x in (1.0, -1.0, 2.0, -2.0)] == [
            (1.0, 1.0),
            (-2.0, 2.0),
            (2.0, 1.0),
            (-4.0, 2.0),
        ]

    def test_second_derivatives_need_derivatives_that_take_scalars(self):
        f = fastgrad.compile(lambda x: SINE(x))
        for _ in range(2):
            with pytest.raises(TypeError, match=r"sine\(\) .* takes plain numbers only"):
                f.hessian(0.5)
        assert f.value_and_grad(0.5) == (math.sin(0.5), math.cos(0.5))
        half_known = custom("sine", sine, lambda a: fastgrad.math.cos(a))
        assert fastgrad.compile(lambda x: half_known(x)).hessian(0.5) == -math.sin(0.5)

    def test_derivatives_that_use_the_operation_itself(self):
        exponential = custom("exponential", lambda a: math.exp(float(a)), lambda a: exponential(a))
        f = fastgrad.compile(lambda x: exponential(2.0 * x))
        assert [f.derivative(0.0, n=n) for n in range(4)] == [1.0, 2.0, 4.0, 8.0]
        with pytest.raises(TypeError, match=r"exponential\(\) are known up to the order 3"):
            f.derivative(0.0, n=4)
        assert [fastgrad.derivative(lambda x: exponential(2.0 * x), 4)(0.0) for _ in range(3)] == [16.0] * 3

    def test_errors_are_passed_on_and_forgotten(self):
        def careful(x):
            if float(x) > 1.0:
                raise OverflowError(f"{x} is too large")
            return x

        f = fastgrad.compile(lambda x: 2.0 * custom("careful", careful, lambda a: 1.0)(x))
        assert [f(0.25), f(0.5)] == [0.5, 1.0]
        for call in (lambda: f(2.0), lambda: f.batch(np.array([0.5, 2.0, 3.0])), lambda: f.value_and_grad(4.0)):
            with pytest.raises(OverflowError, match=r"[24]\.0 is too large"):
                call()
            assert f(0.5) == 1.0

    def test_a_compiled_function_that_calls_is_pickled_with_what_it_calls(self):
        program = fastgrad.compile(lambda x: SINE(x))
        program(0.5)
        again = pickle.loads(pickle.dumps(program.programs()[0]))
        assert again.functions[0] is sine
        values, _ = again.run(np.array([[0.25]]), again.uniforms)
        assert values[0, 0] == math.sin(0.25)

    def test_in_a_loss_that_is_trained(self):
        w = fastgrad.Value(0.1)
        f = fastgrad.compile(lambda x, y: (SINE(w * x) - y) ** 2)
        X = np.linspace(0.1, 1.0, 8)
        for _ in range(60):
            w.grad = 0.0
            f.mean(X, np.sin(0.5 * X)).backward()
            w.data -= 2.0 * w.grad
        assert w.data == pytest.approx(0.5, abs=1e-6)
