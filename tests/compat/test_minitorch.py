"""The dialect of the course that builds a small torch: derivatives, histories, modules, the optimizer."""

import copy
import math
import pickle
import random

import pytest

import fastgrad
from fastgrad.compat import minitorch
from fastgrad.compat.minitorch import SGD, Module, Parameter, Scalar, ScalarHistory, central_difference
from fastgrad.compat.minitorch import derivative_check as check

FUNCTIONS = {
    "neg": (lambda a: -a, 1),
    "add a constant": (lambda a: a + 5, 1),
    "subtract": (lambda a, b: a - b, 2),
    "subtract from a constant": (lambda a: 5 - a, 1),
    "multiply": (lambda a, b: 5 * a * b, 2),
    "divide": (lambda a, b: a / (b + 5.5), 2),
    "divide a constant": (lambda a: 3 / (a + 5.5), 1),
    "sigmoid": (lambda a: a.sigmoid(), 1),
    "log": (lambda a: (a + 10).log(), 1),
    "relu": (lambda a: (a + 5.5).relu(), 1),
    "exp": (lambda a: (a * 0.1).exp(), 1),
    "shared": (lambda a, b: (a * b).exp() * a + (a * b), 2),
    "comparisons": (lambda a, b: (a < b) * a + (a > b) * b + (a == b) * 3.0, 2),
}


class TestDerivatives:
    @pytest.mark.parametrize("name", FUNCTIONS)
    def test_those_of_every_operation_are_central_differences(self, name):
        function, n = FUNCTIONS[name]
        check(function, *[Scalar(x) for x in (0.75, -1.25)[:n]])

    def test_there_is_none_until_a_sweep_comes_by(self):
        x, y, elsewhere = Scalar(2.0), Scalar(3.0), Scalar(4.0)
        assert x.derivative is None
        (x * y).backward()
        assert (x.derivative, y.derivative, elsewhere.derivative) == (3.0, 2.0, None)

    def test_a_sweep_that_brings_nothing_leaves_a_0(self):
        x = Scalar(-2.0)
        x.relu().backward()
        assert x.derivative == 0.0
        y = Scalar(2.0)
        (y < 3.0).backward()
        assert y.derivative == 0.0

    def test_they_add_up_on_leaves_only(self):
        x, y = Scalar(2.0), Scalar(3.0)
        inner = x * y
        outer = inner * x
        for sweeps in (1, 2, 3):
            outer.backward()
            assert (x.derivative, y.derivative) == (12.0 * sweeps, 4.0 * sweeps)
        inner.backward()  # what the sweeps before have left inside is not passed on again
        assert (x.derivative, y.derivative) == (39.0, 14.0)
        assert (inner.derivative, outer.derivative) == (None, None)

    def test_the_starting_derivative(self):
        x = Scalar(2.0)
        (x * x).backward(d_output=5)
        assert x.derivative == 20.0
        x.derivative = None
        (x * x).backward(None)
        assert x.derivative == 4.0
        x.backward(0.5)
        assert x.derivative == 4.5

    def test_accumulating_by_hand(self):
        x = Scalar(2.0)
        x.accumulate_derivative(1.5)
        x.accumulate_derivative(2.0)
        assert x.derivative == 3.5
        with pytest.raises(AssertionError, match="Only leaf"):
            (x * x).accumulate_derivative(1.0)

    def test_a_constant_gathers_none(self):
        x, constant = Scalar(2.0), Scalar(3.0, back=None)
        (x * constant).backward()
        assert (x.derivative, constant.derivative) == (3.0, None)
        constant.requires_grad_(True)
        (x * constant).backward()
        assert constant.derivative == 2.0
        constant.requires_grad_(False)
        (x * constant).backward()
        assert constant.derivative == 2.0

    def test_a_leaf_that_only_the_graph_holds_takes_part(self):
        product = Scalar(2.0) * Scalar(3.0)
        product.backward()
        assert [parent.derivative for parent in product.parents] == [3.0, 2.0]

    def test_graphs_are_given_up(self):
        before = fastgrad.tape_info().nodes
        for _ in range(2000):
            x = Scalar(1.0)
            (x * 2.0 + x).backward()
        fastgrad.collect()
        assert fastgrad.tape_info().nodes < before + 1000

    def test_the_check_finds_a_wrong_one(self, capsys):
        wrong = fastgrad.custom("wrong", lambda a: a * a, lambda a: 3.0 * a)
        with pytest.raises(AssertionError, match="the derivative by argument 0 is 6.0, but .* 4.0"):
            check(wrong, Scalar(2.0))
        with pytest.raises(AssertionError, match="no derivative has come to argument 1"):
            check(lambda a, b: a * 2.0, Scalar(2.0), Scalar(2.0))
        capsys.readouterr()
        check(lambda a, b: a * b, Scalar(2.0), Scalar(0.5))
        assert capsys.readouterr().out == "[2.0, 0.5] 0.5 0 Scalar(0.500000)\n[2.0, 0.5] 2.0 1 Scalar(2.000000)\n"

    def test_central_differences_of_plain_numbers(self):
        assert central_difference(lambda a, b: a * b, 5, 10, arg=0) == pytest.approx(10.0, rel=1e-6)
        assert central_difference(math.exp, 1.0, epsilon=1e-4) == pytest.approx(math.e, rel=1e-6)


