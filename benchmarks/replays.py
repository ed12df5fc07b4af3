"""What `benchmarks.programs` times: cases, each a computation in fastgrad and in other engines.

A maker does, once, all that a user would do once (recording, compiling, arrays of the right kind) and returns a
`Runner`. numpy is imported here, so `networks.use_one_thread` has to be called before.
"""

import functools
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np

import fastgrad
from benchmarks import networks, workloads
from fastgrad import compiled, demo, reference

Value = fastgrad.Value


class Runner(NamedTuple):
    """What one engine does in a case."""

    run: Callable[[], Any]  # what is timed
    results: Callable[[], Any]  # computes the numbers that the engines must agree on: one array
    scale: float = 1.0  # how many times as long what is reported takes as `run`


class Case(NamedTuple):
    """A computation, and what makes each engine's runner for it."""

    group: str
    key: str
    name: str
    makers: dict[str, Callable[[], Runner]]


def _flat(value, *gradients):
    """Put a value and its gradients into one array."""
    return np.concatenate([np.ravel(np.asarray(part, dtype=np.float64)) for part in (value, *gradients)])


# One row: value and gradient of the five programs.


def _into_buffers(run, answers):
    """Return the runner of a call that leaves its value and gradient elsewhere, where `answers` looks them up."""

    def results():
        run()
        return _flat(*answers())

    return Runner(run, results)


def _bound(workload):
    x = np.array(workload.inputs())
    value, grad = np.empty(1), np.empty(len(x))
    f = compiled.compile(lambda xs: workload.program(xs, Value))
    f(x.tolist())
    run = f.bind(x, value, grad)
    return _into_buffers(run, lambda: (value, grad))


def _casadi(workload):
    import casadi

    x = np.array(workload.inputs())
    symbols, lib = casadi.SX.sym("x", len(x)), SimpleNamespace(tanh=casadi.tanh, exp=casadi.exp, log=casadi.log)
    result = workload.program(casadi.vertsplit(symbols), lib)
    f = casadi.Function("f", [symbols], [result, casadi.gradient(result, symbols)])
    value, grad, (buffer, run) = np.empty(1), np.empty(len(x)), f.buffer()
    buffer.set_arg(0, memoryview(x))
    buffer.set_res(0, memoryview(value))
    buffer.set_res(1, memoryview(grad))
    run.used = buffer, x  # which it does not keep alive by itself
    return _into_buffers(run, lambda: (value, grad))


def _ddx(workload, through_llvm=False):
    import ddx

    x, lib = np.array(workload.inputs()), SimpleNamespace(tanh=ddx.tanh, exp=ddx.exp, log=ddx.log)
    f = ddx.equation(lambda: workload.program([ddx.var(f"x{k}") for k in range(len(x))], lib))
    if through_llvm:
        f.compile(cache_dir="")
    run = f.buffer(x)
    return _into_buffers(run, lambda: (run.value, run.jacobian))


QUICK_THROUGH_LLVM = (1, 4)  # The others take LLVM 10 to 25 seconds each.


def _one_row(index):
    def workload():
        return workloads.fresh_workloads()[index]

    makers = {
        "fastgrad": lambda: _bound(workload()),
        "casadi": lambda: _casadi(workload()),
        "ddx": lambda: _ddx(workload()),
    }
    if index in QUICK_THROUGH_LLVM:
        makers["ddx, LLVM"] = lambda: _ddx(workload(), through_llvm=True)
    return Case("one row, value and gradient", f"row.{index}", workloads.WORKLOADS[index].name, makers)


# Recording, optimizing and the first gradient.


def _first_gradient(workload):
    x = workload.inputs()

    def run():
        return compiled.compile(lambda xs: workload.program(xs, Value)).value_and_grad(x)

    return Runner(run, lambda: _flat(*run()))


def _eager(workload):
    def run(xs):
        y = workload.program(xs, Value)
        y.backward()
        return y

    def results():
        xs = [Value(x) for x in workload.inputs()]
        return _flat(run(xs).data, [x.grad for x in xs])

    inputs = [Value(x) for x in workload.inputs()]
    return Runner(lambda: run(inputs), results)


def _recording(index):
    def workload():
        return workloads.fresh_workloads()[index]

    makers = {"recorded": lambda: _first_gradient(workload()), "eager": lambda: _eager(workload())}
    return Case("the first gradient", f"record.{index}", workloads.WORKLOADS[index].name, makers)


