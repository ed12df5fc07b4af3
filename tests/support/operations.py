"""The op table's rows: what each computes in extended precision, where, and what a user calls it by."""

import math
import operator

import mpmath

import fastgrad
from fastgrad import Value
from fastgrad._tape.describe import op_table

TABLE = {name: (symbol, arity, python) for name, symbol, arity, python in op_table()}
UNARY = [name for name, (_, arity, _) in TABLE.items() if arity == 1]
BINARY = [name for name, (_, arity, _) in TABLE.items() if arity == 2]
NARY = [name for name, (_, arity, _) in TABLE.items() if arity == 0]

# Written down independently of the table.
EXACT = {
    "neg": lambda a: -a,
    "pos": lambda a: +a,
    "detach": lambda a: +a,
    "abs": abs,
    "exp": mpmath.exp,
    "log": mpmath.log,
    "log2": lambda a: mpmath.log(a, 2),
    "log10": mpmath.log10,
    "log1p": mpmath.log1p,
    "expm1": mpmath.expm1,
    "sqrt": mpmath.sqrt,
    "cbrt": lambda a: mpmath.sign(a) * mpmath.cbrt(abs(a)),
    "sin": mpmath.sin,
    "cos": mpmath.cos,
    "tan": mpmath.tan,
    "asin": mpmath.asin,
    "acos": mpmath.acos,
    "atan": mpmath.atan,
    "sinh": mpmath.sinh,
    "cosh": mpmath.cosh,
    "tanh": mpmath.tanh,
    "asinh": mpmath.asinh,
    "acosh": mpmath.acosh,
    "atanh": mpmath.atanh,
    "relu": lambda a: max(a, 0),
    "step": lambda a: a > 0,
    "sigmoid": lambda a: 1 / (1 + mpmath.exp(-a)),
    "softplus": lambda a: mpmath.log1p(mpmath.exp(a)),
    "gelu": lambda a: a * mpmath.ncdf(a),
    "sign": mpmath.sign,
    "floor": mpmath.floor,
    "ceil": mpmath.ceil,
    "erf": mpmath.erf,
    "erfc": mpmath.erfc,
    "rint": mpmath.nint,
    "exp2": lambda a: mpmath.mpf(2) ** a,
    "erfinv": mpmath.erfinv,
    "norm_cdf": mpmath.ncdf,
    "norm_ppf": lambda a: mpmath.sqrt(2) * mpmath.erfinv(2 * a - 1),
    "logit": lambda a: mpmath.log(a / (1 - a)),
    "lgamma": lambda a: mpmath.log(abs(mpmath.gamma(a))),
    "sinc": lambda a: mpmath.sinpi(a) / (mpmath.pi * a) if a else mpmath.mpf(1),
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "div": lambda a, b: a / b,
    "pow": lambda a, b: a**b,
    "atan2": mpmath.atan2,
    "fmod": lambda a, b: a - b * mpmath.sign(a / b) * mpmath.floor(abs(a / b)),
    "mod": lambda a, b: a - b * mpmath.floor(a / b),
    "floordiv": lambda a, b: mpmath.floor(a / b),
    "copysign": lambda a, b: abs(a) * mpmath.sign(b),
    "lt": lambda a, b: a < b,
    "gt": lambda a, b: a > b,
    "le": lambda a, b: a <= b,
    "ge": lambda a, b: a >= b,
    "max": max,
    "min": min,
    "clip_low": max,
    "clip_high": min,
    "leaky_relu": lambda a, b: a if a > 0 else a * b,
    "logaddexp": lambda a, b: mpmath.log(mpmath.exp(a) + mpmath.exp(b)),
    "polygamma": lambda a, b: mpmath.psi(int(a), b),
}

# Rows whose slope is not the derivative, but a choice.
CHOSEN_SLOPE = ("step", "detach")

# What a user calls it by, where that is not a method of the row's name.
CALLED = {
    "neg": operator.neg,
    "pos": operator.pos,
    "add": operator.add,
    "sub": operator.sub,
    "mul": operator.mul,
    "div": operator.truediv,
    "pow": operator.pow,
    "lt": operator.lt,
    "gt": operator.gt,
    "le": operator.le,
    "ge": operator.ge,
    "atan2": fastgrad.math.atan2,
    "fmod": fastgrad.math.fmod,
    "mod": operator.mod,
    "floordiv": operator.floordiv,
    "copysign": fastgrad.math.copysign,
    "logaddexp": fastgrad.math.logaddexp,
    "polygamma": fastgrad.math.polygamma,
    "max": fastgrad.math.max,
    "min": fastgrad.math.min,
    "clip_low": lambda a, b: fastgrad.math.clip(a, b, math.inf),
    "clip_high": lambda a, b: fastgrad.math.clip(a, -math.inf, b),
}


def called(name):
    return CALLED.get(name) or getattr(Value, name)


# An operation of two is three: of two nodes, and with a plain number on either side.
FORMS = ["node-node", "node-constant", "constant-node"]


def in_form(form, a, b):
    """The two operands, each a node or a plain number."""
    return a if form == "constant-node" else Value(a), b if form == "node-constant" else Value(b)


# Numbers to compute at.

POINTS = [-3.75, -1.0, -0.5, -1e-9, 0.0, 2e-8, 0.3, 0.7, 1.0, 2.5, 12.0]

# Where a function of one number is defined, if not everywhere.
DOMAINS = {
    "log": lambda x: x > 0.0,
    "log2": lambda x: x > 0.0,
    "log10": lambda x: x > 0.0,
    "log1p": lambda x: x > -1.0,
    "sqrt": lambda x: x >= 0.0,
    "asin": lambda x: abs(x) <= 1.0,
    "acos": lambda x: abs(x) <= 1.0,
    "acosh": lambda x: x >= 1.0,
    "atanh": lambda x: abs(x) < 1.0,
    "erfinv": lambda x: abs(x) < 1.0,
    "norm_ppf": lambda x: 0.0 < x < 1.0,
    "logit": lambda x: 0.0 < x < 1.0,
    "lgamma": lambda x: x > 0.0 or x != math.floor(x),
}


def points(name):
    """Numbers at which the function of that name has a value."""
    return [x for x in POINTS if name not in DOMAINS or DOMAINS[name](x)]


# Arithmetic and comparisons, by their symbols.

ARITHMETIC = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "%": operator.mod,
    "//": operator.floordiv,
    "**": operator.pow,
    "<": operator.lt,
    ">": operator.gt,
    "<=": operator.le,
    ">=": operator.ge,
}
