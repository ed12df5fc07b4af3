"""Fixtures of the tests of compiled functions."""

import pytest

from fastgrad.compiled import paths


@pytest.fixture(autouse=True)
def patience(monkeypatch):
    """Recordings are worth whatever they take, on a slow machine too."""
    monkeypatch.setattr(paths, "_FREE_SECONDS", float("inf"))
