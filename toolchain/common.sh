# shellcheck shell=bash
# What the scripts of this folder share: where the cache is, how to say things, how to become root,
# how to bear a network that stumbles. To be sourced; it does nothing by itself.

OMSP_TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
OMSP_CACHE=${OMSP_CACHE:-${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}/openmsp}
export OMSP_TOP OMSP_CACHE

say() { printf '%s\n' "$*"; }
step() { printf '==> %s\n' "$*"; }
warn() { printf '%s: %s\n' "${0##*/}" "$*" >&2; }
die() {
    warn "$*"
    exit 1
}

# retry TIMES COMMAND…: again after 2, 4, 8 … seconds; the last failure's status.
retry() {
    local times=$1 pause=2 n status=0
    shift
    for ((n = 1; n <= times; n++)); do
        "$@" && return 0
        status=$?
        ((n == times)) && break
        warn "attempt $n of $times failed ($status): $1 ${2-} …; again in $pause s"
        sleep "$pause"
        pause=$((pause * 2))
    done
    return "$status"
}

# Compiles through ccache where there is one, wherever the clone lies; a launcher of one's own is kept.
use_compiler_cache() {
    [ -z "${CMAKE_C_COMPILER_LAUNCHER+set}" ] && command -v ccache >/dev/null || return 0
    export CMAKE_C_COMPILER_LAUNCHER=ccache CCACHE_BASEDIR=$OMSP_TOP CCACHE_NOHASHDIR=1 \
        CCACHE_SLOPPINESS=time_macros
}

is_root_able() { [ "$(id -u)" = 0 ] || { command -v sudo && sudo -n true; } >/dev/null 2>&1; }

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n -- "$@"; fi
}
