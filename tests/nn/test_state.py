"""State dicts, files, pickles and copies of modules."""

import io
import os
import stat
import zipfile

import numpy as np
import pytest

import fastgrad
from fastgrad import Value, nn, optim


class Net(nn.Module):
    def __init__(self, seed=0):
        self.body = nn.MLP(2, [3, 1], rng=seed)
        self.neuron = nn.Neuron(2, rng=seed)
        self.file = [Value(float(seed))]  # a name that numpy.savez has for itself

    def __call__(self, x):
        return self.body(x) + self.neuron(x) * self.file[0]


SHAPES = {
    "body.layers.0.w": (3, 2),
    "body.layers.0.b": (3,),
    "body.layers.1.w": (1, 3),
    "body.layers.1.b": (1,),
    "neuron.w": (2,),
    "neuron.b": (),
    "file.0": (),
}


@pytest.fixture
def path(tmp_path):
    return tmp_path / "net.npz"


# State dicts.


def test_names_and_shapes():
    assert {name: array.shape for name, array in Net().state_dict().items()} == SHAPES


def test_a_state_dict_has_copies_of_the_numbers():
    net = Net()
    state = net.state_dict()
    layer = net.body.layers[0]
    assert state["body.layers.0.w"].tolist() == [[w.data for w in neuron.w] for neuron in layer.neurons]
    assert state["body.layers.0.b"].tolist() == [neuron.b.data for neuron in layer.neurons]
    before = net.flat
    for array in state.values():
        array += 1.0
    assert (net.flat == before).all()


def test_a_state_dict_goes_into_another_module():
    one, other = Net(1), Net(2)
    other.flat_grad = np.ones(len(other.flat))
    other.load_state_dict(one.state_dict())
    assert (other.flat == one.flat).all()
    assert other.flat_grad.all()


def test_a_state_dict_of_a_layer_that_has_its_own_parameters():
    class Biases(nn.Layer):
        def parameters(self):
            return [neuron.b for neuron in self.neurons]

    assert list(Biases(2, 2).state_dict()) == ["neurons.0.b", "neurons.1.b"]


def test_lists_and_other_kinds_of_numbers_are_taken():
    neuron = nn.Neuron(2)
    neuron.load_state_dict({"b": np.float32(0.5), "w": [1, True]})
    assert neuron.flat.tolist() == [1.0, 1.0, 0.5]


def test_infinity_and_nan_are_states_too():
    neuron = nn.Neuron(2)
    neuron.load_state_dict({"w": [np.nan, np.inf], "b": -0.0})
    assert repr(neuron.flat) == "array([nan, inf, -0.])"


def changed(**changes):
    """A state dict with some entries changed, or left out where they are None."""
    state = {**Net(1).state_dict(), **{name.replace("__", "."): array for name, array in changes.items()}}
    return {name: array for name, array in state.items() if array is not None}


@pytest.mark.parametrize(
    ("state", "message"),
    [
        (
            changed(neuron__b=None),
            r"state must have the names 'body.layers.0.w', .* and 1 more, but has no 'neuron.b'$",
        ),
        (changed(neuron__v=1.0), r"state must have the names .*, but has 'neuron.v'$"),
        (changed(neuron__b=None, v=1.0), r"but has no 'neuron.b' and has 'v'$"),
        (changed(file__0=[1.0]), r"state: 'file.0' must have shape \(\), not \(1,\)$"),
        (changed(body__layers__0__w=np.ones((2, 3))), r"'body.layers.0.w' must have shape \(3, 2\), not \(2, 3\)$"),
        (changed(neuron__w=["1", "2"]), r"'neuron.w' must be real numbers, not \['1', '2'\]$"),
        (changed(neuron__b=1j), r"'neuron.b' must be real numbers, not 1j$"),
        (changed(neuron__b=Value(1.0)), r"'neuron.b' must be real numbers, not Value"),
        (changed(neuron__w=[[1.0], [1.0, 2.0]]), r"'neuron.w' must be real numbers, not \[\[1.0\]"),
        ({}, r"but has no 'body.layers.0.w', .* and 1 more$"),
    ],
)
def test_a_state_that_does_not_fit_is_refused_whole(state, message):
    net = Net(2)
    before = net.flat
    with pytest.raises(ValueError, match=message):
        net.load_state_dict(state)
    assert (net.flat == before).all()


def test_a_state_must_be_a_mapping():
    with pytest.raises(TypeError, match=r"state must be a mapping of names to arrays, not \[1.0\]"):
        Net().load_state_dict([1.0])


def test_two_parameters_of_one_name_are_refused():
    net = Net()
    net.body.layers[0].w = Value(1.0)
    with pytest.raises(ValueError, match="two parameters of Net have the name 'body.layers.0.w'"):
        net.state_dict()


# Files.


