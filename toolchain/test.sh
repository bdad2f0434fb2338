#!/usr/bin/env bash
# Sets up whatever is missing, builds everything and runs every test. The last line is the sum over
# all suites: "N passed, N failed" (", N skipped" where something could not be run here).
#
#   test.sh [--native] [--x64] [--x86] [--style] [--only REGEX] [--quick]
#
#   --native, --x64, --x86, --style   only these parts (native: ASan+UBSan, TSan, then what the corpora
#                                     of the fuzz targets run)
#   --only REGEX                      only the CTest cases that match; style is left out
#   --quick                           no TSan, no coverage, no x86
set -uo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$here/common.sh"
. "$here/wine-prefix.sh"
. "$here/test-parts.sh"

native='' x64='' x86='' style='' only='' quick=''
while [ $# -gt 0 ]; do
    case $1 in
    --native) native=1 ;;
    --x64) x64=1 ;;
    --x86) x86=1 ;;
    --style) style=1 ;;
    --quick) quick=1 ;;
    --only)
        only=${2?--only wants a regular expression}
        shift
        ;;
    *) die "unknown option $1" ;;
    esac
    shift
done
if [ -z "$native$x64$x86$style" ]; then
    native=1 x64=1
    [ -n "$quick" ] || x86=1
    [ -n "$only" ] || style=1
fi

cd "$OMSP_TOP" || exit 1
bootstrap=()
[ -n "$x64$x86" ] || bootstrap+=(--native-only)
[ -z "$x86" ] || bootstrap+=(--x86-wine)
bash "$here/bootstrap.sh" "${bootstrap[@]}" || die "the set-up failed"
use_compiler_cache

mkdir -p build
exec 7>build/test.lock
flock 7

trap ahead_stop EXIT
presets=()
[ -z "$native" ] || presets+=(native-asan)
[ -z "$native" ] || [ -n "$quick" ] || presets+=(native-tsan)
[ -z "$x64" ] || presets+=(mingw-x64)
[ -z "$x86" ] || presets+=(mingw-x86)
configure_presets "${presets[@]}"

if [ -n "$style" ]; then
    ahead_start
    part_style
fi
if [ -n "$native" ]; then
    part_native_asan
    [ -n "$quick" ] || part_native_tsan
    [ -n "$quick$only" ] || part_coverage
fi
[ -z "$x64" ] || part_pe x64
[ -z "$x86" ] || part_pe x86
tests_total
