# shellcheck shell=bash
# What the scripts of this folder share: openmsp.exe under Wine with its output in files, peers that
# are no part of it, and the counting. To be sourced with the build folder as the script's first
# argument and the bitness of what was built there, x64 or x86, as its second; the last line of a
# script is suite_end.
set -uo pipefail
interop=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$interop/../../../toolchain/common.sh"
. "$interop/../../../toolchain/wine-prefix.sh"

[ $# = 2 ] || die "usage: ${0##*/} BUILD-FOLDER x64|x86"
build=$(cd "$1" && pwd) || exit 1
bits=$2
work=$(mktemp -d "${TMPDIR:-/tmp}/omsp-interop.XXXXXX")
proof=$build/tests/omsp-proof
python=$(command -v /usr/bin/python3 || command -v python3) || die "no python3"
for tool in ffmpeg sox soxi; do command -v $tool >/dev/null || die "no $tool: run toolchain/bootstrap.sh"; done
[ -x "$proof" ] || die "no $proof"
wine_find "$bits" || {
    say "skipped: no Wine for $bits here"
    exit 77
}

passed=0 failed=0 started=()
finish() {
    local pid
    for pid in "${started[@]}"; do kill -9 "$pid" 2>/dev/null; done
    [ -z "${mounted-}" ] || as_root umount "$mounted"
    [ ! -d "$claims" ] || find "$claims" -lname $$ -delete
    rm -rf "$work"
}
trap finish EXIT
trap 'exit 143' TERM INT HUP

# check WHAT COMMAND…: one test.
check() {
    local what=$1 output
    shift
    if output=$("$@" 2>&1); then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        printf 'FAILED: %s: %s\n%s\n' "$what" "$*" "$output"
    fi
}

# suite_end NAME [FILE…]: the closing line; the files are shown when something failed.
suite_end() {
    local name=$1 file
    shift
    if [ $failed != 0 ]; then
        for file in "$@"; do
            [ ! -s "$file" ] || { say "--- ${file##*/}" && tail -n 60 "$file"; }
        done
    fi
    say "suite interop-$name: $passed passed, $failed failed"
    [ $failed = 0 ] && [ $passed -gt 0 ]
    exit
}

# The prefix of the build's tests, or the private one that is named.
wine_use() {
    local prefix=${1:-$build/wine/$bits}
    wine_open "$prefix" || die "cannot make the Wine prefix $prefix"
    wine_environment "$prefix"
    export WINEPATH="Z:${build//\//\\}\\bin"
}

# Windows' own program of this bitness: where 64-bit Windows keeps the 32-bit ones, or its only one.
system_program() {
    if [ "$bits" = x86 ] && [ "$wine_arch" = win64 ]; then
        printf 'C:\\windows\\syswow64\\%s' "$1"
    else
        printf 'C:\\windows\\system32\\%s' "$1"
    fi
}

win() { printf 'Z:%s' "${1//\//\\}"; }

# wine_run NAME PROGRAM ARGUMENT…: waits; output in $work/NAME.out and .err; the status is the program's.
wine_run() {
    local name=$1
    shift
    timeout -k 5 120 "$wine_loader" "$@" >"$work/$name.out" 2>"$work/$name.err" </dev/null
}

# The same of openmsp.exe.
app_run() {
    local name=$1
    shift
    wine_run "$name" "$build/bin/openmsp.exe" "$@"
}

# app_start NAME ARGUMENT…: `openmsp call` in the background, $app its process, once it is ready.
app_start() {
    local name=$1
    shift
    "$wine_loader" "$build/bin/openmsp.exe" call "$@" >"$work/$name.out" 2>"$work/$name.err" </dev/null &
    app=$!
    started+=("$app")
    wait_for "$name to be ready" ready "$work/$name.out" "$app"
}
ready() { grep -qsE '"type":"ready"|^call .* listens on' "$1" || ! kill -0 "$2" 2>/dev/null; }

# app_end: waits for it; its exit status.
app_end() {
    local status
    wait_for "openmsp.exe to end" gone "$app"
    wait "$app"
    status=$?
    forget "$app"
    return $status
}
gone() { ! kill -0 "$1" 2>/dev/null; }
forget() {
    local pid kept=()
    for pid in "${started[@]}"; do [ "$pid" = "$1" ] || kept+=("$pid"); done
    started=("${kept[@]}")
}

# wait_for WHAT COMMAND…: until it is true, at most a minute.
wait_for() {
    local what=$1 n
    shift
    for ((n = 0; n < 1200; n++)); do
        "$@" && return 0
        sleep 0.05
    done
    die "waited in vain for $what"
}

# Is this UDP port of 127.0.0.1 or of all addresses bound?
port_open() { grep -qiE "^ *[0-9]+: (0100007F|0{8}|0{32}):$(printf %04X "$1") " /proc/net/udp /proc/net/udp6; }

# Who has a port: links from its number to the process that took it. Each user's own, for nobody could
# write into what another one made.
claims=${TMPDIR:-/tmp}/omsp-interop-ports-$(id -u)

# Atomic, for scripts that run at the same time; what a process that is gone had is anybody's.
claim_port() {
    local owner
    mkdir -p "$claims"
    ln -s $$ "$claims/$1" 2>/dev/null && return
    owner=$(readlink "$claims/$1") && kill -0 "$owner" 2>/dev/null && return 1
    rm -f "$claims/$1"
    ln -s $$ "$claims/$1" 2>/dev/null
}

# An even port below the ephemeral range that nobody has, with the next one: this script's until it
# ends. The bitnesses have a range each; those above 26000 are the twilio suite's.
free_port() {
    local port first=20000 turns
    [ "$bits" = x64 ] || first=23000
    for ((turns = 0; turns < 3000; turns++)); do
        port=$((first + RANDOM % 1500 * 2))
        port_open $port || port_open $((port + 1)) || ! claim_port $port || break
    done
    [ $turns -lt 3000 ] || warn "no port between $first and $((first + 2999)) can be had"
    echo $port
}

# peer_start NAME ARGUMENT…: rtp_peer.py in the background, $peer its process, listening.
peer_start() { peer_start_program "$interop/rtp_peer.py" "$@"; }

# peer_start_program PROGRAM NAME ARGUMENT…: the same of another one in Python.
peer_start_program() {
    local program=$1 name=$2
    shift 2
    "$python" "$program" "$@" >"$work/$name.out" 2>"$work/$name.err" </dev/null &
    peer=$!
    started+=("$peer")
    wait_for "the peer to listen" listening "$work/$name.out" "$peer"
}
listening() { grep -qs listening "$1" || gone "$2"; }
peer_end() {
    local status
    wait "$peer"
    status=$?
    forget "$peer"
    return $status
}
# What the peer's last line says of this member.
peer_said() { "$python" -c 'import json,sys; print(json.loads(open(sys.argv[1]).read().splitlines()[-1])[sys.argv[2]])' "$work/$1.out" "$2"; }

# number MEMBER FILE: of the last line that has it.
number() { sed -n "s/.*\"$1\":\([0-9.eE+-]*\).*/\1/p" "$2" | tail -n 1; }
is() { awk "BEGIN { exit !($*) }" || { echo "not so"; false; }; }
well_formed() { "$python" "$interop/check_json.py" "$1"; }

# speech FILE SECONDS: what no two places of are alike, the same every time.
speech() { sox -R -n -r 8000 -c 1 -b 16 "$1" synth "$2" pinknoise synth "$2" sine mix 300-2500 gain -9; }

# compare WHAT SOURCE PASSED HEARD SECONDS SNR: at least so many seconds of it, at least that good.
compare() {
    check "$1 is heard" "$proof" "$2" "$3" "$4"
    "$proof" "$2" "$3" "$4" >"$work/proof" 2>/dev/null
    check "$1: seconds" is "$(number matched_seconds "$work/proof") + 0 >= $5"
    check "$1: in one piece" is "$(number stretches "$work/proof") + 0 == 1"
    check "$1: signal to noise" is "$(number snr_db "$work/proof") + 0 >= $6"
    [ $failed = 0 ] || cat "$work/proof"
}
