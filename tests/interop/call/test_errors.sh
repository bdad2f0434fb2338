#!/usr/bin/env bash
# What `openmsp call` says and answers when something is wrong: usage, addresses, files, a full disk.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
wine_use

# one_line FILE PATTERN: exactly one line, and it is this.
one_line() {
    tr -d '\r' <"$1" >"$1.plain"
    [ "$(wc -l <"$1.plain")" = 1 ] && grep -qE "^openmsp: $2\$" "$1.plain" || { cat "$1.plain" && false; }
}
# usage NAME PATTERN ARGUMENT…: exit 2; says why, and how it is right, on standard error.
usage() {
    local name=$1 pattern=$2
    shift 2
    app_run "$name" "$@"
    check "$name: exit status 2" [ $? = 2 ]
    check "$name: says why" grep -qE "^openmsp: $pattern" "$work/$name.err"
    check "$name: says how" grep -q '^usage: openmsp call' "$work/$name.err"
    check "$name: nothing on standard output" [ ! -s "$work/$name.out" ]
}
# fails NAME PATTERN ARGUMENT…: exit 1, one clear line.
fails() {
    local name=$1 pattern=$2
    shift 2
    app_run "$name" call --json --for 1 "$@"
    check "$name: exit status 1" [ $? = 1 ]
    check "$name: one line" one_line "$work/$name.err" "$pattern"
    check "$name: tells no end of a call" [ "$(grep -c '"type":"stats"' "$work/$name.out")" = 0 ]
}

usage no-command 'no command'
usage unknown-command 'unknown command' dance
usage unknown-option 'unknown option --colour' call --colour red
usage no-value '--record needs a value' call --peer 127.0.0.1:9 --record
usage no-peer '--peer is missing' call
usage bad-codec '--codec is pcmu or pcma' call --peer 127.0.0.1:9 --codec opus
usage bad-time '--for takes' call --peer 127.0.0.1:9 --for -1
usage bad-script '--script: step 2 is not' call --peer 127.0.0.1:9 --script 'wait 10; jump render'
usage bad-limit '--rest-waiting and --rest-per-address are 1 to 65536' \
    call --peer 127.0.0.1:9 --rest 127.0.0.1:0 --rest-waiting 65537
usage no-limit '--rest-waiting and --rest-per-address are 1 to 65536' \
    call --peer 127.0.0.1:9 --rest 127.0.0.1:0 --rest-per-address 0
usage lone-limit '--rest-waiting and --rest-per-address go with --rest' \
    call --peer 127.0.0.1:9 --rest-per-address 8
usage no-token-file 'protect takes one file' protect
usage devices-what 'devices takes --json and nothing else' devices --all
for command in '' call serve devices protect; do
    app_run help ${command:+"$command"} --help
    check "help of '$command': exit status 0" [ $? = 0 ]
    check "help of '$command': on standard output" grep -q '^usage: openmsp call' "$work/help.out"
done

port=$(free_port)
peer_start blocker --listen "$port" --to 9
fails port-in-use "--listen 127.0.0.1:$port: address already in use" --listen "127.0.0.1:$port" --peer 127.0.0.1:9
kill "$peer" && peer_end
# (An address of another machine is not among them: Wine 8 lets a program bind that.)
fails bad-address '--listen somewhere: not valid' --listen somewhere --peer 127.0.0.1:9
fails bad-peer '--peer nowhere:: not valid' --peer nowhere:

fails no-file "--play .*gone.wav: file not found" --peer 127.0.0.1:9 --play "$(win "$work/gone.wav")"
fails foreign-file "--play .*gone-äλ.wav: file not found" --peer 127.0.0.1:9 --play "$(win "$work/gone-äλ.wav")"
fails no-folder "--play .*gone.wav: (file|path) not found" --peer 127.0.0.1:9 --play "$(win "$work/none/gone.wav")"
printf 'RIFF and so on, but no WAV at all, only text that is long enough to be one' >"$work/text.wav"
fails no-wav "--play .*text.wav: .+" --peer 127.0.0.1:9 --play "$(win "$work/text.wav")"
sox -R -n -r 8000 -c 1 -e float -b 32 "$work/float.wav" synth 0.1 sine 440
fails float-wav "--play .*float.wav: audio format not supported" --peer 127.0.0.1:9 --play "$(win "$work/float.wav")"
sox -R -n -r 8000 -c 1 -b 16 "$work/whole.wav" synth 0.1 sine 440
head -c 30 "$work/whole.wav" >"$work/cut.wav"
fails cut-wav "--play .*cut.wav: .+" --peer 127.0.0.1:9 --play "$(win "$work/cut.wav")"
fails record-nowhere "--record .*heard.wav: (file|path) not found" --peer 127.0.0.1:9 --record "$(win "$work/none/heard.wav")"
mkdir "$work/folder.wav"
fails record-folder "--record .*folder.wav: access denied" --peer 127.0.0.1:9 --record "$(win "$work/folder.wav")"
if [ "$(id -u)" != 0 ]; then # whom modes of files do not stop
    touch "$work/fixed.wav" && chmod 444 "$work/fixed.wav"
    fails record-read-only "--record .*fixed.wav: access denied" --peer 127.0.0.1:9 --record "$(win "$work/fixed.wav")"
fi

fails no-log "--log .*x.log: (file|path) not found" --peer 127.0.0.1:9 --log "$(win "$work/none/x.log")"
fails no-authority "--ca .*gone.pem: file not found" --peer 127.0.0.1:9 --account "AC$(printf 'a%.0s' {1..32})" \
    --ca "$(win "$work/gone.pem")"

