#!/usr/bin/env bash
# A system of another C library in a folder, with Python and without a compiler: prove_wheels.sh tries wheels there.
#
#   bash tools/prove/make_system.sh glibc|musl FOLDER
#
# glibc is Debian 11's (2.31), whose compiler builds CPython and is then taken out; it takes debootstrap. For musl
# ziglang, which prove_wheels.sh installs, builds CPython, and Debian 13 has the library; Debian 12's, 1.2.3, cannot
# load numpy's wheel, whose relocations are packed. CPython is Debian 12's source, 3.11.
set -euo pipefail
kind=$1 root=$(mkdir -p "$2" && cd "$2" && pwd)
proofs=$(cd "$(dirname "$0")/../.." && pwd)/build/proofs
. "$(dirname "$0")/systems.sh"
work=$(mktemp -d)
loader=
trap 'rm -rf "$work" $loader' EXIT
options="-q --prefix=/opt/python --disable-test-modules"

own_apt "$work/debian12" amd64 bookworm
(cd "$work" && APT_CONFIG=debian12/conf apt-get -q --download-only source python3.11 zlib)
unpack() { # archive, folder
    mkdir -p "$2" && tar -x --strip-components=1 -f "$1" -C "$2"
}

case $kind in
    glibc)
        debootstrap --variant=minbase --include=gcc,libc6-dev,make,zlib1g-dev,libffi-dev bullseye "$root" "$debian"
        unpack "$work"/python*.orig.tar.* "$root/usr/src/python"
        mkdir -p "$root/dev/shm" # or CPython finds no semaphores
        chroot "$root" sh -ec "cd /usr/src/python; ./configure $options; make -s -j$(nproc); make -s install;
            apt-get -q -y purge gcc cpp libc6-dev; rm -r /usr/src/python; ! command -v cc"
        ;;
    musl)
        zig="$proofs/tools/bin/python -m ziglang"
        export CC="$zig cc -target x86_64-linux-musl -dynamic -fno-sanitize=all -Wno-date-time" AR="$zig ar"
        export RANLIB="$zig ranlib" ZLIB_CFLAGS="-I$work/zlib" ZLIB_LIBS="-L$work/zlib -lz"
        own_apt "$work/debian13" amd64 trixie
        (cd "$work" && APT_CONFIG=debian13/conf apt-get -q download musl busybox-static)
        for package in "$work"/{musl,busybox-static}_*.deb; do dpkg-deb -x "$package" "$root"; done
        ln -s usr/bin usr/lib "$root" && ln -s busybox "$root/bin/sh"
        ln -s "$root/usr/lib/x86_64-linux-musl/libc.so" /lib/ld-musl-x86_64.so.1 # what is built runs here
        loader=/lib/ld-musl-x86_64.so.1
        unpack "$work"/zlib*.orig.tar.* "$work/zlib"
        unpack "$work"/python*.orig.tar.* "$work/python"
        (cd "$work/zlib" && $CC -O2 -fPIC -DHAVE_UNISTD_H -c ./*.c && $AR rcs libz.a ./*.o)
        (cd "$work/python" && ./configure $options --build=x86_64-pc-linux-musl && make -s -j"$(nproc)" &&
            make -s install DESTDIR="$root")
        mkdir -p "$root/tmp" "$root/dev/shm" "$root/root" && mknod -m 666 "$root/dev/null" c 1 3
        ;;
    *) echo "the first argument is glibc or musl, not $kind" >&2; exit 2 ;;
esac
chroot "$root" /opt/python/bin/python3 -c 'import sys; print(sys.version)'
