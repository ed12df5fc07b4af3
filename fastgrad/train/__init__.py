"""Training: `fit` runs the loop of batches and steps, and gives a `History` of what happened.

>>> from fastgrad import nn, train
>>> X = [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]
>>> y = [0.0, 1.0, 1.0, 0.0]
>>> model = nn.MLP(2, [4, 1], output_activation="sigmoid", rng=2)
>>> history = train.fit(model, X, y, loss="binary_cross_entropy", lr=0.5, epochs=2000, metric="accuracy")
>>> history.epochs, history.stopped, float(history.metric[-1])
(2000, 'finished', 1.0)
"""

from fastgrad.train.history import History, TrainingError
from fastgrad.train.loop import fit

__all__ = ["History", "TrainingError", "fit"]
