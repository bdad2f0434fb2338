#!/usr/bin/env bash
# Runs a Windows program under Wine: CMake's CROSSCOMPILING_EMULATOR.
#
#   run-wine.sh <x64|x86> program.exe [argument…]
#
# The prefix is a private one of the build folder that the program lies in ($OMSP_WINEPREFIX if set).
# The program's output is streamed; the exit code is its own, cut to 8 bits, 124 after
# $OMSP_TEST_TIMEOUT seconds (170), 77 when this bitness cannot be run here. No X, no sound needed. Its
# standard input is empty, or the file or named pipe $OMSP_TEST_INPUT.
set -uo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$here/common.sh"
. "$here/wine-prefix.sh"

[ $# -ge 2 ] || die "usage: run-wine.sh <x64|x86> program [argument…]"
bits=$1 program=$2
shift 2
wine_find "$bits" || {
    say "skipped: no Wine for $bits here"
    exit 77
}

build=$(cd "$(dirname "$program")" 2>/dev/null && pwd) || build=$PWD
while [ "$build" != / ] && [ ! -e "$build/CMakeCache.txt" ]; do build=$(dirname "$build"); done
if [ -n "${OMSP_WINEPREFIX:-}" ]; then
    prefix=$OMSP_WINEPREFIX
elif [ "$build" != / ]; then
    prefix=$build/wine/$bits
    export WINEPATH="Z:${build//\//\\}\\bin"
else
    prefix=$OMSP_CACHE/wine/loose-$bits
fi
wine_open "$prefix" || die "cannot make the Wine prefix $prefix"
wine_environment "$prefix"

# Not a pipe: a process that the program leaves behind would hold it open. tail follows the file for
# as long as the program lives.
output=$(mktemp "${TMPDIR:-/tmp}/omsp-run.XXXXXX")
pid=
ended() {
    [ -n "$pid" ] && kill "$pid" 2>/dev/null
    rm -f "$output"
}
trap ended EXIT
trap 'exit 143' TERM INT HUP

timeout -k 5 "${OMSP_TEST_TIMEOUT:-170}" "$wine_loader" "$program" "$@" >"$output" 2>&1 \
    <"${OMSP_TEST_INPUT:-/dev/null}" &
pid=$!
tail -n +1 -s 0.05 -f --pid="$pid" "$output" 2>/dev/null
wait "$pid"
status=$?
pid=
[ $status != 124 ] || say "timed out after ${OMSP_TEST_TIMEOUT:-170} s"
exit $status
