"""The programs in ``programs_in_the_wild``, and how they are run plainly and on fastgrad."""

import os
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

import fastgrad

FOLDER = Path(__file__).parents[1] / "programs_in_the_wild"
_MARK = "fastgrad: "
_PLACE = re.compile(r" \([^()]*, line \d+\)")


class Program(NamedTuple):
    """One of the programs; see the head of ``programs.toml``."""

    name: str
    folder: Path
    arguments: list[str]
    stdin: str
    heavy: bool
    says: list[str]

    @property
    def is_notebook(self):
        return self.arguments[0].endswith(".ipynb")


class Run(NamedTuple):
    """How a run ended, what it printed, what fastgrad said, without lines of code, and the seconds it took."""

    code: int
    output: str
    said: list[str]
    seconds: float


def load():
    """Read the programs; needs a Python with tomllib."""
    import tomllib

    tables = tomllib.loads((FOLDER / "programs.toml").read_text(encoding="utf-8"))
    return [
        Program(
            name,
            FOLDER / table["folder"],
            table["run"],
            table.get("stdin", ""),
            table.get("heavy", False),
            table.get("says", []),
        )
        for name, table in tables.items()
    ]


def run(program, plain):
    """Run a program in a process, plainly or on fastgrad."""
    command = ["-m", "fastgrad", "run", *(["--plain"] if plain else [])] if not plain or program.is_notebook else []
    environment = {
        **os.environ,
        "PYTHONHASHSEED": "0",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONPATH": str(Path(fastgrad.__file__).parents[1]),
    }
    start = time.perf_counter()
    done = subprocess.run(
        [sys.executable, *command, *program.arguments],
        cwd=program.folder,
        input=program.stdin,
        capture_output=True,
        text=True,
        env=environment,
        check=False,
    )
    seconds = time.perf_counter() - start
    said = [line.removeprefix(_MARK) for line in done.stderr.splitlines() if line.startswith(_MARK)]
    return Run(done.returncode, done.stdout, [_PLACE.sub("", line) for line in said], seconds)
