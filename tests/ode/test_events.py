"""Events on the way of a solution, and their derivatives."""

import numpy as np
import pytest

import fastgrad
from fastgrad import Value, math, ode

GRAVITY = 9.81


def fall(t, y, g):
    return {"height": y["speed"], "speed": -g}


def ground(t, y, g):
    return y["height"]


ground.direction = -1
ground.terminal = True


def landing(height, speed, g):
    return (speed + math.sqrt(speed * speed + 2.0 * g * height)) / g


class TestAFall:
    TIMES = np.linspace(0.0, 5.0, 11)

    def solve(self, height, speed, g, **how):
        how = {"rtol": 1e-10, "atol": 1e-10, **how}
        return ode.odeint(fall, {"height": height, "speed": speed}, self.TIMES, (g,), events=ground, **how)

    @pytest.mark.parametrize("method", ["RK45", "DOP853", "Radau", "BDF", "LSODA"])
    def test_time_and_state_of_the_landing_have_closed_derivatives(self, method):
        by = height, speed, g = Value(10.0), Value(3.0), Value(GRAVITY)
        found = self.solve(height, speed, g, method=method)
        time, closed = found.t_events[0][0], landing(*by)
        assert time.data == pytest.approx(closed.data, rel=1e-8)
        np.testing.assert_allclose(fastgrad.gradients(time, by), fastgrad.gradients(closed, by), rtol=1e-6)
        there, closed = found.y_events[0]["speed"][0], speed - g * closed
        assert there.data == pytest.approx(closed.data, rel=1e-8)
        np.testing.assert_allclose(fastgrad.gradients(there, by), fastgrad.gradients(closed, by), rtol=1e-6)
        on_ground = found.y_events[0]["height"][0]
        np.testing.assert_allclose(fastgrad.gradients(on_ground, by), 0.0, atol=1e-6)

    def test_a_terminal_event_ends_it(self):
        found = self.solve(10.0, 3.0, GRAVITY)
        assert found.t.tolist() == [0.0, 0.5, 1.0, 1.5]
        assert found.y["height"].shape == (4,)
        assert found.t_events[0].tolist() == pytest.approx([landing(10.0, 3.0, GRAVITY)])

    def test_second_derivatives(self):
        found = fastgrad.hessian(lambda p: self.solve(*p).t_events[0][0])([10.0, 3.0, GRAVITY])
        expected = fastgrad.hessian(lambda p: landing(*p))([10.0, 3.0, GRAVITY])
        np.testing.assert_allclose(found, expected, rtol=1e-5)

    def test_a_compiled_function_has_them(self):
        compiled = fastgrad.compile(lambda p: self.solve(p[0], p[1], p[2]).t_events[0][0])
        for p in np.array([[10.0, 3.0, GRAVITY], [9.0, 3.1, GRAVITY], [9.5, 3.0, 10.0]]):
            value, slopes = compiled.value_and_grad(p)
            assert value == pytest.approx(landing(*p), rel=1e-8)
            np.testing.assert_allclose(slopes, fastgrad.grad(lambda p: landing(*p))(p), rtol=1e-6)

    def test_a_compiled_function_meets_as_many_as_when_it_was_recorded(self):
        compiled = fastgrad.compile(lambda p: self.solve(p[0], p[1], p[2]).t_events[0][0])
        compiled(np.array([10.0, 3.0, GRAVITY]))
        with pytest.raises(RuntimeError, match="Call the plain function"):
            compiled(np.array([1000.0, 3.0, GRAVITY]))

    def test_a_ball_that_bounces(self):
        def second_bounce(height, g, kept):
            begin, y = 0.0, {"height": height, "speed": 0.0 * height}
            for _ in range(2):
                found = ode.odeint(fall, y, [begin, 100.0], (g,), events=ground, rtol=1e-10, atol=1e-10)
                begin, speed = found.t_events[0][0], found.y_events[0]["speed"][0]
                y = {"height": 0.0, "speed": -kept * speed}
            return begin

        def closed(height, g, kept):
            return math.sqrt(2.0 * height / g) * (1.0 + 2.0 * kept)

        by = Value(10.0), Value(GRAVITY), Value(0.8)
        found = second_bounce(*by)
        assert found.data == pytest.approx(closed(*by).data, rel=1e-7)
        np.testing.assert_allclose(fastgrad.gradients(found, by), fastgrad.gradients(closed(*by), by), rtol=1e-5)


class TestSeveral:
    @staticmethod
    def spring(t, y, k):
        return np.array([y[1], -k * y[0]])

    def test_each_event_has_its_own_times(self):
        k = Value(4.0)
        events = [lambda t, y, k: y[0], lambda t, y, k: y[1] - 10.0, lambda t, y, k: t - 1.0]
        found = ode.odeint(self.spring, np.array([1.0, 0.0]), [0.0, 5.0], (k,), events=events)
        crossings, none, clock = found.t_events
        assert [time.data for time in crossings] == pytest.approx([np.pi / 4.0, 3.0 * np.pi / 4.0, 5.0 * np.pi / 4.0])
        slopes = [fastgrad.gradients(time, k) for time in crossings]
        np.testing.assert_allclose(slopes, [-time.data / 8.0 for time in crossings], rtol=1e-5)
        assert none.shape == (0,)
        assert found.y_events[1].shape == (0, 2)
        assert clock[0].data == pytest.approx(1.0)
        assert fastgrad.gradients(clock[0], k) == 0.0
        assert fastgrad.gradients(found.y_events[2][0, 0], k) == pytest.approx(-0.25 * np.sin(2.0), rel=1e-6)

    def test_the_solution_is_that_without(self):
        found = ode.odeint(self.spring, np.array([1.0, 0.0]), [0.0, 1.0, 5.0], (4.0,), events=[lambda t, y, k: y[0]])
        np.testing.assert_allclose(found.y[:, 0], np.cos(2.0 * found.t), atol=1e-6)
        assert found.t.tolist() == [0.0, 1.0, 5.0]

    def test_a_single_time_has_none(self):
        found = ode.odeint(self.spring, np.array([1.0, 0.0]), [0.0], (4.0,), events=[lambda t, y, k: y[0]])
        assert found.t_events[0].shape == (0,)
        assert found.y.tolist() == [[1.0, 0.0]]

    def test_what_is_no_event(self):
        with pytest.raises(TypeError, match="events must be a function of t, y and args, or a list of them, not 3"):
            ode.odeint(self.spring, np.array([1.0, 0.0]), [0.0, 1.0], (4.0,), events=[3])
        with pytest.raises(ValueError, match="must return 1 numbers, not 2: .* an event one"):
            ode.odeint(self.spring, np.array([1.0, 0.0]), [0.0, 1.0], (4.0,), events=lambda t, y, k: y)
