"""Every row of the op table: it is complete, and its values are Python's own."""

import importlib
import math
import random
import re
from fractions import Fraction
from itertools import product

import mpmath
import numpy as np
import pytest

import fastgrad
from fastgrad import Value, losses, nn
from fastgrad.reference import _BINARY as ORACLE
from support.graphs import exact
from support.operations import BINARY, DOMAINS, EXACT, FORMS, NARY, POINTS, TABLE, UNARY, called, in_form, points
from support.places import PACKAGE_FOLDER

# Completeness: a row, its mathematics, a way to call it, and a line with its types.

# Tested in operations/test_nary.py and layers/test_fused.py.
OF_MANY = "pick leaves user sum mean prod dot logsumexp softmax select ifel fsum hypot sloped"


def test_every_row_has_its_mathematics_here():
    assert set(UNARY + BINARY) == set(EXACT)
    assert set(OF_MANY.split()) == set(NARY)


# Where a row's public name is another.
PUBLIC = {
    "neg": "__neg__", "pos": "__pos__", "add": "__add__", "sub": "__sub__", "mul": "__mul__", "div": "__truediv__",
    "pow": "__pow__", "lt": "__lt__", "gt": "__gt__", "le": "__le__", "ge": "__ge__", "clip_low": "clip",
    "mod": "__mod__", "floordiv": "__floordiv__", "clip_high": "clip", "select": "where", "pick": "softmax",
    "user": "Value", "leaves": "Layer", "sloped": "custom",
}  # fmt: skip


@pytest.mark.parametrize("name", TABLE)
def test_every_row_can_be_called(name):
    public = PUBLIC.get(name, name)
    assert any(hasattr(place, public) for place in (Value, fastgrad, fastgrad.math, nn, losses))


@pytest.mark.parametrize("name", TABLE)
def test_every_row_has_a_line_with_its_types(name):
    sources = [PACKAGE_FOLDER / file for file in ("math.py", "nn/layers.py")]
    typed = "".join(file.read_text(encoding="utf-8") for file in [*PACKAGE_FOLDER.rglob("*.pyi"), *sources])
    public = re.escape(PUBLIC.get(name, name))
    assert re.search(rf"^\s*((def|class) )?{public}\b\s*[:(\[=]", typed, re.MULTILINE), "no such line"


@pytest.mark.parametrize("name", UNARY)
def test_operations_of_one_number_are_methods_and_functions_and_numpy_names(name):
    other_names = {"neg": "negative", "pos": "positive", "abs": "absolute"}
    ufunc = other_names.get(name, re.sub("^a(?=sin|cos|tan)", "arc", name))
    x = Value(points(name)[-1])
    expected = called(name)(x).data
    if name in ("sign", "floor", "ceil", "detach"):  # numpy computes these of objects by comparing, or as whole numbers
        return
    if name not in ("neg", "pos", "abs"):  # Python has operators for these
        assert getattr(fastgrad.math, name)(x).data == expected
    if isinstance(getattr(np, ufunc, None), np.ufunc):
        (result,) = getattr(np, ufunc)(np.array([x], dtype=object))
        assert isinstance(result, Value)
        assert result.data == expected


# Values.


def python_function(name):
    module, function = TABLE[name][2].split(".")
    found = getattr(importlib.import_module(module), function, None)
    return found or pytest.skip(f"this Python has no {TABLE[name][2]}")


def outcome(function, *arguments):
    """The result as text, or the error."""
    try:
        result = function(*arguments)
    except (ArithmeticError, ValueError) as error:
        return type(error), str(error)
    if isinstance(result, complex):
        base, exponent = arguments
        return ValueError, f"a negative number to a fractional power is not real: ({base!r}) ** {exponent!r}"
    return exact(result.data if isinstance(result, Value) else result)


def hostile_numbers(seed, count):
    generator = random.Random(seed)
    special = [0.0, 1.0, 2.0, 0.5, 3.0, math.inf, math.nan, 5e-324, 1e308, 710.0, 1e16]
    usual = [10.0 ** generator.uniform(-8.0, 8.0) for _ in range(count)]
    return [sign * x for x in special + usual for sign in (1.0, -1.0)]


@pytest.mark.parametrize("name", [name for name in UNARY if TABLE[name][2]])
def test_values_and_errors_are_pythons_own(name):
    for x in [*hostile_numbers(1, 200), *(x / 100 for x in range(-120, 121))]:
        assert outcome(called(name), Value(x)) == outcome(python_function(name), x), f"{name}({x!r})"


@pytest.mark.parametrize("name", [name for name in BINARY if TABLE[name][2]])
@pytest.mark.parametrize("form", FORMS)
def test_values_and_errors_of_two_are_pythons_own(name, form):
    for a, b in product(hostile_numbers(2, 12), repeat=2):
        result = outcome(called(name), *in_form(form, a, b))
        assert result == outcome(python_function(name), a, b), f"{name}({a!r}, {b!r})"


@pytest.mark.parametrize("name", UNARY)
def test_values_against_extended_precision(name):
    for x in points(name):
        with mpmath.workdps(60):
            expected = float(EXACT[name](mpmath.mpf(x)))
        assert called(name)(Value(x)).data == pytest.approx(expected, rel=1e-14, abs=1e-300), f"{name}({x})"


@pytest.mark.parametrize("name", ["add", "sub", "mul", "div"])
def test_arithmetic_is_correctly_rounded(name):
    for a, b in product(POINTS, repeat=2):
        if name != "div" or b != 0.0:
            expected = float(called(name)(Fraction(a), Fraction(b)))
            assert called(name)(Value(a), Value(b)).data == expected


def test_the_oracle_states_the_same_symbols():
    operators = {symbol for symbol, arity, _ in TABLE.values() if arity == 2 and not symbol[0].isalpha()}
    assert operators == {row[0] for row in ORACLE.values()}
    assert set(DOMAINS) <= set(UNARY)
