from fastgrad import losses as losses
from fastgrad import math as math
from fastgrad import nn as nn
from fastgrad import optim as optim
from fastgrad import plots as plots
from fastgrad import train as train
from fastgrad._tape.custom import custom as custom
from fastgrad._tape.functions import collect as collect
from fastgrad._tape.functions import no_grad as no_grad
from fastgrad._tape.functions import tape_info as tape_info
from fastgrad._tape.nary import dot as dot
from fastgrad._tape.nary import logsumexp as logsumexp
from fastgrad._tape.nary import mean as mean
from fastgrad._tape.nary import prod as prod
from fastgrad._tape.nary import softmax as softmax
from fastgrad._tape.nary import sum as sum
from fastgrad._tape.node import Node as Node
from fastgrad._tape.numbers import Scalar as Scalar
from fastgrad._tape.numbers import Value as Value
from fastgrad._version import __version__ as __version__
from fastgrad.arrays import grads as grads
from fastgrad.arrays import set_values as set_values
from fastgrad.arrays import values as values
from fastgrad.compiled import TraceError as TraceError
from fastgrad.compiled import compile as compile

__all__ = [
    "Node",
    "Scalar",
    "TraceError",
    "Value",
    "collect",
    "compile",
    "custom",
    "dot",
    "grads",
    "logsumexp",
    "math",
    "mean",
    "no_grad",
    "prod",
    "set_values",
    "softmax",
    "sum",
    "tape_info",
    "values",
]
