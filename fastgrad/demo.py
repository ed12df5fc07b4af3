"""A perceptron learns to tell red colours from blue ones: the program behind ``fastgrad demo``.

A colour is a triple of red, green and blue between 0 and 1, its green always 0. It counts as blue, label 1, where its
blue is at least its red. One neuron with a step for its activation learns that boundary by gradient descent on the sum
of squared errors over all colours; the step lets the gradient through as if it were not there.

Everything takes the class of its numbers as a parameter, so that the same training runs on the pure-Python engine.
"""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

import numpy as np

import fastgrad
from fastgrad import reference

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    _Table: TypeAlias = Sequence[Sequence[float]]  # colours, each with its label
    _Point: TypeAlias = tuple[float, float]
    _S = TypeVar("_S", fastgrad.Scalar, reference.Scalar)

__all__ = ["accuracy", "boundary_picture", "colours", "main", "start_weights", "train"]

COLOURS, EPOCHS, RATE = 1000, 50, 1e-2
TRAINING_SEED, VALIDATION_SEED = 42, 142
TIMED_EPOCHS = 5


def colours(random: np.random.RandomState, count: int = COLOURS) -> list[list[float]]:
    """Draw random colours and label them.

    Parameters
    ----------
    random : numpy.random.RandomState
        The generator. Its state moves on, so that what is drawn next does not repeat the colours.
    count : int
        How many.

    Returns
    -------
    list of [float, float, float, float]
        Red, green, blue and the label of each.

    Examples
    --------
    >>> len(colours(np.random.RandomState(42)))
    1000
    >>> colours(np.random.RandomState(42))[0]
    [0.9650269106665126, 0.0, 0.6950352288585532, 0.0]
    """
    red, green, blue = random.random_sample(count), np.zeros(count), random.random_sample(count)
    table = np.stack([red, green, blue, blue >= red], axis=1)
    rows: list[list[float]] = table[random.permutation(count)].tolist()
    return rows


def start_weights(
    random: np.random.RandomState,
    scalar: Callable[..., _S] = fastgrad.Scalar,  # type: ignore[assignment]  # mypy: it is of one _S only
) -> list[_S]:
    """Draw three weights and the bias, in this order, between -1 and 1.

    >>> [weight.label for weight in start_weights(np.random.RandomState(0))]
    ['w_1', 'w_2', 'w_3', 'b']
    """
    return [scalar(random.uniform(-1.0, 1.0), label=label) for label in ("w_1", "w_2", "w_3", "b")]


def perceptron(colour: Sequence[float], weights: Sequence[_S]) -> _S:
    """Return 1 or 0 as the weighted sum of a colour is positive or not; its gradient is the sum's.

    >>> perceptron([1.0, 0.0, 0.5], [fastgrad.Scalar(weight) for weight in (1.0, 0.0, -1.0, 0.0)])
    Scalar(1.0, grad = 0.0)
    """
    red, green, blue = colour
    w_1, w_2, w_3, b = weights
    total = w_1 * red + w_2 * green + w_3 * blue + b
    return total.ifel(total.data > 0.0, 1.0, 0.0)


def train(
    table: _Table,
    weights: Sequence[_S],
    epochs: int = EPOCHS,
    rate: float = RATE,
    report: Callable[[int, float], object] | None = None,
) -> list[float]:
    """Move the weights down the gradient, one step an epoch, and return each epoch's loss before its step.

    Parameters
    ----------
    table : list of [float, float, float, float]
        Labelled colours.
    weights : list of four scalars
        Changed in place.
    epochs : int
        The number of steps.
    rate : float
        The step's length as a multiple of the gradient.
    report : callable, optional
        Called after each step with its number, counted from 1, and its loss.

    Examples
    --------
    >>> random = np.random.RandomState(42)
    >>> table = colours(random)
    >>> train(table, start_weights(random), epochs=3)
    [500.0, 500.0, 262.0]
    """
    losses = []
    for epoch in range(1, epochs + 1):
        loss: Any = sum((perceptron(colour, weights) - label) ** 2 for *colour, label in table)
        for weight in weights:
            weight.grad = 0.0
        loss.backward()
        for weight in weights:
            weight.data -= rate * weight.grad
        losses.append(loss.data)
        if report:
            report(epoch, loss.data)
    return losses


def accuracy(table: _Table, weights: Sequence[_S]) -> float:
    """Return the share of the colours, between 0 and 1, that the perceptron labels rightly."""
    return sum(_is_right(row, weights) for row in table) / len(table)


def _is_right(row: Sequence[float], weights: Sequence[_S]) -> bool:
    *colour, label = row
    return perceptron(colour, weights).data == label


def main(output: str = "fastgrad-demo.svg") -> None:
    """Train, say how it went, write the picture to the path ``output``, and time the training on both engines."""
    random = np.random.RandomState(TRAINING_SEED)
    table = colours(random)
    weights = start_weights(random)
    print(f"A perceptron learns to tell red from blue on {COLOURS:,} colours.")
    train(table, weights, report=lambda epoch, loss: print(f"epoch {epoch:2} of {EPOCHS}, loss {loss}"))
    for weight in weights:
        print(f"{weight.label:3} = {weight.data!r}")
    validation = colours(np.random.RandomState(VALIDATION_SEED))
    print(f"accuracy on {COLOURS:,} other colours: {accuracy(validation, weights):.2%}")
    with open(output, "w", encoding="utf-8") as picture:
        picture.write(boundary_picture(validation, weights))
    print(f"the boundary that it learned: {output}")
    print(timing(table))


