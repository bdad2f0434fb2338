#!/usr/bin/env bash
# Prints what third-party code a Windows build from here links: library, Debian version, bitness.
# With --update, libraries of which Debian has a newer source package are built anew.
#
#   versions.sh [--update]
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$here/common.sh"
. "$here/debian.sh"
. "$here/pe-libs.sh"

[ $# -le 1 ] && [ "${1:---update}" = --update ] || die "usage: versions.sh [--update]"
state=
if [ -n "${1:-}" ]; then
    state=$(mktemp -d)
    trap 'rm -rf "$state"' EXIT
fi
stale=0
printf '%-12s %-6s %s\n' library for "Debian version"
for library in $(printf '%s\n' "${!PE_SOURCE[@]}" | sort); do
    newest=
    if [ -n "$state" ]; then
        debian_sources_open "$state" || die "Debian's index of source packages cannot be read"
        newest=$(debian_source_versions "$state" "${PE_SOURCE[$library]}" | head -n 1)
    fi
    arches="x64 x86"
    [[ " ${NATIVE_LIBS[*]} " != *" $library "* ]] || arches+=" native"
    for arch in $arches; do
        stamp=$(pe_stamp "$library" "$arch") version=
        [ ! -r "$stamp" ] || read -r _ version <"$stamp"
        printf '%-12s %-6s %s\n' "$library" "$arch" "${version:-not built}${newest:+ (newest: $newest)}"
        if [ -n "$newest" ] && [ -n "$version" ] && dpkg --compare-versions "$version" lt "$newest"; then
            rm -f "$stamp"
            stale=1
        fi
    done
done
[ $stale = 0 ] || exec bash "$here/bootstrap.sh" --x86-wine