class TestNumbers:
    def test_looks(self):
        assert repr(Scalar(10)) == "Scalar(10.000000)"
        assert str(Scalar(0.5) * 3) == "Scalar(1.500000)"

    def test_names_and_ids(self):
        x, y = Scalar(1.0, name="x"), Scalar(1.0)
        z = x + y
        assert x.name == x.label == "x"
        assert len({number.unique_id for number in (x, y, z)}) == 3
        assert z.name == str(z.unique_id)
        assert z.unique_id == z.unique_id
        z.name = "z"
        assert z.name == "z"

    def test_histories(self):
        x, y = Scalar(2.0), Scalar(3.0)
        product = x * y
        assert product.history.last_fn == "*"
        assert list(map(id, product.history.inputs)) == list(map(id, product.parents)) == [id(x), id(y)]
        assert (x.history, list(x.parents)) == (ScalarHistory(None, []), [])
        assert Scalar(1.0, back=None).history is None
        with pytest.raises(AssertionError, match="no parents"):
            Scalar(1.0, back=None).parents  # noqa: B018
        with pytest.raises(ValueError, match="made by an operation"):
            Scalar(6.0, product.history)

    def test_leaves_and_constants(self):
        x, constant = Scalar(2.0), Scalar(2.0, back=None)
        assert (x.is_leaf(), x.is_constant()) == (True, False)
        assert ((x * x).is_leaf(), (x * x).is_constant()) == (False, False)
        assert (constant.is_leaf(), constant.is_constant()) == (False, True)
        assert (x * x).detach().is_constant()
        with pytest.raises(AssertionError, match="Only leaf"):
            (x * x).requires_grad_(False)

    def test_comparisons_give_scalars(self):
        x, y = Scalar(2.0), Scalar(3.0)
        for result, truth in [(x < y, 1.0), (x > y, 0.0), (x == y, 0.0), (x == Scalar(2.0), 1.0), (x == 2, 1.0)]:
            assert type(result) is Scalar
            assert result.data == truth
        assert (x != y, x != 2.0) == (True, False)
        assert x in [Scalar(2.0)]
        assert len({x, Scalar(2.0)}) == 2  # a set goes by the object

    def test_equality_of_infinities_and_nans(self):
        inf, nan = Scalar(math.inf), Scalar(math.nan)
        assert ((inf == math.inf).data, (inf == -math.inf).data, (nan == nan).data) == (1.0, 0.0, 0.0)  # noqa: PLR0124

    def test_there_is_a_logarithm_of_0(self):
        x = Scalar(0.0)
        x.log().backward()
        assert x.log().data == math.log(1e-6)
        assert x.derivative == pytest.approx(1e6)

    def test_the_numbers_inside_are_reached(self):
        x, y = Scalar(2.0), Scalar(3.0)
        (total,) = (x * y + 1.0).sigmoid().parents
        (product,) = total.parents
        assert (total.data, product.data) == (7.0, 6.0)
        assert list(map(id, product.parents)) == [id(x), id(y)]

    def test_copies_gather_derivatives_of_their_own(self):
        x = Scalar(2.0, name="x")
        (x * 3.0).backward()
        for twin in (copy.copy(x), copy.deepcopy(x), pickle.loads(pickle.dumps(x))):
            assert (twin.data, twin.name, twin.derivative) == (2.0, "x", 3.0)
            (twin * 4.0).backward()
            assert (twin.derivative, x.derivative) == (7.0, 3.0)
        constant = copy.deepcopy(Scalar(2.0, back=None))
        assert constant.is_constant()


