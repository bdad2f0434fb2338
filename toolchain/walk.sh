#!/usr/bin/env bash
# Repeats every test of every portable suite with the n-th allocation failing (tests/support/walk.h),
# natively under AddressSanitizer, UBSan and LeakSanitizer.
#
#   walk.sh [--only REGEX] [--minutes N] [--points N] [--all N] [--brief] [--x64] [--jobs N]
#
#   --only REGEX  only the CTest cases that match
#   --minutes N   for all suites together: each test has its share, and tries what there is time for,
#                 spread over its allocations; at least one. The rest is counted as left out (no limit)
#   --points N    at most so many allocations of each test, spread likewise; the rest is left out
#   --all N       so many allocations of each test fail, the first ones (500); beyond, one for each
#                 stack of calls that allocates
#   --brief       one for each stack of calls of a suite, whichever test has it
#   --x64         as Windows programs under Wine, COM suites too; without sanitizers
#   --jobs N      suites at a time (as many as processors)
#
# What counts as what is told in tests/support/walk.h. With OMSP_WALK_BUILT=1 nothing is built first.
# What each suite said lies in build/walk, the assertions that failed among it. The last line sums up;
# the status tells whether anything was found.
set -uo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$here/common.sh"
. "$here/suites.sh"

only=. minutes=0 points=0 all=500 brief='' preset=native-asan jobs=$(nproc)
while [ $# -gt 0 ]; do
    case $1 in
    --only)
        only=${2?--only wants a regular expression}
        shift
        ;;
    --minutes | --points | --all | --jobs)
        case ${2-} in '' | *[!0-9]*) die "$1 wants a whole number" ;; esac
        declare "${1#--}=$2"
        shift
        ;;
    --brief) brief=1 ;;
    --x64) preset=mingw-x64 ;;
    *) die "unknown option $1" ;;
    esac
    shift
done

cd "$OMSP_TOP" || exit 1
options=()
[ $preset != native-asan ] || options+=(--native-only)
[ -n "${OMSP_WALK_BUILT:-}" ] || bash "$here/bootstrap.sh" "${options[@]}" || die "the set-up failed"
use_compiler_cache
mkdir -p build/walk
build=$OMSP_TOP/build/$preset
if [ -z "${OMSP_WALK_BUILT:-}" ]; then
    step "building"
    { cmake --preset $preset -DOMSP_TESTS=ON && cmake --build "$build" -- -j"$(nproc)"; } \
        >"build/$preset.log" 2>&1 || {
        grep -E -A4 'error: |undefined reference' "build/$preset.log" | head -n 40
        die "the build failed"
    }
fi
ulimit -n 65536 2>/dev/null || ulimit -n "$(ulimit -Hn)"

mapfile -t suites < <(suites_of "$build" "$only")
[ ${#suites[@]} -gt 0 ] || die "no suite matches $only"
seconds=0
[ "$minutes" = 0 ] || seconds=$(((minutes * 60 * jobs + ${#suites[@]} - 1) / ${#suites[@]}))

suites_servers_up "$build" "${suites[@]}"

# walk_one NAME PROGRAM: in a folder of its own, for what an interrupted test leaves behind.
walk_one() {
    local log=$OMSP_TOP/build/walk/${1//\//-}.log folder status
    folder=$(mktemp -d "${TMPDIR:-/tmp}/omsp-walk.XXXXXX")
    chmod 755 "$folder" # some tests give up their rights
    ln -s "$build/tests/tls" "$folder/tls"
    (
        cd "$folder" || exit 1
        export TMPDIR=$folder # files of the COM suites, which a test that is broken off leaves
        export OMSP_WALK=1 OMSP_WALK_ALL=$all OMSP_WALK_BRIEF=$brief OMSP_WALK_POINTS=$points
        [ $seconds = 0 ] || export OMSP_WALK_SECONDS=$seconds
        if [ $preset = mingw-x64 ]; then
            OMSP_TEST_TIMEOUT=100000 exec bash "$here/run-wine.sh" x64 "$2"
        fi
        exec "$2"
    ) </dev/null >"$log" 2>&1
    status=$?
    echo "exit $status" >>"$log"
    rm -rf "$folder"
    if ! grep -h '^walk ' "$log"; then
        say "walk ${1##*/}: 1 found, did not run to its end"
    elif [ $status != 0 ] && grep -q '^walk .* 0 found' "$log"; then
        say "also ${1##*/}: 1 found, ended with $status behind its last line"
    fi
}

step "${#suites[@]} suites, $jobs at a time"
suites_each "$jobs" walk_one "${suites[@]}" | tee build/walk/sum
# Found by name, so that logs of earlier runs with another choice do not count.
tr -d '\r' <build/walk/sum | awk -v wanted=${#suites[@]} '
    /^walk / { suites++ }
    /^(walk|also) / {
        for (i = 2; i < NF; i++)
            if ($i ~ /^[0-9]+$/) { word = $(i + 1); sub(/[,:]$/, "", word); n[word] += $i }
    }
    END {
        if (suites != wanted) n["found"] += wanted - suites
        printf "%d suites, %d tests, %d runs: %d passed, %d repeated, %d refused, %d later; %d left out; %d found\n",
            suites, n["tests"], n["runs"], n["passed"], n["repeated"], n["refused"], n["later"],
            n["left"], n["found"]
        exit n["found"] > 0
    }'
