"""What the op table says of an operation is so: where its value jumps, where its slope does, what a replay computes."""

import itertools
import math
import random

import numpy as np
import pytest

import fastgrad
from fastgrad import Value
from fastgrad._tape.describe import op_traits
from fastgrad._tape.symbols import slopes_of
from support.operations import BINARY, CHOSEN_SLOPE, UNARY, called

TRAITS = op_traits()
PLACES = [-2.0, -1.0, -0.5, 0.0, 0.5, 1.0, 2.0, 3.0]  # where rows that jump or have a kink do it
NEAR = 1e-9
FAR = 1e6  # a value beyond is near a pole, which is no jump


def value(name, numbers):
    try:
        return called(name)(*map(Value, numbers)).data
    except (ArithmeticError, ValueError):
        return math.nan


def slope(name, numbers, k):
    return slopes_of(name, *map(Value, numbers))[k].data


def changes(function, numbers, k):
    """How much a function changes where its k-th operand passes a number."""
    sides = [function([x + side * (j == k) for j, x in enumerate(numbers)]) for side in (-NEAR, 0.0, NEAR)]
    if not all(abs(side) < FAR for side in sides):
        return 0.0
    return max(abs(a - b) for a, b in itertools.pairwise(sides))


def found_to_change(function, arity, k):
    return any(changes(function, numbers, k) > 1e-3 for numbers in itertools.product(PLACES, repeat=arity))


@pytest.mark.parametrize(("name", "k"), [(name, 0) for name in UNARY] + [(name, k) for name in BINARY for k in (0, 1)])
def test_values_jump_where_the_row_says_so_and_nowhere_else(name, k):
    jumps = found_to_change(lambda numbers: value(name, numbers), 1 if name in UNARY else 2, k)
    assert jumps == (f"jumps at {'ab'[k]}" in TRAITS[name])


SMOOTH = [name for name in (*UNARY, *BINARY) if not TRAITS[name] & {"kinked", "jumps at a", "jumps at b"}]
KINKED = [name for name in (*UNARY, *BINARY) if "kinked" in TRAITS[name] and name not in CHOSEN_SLOPE]


@pytest.mark.parametrize("name", SMOOTH)
def test_smooth_rows_have_no_kink(name):
    arity = 1 if name in UNARY else 2
    places = list(itertools.product([0.25, 0.5, 0.75], repeat=arity))
    for k in range(arity):
        assert all(changes(lambda numbers, k=k: slope(name, numbers, k), numbers, k) < 1e-3 for numbers in places)


@pytest.mark.parametrize("name", KINKED)
def test_kinked_rows_have_one(name):
    arity = 1 if name in UNARY else 2
    assert any(found_to_change(lambda numbers, k=k: slope(name, numbers, k), arity, k) for k in range(arity))


RANGES = {
    **dict.fromkeys(("log", "log2", "log10", "sqrt", "pow", "acosh"), (1.0, 9.0)),
    **dict.fromkeys(("norm_ppf", "logit"), (0.05, 0.95)),
}


def rows_of(name, arity):
    generator = random.Random(name)
    rows = [[generator.uniform(*RANGES.get(name, (-0.9, 0.9))) for _ in range(arity)] for _ in range(1000)]
    if name == "polygamma":
        rows = [[float(generator.randrange(5)), x] for _, x in rows]
    return np.array(rows)


@pytest.mark.parametrize("name", [name for name in (*UNARY, *BINARY) if "exact" in TRAITS[name]])
def test_exact_rows_are_replayed_to_the_last_bit(name):
    rows = rows_of(name, 1 if name in UNARY else 2)
    replayed = fastgrad.compile(lambda *x: called(name)(*x)).batch(*rows.T.copy())
    assert replayed.tolist() == [value(name, row) for row in rows.tolist()]


def test_something_is_not_exact():
    rows = rows_of("exp", 1)
    replayed = fastgrad.compile(lambda x: x.exp()).batch(rows[:, 0].copy())
    assert "exact" not in TRAITS["exp"]
    assert replayed.tolist() == pytest.approx([value("exp", row) for row in rows.tolist()], rel=1e-15)
