"""``python -m benchmarks.picture``: the README's first picture, times of a training step and of a gradient.

The step is that of a published GPT in plain Python (`benchmarks.gpt`; ``pip install --no-deps strands-microgpt``): the
same file on CPython, on PyPy and by ``fastgrad run``. torch and jax cannot run that file. What they are given is the
same model in tensors, another program. The gradient, with the value, is that of the sum of Rosenbrock's function over
10 variables: one text on numbers for micrograd, on CPython and on PyPy, for torch and for fastgrad; jax has it in
arrays. "compiled" is a call of `fastgrad.compile`'s ``value_and_grad`` on an array, settled.

All ways take turns, and the least time of each counts. PyPy runs in a process that has warmed up before it is timed; so
does every way of the GPT. Times are the processor's, and of jax and of the gradients on CPython the clock's. Numbers
have 64 bits, one thread is used, and no time is printed unless all ways agree to 1e-9.
"""

import argparse
import functools
import importlib.util
import inspect
import json
import math
import os
import platform
import re
import shutil
import subprocess
import tempfile
from importlib import metadata
from pathlib import Path

from benchmarks import bars, gpt, networks, programs, rows
from benchmarks.children import CHECKOUT
from benchmarks.compare import print_table, three_digits
from benchmarks.derivatives import use_one_thread

FULL = programs.Plan(seconds=4.0, least_rounds=20, most_rounds=200)
QUICK = programs.Plan(seconds=0.1, least_rounds=2, most_rounds=3)
TURNS = 4

ON_PYPY = """
import json, sys, time
from benchmarks import timing
from micrograd.engine import Value
point, warm_up = json.loads(sys.argv[1])

def run(xs):
    y = rosenbrock(xs, None)
    y.backward()
    return y.data

kept, start = [Value(x) for x in point], time.process_time()
while time.process_time() - start < warm_up:
    run(kept)
loops = timing.loops_for(lambda: run(kept))
seconds = min(timing.sample(lambda: run(kept), loops) for _ in range(50))
xs = [Value(x) for x in point]
print(json.dumps({"seconds": seconds, "numbers": [run(xs), *(x.grad for x in xs)]}))
"""


# The two parts of the picture: their headings; their ways in order, with their names and what each is.

STEP = "One training step of microgpt", "a GPT of 4,192 parameters, written in plain Python on numbers"
GRADIENT = "One gradient", "Rosenbrock's function of 10 variables and its derivatives"
STEPS = {
    gpt.PLAINLY: ("CPython", "the published file"),
    gpt.ON_PYPY: ("PyPy", "the same file"),
    gpt.BY_RUN: ("fastgrad run", "the same file, unedited"),
    "torch": ("torch, tensors", "the model in tensors: another program"),
    "jax": ("jax.jit, tensors", "the model in tensors: another program"),
}
GRADIENTS = {
    "micrograd": ("micrograd", "plain Python, on CPython"),
    "torch": ("torch, scalars", "plain Python on tensors of one number"),
    "pypy": ("micrograd, PyPy", "plain Python, on PyPy"),
    "jax": ("jax.jit, arrays", "in arrays, compiled"),
    "fastgrad": ("fastgrad", "plain Python"),
    "compiled": ("fastgrad.compile", "plain Python, compiled"),
}
OURS = (gpt.BY_RUN, "fastgrad", "compiled")


# The gradient.


def _by_engine(name, subject):
    """An engine whose numbers go through the plain function."""
    import numpy as np

    from benchmarks import engines, replays, workloads

    workload = workloads.Workload(subject.name, lambda: subject.point, subject.function)
    engine = engines.make_engine(name)
    run = engine.runner(workload, engine.inputs(workload))
    return replays.Runner(run, lambda: np.hstack(engine.evaluate(workload)))


def _by_jax(subject):
    import jax
    import numpy as np

    from benchmarks import replays

    jax.config.update("jax_enable_x64", True)
    function = functools.partial(subject.in_arrays, jnp=jax.numpy)
    f, x = jax.jit(jax.value_and_grad(function)), jax.numpy.array(subject.point)
    return replays.Runner(lambda: jax.block_until_ready(f(x)), lambda: np.hstack(f(x)))


def _compiled(subject):
    import numpy as np

    from benchmarks import hessians

    run = functools.partial(hessians.compiled(subject).value_and_grad, np.array(subject.point))
    return hessians.settled(run, lambda: np.hstack(run()))


