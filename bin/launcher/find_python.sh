# Sourced by the commands in bin/: sets $python to a Python of at least 3.11, making one available where there is none.
# POSIX shell only. $here is bin/.

fit() {
    command -v "$1" >/dev/null 2>&1 &&
        "$1" -c 'import sys, ssl, ctypes, zlib; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1
}

look_for_python() {
    for python in ${GRIDCITY_PYTHON:+"$GRIDCITY_PYTHON"} python3 python3.14 python3.13 python3.12 python3.11; do
        if fit "$python"; then return 0; fi
    done
    return 1
}

# The distribution's Python, unpacked under var/ by a user without rights: apt keeps its lists and downloads there too.
unpacked=${GRIDCITY_VAR:-$here/../var}/python
use_unpacked() {
    [ -f "$unpacked/done" ] || return 1
    LD_LIBRARY_PATH=$(find "$unpacked/root/usr/lib" "$unpacked/root/lib" -maxdepth 1 -name '*-linux-gnu*' 2>/dev/null |
        tr '\n' ':')${LD_LIBRARY_PATH:-}
    export LD_LIBRARY_PATH
    python=$(find "$unpacked/root/usr/bin" -name 'python3.*[0-9]' | sort | tail -n 1)
    fit "$python"
}

unpack_python() {
    command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null || return 1
    echo "No Python 3.11 or newer here: unpacking the distribution's under $unpacked" >&2
    rm -rf "$unpacked" && mkdir -p "$unpacked/../apt/lists/partial" "$unpacked/cache/archives/partial" || return 1
    unpacked=$(CDPATH='' cd -- "$unpacked" && pwd -P)
    apt=${unpacked%/*}/apt
    set -- -qq -o Dir::State="$apt" -o Dir::State::status=/var/lib/dpkg/status \
        -o Dir::Cache="$unpacked/cache" -o Debug::NoLocking=1 -o APT::Install-Recommends=0 -o APT::Sandbox::User=
    apt-get "$@" update >&2 && : >"$apt/updated" &&
        wanted=$(apt-get "$@" -s install python3 python3-pip-whl ca-certificates | awk '/^Inst/{print $2}') &&
        (cd "$unpacked/cache/archives" && apt-get "$@" download $wanted >&2) || return 1
    for deb in "$unpacked"/cache/archives/*.deb; do dpkg-deb -x "$deb" "$unpacked/root" || return 1; done
    rm -rf "$unpacked/cache"
    : >"$unpacked/done"
}

install_python() {
    command -v apt-get >/dev/null || return 1
    as_root=
    [ "$(id -u)" = 0 ] || { command -v sudo >/dev/null && as_root=sudo; } || return 1
    echo "No Python 3.11 or newer here: installing the distribution's${as_root:+ with sudo}" >&2
    $as_root apt-get -qq update >&2 &&
        DEBIAN_FRONTEND=noninteractive $as_root apt-get -qq install -y --no-install-recommends python3 ca-certificates >&2
}

if ! look_for_python && ! use_unpacked &&
    ! { unpack_python && use_unpacked; } && ! { install_python && look_for_python; }; then
    echo "GridCity needs Python 3.11 or newer and found none. On Debian 12 or Ubuntu 24.04 and later:" >&2
    echo "    apt-get install python3" >&2
    echo "Any other Python can be named in GRIDCITY_PYTHON." >&2
    exit 1
fi
