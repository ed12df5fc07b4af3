"""What is said where something of another library, or of Python's own, is tried on scalars: a remedy that works."""

import copy
import pickle

import numpy as np
import pytest

import fastgrad
from fastgrad import Scalar, Value, losses, math, nn, train
from fastgrad._tape.absent import Absent

FLOATS = np.array([0.25, 0.5])
SCALARS = np.array([Value(0.25), 0.5])


def message_of(function, *args, error=TypeError):
    with pytest.raises(error) as caught:
        function(*args)
    return str(caught.value)


# Functions of numbers, given arrays.

ONE = [
    *["exp", "log", "log2", "log10", "log1p", "expm1", "exp2", "sqrt", "cbrt", "sin", "cos", "tan", "asin", "acos"],
    *["atan", "sinh", "cosh", "tanh", "asinh", "acosh", "atanh", "erf", "erfc", "degrees", "radians", "fabs"],
    *["relu", "step", "sigmoid", "softplus", "leaky_relu", "gelu", "sign"],
]
TWO = ["atan2", "fmod", "copysign", "pow", "hypot", "max", "min"]
READERS = ["isnan", "isinf", "isfinite"]


def advised(message):
    """The function that a message says takes arrays."""
    return eval(message.partition("array of shape (2,): ")[2].partition(" takes arrays")[0], {"numpy": np} | globals())


@pytest.mark.parametrize("name", [*ONE, *READERS])
@pytest.mark.parametrize("xs", [FLOATS, SCALARS], ids=["floats", "scalars"])
def test_a_function_given_an_array_names_one_that_takes_it(name, xs):
    function = getattr(math, name)
    xs = xs + 1.0 if name == "acosh" else xs
    message = message_of(function, xs)
    assert message.startswith(f"{name}() takes scalars and real numbers, not an array of shape (2,): ")
    assert fastgrad.values(advised(message)(xs)).tolist() == pytest.approx(
        [float(f"{function(x):g}") for x in xs], 1e-5
    )


@pytest.mark.parametrize("name", TWO)
@pytest.mark.parametrize("place", [0, 1])
@pytest.mark.parametrize("other", [0.75, Value(0.75)], ids=["float", "scalar"])
def test_a_function_of_two_given_an_array_names_one_that_takes_it(name, place, other):
    function = getattr(math, name)
    args = [other, other]
    args[place] = FLOATS
    if name == "pow" and isinstance(other, Value):
        assert fastgrad.values(function(*args)).shape == (2,)  # an operator, which computes with each entry
        return
    message = message_of(function, *args)
    assert message.startswith(f"{name}() takes scalars and real numbers, not an array of shape (2,): ")
    assert fastgrad.values(advised(message)(*args)).shape == (2,)


@pytest.mark.parametrize(
    "call",
    [
        lambda: math.where(FLOATS > 0.3, 1.0, 0.0),
        lambda: math.where(Value(1.0), FLOATS, 0.0),
        lambda: math.clip(FLOATS, 0.0, 1.0),
        lambda: math.clip(Value(1.0), FLOATS, 1.0),
        lambda: Value(1.0).leaky_relu(FLOATS),
    ],
)
def test_functions_of_several_numbers_name_the_array_too(call):
    assert "not an array of shape (2,): numpy.vectorize(fastgrad.math." in message_of(call)


def test_a_list_is_advised_a_comprehension_and_a_batch_its_scalars():
    assert message_of(math.exp, [1.0]).endswith("of type list: call it for each of them, as in [exp(x) for x in xs]")
    batch = nn.Layer(2, 2)(np.ones((3, 2)))
    assert message_of(math.tanh, batch).endswith(": take its scalars, batch[i], or its numbers, batch.data")


def test_what_is_no_collection_is_named_with_its_type():
    assert message_of(math.relu, "x") == "relu() takes scalars and real numbers, not 'x' of type str"
    assert message_of(math.max, 1.0, "x") == "max() takes scalars and real numbers, not 'x' of type str"


def test_numpys_own_functions_are_advised_for_floats_only():
    assert message_of(math.asin, FLOATS).endswith(": numpy.arcsin takes arrays")
    assert message_of(math.asin, SCALARS).endswith(": numpy.vectorize(fastgrad.math.asin) takes arrays")


