#!/usr/bin/env bash
# Looks at a finished DLL or program from the outside: machine, exports, imports, hardening flags.
#
#   check-pe.sh <x64|x86> <file.dll|file.exe>
#
# Prints one line per finding and closes like a Check program: suite NAME: N passed, M failed.
set -uo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$here/common.sh"

[ $# = 2 ] || die "usage: check-pe.sh <x64|x86> <file>"
bits=$1 file=$2
case $bits in
x64) tool=x86_64-w64-mingw32 format=pei-x86-64 ;;
x86) tool=i686-w64-mingw32 format=pei-i386 ;;
*) die "x64 or x86, not $bits" ;;
esac

# What every Windows has. A library of ours or of the compiler in the imports is a file that the
# person who installs us would miss.
SYSTEM='advapi32|avrt|bcrypt|combase|crypt32|iphlpapi|kernel32|mmdevapi|msvcrt|ntdll|ole32|oleaut32'
SYSTEM="$SYSTEM|rpcrt4|secur32|shell32|shlwapi|user32|winmm|ws2_32|api-ms-win-[a-z0-9-]*"

passed=0 failed=0
holds() { # holds WHAT TEST-COMMAND…
    local what=$1
    shift
    if "$@"; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        say "${file##*/} ($bits): $what"
    fi
}
has_flag() { grep -qE "^[[:space:]]+$1$" <<<"$report"; }

report=$("$tool-objdump" -p "$file" 2>/dev/null) || die "cannot read $file"
is_format() { grep -qE "file format $format\$" <<<"$report"; }
holds "is not $format" is_format
holds "no ASLR (DYNAMIC_BASE)" has_flag DYNAMIC_BASE
holds "no DEP (NX_COMPAT)" has_flag NX_COMPAT
has_relocations() { "$tool-objdump" -h "$file" | grep -q ' \.reloc '; }
holds "no relocations, so ASLR cannot move it" has_relocations
[ "$bits" = x86 ] || holds "no HIGH_ENTROPY_VA" has_flag HIGH_ENTROPY_VA
no_date() { grep -qE '^Time/Date.*1970$' <<<"$report"; }
holds "carries the date of its build" no_date

# By their names, so only where the file still has its symbols.
symbols=$("$tool-nm" "$file" 2>/dev/null)
has_symbol() { grep -qE " [Tt] _?$1$" <<<"$symbols"; }
if [ -n "$symbols" ]; then
    holds "no stack protector" has_symbol __stack_chk_fail
    [ "${file##*.}" != dll ] || holds "no fortified call (_FORTIFY_SOURCE)" has_symbol '__[a-z]+_chk'
fi

foreign=$(sed -n 's/^[[:space:]]*DLL Name: //p' <<<"$report" | grep -viE "^($SYSTEM)(\.dll|\.drv)?$" | sort -u)
holds "imports ${foreign//$'\n'/ }" test -z "$foreign"

if [ "${file##*.}" = dll ]; then
    exports=$(sed -n '/\[Ordinal\/Name Pointer\] Table/,/^$/p' <<<"$report" |
        sed -nE 's/^[[:space:]]*\[ *[0-9]+\][[:space:]]+(\+base\[ *[0-9]+\][[:space:]]+)?([0-9a-f]{4}[[:space:]]+)?([^[:space:]]+)$/\3/p' |
        sort | xargs)
    holds "exports '$exports'" test "$exports" = \
        "DllCanUnloadNow DllGetClassObject DllRegisterServer DllUnregisterServer"
fi

name=${file##*/}
printf 'suite %s-%s: %d passed, %d failed\n' "${name%.*}" "$bits" $passed $failed
[ $failed = 0 ]
