"""One adapter an engine: make the inputs, run a program and its backward sweep, read the gradients.

The inputs are made once and a run is what an iteration of a training loop does with them: the forward pass and the
backward sweep. XAD alone makes its inputs anew in every run, because its tape keeps no input when it is cleared. The
functions given as ``lib`` are those a user of that engine would call.
"""

import cmath
import math
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

from benchmarks.workloads import fresh_workloads


class Baseline:
    """A number type of Python's own: the forward pass only."""

    has_gradients = False
    is_slow = False

    def __init__(self, name, number, lib):
        self.name = name
        self.number = number
        self.lib = SimpleNamespace(tanh=lib.tanh, exp=lib.exp, log=lib.log)
        self.workloads = fresh_workloads()

    def inputs(self, workload):
        """Make the workload's inputs."""
        return [self.number(x) for x in workload.inputs()]

    def runner(self, workload, xs):
        """Return a function of no arguments that runs the workload once on ``xs``; this is what is timed."""
        program, lib = workload.program, self.lib
        return lambda: program(xs, lib)

    def evaluate(self, workload):
        """Run the workload on inputs of its own; return the value and the gradients (None from a baseline)."""
        return self.runner(workload, self.inputs(workload))().real, None


class Engine(Baseline):
    """An engine whose numbers have ``data``, ``grad`` and ``backward()``."""

    has_gradients = True

    def __init__(self, name, number, lib, is_slow=False):
        super().__init__(name, number, lib)
        self.is_slow = is_slow

    def runner(self, workload, xs):
        program, lib = workload.program, self.lib

        def run():
            y = program(xs, lib)
            y.backward()
            return y

        return run

    def evaluate(self, workload):
        xs = self.inputs(workload)
        y = self.runner(workload, xs)()
        return float(y.data), [float(x.grad) for x in xs]


class XadEngine(Engine):
    """XAD records on a tape that its user clears; inputs have to be registered on it anew after that."""

    def __init__(self, adjoint, lib):
        super().__init__("xad", adjoint.Real, lib)
        self.tape = adjoint.Tape()

    def _run(self, workload, values):
        tape, tape_inputs = self.tape, [self.number(x) for x in values]
        with tape:
            tape.clearAll()
            tape.registerInputs(tape_inputs)
            tape.newRecording()
            y = workload.program(tape_inputs, self.lib)
            tape.registerOutput(y)
            y.derivative = 1.0
            tape.computeAdjoints()
        return y, tape_inputs

    def inputs(self, workload):
        return workload.inputs()

    def runner(self, workload, xs):
        return lambda: self._run(workload, xs)

    def evaluate(self, workload):
        y, xs = self._run(workload, workload.inputs())
        return y.value, [self.tape.derivative(x) for x in xs]


def _micrograd_functions(value):
    """Build tanh, exp and log, which micrograd lacks, the way it builds its relu."""

    def unary(name, function, slope):
        def apply(x):
            out = value(function(x.data), (x,), name)

            def _backward():
                x.grad += slope(x.data, out.data) * out.grad

            out._backward = _backward
            return out

        return apply

    return SimpleNamespace(
        tanh=unary("tanh", math.tanh, lambda x, y: 1.0 - y * y),
        exp=unary("exp", math.exp, lambda x, y: y),
        log=unary("log", math.log, lambda x, y: 1.0 / x),
    )


def _complex():
    return Baseline("complex", complex, cmath)


def _float():
    return Baseline("float", float, math)


def _fastgrad():
    import fastgrad

    return Engine("fastgrad", fastgrad.Value, fastgrad.Value)


def _reference():
    from fastgrad import reference

    return Engine("reference", reference.Value, reference.Value, is_slow=True)


def _xad():
    import xad.adj_1st
    import xad.math

    return XadEngine(xad.adj_1st, xad.math)


def _micrograd():
    from micrograd.engine import Value

    return Engine("micrograd", Value, _micrograd_functions(Value), is_slow=True)


def _torch():
    import torch

    torch.set_num_threads(1)

    def leaf(x):
        return torch.tensor(x, dtype=torch.float64, requires_grad=True)

    return Engine("torch", leaf, torch, is_slow=True)


_MAKERS = {
    "fastgrad": _fastgrad,
    "complex": _complex,
    "float": _float,
    "xad": _xad,
    "torch": _torch,
    "micrograd": _micrograd,
    "reference": _reference,
}
NAMES = list(_MAKERS)
ALWAYS = ["fastgrad", "complex"]


def make_engine(name):
    """Make the named engine."""
    return _MAKERS[name]()


def make_engines(names=None):
    """Make the named engines, or all that are installed; fastgrad and complex, which the ratios need, come first."""
    chosen = ALWAYS + [name for name in (NAMES if names is None else names) if name not in ALWAYS]
    engines = []
    for name in chosen:
        try:
            engines.append(make_engine(name))
        except ImportError as error:
            if names is not None or name in ALWAYS:
                raise
            print(f"{name} is left out: {error}", file=sys.stderr)
    return engines


def count_operations(workload):
    """Count the nodes of a workload's graph that are results, as the reference engine builds it."""
    engine = _reference()
    output = workload.program(engine.inputs(workload), engine.lib)
    seen, pending = {output}, [output]
    while pending:
        new = set(pending.pop().prev) - seen
        seen |= new
        pending.extend(new)
    return sum(bool(node.prev) for node in seen)


def check_agreement(engines, index, tolerance=1e-9):
    """Raise unless all engines find the same value and gradients for the workload of this index.

    A gradient may be off by `tolerance` times itself or times the largest of the gradients, since engines that sweep in
    another order add in another order.
    """
    expected_value, expected_gradients = engines[0].evaluate(engines[0].workloads[index])
    scale = max(map(abs, expected_gradients))
    for engine in engines[1:]:
        value, gradients = engine.evaluate(engine.workloads[index])
        agrees = math.isclose(value, expected_value, rel_tol=tolerance)
        if engine.has_gradients:
            pairs = zip(gradients, expected_gradients, strict=True)
            agrees &= all(math.isclose(a, b, rel_tol=tolerance, abs_tol=tolerance * scale) for a, b in pairs)
        if not agrees:
            where = f"on {engine.workloads[index].name!r}"
            raise RuntimeError(f"{engine.name} and {engines[0].name} disagree {where}; no time is worth printing")


def call_with_deep_stack(function, *args):
    """Call a function in a thread where a recursion of some 10,000 calls, as in micrograd's sweep, has room."""
    old_size, old_limit = threading.stack_size(512 * 2**20), sys.getrecursionlimit()
    sys.setrecursionlimit(200_000)
    try:
        with ThreadPoolExecutor(max_workers=1) as pool:
            return pool.submit(function, *args).result()
    finally:
        threading.stack_size(old_size)
        sys.setrecursionlimit(old_limit)