def timing(table: _Table, rounds: int = TIMED_EPOCHS) -> str:
    """Time epochs of the training in turn on the pure-Python engine and on fastgrad, and say how the best compare."""
    engines: list[Any] = [reference.Scalar, fastgrad.Scalar]
    seconds = [[_epoch_time(table, scalar) for scalar in engines] for _ in range(rounds)]
    slow, fast = map(min, zip(*seconds, strict=True))
    return (
        f"an epoch takes {1e3 * fast:.2f} ms, and {1e3 * slow:.2f} ms on the pure-Python engine: "
        f"{slow / fast:.1f} times faster (the best of {rounds} epochs each, run in turn)"
    )


def _epoch_time(table: _Table, scalar: Callable[..., _S]) -> float:
    weights = start_weights(np.random.RandomState(TRAINING_SEED), scalar)
    start = time.perf_counter()
    train(table, weights, epochs=1)
    return time.perf_counter() - start


# The picture: red to the right, blue upwards, in a square of SIDE pixels.

SIDE, MARGIN = 440, 60


def boundary_picture(table: _Table, weights: Sequence[_S]) -> str:
    """Return an SVG picture of colours, each at its red and blue, with the true and the learned boundary.

    >>> weights = [fastgrad.Scalar(weight) for weight in (-1.0, 0.0, 1.0, 0.0)]
    >>> boundary_picture([[0.2, 0.0, 0.9, 1.0]], weights).count("<circle")
    1
    """
    width, share = SIDE + 2 * MARGIN, accuracy(table, weights)
    size = f'width="{width}" height="{width}" viewBox="0 0 {width} {width}"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="sans-serif" font-size="14" text-anchor="middle">',
        f'<rect width="{width}" height="{width}" fill="white"/>',
        f'<clipPath id="square"><rect x="{MARGIN}" y="{MARGIN}" width="{SIDE}" height="{SIDE}"/></clipPath>',
        *[_point(row, _is_right(row, weights)) for row in table],
        _line(((0.0, 0.0), (1.0, 1.0)), 'stroke="black" stroke-dasharray="8 5"'),
        _line(_boundary([weight.data for weight in weights]), 'stroke="#00a000"'),
        *_axes(),
        _text(0.5, 1.0, -36, f"{share:.2%} of {len(table):,} colours told right; the wrong ones are crosses"),
        _text(0.5, 1.0, -14, "dashed: red = blue; green: the boundary learned"),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _place(red: float, blue: float) -> _Point:
    return round(MARGIN + SIDE * red, 2), round(MARGIN + SIDE * (1.0 - blue), 2)


def _point(row: Sequence[float], is_right: bool) -> str:
    red, _, blue, _ = row
    x, y = _place(red, blue)
    colour = f"rgb({round(255 * red)},0,{round(255 * blue)})"
    if is_right:
        return f'<circle cx="{x}" cy="{y}" r="4" fill="{colour}"/>'
    return f'<path d="M{x - 5:.2f} {y - 5:.2f}l10 10m0 -10l-10 10" stroke="{colour}" stroke-width="2.5"/>'


def _boundary(weights: Sequence[float]) -> list[_Point] | None:
    """Return two points of the line w_1 red + w_3 blue + b = 0, at two sides of the square; None if there is none."""
    w_1, _, w_3, b = weights
    if w_1 == w_3 == 0.0 or not all(map(math.isfinite, weights)):
        return None
    if abs(w_3) >= abs(w_1):
        return [(red, -(w_1 * red + b) / w_3) for red in (0.0, 1.0)]
    return [(-(w_3 * blue + b) / w_1, blue) for blue in (0.0, 1.0)]


def _line(ends: Sequence[_Point] | None, style: str) -> str:
    if ends is None:
        return ""
    (x1, y1), (x2, y2) = (_place(red, blue) for red, blue in ends)
    return f'<line x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}" {style} stroke-width="3" clip-path="url(#square)"/>'


def _axes() -> Iterator[str]:
    yield f'<rect x="{MARGIN}" y="{MARGIN}" width="{SIDE}" height="{SIDE}" fill="none" stroke="black"/>'
    for tick in (0.0, 0.25, 0.5, 0.75, 1.0):
        yield _text(tick, 0.0, 20, f"{tick:g}")
        x, y = _place(0.0, tick)
        yield f'<text x="{x - 8}" y="{y + 5}" text-anchor="end">{tick:g}</text>'
    yield _text(0.5, 0.0, 44, "red")
    x, y = _place(0.0, 0.5)
    yield f'<text transform="translate({x - 44} {y}) rotate(-90)">blue</text>'


def _text(red: float, blue: float, below: float, words: str) -> str:
    x, y = _place(red, blue)
    return f'<text x="{x}" y="{y + below}">{words}</text>'
