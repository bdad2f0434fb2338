#!/usr/bin/env bash
# What the committed corpora of tests/fuzz run of each parser, by gcc's count: the lines of each source
# that tests/fuzz/covers.tsv names. Less than 95 % of one is a failure. Closes like a Check program.
#
#   coverage.sh [--only REGEX] [--record]
#
#   --only REGEX  only the targets whose noun matches
#   --record      writes the table into docs/reliability.md, too; of all targets only
#
# With OMSP_COVERAGE_READY=1 nothing is set up first.
set -uo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$here/common.sh"

only=. record=''
while [ $# -gt 0 ]; do
    case $1 in
    --only)
        only=${2?--only wants a regular expression}
        shift
        ;;
    --record) record=1 ;;
    *) die "unknown option $1" ;;
    esac
    shift
done
[ -z "$record" ] || [ "$only" = . ] || die "--record goes with all targets"

cd "$OMSP_TOP" || exit 1
[ -n "${OMSP_COVERAGE_READY:-}" ] || bash "$here/bootstrap.sh" --native-only || die "the set-up failed"
use_compiler_cache
mkdir -p build
mapfile -t nouns < <(awk -F '\t' '!/^#/ && $2 != "-" { print $1 }' tests/fuzz/covers.tsv | grep -E -- "$only")
[ ${#nouns[@]} -gt 0 ] || die "no target matches $only"
for source in tests/fuzz/fuzz_*.c; do
    noun=${source##*/fuzz_} noun=${noun%.c}
    cut -f 1 tests/fuzz/covers.tsv | grep -qx "$noun" || die "tests/fuzz/covers.tsv says nothing of $noun"
done
cmake --preset native-coverage -DOMSP_TESTS=ON >build/native-coverage.log 2>&1 &&
    cmake --build build/native-coverage --target "${nouns[@]/#/replay_}" -- -j"$(nproc)" \
        >>build/native-coverage.log 2>&1 || {
    tail -n 40 build/native-coverage.log
    die "the build failed"
}
python3 tests/fuzz/coverage.py build/native-coverage ${record:+--record docs/reliability.md} "${nouns[@]}"
