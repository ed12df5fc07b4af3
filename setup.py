"""The extension modules; everything else about the package is in pyproject.toml.

C comes from three places. That of src/ knows no Python; with what src/expressions.py writes it becomes one library, of
which each module takes what it needs. That of the modules Cython writes. What is out of date is made again, as many
files at a time as there are processors.
"""

import os
import re
import runpy
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from glob import glob

from Cython.Build import cythonize
from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext
from setuptools.modified import newer_group

INCLUDE_DIRS = ["src"]
OBJECTS = f"build/objects-{sys.implementation.cache_tag}"
CYTHON_FILES = "build/cython"
WORKERS = os.cpu_count() or 1

# Values are those of CPython's own arithmetic, so no multiply and add may become one rounding. Nobody reads errno, and
# setting it would keep square roots from being computed several at once.
FLAGS = ["-g0", "-ffp-contract=off", "-fno-math-errno", "-fvisibility=hidden", "-Wall", "-Wextra"]
MICROSOFT_FLAGS = ["/O2", "/fp:precise", "/std:c11", "/W3"]
LINK_FLAGS = ["-Wl,-s"] if sys.platform == "linux" else []
if os.environ.get("FASTGRAD_SANITIZE"):
    OBJECTS += "-sanitized"
    FLAGS = ["-O0", "-g", "-ffp-contract=off", "-fsanitize=address,undefined", "-fno-omit-frame-pointer"]
    LINK_FLAGS = ["-fsanitize=address,undefined"]
if os.environ.get("FASTGRAD_COVERAGE"):  # for gcov, which finds the lines of .pyx files by those in the C files
    OBJECTS, CYTHON_FILES = f"{OBJECTS}-coverage", f"{CYTHON_FILES}-coverage"
    FLAGS = ["-O0", "-ffp-contract=off", "--coverage"]
    LINK_FLAGS = ["--coverage"]
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

# A module that works on many numbers asks for optimization in its first line. Of the others, calls of Python's
# functions mostly, the compiler would make nothing quicker in twice the time. A type that Cython writes lacks the
# fields that only a Python newer than it has.
CYTHONS = ["-O1", "-Wno-missing-field-initializers"]

# With the operation a constant, an operator is inlined into its slot, if the compiler is told to.
INLINED_IN = ("_tape/numbers.c", "_tape/spelled.c", "_tape/sweep.c", "_kernels/machine.c", "_kernels/steps.c")
INLINED = ["-DCYTHON_INLINE=inline __attribute__((always_inline))"]


def flags_for(source):
    """The flags of a C file, beside those that it asks for."""
    if source.startswith("src/rows/"):
        # It takes the first to compute several rows at once where a row chooses. Without the second a kernel's time
        # depends, by a tenth, on where the linker puts it.
        return [*FLAGS, "-fno-trapping-math", "-falign-loops=64"]
    if source.endswith(INLINED_IN):
        return [*FLAGS, *INLINED]
    return FLAGS


@cache
def included(path):
    """The files of INCLUDE_DIRS that a C file includes, and those that these include."""
    with open(path, encoding="utf-8") as file:
        names = re.findall(r'^ *# *include "(.+)"', file.read(), re.MULTILINE)
    found = {os.path.join(folder, name) for folder in INCLUDE_DIRS for name in names}
    found = {path for path in found if os.path.exists(path)}
    return found.union(*map(included, found))


class Build(build_ext):
    """Translate, compile and link."""

    def build_extensions(self):
        written = cythonize(
            self.extensions,
            nthreads=WORKERS,
            force=self.force,
            build_dir=CYTHON_FILES,
            emit_linenums="FASTGRAD_COVERAGE" in os.environ,
            compiler_directives=DIRECTIVES,
        )
        generated = runpy.run_path("src/expressions.py")["write"]("build/generated")
        own = sorted(glob("src/*/*.c")) + generated
        modules = {extension.sources[0]: [*CYTHONS, *extension.extra_compile_args] for extension in written}
        asked = {**dict.fromkeys(own, ["-O3"]), **modules}
        with ThreadPoolExecutor(WORKERS) as pool:
            made = dict(zip(asked, pool.map(self.compiled, asked, asked.values())))
        library = self.archived([made[source] for source in own])
        for extension, source in zip(self.extensions, modules):
            extension.sources = []
            extension.depends = extension.extra_objects = [made[source], library]
        super().build_extensions()

    def compiled(self, source, asked):
        """The object file of a C file that asks for some flags."""
        [made] = self.compiler.object_filenames([source], output_dir=OBJECTS)
        if self.force or newer_group([source, "setup.py", *included(source)], made):
            microsofts = self.compiler.compiler_type == "msvc"
            flags = MICROSOFT_FLAGS if microsofts else [*asked, *flags_for(source)]
            self.compiler.compile([source], output_dir=OBJECTS, include_dirs=INCLUDE_DIRS, extra_postargs=flags)
        return made

    def archived(self, objects):
        """The library of object files."""
        library = os.path.join(OBJECTS, self.compiler.library_filename("fastgrad"))
        if newer_group(objects, library):
            if os.path.exists(library):
                os.remove(library)  # which would keep what was made of files that are no more
            self.compiler.create_static_lib(objects, "fastgrad", output_dir=OBJECTS)
        return library


def extension(path):
    """The module of a .pyx file."""
    name = os.path.splitext(path)[0].replace(os.sep, ".")
    return Extension(name, [path], libraries=[] if os.name == "nt" else ["m"], extra_link_args=LINK_FLAGS)


if __name__ == "__main__":  # the processes that Cython runs in may import this file
    setup(
        ext_modules=[extension(path) for path in sorted(glob("fastgrad/*/*.pyx"), key=os.path.getsize, reverse=True)],
        cmdclass={"build_ext": Build},
        options={"build_ext": {"parallel": WORKERS}},
    )
