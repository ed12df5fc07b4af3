"""The dialect of Eureka Labs' course on micrograd."""

import math

import pytest

import fastgrad
from fastgrad.compat import eurekalabs
from fastgrad.compat.eurekalabs import MLP, RNG, Layer, Neuron, Value


@pytest.fixture
def drawn(monkeypatch):
    """Let the weights be drawn from the start, as in a fresh program, and give what it draws."""
    monkeypatch.setattr(eurekalabs, "random", RNG(42))
    return RNG(42)


class TestValue:
    def test_operands_are_a_tuple_in_order(self):
        a, b = Value(2.0), Value(3.0)
        assert (a * b)._prev == (a, b)
        assert (b - a)._prev == (b, a)
        assert (a + a)._prev == (a, a)
        assert a._prev == ()

    def test_it_is_made_of_operands_and_a_symbol(self):
        a, b = Value(2.0), Value(3.0)
        for made in (Value(6.0, (a, b), "*"), Value(6.0, _prev=(a, b), _op="*")):
            assert (made.data, made._prev, made._op) == (6.0, (a, b), "*")

    def test_looks(self):
        a = Value(-4.0)
        (a * 2.0).backward()
        assert repr(a) == "Value(data=-4.0, grad=2.0)"

    @pytest.mark.parametrize(
        ("name", "y", "slope"),
        [
            ("tanh", math.tanh(0.5), 1.0 - math.tanh(0.5) ** 2),
            ("relu", 0.5, 1.0),
            ("log", math.log(0.5), 2.0),
            ("exp", math.exp(0.5), math.exp(0.5)),
        ],
    )
    def test_functions(self, name, y, slope):
        x = Value(0.5)
        result = getattr(x, name)()
        result.backward()
        assert (type(result), result.data, x.grad) == (Value, y, slope)
        assert result._prev == (x,)

    def test_it_is_a_number_of_fastgrads(self):
        assert isinstance(Value(1.0) * 2.0, fastgrad.Value)


def test_the_generator_is_xorshift_with_a_star():
    rng, state = RNG(42), 42
    for _ in range(1000):
        state ^= state >> 12
        state = (state ^ (state << 25)) % 2**64
        state ^= state >> 27
        assert rng.random_u32() == state * 0x2545F4914F6CDD1D % 2**64 // 2**32
    assert RNG(42).random() == (RNG(42).random_u32() >> 8) / 2**24
    assert RNG(7).uniform(-2.0, 2.0) == 4.0 * RNG(7).random() - 2.0


def test_weights_are_drawn_in_order_and_scaled_by_the_number_of_inputs(drawn):
    model = MLP(4, [2, 1])
    for nin, layer in zip([4, 2], model.layers):
        for neuron in layer.neurons:
            assert [w.data for w in neuron.w] == [drawn.uniform(-1, 1) * nin**-0.5 for _ in range(nin)]
            assert neuron.b.data == 0.0


def test_a_layer_of_one_gives_a_list():
    (output,) = Layer(2, 1)([1.0, 2.0])
    assert type(output) is Value
    assert len(MLP(2, [3, 1])([1.0, 2.0])) == 1


def test_looks():
    assert repr(Neuron(3)) == "TanHNeuron(3)"
    assert repr(MLP(2, [1, 1])) == "MLP of [Layer of [TanHNeuron(2)], Layer of [LinearNeuron(1)]]"


def test_a_classifier_learns_with_the_courses_loss(drawn):
    """The negative logarithm of the right class's probability, made of numbers as the course makes it."""
    model = MLP(2, [4, 3])
    rows = [([-1.0, 0.5], 0), ([1.0, -1.0], 1), ([1.0, 1.0], 2)]
    losses = []
    for _ in range(40):
        total = Value(0.0)
        for x, target in rows:
            powers = [logit.exp() for logit in model(x)]
            total = total + -(powers[target] / sum(powers)).log()
        model.zero_grad()
        total.backward()
        for p in model.parameters():
            p.data -= 0.3 * p.grad
        losses.append(total.data)
    assert losses[-1] < 0.3 * losses[0]
