"""Solutions of ordinary differential equations, and their derivatives."""

import functools
import os
import pickle
import sys

import mpmath
import numpy as np
import pytest
from scipy.integrate import solve_ivp

import fastgrad
from fastgrad import Value, math, ode, optimize
from fastgrad.ode import solving
from support.threads import run_threads

METHODS = ["RK45", "RK23", "DOP853", "Radau", "BDF", "LSODA"]
TIMES = np.linspace(0.0, 5.0, 11)
RATES = np.array([1.0, 0.1, 1.5, 0.075])


def decay(t, y, rate):
    return -rate * y


def lotka_volterra(t, y, a, b, c, d):
    prey, predators = y
    return [a * prey - b * prey * predators, -c * predators + d * prey * predators]


class TestValues:
    @pytest.mark.parametrize("method", METHODS)
    def test_every_method_finds_the_solution(self, method):
        y = ode.odeint(decay, 3.0, TIMES, (0.5,), method=method)
        np.testing.assert_allclose(y, 3.0 * np.exp(-0.5 * TIMES), rtol=2e-7)

    def test_they_are_solve_ivps_to_the_last_bit(self):
        y = ode.odeint(lotka_volterra, [10.0, 5.0], TIMES, tuple(RATES), method="RK45")
        f = fastgrad.compile(lambda t, y: np.array(lotka_volterra(t, y, *RATES)))
        by_hand = solve_ivp(f, (0.0, 5.0), [10.0, 5.0], t_eval=TIMES, rtol=1e-8, atol=1e-8)
        assert y.tolist() == by_hand.y.T.tolist()

    def test_time_may_run_backwards(self):
        y = ode.odeint(decay, 3.0, TIMES[::-1], (0.5,))
        np.testing.assert_allclose(y, 3.0 * np.exp(0.5 * (5.0 - TIMES[::-1])), rtol=1e-7)

    @pytest.mark.parametrize("sensitivity", ["forward", "adjoint"])
    def test_so_do_derivatives(self, sensitivity):
        by = end, rate, begin = Value(3.0), Value(0.5), Value(0.5)
        y = ode.odeint(decay, end, [2.0, 1.0, begin], (rate,), sensitivity=sensitivity)
        found, first = fastgrad.gradients(y[2], by), 3.0 * np.exp(0.75)
        np.testing.assert_allclose(found, [first / 3.0, 1.5 * first, -0.5 * first], rtol=1e-6)

    def test_a_single_time_is_where_it_begins(self):
        y0 = Value(3.0)
        y = ode.odeint(decay, y0, [2.0], (0.5,))
        assert y.shape == (1,)
        assert y[0] is y0
        assert ode.odeint(decay, [1.0, 2.0], [0.0], (np.ones(2),)).tolist() == [[1.0, 2.0]]

    @pytest.mark.parametrize(("y0", "shape"), [(1.0, (11,)), ([1.0, 2.0], (11, 2)), (np.ones((2, 3)), (11, 2, 3))])
    def test_the_first_axis_is_that_of_time(self, y0, shape):
        y = ode.odeint(lambda t, y: y, y0, TIMES)
        assert y.shape == shape
        np.testing.assert_allclose(y[-1], np.exp(5.0) * np.asarray(y0), rtol=1e-6)

    def test_structures_come_back_with_arrays(self):
        def spring(t, y, constants):
            return {"x": y["v"], "v": -constants["k"] * y["x"]}

        y = ode.odeint(spring, {"x": 1.0, "v": 0.0}, TIMES, ({"k": 4.0},))
        np.testing.assert_allclose(y["x"], np.cos(2.0 * TIMES), atol=1e-6)
        np.testing.assert_allclose(y["v"], -2.0 * np.sin(2.0 * TIMES), atol=1e-6)

    def test_time_may_be_used_and_taken_by_comparisons(self):
        def switched(t, y):
            return 1.0 if t < 1.0 else 2.0 * t

        y = ode.odeint(switched, 0.0, [0.0, 1.0, 3.0], method="RK45", max_step=0.05)
        np.testing.assert_allclose(y, [0.0, 1.0, 9.0], rtol=1e-3)

    def test_a_compiled_function_will_do(self):
        y = ode.odeint(fastgrad.compile(decay), 1.0, [0.0, 1.0], 1.0)
        assert y[1] == pytest.approx(np.exp(-1.0), rel=1e-7)

    def test_what_it_reads_from_outside_may_change(self):
        rates = [1.0]

        def changing(t, y):
            return -rates[0] * y

        assert ode.odeint(changing, 1.0, [0.0, 1.0])[1] == pytest.approx(np.exp(-1.0), rel=1e-7)
        rates[0] = 2.0
        assert ode.odeint(changing, 1.0, [0.0, 1.0])[1] == pytest.approx(np.exp(-2.0), rel=1e-7)


