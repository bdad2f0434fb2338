#!/usr/bin/env bash
# Scripts drive OpenMSP through cscript: registered by regsvr32 for the machine, in a prefix of this
# script's own, and unregistered at the end.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
prefix=$build/wine/script-host
wine_use "$prefix"
trap 'wine_close "$prefix"; finish' EXIT

cscript() {
    local name=$1 script=$2
    shift 2
    wine_run "$name" "$(system_program cscript.exe)" //nologo "$(win "$script")" "$@"
    tr -d '\r' <"$work/$name.out" >"$work/$name.lines"
}
# lines NAME: each is a test.
lines() {
    local line
    while read -r line; do
        case $line in
        ok:*) passed=$((passed + 1)) ;;
        'not ok:'*) check "$1: ${line#not ok: }" false ;;
        esac
    done <"$work/$1.lines"
    check "$1: came to its end" [ "$(tail -n 1 "$work/$1.lines")" = "done" ]
}

wine_run before "$(system_program cscript.exe)" //nologo "$(win "$interop/drive.js")" 127.0.0.1:1 127.0.0.1:1
check "not registered at first" [ "$(grep -c "done" "$work/before.out")" = 0 ]
wine_run register "$(system_program regsvr32.exe)" /s "$(win "$build/bin/openmsp.dll")"
check "regsvr32" [ $? = 0 ]

# A DLL of one bitness is loaded by that one's script host only.
echo 'WScript.Echo(new ActiveXObject("WScript.Shell").ExpandEnvironmentStrings("%PROCESSOR_ARCHITECTURE%"));' \
    >"$work/bits.js"
cscript bits "$work/bits.js"
processor=AMD64
[ "$bits" = x64 ] || processor=x86
check "the script host is the one of $bits" [ "$(cat "$work/bits.lines")" = "$processor" ]

speech "$work/said.wav" 20
speech "$work/played.wav" 2
port=$(free_port) there=$(free_port)
peer_start peer --listen "$there" --to "$port" --play "$work/said.wav" --hear "$work/heard.wav" \
    --answer --for 60
cscript vbscript "$interop/drive.vbs" "127.0.0.1:$port" "127.0.0.1:$there" \
    "$(win "$work/played.wav")" "$(win "$work/recorded.wav")"
check "VBScript: exit status" [ $? = 0 ]
kill "$peer"
peer_end
lines vbscript
check "VBScript: what it recorded is what was said" "$proof" "$work/said.wav" "$work/said.wav" "$work/recorded.wav"
check "VBScript: the peer heard it" is "$(peer_said peer heard) >= 20"

port=$(free_port)
cscript jscript "$interop/drive.js" "127.0.0.1:$port" 127.0.0.1:9
lines jscript

cscript walk "$interop/walk.vbs" "$(win "$work/played.wav")" "$(win "$work/walked.wav")"
lines walk
cscript jwalk "$interop/walk.js" "$(win "$work/played.wav")"
lines jwalk

port=$(free_port) there=$(free_port)
peer_start sample-peer --listen "$there" --to "$port" --play "$work/said.wav" --for 60
cscript sample "$interop/../../../samples/receive.vbs" "127.0.0.1:$port" "127.0.0.1:$there" \
    "$(win "$work/sample.wav")" 2
kill "$peer"
peer_end
check "the sample came to its end" [ "$(tail -n 1 "$work/sample.lines")" = "done" ]
check "the sample heard something" is "$(sed -n 's/^packets \([0-9]*\),.*/\1/p' "$work/sample.lines") + 0 >= 30"
check "the sample's recording" "$proof" "$work/said.wav" "$work/said.wav" "$work/sample.wav"

wine_run unregister "$(system_program regsvr32.exe)" /s /u "$(win "$build/bin/openmsp.dll")"
check "regsvr32 /u" [ $? = 0 ]
wine_run after "$(system_program cscript.exe)" //nologo "$(win "$interop/drive.js")" 127.0.0.1:1 127.0.0.1:1
check "unregistered at the end" [ "$(grep -c "done" "$work/after.out")" = 0 ]

suite_end script-host "$work/vbscript.out" "$work/vbscript.err" "$work/jscript.out" "$work/jscript.err" \
    "$work/walk.out" "$work/walk.err" "$work/jwalk.out" "$work/jwalk.err" \
    "$work/sample.out" "$work/sample.err" "$work/register.err"
