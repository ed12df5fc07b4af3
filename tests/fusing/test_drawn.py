"""Loops drawn from the grammar, over whatever may be in a list: kernels change nothing that can be seen."""

import gc
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import fastgrad
from support.drawn_loops import NAMES, Drawing, Dying
from support.fused import both, outcome

LONG = 20  # of lists, in loops over which a kernel may pause: what it undoes after that stays on the tape as garbage
pytestmark = pytest.mark.filterwarnings("ignore::SyntaxWarning")


def ends_noted(function, arguments):
    """The outcome of a call, and how many numbers with a finalizer have ended by then."""
    fastgrad.collect()
    gc.collect()
    Dying.ends = 0
    seen = outcome(function, *arguments)
    if len(arguments[0]) > LONG:
        del seen["nodes"]
    fastgrad.collect()
    return seen, Dying.ends


@given(st.integers(0, 2**40))
@settings(max_examples=150, deadline=None)
def test_a_drawn_loop_does_with_kernels_what_it_does_without(seed):
    drawing = Drawing(random.Random(seed))
    plain, fused = both(drawing.function(), NAMES)
    for _ in range(2):
        state = drawing.generator.getstate()
        plainly = ends_noted(plain["drawn"], drawing.arguments())
        drawing.generator.setstate(state)
        assert ends_noted(fused["drawn"], drawing.arguments()) == plainly
