"""The kernels for many rows: how exact their functions are, and that each does what the one for a single row does."""

import math

import mpmath
import numpy as np
import pytest

import fastgrad
from fastgrad import Value
from fastgrad._programs import program as _program
from support.operations import BINARY, EXACT, FORMS, UNARY
from support.processes import run_python
from support.program_steps import Steps, one_step

SETS = [k for k in range(8) if _program.use_lanes(k)]
BEST = SETS[-1]

SPECIAL = [math.nan, math.inf, -math.inf, 0.0, -0.0, 5e-324, -5e-324, 1e-310, 2.2250738585072014e-308, 1.7e308]
ORDINARY = [1.0, -1.0, 0.5, 2.0, 3.0, 4.0, -2.0, 1e-9, -1e-9, 0.7, -0.3, 22.0, -40.0, 3.7, math.pi, math.pi / 2]
EXTREME = [1e-300, 1e300, 709.7, 709.9, -708.5, -745.0, -746.0, 1e5, 123456.789, -1e22, 0.9999999, 1.0000001, 1e-20]
EDGES = np.array(SPECIAL + ORDINARY + EXTREME)


@pytest.fixture(params=SETS, ids=lambda k: _program.use_lanes(k))
def lanes(request):
    """Each of the instruction sets that this processor has."""
    yield _program.use_lanes(request.param)
    _program.use_lanes(BEST)


def values_of(name, *columns):
    """An operation's values, computed many rows at a time."""
    return one_step(name).run(np.stack(columns, axis=1), np.empty(0))[0][:, 0]


# The bound on the error in units of the result's last place, and points from where to where.
UNITS = {
    "exp": (1.5, (-745.0, 709.7), (-1.0, 1.0)),
    "expm1": (2.5, (-40.0, 709.7), (-1.0, 1.0), (-1e-9, 1e-9)),
    "log": (1.5, (1e-320, 1e-300), (0.5, 2.0), (0.999, 1.001), (1.0, 1e300)),
    "log1p": (2.5, (-0.999, 10.0), (-1e-9, 1e-9), (1.0, 1e300)),
    "tanh": (3.0, (-20.0, 20.0), (-1.0, 1.0), (-1e-9, 1e-9)),
    "sigmoid": (3.0, (-700.0, 700.0), (-1.0, 1.0)),
    "sin": (1.5, (-10.0, 10.0), (-1e5, 1e5), (-1e-9, 1e-9), (-1e15, 1e15)),
    "cos": (1.5, (-10.0, 10.0), (-1e5, 1e5), (-1e15, 1e15)),
    "tan": (3.0, (-10.0, 10.0), (-1e5, 1e5)),
    "softplus": (4.0, (-30.0, 30.0), (-1.0, 1.0)),
    "log2": (2.0, (1e-320, 1e-300), (0.5, 2.0), (0.999, 1.001), (1.0, 1e300)),
    "log10": (2.0, (1e-320, 1e-300), (0.5, 2.0), (0.999, 1.001), (1.0, 1e300)),
    "cbrt": (1.5, (1e-320, 1e-300), (-10.0, 10.0), (1.0, 1e300), (1e300, 1.797e308)),
    "asin": (2.5, (-1.0, 1.0), (0.49, 0.51), (0.999, 1.0), (-1e-9, 1e-9)),
    "acos": (2.5, (-1.0, 1.0), (0.49, 0.51), (0.999, 1.0), (-1.0, -0.999)),
    "atan": (2.5, (-1.0, 1.0), (0.4, 0.43), (2.3, 2.5), (-20.0, 20.0), (1.0, 1e300), (-1e-9, 1e-9)),
    "sinh": (4.0, (-710.4, 710.4), (-5.0, 5.0), (-1.0, 1.0), (-1e-9, 1e-9)),
    "cosh": (4.0, (-710.4, 710.4), (-5.0, 5.0), (-1.0, 1.0)),
    "asinh": (2.5, (-10.0, 10.0), (-1.0, 1.0), (1e8, 1e9), (1.0, 1e300), (-1e-9, 1e-9)),
    "acosh": (2.5, (1.0, 1.001), (1.0, 10.0), (1e8, 1e9), (1.0, 1e300)),
    "atanh": (2.5, (-1.0, 1.0), (0.999, 1.0), (-1e-9, 1e-9)),
    "erf": (2.5, (-6.0, 6.0), (-1.0, 1.0), (0.99, 1.01), (-1e-9, 1e-9)),
    "erfc": (5.0, (-6.0, 27.0), (-1.0, 2.0), (-1e-9, 1e-9)),
    "gelu": (5.0, (-1.0, 10.0), (-1e-9, 1e-9)),
}


