"""Scalars among numpy's numbers and arrays."""

import operator

import numpy as np
import pytest

import fastgrad

OPERATIONS = [operator.add, operator.sub, operator.mul, operator.truediv, operator.pow]
COMPARISONS = [operator.lt, operator.gt, operator.le, operator.ge]
NUMPY_NUMBERS = [
    np.float64(3.0), np.float32(3.0), np.float16(3.0), np.int64(3), np.uint8(3), np.bool_(True), np.array(3.0),
    np.array(3),
]  # fmt: skip
of_each_type = pytest.mark.parametrize("plain", NUMPY_NUMBERS, ids=lambda x: f"{type(x).__name__} {x.dtype}")


def result_and_slope(operation, number, arguments):
    """The result's type and data, and the gradient of the argument None, which stands for a scalar of 2."""
    x = number(2.0)
    result = operation(*(x if argument is None else argument for argument in arguments))
    result.backward()
    return type(result), result.data, x.grad


@pytest.mark.parametrize("operation", OPERATIONS + COMPARISONS)
@of_each_type
def test_numpy_numbers_on_the_right(number, operation, plain):
    expected = result_and_slope(operation, number, (None, float(plain)))
    assert result_and_slope(operation, number, (None, plain)) == expected


@pytest.mark.parametrize("operation", OPERATIONS + COMPARISONS)
@of_each_type
def test_numpy_numbers_on_the_left(number, operation, plain):
    expected = result_and_slope(operation, number, (float(plain), None))
    assert result_and_slope(operation, number, (plain, None)) == expected


def test_data_from_numpy(number):
    for plain in NUMPY_NUMBERS:
        x = number(plain)
        x.data = plain
        assert x.data == float(plain)
        assert type(x.data) is float


@pytest.mark.parametrize("kind", [float, int])
def test_an_array_of_plain_numbers_has_no_room_for_a_scalar(number, kind):
    with pytest.raises(TypeError, match=f"array of {kind.__name__}s: use a list, or dtype=object"):
        np.zeros(3, kind)[0] = number(2.0)


@pytest.mark.parametrize("operation", OPERATIONS + COMPARISONS)
def test_arrays_on_either_side_are_elementwise(number, operation):
    x, array = number(2.0), np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    for result, expected in [
        (operation(x, array), operation(2.0, array)),
        (operation(array, x), operation(array, 2.0)),
    ]:
        assert type(result) is np.ndarray
        assert result.dtype == object
        assert result.shape == (2, 3)
        assert {type(element) for element in result.ravel()} == {number}
        assert fastgrad.values(result).tolist() == expected.astype(float).tolist()


def test_gradients_of_elementwise_operations_add_up(number):
    x = number(2.0)
    np.sum(x * np.array([1.0, 2.0, 3.0]) + np.array([0.0, 1.0, 2.0]) ** x).backward()
    assert x.grad == pytest.approx(6.0 + 4.0 * np.log(2.0), rel=1e-15)


def test_integer_arrays_and_arrays_of_one(number):
    assert fastgrad.values(number(2.0) * np.array([1, 2])).tolist() == [2.0, 4.0]
    result = number(2.0) * np.array([3.0])
    assert result.shape == (1,)
    assert type(result[0]) is number


def test_in_place_operations(number):
    x = number(2.0)
    y = x
    y += np.float64(1.0)
    y *= 3
    y -= x
    y /= 2.0
    y **= 2
    assert (type(y), y.data, x.data) == (number, 12.25, 2.0)
    y.backward()
    assert x.grad == 7.0
    array = np.array([1.0, 2.0], dtype=object)
    array *= x
    assert fastgrad.values(array).tolist() == [2.0, 4.0]


# Arrays of scalars.


@pytest.fixture
def weights(number):
    return np.array([[number(1.0), number(-2.0)], [number(0.5), number(3.0)]])


def test_an_array_of_scalars_is_of_objects(number, weights):
    assert weights.dtype == object
    assert type(weights[0, 1]) is number
    assert np.array([number(1.0), 2.0]).dtype == object
    assert np.array(number(1.0)).dtype == object


UFUNCS = [
    "exp",
    "log",
    "log2",
    "log10",
    "log1p",
    "expm1",
    "sqrt",
    "cbrt",
    "sin",
    "cos",
    "tan",
    "arcsin",
    "arccos",
    "arctan",
    "sinh",
    "cosh",
    "tanh",
    "arcsinh",
    "arccosh",
    "arctanh",
    "negative",
    "positive",
    "absolute",
    "square",
    "reciprocal",
]


