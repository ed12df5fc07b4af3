"""Each campaign for a moment: what it tries holds, and what it finds is noticed and made small."""

import os
import re
import shutil
import subprocess
import sys

import pytest

from campaigns.campaign import NAMES
from support.marks import in_processes, measures, posix
from support.places import PACKAGE_FOLDER, TESTS

PATHS = [str(TESTS), str(PACKAGE_FOLDER.parent)]


def campaign(name, *arguments, paths=PATHS):
    """How a campaign ended, and what it printed."""
    command = [sys.executable, "-m", name, *map(str, arguments)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


@measures
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="forks, and loads libraries, as Linux does")
@pytest.mark.parametrize("name", NAMES)
def test_a_moment_of_each(name):
    if name == "allocations" and not shutil.which("cc"):
        pytest.skip("needs a C compiler")
    code, printed = campaign(f"campaigns.{name}", "--seconds", 0.7)
    assert code == 0, printed
    assert re.search(r": [1-9].* 0 disagreements", printed), printed


FAILING = """
import os
from campaigns.campaign import main

def case(number, steps):
    if number % 10 == 3 and {{2, 5}} <= set(steps):
        {failure}
    return {{"numbers": 1}}

if __name__ == "__main__":
    raise SystemExit(main(case, 8))
"""


@in_processes
@pytest.mark.parametrize(("failure", "code"), [("assert 0, 'wrong'", 1), pytest.param("os.abort()", -6, marks=posix)])
def test_a_failure_is_told_with_the_fewest_steps(tmp_path, failure, code):
    (tmp_path / "failing.py").write_text(FAILING.format(failure=failure))
    ended, printed = campaign("failing", "--seed", 2, paths=[str(tmp_path), *PATHS])
    assert ended == 1
    assert f"3 numbers, 1 disagreement; seed 2, ended with {code}: " in printed
    assert "python -m failing --case 2000003 --steps '[2, 5]'" in printed
