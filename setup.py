"""The extension modules; everything else about the package is in pyproject.toml."""

import os

from Cython.Build import cythonize
from setuptools import Extension, setup

MODULES = [
    "_tape",
    "_sweep",
    "_handle",
    "_rows",
    "_program",
    "_wide",
    "_network",
    "_pins",
    "_trace",
    "_convert",
    "_graph",
    "_node",
    "_nary",
    "_numbers",
    "_run",
    "_batch",
    "_dense",
    "_apply",
    "_parameters",
    "_table",
    "_given",
    "_losses",
    "_functions",
    "_pickle",
    "_lower",
    "_record",
]
# C beside a module's own, and what it takes to compute several rows at once where a row chooses.
ROWS = ("analysis", "one_row_plan", "one_row", "lane_kernels", "lane_plan", "lanes")
SOURCES = {"_rows": [f"src/{name}.c" for name in ROWS]}
OWN_FLAGS = {"_rows": ["-fno-trapping-math"]}
HEADERS = ["src/ops.def", "src/ops.h", "src/nary.h", "src/layer.h", "src/losses.def", "src/loss.h", "src/updates.h"]
HEADERS += ["src/analysis.h", "src/one_row.h", "src/one_row_codes.h", "src/one_row_steps.def", "src/lane_kernels.h"]
HEADERS += ["src/lanes_body.h", "src/lanes_math.h", "src/lanes_inverse.h", "src/lanes_erf.h", "src/lanes_checked.h"]
HEADERS += ["src/lane_plan.h", "src/lanes.h", "src/program.h", "src/builder.h", "src/formulas.h", "src/optimize.h"]
HEADERS += ["src/network.h"]

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
        [f"src/fastgrad/{name}.pyx", *SOURCES.get(name, [])],
        depends=HEADERS,
        include_dirs=["src"],
        define_macros=[("CYTHON_INLINE", "inline __attribute__((always_inline))")],
        extra_compile_args=FLAGS + OWN_FLAGS.get(name, []),
        extra_link_args=LINK,
        libraries=[] if os.name == "nt" else ["m"],
    )
    for name in MODULES
]

setup(
    ext_modules=cythonize(extensions, build_dir="build/cython", include_path=["src"], compiler_directives=DIRECTIVES),
    options={"build_ext": {"parallel": os.cpu_count()}},
)