# The far end's protocol is the call's: nothing would ever be sent otherwise.
fails other-protocol '--peer \[::1\]:9: not valid' --listen 127.0.0.1 --peer '[::1]:9'
app_run six call --json --for 0.1 --peer '[::1]:9'
check "IPv6: is this machine's when nobody says where to listen" grep -q '"listen":"\[::1\]:' "$work/six.out"

# A disk that gets full: a small file system, or a limit of the file's size where none can be mounted.
speech "$work/said.wav" 8
mkdir "$work/disk"
limit=unlimited error=0x80070070
if [ -z "${OMSP_NO_MOUNT:-}" ] && is_root_able && as_root mount -t tmpfs -o size=49152,mode=1777 tmpfs "$work/disk" 2>/dev/null; then
    mounted=$work/disk
else
    limit=48 error='0x8[0-9a-f]{7}'
fi
port=$(free_port) there=$(free_port)
(
    trap '' XFSZ
    ulimit -f $limit
    exec "$wine_loader" "$build/bin/openmsp.exe" call --listen "127.0.0.1:$port" --peer "127.0.0.1:$there" \
        --json --for 6 --record "$(win "$work/disk/heard.wav")" --script 'wait 5500; stop render' \
        >"$work/full.out" 2>"$work/full.err" </dev/null
) &
app=$!
started+=("$app")
wait_for "openmsp.exe to be ready" ready "$work/full.out" "$app"
peer_start sender --listen "$there" --to "$port" --play "$work/said.wav" --for 7
app_end
check "disk full: the call goes on and ends well" [ $? = 0 ]
kill "$peer" 2>/dev/null
peer_end
check "disk full: JSON" well_formed "$work/full.out"
check "disk full: the event says so" grep -qE \
    "\"TE_FILETERMINAL\",\"state\":\"TMS_IDLE\",\"cause\":\"FTEC_WRITE_ERROR\",.*\"terminal\":\"record\",\"hr\":\"$error\"" \
    "$work/full.out"
check "disk full: told once" [ "$(grep -c FTEC_WRITE_ERROR "$work/full.out")" = 1 ]
check "disk full: packets still come" is "$(number packets_received "$work/full.out") >= 200"
check "disk full: what was recorded plays" sox "$work/disk/heard.wav" -n stat
check "disk full: as much as there was room for" is "$(soxi -D "$work/disk/heard.wav") > 1.5"
check "disk full: and is what was said" "$proof" "$work/said.wav" "$work/said.wav" "$work/disk/heard.wav"

# A token's file as editors and shells write it: with a byte order mark, as UTF-16, with a line's end.
account=AC$(printf 'a%.0s' {1..32})
printf 'a-token-of-16-bytes' >"$work/token-plain"
printf '\xEF\xBB\xBFa-token-of-16-bytes\r\n' >"$work/token-marked"
{ printf '\xFF\xFE' && printf 'a-token-of-16-bytes\r\n' | iconv -t UTF-16LE; } >"$work/token-wide"
printf '\xFF\xFE' >"$work/token-empty"
# rest_says FILE STATUS: of a request with the token for a call that there is not.
rest_says() {
    local sid status
    sid=$(printf '0%.0s' {1..32})
    wait_for "the server's address" grep -q '"type":"rest"' "$1"
    rest=$(tr -d '\r' <"$1" | sed -n 's|.*"type":"rest","url":"\([^"]*[^"/]\)/*".*|\1|p')
    status=$(curl -s -o "$work/rest.body" -w '%{http_code}' -m 20 -u "$account:a-token-of-16-bytes" \
        -d Status=stopped "$rest/2010-04-01/Accounts/$account/Calls/CA$sid/Streams/MZ$sid.json")
    [ "$status" = "$2" ] || { printf '%s: %s\n' "$rest" "$status" && false; }
}
for form in plain marked wide; do
    port=$(free_port)
    app_start "token-$form" --listen "127.0.0.1:$port" --peer 127.0.0.1:9 --rest 127.0.0.1:0 --account "$account" \
        --token-file "$(win "$work/token-$form")" --json --for 60
    check "a token file ($form) is read: no such call, and not 401" rest_says "$work/token-$form.out" 404
    kill "$app" && app_end
done
fails token-empty '.*token-empty.*' --peer 127.0.0.1:9 --rest 127.0.0.1:0 --account "$account" \
    --token-file "$(win "$work/token-empty")"

# So is a document of TwiML.
document='<?xml version="1.0"?><Response><Stop><Stream name="äλ"/></Stop></Response>'
printf '%s' "$document" >"$work/twiml-plain"
printf '\xEF\xBB\xBF%s\r\n' "$document" >"$work/twiml-marked"
{ printf '\xFF\xFE' && printf '%s\r\n' "$document" | iconv -t UTF-16LE; } >"$work/twiml-wide"
printf '\xFF\xFE' >"$work/twiml-empty"
printf '<Response>\xff</Response>' >"$work/twiml-broken"
for form in plain marked wide; do
    fails "twiml-$form" '--twiml .*: no such item' --peer 127.0.0.1:9 --account "$account" \
        --twiml "$(win "$work/twiml-$form")"
done
for form in empty broken; do
    fails "twiml-$form" '--twiml .*: not valid' --peer 127.0.0.1:9 --account "$account" \
        --twiml "$(win "$work/twiml-$form")"
done

suite_end errors "$work/full.out" "$work/full.err" "$work"/token-*.err