@pytest.mark.parametrize("wrong", [lambda: math.exp(), lambda: math.hypot("a", b=1), lambda: math.clip(1.0)])
def test_a_wrong_number_of_arguments_is_pythons_own_error(wrong):
    assert "argument" in message_of(wrong)


# Operators with lists.


@pytest.mark.parametrize("xs", [[1.0, 2.0], (1.0, 2.0)])
@pytest.mark.parametrize("symbol", ["+", "-", "*", "/", "**"])
def test_an_operator_with_a_list_says_how_to_compute_with_each_entry(number, symbol, xs):
    x, scope = number(2.0), {"numpy": np}
    message = message_of(eval, f"x {symbol} xs", {"x": x, "xs": xs})
    assert message.startswith(f"unsupported operand types for {symbol}: a {number.__name__} and a {type(xs).__name__}")
    for advice in (f"x {symbol} numpy.array(xs)", f"[x {symbol} y for y in xs]"):
        assert advice.partition("numpy")[1] in message
        assert fastgrad.values(eval(advice, {**scope, "x": x, "xs": xs})).shape == (2,)
    assert f"[x {symbol} y for y in xs]" in message


def test_the_comprehension_has_the_operands_in_their_order():
    assert message_of(lambda: [1.0, 2.0] - Value(2.0)).endswith("[y - x for y in xs]")


def test_a_table_of_another_library_is_an_array_too():
    class Table:
        ndim, shape = 2, (3, 2)

        def __float__(self):
            raise TypeError("no number")

    assert message_of(math.exp, Table()).endswith("(3, 2): numpy.vectorize(fastgrad.math.exp) takes arrays")


def test_a_list_repeated_by_a_scalar_says_both_that_may_be_meant():
    message = message_of(lambda: [1.0, 2.0] * Value(2.0))
    assert "take int(x.data)" in message
    assert message.endswith("To multiply each entry of a list, take numpy.array(xs) * x")


def test_a_list_of_ones_own_may_have_its_own_operators():
    class Vector(list):
        def __rmul__(self, x):
            return [x * y for y in self]

    assert fastgrad.values(Value(2.0) * Vector([1.0, 2.0])).tolist() == [2.0, 4.0]


# Attributes that other libraries' numbers have.


def absent_of(kind):
    return [name for base in kind.__mro__ for name, entry in vars(base).items() if isinstance(entry, Absent)]


@pytest.mark.parametrize(
    ("thing", "name"),
    [
        (thing, name)
        for thing in (Value(2.0), Scalar(2.0), nn.Layer(1, 2)(np.ones((2, 1))), fastgrad.compile(math.sin))
        for name in absent_of(type(thing))
    ],
    ids=lambda part: part if isinstance(part, str) else type(part).__name__,
)
def test_an_attribute_of_other_libraries_has_advice_and_is_not_there(thing, name):
    kind = type(thing).__name__
    assert message_of(getattr, thing, name, error=AttributeError).startswith(
        f"{kind!r} object has no attribute {name!r}: "
    )
    assert f"type object {kind!r} has no attribute {name!r}: " in message_of(
        getattr, type(thing), name, error=AttributeError
    )
    assert not hasattr(thing, name)
    assert getattr(thing, name, "nothing") == "nothing"
    assert name not in dir(thing)


def test_the_advice_for_a_number_and_for_a_batch():
    x, batch = Value(2.0), nn.Layer(1, 2)(np.ones((3, 1)))
    assert "x.data is the number" in message_of(lambda: x.item(), error=AttributeError)
    assert "fastgrad.values(xs)" in message_of(lambda: x.numpy(), error=AttributeError)
    assert "batch.data is the array" in message_of(lambda: batch.detach(), error=AttributeError)
    assert "fastgrad.losses" in message_of(lambda: batch.backward(), error=AttributeError)


def test_an_absent_attribute_can_be_set_inherited_and_copied(number):
    class Named(number):
        item = "mine"

        @property
        def value(self):
            return self.data

    x = number(2.0)
    x.item = 5
    assert (x.item, "item" in dir(x), Named(3.0).item, Named(3.0).value) == (5, True, "mine", 3.0)
    assert copy.copy(x).item == pickle.loads(pickle.dumps(x)).item == 5
    del x.item
    assert not hasattr(x, "item")


