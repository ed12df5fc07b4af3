#!/usr/bin/env bash
# A wheel for Pyodide with a distribution's own emscripten, where `cibuildwheel --platform pyodide` cannot download what
# it builds with. Debian sid has all of it: emscripten, python3-dev (of the Python that Pyodide has), cython3, setuptools.
#
#   npm pack pyodide && tar -xzf pyodide-*.tgz && bash tools/pyodide_wheel.sh package
#
# The argument is the folder with Pyodide's runtime. Its standard library has the answers that configure found for it; they
# become a pyconfig.h before this system's headers, and what setuptools asks for.
set -euo pipefail
runtime=$(realpath "$1")
cd "$(dirname "$0")/.."
python=${PYTHON:-python3}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

"$python" - "$runtime" "$work" <<'PYTHON'
import json, pathlib, re, runpy, shutil, sys, sysconfig, zipfile

runtime, work = map(pathlib.Path, sys.argv[1:])
told = json.loads((runtime / "pyodide-lock.json").read_text())["info"]
if told["python"].split(".")[:2] != [str(number) for number in sys.version_info[:2]]:
    sys.exit(f"this Pyodide has Python {told['python']}, so its wheels need a Python of that version, not {sys.version}")
library = zipfile.ZipFile(runtime / "python_stdlib.zip")
[name] = [name for name in library.namelist() if name.startswith("_sysconfigdata")]
found = runpy.run_path(library.extract(name, work))["build_time_vars"]
shutil.copytree(sysconfig.get_path("include"), work / "include")
# Debian's pyconfig.h includes that of the machine. Which names there are is the same for all.
machines = pathlib.Path("/usr/include").glob(f"*/python{sysconfig.get_python_version()}/pyconfig.h")
texts = [path.read_text() for path in [pathlib.Path(sysconfig.get_config_h_filename()), *machines]]
names = re.findall(r"^(?:/\* #undef|# *define) (\w+)", "\n".join(texts), re.MULTILINE)
given = {name: found[name] for name in names if isinstance(found.get(name), int) and found[name]}
lines = [f"#define {name} {number}" for name, number in given.items()]
text = "\n".join(["#ifndef Py_PYCONFIG_H", "#define Py_PYCONFIG_H", "#define _GNU_SOURCE 1", *lines, "#endif", ""])
(work / "include" / "pyconfig.h").write_text(text)
(work / "settings").write_text(f"{name.removesuffix('.py')} pyemscripten-{told['abi_version'].replace('_', '-')}-wasm32\n")
PYTHON
read -r names platform <"$work/settings"

flags="-fPIC -fwasm-exceptions -sSUPPORT_LONGJMP=wasm"
export CC=emcc AR=emar CFLAGS="-I$work/include -O2 -DPY_CALL_TRAMPOLINE $flags"
export LDSHARED="emcc -shared -sSIDE_MODULE=1 -sWASM_BIGINT -O2 $flags"
export PYTHONPATH=$work _PYTHON_SYSCONFIGDATA_NAME=$names _PYTHON_HOST_PLATFORM=$platform
"$python" setup.py -q bdist_wheel
ls dist/*"${platform//-/_}.whl"
