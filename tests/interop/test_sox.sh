#!/usr/bin/env bash
# Recordings of several tracks, read by sox: channels, rate, length, and each channel's own tone.
# Closes like a Check program.
#
#   test_sox.sh PROGRAM      PROGRAM is omsp-tracks
set -uo pipefail
program=${1?usage: test_sox.sh PROGRAM}
for tool in sox soxi; do
    command -v $tool >/dev/null || { echo "no $tool: run toolchain/bootstrap.sh"; exit 1; }
done
work=$(mktemp -d "${TMPDIR:-/tmp}/omsp-sox.XXXXXX") || exit 1
trap 'rm -rf "$work"' EXIT
good=0 bad=0

check() { # what, then a command that must succeed
    local what=$1
    shift
    if "$@"; then good=$((good + 1)); else bad=$((bad + 1)); echo "FAILED: $what"; fi
}
is() { awk "BEGIN { exit !($1) }"; }
# The frequency that sox finds in one channel.
pitch() { sox "$1" -n remix "$2" stat 2>&1 | awk '/Rough *frequency/ { print $3 }'; }

while read -r tracks rate tag bits encoding; do
    file=$work/$tracks-$rate-$tag-$bits.wav
    check "$file is made" "$program" "$file" "$tracks" "$rate" "$tag" "$bits"
    check "$file: channels" [ "$(soxi -c "$file")" = "$tracks" ]
    check "$file: rate" [ "$(soxi -r "$file")" = "$rate" ]
    check "$file: encoding" [ "$(soxi -e "$file")" = "$encoding" ]
    check "$file: length" is "$(soxi -D "$file") > 1.9 && $(soxi -D "$file") < 2.1"
    check "$file: no complaint" [ -z "$(sox "$file" -n stat -v 2>&1 >/dev/null | grep -i warn)" ]
    for channel in $(seq "$tracks"); do
        heard=$(pitch "$file" "$channel")
        want=$((channel * 300))
        check "$file: channel $channel has $heard Hz, not $want" \
            is "${heard:-0} > $want * 0.93 && ${heard:-0} < $want * 1.07"
    done
done <<'TABLE'
1 8000 1 16 Signed Integer PCM
2 8000 1 16 Signed Integer PCM
2 48000 1 16 Signed Integer PCM
2 8000 7 8 u-law
4 8000 1 16 Signed Integer PCM
8 16000 1 16 Signed Integer PCM
TABLE
echo "suite sox: $good passed, $bad failed"
[ "$bad" = 0 ]
