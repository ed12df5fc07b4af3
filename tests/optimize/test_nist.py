"""NIST's Statistical Reference Datasets for nonlinear regression: certified parameters, deviations and sums of squares.

``nist.json`` has all 27, with NIST's own numbers (https://www.itl.nist.gov/div898/strd, in the public domain).
"""

import json
from pathlib import Path

import numpy as np
import pytest

from fastgrad import math, optimize

PROBLEMS = json.loads((Path(__file__).parent / "nist.json").read_text())
DIGITS = 1e-9


def exponentials(x, b1, b2, b3, b4, b5, b6):
    return b1 * math.exp(-b2 * x) + b3 * math.exp(-b4 * x) + b5 * math.exp(-b6 * x)


def peaks(x, b1, b2, b3, b4, b5, b6, b7, b8):
    return b1 * math.exp(-b2 * x) + b3 * math.exp(-((x - b4) ** 2) / b5**2) + b6 * math.exp(-((x - b7) ** 2) / b8**2)


def chwirut(x, b1, b2, b3):
    return math.exp(-b1 * x) / (b2 + b3 * x)


def saturation(x, b1, b2):
    return b1 * (1.0 - math.exp(-b2 * x))


def waves(x, b1, b2, b3, b4, b5, b6, b7, b8, b9):
    def wave(cosine, sine, period):
        return cosine * math.cos(2.0 * math.pi * x / period) + sine * math.sin(2.0 * math.pi * x / period)

    return b1 + wave(b2, b3, 12.0) + wave(b5, b6, b4) + wave(b8, b9, b7)


MODELS = {
    "Bennett5": lambda x, b1, b2, b3: b1 * (b2 + x) ** (-1.0 / b3),
    "BoxBOD": saturation,
    "Chwirut1": chwirut,
    "Chwirut2": chwirut,
    "DanWood": lambda x, b1, b2: b1 * x**b2,
    "ENSO": waves,
    "Eckerle4": lambda x, b1, b2, b3: b1 / b2 * math.exp(-0.5 * ((x - b3) / b2) ** 2),
    "Gauss1": peaks,
    "Gauss2": peaks,
    "Gauss3": peaks,
    "Hahn1": lambda x, b1, b2, b3, b4, b5, b6, b7: (
        (b1 + b2 * x + b3 * x**2 + b4 * x**3) / (1.0 + b5 * x + b6 * x**2 + b7 * x**3)
    ),
    "Kirby2": lambda x, b1, b2, b3, b4, b5: (b1 + b2 * x + b3 * x**2) / (1.0 + b4 * x + b5 * x**2),
    "Lanczos1": exponentials,
    "Lanczos2": exponentials,
    "Lanczos3": exponentials,
    "MGH09": lambda x, b1, b2, b3, b4: b1 * (x**2 + x * b2) / (x**2 + x * b3 + b4),
    "MGH10": lambda x, b1, b2, b3: b1 * math.exp(b2 / (x + b3)),
    "MGH17": lambda x, b1, b2, b3, b4, b5: b1 + b2 * math.exp(-x * b4) + b3 * math.exp(-x * b5),
    "Misra1a": saturation,
    "Misra1b": lambda x, b1, b2: b1 * (1.0 - (1.0 + b2 * x / 2.0) ** -2.0),
    "Misra1c": lambda x, b1, b2: b1 * (1.0 - (1.0 + 2.0 * b2 * x) ** -0.5),
    "Misra1d": lambda x, b1, b2: b1 * b2 * x / (1.0 + b2 * x),
    "Nelson": lambda x, b1, b2, b3: b1 - b2 * x[0] * math.exp(-b3 * x[1]),  # of the logarithm of y
    "Rat42": lambda x, b1, b2, b3: b1 / (1.0 + math.exp(b2 - b3 * x)),
    "Rat43": lambda x, b1, b2, b3, b4: b1 / (1.0 + math.exp(b2 - b3 * x)) ** (1.0 / b4),
    "Roszman1": lambda x, b1, b2, b3, b4: b1 - b2 * x - math.atan(b3 / (x - b4)) / math.pi,
    "Thurber": lambda x, b1, b2, b3, b4, b5, b6, b7: (
        (b1 + b2 * x + b3 * x**2 + b4 * x**3) / (1.0 + b5 * x + b6 * x**2 + b7 * x**3)
    ),
}


def fit(name, start, **options):
    problem = PROBLEMS[name]
    y = np.array(problem["y"])
    if name == "Nelson":
        y = np.log(y)
    tight = dict.fromkeys(("ftol", "xtol", "gtol"), 3e-16)
    return optimize.curve_fit(MODELS[name], problem["x"], y, start, max_nfev=20_000, **tight, **options)


def test_there_are_27_problems():
    assert len(PROBLEMS) == 27
    assert PROBLEMS.keys() == MODELS.keys()


@pytest.mark.parametrize("begin", [0, 1], ids=["far", "near"])
@pytest.mark.parametrize("name", PROBLEMS)
def test_certified_values_are_found_from_both_starts(name, begin):
    problem = PROBLEMS[name]
    # From far away Levenberg and Marquardt's first step leaves the data of this one; trust regions do not.
    method = "trf" if (name, begin) == ("BoxBOD", 0) else "lm"
    found = fit(name, problem["starts"][begin], method=method)
    np.testing.assert_allclose(found.x, problem["parameters"], rtol=DIGITS)
    if name == "Lanczos1":  # its residuals are the rounding of its data: 1e-13 of numbers of about 1
        assert 2.0 * found.cost < 1e-24
        return
    np.testing.assert_allclose(2.0 * found.cost, problem["sum_of_squares"], rtol=DIGITS)
    np.testing.assert_allclose(found.standard_errors(), problem["deviations"], rtol=DIGITS)
