"""A training step of a published GPT in plain Python, ``strands-microgpt``, unedited; and the same model in tensors.

The plain program runs on CPython, on PyPy and by ``fastgrad run``. torch and jax have another program, the model as
their users would write it: all positions of a name at once, 64-bit numbers, one thread. torch has a tensor for each
table of parameters and its own fused Adam, jax one compiled step on one vector of all parameters. Every way is a
process of its own, which takes the processor's time; jax's is the clock's, since it computes in a thread of its own.

``python -m benchmarks.gpt torch FOLDER ROUNDS`` is such a process.
"""

import importlib.util
import json
import math
import os
import random
import shutil
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

from benchmarks import networks
from benchmarks.children import CHECKOUT

SCRIPT = "train_gpt.py"
BETAS, EPSILON = (0.85, 0.99), 1e-8  # of the published program, as are the rate and the number of heads, 0.01 and 4

PYPY = "pypy3"
PLAINLY, BY_RUN, ON_PYPY = "CPython", "fastgrad run", "PyPy"
COMMANDS = {
    PLAINLY: [sys.executable, SCRIPT],
    ON_PYPY: [PYPY, SCRIPT],
    "torch": [sys.executable, "-m", "benchmarks.gpt", "torch", "."],
    "jax": [sys.executable, "-m", "benchmarks.gpt", "jax", "."],
    BY_RUN: [sys.executable, "-m", "fastgrad", "run", SCRIPT],
}
ROUNDS = {PLAINLY: 3, ON_PYPY: 8, BY_RUN: 20, "torch": 40, "jax": 150}


def prepare(folder):
    """Copy the program into a folder; say so and return False if it is not installed."""
    spec = importlib.util.find_spec("strands_microgpt")
    if spec is None:
        networks.say_left_out("the published GPT", "No module named 'strands_microgpt'")
        return False
    [package] = spec.submodule_search_locations
    shutil.copy(f"{package}/engine.py", folder)
    shutil.copy(Path(__file__).with_name(SCRIPT), folder)
    return True


def ways():
    """Return the ways that there are here."""
    missing = {name: f"No module named {name!r}" for name in ("torch", "jax") if not importlib.util.find_spec(name)}
    if shutil.which(PYPY) is None:
        missing[ON_PYPY] = f"there is no program {PYPY}"
    for name, why in missing.items():
        networks.say_left_out(name, why)
    return [way for way in COMMANDS if way not in missing]


