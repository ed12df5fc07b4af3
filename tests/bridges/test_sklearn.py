"""`fastgrad.sklearn` within scikit-learn: its own checks, its tools, and the conventions of its estimators."""

import pickle
import subprocess
import sys

import numpy as np
import pytest

import fastgrad
from fastgrad import math, nn
from support.marks import in_processes

pytest.importorskip("sklearn", minversion="1.7", reason="scikit-learn is not installed, or older than 1.7")

from sklearn.base import clone, is_classifier, is_regressor  # noqa: E402
from sklearn.datasets import load_iris  # noqa: E402
from sklearn.exceptions import ConvergenceWarning, NotFittedError  # noqa: E402
from sklearn.model_selection import GridSearchCV, cross_val_score  # noqa: E402
from sklearn.pipeline import make_pipeline  # noqa: E402
from sklearn.preprocessing import StandardScaler  # noqa: E402
from sklearn.utils.estimator_checks import parametrize_with_checks  # noqa: E402

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
    model = kind((5,), **QUICK).partial_fit(X, Y, **classes)
    copy = pickle.loads(pickle.dumps(model))
    for each in (model, copy):
        for _ in range(5):
            each.partial_fit(X[:50], Y[:50])
    assert (model.n_iter_, model.t_, len(model.loss_curve_)) == (6, 400, 6)
    assert (model.model_.flat == copy.model_.flat).all()
    assert (copy.predict(X) == model.predict(X)).all()


def test_early_stopping_holds_rows_out_and_says_so():
    model = MLPClassifier((20,), early_stopping=True, max_iter=1000, **QUICK).fit(X, Y, sample_weight=np.ones(150))
    assert model.n_iter_ == len(model.validation_loss_curve_) < 1000
    least = int(np.argmin(model.validation_loss_curve_))
    assert least <= model.n_iter_ - 1
    assert model.score(X, Y) > 0.9


@quietly
def test_a_warm_start_goes_on_from_the_last_parameters():
    model = MLPClassifier((5,), max_iter=10, warm_start=True, **QUICK)
    first = model.fit(X, Y).loss_
    assert model.fit(X, Y).loss_curve_[0] < first
    cold = MLPClassifier((5,), max_iter=10, **QUICK).fit(X, Y)
    assert cold.loss_curve_ == cold.fit(X, Y).loss_curve_


@pytest.mark.parametrize("solver", ["adam", "adamw", "sgd", "rmsprop"])
@quietly
def test_every_solver_learns(solver):
    assert MLPClassifier((10,), solver=solver, **QUICK).fit(X, Y).score(X, Y) > 0.9


@quietly
def test_several_outputs_and_names_of_columns():
    model = MLPRegressor((20,), **QUICK).fit(X[:, :2], X[:, 2:])
    assert (model.n_features_in_, model.n_outputs_, model.predict(X[:, :2]).shape) == (2, 2, (150, 2))
    pandas = pytest.importorskip("pandas", reason="pandas is not installed")
    assert list(model.fit(pandas.DataFrame(X[:, :2], columns=["a", "b"]), Y).feature_names_in_) == ["a", "b"]


def test_too_few_epochs_are_told():
    with pytest.warns(ConvergenceWarning, match="max_iter=2 epochs ended before .* give a larger max_iter"):
        MLPClassifier(max_iter=2).fit(X, Y)


@quietly
def test_verbose_prints_each_epoch(capsys):
    MLPClassifier((2,), max_iter=2, verbose=True).fit(X, Y)
    assert [line.split(",")[0] for line in capsys.readouterr().out.splitlines()] == ["Iteration 1", "Iteration 2"]


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (MLPClassifier(alpha=-1.0), "'alpha' parameter of MLPClassifier must be .* Got -1.0"),
        (MLPClassifier(solver="lbfgs"), "'solver' parameter of MLPClassifier must be a str among .* Got 'lbfgs'"),
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
        model.fit(X, Y)


def test_a_first_fit_that_fails_leaves_an_estimator_unfitted():
    model = MLPClassifier((0,))
    with pytest.raises(ValueError, match="hidden_layer_sizes"):
        model.fit(X, Y)
    with pytest.raises(NotFittedError):
        model.predict(X)


def test_partial_fit_needs_all_classes_and_no_early_stopping():
    with pytest.raises(ValueError, match="classes must be passed on the first call to partial_fit"):
        MLPClassifier().partial_fit(X, Y)
    with pytest.raises(ValueError, match="early_stopping must be False for partial_fit"):
        MLPRegressor(early_stopping=True).partial_fit(X, Y)
    model = MLPClassifier().partial_fit(X[TWO], Y[TWO], classes=[0, 1])
    with pytest.raises(ValueError, match=r"y must hold classes of classes_ alone, \[0 1\], not \[2\]"):
        model.partial_fit(X, Y)


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
