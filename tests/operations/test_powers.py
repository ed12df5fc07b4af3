"""Powers with the exponents that most programs write: they are found quicker than others, and are the same doubles."""

import math
import random

import pytest

from fastgrad import Value

EXPONENTS = [2, -1, 0.5, 1, 3]
MIDDLE = 1 << 52  # of the 53 bits that a product of doubles has behind its own 53


def near_ties(exponent, count):
    """Doubles whose exact powers lie near the middle between two doubles, some closer than a hundredth of an ulp."""
    found, rng = [], random.Random(2)
    while len(found) < count:
        m = rng.getrandbits(53) | 1 << 52
        rest = (m * m if exponent == 2 else m) & 2 * MIDDLE - 1
        if exponent == 2 and abs(rest - MIDDLE) < MIDDLE // 8:
            found.append(math.ldexp(m, rng.randint(-60, 0)))
        elif exponent == 0.5:  # the square of what lies beside a middle, rounded
            half = (m << 1 | 1) ** 2
            found.append(float(half))
        elif exponent == -1:
            found.append(1.0 / (math.ldexp(m, -52) * (1.0 + 2.0**-53)))
    return found


def agrees(x, exponent):
    """One text for both results, or errors, of a number of fastgrad and of a float."""
    return repr((Value(x) ** exponent).data) == repr(float(x) ** exponent)


@pytest.mark.parametrize("exponent", EXPONENTS)
def test_a_power_is_what_python_computes(exponent):
    rng = random.Random(1)
    numbers = [rng.lognormvariate(0.0, 3.0) for _ in range(50_000)] + [rng.random() for _ in range(50_000)]
    assert [x for x in numbers if not agrees(x, exponent)] == []


@pytest.mark.parametrize("exponent", [2, -1, 0.5])
def test_so_it_is_near_the_middle_of_two_doubles(exponent):
    assert [x for x in near_ties(exponent, 20_000) if not agrees(x, exponent)] == []


@pytest.mark.parametrize("exponent", EXPONENTS)
@pytest.mark.parametrize("power", [-1074, -1060, -1023, -1022, -600, -401, -300, 0, 276, 300, 401, 511, 600, 1023])
def test_so_it_is_wherever_doubles_are_large_or_small(exponent, power):
    for x in (1.0, 1.5, 1.0 + 2.0**-52, 2.0 - 2.0**-52, 1.9):
        x = math.ldexp(x, power) if power < 1023 else math.ldexp(x, 1022) * 2.0
        try:
            expected = x**exponent
        except OverflowError:
            with pytest.raises(OverflowError):
                Value(x) ** exponent
            continue
        assert repr((Value(x) ** exponent).data) == repr(expected)


@pytest.mark.parametrize("exponent", [2, -1, 3])
def test_so_it_is_of_negative_numbers(exponent):
    rng = random.Random(3)
    assert [x for x in (-rng.lognormvariate(0.0, 2.0) for _ in range(10_000)) if not agrees(x, exponent)] == []
