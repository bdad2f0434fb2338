#!/usr/bin/env bash
# Looks at a finished native program from the outside: position-independent, no stack to execute, no
# relocation left to write, stack protectors.
#
#   check-elf.sh FILE…
set -uo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$here/common.sh"

[ $# -gt 0 ] || die "usage: check-elf.sh FILE…"
bad=0
holds() { # holds WHAT PATTERN TEXT
    grep -qE -- "$2" <<<"$3" && return
    say "$file: $1"
    bad=1
}
for file in "$@"; do
    [ -r "$file" ] || die "cannot read $file"
    dynamic=$(readelf -W -d "$file") segments=$(readelf -W -l "$file") symbols=$(readelf -W -s "$file")
    holds "is no PIE, so ASLR cannot move it" 'FLAGS_1.* PIE' "$dynamic"
    holds "relocations are not done at its start (BIND_NOW)" 'FLAGS.* NOW|BIND_NOW' "$dynamic"
    holds "relocations stay writable (RELRO)" 'GNU_RELRO' "$segments"
    holds "its stack may be executed" 'GNU_STACK .* RW +0x' "$segments"
    holds "no stack protector" '__stack_chk_fail' "$symbols"
done
exit $bad
