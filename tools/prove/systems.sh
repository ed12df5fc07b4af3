# Systems that this machine is not, for prove_wheels.sh and make_system.sh, which read this file.

debian=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 2>/dev/null | grep -v security | head -n 1)
debians_keys=/usr/share/keyrings/debian-archive-keyring.gpg
needed_by_tests="pytest hypothesis mpmath tqdm micrograd graphviz"

# An apt that leaves this system's alone: its lists, and what it takes of a Debian, lie in a folder.
own_apt() { # folder, architecture, the Debian's name
    mkdir -p "$1/lists/partial" "$1/archives/partial" && : >"$1/status" &&
        printf "%s [signed-by=$debians_keys] $debian $3 main\n" deb deb-src >"$1/sources" && cat >"$1/conf" <<CONF
APT::Architecture "$2"; APT::Architectures { "$2"; }; APT::Install-Recommends "false";
APT::Sandbox::User "root"; Acquire::Languages "none";
Dir::State "$1"; Dir::State::status "$1/status"; Dir::Cache "$1";
Dir::Etc::sourcelist "$1/sources"; Dir::Etc::sourceparts "-";
CONF
    APT_CONFIG=$1/conf apt-get -q update
}

# Debian's packages for ARM, unpacked, and a script in the place of an environment's Python: under its own name, so that
# the processes which Python starts are emulated, too.
python_for_arm() { # folder
    local root=$1/root package
    needs qemu-aarch64-static
    needs apt-get
    [ -e "$debians_keys" ] || skip "there are no keys of Debian's"
    "$tools/bin/python" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' || skip "Debian 12 has Python 3.11"
    if [ ! -x "$root/usr/bin/python3.11" ]; then
        own_apt "$1/apt" arm64 bookworm &&
            APT_CONFIG=$1/apt/conf apt-get -q -y --download-only install python3.11 libstdc++6 &&
            for package in "$1"/apt/archives/*.deb; do dpkg-deb -x "$package" "$root" || return; done
    fi
    mkdir -p "$1/bin" && printf 'home = %s\n' "$root/usr/bin" >"$1/pyvenv.cfg" && cat >"$1/bin/python" <<SH &&
#!/bin/sh
exec qemu-aarch64-static -0 "\$0" -L "$root" "$root/usr/bin/python3.11" "\$@"
SH
        chmod +x "$1/bin/python" && "$1/bin/python" -c 'import platform, sys; print(platform.machine(), sys.version)'
}

# Pip of this machine takes what another one's would, since to emulate it takes long.
install_on_arm() { # folder, wheel
    rm -rf "$1/lib" && "$tools/bin/pip" install -q --target "$1/lib/python3.11/site-packages" --python-version 3.11 \
        --platform "manylinux_${oldest_glibc/./_}_aarch64" --platform manylinux2014_aarch64 --only-binary :all: \
        "$2" $needed_by_tests && cd / &&
        "$1/bin/python" -c 'import fastgrad, platform; print(platform.machine(), fastgrad.__file__)'
}

# A folder that is the root of another system, as make_system.sh makes them. Its own pip chooses among the wheels.
install_in() { # root, wheels...
    local root=$1 platforms=(--platform "manylinux_${oldest_glibc/./_}_x86_64" --platform manylinux2014_x86_64)
    shift
    [ "$(id -u)" = 0 ] || skip "only root may change its root"
    ls "$root"/lib/ld-musl-* 2>/dev/null && platforms=(--platform musllinux_1_2_x86_64)
    rm -rf "$root/opt/wheels" "$root/opt/fresh" && mkdir -p "$root/opt/wheels" && cp "$@" "$root/opt/wheels" &&
        "$tools/bin/pip" download -q -d "$root/opt/wheels" --only-binary :all: "${platforms[@]}" \
            --python-version "$(inside "$root" opt/python -c 'import platform; print(platform.python_version())')" \
            numpy $needed_by_tests && inside "$root" opt/python -m venv /opt/fresh &&
        inside "$root" opt/fresh -m pip install -q --no-index --find-links /opt/wheels fastgrad $needed_by_tests &&
        inside "$root" opt/fresh -c 'import fastgrad, platform; print(fastgrad.__file__, *platform.libc_ver())'
}
inside() { # root, environment, what Python is told...
    env -i PATH=/usr/bin:/bin HOME=/root HYPOTHESIS_PROFILE=ci "$(command -v chroot)" "$1" "/$2/bin/python3" "${@:3}"
}
passes_a_part_in() { # root, folders...
    local root=$1
    shift
    elsewhere && rm -rf "$root/opt/elsewhere" && cp -r "$work/elsewhere" "$root/opt/elsewhere" &&
        inside "$root" opt/fresh -m pytest -q -p no:cacheprovider -c /opt/elsewhere/pyproject.toml \
            -k "not ($last_bits)" "${@/#//opt/elsewhere/}"
}
