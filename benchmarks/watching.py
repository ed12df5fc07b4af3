"""``python -m benchmarks.watching [--quick]``: what it costs to watch a training in a notebook.

A kernel trains a network plainly, with a progress bar (`progress=True`) and with learning curves (`plots.live()`), in
turns; a ratio is that of the least times of the thread that trains, which draws, too, and whose time others on the
machine hardly change. There are as many epochs as take about the seconds asked for. What is drawn and sent counts, the
last picture too; what a browser does with it does not.
"""

import argparse
import json
import os
import pathlib

import nbclient
import nbformat

from benchmarks.compare import print_table

ROUNDS, SECONDS = 3, 12.0
ALONE = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
NETWORKS = {"3-16-16-1, 100 rows": (100, [16, 16, 1]), "3-64-64-1, 500 rows": (500, [64, 64, 1])}

PREPARED = """
import json, time
import numpy as np
from fastgrad import nn, plots, train

def seconds(rows, sizes, epochs, **options):
    X = np.random.default_rng(0).normal(size=(rows, 3))
    model = nn.MLP(3, sizes, rng=0)
    start = time.thread_time()
    train.fit(model, X, X[:, 0], lr=1e-3, epochs=epochs, **options)
    return time.thread_time() - start

WAYS = {
    "plain": lambda: {},
    "bar": lambda: {"progress": True},
    "curves": lambda: {"callbacks": [plots.live()]},
}
seconds(4, [1], 10, progress=True, callbacks=[plots.live()])  # which loads what is needed
"""
TIMED = """
epochs = int(SECONDS / min(seconds(ROWS, SIZES, 500) for _ in range(5)) * 500)
found = {way: [] for way in WAYS}
for _ in range(ROUNDS):
    for way, options in WAYS.items():
        found[way].append(seconds(ROWS, SIZES, epochs, **options()))
print(json.dumps([epochs, found]))
"""


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="one round, of one network")
    quick = parser.parse_args().quick
    networks = list(NETWORKS.items())[: 1 if quick else None]
    code = [PREPARED]
    for _, (rows, sizes) in networks:
        given = {"ROWS": rows, "SIZES": sizes, "SECONDS": SECONDS, "ROUNDS": 1 if quick else ROUNDS}
        code.append("\n".join(f"{name} = {value!r}" for name, value in given.items()) + TIMED)
    made = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in code])
    root = str(pathlib.Path(__file__).parents[1])
    client = nbclient.NotebookClient(made, timeout=1800, kernel_name="python3")
    client.execute(env={**os.environ, **ALONE, "PYTHONPATH": root})
    rows = []
    for (name, _), cell in zip(networks, made.cells[1:]):
        (said,) = (output.text for output in cell.outputs if output.get("name") == "stdout")
        epochs, found = json.loads(said)
        least = {way: min(times) for way, times in found.items()}
        microseconds = f"{1e6 * least['plain'] / epochs:.1f}"
        ratios = [f"{least[way] / least['plain']:.3f}" for way in ("bar", "curves")]
        rows.append([name, f"{least['plain']:.1f}", microseconds, *ratios])
    print_table("Watching", ["", "seconds", "us each epoch", "bar / plain", "curves / plain"], rows)


if __name__ == "__main__":
    main()
