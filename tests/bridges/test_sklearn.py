"""`fastgrad.sklearn` within scikit-learn: its own checks, its tools, and the conventions of its estimators."""

import inspect
import pickle
import subprocess
import sys

import numpy as np
import pytest

import fastgrad
from fastgrad import math, nn
from support.marks import in_processes

pytest.importorskip("sklearn", minversion="1.7", reason="scikit-learn is not installed, or older than 1.7")

from scipy import sparse  # noqa: E402
from sklearn import neural_network as theirs  # noqa: E402
from sklearn.base import clone, is_classifier, is_regressor  # noqa: E402
from sklearn.datasets import load_iris  # noqa: E402
from sklearn.exceptions import ConvergenceWarning, NotFittedError  # noqa: E402
from sklearn.model_selection import GridSearchCV, cross_val_score  # noqa: E402
from sklearn.pipeline import make_pipeline  # noqa: E402
from sklearn.preprocessing import StandardScaler  # noqa: E402
from sklearn.utils.estimator_checks import parametrize_with_checks  # noqa: E402

from fastgrad import sklearn as ours  # noqa: E402
from fastgrad.sklearn import Estimator, MLPClassifier, MLPRegressor  # noqa: E402

X, Y = load_iris(return_X_y=True)
X = StandardScaler().fit_transform(X)
TWO = Y < 2
QUICK = {"learning_rate_init": 0.02, "random_state": 0}
quietly = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def network(inputs, outputs):
    return nn.MLP(inputs, [10, outputs], rng=0)


def probability(inputs, outputs):
    return nn.MLP(inputs, [10, outputs], output_activation="sigmoid", rng=0)


LOSSES = [("cross_entropy", network), ("binary_cross_entropy_with_logits", network)]
LOSSES += [("hinge", network), ("binary_cross_entropy", probability)]


@quietly
@parametrize_with_checks(
    [
        MLPClassifier(),
        MLPRegressor(),
        MLPClassifier(solver="lbfgs", alpha=0.1),  # so that probabilities stay below 1
        MLPRegressor(solver="lbfgs"),
        Estimator(network, learning_rate_init=0.02),
        *[Estimator(make, loss, learning_rate_init=0.02) for loss, make in LOSSES],
    ]
)
def test_what_scikit_learn_asks_of_an_estimator(estimator, check):
    check(estimator)


@quietly
@pytest.mark.parametrize(("loss", "make"), LOSSES)
def test_every_loss_of_classes_tells_two_apart(loss, make):
    names = np.array(["no", "yes"])[Y[TWO]]
    model = Estimator(make, loss, **QUICK).fit(X[TWO], names)
    assert is_classifier(model)
    assert model.score(X[TWO], names) > 0.98
    assert hasattr(model, "predict_proba") is (loss != "hinge")
    if loss == "hinge":
        assert ((model.decision_function(X[TWO]) > 0.0) == (model.predict(X[TWO]) == "yes")).all()
    else:
        proba = model.predict_proba(X[TWO])
        np.testing.assert_allclose(proba.sum(axis=1), 1.0)
        assert (model.classes_[proba.argmax(axis=1)] == model.predict(X[TWO])).all()


# The same numbers as scikit-learn's perceptrons.

NAMES = ["MLPClassifier", "MLPRegressor"]
both = pytest.mark.parametrize("name", NAMES)
SCORES = X @ np.random.RandomState(0).normal(size=(4, 3))
TARGETS = {
    "two classes": np.array([3, 7])[(SCORES[:, 0] > 0.0).astype(int)],
    "three classes": np.array([-1, 0, 5])[SCORES.argmax(axis=1)],
    "labels": (SCORES > 0.0).astype(int),
    "a number": SCORES[:, 0],
    "three numbers": SCORES,
    "a count": np.exp(0.5 * SCORES[:, 0]).round(),
    "three counts": np.exp(0.5 * SCORES).round(),
}
SETTINGS = {
    "adam": {},
    "adam in batches": {"batch_size": 40, "beta_1": 0.8, "beta_2": 0.9, "epsilon": 1e-3, "activation": "relu"},
    "adam in order": {"batch_size": 40, "shuffle": False, "activation": "logistic"},
    "adam, stopping early": {"batch_size": 40, "early_stopping": True, "learning_rate_init": 0.02},
    "sgd": {"solver": "sgd", "activation": "identity"},
    "sgd, slower": {"solver": "sgd", "batch_size": 40, "learning_rate": "invscaling", "power_t": 0.3},
    "sgd, adaptive": {"solver": "sgd", "learning_rate": "adaptive", "tol": 0.02, "nesterovs_momentum": False},
    "sgd, no momentum": {"solver": "sgd", "learning_rate": "adaptive", "tol": 0.02, "momentum": 0.0},
    "lbfgs": {"solver": "lbfgs", "max_iter": 15},
}


