"""``python -m benchmarks.sklearn_digits [--quick]``: `fastgrad.sklearn` beside scikit-learn's own perceptron.

Both tell 1,797 digits of 64 pixels by a network of 100 rectifiers, with the defaults of both, which are the same: Adam,
batches of 200 rows, and an end where the loss stops falling. A quarter of the rows is held out for the accuracies. Fits
take turns, one for each seed; a ratio is that of the least times, by the clock, also of an epoch: epochs may differ.
"""

import argparse
import statistics
import time
import warnings

from sklearn import neural_network
from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import train_test_split

from benchmarks.compare import print_table
from fastgrad import sklearn as ours

KINDS = {"fastgrad.sklearn": ours.MLPClassifier, "scikit-learn": neural_network.MLPClassifier}


def fitted(kind, data, seed):
    """Seconds of a fit, seconds of an epoch, and the accuracy on rows held out."""
    X, X_test, y, y_test = data
    model, start = kind(random_state=seed), time.perf_counter()
    model.fit(X, y)
    seconds = time.perf_counter() - start
    return seconds, seconds / model.n_iter_, model.score(X_test, y_test), model.n_iter_


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="two seeds instead of seven")
    seeds = range(2 if parser.parse_args().quick else 7)
    warnings.simplefilter("ignore", ConvergenceWarning)
    X, y = load_digits(return_X_y=True)
    data = train_test_split(X / 16.0, y, random_state=0, stratify=y)
    found = {name: [] for name in KINDS}
    for seed in seeds:
        for name, kind in KINDS.items():
            found[name].append(fitted(kind, data, seed))
    least = {name: [min(column) for column in list(zip(*runs))[:2]] for name, runs in found.items()}
    rows = []
    for name, runs in found.items():
        accuracy = statistics.mean(run[2] for run in runs)
        epochs = statistics.mean(run[3] for run in runs)
        rows.append([name, f"{least[name][0]:.2f}", f"{1e3 * least[name][1]:.2f}", f"{epochs:.0f}", f"{accuracy:.4f}"])
    print_table("Digits, least times of a fit", ["", "seconds", "ms each epoch", "epochs", "accuracy"], rows)
    ratios = [theirs / own for theirs, own in zip(least["scikit-learn"], least["fastgrad.sklearn"])]
    print(f"\nfastgrad is {ratios[0]:.2f} times as fast, {ratios[1]:.2f} times an epoch")


if __name__ == "__main__":
    main()
