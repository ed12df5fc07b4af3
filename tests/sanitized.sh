#!/usr/bin/env bash
# Run the test-suite on a build made with FASTGRAD_SANITIZE=1. Python itself is not instrumented, so the sanitizers' libraries come first,
# and its own deliberate leaks at exit are not looked for.
set -euo pipefail
cd "$(dirname "$0")/.."
export LD_PRELOAD="$(gcc -print-file-name=libasan.so) $(gcc -print-file-name=libubsan.so)"
export ASAN_OPTIONS=detect_leaks=0:allocator_may_return_null=1 UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1
export PYTHONMALLOC=malloc FASTGRAD_SANITIZED=1
exec pytest -q -p no:cacheprovider "$@"
