"""Frames and series of pandas and polars, tables and arrays of Arrow: as arrays, with names, and what is refused."""

import math

import numpy as np
import pytest

import fastgrad
from fastgrad import losses, nn, optimize, train

pd = pytest.importorskip("pandas", minversion="2.0")
pl = pytest.importorskip("polars", minversion="1.0")
pa = pytest.importorskip("pyarrow", minversion="14")

N = 1000  # rows: enough to be read where they lie
RNG = np.random.default_rng(5)
DATA = {"age": RNG.normal(size=N), "children": RNG.integers(0, 5, N), "member": RNG.random(N) < 0.5}
TABLE = np.column_stack([column.astype(float) for column in DATA.values()])
FEW = {name: column[:8] for name, column in DATA.items()}

FRAMES = {
    "pandas": pd.DataFrame,
    "pandas, nullable": lambda data: pd.DataFrame(data).astype({"children": "Int64", "member": "boolean"}),
    "pandas, of one type": lambda data: pd.DataFrame(data).astype(float),
    "pandas, of an array": lambda data: pd.DataFrame(np.column_stack([*data.values()]).astype(float), columns=[*data]),
    "pandas, of Arrow": lambda data: pd.DataFrame(data).convert_dtypes(dtype_backend="pyarrow"),
    "polars": pl.DataFrame,
    "polars, in chunks": lambda data: pl.concat([pl.DataFrame(data)[:3], pl.DataFrame(data)[3:]], rechunk=False),
    "Arrow": pa.table,
    "Arrow, in chunks": lambda data: pa.concat_tables([pa.table(data).slice(0, 3), pa.table(data).slice(3)]),
    "Arrow's batch": pa.RecordBatch.from_pydict,
}
SERIES = {
    "pandas": pd.Series,
    "pandas, nullable": lambda column: pd.Series(column).convert_dtypes(),
    "polars": pl.Series,
    "Arrow": pa.array,
    "Arrow, in chunks": lambda column: pa.chunked_array([column[:3], column[3:]]),
}
frames = pytest.mark.parametrize("made", FRAMES.values(), ids=FRAMES)
series = pytest.mark.parametrize("made", SERIES.values(), ids=SERIES)


def by_name(row, w=2.0):
    return row["age"] * w + row["children"] ** 2 - row["member"]


def by_place(row, w=2.0):
    return row[0] * w + row[1] ** 2 - row[2]


def of_frame(name):
    """A new function of each test, and what it gives of the same numbers as an array."""
    return fastgrad.compile(lambda row, w: by_name(row, w)), fastgrad.compile(lambda row, w: by_place(row, w))


# A frame is its matrix; a row may be indexed by place and by name.


@frames
@pytest.mark.parametrize("data", [DATA, FEW], ids=["many rows", "few"])
def test_a_frame_gives_what_its_array_gives(made, data):
    frame, array = made(data), TABLE[: len(data["age"])]
    named, plain = of_frame("f")
    expected = plain.batch(array, 2.0, in_axes=(0, None))
    assert np.array_equal(named.batch(frame, 2.0, in_axes=(0, None)), expected)
    assert np.array_equal(plain.batch(frame, 2.0, in_axes=(0, None)), expected)
    for total in ("mean_value_and_grad", "sum_value_grad_and_hessian"):
        found = getattr(named, total)(frame, 2.0, argnums=1, in_axes=(0, None))
        assert found == pytest.approx(getattr(plain, total)(array, 2.0, argnums=1, in_axes=(0, None)), rel=1e-12)


@frames
def test_means_over_a_frame_have_slopes_by_scalars(made):
    w = fastgrad.Value(2.0)
    mean = fastgrad.compile(lambda row: by_name(row, w)).mean(made(DATA))
    mean.backward()
    assert mean.data == pytest.approx(np.mean(2.0 * TABLE[:, 0] + TABLE[:, 1] ** 2 - TABLE[:, 2]))
    assert w.grad == pytest.approx(DATA["age"].mean())


@frames
def test_networks_take_frames(made):
    model = nn.MLP(3, [4, 1], rng=0)
    assert np.array_equal(model(made(FEW)).data, model(TABLE[:8]).data)


