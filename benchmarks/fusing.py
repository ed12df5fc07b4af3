"""``python -m benchmarks.fusing``: loops as kernels, and calls of compiled functions, beside the same without.

What is timed stands in `loops` and `workloads`. The ways take turns in one process, and the processor's time is taken;
ratios are of minima. A published GPT in plain Python is timed in processes of its own, if it is installed
(``pip install --no-deps strands-microgpt``). It is a report: a requirement that is missed is marked, and the exit
status is 0 all the same.
"""

import argparse
import ast
import functools
import math
import platform
import random
import statistics
import types
from functools import partial
from pathlib import Path

from benchmarks import engines, gpt, timing
from benchmarks.compare import print_table, three_digits
from benchmarks.limits import Limit
from benchmarks.loops import fresh_loops
from benchmarks.workloads import fresh_workloads

LIMITS = [
    Limit("gpt", "a step of a published GPT, plainly, over fastgrad run", ">=", 200.0, "x"),
    Limit("complex.mean", "eager workloads over complex forward, geometric mean", "<=", 0.35),
    Limit("complex.worst", "the same, worst", "<=", 0.6),
    Limit("classes", "a network of classes, 2-16-16-1 on 100 rows, without kernels over with", ">=", 4.0, "x"),
    Limit("sgd", "gradient descent over 4,192 parameters, plain floats over fused", ">=", 15.0, "x"),
    Limit("momentum", "momentum, the same", ">=", 15.0, "x"),
    Limit("adam", "Adam, the same", ">=", 15.0, "x"),
    Limit("never", "a loop that no kernel can take, fused over not", "<=", 1.02),
    Limit("linear", "64 sums of 16 products, without kernels over with", ">=", 10.0, "x"),
    Limit("dot", "one sum of 16 products, the same", ">=", 1.0, "x"),
    Limit("node.dot", "`dot` of 16 by 16 scalars, the generator over it", ">=", 10.0, "x"),
    Limit("node.dot by floats", "`dot` of 16 scalars by 16 floats, the same", ">=", 10.0, "x"),
    Limit("call", "a compiled function's call, f(x), over the eager computation", "<=", 1.0),
    Limit("call.grad", "value_and_grad(x) over the eager computation, swept", "<=", 1.0),
    Limit("translate", "giving a script of 1,000 lines its sites", "<=", 50.0, " ms"),
]


def least_in_turns(ways, rounds):
    """Return the least time of each way."""
    for way in ways * 5:  # what the first runs do is done once
        way()
    loops = [timing.loops_for(way) for way in ways]
    least = [math.inf] * len(ways)
    for _ in range(rounds):
        least = [min(best, timing.sample(way, n)) for best, way, n in zip(least, ways, loops, strict=True)]
    return least


def fused_workloads():
    """The five eager workloads, fused, as functions of a user's."""
    workloads = fresh_workloads()
    fuse_all(workloads[0].program.__globals__)
    return workloads


def fuse_all(names):
    """Fuse what a file defines, given its variables."""
    import fastgrad

    for value in [*names.values()]:
        if getattr(value, "__module__", None) == names["__name__"] and isinstance(value, (types.FunctionType, type)):
            fastgrad.fuse(value)


def workload_figures(rounds):
    """Forward and backward of each workload with kernels, over the same on complex numbers forward."""
    fused, plain = engines.make_engines(["fastgrad", "complex"])
    fused.workloads = fused_workloads()
    ratios = []
    for number, workload in enumerate(plain.workloads):
        ways = [
            fused.runner(fused.workloads[number], fused.inputs(workload)),
            plain.runner(workload, plain.inputs(workload)),
        ]
        mine, others = least_in_turns(ways, rounds)
        ratios.append(mine / others)
    rows = [[w.name, three_digits(r)] for w, r in zip(plain.workloads, ratios, strict=True)]
    print_table("workloads with kernels, forward + backward, over complex forward", ["workload", "/ complex"], rows)
    return {"complex.mean": statistics.geometric_mean(ratios), "complex.worst": max(ratios)}


def pair_ratio(make, rounds):
    """How many times longer a way takes without kernels; ``make`` returns it, given the loops."""
    plainly, fused = fresh_loops(), fresh_loops()
    fuse_all(vars(fused))
    slow, fast = least_in_turns([make(plainly), make(fused)], rounds)
    return slow / fast


def numbers(count):
    from fastgrad import Value

    return [Value(random.uniform(-1.0, 1.0)) for _ in range(count)]


def loop_figures(rounds):
    """What kernels save of loops, each against the same text without."""
    from fastgrad import Value

    rows, x = [numbers(16) for _ in range(64)], numbers(16)
    points, targets = [[random.random(), random.random()] for _ in range(100)], [1.0, -1.0] * 50
    words, keep = [str(i) for i in range(50)], Value(1.0)
    figures = {
        "linear": pair_ratio(lambda loops: lambda: loops.linear(rows, x), rounds),
        "dot": pair_ratio(lambda loops: lambda: loops.dot(rows[0], x), rounds),
        "classes": pair_ratio(lambda loops: network(loops, points, targets), rounds),
        "never": 1.0 / pair_ratio(lambda loops: lambda: loops.joined(words), 3 * rounds),
    }
    del keep
    return figures


