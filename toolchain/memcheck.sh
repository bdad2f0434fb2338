#!/usr/bin/env bash
# Runs the portable suites under Valgrind's memcheck: what depends on memory that nobody wrote to, which
# no sanitizer of gcc sees. A suite is some 30 times slower so, and those that keep to a real clock may
# then fail; of such a suite the reports do not count, for a test that is broken off leaves threads
# that use its locals.
#
#   memcheck.sh [--only REGEX] [--seconds N] [--jobs N]
#
#   --only REGEX  only the CTest cases that match
#   --seconds N   a suite that takes longer is left out (900)
#   --jobs N      suites at a time (as many as processors)
#
# With OMSP_MEMCHECK_BUILT=1 nothing is built first. What each suite and Valgrind said lies in
# build/memcheck. The last line sums up; the status tells whether anything was found.
set -uo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$here/common.sh"
. "$here/debian.sh"
. "$here/suites.sh"

only=. seconds=900 jobs=$(nproc)
while [ $# -gt 0 ]; do
    case $1 in
    --only)
        only=${2?--only wants a regular expression}
        shift
        ;;
    --seconds | --jobs)
        case ${2-} in '' | *[!0-9]*) die "$1 wants a whole number" ;; esac
        declare "${1#--}=$2"
        shift
        ;;
    *) die "unknown option $1" ;;
    esac
    shift
done

cd "$OMSP_TOP" || exit 1
build=$OMSP_TOP/build/native
mkdir -p build/memcheck
if [ -z "${OMSP_MEMCHECK_BUILT:-}" ]; then
    bash "$here/bootstrap.sh" --native-only || die "the set-up failed"
    packages_ensure valgrind
    use_compiler_cache
    step "building"
    { cmake --preset native -DOMSP_TESTS=ON && cmake --build "$build" -- -j"$(nproc)"; } \
        >build/native.log 2>&1 || {
        tail -n 40 build/native.log
        die "the build failed"
    }
fi
mapfile -t suites < <(suites_of "$build" "$only")
[ ${#suites[@]} -gt 0 ] || die "no suite matches $only"
suites_servers_up "$build" "${suites[@]}"

# check_one NAME PROGRAM: in a folder of its own, for what an interrupted test leaves behind.
check_one() {
    local log=$OMSP_TOP/build/memcheck/${1//\//-} folder status reports
    folder=$(mktemp -d "${TMPDIR:-/tmp}/omsp-memcheck.XXXXXX")
    chmod 755 "$folder" # some tests give up their rights
    ln -s "$build/tests/tls" "$folder/tls"
    (cd "$folder" && TMPDIR=$folder OMSP_STACKS_AFTER=0 OMSP_AUDIENCE_LIVES=20 \
        exec timeout -k 5 "$seconds" valgrind -q --track-origins=yes --num-callers=20 \
        --fair-sched=yes --log-file="$log.valgrind" "$2") </dev/null >"$log.log" 2>&1
    status=$?
    rm -rf "$folder"
    reports=$(grep -cE '^==[0-9]+== ([A-SU-Z]|T[^h])' "$log.valgrind")
    case $status in
    0) say "memcheck $1: $reports reports" ;;
    124 | 137) say "memcheck $1: out of time" ;;
    *) say "memcheck $1: its tests fail" ;;
    esac
}

step "${#suites[@]} suites, $jobs at a time"
suites_each "$jobs" check_one "${suites[@]}" | tee build/memcheck/sum
awk '
    / reports$/ { whole++; reports += $(NF - 1) }
    / out of time$/ { late++ }
    / tests fail$/ { failed++ }
    END {
        printf "%d suites: %d reports; beside these %d that fail under it and %d out of time\n", whole,
            reports, failed, late
        exit !whole || reports > 0
    }' build/memcheck/sum