@frames
def test_fits_take_frames(made):
    histories = []
    for X in (TABLE[:8], made(FEW)):
        model = nn.MLP(3, [1], rng=0)
        histories.append(train.fit(model, X, DATA["age"][:8], epochs=3, batch_size=3, seed=1, validation=0.25).loss)
    assert np.array_equal(*histories)


@series
def test_series_are_targets_columns_and_weights(made):
    column = made(FEW["children"])
    predictions = [fastgrad.Value(x) for x in FEW["age"]]
    expected = losses.mse(predictions, FEW["children"], weights=FEW["children"]).data
    assert losses.mse(predictions, column, weights=column).data == expected
    square = fastgrad.compile(lambda x: x * x)
    assert square.batch(column).tolist() == (FEW["children"] ** 2).tolist()
    assert square.mean(column).data == (FEW["children"] ** 2).mean()
    history = train.fit(nn.MLP(3, [1], rng=0), TABLE[:8], column, weights=column, epochs=2)
    assert np.isfinite(history.loss).all()


def test_a_dict_of_series_is_a_dict_of_columns():
    f = fastgrad.compile(lambda row: row["age"] * 2.0)
    assert f.batch(dict(pd.DataFrame(DATA))).tolist() == (DATA["age"] * 2.0).tolist()


def test_a_row_of_a_frame_is_an_argument():
    frame = pd.DataFrame({"a": [1.0, 2.0], "b": [3.0, 4.0]}, index=["x", "y"])
    f = fastgrad.compile(lambda row: row["a"] * row["b"])
    value, slopes = f.value_and_grad(frame.iloc[1])
    assert (value, slopes["a"], slopes["b"]) == (8.0, 4.0, 2.0)
    assert f.jacobian(frame.iloc[0]).tolist() == [3.0, 1.0]


def test_a_function_of_a_whole_frame_has_its_columns():
    f = fastgrad.compile(lambda frame, w: fastgrad.sum(frame["a"] * w - frame["b"]))
    assert f(pd.DataFrame({"a": [1.0, 2.0], "b": [3.0, 4.0]}), 2.0) == -1.0


def test_rows_are_arrays_too():
    f = fastgrad.compile(lambda row: fastgrad.dot(row, [1.0, 2.0, 3.0]) + fastgrad.sum(row[["age", "member"]]))
    expected = TABLE @ [1.0, 2.0, 3.0] + TABLE[:, 0] + TABLE[:, 2]
    assert f.batch(pd.DataFrame(DATA)) == pytest.approx(expected, rel=1e-12)


def test_columns_in_another_order_are_the_same_function_by_name():
    f, frame = fastgrad.compile(by_name), pd.DataFrame(FEW)
    assert np.array_equal(f.batch(frame), f.batch(frame[["member", "age", "children"]]))


def test_a_curve_is_fit_to_columns():
    t = np.linspace(0.0, 1.0, 9)
    frame = pd.DataFrame({"time": t, "dose": t**2})
    y = pl.Series(3.0 * t + 0.5 * t**2)
    fit = optimize.curve_fit(lambda row, a, b: a * row["time"] + b * row["dose"], frame, y, [1.0, 1.0])
    assert fit.x == pytest.approx([3.0, 0.5])


def test_frames_are_batches_of_a_stream():
    frame = pd.DataFrame(FEW)
    batches = [(frame[:4], frame["age"][:4]), (frame[4:], frame["age"][4:])]
    train.fit(nn.MLP(3, [1], rng=0), batches, epochs=2)
    with pytest.raises(ValueError, match=r"X of batch 1 must have the columns that the first had"):
        train.fit(nn.MLP(3, [1], rng=0), [batches[0], (frame[4:].rename(columns={"age": "Age"}), frame["age"][4:])])


def test_columns_are_read_where_they_lie():
    """So a total takes no memory of the frame's size."""
    import tracemalloc

    frame = pl.DataFrame({name: np.ones(200_000) for name in "abcd"})
    f = fastgrad.compile(lambda row: row["a"] * row["d"])
    f.mean(frame)
    tracemalloc.start()
    f.mean(frame)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 200_000


# Missing.


