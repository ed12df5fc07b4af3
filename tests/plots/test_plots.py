"""What curves and decision regions show."""

import sys

import numpy as np
import pytest

import fastgrad
from fastgrad import Value, nn, plots, train

pytest.importorskip("matplotlib")

from matplotlib import pyplot  # noqa: E402
from matplotlib.contour import QuadContourSet  # noqa: E402

from fastgrad.plots.axes import luminance  # noqa: E402

X = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
Y = np.array([0, 1, 1, 0])


def texts(legend):
    return [text.get_text() for text in legend.get_texts()]


def filled(ax):
    """The one filled contour of a picture."""
    (contours,) = (artist for artist in ax.get_children() if isinstance(artist, QuadContourSet))
    assert contours.filled
    return contours


def points(ax):
    """The scattered points, class by class."""
    marks = [artist for artist in ax.collections if not isinstance(artist, QuadContourSet)]
    return [mark.get_offsets().tolist() for mark in marks]


# The loss.


def test_a_loss_curve_is_a_line_of_the_epochs(axes):
    history = train.fit(nn.MLP(2, [1], rng=0), X, Y, epochs=5)
    assert plots.loss_curve(history, axes) is axes
    (line,) = axes.get_lines()
    assert line.get_xdata().tolist() == [0, 1, 2, 3, 4]
    assert line.get_ydata().tolist() == history.loss.tolist()
    assert (axes.get_xlabel(), axes.get_ylabel(), axes.get_legend()) == ("Epoch", "Loss", None)


def test_a_model_is_no_history():
    with pytest.raises(TypeError, match="^history must be what train.fit returned, or a list of numbers, not MLP of"):
        plots.loss_curve(nn.MLP(2, [1]))


def test_a_loss_curve_has_a_line_of_the_validation_data(axes):
    history = train.fit(nn.MLP(2, [1], rng=0), X, Y, epochs=5, validation=(X[:2], Y[:2]))
    plots.loss_curve(history, axes)
    assert [line.get_ydata().tolist() for line in axes.get_lines()] == [
        history.loss.tolist(),
        history.val_loss.tolist(),
    ]
    assert texts(axes.get_legend()) == ["training", "validation"]


def test_a_loss_curve_of_a_list(axes):
    plots.loss_curve([3.0, 2.0, 1.0], axes)
    assert axes.get_lines()[0].get_ydata().tolist() == [3.0, 2.0, 1.0]


def test_a_loss_curve_of_a_table_is_refused():
    with pytest.raises(ValueError, match=r"history must have the shape \(epochs,\), not \(2, 2\)"):
        plots.loss_curve([[1.0, 2.0], [3.0, 4.0]])
    assert pyplot.get_fignums() == []


# Parameters.


def test_every_parameter_has_a_line(axes):
    rows = [[0.0, 1.0, 2.0], [0.1, 1.1, 2.1]]
    assert plots.parameter_history(rows, labels=["w_1", "w_2", "b"], ax=axes) is axes
    assert [line.get_ydata().tolist() for line in axes.get_lines()] == [[0.0, 0.1], [1.0, 1.1], [2.0, 2.1]]
    assert texts(axes.get_legend()) == ["w_1", "w_2", "b"]


def test_parameters_that_callbacks_recorded(axes):
    model, rows = nn.MLP(2, [3, 1], rng=0), []
    train.fit(model, X, Y, epochs=4, callbacks=[lambda epoch, history: rows.append(model.flat)])
    plots.parameter_history(rows, ax=axes)
    assert len(axes.get_lines()) == model.num_parameters()
    assert axes.get_legend() is None


def test_labels_of_another_number_are_refused():
    with pytest.raises(ValueError, match="labels must be a name for each parameter, 2, not 1"):
        plots.parameter_history([[1.0, 2.0]], labels=["w"])
    with pytest.raises(ValueError, match=r"parameters must have the shape \(epochs, parameters\), not \(2,\)"):
        plots.parameter_history([1.0, 2.0])
    assert pyplot.get_fignums() == []


# Decisions.