def steps(folder, chosen, turns):
    """Time the ways in turns; return the least seconds of a step of each."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(CHECKOUT), os.environ.get("PYTHONPATH", "")])}
    seconds, expected = dict.fromkeys(chosen, math.inf), None
    for way in chosen * turns:
        command = [*COMMANDS[way], str(ROUNDS[way])]
        output = subprocess.check_output(command, cwd=folder, env=environment, stderr=subprocess.DEVNULL)
        found = json.loads(output)
        expected = expected or found["losses"]
        if not all(math.isclose(a, b, rel_tol=1e-9) for a, b in zip(expected, found["losses"], strict=True)):
            raise RuntimeError(f"{way} and {chosen[0]} disagree on the losses; no time is worth printing")
        seconds[way] = min(seconds[way], found["seconds"])
    return seconds


# The same model in tensors: one text for both libraries.


def _norm(x):
    return x * ((x * x).mean(-1)[:, None] + 1e-5) ** -0.5


def loss(w, tokens, mask, lib):
    """The mean loss of a name, whose positions see what is before them."""
    n = len(tokens) - 1
    x = _norm(w["wte"][tokens[:-1]] + w["wpe"][:n])
    q, k, v = ((_norm(x) @ w[f"layer0.attn_w{name}"].T).reshape(n, 4, -1).swapaxes(0, 1) for name in "qkv")
    seen = lib.softmax(q @ k.swapaxes(1, 2) / q.shape[-1] ** 0.5 + mask[:n, :n], -1) @ v
    x = x + seen.swapaxes(0, 1).reshape(n, -1) @ w["layer0.attn_wo"].T
    x = x + lib.relu(_norm(x) @ w["layer0.mlp_fc1"].T) @ w["layer0.mlp_fc2"].T
    return -lib.log_softmax(x @ w["lm_head"].T, -1)[lib.arange(n), tokens[1:]].mean()


def _with_training(published, make):
    """The published class, trained by a step in tensors: ``make(tables, mask)`` returns what trains a round."""
    import numpy as np

    class InTensors(published):
        def __init__(self, vocab_size):
            super().__init__(vocab_size)
            tables = {name: np.array([[x.data for x in row] for row in m]) for name, m in self.state_dict.items()}
            self.train_round = make(tables, np.triu(np.full((self.block_size, self.block_size), -np.inf), 1))

        def train_on_docs(self, docs, tokenizer, num_steps, log_every):
            random.seed(self.seed)
            random.shuffle(docs)
            rates = [0.01 * (1.0 - step / num_steps) for step in range(num_steps)]
            ends = [tokenizer.bos]
            return self.train_round([np.array(ends + tokenizer.encode(doc) + ends) for doc in docs], rates)

    return InTensors


def in_torch(tables, mask):
    import torch

    torch.set_num_threads(1)
    lib, mask = torch, torch.from_numpy(mask)
    w = {name: torch.from_numpy(table).requires_grad_() for name, table in tables.items()}

    def train_round(names, rates):
        optimizer, losses = torch.optim.Adam(w.values(), betas=BETAS, eps=EPSILON, fused=True), []
        for tokens, rate in zip(map(torch.from_numpy, names), rates, strict=True):
            optimizer.param_groups[0]["lr"] = rate
            optimizer.zero_grad()
            value = loss(w, tokens, mask, lib)
            value.backward()
            optimizer.step()
            losses.append(value.item())
        return losses

    return train_round


def in_jax(tables, mask):
    import jax
    import numpy as np

    jax.config.update("jax_enable_x64", True)
    jnp, (first, second) = jax.numpy, BETAS
    lib = SimpleNamespace(**{name: getattr(jax.nn, name) for name in ("softmax", "log_softmax", "relu")})
    lib.arange = jnp.arange
    ends = np.cumsum([table.size for table in tables.values()])[:-1]

    def loss_of_flat(flat, tokens):
        parts = zip(tables.items(), jnp.split(flat, ends), strict=True)
        return loss({name: part.reshape(table.shape) for (name, table), part in parts}, tokens, mask, lib)

    def step(flat, m, v, number, rate, tokens):
        value, grad = jax.value_and_grad(loss_of_flat)(flat, tokens)
        m, v = first * m + (1.0 - first) * grad, second * v + (1.0 - second) * grad**2
        change = m / (1.0 - first**number) / ((v / (1.0 - second**number)) ** 0.5 + EPSILON)
        return flat - rate * change, m, v, value

    compiled, flat = jax.jit(step, donate_argnums=(0, 1, 2)), jnp.concatenate([t.ravel() for t in tables.values()])

    def train_round(names, rates):
        nonlocal flat
        m, v, losses = jnp.zeros_like(flat), jnp.zeros_like(flat), []
        for number, (tokens, rate) in enumerate(zip(names, rates, strict=True), 1):
            flat, m, v, value = compiled(flat, m, v, float(number), rate, tokens)
            losses.append(float(value))
        return losses

    return train_round


def main(name, folder, rounds):
    """Train in tensors, as the script beside the published program trains that."""
    networks.use_one_thread()
    sys.path.insert(0, folder)
    import train_gpt

    make, clock = {"torch": (in_torch, time.process_time), "jax": (in_jax, time.perf_counter)}[name]
    train_gpt.train(_with_training(train_gpt.MicroGPT, make), int(rounds), clock)


if __name__ == "__main__":
    main(*sys.argv[1:])
