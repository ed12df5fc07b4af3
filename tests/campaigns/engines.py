"""Random programs on teaching engines of random spelling, plainly and by `fastgrad run`: they print the same.

Data is not changed between a computation and its sweep, except in engines that read data when the gradient flows.
"""

import random
import re
import sys
import tempfile
from collections import Counter
from pathlib import Path

from campaigns.campaign import main
from campaigns.spelling import engine
from support.teaching_engines import both_ways

SIZE = 40
ON_FASTGRAD = "runs on fastgrad"
SYMBOLS = {"__add__": "+", "__mul__": "*", "__sub__": "-", "__truediv__": "/"}


class Program:
    """The text of a program, a statement for each step."""

    def __init__(self, generator):
        self.text, names, self.takes_numbers, self.reads_late = engine(generator)
        self.two = [name for name in names if name in SYMBOLS]
        self.one = [name for name in names if name not in SYMBOLS]
        self.leaves, self.results, self.lines = ["v0", "v1"], [], ["v0, v1 = make(0.75), make(-1.25)"]

    def some(self, generator):
        return generator.choice(self.leaves + self.results)

    def named(self, kind, expression):
        name = f"v{len(self.leaves) + len(self.lines)}"
        self.lines.append(f"{name} = {expression}")
        kind.append(name)

    def leaf(self, generator):
        self.named(self.leaves, f"make({generator.uniform(-2.0, 2.0)!r})")

    def operation(self, generator):
        """One operation; what may be large is made smaller, and no divisor is near 0."""
        a, b = self.some(generator), self.some(generator)
        symbol = SYMBOLS[generator.choice(self.two)]
        if self.takes_numbers and generator.random() < 0.3:
            b = repr(generator.choice([2, 0.5, -1.5, 3]))
        elif symbol == "/":
            b = f"({b} * {b} + make(1.0))"
        text = f"{a} {symbol} {b}"
        if self.takes_numbers and symbol in "+*" and generator.random() < 0.1:
            text = f"2 {symbol} {a}"
        self.named(self.results, f"({text}) * make(0.5)")

    def function(self, generator):
        if self.one:
            name, a = generator.choice(self.one), self.some(generator)
            self.named(self.results, f"-{a}" if name == "__neg__" else f"({a} * make(0.25)).{name}()")

    def sum(self, generator):
        count = generator.randint(2, 5)
        if self.takes_numbers:
            self.named(self.results, f"sum([{', '.join(self.some(generator) for _ in range(count))}])")

    def show(self, generator):
        self.lines.append(f"print(number({self.some(generator)}), derivative({self.some(generator)}))")

    def sweep(self, generator):
        """A sweep, all derivatives, and perhaps a step down; what was computed of other data is forgotten."""
        if not self.results:
            return
        self.lines.append(f"sweep({generator.choice(self.results[-3:])})")
        self.lines.append(f"print([derivative(v) for v in ({', '.join(self.leaves)},)])")
        if generator.random() < 0.5:
            attribute = re.search(r"number.*?lambda v: v\.(\w+), lambda v: v\.(\w+)", self.text)
            data, grad = attribute[1], attribute[2]
            leaf = generator.choice(self.leaves)
            self.lines.append(f"{leaf}.{data} -= 0.01 * {leaf}.{grad}; {leaf}.{grad} = 0")
        if not self.reads_late:
            self.results.clear()

    STEPS = (leaf, operation, operation, operation, operation, function, function, sum, show, sweep)

    def step(self, generator):
        generator.choice(self.STEPS)(self, generator)

    def __str__(self):
        return "\n".join([self.text, *self.lines, f"print([number(v) for v in ({', '.join(self.leaves)},)])", ""])


def case(number, steps):
    """One program on one engine."""
    program = Program(random.Random(number))
    for step in steps:
        program.step(random.Random(number * SIZE + step))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "program.py"
        path.write_text(str(program), encoding="utf-8")
        try:
            ran = both_ways(str(path))
        except BaseException as error:
            raise AssertionError(f"the program was:\n{program}") from error
    return Counter({"programs": 1, "of them on fastgrad": any(ON_FASTGRAD in line for line in ran.said)})


if __name__ == "__main__":
    sys.exit(main(case, SIZE))