def test_one_output_is_shaded_and_has_a_bar(axes):
    model = nn.MLP(2, [4, 1], output_activation="sigmoid", rng=0)
    assert plots.decision_regions(model, X, Y, axes, resolution=30) is axes
    low, high = filled(axes).get_array().min(), filled(axes).get_array().max()
    grid = np.stack(np.meshgrid(np.linspace(-0.5, 1.5, 30), np.linspace(-0.5, 1.5, 30)), axis=-1).reshape(-1, 2)
    outputs = model(grid).data
    assert low <= np.quantile(outputs, 0.1)
    assert high >= np.quantile(outputs, 0.9)
    assert len(filled(axes).levels) > 10
    assert [ax.get_ylabel() for ax in axes.figure.axes[1:]] == ["Prediction"]


def test_the_points_are_marked_by_class(axes):
    plots.decision_regions(nn.MLP(2, [1], rng=0), X, Y, axes, resolution=5)
    assert points(axes) == [X[Y == 0].tolist(), X[Y == 1].tolist()]
    assert texts(axes.get_legend()) == ["class 0", "class 1"]


def test_the_picture_reaches_beyond_the_points_by_the_margin(axes):
    plots.decision_regions(nn.MLP(2, [1], rng=0), X * [1.0, 3.0], Y, axes, resolution=5, margin=0.25)
    assert (*axes.get_xlim(), *axes.get_ylim()) == (-0.25, 1.25, -0.25, 3.25)


def by_the_side(row):
    """Three classes, from left to right."""
    return [Value(0.5 - row[0]), Value(0.0), Value(row[0] - 1.5)]


def test_several_outputs_divide_the_plane_by_the_largest(axes):
    rows = [[0.0, 0.0], [1.0, 0.0], [2.0, 0.0]]
    plots.decision_regions(by_the_side, rows, [0, 1, 2], axes, resolution=21)
    regions = filled(axes)
    assert regions.levels.tolist() == [-0.5, 0.5, 1.5, 2.5]
    boxes = [path.get_extents() for path in regions.get_paths()]
    assert [(round(box.x0, 1), round(box.x1, 1)) for box in boxes] == [(-0.5, 0.5), (0.5, 1.5), (1.5, 2.5)]
    assert len(axes.figure.axes) == 1


def test_labels_may_be_a_column_for_each_class(axes):
    plots.decision_regions(by_the_side, X, np.eye(3)[[0, 1, 1, 2]], axes, resolution=5)
    assert points(axes) == [X[:1].tolist(), X[1:3].tolist(), X[3:].tolist()]


def contrast(ax, model):
    """The least distance of a point's color from that of its region, with the white behind it."""
    regions, least = filled(ax), np.inf
    for mark in (artist for artist in ax.collections if not isinstance(artist, QuadContourSet)):
        for point in mark.get_offsets():
            outputs = np.atleast_1d(fastgrad.values(model(point.tolist())))
            number = outputs[0] if len(outputs) == 1 else outputs.argmax()
            *color, alpha = regions.get_facecolor()[np.searchsorted(regions.levels, number, side="right") - 1]
            region = alpha * np.array(color) + (1.0 - alpha)
            least = min(least, np.linalg.norm(mark.get_facecolor()[0][:3] - region))
    return least


def test_points_differ_in_color_from_their_region(axes):
    model = nn.MLP(2, [8, 1], output_activation="sigmoid", rng=0)
    train.fit(model, X, Y, loss="binary_cross_entropy", optimizer="adam", lr=0.1, epochs=300)
    assert ((model(X).data > 0.9) == Y).all()
    plots.decision_regions(model, X, Y, axes, resolution=30)
    assert contrast(axes, model) > 0.5


def test_points_of_several_classes_differ_in_color_from_their_region(axes):
    plots.decision_regions(by_the_side, [[0.0, 0.0], [1.0, 0.0], [2.0, 0.0]], [0, 1, 2], axes, resolution=21)
    assert contrast(axes, by_the_side) > 0.5


# Extremes.


def test_one_point_of_one_class_is_drawn(axes):
    plots.decision_regions(nn.MLP(2, [1], rng=0), X[:1], Y[:1], axes, resolution=5, margin=0.0)
    assert (*axes.get_xlim(), *axes.get_ylim()) == (-0.5, 0.5, -0.5, 0.5)
    assert points(axes) == [X[:1].tolist()]


def test_points_are_the_smaller_the_more_there_are():
    sizes = []
    for count in (1, 100, 10_000):
        rows = np.random.default_rng(0).normal(size=(count, 2))
        ax = plots.decision_regions(by_the_side, rows, np.zeros(count), resolution=5)
        (marks,) = (artist for artist in ax.collections if not isinstance(artist, QuadContourSet))
        sizes.append(marks.get_sizes()[0])
        assert ax.get_legend().legend_handles[0].get_sizes()[0] == sizes[0]
    assert sizes[0] == sizes[1] > sizes[2]


