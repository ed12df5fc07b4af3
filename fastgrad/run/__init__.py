"""Run an unedited program on fastgrad.

A program's own modules, the script and what it imports that nobody installed, are read by an import hook (`hook`,
`reading`). A class in them that could be an engine is looked at when its first number is made (`exchange`): what it
keeps and where (`roles`), and, method by method, whether it does what fastgrad does (`candidate`, `trial`), provided
that it only computes (`effects`). If so, it is put on fastgrad (`twins`): its numbers become nodes of the tape, and the
methods that mean the same are fastgrad's from then on. All others stay, mistakes included, so that the program prints
what it printed.

Beside that, ``--replace`` serves whole modules (`serving`), and `comparing` runs a program both ways.
"""

from fastgrad.run.comparing import compare, first_difference
from fastgrad.run.scripts import run_code, run_module, run_script, script_traceback
from fastgrad.run.serving import parse_replacement

__all__ = [
    "compare",
    "first_difference",
    "parse_replacement",
    "run_code",
    "run_module",
    "run_script",
    "script_traceback",
]