def of_both(name, y, weights=None, **settings):
    """scikit-learn's perceptron and ours, after the same fit."""
    settings = {"hidden_layer_sizes": (8, 5), "activation": "tanh", "max_iter": 40, "random_state": 3, **settings}
    if isinstance(y, str):
        settings |= {"loss": "poisson"} if "count" in y else {}
        y = TARGETS[y]
    return [getattr(kind, name)(**settings).fit(X, y, sample_weight=weights) for kind in (theirs, ours)]


def assert_same(expected, found):
    for name in sorted(key for key in vars(expected) if key.endswith("_") and not key.startswith("_")):
        other, own = getattr(expected, name), getattr(found, name)
        if name in ("coefs_", "intercepts_"):
            for one, another in zip(other, own, strict=True):
                np.testing.assert_allclose(another, one, rtol=1e-6, atol=1e-9)
        elif other is None or isinstance(other, str):
            assert own == other, name
        elif name == "classes_":
            assert (own == other).all()
        else:
            np.testing.assert_allclose(own, other, rtol=1e-9, err_msg=name)
    for name in ("predict", "predict_proba", "predict_log_proba"):
        if hasattr(expected, name):
            other, own = getattr(expected, name)(X), getattr(found, name)(X)
            assert (own.shape, own.dtype) == (other.shape, other.dtype)
            if other.dtype.kind == "f":
                np.testing.assert_allclose(own, other, rtol=1e-6, atol=1e-9)
            else:
                assert (own == other).all()


@quietly
@pytest.mark.parametrize("weighed", [False, True])
@pytest.mark.parametrize("settings", SETTINGS.values(), ids=SETTINGS)
@pytest.mark.parametrize("kind", TARGETS)
def test_a_fit_gives_the_numbers_of_scikit_learn(kind, settings, weighed):
    weights = np.random.RandomState(1).uniform(0.5, 2.0, len(X)) if weighed else None
    name = NAMES["number" in kind or "count" in kind]
    expected, found = of_both(name, kind, weights, alpha=0.1, **settings)
    assert_same(expected, found)
    assert found.score(X, TARGETS[kind], weights) == pytest.approx(expected.score(X, TARGETS[kind], weights), rel=1e-6)


@quietly
@pytest.mark.parametrize("kind", ["two classes", "three classes", "labels", "a number"])
@pytest.mark.parametrize("solver", ["sgd", "adam"])
def test_so_do_partial_fits_and_warm_starts(kind, solver):
    y = TARGETS[kind]
    classes = {} if kind == "a number" else {"classes": range(3) if kind == "labels" else np.unique(y)}
    settings = {"learning_rate": "invscaling", "solver": solver, "max_iter": 7}
    expected, found = of_both(NAMES[kind == "a number"], kind, warm_start=True, **settings)
    for each in (expected, found):
        each.fit(X, y)
    assert_same(expected, found)
    expected, found = (clone(each) for each in (expected, found))
    for each in (expected, found):
        each.set_params(warm_start=False).partial_fit(X, y, **classes)
        for k in range(3):
            each.partial_fit(X[10 * k :], y[10 * k :])
    assert_same(expected, found)


@both
def test_it_takes_scikit_learns_arguments_in_its_order_with_its_defaults(name):
    for method in ("__init__", "fit", "partial_fit"):
        expected, found = (
            inspect.signature(getattr(getattr(kind, name), method)).parameters for kind in (theirs, ours)
        )
        assert [(p.name, p.kind, p.default) for p in found.values()][: len(expected)] == [
            (p.name, p.kind, p.default) for p in expected.values()
        ]


@quietly
def test_weights_and_biases_may_be_assigned():
    model, other = (MLPClassifier((5,), max_iter=2, random_state=k).fit(X, Y) for k in range(2))
    other.coefs_, other.intercepts_ = model.coefs_, model.intercepts_
    assert (model.predict_proba(X) == other.predict_proba(X)).all()
    model.coefs_[0][:] = 0.0
    assert (model.predict_proba(X) == other.predict_proba(X)).all(), "what is read is a copy"