@pytest.mark.parametrize("style", ["default", "dark_background"])
def test_twelve_classes_differ_in_shape_or_colour_and_their_regions_are_pale(style):
    rows = np.array([[float(k), 0.0] for k in range(12)])
    with pyplot.style.context(style):
        ax = plots.decision_regions(
            lambda row: [Value(-abs(row[0] - k)) for k in range(12)], rows, range(12), resolution=48
        )
    marks = [artist for artist in ax.collections if not isinstance(artist, QuadContourSet)]
    looks = {(tuple(m.get_facecolor()[0]), m.get_paths()[0].vertices.tobytes()) for m in marks}
    assert len(looks) == 12
    assert ax.get_facecolor() == (1.0, 1.0, 1.0, 1.0)
    for *color, alpha in filled(ax).get_facecolor():
        assert luminance(alpha * np.array(color) + (1.0 - alpha)) > 0.45


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("output", [0.0, 1e300, float("nan"), float("inf")])
def test_a_model_that_says_the_same_everywhere_is_drawn(axes, output):
    plots.decision_regions(lambda row: Value(output), X, Y, axes, resolution=5)
    axes.figure.draw_without_rendering()


@pytest.mark.filterwarnings("error")
def test_one_epoch_is_a_dot():
    ax = plots.loss_curve([0.5])
    ax.figure.draw_without_rendering()
    assert [dots.get_offsets().tolist() for dots in ax.collections] == [[[0.0, 0.5]]]
    low, high = ax.get_xlim()
    assert [tick for tick in ax.get_xticks() if low <= tick <= high] == [0.0]


@pytest.mark.filterwarnings("error")
def test_what_is_not_finite_is_a_gap_and_what_stands_alone_a_dot():
    ax = plots.loss_curve([3.0, np.nan, 2.0, 1.0, np.inf, 0.5])
    (line,) = ax.get_lines()
    assert np.isnan(line.get_ydata()).tolist() == [False, True, False, False, True, False]
    assert [dots.get_offsets().tolist() for dots in ax.collections] == [[[0.0, 3.0], [5.0, 0.5]]]
    assert [text.get_text() for text in plots.loss_curve([np.nan, np.nan]).texts] == ["no number is finite"]


# Loss and metric.


def test_learning_curves_are_of_the_loss_and_of_the_metric():
    history = train.fit(nn.MLP(2, [1], rng=0), X, Y, epochs=5, validation=(X, Y), metric="accuracy")
    axs = plots.learning_curves(history)
    assert [ax.get_ylabel() for ax in axs] == ["Loss", "Metric"]
    assert [line.get_ydata().tolist() for ax in axs for line in ax.get_lines()] == [
        column.tolist() for column in (history.loss, history.val_loss, history.metric, history.val_metric)
    ]
    assert [texts(ax.get_legend()) for ax in axs] == [["training", "validation"]] * 2


def test_learning_curves_without_a_metric_are_of_the_loss(axes):
    history = train.fit(nn.MLP(2, [1], rng=0), X, Y, epochs=5)
    assert plots.learning_curves(history, [axes]) == [axes]
    history = train.fit(nn.MLP(2, [1], rng=0), X, Y, epochs=5, metric="accuracy")
    with pytest.raises(ValueError, match="axs must have axes for the loss and for the metric, 2, not 1"):
        plots.learning_curves(history, [axes])


# Legends.

DRAWN = {
    "losses": lambda ax: plots.loss_curve(train.fit(nn.MLP(2, [1]), X, Y, epochs=5, validation=(X, Y)), ax),
    "parameters": lambda ax: plots.parameter_history(np.ones((3, 20)), [f"w{k}" for k in range(20)], ax),
    "many parameters": lambda ax: plots.parameter_history(
        np.ones((3, 500)), [f"a long name of w{k}" for k in range(500)], ax
    ),
    "long names": lambda ax: plots.parameter_history(np.ones((3, 2)), ["long " * 40, "name"], ax),
    "metric": lambda ax: plots.learning_curves(
        train.fit(nn.MLP(2, [1]), X, Y, epochs=5, validation=(X, Y), metric="accuracy"), ax and [ax, ax]
    )[1],
    "one output": lambda ax: plots.decision_regions(nn.MLP(2, [1], rng=0), X, Y, ax, resolution=5),
    "several outputs": lambda ax: plots.decision_regions(by_the_side, X, [0, 1, 1, 2], ax, resolution=5),
}