@pytest.mark.parametrize(
    ("frame", "remedy"),
    [
        (pd.DataFrame({"age": [1.0, math.nan], "b": [1, 2]}), "dropna"),
        (pd.DataFrame({"age": [1, None], "b": [1, 2]}, dtype="Int64"), "dropna"),
        (pd.DataFrame({"age": [True, None], "b": [1, 2]}).astype({"age": "boolean"}), "dropna"),
        (pl.DataFrame({"age": [1.0, None], "b": [1, 2]}), "drop_nulls"),
        (pa.table({"age": [1.0, None], "b": [1, 2]}), "drop_null"),
    ],
)
def test_what_is_missing_is_refused_by_column_and_row(frame, remedy):
    f = fastgrad.compile(lambda row: row["b"])
    for call in (
        lambda: f.batch(frame),
        lambda: f.mean(frame),
        lambda: nn.MLP(2, [1])(frame),
        lambda: train.fit(nn.MLP(2, [1]), frame, [1.0, 2.0]),
    ):
        with pytest.raises(ValueError, match=f"column 'age', is missing in row 1: {remedy}"):
            call()


@pytest.mark.parametrize(
    "column", [pd.Series([1.0, None], name="y"), pl.Series("y", [1.0, None]), pa.array([1.0, None])]
)
def test_what_is_missing_in_a_series_is_refused(column):
    for call in (
        lambda: losses.mse([0.0, 0.0], column),
        lambda: losses.mse([0.0, 0.0], [1.0, 1.0], weights=column),
        lambda: train.fit(nn.MLP(1, [1]), [[1.0], [3.0]], column),
        lambda: fastgrad.compile(lambda x: x).sum(column),
    ):
        with pytest.raises(ValueError, match="is missing in row 1"):
            call()


def test_the_label_of_a_row_is_told():
    with pytest.raises(ValueError, match=r"column 'a', is missing in row 1 \(of index 'Bob'\)"):
        nn.MLP(1, [1])(pd.DataFrame({"a": [1.0, None]}, index=["Ann", "Bob"]))


def test_nan_is_a_number_where_null_is_missing():
    assert math.isnan(fastgrad.compile(lambda row: row["a"]).mean(pl.DataFrame({"a": [1.0, math.nan]})).data)


def test_infinities_are_numbers_that_a_fit_refuses_by_column():
    frame = pd.DataFrame({"a": [1.0, 2.0], "b": [1.0, -math.inf]})
    assert fastgrad.compile(lambda row: row["b"]).batch(frame).tolist() == [1.0, -math.inf]
    with pytest.raises(ValueError, match="X must hold finite numbers, but row 1, column 'b' is -inf"):
        train.fit(nn.MLP(2, [1]), frame, [1.0, 2.0])


# No numbers.

TIMES = pd.to_datetime(["2026-01-01", "2026-01-02"])


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (
            pd.DataFrame({"a": ["x", "y"]}),
            r"column 'a', must hold numbers, not (str|object): df\['a'\].astype.*get_dummies",
        ),
        (pd.DataFrame({"a": pd.Categorical([1, 2])}), r"not category: .*get_dummies.*cat.codes"),
        (pd.DataFrame({"a": TIMES}), r"not datetime64.*total_seconds"),
        (pd.DataFrame({"a": [1.0 + 2.0j, 1.0]}), r"not complex128"),
        (pl.DataFrame({"a": ["x", "y"]}), r"not String: .*df.to_dummies\('a'\)"),
        (pl.DataFrame({"a": list(TIMES)}), r"not Datetime.*total_seconds"),
        (pa.table({"a": ["x", "y"]}), r"not string: .*after to_pandas\(\)"),
        (pa.table({"a": pa.array(["x", "y"]).dictionary_encode()}), r"not dictionary"),
        (pl.LazyFrame({"a": [1.0, 2.0]}), r"LazyFrame, which has none yet: collect\(\) it"),
    ],
)
def test_what_is_no_number_is_refused_by_column_and_type(frame, message):
    for call in (
        lambda: fastgrad.compile(lambda row: row[0]).batch(frame),
        lambda: nn.MLP(1, [1])(frame),
        lambda: train.fit(nn.MLP(1, [1]), frame, [1.0, 2.0]),
    ):
        with pytest.raises(TypeError, match=message):
            call()


def test_a_series_without_a_name_is_no_column_of_a_frame():
    with pytest.raises(TypeError, match=r"pandas.get_dummies\(x\) makes columns"):
        train.fit(nn.MLP(1, [1], rng=0), pd.DataFrame({"a": [1.0]}), pd.Series(["yes"]))