@pytest.mark.parametrize("name", UFUNCS)
def test_ufuncs_of_one(number, name):
    ufunc = getattr(np, name)
    numbers = [1.25, 2.5] if name == "arccosh" else [0.25, 0.75]
    scalars = [number(x) for x in numbers]
    results = ufunc(np.array(scalars))
    assert {type(result) for result in results} == {number}
    assert fastgrad.values(results) == pytest.approx(ufunc(np.array(numbers)), rel=1e-15)
    results[1].backward()
    step = 1e-6
    assert scalars[0].grad == 0.0
    assert scalars[1].grad == pytest.approx(
        (ufunc(numbers[1] + step) - ufunc(numbers[1] - step)) / (2 * step), rel=1e-6
    )


@pytest.mark.parametrize(
    "name", ["add", "subtract", "multiply", "divide", "power", "arctan2", "hypot", "maximum", "minimum"]
)
def test_ufuncs_of_two(number, name):
    ufunc = getattr(np, name)
    a, b = [1.5, 2.0], [0.5, 4.0]
    results = ufunc(np.array([number(x) for x in a]), np.array([number(x) for x in b]))
    assert {type(result) for result in results} == {number}
    assert fastgrad.values(results) == pytest.approx(ufunc(a, b), rel=1e-15)


def test_rounding_ufuncs_read_whole_numbers(weights):
    assert fastgrad.values(np.floor(weights * 0.5)).tolist() == [[0.0, -1.0], [0.0, 1.0]]
    assert fastgrad.values(np.ceil(weights * 0.5)).tolist() == [[1.0, -1.0], [1.0, 2.0]]
    assert fastgrad.values(np.sign(weights)).tolist() == [[1.0, -1.0], [1.0, 1.0]]


def test_sums_and_means(number, weights):
    for total in (np.sum(weights), weights.sum(), sum(weights.ravel()), weights.mean() * 4.0):
        assert type(total) is number
        assert total.data == 2.5
    assert fastgrad.values(weights.sum(axis=0)).tolist() == [1.5, 1.0]
    assert np.prod(weights).data == -3.0
    assert weights.max().data == 3.0
    assert np.argmin(weights) == 1


def test_products_of_matrices(number, weights):
    plain = fastgrad.values(weights)
    x = np.array([2.0, -1.0])
    assert fastgrad.values(np.dot(weights, x)).tolist() == np.dot(plain, x).tolist()
    assert fastgrad.values(weights @ x).tolist() == (plain @ x).tolist()
    assert fastgrad.values(x @ weights).tolist() == (x @ plain).tolist()
    assert fastgrad.values(weights @ weights).tolist() == (plain @ plain).tolist()
    loss = np.sum(np.tanh(weights @ x) ** 2)
    loss.backward()
    output = np.tanh(plain @ x)
    assert fastgrad.grads(weights) == pytest.approx(np.outer(2.0 * output * (1.0 - output**2), x), rel=1e-14)


def test_sum_starts_from_the_number_0(number):
    terms = [number(1.0), number(2.0)]
    total = sum(terms)
    assert type(total) is number
    assert total.data == 3.0
    total.backward()
    assert [term.grad for term in terms] == [1.0, 1.0]
    assert sum([]) == 0


@pytest.mark.parametrize(
    ("alias", "name"),
    [
        ("absolute", "abs"), ("arcsin", "asin"), ("arccos", "acos"), ("arctan", "atan"), ("arcsinh", "asinh"),
        ("arccosh", "acosh"), ("arctanh", "atanh"),
    ],
)  # fmt: skip
def test_numpys_names_are_aliases(number, alias, name):
    x = number(1.0 if name == "acosh" else 0.5)
    result = getattr(x, alias)()
    assert (result.data, result.op) == (getattr(x, name)().data, name)


def test_an_array_without_dimensions_that_holds_a_scalar(number):
    x, y = number(2.0), number(3.0)
    held = np.where(True, x, 0.0)
    assert held.shape == ()
    for result in (held * y, y * held):
        x.grad = y.grad = 0.0
        product = result.item() if isinstance(result, np.ndarray) else result
        product.backward()
        assert (product.data, x.grad, y.grad) == (6.0, 3.0, 2.0)
    assert fastgrad.values(held).tolist() == 2.0


def test_equality_with_arrays_is_elementwise(number):
    x, y = number(2.0), number(2.0)
    assert (np.array([x, y]) == x).tolist() == [True, False]
    assert (np.array([x, y]) != x).tolist() == [False, True]
    assert (np.array([2.0, 3.0]) == x).tolist() == [False, False]


def test_children_in_an_array():
    a, b = fastgrad.Value(2.0), fastgrad.Value(3.0)
    for y in (
        fastgrad.Value(6.0, np.array([a, b]), np.array([3.0, 2.0])),
        fastgrad.Value(6.0, children=np.array([a, b]), local_grads=[3.0, 2.0]),
    ):
        a.grad = b.grad = 0.0
        y.backward()
        assert (y.prev, a.grad, b.grad) == ([a, b], 3.0, 2.0)
    assert fastgrad.Value(6.0, np.array([]), "op").prev == []