@quietly
def test_rows_and_labels_may_be_sparse():
    y = TARGETS["labels"]
    dense, thin = (MLPClassifier((5,), max_iter=5, random_state=0) for _ in range(2))
    dense.fit(X, y), thin.fit(sparse.csr_array(X), sparse.csr_array(y))
    assert (thin.predict_proba(sparse.csc_array(X)) == dense.predict_proba(X)).all()


@quietly
def test_one_class_may_be_all_there_is():
    model = MLPClassifier((5,), max_iter=5).fit(X, np.full(len(X), "only"))
    assert (model.predict(X) == "only").all()


# At home in scikit-learn.


@quietly
def test_it_works_in_pipelines_searches_and_cross_validation():
    pipeline = make_pipeline(StandardScaler(), MLPClassifier((5,), max_iter=60, **QUICK))
    assert cross_val_score(pipeline, X, Y).mean() > 0.9
    search = GridSearchCV(pipeline, {"mlpclassifier__activation": ["tanh", "relu"]}, cv=3).fit(X, Y)
    assert search.best_score_ > 0.9
    assert search.best_estimator_[-1].loss_curve_[-1] < search.best_estimator_[-1].loss_curve_[0]


@quietly
def test_a_function_of_a_row_and_parameters_is_fitted():
    t = np.linspace(0.0, 4.0, 40)[:, None]
    decay = Estimator(lambda row, p: p[0] * math.exp(-p[1] * row[0]), start=[1.0, 1.0], alpha=0.0, tol=1e-10)
    decay.set_params(learning_rate_init=0.05, max_iter=1500).fit(t, 3.0 * np.exp(-0.75 * t[:, 0]))
    assert is_regressor(decay)
    np.testing.assert_allclose(decay.parameters_, [3.0, 0.75], rtol=1e-3)
    assert decay.score(t, 3.0 * np.exp(-0.75 * t[:, 0])) > 0.999


@quietly
def test_a_fit_trains_a_copy_of_a_module():
    module = nn.MLP(4, [3], rng=0)
    before = module.flat
    model = Estimator(module, "cross_entropy", **QUICK).fit(X, Y)
    assert (module.flat == before).all()
    assert model.score(X, Y) > 0.8
    assert (clone(model).fit(X, Y).parameters_ == model.parameters_).all()


@quietly
def test_a_whole_weight_counts_a_row_so_many_times():
    weights = np.arange(150) % 3
    options = {"max_iter": 30, "batch_size": 1000, **QUICK}
    weighed = MLPClassifier((5,), **options).fit(X, Y, sample_weight=weights)
    repeated = MLPClassifier((5,), **options).fit(np.repeat(X, weights, axis=0), np.repeat(Y, weights))
    np.testing.assert_allclose(weighed.predict_proba(X), repeated.predict_proba(X), rtol=1e-8)
    np.testing.assert_allclose(weighed.loss_curve_, repeated.loss_curve_, rtol=1e-10)


@quietly
def test_class_weights_are_weights_of_rows():
    by_class = MLPClassifier((5,), max_iter=20, class_weight={0: 1.0, 1: 5.0, 2: 2.0}, **QUICK).fit(X, Y)
    by_row = MLPClassifier((5,), max_iter=20, **QUICK).fit(X, Y, sample_weight=np.array([1.0, 5.0, 2.0])[Y])
    assert (by_class.predict_proba(X) == by_row.predict_proba(X)).all()


@quietly
@pytest.mark.parametrize("kind", [MLPClassifier, MLPRegressor])
def test_partial_fits_go_on_where_they_ended_also_after_a_pickle(kind):
    classes = {"classes": [0, 1, 2]} if kind is MLPClassifier else {}
    model = kind(hidden_layer_sizes=(5,), **QUICK).partial_fit(X, Y, **classes)
    copy = pickle.loads(pickle.dumps(model))
    for each in (model, copy):
        for _ in range(5):
            each.partial_fit(X[:50], Y[:50])
    assert (model.n_iter_, model.t_, len(model.loss_curve_)) == (1, 400, 6)
    assert (model.model_.flat == copy.model_.flat).all()
    assert (copy.predict(X) == model.predict(X)).all()


def test_early_stopping_holds_rows_out_and_ends_with_the_best_weights():
    model = MLPClassifier((20,), early_stopping=True, max_iter=1000, **QUICK).fit(X, Y, sample_weight=np.ones(150))
    assert model.n_iter_ == len(model.validation_scores_) < 1000
    assert model.best_validation_score_ == max(model.validation_scores_)
    assert model.score(X, Y) > 0.9


