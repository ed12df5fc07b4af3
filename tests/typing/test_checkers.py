"""mypy, as strict as it can be, and pyright read the files of this folder and find what they should."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import fastgrad

HERE = Path(__file__).parent
PACKAGES = Path(fastgrad.__file__).parent.parent


def agrees(*command: str) -> None:
    paths = os.pathsep.join(str(path) for path in (PACKAGES, HERE.parent) if path.name != "site-packages")
    done = subprocess.run(
        [sys.executable, "-m", *command],
        check=False,
        capture_output=True,
        text=True,
        cwd=HERE.parent.parent,
        env={**os.environ, "MYPYPATH": paths},
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_mypy_agrees(tmp_path_factory: pytest.TempPathFactory) -> None:
    pytest.importorskip("mypy")
    cache = tmp_path_factory.getbasetemp().parent / "mypy"  # the next run finds it again
    agrees("mypy", "--strict", "--config-file=", f"--cache-dir={cache}", *map(str, HERE.glob("*.py")))


def test_pyright_agrees() -> None:
    pytest.importorskip("pyright")
    agrees("pyright", f"--pythonpath={sys.executable}")