def test_two_columns_of_one_name_are_refused():
    frame = pd.DataFrame(np.ones((2, 2)), columns=["a", "a"])
    with pytest.raises(ValueError, match="2 columns are called 'a'"):
        fastgrad.compile(lambda row: row[0]).batch(frame)


def test_a_frame_without_columns_is_refused():
    for frame in (pd.DataFrame(index=[0, 1]), pl.DataFrame(), pa.table({})):
        with pytest.raises(ValueError, match="must have at least one column"):
            fastgrad.compile(lambda row: 1.0).batch(frame)


def test_labels_that_are_no_strings_are_named_by_their_text():
    frame = pd.DataFrame([[1.0, 2.0]], columns=pd.MultiIndex.from_tuples([("a", 1), ("a", 2)]))
    assert fastgrad.compile(lambda row: row["('a', 2)"]).batch(frame).tolist() == [2.0]
    assert fastgrad.compile(lambda row: row["1"]).batch(pd.DataFrame([[1.0, 2.0]])).tolist() == [2.0]


# Names in errors and pictures.


def test_a_name_that_is_not_there_names_a_near_one():
    with pytest.raises(KeyError, match="there is no column 'aeg': is it 'age'?"):
        fastgrad.compile(lambda row: row["aeg"]).batch(pd.DataFrame(DATA))


def test_a_network_of_another_width_names_the_columns():
    names = "the columns are 'age', 'children', 'member'"
    with pytest.raises(
        ValueError, match=f"x must have 2 numbers in a row, as the first layer has inputs, not 3: {names}"
    ):
        nn.MLP(2, [1])(pd.DataFrame(DATA))
    with pytest.raises(ValueError, match=f"X does not suit the model: x must have 2 .*{names}"):
        train.fit(nn.MLP(2, [1]), pd.DataFrame(DATA), DATA["age"])


def test_validation_has_the_columns_of_the_rows():
    X, y = pd.DataFrame(FEW), FEW["age"]
    with pytest.raises(ValueError, match="X of validation must have the columns that X has"):
        train.fit(nn.MLP(3, [1]), X, y, validation=(X[["children", "age", "member"]], y))


def test_pictures_and_texts_have_the_names():
    f = fastgrad.compile(lambda row, w: row["age"] * w)
    f.batch(pl.DataFrame(FEW), 2.0, in_axes=(0, None))
    assert f.text().splitlines()[0] == "v0, v1, v2, v3: row['age'], row['children'], row['member'], w"
    assert "row['age']" in f.draw().source
    source = nn.MLP(3, [2, 1]).draw(inputs=pd.DataFrame(FEW)).source
    assert all(name in source for name in FEW)


def test_a_compiled_function_of_a_frame_is_pickled(tmp_path):
    import pickle

    f = fastgrad.compile(by_name)
    expected = f.batch(pd.DataFrame(FEW))
    assert np.array_equal(pickle.loads(pickle.dumps(f)).batch(pd.DataFrame(FEW)), expected)


def test_axes_of_a_picture_have_the_names():
    pytest.importorskip("matplotlib").use("Agg")
    from fastgrad import plots

    ax = plots.decision_regions(nn.MLP(2, [1]), pl.DataFrame(FEW)[["age", "children"]], FEW["member"], resolution=3)
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("age", "children")


class Streamed:
    """As other packages hand over columns: by Arrow's interface alone."""

    def __init__(self, table):
        self.table = table

    def __arrow_c_stream__(self, requested_schema=None):
        return self.table.__arrow_c_stream__(requested_schema)


def test_what_has_arrows_interface_is_a_frame():
    f = fastgrad.compile(by_name)
    assert np.array_equal(f.batch(Streamed(pa.table(FEW))), f.batch(pd.DataFrame(FEW)))


@pytest.mark.parametrize(("index", "where"), [([5, 7], r"row 1 \(of index 7\):"), ([0, 1], "row 1:")])
def test_labels_of_rows_that_are_numbers(index, where):
    with pytest.raises(ValueError, match=where):
        fastgrad.compile(lambda x: x).batch(pd.Series([1.0, None], index=index))
