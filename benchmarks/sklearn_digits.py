"""``python -m benchmarks.sklearn_digits [--quick]``: `fastgrad.sklearn` beside scikit-learn's own perceptron.

Both tell 1,797 digits of 64 pixels by a network of 100 rectifiers, with the defaults of both, which are the same: Adam,
batches of 200 rows, and an end where the loss stops falling. So are the first weights, the batches and the losses, but
for rounding. A third program calls `train.fit` by hand, for the same network: what it takes less is the estimator's own
time. A quarter of the rows is held out for the accuracies. Fits take turns, one for each seed; a ratio is that of the
least times, by the clock, also of an epoch: epochs may differ.
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
from fastgrad import nn, train
from fastgrad import sklearn as ours


def fastgrad_sklearn(data, seed):
    return by_estimator(ours.MLPClassifier(random_state=seed), *data)


def scikit_learn(data, seed):
    return by_estimator(neural_network.MLPClassifier(random_state=seed), *data)


def by_estimator(model, X, X_test, y, y_test):
    """Seconds of a fit, seconds of an epoch, the accuracy on rows held out, and epochs."""
    start = time.perf_counter()
    model.fit(X, y)
    seconds = time.perf_counter() - start
    return seconds, seconds / model.n_iter_, model.score(X_test, y_test), model.n_iter_


def by_hand(data, seed):
    X, X_test, y, y_test = data
    start = time.perf_counter()
    model = nn.MLP(64, [100, 10], "relu", weights="xavier_uniform", rng=seed)
    history = train.fit(
        model,
        X,
        y,
        loss="cross_entropy",
        optimizer="adam",
        epochs=200,
        batch_size=200,
        penalty=0.5 * 1e-4 / 200,
        patience=10,
        min_delta=1e-4,
        seed=seed,
        progress=False,
    )
    seconds = time.perf_counter() - start
    accuracy = (model(X_test).data.argmax(axis=1) == y_test).mean()
    return seconds, seconds / history.epochs, accuracy, history.epochs


KINDS = {"fastgrad.sklearn": fastgrad_sklearn, "scikit-learn": scikit_learn, "train.fit by hand": by_hand}


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
            found[name].append(kind(data, seed))
    least = {name: [min(column) for column in list(zip(*runs))[:2]] for name, runs in found.items()}
    rows = []
    for name, runs in found.items():
        accuracy = statistics.mean(run[2] for run in runs)
        epochs = statistics.mean(run[3] for run in runs)
        rows.append([name, f"{least[name][0]:.2f}", f"{1e3 * least[name][1]:.2f}", f"{epochs:.0f}", f"{accuracy:.4f}"])
    print_table("Digits, least times of a fit", ["", "seconds", "ms each epoch", "epochs", "accuracy"], rows)
    ratios = [theirs / own for theirs, own in zip(least["scikit-learn"], least["fastgrad.sklearn"])]
    print(f"\nfastgrad is {ratios[0]:.2f} times as fast, {ratios[1]:.2f} times an epoch")
    more = least["fastgrad.sklearn"][1] / least["train.fit by hand"][1] - 1.0
    print(f"an epoch of the estimator takes {100.0 * more:+.1f} percent more than one of train.fit by hand")


if __name__ == "__main__":
    main()
