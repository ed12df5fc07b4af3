"""``--explain`` says of each loop of a program what became of it, in whatever way that is written.

``cd tests/run/ways; python -m fastgrad run --explain loops.py 2> explained.txt`` writes what is said anew.
"""

from pathlib import Path

from support.marks import in_processes
from support.teaching_engines import command, python

pytestmark = in_processes

FOLDER = Path(__file__).parent / "ways"


def test_what_is_said():
    done = command("--explain", "loops.py", cwd=FOLDER)
    assert done.stderr.splitlines() == (FOLDER / "explained.txt").read_text().splitlines()
    assert done.stdout == python("loops.py", cwd=FOLDER).stdout
    assert done.stdout.count("\n") > 40