def node_figures(rounds):
    """Functions that make one node, against a generator and Python's own functions on the same scalars, none fused."""
    import fastgrad

    w, x, floats = numbers(16), numbers(16), [random.random() for _ in range(16)]
    ways = {
        "dot": (partial(fresh_loops().dot, w, x), partial(fastgrad.dot, w, x)),
        "dot by floats": (partial(fresh_loops().dot, w, floats), partial(fastgrad.dot, w, floats)),
        "sum": (partial(sum, w), partial(fastgrad.sum, w)),
        "mean": (partial(fresh_loops().mean, w), partial(fastgrad.mean, w)),
        "prod": (partial(math.prod, w), partial(fastgrad.prod, w)),
    }
    rows, figures = [], {}
    for name, pair in ways.items():
        slow, fast = least_in_turns(pair, 3 * rounds)
        rows.append([name, f"{slow * 1e9:.0f}", f"{fast * 1e9:.0f}"])
        figures[f"node.{name}"] = slow / fast
    print_table("one node of 16 scalars, forward", ["function", "plainly, ns", "one node, ns"], rows)
    return figures


def network(loops, points, targets):
    from fastgrad import Value

    model = loops.MLP(Value, (2, 16, 16, 1))
    return lambda: loops.training_step(model, points, targets)


def optimizer_figures(rounds, count=4_192):
    """Users' optimizers over scalars, against the same in plain Python on floats."""
    import fastgrad

    loops = fresh_loops()
    for name in ("sgd", "momentum", "adam"):
        fastgrad.fuse(getattr(loops, name))
    params = numbers(count)
    for p in params:
        p.grad = 0.5
    data, grads, m, v, m2, v2 = ([0.5] * count for _ in range(6))
    ways = {
        "sgd": (lambda: loops.plain_sgd(data, grads, 0.0), lambda: loops.sgd(params, 0.0)),
        "momentum": (lambda: loops.plain_momentum(data, grads, m, 0.0), lambda: loops.momentum(params, m2, 0.0)),
        "adam": (lambda: loops.plain_adam(data, grads, m, v, 0.0, 3), lambda: loops.adam(params, m2, v2, 0.0, 3)),
    }
    figures = {}
    for name, pair in ways.items():
        slow, fast = least_in_turns(pair, rounds)
        figures[name] = slow / fast
    return figures


def call_figures(rounds):
    """Calls of compiled functions, over the same computed on numbers each time."""
    import fastgrad

    loops, ratios = fresh_loops(), {}
    xs = [0.1 * k for k in range(10)]
    cases = {
        "x**2 + x": (loops.parabola, loops.parabola_of_numbers, loops.parabola_swept, 1.5),
        "10 squares, added": (loops.squares, loops.squares_of_numbers, loops.squares_swept, xs),
    }
    for name, (function, computed, swept, x) in cases.items():
        f = fastgrad.compile(function)
        assert f.value_and_grad(x) == swept(fastgrad.Value, x)
        ratios[name] = [
            call_ratio(f, functools.partial(computed, fastgrad.Value, x), x, loops, rounds),
            call_ratio(f.value_and_grad, functools.partial(swept, fastgrad.Value, x), x, loops, rounds),
        ]
    rows = [[name, *map(three_digits, pair)] for name, pair in ratios.items()]
    print_table("calls of compiled functions, over eager computations", ["function", "f(x)", "value_and_grad(x)"], rows)
    return dict(zip(("call", "call.grad"), ratios["x**2 + x"], strict=True))


def call_ratio(f, eager, x, loops, rounds):
    mine, others = least_in_turns([functools.partial(loops.called, f, x), eager], rounds)
    return mine / others


def translation_figure(rounds):
    """The time that a script of 1,000 lines takes to be given its sites."""
    from fastgrad.fusing.rewrite import Fuser

    source = Path(fresh_loops().__file__).read_text()
    lines = (source * (1_000 // len(source.splitlines()) + 1)).splitlines()[:1_000]
    while True:  # a piece that ends where a statement does
        try:
            ast.parse("\n".join(lines))
            break
        except SyntaxError:
            lines.pop()
    best = min(timing.sample(lambda: Fuser("script").module(ast.parse("\n".join(lines))), 1) for _ in range(rounds))
    parse = min(timing.sample(lambda: ast.parse("\n".join(lines)), 1) for _ in range(rounds))
    return {"translate": (best - parse) * 1e3}


def gpt_figure(folder, quick):
    """A step of the published GPT, plainly and by ``fastgrad run``."""
    if not gpt.prepare(folder):
        return {}
    seconds = gpt.steps(folder, [gpt.PLAINLY, gpt.BY_RUN], 1 if quick else 3)
    return {"gpt": seconds[gpt.PLAINLY] / seconds[gpt.BY_RUN]}


def print_limits(figures):
    rows = []
    for limit in LIMITS:
        measured = figures.get(limit.figure)
        shown = three_digits(measured) + limit.unit if measured is not None else "not measured"
        verdict = "" if measured is None else "yes" if limit.is_met(measured) else "NO"
        rows.append([limit.what, limit.asked(), shown, verdict])
    print_table("asked and measured", ["what", "asked", "measured", "met"], rows)


def main():
    """Measure and print."""
    import tempfile

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="fewer rounds")
    quick = parser.parse_args().quick
    rounds = 5 if quick else 25
    random.seed(1)
    print(f"Python {platform.python_version()}, {platform.machine()}")
    figures = translation_figure(rounds)  # before there are many objects that Python's collector looks at meanwhile
    figures |= workload_figures(rounds) | loop_figures(rounds) | node_figures(rounds) | optimizer_figures(rounds)
    figures |= call_figures(rounds)
    with tempfile.TemporaryDirectory() as folder:
        figures |= gpt_figure(folder, quick)
    print_limits(figures)


if __name__ == "__main__":
    main()