# Networks: the mean squared error over rows, and its gradient by the parameters.


def _recorded_network(network):
    """Return a model, and the compiled error of one row of it."""
    model = networks.fastgrad_model(network)
    return model, compiled.compile(lambda x, y: (model(x) - y) ** 2)


def _mean(network, num_threads=1):
    model, error = _recorded_network(network)

    def run():
        model.zero_grad()
        loss = error.mean(network.rows, network.targets, num_threads=num_threads)
        loss.backward()
        return loss

    return Runner(run, lambda: _flat(run().data, model.flat_grad))


def _run_sum(network):
    """The program that `mean` runs, called without what comes before and after it."""
    model, error = _recorded_network(network)
    error(network.rows[0], network.targets[0])
    (program,) = error.programs()
    table, uniforms = np.column_stack([network.rows, network.targets]), program.uniforms

    def run():
        return program.run_sum(table, uniforms, None, False, 1, len(model.flat))

    def results():
        """Its gradient is in the order of recording: match the parameters by their numbers, of which no two agree."""
        total, _, slopes, _ = run()
        grad = np.empty(len(slopes))
        grad[np.argsort(model.flat)] = slopes[np.argsort(uniforms[: len(slopes)])]
        return _flat(total, grad) / len(table)

    return Runner(run, results)


def _jax_network(network):
    import jax

    jax.config.update("jax_enable_x64", True)
    f = jax.jit(jax.value_and_grad(networks.jax_loss(network)))
    layers = [(jax.numpy.array(table[:, :-1]), jax.numpy.array(table[:, -1])) for table in network.tables()]
    X, y = jax.numpy.array(network.rows), jax.numpy.array(network.targets)

    def run():
        return jax.block_until_ready(f(layers, X, y))

    def results():
        value, grads = run()
        return _flat(value, *(np.column_stack(layer) for layer in grads))

    return Runner(run, results)


def _torch_network(network):
    import torch

    torch.set_num_threads(1)
    model, mse = networks.torch_model(network), torch.nn.MSELoss()
    X, y = torch.from_numpy(network.rows), torch.from_numpy(network.targets).reshape(-1, 1)

    def run():
        model.zero_grad()
        loss = mse(model(X), y)
        loss.backward()
        return loss

    def results():
        value = run().item()
        grads = [p.grad.numpy() for p in model.parameters()]
        return _flat(value, *(np.column_stack(pair) for pair in zip(grads[::2], grads[1::2])))

    return Runner(run, results)


def _network(sizes, rows):
    draw = np.random.default_rng(8)
    data = draw.uniform(-1.0, 1.0, (rows, sizes[0])), draw.uniform(-1.0, 1.0, rows)
    name = f"{'-'.join(map(str, sizes))}, {rows:,} rows"
    return networks.make_workload(name, sizes, "tanh", "mse", 0.0, data)


def _networks(sizes, rows, run_sum=True):
    network = _network(sizes, rows)
    engines = {"fastgrad": _mean, "run_sum": _run_sum, "jax": _jax_network, "torch": _torch_network}
    if not run_sum:
        del engines["run_sum"]
    makers = {name: functools.partial(make, network) for name, make in engines.items()}
    return Case("networks, value and gradient, by the clock", f"network.{sizes[1]}.{rows}", network.name, makers)


def _threads(sizes, rows):
    network = _network(sizes, rows)
    makers = {
        "one thread": functools.partial(_mean, network),
        "two threads": functools.partial(_mean, network, num_threads=2),
    }
    return Case("threads, by the clock", f"threads.{sizes[1]}", network.name, makers)


# What compiles itself: a module that is called with many rows, and a user's classes in `fit`.

FIT_EPOCHS = 100


def _module(network, compiled):
    model = networks.fastgrad_model(network)
    for layer in model.layers:
        layer.compiled = compiled

    def run():
        model.zero_grad()
        loss = fastgrad.losses.mse(model(network.rows), network.targets)
        loss.backward()
        return loss

    return Runner(run, lambda: _flat(run().data, model.flat_grad))