class TestDerivatives:
    @pytest.mark.parametrize("start", [1.0, Value(1.0)])
    def test_scalars_from_outside_are_refused_rather_than_left_without_derivatives(self, start):
        def last(rate):
            return ode.odeint(lambda t, y: -rate * y, start, [0.0, 1.0])[-1]

        for call in (last, fastgrad.grad(last), fastgrad.compile(last)):
            with pytest.raises(TypeError, match="must take scalars as arguments, .* give them in args"):
                call(Value(0.5))
        with fastgrad.no_grad():
            assert last(Value(0.5)) == pytest.approx(np.exp(-0.5), rel=1e-7)

    @pytest.mark.parametrize("method", METHODS)
    def test_by_start_parameter_and_times(self, method):
        y0, rate, begin, end = Value(3.0), Value(0.5), Value(0.0), Value(2.0)
        y = ode.odeint(decay, y0, [begin, 1.0, end], (rate,), method=method)
        found = fastgrad.gradients(y[2], [y0, rate, begin, end])
        last = 3.0 * np.exp(-1.0)
        np.testing.assert_allclose(found, [last / 3.0, -2.0 * last, 0.5 * last, -0.5 * last], rtol=1e-6)
        assert fastgrad.gradients(y[1], end) == 0.0

    def test_backward_fills_gradients(self):
        rate = Value(0.5)
        y = ode.odeint(decay, 3.0, TIMES, (rate,))
        (y * y).sum().backward()
        assert rate.grad == pytest.approx(np.sum(-2.0 * TIMES * 9.0 * np.exp(-TIMES)), rel=1e-6)

    def test_those_of_higher_order(self):
        def last(p):
            return ode.odeint(decay, p[0], [p[2], 2.0], (p[1],), rtol=1e-10, atol=1e-10)[-1]

        def closed(p):
            return p[0] * math.exp(-p[1] * (2.0 - p[2]))

        p = [3.0, 0.5, 0.1]
        np.testing.assert_allclose(fastgrad.hessian(last)(p), fastgrad.hessian(closed)(p), rtol=1e-7)
        third = fastgrad.derivative(lambda rate: last([3.0, rate, 0.0]), 3)(0.5)
        assert third == pytest.approx(-24.0 * np.exp(-1.0), rel=1e-6)

    def test_the_digits_are_those_of_a_taylor_series(self):
        def last(p):
            return ode.odeint(lotka_volterra, p[:2], [0.0, 0.5], tuple(p[2:]), rtol=1e-11, atol=1e-11)[-1, 0]

        def by_series(p):
            return mpmath.odefun(lambda t, y: lotka_volterra(t, y, *p[2:]), 0, p[:2])(0.5)[0]

        p = [10.0, 5.0, *RATES]
        value, slopes = fastgrad.value_and_grad(last)(p)
        with mpmath.workdps(50):
            exact, step = [mpmath.mpf(x) for x in p], mpmath.mpf(10) ** -12
            assert value == pytest.approx(float(by_series(exact)), rel=1e-9)
            for k in (1, 3):
                there, back = ([x + sign * step * (j == k) for j, x in enumerate(exact)] for sign in (1, -1))
                difference = (by_series(there) - by_series(back)) / (2 * step)
                assert slopes[k] == pytest.approx(float(difference), rel=1e-8)

    def test_a_compiled_function_has_those_of_the_tape(self):
        def loss(p):
            y = ode.odeint(lotka_volterra, [p[4], p[5]], TIMES, (p[0], p[1], p[2], p[3]))
            return (y * y).sum()

        p = np.array([*RATES, 10.0, 5.0])
        compiled = fastgrad.compile(loss)
        for x in (p, 1.01 * p, 0.9 * p):
            xs = [Value(number) for number in x]
            on_tape = loss(xs)
            on_tape.backward()
            value, slopes = compiled.value_and_grad(x)
            assert value == pytest.approx(on_tape.data, rel=1e-12)
            np.testing.assert_allclose(slopes, [x.grad for x in xs], rtol=1e-12)

    def test_times_of_a_compiled_function(self):
        @fastgrad.compile
        def last(p):
            return ode.odeint(decay, 3.0, [p[0], p[1]], (0.5,))[-1]

        last(np.array([0.0, 1.0]))
        value, slopes = last.value_and_grad(np.array([1.0, 3.0]))
        assert value == pytest.approx(3.0 * np.exp(-1.0), rel=1e-7)
        np.testing.assert_allclose(slopes, [0.5 * value, -0.5 * value], rtol=1e-6)

    def test_a_compiled_function_has_none_of_second_order(self):
        f = fastgrad.compile(lambda p: ode.odeint(decay, 3.0, [0.0, 1.0], (p,))[-1])
        assert f(0.5) == pytest.approx(3.0 * np.exp(-0.5), rel=1e-7)
        with pytest.raises(fastgrad.TraceError, match="first derivatives: for higher ones take those of the plain"):
            f.hessian(0.5)

    def test_parameters_without_effect_have_a_slope_of_0(self):
        used, unused = Value(1.0), Value(0.0)
        y = ode.odeint(lambda t, y, p: -p[0] * y, 1.0, [0.0, 1.0], ([used, unused],))
        assert fastgrad.gradients(y[1], [used, unused]) == pytest.approx([-np.exp(-1.0), 0.0], rel=1e-6)

    def test_a_parameter_that_is_0_at_first_counts(self):
        f = fastgrad.compile(lambda p: ode.odeint(lambda t, y, a, b: -a * b * y, 1.0, [0.0, 1.0], (p[0], p[1]))[-1])
        assert f.value_and_grad(np.array([0.0, 0.0]))[1].tolist() == [0.0, 0.0]
        np.testing.assert_allclose(
            f.value_and_grad(np.array([1.0, 2.0]))[1], np.exp(-2.0) * np.array([-2, -1]), rtol=1e-6
        )

    def test_no_grad_leaves_numbers(self):
        rate = Value(0.5)
        with fastgrad.no_grad():
            y = ode.odeint(decay, 3.0, TIMES, (rate,))
        assert y.dtype == np.float64

    def test_paths_of_comparisons(self):
        def bounded(t, y, top):
            return 1.0 if y < top else 0.0 * y + 0.5

        top = Value(2.0)
        y = ode.odeint(bounded, 0.0, [0.0, 1.0], (top,), method="RK45")
        assert y[1].data == pytest.approx(1.0)
        assert fastgrad.gradients(y[1], top) == 0.0