def gradient_case():
    """The ways that run in this process."""
    from benchmarks import hessians, replays

    subject = hessians.SUBJECT["rosenbrock"]
    makers = {name: functools.partial(_by_engine, name, subject) for name in ("micrograd", "torch", "fastgrad")}
    makers |= {"jax": functools.partial(_by_jax, subject), "compiled": functools.partial(_compiled, subject)}
    return replays.Case("value and gradient of one row, by the clock", subject.key, subject.name, makers)


def on_pypy(subject, warm_up):
    """Time micrograd on PyPy in a process of its own; return None where one of them is missing."""
    spec = importlib.util.find_spec("micrograd")
    if spec is None or shutil.which(gpt.PYPY) is None:
        networks.say_left_out("micrograd on PyPy", f"{gpt.PYPY} or micrograd is missing")
        return None
    [package] = spec.submodule_search_locations
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(CHECKOUT), str(Path(package).parent)])}
    program = inspect.getsource(subject.function) + ON_PYPY
    command = [gpt.PYPY, "-c", program, json.dumps([subject.point, warm_up])]
    return json.loads(subprocess.check_output(command, env=environment))


def gradients(plan, turns):
    """Time the ways in turns; return the least seconds of each."""
    import numpy as np

    from benchmarks import hessians, replays

    seconds, case = {}, gradient_case()
    for _ in range(turns):
        found = {name: min(samples) for name, samples in programs.time_case(case, plan).items()}
        there = on_pypy(hessians.SUBJECT[case.key], plan.seconds)
        if there:
            theirs = replays.Runner(None, functools.partial(np.array, there["numbers"]))
            programs.check_agreement(case, {"fastgrad": case.makers["fastgrad"](), "PyPy": theirs})
            found["pypy"] = there["seconds"]
        seconds = {name: min(least, seconds.get(name, math.inf)) for name, least in found.items()}
    return seconds


# The report.


def processor():
    """Return what the processor calls itself, as far as the system tells."""
    told = Path("/proc/cpuinfo")
    found = re.search(r"^model name\s*: (.*)$", told.read_text(), re.MULTILINE) if told.exists() else None
    name = found[1] if found else platform.processor() or platform.machine()
    return re.sub(r"\((?:R|TM)\)", "", name)


def versions():
    """Return the versions of what is compared and is there."""
    found = [f"CPython {platform.python_version()}"]
    if shutil.which(gpt.PYPY):
        told = subprocess.check_output(
            [gpt.PYPY, "-c", "import sys; print(*sys.pypy_version_info[:3], sep='.')"], text=True
        )
        found.append(f"PyPy {told.strip()}")
    for name in ("torch", "jax"):
        if importlib.util.find_spec(name):
            found.append(f"{name} {metadata.version(name).partition('+')[0]}")
    return ", ".join(found)


def panel(title, subtitle, ways, seconds):
    """Make a panel of the ways that were timed."""
    made = [bars.Bar(name, seconds[way], way in OURS) for way, (name, _) in ways.items() if way in seconds]
    return bars.Panel(title, subtitle, made)


def print_times(title, ways, seconds, ours):
    """Print the least time of each way, alone and over that of fastgrad."""
    cells = [
        [name, what, bars.in_words(seconds[way]), three_digits(seconds[way] / seconds[ours])]
        for way, (name, what) in ways.items()
        if way in seconds
    ]
    print_table(title, ["way", "what it is", "time", "/ fastgrad"], cells)


def main():
    parser = argparse.ArgumentParser(prog="python -m benchmarks.picture", description=__doc__.partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="one turn: all ways agree, the times are rough")
    parser.add_argument("--svg", type=Path, metavar="FILE", help="draw the times")
    options = parser.parse_args()
    use_one_thread()
    used, turns = rows.use_instructions(), 1 if options.quick else TURNS
    with tempfile.TemporaryDirectory() as folder:
        steps = gpt.steps(folder, gpt.ways(), turns) if gpt.prepare(folder) else {}
    slopes = gradients(QUICK if options.quick else FULL, turns)
    notes = [
        f"{processor()}, {used}, one core.",
        f"{versions()}.",
        "Scales are logarithmic; faster is faster than the first row.",
        "In tensors and in arrays it is another program, with the same numbers.",
    ]
    print(*notes[:2], sep="\n")
    panels = []
    for heading, ways, seconds, ours in ((STEP, STEPS, steps, gpt.BY_RUN), (GRADIENT, GRADIENTS, slopes, "fastgrad")):
        if seconds:
            print_times(": ".join(heading), ways, seconds, ours)
            panels.append(panel(*heading, ways, seconds))
    if options.svg:
        options.svg.write_text(bars.draw(panels, notes), encoding="utf-8")


if __name__ == "__main__":
    main()
