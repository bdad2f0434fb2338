#!/usr/bin/env bash
# The main job, seen by eye: speech made by espeak-ng is sent as RTP by ffmpeg; `openmsp.exe call`,
# a Windows telephony application under Wine, receives it through openmsp.dll and records it, with
# its render stream stopped and started again in the middle. The same call is streamed to a
# WebSocket consumer on npm `ws`, which loses nothing of it. At the end the recording and what the
# consumer heard are held against the source. Exit status 0 only when every number is right.
#
#   demo.sh [--codec pcmu|pcma]
set -uo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$here/common.sh"
. "$here/wine-prefix.sh"
. "$here/debian.sh"
. "$here/node.sh"

codec=pcmu
case ${1-} in
'') ;;
--codec) codec=${2?--codec wants pcmu or pcma} ;;
*) die "unknown option $1" ;;
esac
case $codec in
pcmu) encoder=pcm_mulaw raw=ulaw ;;
pcma) encoder=pcm_alaw raw=alaw ;;
*) die "unknown codec $codec" ;;
esac

cd "$OMSP_TOP" || exit 1
suite=$OMSP_TOP/tests/interop/twilio
bash "$here/bootstrap.sh" --demo || die "the set-up failed"
use_compiler_cache
node_modules_ensure "$suite" || die "the npm packages could not be installed"
NODE_PATH=$(node_folder "$suite")/node_modules
export NODE_PATH
step "building"
for preset in native mingw-x64; do
    mkdir -p build
    { cmake --preset "$preset" -DOMSP_TESTS=ON &&
        case $preset in
        native) cmake --build build/native --target omsp-proof -- -j"$(nproc)" ;;
        *) cmake --build build/mingw-x64 --target openmsp_dll openmsp_exe -- -j"$(nproc)" ;;
        esac } >"build/$preset.log" 2>&1 || {
        tail -n 40 "build/$preset.log"
        die "building $preset failed"
    }
done

work=$(mktemp -d "${TMPDIR:-/tmp}/omsp-demo.XXXXXX")
app='' sender='' consumer=''
finish() {
    [ -n "$consumer" ] && kill "$consumer" 2>/dev/null
    [ -n "$sender" ] && kill "$sender" 2>/dev/null
    [ -n "$app" ] && kill "$app" 2>/dev/null
    rm -rf "$work"
}
trap finish EXIT

step "speech"
espeak-ng -v en -s 150 -w "$work/speech.wav" "This is Open M S P. A stream is started, paused and \
stopped, and every change arrives as a media event. While you hear this, the render stream is \
stopped for half a second and started again. What was said in between is lost, and nothing else is. \
One stream model, many doors." || die "espeak-ng failed"
sox "$work/speech.wav" -r 8000 -c 1 -b 16 "$work/source.wav" gain -3 || die "sox failed"
# What the sender's encoder makes of it: the recording can be that and no better.
ffmpeg -nostdin -loglevel error -i "$work/source.wav" -acodec "$encoder" "$work/passed.wav" || die "ffmpeg failed"
ffmpeg -nostdin -loglevel error -i "$work/source.wav" -acodec "$encoder" -f "${encoder#pcm_}" "$work/sent.$raw" ||
    die "ffmpeg failed"
seconds=$(soxi -D "$work/source.wav")
total=$(awk -v s="$seconds" 'BEGIN { printf "%d", s + 2.5 }')
first=$(awk -v s="$seconds" 'BEGIN { printf "%d", s * 400 }')

# await FILE PID TEXT WHAT: until the program has said it.
await() {
    local turns
    for turns in $(seq 600); do
        grep -q "$3" "$1" && return 0
        kill -0 "$2" 2>/dev/null || break
        sleep 0.1
    done
    cat "$work/events" "$work/errors" "$work/consumer" "$work/consumer.errors" 2>/dev/null
    die "$4 (waited ${turns:-0} turns)"
}

step "a WebSocket consumer (npm ws)"
account=AC00112233445566778899aabbccddeeff
head -c 16 /dev/urandom | od -An -tx1 | tr -d ' \n' >"$work/token"
node "$suite/listen.js" --token-file "$work/token" --wav "$work/consumer.wav" --sent "$work/sent.$raw" \
    >"$work/consumer" 2>"$work/consumer.errors" &
consumer=$!
await "$work/consumer" "$consumer" '"type":"listening"' "the consumer did not get ready"
url=$(sed -n 's/.*"url":"\([^"]*\)".*/\1/p' "$work/consumer")

# The program is started before the sender, so nothing of the speech is missed.
port=$((20000 + RANDOM % 4000 * 2))
step "openmsp.exe call --listen 127.0.0.1:$port (Wine), recording"
OMSP_TEST_TIMEOUT=$((total + 60)) bash "$here/run-wine.sh" x64 build/mingw-x64/bin/openmsp.exe call \
    --listen "127.0.0.1:$port" --peer "127.0.0.1:$((port + 100))" --codec "$codec" \
    --record "Z:${work//\//\\}\\heard.wav" --for "$total" --json \
    --stream "$url" --name demo --param "codec=$codec" --account "$account" \
    --token-file "Z:${work//\//\\}\\token" \
    --script "wait $((first + 700)); stop render; wait 500; start render" \
    >"$work/events" 2>"$work/errors" &
