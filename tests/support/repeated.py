"""Calls again and again: the first goes one way, later ones another."""


def often(function, *args, **kwargs):
    """The result of a call on the tape, if calls that are recorded and replayed have the same."""
    found = [function(*args, **kwargs) for _ in range(4)]
    assert all(repr(other) == repr(found[0]) for other in found)
    return found[0]
