"""Nothing is collected here where SciPy is not."""

import importlib.util

if importlib.util.find_spec("scipy") is None:
    collect_ignore_glob = ["test_*.py"]