app=$!
await "$work/events" "$app" '"type":"ready"' "openmsp.exe did not get ready"
await "$work/consumer" "$consumer" '"type":"started"' "the stream did not start"
tail -n +1 -s 0.1 -f --pid="$app" "$work/events" 2>/dev/null | sed 's/^/    /' &
printer=$!

ffmpeg -nostdin -loglevel error -re -i "$work/source.wav" -acodec "$encoder" -ar 8000 -ac 1 \
    -f rtp "rtp://127.0.0.1:$port?pkt_size=172" >"$work/sdp" 2>"$work/ffmpeg" &
sender=$!
wait "$sender" || {
    cat "$work/ffmpeg"
    die "ffmpeg failed"
}
sender=''
wait "$app"
status=$?
app=''
wait "$printer" 2>/dev/null
[ $status = 0 ] || {
    cat "$work/errors"
    die "openmsp.exe ended with $status"
}

wait "$consumer"
consumer_status=$?
consumer=''

step "proof"
number() { sed -n "s/.*\"$1\":\([0-9.eE+-]*\).*/\1/p" "$2" | tail -n 1; }
grep '"type":"stats"' "$work/events" >"$work/stats" || die "no statistics"
build/native/bin/omsp-proof "$work/source.wav" "$work/passed.wav" "$work/heard.wav" >"$work/proof" ||
    die "the recording does not hold what was said"
in=$(number packets_received "$work/stats") lost=$(number packets_lost "$work/stats")
recorded=$(number seconds "$work/proof") matched=$(number matched_seconds "$work/proof")
snr=$(number snr_db "$work/proof") original=$(number snr_original_db "$work/proof")
stretches=$(number stretches "$work/proof")
build/native/bin/omsp-proof "$work/source.wav" "$work/passed.wav" "$work/consumer.wav" >"$work/consumer.proof" ||
    warn "the consumer did not hear what was said"
streamed=$(number matched_seconds "$work/consumer.proof") streamed_snr=$(number snr_db "$work/consumer.proof")
messages=$(number messages "$work/consumer") frames=$(number frames "$work/consumer")
signed=$(sed -n 's/.*"type":"done".*"signature":\([a-z]*\).*/\1/p' "$work/consumer")
valid=$(sed -n 's/.*"type":"done".*"valid":\([a-z]*\).*/\1/p' "$work/consumer")
same=$(sed -n 's/.*"type":"done".*"same":\([a-z]*\).*/\1/p' "$work/consumer")
active=$(grep -c '"event":"CME_STREAM_ACTIVE".*"stream":"render"' "$work/events")
inactive=$(grep -c '"event":"CME_STREAM_INACTIVE".*"stream":"render"' "$work/events")
expected=$(awk -v s="$seconds" 'BEGIN { printf "%d", s * 50 }')

printf '    packets in           %s of %s\n' "$in" "$expected"
printf '    packets lost         %s\n' "$lost"
printf '    seconds recorded     %s (speech: %.2f, half a second left out on purpose)\n' "$recorded" "$seconds"
printf '    seconds recognised   %s in %s stretches\n' "$matched" "$stretches"
printf '    signal to noise      %s dB against the source after one G.711 pass (999: identical)\n' "$snr"
printf '                         %s dB against the source itself: what G.711 costs\n' "$original"
printf '    render stream        %s times ACTIVE, %s times INACTIVE\n' "$active" "$inactive"
printf '    streamed             %s messages, %s of them audio of 20 ms; valid: %s, signature: %s\n' \
    "$messages" "$frames" "$valid" "$signed"
printf '    heard by consumer    %s s recognised, %s dB; every byte as it was sent: %s\n' "$streamed" "$streamed_snr" "$same"

bad=0
check() { awk "BEGIN { exit !($2) }" || { warn "wrong: $1"; bad=1; }; }
check "packets in" "$in >= $expected - 2"
check "packets lost" "$lost == 0"
check "seconds recorded" "$recorded > $seconds - 0.75 && $recorded < $seconds - 0.3"
check "seconds recognised" "$matched > $seconds - 2.5"
check "signal to noise" "$snr == 999"
check "ACTIVE events" "$active >= 2"
check "INACTIVE events" "$inactive >= 2"
check "messages" "$messages == $frames + 3"
check "frames streamed" "$frames == int(($(stat -c %s "$work/sent.$raw") + 159) / 160)"
# From A-law the bytes are G.711's table's, and a second pass costs a little.
[ $codec = pcma ] || check "signal to noise at the consumer" "$streamed_snr == 999"
[ "$consumer_status $valid $signed $same" = "0 true true true" ] || {
    sed -n 's/.*"fault":/the consumer: /p' "$work/consumer"
    cat "$work/consumer.errors"
    warn "wrong: what the consumer was sent"
    bad=1
}
[ $bad = 0 ] && step "all of it is right"
exit $bad
