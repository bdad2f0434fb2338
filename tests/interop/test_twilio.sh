#!/usr/bin/env bash
# The Stream resource against real clients and consumers (twilio/run.js). Closes like a Check program.
#
#   test_twilio.sh native|x64|x86 PROGRAM [--only REGEX]
#
# native: PROGRAM is omsp-serve. x64, x86: it is openmsp.exe, run under Wine.
set -uo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$here/../../toolchain/common.sh"
. "$here/../../toolchain/debian.sh"
. "$here/../../toolchain/node.sh"
. "$here/../../toolchain/peers.sh"

[ $# -ge 2 ] || die "usage: test_twilio.sh native|x64|x86 PROGRAM [--only REGEX]"
kind=$1 program=$2
shift 2
options=()
case $kind in
native)
    command=("$program")
    ;;
x64 | x86)
    . "$OMSP_TOP/toolchain/wine-prefix.sh"
    wine_find "$kind" || {
        say "skipped: no Wine for $kind here"
        exit 77
    }
    command=(bash "$OMSP_TOP/toolchain/run-wine.sh" "$kind" "$program" serve)
    options+=(--wine)
    export OMSP_TEST_TIMEOUT=175
    ;;
*) die "unknown kind $kind" ;;
esac
if ! node_modules_ensure "$here/twilio"; then
    say "the npm packages could not be installed"
    say "suite interop_twilio: 0 passed, 1 failed"
    exit 1
fi
NODE_PATH=$(node_folder "$here/twilio")/node_modules
export NODE_PATH
# Debian's Python has Debian's modules.
if ! peer_ensure nginx || ! /usr/bin/python3 -c "import twilio, websockets"; then
    say "nginx or Python's modules are missing: run toolchain/bootstrap.sh"
    say "suite interop_twilio: 0 passed, 1 failed"
    exit 1
fi
OMSP_NGINX=$(peer_folder nginx)/usr/sbin/nginx
export OMSP_NGINX
# The native program's and each bitness's calls have UDP ports of their own from here on (lib/host.js).
case $kind in
native) export OMSP_FIRST_PORT=26000 ;;
x64) export OMSP_FIRST_PORT=27300 ;;
x86) export OMSP_FIRST_PORT=28600 ;;
esac
work=$(mktemp -d "${TMPDIR:-/tmp}/omsp-interop.XXXXXX") || exit 1
trap 'rm -rf "$work"' EXIT
node "$here/twilio/run.js" --folder "$work" "${options[@]}" "$@" -- "${command[@]}"