class Linear(Module):
    """A layer as the course writes it: parameters by name, one number each."""

    def __init__(self, nin, nout):
        super().__init__()
        self.weights = [
            [self.add_parameter(f"weight_{i}_{j}", Scalar(2 * (random.random() - 0.5))) for j in range(nout)]
            for i in range(nin)
        ]
        self.bias = [self.add_parameter(f"bias_{j}", Scalar(2 * (random.random() - 0.5))) for j in range(nout)]

    def forward(self, inputs):
        outputs = [bias.value for bias in self.bias]
        for x, weights in zip(inputs, self.weights):
            outputs = [y + x * weight.value for y, weight in zip(outputs, weights)]
        return outputs


class Network(Module):
    def __init__(self):
        super().__init__()
        self.layer1 = Linear(2, 3)
        self.layer2 = Linear(3, 1)
        self.scale = Parameter(Scalar(1.0))

    def forward(self, x):
        hidden = [h.relu() for h in self.layer1(x)]
        return (self.layer2(hidden)[0] * self.scale.value).sigmoid()


class TestModules:
    def test_parameters_are_named_by_their_paths(self):
        names = [name for name, _ in Network().named_parameters()]
        assert names[0] == "scale"
        assert names[1:3] == ["layer1.weight_0_0", "layer1.weight_0_1"]
        assert names[-1] == "layer2.bias_0"
        assert len(names) == len(Network().parameters()) == 1 + 9 + 4

    def test_a_scalar_has_its_parameters_name(self):
        model = Network()
        assert model.layer1.bias[2].value.name == "bias_2"
        model.layer1.bias[2].update(Scalar(0.5))
        assert model.layer1.bias[2].value.name == "bias_2"

    def test_what_is_not_there_is_none(self):
        assert Network().nothing is None

    def test_training_and_evaluation(self):
        model = Network()
        assert model.training is model.layer1.training is True
        model.eval()
        assert [module.training for module in [model, *model.modules()]] == [False] * 3
        model.train()
        assert [module.training for module in [model, *model.modules()]] == [True] * 3

    def test_looks(self):
        assert repr(Network()) == "Network(\n  (layer1): Linear()\n  (layer2): Linear()\n)"

        class Outer(Module):
            def __init__(self):
                super().__init__()
                self.inner = Network()

        assert repr(Outer()) == ("Outer(\n  (inner): Network(\n    (layer1): Linear()\n    (layer2): Linear()\n  )\n)")
        assert repr(Parameter(Scalar(0.5))) == str(Parameter(Scalar(0.5))) == "Scalar(0.500000)"

    def test_a_parameter_holds_anything(self):
        assert Parameter(3).value == 3
        optimizer = SGD([Parameter(3), Parameter(None)])
        optimizer.zero_grad()
        optimizer.step()

    def test_a_copy_of_a_model_is_its_own(self):
        random.seed(1)
        model = Network()
        twin = copy.deepcopy(model)
        assert twin((1.0, 2.0)).data == model((1.0, 2.0)).data
        twin((1.0, 2.0)).backward()
        assert twin.scale.value.derivative is not None
        assert model.scale.value.derivative is None

    def test_training_lowers_the_loss(self):
        random.seed(5)
        model = Network()
        optimizer = SGD(model.parameters(), lr=0.5)
        rows = [((0.1, 0.9), 1), ((0.2, 0.7), 1), ((0.8, 0.2), 0), ((0.9, 0.4), 0)]
        losses = []
        for _ in range(60):
            optimizer.zero_grad()
            total = 0.0
            for x, y in rows:
                p = model(tuple(map(Scalar, x)))
                loss = -(p if y == 1 else -p + 1.0).log()
                (loss / len(rows)).backward()  # one sweep a row: the leaves add them up
                total += loss.data
            optimizer.step()
            losses.append(total)
        assert losses[-1] < 0.5 * losses[0]

    def test_a_step_replaces_the_numbers_that_have_a_derivative(self):
        one, other = Parameter(Scalar(1.0)), Parameter(Scalar(1.0))
        before = one.value, other.value
        (one.value * 3.0).backward()
        optimizer = SGD([one, other])
        optimizer.step()
        assert (one.value.data, one.value.derivative) == (-2.0, None)
        assert one.value is not before[0]
        assert other.value is before[1]
        (one.value * 3.0).backward()
        optimizer.zero_grad()
        assert one.value.derivative is None


def test_all_names_are_there():
    assert set(minitorch.__all__) <= set(vars(minitorch))