class TestStiff:
    @staticmethod
    def robertson(t, y, k):
        a, b, c = y
        slow, fast, medium = k[0] * a, k[1] * b * b, k[2] * b * c
        return np.array([medium - slow, slow - medium - fast, fast])

    @pytest.mark.parametrize("method", ["Radau", "BDF", "LSODA"])
    def test_robertsons_reaction(self, method):
        def last(k):
            return ode.odeint(
                self.robertson, np.array([1.0, 0.0, 0.0]), [0.0, 40.0], (k,), method=method, rtol=1e-9, atol=1e-13
            )[1]

        k = np.array([0.04, 3e7, 1e4])
        scalars = [Value(number) for number in k]
        y = last(scalars)
        np.testing.assert_allclose([x.data for x in y], [0.7158270687, 9.185534765e-6, 0.2841637457], rtol=1e-6)
        slopes = np.array([fastgrad.gradients(x, scalars) for x in y])
        for j in range(3):
            step = 1e-3 * k * (np.arange(3) == j)
            np.testing.assert_allclose(slopes[:, j], (last(k + step) - last(k - step)) / (2 * step[j]), rtol=1e-4)

    @pytest.mark.parametrize("method", ["Radau", "BDF"])
    def test_many_unknowns_have_a_sparse_jacobian(self, method, monkeypatch):
        n, seen = 60, []

        def heat(t, u, rate):
            return rate * np.array(
                [(u[k - 1] if k else 0.0) - 2.0 * u[k] + (u[k + 1] if k < n - 1 else 0.0) for k in range(n)]
            )

        import scipy.integrate

        genuine = scipy.integrate.solve_ivp
        monkeypatch.setattr(
            scipy.integrate, "solve_ivp", lambda *args, **given: seen.append(given["jac"]) or genuine(*args, **given)
        )
        u0, rate = np.sin(np.pi * np.arange(1, n + 1) / (n + 1)), Value(2.0)
        u = ode.odeint(heat, u0, [0.0, 3.0], (rate,), method=method)
        eigenvalue = 2.0 * np.cos(np.pi / (n + 1)) - 2.0
        middle = u0[30] * np.exp(6.0 * eigenvalue)
        assert u[1, 30].data == pytest.approx(middle, rel=1e-6)
        assert fastgrad.gradients(u[1, 30], rate) == pytest.approx(3.0 * eigenvalue * middle, rel=1e-5)
        assert hasattr(seen[0](0.0, np.ones(2 * n)), "nnz")