def test_a_file_brings_every_number_back(path):
    one, other = Net(1), Net(2)
    one.flat = [0.1, -0.0, 5e-324, np.nan, np.inf, *one.flat[5:]]
    one.save(path)
    other.load(str(path))
    assert other.flat.tobytes() == one.flat.tobytes()


def test_the_file_has_the_state_dict_and_no_pickle(path):
    net = Net()
    net.save(path)
    with np.load(path, allow_pickle=False) as archive:
        assert {name: array.shape for name, array in archive.items()} == SHAPES
    other = Net(2)
    with np.load(path, allow_pickle=False) as archive:
        other.load_state_dict(archive)
    assert (other.flat == net.flat).all()


def test_the_same_numbers_make_the_same_file(path, tmp_path):
    Net(1).save(path)
    Net(1).save(tmp_path / "again")
    assert path.read_bytes() == (tmp_path / "again").read_bytes()


def test_a_file_is_replaced_only_when_the_new_one_is_complete(path, monkeypatch):
    Net(1).save(path)
    before = path.read_bytes()

    def fail(*_):
        raise OSError("no space")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="no space"):
        Net(2).save(path)
    assert path.read_bytes() == before
    assert os.listdir(path.parent) == [path.name]


def test_a_file_is_made_with_the_usual_permissions(path):
    path.with_name("plain").touch()
    Net().save(path)
    assert stat.S_IMODE(path.stat().st_mode) == stat.S_IMODE(path.with_name("plain").stat().st_mode)


def test_a_folder_that_is_not_there_is_an_error(path):
    with pytest.raises(FileNotFoundError) as caught:
        Net().save(path.parent / "absent" / "net.npz")
    assert caught.value.filename == str(path.parent / "absent" / "net.npz")
    with pytest.raises(IsADirectoryError) as caught:
        Net().save(path.parent)
    assert caught.value.filename == str(path.parent)
    assert list(path.parent.iterdir()) == list(path.parent.parent.glob("*.part")) == []
    with pytest.raises(FileNotFoundError):
        Net().load(path)


def test_a_truncated_or_changed_file_is_refused_whole(path):
    Net(1).save(path)
    content = path.read_bytes()
    net = Net(2)
    before, refused = net.flat, 0
    variants = [content[:n] for n in range(0, len(content), 7)]
    variants += [content[:n] + bytes([content[n] ^ 0x40]) + content[n + 1 :] for n in range(0, len(content), 11)]
    for variant in variants:
        path.write_bytes(variant)
        expected, message = before, None
        try:
            net.load(path)
        except ValueError as error:
            message = str(error)
        else:  # a bit that says nothing about the arrays, such as one of a date
            expected = Net(1).flat
        assert (net.flat == expected).all()
        assert message is None or str(path) in message
        refused += message is not None
        net.flat = before
    assert refused > 0.8 * len(variants)


@pytest.mark.parametrize("missing", [1, 15, 16, 17])
def test_a_file_whose_end_is_missing_is_damaged_not_of_another_kind(path, missing):
    Net(1).save(path)
    path.write_bytes(path.read_bytes()[:-missing])
    with pytest.raises(ValueError, match="but is damaged or foreign: "):
        Net(1).load(path)


def archive(**arrays):
    file = io.BytesIO()
    np.savez(file, **arrays)
    return file.getvalue()


def array_of_objects():
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.comment = b"fastgrad state 1"
        with archive.open("w.npy", "w") as member:
            np.lib.format.write_array(member, np.array([{}]), allow_pickle=True)
    return file.getvalue()


@pytest.mark.parametrize("content", [b"", b"weights", archive(w=[1.0, 2.0], b=0.5), array_of_objects(), b"\x93NUMPY"])
def test_a_foreign_file_is_refused(path, content):
    path.write_bytes(content)
    neuron = nn.Neuron(2)
    with pytest.raises(ValueError, match=r"net\.npz must be a file that Module\.save wrote, but is "):
        neuron.load(path)


def test_the_file_of_another_module_is_refused(path):
    nn.MLP(2, [4, 1]).save(path)
    with pytest.raises(ValueError, match=r"net\.npz: 'layers.0.w' must have shape \(3, 2\), not \(4, 2\)"):
        nn.MLP(2, [3, 1]).load(path)
    with pytest.raises(ValueError, match=r"net\.npz must have the names 'w', 'b', but has no 'w', 'b' and has 'layers"):
        nn.Neuron(2).load(path)


# Activations in files.


def gates(activation="tanh", last="sigmoid"):
    return nn.Sequential(nn.Layer(2, 3, activation=activation), nn.MLP(3, [2, 1], output_activation=last))


def test_a_file_of_other_activations_is_refused_whole(path):
    gates("relu", "identity").save(path)
    model = gates()
    before = model.flat
    with pytest.raises(ValueError, match="same activations") as caught:
        model.load(path)
    assert str(path) in str(caught.value)
    assert "layers.0 has relu in the file and tanh in the module" in str(caught.value)
    assert "layers.1.layers.1 has identity in the file and sigmoid in the module" in str(caught.value)
    assert "layers.1.layers.0" not in str(caught.value)
    assert (model.flat == before).all()


