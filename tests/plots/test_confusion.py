"""The confusion matrix: what it counts, and that every number can be read."""

import numpy as np
import pytest

from fastgrad import plots

pytest.importorskip("matplotlib")

from fastgrad.plots.axes import luminance  # noqa: E402

RNG = np.random.default_rng(0)


def cells(ax):
    """The texts as a table."""
    side = round(len(ax.texts) ** 0.5)
    return np.array([text.get_text() for text in ax.texts]).reshape(side, side).tolist()


def test_rows_are_true_classes_and_columns_predicted_ones():
    ax = plots.confusion_matrix([0, 0, 0, 1, 1, 2], [0, 1, 1, 1, 1, 0])
    assert cells(ax) == [["1", "2", "0"], ["0", "2", "0"], ["1", "0", "0"]]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("Predicted", "True")


def test_columns_of_outputs_are_taken_for_the_largest():
    outputs = np.array([[0.9, 0.1, 0.0], [0.2, 0.5, 0.3], [0.1, 0.8, 0.1]])
    assert cells(plots.confusion_matrix(np.eye(3)[[0, 1, 2]], outputs)) == [
        ["1", "0", "0"], ["0", "1", "0"], ["0", "1", "0"],
    ]  # fmt: skip


def test_normalized_rows_are_shares():
    ax = plots.confusion_matrix([0, 0, 0, 1], [0, 1, 1, 0], normalize=True)
    assert cells(ax) == [["0.33", "0.67"], ["1", "0"]]
    assert cells(plots.confusion_matrix([0, 1], [0, 1], numbers="%.1f")) == [["1.0", "0.0"], ["0.0", "1.0"]]


def drawn(classes, labels=None, rows=5000, **options):
    y, predicted = RNG.integers(0, classes, size=(2, rows))
    ax = plots.confusion_matrix(np.where(RNG.random(rows) < 0.7, predicted, y), predicted, labels, **options)
    ax.figure.draw_without_rendering()
    return ax


@pytest.mark.parametrize("classes", [2, 12, 40])
@pytest.mark.parametrize("normalize", [False, True])
def test_every_number_lies_in_its_cell_and_contrasts_with_it(classes, normalize):
    ax = drawn(classes, normalize=normalize)
    (image,) = ax.get_images()
    side = ax.get_window_extent().width / classes
    for text in ax.texts:
        column, row = map(round, text.get_position())
        box = text.get_window_extent()
        assert box.width <= side
        assert box.height <= side
        light, dark = luminance(image.to_rgba(image.get_array()[row, column])), luminance((0.0, 0.0, 0.0))
        if text.get_color() == "white":
            light, dark = 1.0, light
        assert (light + 0.05) / (dark + 0.05) >= 4.5


def test_long_names_overlap_no_other_and_stay_in_the_figure():
    names = [f"{k}: a class of things with a very long name indeed" for k in range(12)]
    ax = drawn(12, names)
    boxes = [label.get_window_extent() for label in ax.get_yticklabels()]
    assert all(above.y0 >= below.y1 for above, below in zip(boxes, boxes[1:]))
    for box in [*boxes, *(label.get_window_extent() for label in ax.get_xticklabels())]:
        assert box.x0 >= 0.0
        assert box.y0 >= 0.0
        assert not box.overlaps(ax.get_window_extent())


def test_in_axes_of_ones_own_the_numbers_are_smaller():
    from matplotlib import pyplot

    ax = pyplot.subplots(1, 3, figsize=(6.0, 2.0))[1][0]
    assert drawn(12, ax=ax) is ax
    side = ax.get_window_extent().width / 12
    assert all(text.get_window_extent().width <= side for text in ax.texts)


@pytest.mark.parametrize(
    ("y", "predicted", "labels", "message"),
    [
        ([0, 1], [0], None, "predicted must have a row for each of y, 2, not 1"),
        (
            [0, 1],
            [0.3, 0.7],
            None,
            r"predicted must hold classes, whole numbers from 0 on, not 0.3: .*output > 0.5",
        ),
        ([-1, 1], [1, 1], None, "y must hold classes, whole numbers from 0 on, not -1"),
        ([], [], None, "y must have the shape"),
        ([0, 2], [0, 1], ["a", "b"], "labels must be a name for each class, 3, not 2"),
    ],
)
def test_what_is_no_class_is_refused_before_there_is_a_figure(y, predicted, labels, message):
    from matplotlib import pyplot

    with pytest.raises(ValueError, match=message):
        plots.confusion_matrix(y, predicted, labels)
    assert pyplot.get_fignums() == []


def test_shares_are_those_of_true_classes_only():
    with pytest.raises(TypeError, match="normalize must be True, .* not 'pred'"):
        plots.confusion_matrix([0, 1], [0, 1], normalize="pred")


def test_numbers_that_are_no_format_are_refused():
    with pytest.raises(ValueError, match="numbers must be a format for one number, such as '%.4g', not '%'"):
        plots.confusion_matrix([0], [0], numbers="%")
    with pytest.raises(TypeError, match="numbers must be a format for one number"):
        plots.confusion_matrix([0], [0], numbers="two")