@quietly
def test_a_warm_start_goes_on_from_the_last_parameters():
    model = MLPClassifier((5,), max_iter=10, warm_start=True, **QUICK)
    first = model.fit(X, Y).loss_
    assert model.fit(X, Y).loss_curve_[10] < first
    with pytest.raises(
        ValueError, match=r"warm_start can only be used where `y` has the same classes .* `y` has \[0 1\]"
    ):
        model.fit(X[TWO], Y[TWO])
    cold = MLPClassifier((5,), max_iter=10, **QUICK).fit(X, Y)
    assert cold.loss_curve_ == cold.fit(X, Y).loss_curve_


@quietly
@pytest.mark.parametrize("loss", ["binary_cross_entropy", "binary_cross_entropy_with_logits"])
def test_an_estimator_tells_labels_by_the_binary_losses(loss):
    y = TARGETS["labels"]
    model = Estimator(probability if loss == "binary_cross_entropy" else network, loss, max_iter=300, **QUICK).fit(X, y)
    assert model.score(X, y) > 0.9
    assert ((model.predict_proba(X) > 0.5) == model.predict(X)).all()
    with pytest.raises(ValueError, match="y should be a 1d array"):
        Estimator(network, "cross_entropy").fit(X, y)


def test_lbfgs_fits_a_function_to_the_last_digits():
    t = np.linspace(0.0, 4.0, 40)[:, None]
    decay = Estimator(lambda row, p: p[0] * math.exp(-p[1] * row[0]), start=[1.0, 1.0], alpha=0.0, solver="lbfgs")
    decay.set_params(tol=1e-9).fit(t, 3.0 * np.exp(-0.75 * t[:, 0]))
    np.testing.assert_allclose(decay.parameters_, [3.0, 0.75], rtol=1e-4)
    with pytest.raises(AttributeError, match="partial_fit"):
        _ = decay.partial_fit


@quietly
def test_an_estimator_ends_with_the_parameters_of_its_best_epoch():
    settings = {"solver": "sgd", "learning_rate_init": 10.0, "alpha": 0.0, "momentum": 0.0}
    model = Estimator(network, "cross_entropy", max_iter=25, **settings).fit(X, Y)
    best = int(np.argmin(model.loss_curve_))
    assert 0 < best < 24
    fewer = Estimator(network, "cross_entropy", max_iter=best, **settings)
    fewer._ends_at_best = False
    assert (fewer.fit(X, Y).parameters_ == model.parameters_).all()


@quietly
def test_biases_of_layers_are_not_penalized():
    model = Estimator(network, "cross_entropy", alpha=1e4, max_iter=2000, tol=0.0, **QUICK).fit(X, Y)
    biases = np.concatenate([layer.state_dict()["b"] for layer in model.model_.layers])
    weights = np.concatenate([layer.state_dict()["w"].ravel() for layer in model.model_.layers])
    assert abs(weights).max() < 0.02 < abs(biases).max()


@quietly
@pytest.mark.parametrize("solver", ["adam", "adamw", "sgd", "rmsprop", "lbfgs"])
def test_every_solver_learns(solver):
    assert MLPClassifier((10,), solver=solver, **QUICK).fit(X, Y).score(X, Y) > 0.9


@quietly
def test_several_outputs_and_names_of_columns():
    model = MLPRegressor(hidden_layer_sizes=(20,), **QUICK).fit(X[:, :2], X[:, 2:])
    assert (model.n_features_in_, model.n_outputs_, model.predict(X[:, :2]).shape) == (2, 2, (150, 2))
    pandas = pytest.importorskip("pandas", reason="pandas is not installed")
    assert list(model.fit(pandas.DataFrame(X[:, :2], columns=["a", "b"]), Y).feature_names_in_) == ["a", "b"]


@pytest.mark.parametrize(
    ("solver", "message"),
    [("adam", "max_iter=2 epochs ended before .* give a larger max_iter"), ("lbfgs", "lbfgs ended")],
)
def test_too_few_epochs_are_told(solver, message):
    with pytest.warns(ConvergenceWarning, match=message) as told:
        MLPClassifier(max_iter=2, solver=solver).fit(X, Y)
    assert told[0].filename == __file__