def test_what_the_message_advises_loads_the_file(path):
    saved, model, other = gates("relu"), gates(), gates()
    saved.save(path)
    model.layers[0].activation = "relu"
    model.load(path)
    with np.load(path) as archive:
        other.load_state_dict(archive)
    assert (model.flat == saved.flat).all()
    assert (other.flat == saved.flat).all()


@pytest.mark.parametrize("activation", nn.ACTIVATIONS)
def test_every_activation_is_told(path, activation):
    saved, other = nn.Layer(2, 3, activation=activation), nn.Layer(2, 3, activation=None)
    saved.save(path)
    nn.Layer(2, 3, activation=activation).load(path)
    if activation != "identity":
        with pytest.raises(ValueError, match=f"it has {activation} in the file and identity in the module"):
            other.load(path)


def test_the_activations_of_a_module_with_its_own_parameters_are_told(path):
    class Biases(nn.Module):
        def __init__(self, activation):
            self.layer = nn.Layer(2, 2, activation=activation)

        def parameters(self):
            return [neuron.b for neuron in self.layer.neurons]

    Biases("tanh").save(path)
    Biases("tanh").load(path)
    with pytest.raises(ValueError, match="layer.neurons.1 has tanh in the file and relu in the module"):
        Biases("relu").load(path)


def test_layers_of_many_kinds_make_no_long_message(path):
    nn.MLP(1, [1] * 20).save(path)
    with pytest.raises(ValueError, match="layers.5 has tanh in the file and relu in the module and 13 more: set"):
        nn.MLP(1, [1] * 20, activation="relu").load(path)


def test_a_neuron_and_a_perceptron_with_one_activation_are_the_same(path):
    nn.Neuron(2, activation="step").save(path)
    nn.Perceptron(2).load(path)


def test_a_file_that_tells_no_activations_is_taken_as_it_is(path):
    saved, model = gates("relu"), gates("tanh")
    saved.save(path)
    with zipfile.ZipFile(path, "a") as archive:
        for entry in archive.infolist():
            entry.comment = b""
        archive.comment = archive.comment  # so that the directory is written again
    model.load(path)
    assert (model.flat == saved.flat).all()


def test_an_activation_of_a_later_version_is_refused(path):
    gates("relu").save(path)
    path.write_bytes(path.read_bytes().replace(b"activation: relu", b"activation: swim"))
    with pytest.raises(ValueError, match="layers.0 has swim in the file and relu in the module"):
        gates("relu").load(path)


# Pickles and copies.


def test_a_copy_computes_the_same_by_itself(copied):
    net = Net(1)
    net.flat_grad = np.arange(len(net.flat))
    x = [0.5, -0.25]
    other = copied(net)
    assert other(x).data == net(x).data
    assert (other.flat_grad == net.flat_grad).all()
    before = net.flat
    other.flat = before + 1.0
    assert (net.flat == before).all()
    assert other(x).data != net(x).data


def test_a_copy_keeps_what_is_one_thing(copied):
    net = Net(1)
    net.neurons = net.body.layers[0].neurons
    net.weights = [*net.neurons[1].w, net.neurons[1].b]
    model, parameters = copied((net, net.parameters()))
    assert model.neurons[1] is model.body.layers[0].neurons[1]
    assert model.weights == model.neurons[1].parameters()
    assert all(one is other for one, other in zip(parameters, model.parameters(), strict=True))
    assert model.num_parameters() == net.num_parameters()
    with pytest.raises(TypeError, match="cannot be changed"):
        model.neurons.append(None)


@pytest.mark.parametrize("parameters", [lambda net: net, lambda net: net.parameters()])
def test_a_copied_optimizer_steps_the_copied_module(copied, parameters):
    net = Net(1)
    other, optimizer = copied((net, optim.SGD(parameters(net), lr=1.0)))
    before = net.flat
    other.flat_grad = np.ones(len(before))
    optimizer.step()
    assert (other.flat == before - 1.0).all()
    assert (net.flat == before).all()


def test_a_copy_taken_after_calls_goes_by_its_own_layers(copied):
    model = nn.MLP(2, [2, 1], rng=0)
    model([1.0, 2.0])
    model.zero_grad()
    other = copied(model)
    other.layers[1].activation = "relu"
    other.layers.append(nn.Layer(1, 2))
    assert len(other([1.0, 2.0])) == 2
    assert model.layers[1].activation == "identity"
    assert model.num_parameters() == 9


def test_a_module_gives_its_parameters_back():
    fastgrad.collect()
    before = fastgrad.tape_info().nodes
    model = nn.MLP(100, [100, 1])
    model.zero_grad()
    assert fastgrad.tape_info().nodes > before + 10_000
    del model
    fastgrad.collect()
    assert fastgrad.tape_info().nodes <= before