def units_off(computed, exact):
    """How far numbers are from exact ones, in units in the last place."""
    return [abs(mpmath.mpf(float(y)) - e) / mpmath.mpf(math.ulp(float(e))) for y, e in zip(computed, exact)]


@pytest.mark.parametrize("name", UNITS)
def test_a_function_is_exact_to_a_few_units_in_the_last_place(lanes, name):
    bound, *ranges = UNITS[name]
    rng = np.random.default_rng(0)
    x = np.concatenate([rng.uniform(low, high, 400) for low, high in ranges])
    with mpmath.workdps(60):
        assert max(units_off(values_of(name, x), [EXACT[name](mpmath.mpf(v)) for v in x])) < bound


def test_sine_and_cosine_are_exact_near_their_zeros(lanes):
    k = np.arange(1, 60_000, 97)
    for name, x in (("sin", k * math.pi), ("cos", (k + 0.5) * math.pi), ("tan", k * math.pi)):
        with mpmath.workdps(60):
            assert max(units_off(values_of(name, x), [EXACT[name](mpmath.mpf(v)) for v in x])) < 3.0


def test_an_angle_of_two_is_exact_to_a_few_units_in_the_last_place(lanes):
    rng = np.random.default_rng(0)
    for scale in (1.0, 1e-3, 1e300, 1e-305):
        a, b = rng.normal(size=(2, 1000)) * [[scale], [1.0 if scale < 1.0 else scale]]
        exact = [mpmath.atan2(mpmath.mpf(v), mpmath.mpf(w)) for v, w in zip(a, b)]
        assert max(units_off(values_of("atan2", a, b), exact)) < 3.0


def test_logarithms_of_powers_of_two_are_exact(lanes):
    k = np.arange(-1074, 1024)
    assert (values_of("log2", np.ldexp(1.0, k)) == k).all()


def test_a_power_is_exact_to_a_few_units_in_the_last_place(lanes):
    rng = np.random.default_rng(0)
    a = np.exp(rng.uniform(-5.0, 5.0, 2000))
    b = rng.uniform(-140.0, 140.0, 2000)
    near = rng.uniform(0.999, 1.001, 500)
    for x, y in ((a, b), (near, rng.uniform(-1e5, 1e5, 500))):
        exact = [mpmath.power(mpmath.mpf(v), mpmath.mpf(w)) for v, w in zip(x, y)]
        assert max(units_off(values_of("pow", x, y), exact)) < 2.0


@pytest.mark.parametrize("logits", [(0.0, math.inf), (math.inf, math.inf, 1), (-math.inf, math.inf), (-math.inf, 1.0)])
def test_a_softmax_of_infinite_logits_is_that_of_eager_code(lanes, logits):
    compiled = fastgrad.compile(lambda *x: fastgrad.softmax(x))
    values = compiled.batch(*[np.full(20, x) for x in logits])
    assert [column.tolist() for column in values] == [[y.data] * 20 for y in fastgrad.softmax(list(map(Value, logits)))]


# Every operation, in every form: many rows and one.


def one_by_one(program, X, uniforms):
    """Values, gradients by the inputs and by the uniforms, each row by itself."""
    rows = [program.run_sum(X[i : i + 1], uniforms, inputs_wanted=True) for i in range(len(X))]
    return [np.array([row[k] for row in rows]).reshape(len(X), -1) for k in (3, 4, 2)]


def assert_alike(many, one, units=16.0):
    """Equal but for a few units in the last place, or in the last place of 1; nan and infinite in the same places."""
    assert (np.isnan(many) == np.isnan(one)).all()
    finite = np.isfinite(one)
    assert (many[~finite & ~np.isnan(one)] == one[~finite & ~np.isnan(one)]).all()
    off = np.abs(many[finite] - one[finite]) / np.spacing(np.maximum(np.abs(one[finite]), 1.0))
    assert off.max(initial=0.0) < units


