"""The extension modules; everything else about the package is in pyproject.toml."""

import os
import runpy
from glob import glob

from Cython.Build import cythonize
from setuptools import Extension, setup

MODULES = [
    "_tape.tape",
    "_tape.sweep",
    "_tape.handle",
    "_programs.rows",
    "_programs.program",
    "_programs.listing",
    "_layers.blas",
    "_layers.network",
    "_tape.pins",
    "_recording.trace",
    "_tape.convert",
    "_tape.kinds",
    "_tape.observer",
    "_tape.describe",
    "_tape.drive",
    "_tape.node",
    "_tape.nary",
    "_tape.numbers",
    "_layers.leaves",
    "_layers.layer",
    "_layers.loss",
    "_layers.batch",
    "_layers.dense",
    "_layers.layer_input",
    "_layers.parameters",
    "compiled.table",
    "_layers.loss_input",
    "_layers.losses",
    "_tape.custom",
    "_tape.functions",
    "_tape.symbols",
    "_tape.pickling",
    "_recording.lower",
    "_recording.record",
]
# C beside a module's own, and what it takes to compute several rows at once where a row chooses.
ROWS = ("programs/activity", "rows/one_row_plan", "rows/one_row", "rows/kernels", "rows/block_plan", "rows/rows")
SOURCES = {"_programs.rows": [f"src/{name}.c" for name in ROWS]}
OWN_FLAGS = {"_programs.rows": ["-fno-trapping-math"]}
HEADERS = sorted(glob("src/*/*.h") + glob("src/*/*.def"))

# Pure C that several modules link: on symbols, and from recorded operations to programs.
GENERATED = runpy.run_path("src/expressions.py")["write"]("build/generated")
LIBRARY = [*GENERATED, "src/operations/composites.c", "src/layers/symbols.c"]
LIBRARY += [f"src/programs/{name}.c" for name in ("dag", "optimize", "network")]

# Values are those of CPython's own arithmetic, so no multiply and add may become one rounding. Nobody reads errno, and
# setting it would keep square roots from being computed several at once.
FLAGS = ["-O3", "-ffp-contract=off", "-fno-math-errno", "-Wall", "-Wextra"]
LINK = []
if os.environ.get("FASTGRAD_SANITIZE"):
    FLAGS = ["-O0", "-g", "-ffp-contract=off", "-fsanitize=address,undefined", "-fno-omit-frame-pointer"]
    LINK = ["-fsanitize=address,undefined"]
if os.environ.get("FASTGRAD_WERROR"):
    FLAGS += ["-Werror"]

DIRECTIVES = {
    "language_level": 3,
    "binding": False,
    "boundscheck": False,
    "wraparound": False,
    "initializedcheck": False,
    "cdivision": True,
    "c_api_binop_methods": True,
    "embedsignature": True,
    "embedsignature.format": "clinic",
}

extensions = [
    Extension(
        f"fastgrad.{name}",
        [f"fastgrad/{name.replace('.', '/')}.pyx", *SOURCES.get(name, [])],
        depends=HEADERS,
        include_dirs=["src"],
        define_macros=[("CYTHON_INLINE", "inline __attribute__((always_inline))")],
        extra_compile_args=FLAGS + OWN_FLAGS.get(name, []),
        extra_link_args=LINK,
        libraries=["fastgrad"] + ([] if os.name == "nt" else ["m"]),
    )
    for name in MODULES
]

setup(
    libraries=[("fastgrad", {"sources": LIBRARY, "include_dirs": ["src"], "cflags": FLAGS})],
    ext_modules=cythonize(extensions, build_dir="build/cython", compiler_directives=DIRECTIVES),
    options={"build_ext": {"parallel": os.cpu_count()}},
)
