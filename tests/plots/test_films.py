"""Films of a training: what is recorded, and what the frames show."""

import io

import numpy as np
import pytest

from fastgrad import Value, nn, plots, train

pytest.importorskip("matplotlib")
Image = pytest.importorskip("PIL.Image")

X = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
Y = np.array([0, 1, 1, 0])


def recorded(model, X=X, y=Y, every=10, epochs=25, **options):
    recorder = plots.Recorder(model, every=every)
    return recorder, train.fit(model, X, y, epochs=epochs, callbacks=[recorder], **options)


def test_a_recorder_keeps_every_so_many_epochs_and_the_last():
    model, rows = nn.MLP(2, [3, 1], rng=0), []
    recorder = plots.Recorder(model, every=10)
    history = train.fit(model, X, Y, epochs=25, callbacks=[lambda *_: rows.append(model.flat), recorder])
    assert recorder.epochs == [0, 10, 20, 24]
    assert recorder.parameters.tolist() == [rows[k].tolist() for k in recorder.epochs]
    assert recorder.loss.tolist() == history.loss.tolist()


def test_a_recorder_begins_anew_with_another_training():
    recorder, _ = recorded(nn.MLP(2, [1], rng=0))
    train.fit(recorder.model, X, Y, epochs=3, callbacks=[recorder])
    assert recorder.epochs == [0, 2]
    assert len(recorder.loss) == 3


def test_a_model_of_single_scalars_is_recorded():
    class Line:
        def __init__(self):
            self.a, self.b = Value(0.0), Value(0.0)

        def __call__(self, row):
            return self.a * row[0] + self.b

        def parameters(self):
            return [self.a, self.b]

    line = Line()
    recorder, _ = recorded(line, [[0.0], [1.0]], [1.0, 3.0])
    assert recorder.parameters[-1].tolist() == [line.a.data, line.b.data]
    assert plots.animate(recorder, [[0.0], [1.0]], [1.0, 3.0]).frames == 4


def test_frames_show_what_the_model_was_and_the_model_stays_what_it_is():
    model = nn.MLP(2, [4, 1], output_activation="sigmoid", rng=0)
    recorder, _ = recorded(model, lr=1.0)
    before, outputs = model.flat, []
    recorder.at_each(lambda: outputs.append(model(X).data.tolist()))
    assert len({str(output) for output in outputs}) == 4
    film = plots.animate(recorder, X, Y)
    assert model.flat.tolist() == before.tolist()
    titles = []
    for frame in range(film.frames):
        film._draw(frame)
        left, right = film.figure.axes
        titles.append(left.get_title())
        assert right.get_lines()[1].get_ydata().tolist() == recorder.loss[: recorder.epochs[frame] + 1].tolist()
    assert titles == ["After epoch 0", "After epoch 10", "After epoch 20", "After epoch 24"]


def test_a_gif_has_a_frame_for_each_epoch_kept(tmp_path):
    recorder, _ = recorded(nn.MLP(2, [4, 1], rng=0))
    film = plots.animate(recorder, X, Y, fps=5.0)
    film.save(tmp_path / "a.gif")
    content = (tmp_path / "a.gif").read_bytes()
    assert content[:6] == b"GIF89a"
    with Image.open(io.BytesIO(content)) as picture:
        assert (picture.n_frames, picture.info["duration"]) == (4, 200)
    assert film.gif()[:6] == b"GIF89a"


def test_a_page_has_all_frames_and_needs_no_network(tmp_path):
    recorder, _ = recorded(nn.MLP(1, [4, 1], rng=0), [[0.0], [1.0], [2.0]], [0.0, 1.0, 0.0])
    film = plots.animate(recorder, [[0.0], [1.0], [2.0]], [0.0, 1.0, 0.0])
    film.save(tmp_path / "a.html")
    page = (tmp_path / "a.html").read_text(encoding="utf-8")
    assert page.count("data:image/png;base64") == 4
    assert "http" not in page
    assert film._repr_html_().count("data:image/png;base64") == 4
    assert all(sign in page for sign in "▶◀❚▸◂")


def test_of_many_epochs_some_are_left_out():
    recorder, _ = recorded(nn.MLP(2, [1], rng=0), every=1, epochs=50)
    film = plots.animate(recorder, X, Y, most=5)
    assert film.frames == 5
    film._draw(4)
    assert film.figure.axes[0].get_title() == "After epoch 49"


def test_several_outputs_are_divided_by_the_largest():
    recorder, _ = recorded(nn.MLP(2, [4, 2], rng=0), loss="cross_entropy")
    assert plots.animate(recorder, X, Y).frames == 4


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda r: plots.animate(plots.Recorder(r.model), X, Y), "recorder has nothing yet: give it to train.fit"),
        (lambda r: plots.animate(r, X, Y, fps=0.0), "fps must be a number of frames a second above 0, not 0.0"),
        (lambda r: plots.animate(r, np.ones((4, 3)), Y), "X must have one or two columns to be drawn, not 3"),
        (lambda r: plots.animate(r, X, Y).save("a.mp4"), "path must end with .gif or .html, not 'a.mp4'"),
        (lambda r: plots.Recorder(r.model, every=0), "every must be at least 1, not 0"),
    ],
)
def test_what_makes_no_film_is_refused(make, message):
    recorder, _ = recorded(nn.MLP(2, [1], rng=0))
    with pytest.raises(ValueError, match=message):
        make(recorder)