def check_rows(program, X, uniforms=()):
    uniforms = np.array(uniforms, dtype=float)
    values, grads, by_uniforms = one_by_one(program, X, uniforms)
    many = program.run_grad(X, uniforms)
    assert_alike(many[0], values)
    assert_alike(many[2], grads)
    for i in range(0, len(X), 5):  # rows that are the same row, so that their sum is known
        four = program.run_sum(np.repeat(X[i : i + 1], 4, axis=0), uniforms)[2]
        with np.errstate(over="ignore"):
            assert_alike(four, 4.0 * by_uniforms[i])


@pytest.mark.parametrize("name", UNARY)
def test_an_operation_of_one_is_the_same_for_many_rows(lanes, name):
    check_rows(one_step(name), np.concatenate([EDGES, np.random.default_rng(0).normal(size=100)])[:, np.newaxis])


@pytest.mark.parametrize("name", BINARY)
def test_an_operation_of_two_is_the_same_for_many_rows(lanes, name):
    pairs = np.stack([x.ravel() for x in np.meshgrid(EDGES, EDGES)], axis=1)
    check_rows(one_step(name), np.concatenate([pairs, np.random.default_rng(0).normal(size=(100, 2))]))


@pytest.mark.parametrize("form", FORMS[1:])
@pytest.mark.parametrize("name", BINARY)
def test_an_operation_with_a_uniform_is_the_same_for_many_rows(lanes, name, form):
    program = one_step(name, form)
    for uniform in EDGES:
        check_rows(program, EDGES[:, np.newaxis], [uniform])


@pytest.mark.parametrize("name", UNARY)
def test_an_operation_that_some_rows_do_not_choose_gives_those_rows_no_gradient(lanes, name):
    steps = Steps(2)
    program = steps.program([steps.select(1, getattr(steps, name)(0), 0)])
    check_rows(program, np.stack([np.repeat(EDGES, 2), np.tile([0.0, 1.0], len(EDGES))], axis=1))


@pytest.mark.parametrize("name", BINARY)
def test_operands_that_some_rows_do_not_choose_get_no_gradient_there(lanes, name):
    rows = np.array([(x, y, chosen) for x in EDGES[::3] for y in EDGES[::3] for chosen in (0.0, 1.0)])
    steps = Steps(3)
    check_rows(steps.program([steps.select(2, getattr(steps, name)(0, 1), 0)]), rows)
    steps = Steps(3, [1.0])
    uniform = getattr(steps, name)(3, 1) if name != "pow" else getattr(steps, name)(0, 3)
    check_rows(steps.program([steps.select(2, uniform, 0)]), rows, [0.0])


@pytest.mark.parametrize("rows", [3, 8, 31, 64, 200, 256, 257, 1000])
def test_a_dot_of_every_kind_of_pair_is_right_for_any_number_of_rows(lanes, rows):
    rng = np.random.default_rng(rows)
    steps = Steps(4, rng.normal(size=4))
    program = steps.program(
        [
            steps.dot([0, 1, 2], [4, 5, 6], 7),
            steps.dot([0, 4, 2, 5], [1, 3, 2, 6], 0),
            steps.sum([0, 4, 0, 1]),
            steps.dot([4], [5]),
            steps.select(0, 1, steps.stop(4)),
        ]
    )
    X = rng.normal(size=(rows, 4))
    x, y, z, v = X.T
    a, b, c, d = program.uniforms
    values, _, grads = program.run_grad(X, program.uniforms)
    by_uniforms = program.run_sum(X, program.uniforms)[2]
    expected = np.stack(
        [a * x + b * y + c * z + d, x * y + a * v + z * z + b * c + x, 2 * x + a + y, a * b + 0 * x, y], axis=1
    )
    assert np.allclose(values, expected, rtol=1e-12, atol=1e-12)
    slopes = np.stack([a + y + 1 + 2 + 0 * x, b + x + 1 + 1 + 0 * y, c + 2 * z, a + 0 * v], axis=1)
    assert np.allclose(grads, slopes, rtol=1e-12, atol=1e-12)
    sums = [(x + v).sum() + rows * (1 + b), y.sum() + rows * (c + a), z.sum() + rows * b, rows]
    assert np.allclose(by_uniforms, sums, rtol=1e-12, atol=1e-9)


# Some rows, by their indices; guards.


def branch(guarded=True):
    """A program of x * y, for rows where x < y and not x * y > 1."""
    steps = Steps(2, [1.0])
    steps.lt(0, 1)
    product = steps.mul(0, 1)
    steps.gt(product, 2)
    return steps.program([product], [(3, 1), (5, 0)] if guarded else [])