class TestFits:
    def test_parameters_are_recovered(self):
        true = np.array([*RATES, 10.0, 5.0])
        measured = ode.odeint(lotka_volterra, true[4:], TIMES, tuple(RATES))

        def residuals(p):
            return (ode.odeint(lotka_volterra, [p[4], p[5]], TIMES, (p[0], p[1], p[2], p[3])) - measured).ravel()

        fit = optimize.least_squares(residuals, 1.1 * true, x_scale=true)
        np.testing.assert_allclose(fit.x, true, rtol=1e-6)

    def test_by_name_with_minimize(self):
        measured = 3.0 * np.exp(-0.7 * TIMES)

        def loss(p):
            y = ode.odeint(decay, p["start"], TIMES, (p["rate"],))
            return ((y - measured) ** 2).sum()

        fit = optimize.minimize(loss, {"start": 1.0, "rate": 0.2})
        assert fit.x == pytest.approx({"start": 3.0, "rate": 0.7}, rel=1e-5)


class TestTwoBodies:
    """A planet around a sun, from its perihelion on: Kepler's equation has the closed form."""

    @staticmethod
    def gravity(t, y, mass):
        x, z, vx, vz = y
        cube = (x * x + z * z) ** 1.5
        return [vx, vz, -mass * x / cube, -mass * z / cube]

    @staticmethod
    def place(e, mass, t):
        """Return where it is after a time, of an orbit with a half axis of 1."""
        mean = math.sqrt(mass) * t
        anomaly = fastgrad.implicit.root(lambda x, e, mean: x - e * math.sin(x) - mean, mean, e, mean)
        return math.cos(anomaly) - e, math.sqrt(1.0 - e * e) * math.sin(anomaly)

    @pytest.mark.parametrize("method", ["DOP853", "LSODA"])
    def test_places_and_their_derivatives(self, method):
        e, mass, t = Value(0.3), Value(1.2), Value(2.5)
        speed = math.sqrt(mass * (1.0 + e) / (1.0 - e))
        y = ode.odeint(
            self.gravity, [1.0 - e, 0.0, 0.0, speed], [0.0, t], (mass,), method=method, rtol=1e-10, atol=1e-10
        )
        for found, closed in zip(y[1], self.place(e, mass, t)):
            assert found.data == pytest.approx(closed.data, rel=1e-7)
            np.testing.assert_allclose(
                fastgrad.gradients(found, [e, mass, t]), fastgrad.gradients(closed, [e, mass, t]), rtol=1e-6
            )