@quietly
def test_verbose_prints_what_scikit_learn_prints(capsys):
    for settings in ({"learning_rate": "adaptive", "solver": "sgd"}, {"early_stopping": True}):
        said = []
        for kind in (theirs, ours):
            kind.MLPClassifier((2,), tol=0.1, verbose=True, random_state=0, max_iter=30, **settings).fit(X, Y)
            said.append(capsys.readouterr().out.replace("tol=0.100000", "").split("\n"))
        assert [line.split("1")[0] for line in said[1]] == [line.split("1")[0] for line in said[0]]


def test_a_loss_that_is_not_finite_is_an_error_that_says_where():
    with pytest.raises(ValueError, match="Solver produced non-finite .* epoch 1, batch 0: .* try a smaller lr than 1e"):
        MLPRegressor(solver="sgd", learning_rate_init=1e200, activation="identity").fit(X, Y)


@pytest.mark.filterwarnings("ignore:overflow:RuntimeWarning", "ignore:invalid value:RuntimeWarning")
def test_one_that_stops_early_ends_with_the_best_weights_before():
    settings = {"solver": "sgd", "learning_rate_init": 1.0, "activation": "identity", "early_stopping": True}
    with pytest.warns(ConvergenceWarning):
        expected, found = of_both("MLPRegressor", "a number", **settings)
    assert not np.isfinite(found.validation_scores_[-1])
    np.testing.assert_allclose(found.predict(X), expected.predict(X), rtol=1e-9)


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (MLPClassifier(alpha=-1.0), "'alpha' parameter of MLPClassifier must be .* Got -1.0"),
        (MLPClassifier(solver="newton"), "'solver' parameter of MLPClassifier must be a str among .* Got 'newton'"),
        (MLPClassifier(early_stopping=True, validation_fraction=1e-3), "The validation set is too small. .* is 1"),
        (MLPRegressor("poisson"), "y must be at least 0 for loss='poisson', but -1.0 is in it"),
        (MLPClassifier((0,)), r"hidden_layer_sizes must be numbers of neurons, each at least 1, such as \(100,\), not"),
        (Estimator(network, "hinge"), "Only binary classification .* take loss='cross_entropy'"),
        (Estimator(network, "logloss"), "'loss' parameter of Estimator must be"),
        (Estimator(lambda row, p: p[0], "mse"), "must make a model, not raise .* needs start="),
        (
            Estimator(lambda row, p: 1.0, "mse"),
            r"must make a model with a method parameters\(\), not 1.0: .* needs start=",
        ),
    ],
)
def test_arguments_of_no_use(model, message):
    with pytest.raises((TypeError, ValueError), match=message):
        model.fit(X, Y - 1)


def test_a_first_fit_that_fails_leaves_an_estimator_unfitted():
    model = MLPClassifier((0,))
    with pytest.raises(ValueError, match="hidden_layer_sizes"):
        model.fit(X, Y)
    with pytest.raises(NotFittedError):
        model.predict(X)


def test_partial_fit_needs_all_classes_and_no_early_stopping():
    with pytest.raises(ValueError, match="classes must be passed on the first call to partial_fit"):
        MLPClassifier().partial_fit(X, Y)
    with pytest.raises(ValueError, match="partial_fit does not support early_stopping=True"):
        MLPRegressor(early_stopping=True).partial_fit(X, Y)
    model = MLPClassifier().partial_fit(X[TWO], Y[TWO], classes=[0, 1])
    with pytest.raises(ValueError, match=r"y must hold classes of classes_ alone, \[0 1\], not \[0 1 2\]"):
        model.partial_fit(X, Y)
    with pytest.raises(ValueError, match=r"classes must be those of the first call, \[0 1\], not \[0, 1, 2\]"):
        model.partial_fit(X, Y, classes=[0, 1, 2])


@in_processes
@pytest.mark.parametrize(
    ("program", "said"),
    [
        ("import fastgrad, fastgrad.nn, fastgrad.train, sys; print('sklearn' in sys.modules)", "False"),
        (
            "import sys; sys.modules['sklearn'] = None\ntry:\n    import fastgrad.sklearn\n"
            "except ImportError as error: print(error)",
            'fastgrad.sklearn needs scikit-learn, 1.7 or newer: pip install "fastgrad[sklearn]"',
        ),
    ],
)
def test_only_this_module_needs_scikit_learn(program, said):
    environment = {"PYTHONPATH": str(fastgrad.__path__[0]).removesuffix("fastgrad")}
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, env=environment)
    assert found.stdout.strip() == said, found.stderr