@pytest.mark.parametrize("rows", [1, 3, 8, 300, 3000])
def test_guards_tell_the_first_that_came_out_otherwise(lanes, rows):
    X = np.random.default_rng(rows).normal(size=(rows, 2)) * 2.0
    x, y = X.T
    expected = np.where(x >= y, 0, np.where(x * y > 1.0, 1, -1))
    program = branch()
    assert program.classify(X, program.uniforms).tolist() == expected.tolist()
    assert program.run(X, program.uniforms)[1].tolist() == expected.tolist()
    assert program.total(X, program.uniforms)[1] == (expected == -1).sum()
    indices = np.arange(rows)[::3].copy()
    assert program.classify(X, program.uniforms, 1, indices).tolist() == expected[::3].tolist()


def test_a_value_of_two_guards_and_of_later_steps_is_kept_for_each(lanes):
    steps = Steps(1, [0.0])
    positive = steps.gt(0, 1)
    twice = steps.add(0, 0)
    large = steps.gt(twice, 0)
    last = steps.mul(steps.add(positive, large), twice)
    guards = [(0, 1), (positive, 1), (twice, 1), (positive, 0), (1, 0), (large, 1), (positive, 1)]
    program = steps.program([last], guards)
    X = np.tile([[0.0], [-1.0], [2.0]], (100, 1))
    assert program.classify(X, program.uniforms).tolist() == [0, 1, 3] * 100
    assert program.run(X, program.uniforms)[0][:, 0].tolist() == [0.0, -0.0, 8.0] * 100


@pytest.mark.parametrize("guarded", [True, False])
@pytest.mark.parametrize("count", [0, 1, 2, 9, 700])
def test_some_rows_are_computed_where_they_lie(lanes, count, guarded):
    program, rng = branch(guarded), np.random.default_rng(count)
    X = rng.normal(size=(1000, 2))
    indices = np.sort(rng.permutation(1000)[:count])
    values, grads = np.full((1000, 1), 7.0), np.full((1000, 2), 7.0)
    program.fill(X, program.uniforms, indices, values, grads)
    expected, slopes = np.full((1000, 1), 7.0), np.full((1000, 2), 7.0)
    expected[indices, 0], slopes[indices] = X[indices, 0] * X[indices, 1], X[indices][:, ::-1]
    assert (values == expected).all()
    assert (grads == slopes).all()
    total, passed, _ = program.total(X, program.uniforms, indices)
    assert total == pytest.approx(expected[indices].sum(), abs=1e-12)
    assert passed == count


@pytest.mark.parametrize(
    ("indices", "words"),
    [
        (np.array([0, 3]), "indices must be from 0 to below 3"),
        (np.array([-1, 0]), "indices must be from 0 to below 3"),
        (np.array([0.0]), "indices must be an array of int64"),
        (np.zeros((1, 1), dtype=int), "indices must be an array of int64"),
    ],
)
def test_indices_that_are_none_are_refused(indices, words):
    program = branch()
    with pytest.raises(ValueError, match=words):
        program.fill(np.zeros((3, 2)), program.uniforms, indices, np.zeros((3, 1)))


def test_tables_that_are_too_small_are_refused():
    program, X = branch(), np.zeros((3, 2))
    with pytest.raises(ValueError, match=r"values must be an array of float64 of shape \(3, 1\)"):
        program.fill(X, program.uniforms, None, np.zeros((2, 1)))
    with pytest.raises(ValueError, match=r"grads must be an array of float64 of shape \(3, 2\)"):
        program.fill(X, program.uniforms, None, np.zeros((3, 1)), np.zeros((3, 1)))


def test_a_set_that_is_not_there_is_not_used():
    assert _program.use_lanes(99) is None
    assert _program.use_lanes(0) == "baseline"
    assert _program.use_lanes(BEST) is not None


def in_use(check=True, **environment):
    """How a Python of its own ended that prints the set it began with."""
    return run_python("from fastgrad._programs import rows; print(rows.instructions())", check=check, **environment)


def test_the_environment_names_the_set(lanes):
    assert in_use(FASTGRAD_INSTRUCTIONS=lanes).stdout == lanes + "\n"


def test_a_set_that_the_processor_has_not_is_refused():
    ended = in_use(check=False, FASTGRAD_INSTRUCTIONS="vliw")
    assert "ImportError: FASTGRAD_INSTRUCTIONS is 'vliw'; this processor has baseline" in ended.stderr