def _fit(network, compiled):
    def run():
        model = networks.Network([[[Value(p) for p in row] for row in table.tolist()] for table in network.tables()])
        fitted = fastgrad.train.fit(model, network.rows, network.targets, lr=0.01, epochs=FIT_EPOCHS, compiled=compiled)
        return _flat(fitted.loss, [p.data for p in model.parameters()])

    return Runner(run, run)


def _by_itself(key, make, sizes, rows, what):
    network = _network(sizes, rows)
    makers = {name: functools.partial(make, network, name == "compiled") for name in ("compiled", "not compiled")}
    return Case("modules and fit", key, f"{what} {network.name}", makers)


# Many rows of inputs: the differential equation and the logistic regression, each row a set of parameters.

PARAMETER_ROWS = 4096


def _parameter_rows(index):
    x = np.array(workloads.WORKLOADS[index].inputs())
    return x * np.random.default_rng(9).uniform(0.95, 1.05, (PARAMETER_ROWS, len(x)))


def _batch(index):
    workload, X = workloads.fresh_workloads()[index], _parameter_rows(index)
    f = compiled.compile(lambda xs: workload.program(list(xs), Value))
    return Runner(lambda: f.batch_value_and_grad(X), lambda: _flat(*f.batch_value_and_grad(X)))


def _jax_batch(index, function):
    import jax

    jax.config.update("jax_enable_x64", True)
    f = jax.jit(jax.vmap(jax.value_and_grad(function)))
    X = jax.numpy.array(_parameter_rows(index))
    return Runner(lambda: jax.block_until_ready(f(X)), lambda: _flat(*f(X)))


def _scanned_equation(xs):
    import jax

    prey, predators, growth, hunting, feeding, death = xs
    h = workloads.ODE_STEP

    def slope(x, y):
        return growth * x - hunting * x * y, feeding * x * y - death * y

    def step(state, _):
        x, y = state
        x1, y1 = slope(x, y)
        x2, y2 = slope(x + h / 2.0 * x1, y + h / 2.0 * y1)
        x3, y3 = slope(x + h / 2.0 * x2, y + h / 2.0 * y2)
        x4, y4 = slope(x + h * x3, y + h * y3)
        return (x + h / 6.0 * (x1 + 2.0 * x2 + 2.0 * x3 + x4), y + h / 6.0 * (y1 + 2.0 * y2 + 2.0 * y3 + y4)), None

    (x, y), _ = jax.lax.scan(step, (prey, predators), None, length=workloads.ODE_STEPS)
    return x + y


def _scanned_likelihood(xs):
    import jax

    def step(loss, row):
        point, label = row
        p = 1.0 / (1.0 + jax.numpy.exp(-(point @ xs[:-1] + xs[-1])))
        return loss - jax.numpy.log(jax.numpy.where(label, p, 1.0 - p)), None

    rows = jax.numpy.array(workloads.POINTS), jax.numpy.array(workloads.LABELS)
    return jax.lax.scan(step, 0.0, rows)[0] / len(workloads.POINTS)


def _likelihood_by_matrix(xs):
    import jax

    points, labels = jax.numpy.array(workloads.POINTS), jax.numpy.array(workloads.LABELS)
    p = 1.0 / (1.0 + jax.numpy.exp(-(points @ xs[:-1] + xs[-1])))
    return -jax.numpy.log(jax.numpy.where(labels, p, 1.0 - p)).mean()


def _batches(index, key, scanned, by_matrix=None):
    makers = {"fastgrad": lambda: _batch(index), "jax, scan": lambda: _jax_batch(index, scanned)}
    if by_matrix:
        makers["jax, matrix"] = lambda: _jax_batch(index, by_matrix)
    name = f"{workloads.WORKLOADS[index].name}, {PARAMETER_ROWS:,} rows"
    return Case("a gradient a row", f"batch.{key}", name, makers)


# A function with 8 paths of 100 operations each.

PATHS, ROUNDS, PIECEWISE_ROWS = 8, 25, 100_000


def _piece(x, k):
    """Do 100 operations, four a round."""
    y = x
    for _ in range(ROUNDS):
        y = (y * (0.1 + 0.1 * k) + x) * 0.9 - y
    return y


def _piecewise(x):
    for k in range(PATHS - 1):
        if x < k + 1.0:
            return _piece(x, k)
    return _piece(x, PATHS - 1)


def _x():
    return np.random.default_rng(10).uniform(0.0, PATHS, PIECEWISE_ROWS)


