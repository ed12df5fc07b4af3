"""Pictures of training: learning curves, parameters along the epochs, what a model decides, and the network itself.

They take matplotlib, which the extra ``plots`` installs. Each draws on the axes it is given, or on those of a new
figure, and returns them: ``ax.figure.savefig("loss.svg")`` saves the picture, and a notebook shows it. In a figure with
``layout="constrained"``, as a new one is, legends stand beside the axes. `live` and `Recorder` are callbacks of
`train.fit`, for curves that grow while a model is trained, and for a film of it.

>>> import numpy as np
>>> ax = parameter_history(np.array([[0.0, 1.0], [0.5, 0.8], [0.7, 0.7]]), labels=["w", "b"])
>>> [line.get_label() for line in ax.get_lines()]
['w', 'b']
"""

from fastgrad.plots.confusion import confusion_matrix
from fastgrad.plots.curves import learning_curves, loss_curve, parameter_history
from fastgrad.plots.films import Film, Recorder, animate
from fastgrad.plots.networks import network
from fastgrad.plots.regions import decision_regions
from fastgrad.plots.watching import live

__all__ = [
    "Film",
    "Recorder",
    "animate",
    "confusion_matrix",
    "decision_regions",
    "learning_curves",
    "live",
    "loss_curve",
    "network",
    "parameter_history",
]
