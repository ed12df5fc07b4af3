"""Functions of three numbers drawn at random: lists of operations, each on numbers made before."""

from hypothesis import reject
from hypothesis import strategies as st

import fastgrad
from fastgrad import math as fm

NUMBERS = st.floats(-3.0, 3.0, allow_subnormal=False)
ROWS = st.lists(st.tuples(NUMBERS, NUMBERS, NUMBERS), min_size=1, max_size=20)

OF_ONE = [
    lambda a: -a,
    fm.tanh,
    fm.sin,
    lambda a: fm.exp(a * 0.5),
    lambda a: fm.log(a * a + 1.0),
    fm.sigmoid,
    fm.relu,
    lambda a: a**2,
    abs,
]
OF_TWO = [
    lambda a, b: a + b,
    lambda a, b: a - b,
    lambda a, b: a * b,
    lambda a, b: a / (b * b + 1.0),
    lambda a, b: fm.max(a, b),
    lambda a, b: fastgrad.dot([a, b], [b, 0.5], bias=a),
    lambda a, b: fm.where(a > b, a, 2.0 * b),
]
BRANCHES = [
    lambda a, b: a if a > b else b + 1.0,
    lambda a, b: max(a, b),
    lambda a, b: sorted([a, b])[0] * 2.0,
]
OPERATIONS = st.lists(
    st.tuples(st.integers(0, len(OF_ONE) + len(OF_TWO) + len(BRANCHES) - 1), st.integers(0, 99), st.integers(0, 99)),
    min_size=1,
    max_size=12,
)


def function_of(operations):
    def function(*inputs):
        numbers = list(inputs)
        for which, i, j in operations:
            a, b = numbers[i % len(numbers)], numbers[j % len(numbers)]
            of_two = [*OF_TWO, *BRANCHES]
            try:
                numbers.append(OF_ONE[which](a) if which < len(OF_ONE) else of_two[which - len(OF_ONE)](a, b))
            except OverflowError:  # Python's own, by a plain call too: other operations are drawn
                reject()
        return numbers[-1] + 0.1 * fastgrad.sum(numbers)

    return function
