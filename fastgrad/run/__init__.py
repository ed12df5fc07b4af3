"""Run an unedited program on fastgrad.

Two things in a program are put on fastgrad, and nothing else is changed:

- modules: imports of micrograd, and of any module named with ``--replace``, are served by fastgrad while the program
  runs; the latter with a class of numbers in them, or with all of a dialect of `fastgrad.compat`;
- classes: a scalar engine that the program itself defines at module level. The class statement is exchanged in the
  syntax tree before compilation, so that line numbers stay what they are in the file.

A class is only exchanged where fastgrad's has all that the program can ask of it; otherwise it stays, and a line on
standard error says why. An engine in another module of the script's folder stays too, and the line says what would
serve it.
"""

from fastgrad.run.scripts import compare, first_difference, parse_replacement, run_script, script_traceback

__all__ = ["compare", "first_difference", "parse_replacement", "run_script", "script_traceback"]
