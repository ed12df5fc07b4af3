"""Public names stay, and new ones are meant: all are listed in public_names.txt."""

import pytest

from support.public_names import LISTED, public_names

pytest.importorskip("scipy")  # fastgrad.optimize.result stands on it

RENEW = "list it by (cd tests && python -m support.public_names)"


def problems(listed, now):
    """What to do about every name that is gone or new."""
    gone = [f"{name} is gone: let it warn for one minor release first, see docs/versions.md" for name in listed - now]
    new = [f"{name} is new: begin it with an underscore, or {RENEW}" for name in now - listed]
    return sorted([*gone, *new])


def test_every_public_name_is_listed_and_is_there():
    found = problems(set(LISTED.read_text(encoding="utf-8").split()), public_names())
    assert not found, "\n".join(found)


def test_the_list_is_sorted_and_has_no_name_twice():
    lines = LISTED.read_text(encoding="utf-8").splitlines()
    assert lines == sorted(set(lines)), RENEW


@pytest.mark.parametrize(
    "name",
    [
        "fastgrad.losses",
        "fastgrad.softmax",
        "fastgrad.dot(bias)",
        "fastgrad.Node.backward(create_graph)",
        "fastgrad.Value.tanh",
        "fastgrad.math.digamma",
        "fastgrad.nn.Module.parameters",
        "fastgrad.train.History.val_loss",
        "fastgrad.compat.minitorch.Scalar.derivative",
    ],
)
def test_names_of_every_kind_are_found(name):
    assert name in public_names()


def test_names_that_are_there_only_to_refuse_are_not_public():
    assert not {"fastgrad.Node.item", "fastgrad.nn.Batch.sum", "fastgrad.math.comb"} & public_names()


def test_a_name_that_goes_and_one_that_comes_are_told_apart():
    gone, new = problems({"fastgrad.a", "fastgrad.b"}, {"fastgrad.b", "fastgrad.c"})
    assert gone.startswith("fastgrad.a is gone")
    assert new.startswith("fastgrad.c is new")
