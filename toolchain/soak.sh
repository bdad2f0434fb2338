#!/usr/bin/env bash
# Many calls for a long time, natively and under Wine, with calls and streams coming and going: every
# frame of audio carries its number and a checksum and must arrive once, in turn and unchanged; and
# handles, threads and memory must stay where they were. A line of JSON a report, a sum at the end.
#
#   soak.sh [--minutes N] [--native CALLS] [--wine CALLS]
#
#   --minutes N     of each part (10)
#   --native CALLS  natively (1000; 0: not at all)
#   --wine CALLS    as a Windows program under Wine (100; 0: not at all)
set -uo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$here/common.sh"

minutes=10 native=1000 wine=100
while [ $# -gt 0 ]; do
    case $1 in
    --minutes | --native | --wine)
        case ${2-} in '' | *[!0-9]*) die "$1 wants a whole number" ;; esac
        declare "${1#--}=$2"
        shift
        ;;
    *) die "unknown option $1" ;;
    esac
    shift
done
[ "$minutes" -gt 0 ] || die "--minutes wants a whole number above 0"

cd "$OMSP_TOP" || exit 1
options=()
[ "$wine" -gt 0 ] || options+=(--native-only)
bash "$here/bootstrap.sh" "${options[@]}" || die "the set-up failed"
use_compiler_cache
mkdir -p build

build() {
    cmake --preset "$1" -DOMSP_TESTS=ON >"build/$1.log" 2>&1 &&
        cmake --build "build/$1" --target omsp-soak -- -j"$(nproc)" >>"build/$1.log" 2>&1 || {
        tail -n 40 "build/$1.log"
        die "the build failed"
    }
}

# A socket each for RTP and RTCP of every call.
ulimit -n 65536 2>/dev/null || ulimit -n "$(ulimit -Hn)"
failed=0
if [ "$native" -gt 0 ]; then
    build native
    step "natively: $native calls, $minutes min"
    build/native/tests/omsp-soak --calls "$native" --seconds $((minutes * 60)) \
        --churn $((native / 100 + 1)) --report 10 || failed=1
fi
if [ "$wine" -gt 0 ]; then
    build mingw-x64
    step "under Wine: $wine calls, $minutes min"
    OMSP_TEST_TIMEOUT=$((minutes * 60 + 120)) bash "$here/run-wine.sh" x64 \
        build/mingw-x64/tests/omsp-soak.exe --calls "$wine" --seconds $((minutes * 60)) \
        --churn $((wine / 100 + 1)) --report 10 || failed=1
fi
exit $failed
