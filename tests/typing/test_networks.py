"""What a type checker says of networks, losses, optimizers and training; see test_numbers.py."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from fastgrad import Value, losses, nn, optim, train
from fastgrad._tape.numbers import Number
from fastgrad.compat.micrograd.engine import Value as Micrograd
from fastgrad.compat.micrograd.nn import MLP as MicrogradMLP
from support.typed import assert_type

X = [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]
Y = [0.0, 1.0, 1.0, 0.0]

# What is right.


class Scaled(nn.Module):
    """A module of a user's own."""

    def __init__(self) -> None:
        self.inner = nn.Layer(2, 3, activation="tanh", rng=1)
        self.scale = Value(3.0)

    def __call__(self, x: list[float]) -> list[Number]:
        return [number * self.scale for number in self.inner(x)]


def test_layers_take_a_row_or_many() -> None:
    neuron, layer = nn.Neuron(2, rng=np.random.default_rng(1)), nn.Layer(2, 3, weights=nn.init.normal(std=0.1))
    assert_type(neuron(X), nn.Batch)
    assert_type(layer(X), nn.Batch)
    rows, outputs = layer(X).shape
    neurons: list[nn.Neuron] = layer.neurons
    assert (rows, outputs, len(neurons)) == (4, 3, 3)
    assert_type(layer.activation, str)
    assert_type(neuron.nin, int)
    neuron.w, neuron.b = [1.0, 2.0], 3.0
    output: Number = neuron([1.0, Value(2.0)])
    assert output.data > 0.0


def test_modules() -> None:
    model = Scaled()
    assert_type(model.parameters(), list[Number])
    assert_type(model.num_parameters(), int)
    assert_type(model.flat, NDArray[np.float64])
    assert_type(model.state_dict(), dict[str, NDArray[np.float64]])
    model.flat = np.zeros(model.num_parameters())
    model.load_state_dict(model.state_dict())
    names: list[str] = [name for name, _ in model.named_parameters()]
    outputs = model([1.0, 2.0])
    assert_type(outputs, list[Number])
    assert (len(names), len(outputs)) == (10, 3)


def test_a_loop_of_ones_own(tmp_path: Path) -> None:
    model = nn.MLP(2, [4, 1], output_activation="sigmoid", rng=2)
    optimizer = optim.SGD(model, lr=0.1, momentum=0.9)
    schedule = optim.StepLR(optimizer, step_size=2)
    losses_so_far: list[float] = []
    for _ in range(2):
        loss = losses.binary_cross_entropy(model(X), Y) + losses.l2_penalty(model.parameters(), 1e-4)
        optimizer.zero_grad()
        loss.backward()
        losses_so_far.append(loss.data)
        assert_type(optim.clip_grad_norm_(model, 1.0), float)
        optimizer.step()
        schedule.step()
    assert len(losses_so_far) == 2
    assert_type(schedule.get_last_lr(), list[float])
    model.save(tmp_path / "model.npz")
    model.load(str(tmp_path / "model.npz"))


def test_losses_of_scalars_and_of_batches() -> None:
    w = Value(2.0)
    from_scalars: Value = losses.mse([w * 1.0, w * 2.0], [1.0, 2.0])
    from_rows = losses.cross_entropy(nn.Layer(2, 3)(X), [0, 1, 2, 0], reduction="sum")
    assert_type(from_scalars.data + from_rows.data, float)


def test_optimizers_take_a_module_or_numbers() -> None:
    w = Value(2.0)
    for optimizer in (optim.Adam([w], lr=0.1), optim.AdamW(nn.Neuron(2)), optim.RMSprop({"w": w}.values())):
        assert_type(optimizer.lr, float)
        optimizer.step()
    optim.CosineAnnealingLR(optim.Adam([w]), T_max=10).step()


def test_fit() -> None:
    def stop(epoch: int, history: train.History) -> bool:
        return epoch > 1 or len(history.loss) > 1

    model = nn.MLP(2, [4, 1], rng=2)
    history = train.fit(model, X, Y, loss="mse", lr=0.1, epochs=2, batch_size=2, callbacks=[stop], seed=1)
    assert_type(history, train.History)
    assert_type(history.loss, NDArray[np.float64])
    assert_type(history.epochs, int)
    history = train.fit(model, np.array(X), np.array(Y), optimizer=optim.Adam(model), loss=losses.mse, epochs=1)
    stopped: str | None = history.stopped
    assert stopped == "finished"


def test_a_dialect() -> None:
    model = MicrogradMLP(2, [3, 1])
    a = Micrograd(2.0)
    assert_type(a * a, Micrograd)
    assert_type((a * a).relu().grad, float)
    assert len(model.parameters()) == 13


# What is wrong.

if TYPE_CHECKING:
    nn.Layer(2)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    nn.Layer(2, "3")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    nn.Linear(2, 3)  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]
    nn.MLP(2, 3)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    nn.Layer(2, 3)(X).mean()  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]
    nn.Layer(2, 3)(X) * 2.0  # type: ignore[operator]  # pyright: ignore[reportOperatorIssue, reportUnusedExpression]
    optim.SGD(3.0, lr=0.1)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    optim.SGD([Value(1.0)], learning_rate=0.1)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    optim.StepLR(0.1, step_size=2)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    losses.mse([Value(1.0)])  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue]
    train.fit(nn.MLP(2, [1]), X, Y, loss=3.0)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    train.fit(nn.MLP(2, [1]), X, Y, epoch=3)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