@pytest.mark.parametrize("name", DRAWN)
def test_a_legend_covers_nothing_and_is_in_the_picture(name):
    ax = DRAWN[name](None)
    ax.figure.draw_without_rendering()
    legend, figure = ax.get_legend().get_window_extent(), ax.figure.bbox
    assert not any(legend.overlaps(other.get_window_extent()) for other in ax.figure.axes)
    assert figure.x0 <= legend.x0 <= legend.x1 <= figure.x1
    assert figure.y0 <= legend.y0 <= legend.y1 <= figure.y1


@pytest.mark.parametrize("name", DRAWN)
def test_a_figure_that_makes_no_room_has_its_legend_in_the_axes(name, axes):
    ax = DRAWN[name](axes)
    ax.figure.draw_without_rendering()
    legend, inside = ax.get_legend().get_window_extent(), ax.get_window_extent()
    assert inside.x0 <= legend.x0 <= legend.x1 <= inside.x1


def test_a_legend_in_the_axes_lies_over_no_line(axes):
    walk = np.cumsum(np.random.default_rng(0).normal(size=(300, 30)), axis=0)
    plots.parameter_history(walk, [f"w{k}" for k in range(30)], axes)
    axes.figure.draw_without_rendering()
    box = axes.get_legend().get_window_extent()
    for line in axes.get_lines():
        assert not line.get_path().transformed(line.get_transform()).intersects_bbox(box, False)
    assert axes.get_window_extent().y0 <= box.y0


def test_a_legend_of_many_says_how_many_more_there_are(axes):
    plots.parameter_history(np.ones((2, 43)), [f"w{k}" for k in range(43)], axes)
    assert texts(axes.get_legend())[-2:] == ["w39", "… 3 more"]
    looks = {(line.get_color(), line.get_linestyle()) for line in axes.get_lines()[:40]}
    assert len(looks) == 40


def test_a_users_own_model_is_called_row_by_row(axes):
    w = Value(2.0)
    plots.decision_regions(lambda row: w * row[0] + row[1], X, Y, axes, resolution=5)
    assert filled(axes).get_array().max() >= 4.0


@pytest.mark.parametrize("layout", [None, "constrained"])
def test_axes_may_be_of_a_part_of_a_figure(layout):
    part = pyplot.figure(layout=layout).subfigures(1, 2)[0]
    above, below = part.subplots(2)
    plots.parameter_history(np.eye(3), ["a", "b", "c"], above)
    plots.confusion_matrix([0, 1], [0, 1], ax=below)
    plots.decision_regions(by_the_side, X, [0, 1, 1, 2], above, resolution=5)


def test_without_axes_there_is_a_new_figure():
    first, second = plots.loss_curve([1.0]), plots.loss_curve([1.0])
    assert first.figure is not second.figure
    assert plots.decision_regions(by_the_side, X, Y, resolution=3).figure is not second.figure


@pytest.mark.parametrize(
    ("rows", "labels", "options", "message"),
    [
        (np.ones((4, 3)), Y, {}, "X must have two columns to be drawn in the plane, not 3"),
        (X, Y[:2], {}, "y must have a row for each of X, 4, not 2"),
        (X, Y, {"resolution": 0}, "resolution must be at least 2, not 0"),
        (X, Y, {"resolution": 1}, "resolution must be at least 2, not 1"),
        (X, Y, {"margin": -1.0}, "margin must be 0 or a positive number, not -1.0"),
        (X, [0, 1, 2, 3], {}, "y must hold classes from 0 to 2"),
        (X, [-1, 1, 1, -1], {}, "y must hold classes from 0 to 2"),
    ],
)
def test_what_cannot_be_drawn_is_refused_before_there_is_a_figure(rows, labels, options, message):
    with pytest.raises(ValueError, match=message):
        plots.decision_regions(by_the_side, rows, labels, **options)
    assert pyplot.get_fignums() == []


def test_without_matplotlib_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    with pytest.raises(ImportError, match=r'pip install "fastgrad\[plots\]"'):
        plots.loss_curve([1.0])