class TestWhatFails:
    def test_an_end_of_the_solution(self):
        for method in METHODS:
            with pytest.raises(RuntimeError, match="the integration of <lambda> by .* failed: .*larger rtol"):
                ode.odeint(lambda t, y: y * y, 1.0, [0.0, 2.0], method=method)

    @pytest.mark.parametrize("how", [{"events": lambda t, y: y + 1.0}, {"min_step": 0.0}, {"sensitivity": "adjoint"}])
    def test_lsoda_does_not_stand_still_for_ever(self, how):
        with pytest.raises(RuntimeError, match="by LSODA failed: its steps came to nothing"):
            ode.odeint(lambda t, y: y * y, Value(1.0), [0.0, 2.0], **how)

    @pytest.mark.parametrize("method", METHODS)
    def test_numbers_that_are_not_finite_on_the_way(self, method):
        with pytest.raises(RuntimeError, match="the integration of <lambda> by .* failed: "):
            ode.odeint(lambda t, y: (1.0 - t) ** 0.5 * y, 1.0, [0.0, 2.0], method=method)

    def test_a_beginning_that_is_not_finite(self):
        def singular(t, y):
            return y / t

        ode.odeint(singular, 1.0, [0.5, 1.0])
        with pytest.raises(RuntimeError, match="cannot begin: at t = 0.0 .* Begin where it is finite"):
            ode.odeint(singular, 1.0, [0.0, 1.0])

    def test_what_cannot_be_recorded(self):
        with pytest.raises(fastgrad.TraceError) as caught:
            ode.odeint(lambda t, y: float(y), 1.0, [0.0, 1.0])
        if hasattr(caught.value, "__notes__"):
            assert "<lambda> is compiled for the solver" in caught.value.__notes__[-1]

    @pytest.mark.skipif(not hasattr(BaseException, "add_note"), reason="notes are Python's from 3.11 on")
    def test_arguments_in_another_order(self):
        with pytest.raises(TypeError) as caught:
            ode.odeint(lambda y, t: [y[1], -y[0]], [1.0, 0.0], [0.0, 1.0])
        assert "<lambda> is called as <lambda>(t, y, *args)" in caught.value.__notes__[0]

    def test_a_solution_in_a_right_hand_side(self):
        def inner(t, y, rate):
            return -rate * y

        def outer(t, y, rate, method):
            return -rate * y * ode.odeint(inner, y, [0.0, 1.0], (rate,), method=method)[1]

        rate = Value(0.5)
        y = ode.odeint(outer, 1.0, [0.0, 1.0], (rate, "DOP853"))[1]
        factor = 0.5 * np.exp(-0.5)
        assert y.data == pytest.approx(1.0 / (1.0 + factor), rel=1e-7)
        assert fastgrad.gradients(y, rate) == pytest.approx(-factor / (1.0 + factor) ** 2, rel=1e-5)
        with pytest.raises(RuntimeError, match='take method="DOP853" for one of the two'):
            ode.odeint(outer, 1.0, [0.0, 1.0], (rate, "LSODA"))
        assert ode.odeint(inner, 1.0, [0.0, 1.0], (1.0,))[1] == pytest.approx(np.exp(-1.0), rel=1e-7)

    @pytest.mark.parametrize(
        ("change", "message"),
        [
            ({"rhs": 3}, "rhs must be a function of t, y and args, not 3"),
            ({"y0": []}, r"y0 must have at least one number, not \[\]"),
            ({"y0": "far"}, "y0 must"),
            ({"y0": [1.0, np.nan]}, r"y0\[1\] must be finite, not nan"),
            ({"args": (np.inf,)}, r"args\[0\] must be finite, not inf"),
            ({"t": 1.0}, "t must be a list or array of times"),
            ({"t": [[0.0, 1.0], [2.0, 3.0]]}, "t must be a list or array of times"),
            ({"t": {"a": 0.0, "b": 1.0}}, "t must be a list or array of times"),
            ({"t": []}, "t must be a list or array of times"),
            ({"t": [0.0, 1.0, 1.0]}, "t must ascend, or descend"),
            ({"t": [0.0, 1.0, 0.5]}, "t must ascend, or descend"),
            ({"method": "RK46"}, "method must be one of 'RK45', .*, not 'RK46'"),
            ({"rtol": 0.0}, "rtol must be a number above 0"),
            ({"atol": [1.0, 2.0, 3.0]}, "atol must be a number above 0, or 1 of them"),
            ({"jac": None}, "gives solve_ivp jac itself: leave it out"),
            ({"rhs": lambda t, y, rate: [y, y]}, "must return 1 numbers, not 2: a right-hand side as many"),
        ],
    )
    def test_arguments_are_named(self, change, message):
        given = {"rhs": decay, "y0": 1.0, "t": [0.0, 1.0], "args": (1.0,), **change}
        with pytest.raises((TypeError, ValueError), match=message):
            ode.odeint(**given)


class TestProcesses:
    def test_threads_do_not_meet(self):
        found = {}

        def run(k):
            found[k] = [ode.odeint(decay, 1.0, TIMES, (0.1 * k + 0.01 * j,))[-1] for j in range(20)]

        run_threads([functools.partial(run, k) for k in range(4)])
        for k in range(4):
            np.testing.assert_allclose(found[k], np.exp(-5.0 * (0.1 * k + 0.01 * np.arange(20))), rtol=1e-6)

    @pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
    def test_a_forked_child_solves_while_a_thread_of_its_parent_did(self):
        def check():
            rate = Value(0.5)
            y = ode.odeint(decay, 3.0, TIMES, (rate,))
            y[-1].backward()
            assert rate.grad == pytest.approx(-15.0 * np.exp(-2.5), rel=1e-6)

        check()
        with solving._lsoda:
            child = os.fork()
            if not child:
                try:
                    check()
                    os._exit(0)
                finally:
                    os._exit(1)
        assert os.waitpid(child, 0)[1] == 0
        check()

    def test_a_pickle_of_a_compiled_fit(self):
        f = fastgrad.compile(lambda p: ode.odeint(decay, p[0], TIMES, (p[1],)).sum())
        x = np.array([3.0, 0.5])
        found = f.value_and_grad(x)
        loaded = pickle.loads(pickle.dumps(f))
        value, slopes = loaded.value_and_grad(x)
        assert value == found[0]
        assert slopes.tolist() == found[1].tolist()


def test_without_scipy_there_is_a_remedy(monkeypatch):
    monkeypatch.setitem(sys.modules, "scipy", None)
    with pytest.raises(ImportError, match=r'pip install "fastgrad\[ode\]"'):
        ode.odeint(decay, 1.0, [0.0, 1.0], (1.0,))