def test_data_and_grad_cannot_be_deleted(number):
    x = number(2.0)
    x.grad = 3.0
    assert "x.data = 0.0" in message_of(delattr, x, "data", error=AttributeError)
    assert "x.grad = 0.0, or call zero_grad()" in message_of(delattr, x, "grad", error=AttributeError)
    assert (x.data, x.grad) == (2.0, 3.0)


def test_a_label_and_a_symbol_can_be_deleted(number):
    x = number(2.0)
    own, y = x.label, x * x
    x.label, y._op = "x", "square"
    del x.label, y._op
    assert (x.label, y._op) == (own, "*")
    del x.label, y._op


# Names that other libraries have.


@pytest.mark.parametrize("name", ["Linear", "ReLU", "CrossEntropyLoss", "Parameter", "ModuleList", "Dense"])
def test_a_name_of_another_library_has_advice(name):
    message = message_of(getattr, nn, name, error=AttributeError)
    assert message.startswith(f"module 'fastgrad.nn' has no attribute {name!r}: ")
    assert not hasattr(nn, name)


def test_all_activations_and_losses_that_are_advised_are_there():
    for name in ("Tanh", "ReLU", "Sigmoid", "Softplus", "GELU", "Softmax", "LeakyReLU", "Identity"):
        advised = message_of(getattr, nn, name, error=AttributeError).partition("activation='")[2].partition("'")[0]
        assert advised in nn.ACTIVATIONS
    for name in ("MSELoss", "BCELoss", "BCEWithLogitsLoss", "CrossEntropyLoss", "HingeEmbeddingLoss"):
        advised = (
            message_of(getattr, nn, name, error=AttributeError).partition("fastgrad.losses: ")[2].partition("(")[0]
        )
        assert hasattr(losses, advised)


def test_a_function_of_numbers_that_is_asked_of_the_package_is_found_in_its_mathematics():
    for name in ("sin", "tanh", "pi"):
        message = message_of(getattr, fastgrad, name, error=AttributeError)
        assert message == f"module 'fastgrad' has no attribute {name!r}: fastgrad.math.{name} is there"
        assert hasattr(math, name)
        assert not hasattr(fastgrad, name)


@pytest.mark.parametrize("module", [fastgrad, nn])
@pytest.mark.parametrize("name", ["elsewhere", "__wrapped__"])
def test_any_other_name_is_missing_as_elsewhere(module, name):
    assert message_of(getattr, module, name, error=AttributeError) == (
        f"module {module.__name__!r} has no attribute {name!r}"
    )


# Arguments of train.fit.

FIT = [
    ("verbose", "give progress=True"),
    ("validation_data", "give validation=(X, y)"),
    ("learning_rate", "give lr="),
    ("epoch", "is it epochs=?"),
    ("batchsize", "is it batch_size=?"),
    ("xyz", "those by name are loss, optimizer, lr, epochs, batch_size,"),
]


@pytest.mark.parametrize(("name", "remedy"), FIT)
def test_an_argument_that_fit_has_not_is_refused_with_the_one_it_has(name, remedy):
    model = nn.MLP(1, [1], rng=0)
    before = model.flat
    message = message_of(lambda: train.fit(model, [[1.0]], [1.0], **{name: 1}))
    assert message.startswith(f"fit() has no argument {name!r}: {remedy}")
    assert (model.flat == before).all()


def test_every_argument_that_is_advised_is_one_of_fit():
    from fastgrad.train import arguments

    for name in arguments._OF_OTHERS:
        advised = message_of(arguments.refuse, {name: 1}, train.fit).partition("give ")[2]
        for word in advised.replace(",", " ").split():
            option = word.partition("=")
            assert not option[1] or option[0] in train.fit.__annotations__


# Cross-entropy of one output.


@pytest.mark.parametrize("rows", [np.ones((300, 1)), [[Value(1.0)]] * 300, nn.Layer(1, 1)(np.ones((300, 1)))])
def test_one_output_for_several_classes_says_what_fits(rows):
    message = message_of(losses.cross_entropy, rows, np.zeros(300), error=ValueError)
    assert "an output for each class, two at least: of one output take binary_cross_entropy_with_logits" in message
    assert len(message) < 250


def test_a_long_row_is_not_told_whole():
    message = message_of(losses.cross_entropy, [Value(1.0)] * 300, np.zeros(300), error=ValueError)
    assert "row 0 is [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, ...], of sum 0; a model needs an output for each class" in message
