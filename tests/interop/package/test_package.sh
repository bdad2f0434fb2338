#!/usr/bin/env bash
# What people download, as an administrator meets it: unpacked and registered with regsvr32, installed
# and removed with msiexec. Both leave the same registration; a script finds the class; nothing stays.
#
#   test_package.sh <x64|x86> BUILD-FOLDER
set -uo pipefail
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../.." && pwd)
. "$top/toolchain/common.sh"
. "$top/toolchain/wine-prefix.sh"

bits=${1:?usage: test_package.sh <x64|x86> BUILD-FOLDER} build=$(cd "${2:?}" && pwd) || exit 1
for tool in wixl unzip; do command -v $tool >/dev/null || die "no $tool: run toolchain/bootstrap.sh"; done
wine_find "$bits" || {
    say "skipped: no Wine for $bits here"
    exit 77
}
work=$(mktemp -d "${TMPDIR:-/tmp}/omsp-package.XXXXXX")
finish() {
    wine_close "$work/wine"
    rm -rf "$work"
}
trap finish EXIT
trap 'exit 143' TERM INT HUP

passed=0 failed=0
check() { # check WHAT COMMAND…
    local what=$1 output
    shift
    if output=$("$@" 2>&1); then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        printf 'FAILED: %s: %s\n%s\n' "$what" "$*" "$output"
    fi
}
fails() { ! "$@"; }

package() { bash "$top/toolchain/package.sh" "--$bits" --bin "$build/bin" --out "$work/$1" >"$work/$1.log" 2>&1; }
package one || { cat "$work/one.log"; die "nothing was packed"; }
package two
zip=$(echo "$work"/one/openmsp-*-"$bits".zip) msi=$(echo "$work"/one/openmsp-*-"$bits".msi)
check "the same commit gives the same file" cmp "$zip" "$work/two/${zip##*/}"
check "the checksums are right" sh -c "cd '$work/one' && sha256sum --quiet -c SHA256SUMS"

wine_open "$work/wine" || die "cannot make a Wine prefix"
wine_environment "$work/wine"
wine() { timeout -k 5 60 "$wine_loader" "$@" </dev/null; }
win() { printf 'Z:%s' "${1//\//\\}"; }
# The registration as Windows sees it for this bitness, without where the files lie.
registration() {
    local key
    for key in 'CLSID\{B077D4F0-A16E-412B-8508-861AC31C803F}' OpenMSP.Address OpenMSP.Address.1 \
        'TypeLib\{563553CA-7C07-4E95-A16B-0A24E50DF444}' "${interfaces[@]/#/Interface\\}"; do
        if wine reg.exe export "HKLM\\Software\\Classes\\$key" "$(win "$work/key.reg")" /y >/dev/null 2>&1; then
            iconv -f utf-16 -t utf-8 "$work/key.reg"
        fi
    done | tr -d '\r' | sed -E 's/^@=".*\\\\openmsp\.dll"$/@="DLL"/; s/^@="([CZ]:\\\\.*)"$/@="FOLDER"/; s/\\Typelib/\\TypeLib/
        /^@=""$/d; /^$/d; /^Windows Registry/d'
}
mapfile -t interfaces < <(sed -nE 's/.*\[object, dual, .*uuid\(([-0-9A-F]+)\).*/{\1}/p' "$top/idl/openmsp.idl")
check "the interfaces are known" [ ${#interfaces[@]} -ge 6 ]
names_all() { # the manifest has every interface, for marshaling without registration
    local iid bad=0
    for iid in "${interfaces[@]}"; do grep -q "iid=\"$iid\"" "$1" || { echo "no $iid" && bad=1; }; done
    return $bad
}
check "the manifest names all interfaces" names_all "$build/bin/openmsp.dll.manifest"
# Prints the version of the object that a script gets.
cat >"$work/version.js" <<'END'
var address = new ActiveXObject("OpenMSP.Address");
address.Open();
WScript.Echo("version " + address.Version);
address.Close();
END
says_version() { wine cscript.exe //nologo "$(win "$work/version.js")" | tr -d '\r' | grep -qE '^version [0-9]+\.[0-9]+\.[0-9]+$'; }
check "nothing is registered yet" test -z "$(registration)"

# ---- unpacked, in a folder as people name them ----------------------------------------------------
home="$work/Müller & Söhne (x)"
mkdir -p "$home" && (cd "$home" && unzip -q "$zip")
folder=$(echo "$home"/openmsp-*)
for file in openmsp.dll openmsp.exe openmsp.dll.manifest openmsp-client.manifest openmsp.tlb LICENSE.txt \
    THIRD-PARTY.txt README.txt SECURITY.md CHANGELOG.md include/openmsp/openmsp.h include/openmsp/openmsp_tsp.h idl/openmsp.idl \
    samples/receive.c docs/guide.md docs/install.md; do
    check "has $file" test -s "$folder/$file"
done
links_resolve() { # every relative link of a document leads to a file
    local link bad=0
    while read -r link; do
        [ -e "$(dirname "$1")/$link" ] || { echo "$1: $link" && bad=1; }
    done < <(grep -oE '\]\([^)#:]+' "$1" | cut -c3-)
    return $bad
}
for file in docs/install.md docs/guide.md docs/choices.md docs/conformance.md docs/reliability.md SECURITY.md \
    CHANGELOG.md; do check "links of $file" links_resolve "$folder/$file"; done
check "no symbols of ours in the DLL" fails grep -qa omsp_stream_plan "$folder/openmsp.dll"
check "the program runs without registration" sh -c "'$wine_loader' '$folder/openmsp.exe' --version </dev/null | grep -q '^openmsp 0'"
wine regsvr32.exe /s "$(win "$folder/openmsp.dll")"
check "regsvr32" [ $? = 0 ]
registration >"$work/by-regsvr32"
check "regsvr32 registers" test -s "$work/by-regsvr32"
check "a script finds it" says_version
wine regsvr32.exe /s /u "$(win "$folder/openmsp.dll")"
check "regsvr32 /u" [ $? = 0 ]
check "nothing stays" test -z "$(registration)"

# ---- installed -----------------------------------------------------------------------------------
program_files="$work/wine/drive_c/Program Files/OpenMSP"
wine msiexec.exe /i "$(win "$msi")" /qn
check "msiexec /i" [ $? = 0 ]
check "installed where programs live" test -s "$program_files/openmsp.dll"
check "all files of the archive" sh -c "cd '$program_files' && find . -type f | sort >'$work/installed' &&
    cd '$folder' && find . -type f | sort | diff - '$work/installed'"
registration >"$work/by-msiexec"
check "registers what regsvr32 registers" diff "$work/by-regsvr32" "$work/by-msiexec"
check "a script finds the installed one" says_version
wine msiexec.exe /x "$(win "$msi")" /qn
check "msiexec /x" [ $? = 0 ]
check "no registration stays" test -z "$(registration)"
check "no file stays" fails test -e "$program_files/openmsp.dll"

say "suite interop-package-$bits: $passed passed, $failed failed"
[ $failed = 0 ]