def _method(f, with_gradient):
    """Return a function of the rows to an array, and to a pair of arrays with the gradients."""
    return f.batch_value_and_grad if with_gradient else f.batch


def _all_paths(with_gradient):
    x, batch = _x(), _method(compiled.compile(_piecewise), with_gradient)
    return Runner(lambda: batch(x), lambda: np.ravel(batch(x)))


def _one_path(with_gradient):
    """Time one path by itself on all rows; the results are those of each path by itself on its own rows."""
    x, place = _x(), _x().astype(int)
    batches = [_method(compiled.compile(functools.partial(_piece, k=k)), with_gradient) for k in range(PATHS)]

    def results():
        found = np.array([np.atleast_2d(batch(x)) for batch in batches])  # paths, results, rows
        return np.ravel(found[place, :, np.arange(len(x))].T)

    return Runner(lambda: batches[PATHS // 2](x), results)


def _pieces(key, what, with_gradient):
    makers = {"8 paths": lambda: _all_paths(with_gradient), "1 path": lambda: _one_path(with_gradient)}
    return Case("100,000 rows on 8 paths", f"pieces.{key}", what, makers)


# The training of `examples/perceptron.py`: 50 epochs over 1,000 colours.

EPOCHS_COMPARED, EPOCHS_OF_REFERENCE = 3, 2


def train_by_sum(table, weights, epochs):
    """Do what `demo.train` does, on numbers of fastgrad."""
    w_1, w_2, w_3, b = weights
    table, losses = np.array(table), []

    @compiled.compile
    def error(colour, label):
        red, green, blue = colour
        total = w_1 * red + w_2 * green + w_3 * blue + b
        return (total.ifel(total > 0.0, 1.0, 0.0) - label) ** 2

    for _ in range(epochs):
        loss = error.sum(table[:, :3], table[:, 3])
        for weight in weights:
            weight.grad = 0.0
        loss.backward()
        for weight in weights:
            weight.data -= demo.RATE * weight.grad
        losses.append(loss.data)
    return losses


def _perceptron(train, scalar, epochs):
    random = np.random.RandomState(demo.TRAINING_SEED)
    table = demo.colours(random)
    numbers = [weight.data for weight in demo.start_weights(random)]

    def run(epochs=epochs):
        weights = [scalar(number) for number in numbers]
        losses = train(table, weights, epochs)
        return _flat(losses, [weight.data for weight in weights])

    return Runner(run, lambda: run(EPOCHS_COMPARED), scale=demo.EPOCHS / epochs)


def _training():
    makers = {
        "fastgrad": lambda: _perceptron(train_by_sum, fastgrad.Scalar, demo.EPOCHS),
        "reference": lambda: _perceptron(demo.train, reference.Scalar, EPOCHS_OF_REFERENCE),
    }
    return Case("training", "perceptron", "perceptron, 1,000 colours, 50 epochs", makers)


NETWORKS, ROWS_OF_FIGURE = [(3, 4, 4, 1), (3, 16, 16, 1)], (4, 16, 64, 256, 1024, 4096, 16384, 100_000)


def make_cases_of_figure():
    """Return the networks over many numbers of rows."""
    return [_networks(sizes, rows, run_sum=False) for sizes in NETWORKS for rows in ROWS_OF_FIGURE]


def make_cases():
    """Return all cases; nothing is recorded or compiled before their makers are called."""
    programs = range(len(workloads.WORKLOADS))
    return [
        *(_one_row(index) for index in programs),
        *(_recording(index) for index in programs),
        *(_networks(shape, rows) for shape in NETWORKS for rows in (4, 64, 4096, 100_000)),
        _batches(3, "equation", _scanned_equation),
        _batches(4, "regression", _scanned_likelihood, _likelihood_by_matrix),
        _pieces("values", "values", with_gradient=False),
        _pieces("gradients", "values and gradients", with_gradient=True),
        *(_by_itself(f"module.{shape[1]}", _module, shape, 4096, "module") for shape in NETWORKS),
        *(_by_itself(f"fit.{shape[1]}", _fit, shape, 64, f"fit, {FIT_EPOCHS} epochs,") for shape in NETWORKS),
        *(_threads(shape, 100_000) for shape in NETWORKS),
        _training(),
    ]
