"""Running unedited programs on fastgrad: see `fastgrad.run.scripts`."""

from fastgrad.run.scripts import compare, first_difference, parse_replacement, run_script, script_traceback

__all__ = ["compare", "first_difference", "parse_replacement", "run_script", "script_traceback"]
