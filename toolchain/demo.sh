#!/usr/bin/env bash
# The main job, seen by eye: speech made by espeak-ng is sent as RTP by ffmpeg; `openmsp.exe call`,
# a Windows telephony application under Wine, receives it through openmsp.dll and records it, with
# its render stream stopped and started again in the middle. At the end the recording is held
# against the source. Exit status 0 only when every number is right.
#
#   demo.sh [--codec pcmu|pcma]
set -uo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$here/common.sh"
. "$here/wine-prefix.sh"

codec=pcmu
[ "${1-}" != --codec ] || codec=${2?--codec wants pcmu or pcma}
case $codec in
pcmu) encoder=pcm_mulaw ;;
pcma) encoder=pcm_alaw ;;
*) die "unknown codec $codec" ;;
esac

cd "$OMSP_TOP" || exit 1
bash "$here/bootstrap.sh" --demo || die "the set-up failed"
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
app='' sender=''
finish() {
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
seconds=$(soxi -D "$work/source.wav")
total=$(awk -v s="$seconds" 'BEGIN { printf "%d", s + 2.5 }')
first=$(awk -v s="$seconds" 'BEGIN { printf "%d", s * 400 }')

# The program is started before the sender, so nothing of the speech is missed.
port=$((20000 + RANDOM % 4000 * 2))
step "openmsp.exe call --listen 127.0.0.1:$port (Wine), recording"
OMSP_TEST_TIMEOUT=$((total + 60)) bash "$here/run-wine.sh" x64 build/mingw-x64/bin/openmsp.exe call \
    --listen "127.0.0.1:$port" --peer "127.0.0.1:$((port + 100))" --codec "$codec" \
    --record "Z:${work//\//\\}\\heard.wav" --for "$total" --json \
    --script "wait $((first + 700)); stop render; wait 500; start render" \
    >"$work/events" 2>"$work/errors" &
app=$!
for _ in $(seq 300); do
    grep -q '"type":"ready"' "$work/events" && break
    kill -0 "$app" 2>/dev/null || break
    sleep 0.1
done
grep -q '"type":"ready"' "$work/events" || {
    cat "$work/events" "$work/errors"
    die "openmsp.exe did not get ready"
}
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

step "proof"
number() { sed -n "s/.*\"$1\":\([0-9.eE+-]*\).*/\1/p" "$2" | tail -n 1; }
grep '"type":"stats"' "$work/events" >"$work/stats" || die "no statistics"
build/native/bin/omsp-proof "$work/source.wav" "$work/passed.wav" "$work/heard.wav" >"$work/proof" ||
    die "the recording does not hold what was said"
in=$(number packets_received "$work/stats") lost=$(number packets_lost "$work/stats")
recorded=$(number seconds "$work/proof") matched=$(number matched_seconds "$work/proof")
snr=$(number snr_db "$work/proof") original=$(number snr_original_db "$work/proof")
stretches=$(number stretches "$work/proof")
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

bad=0
check() { awk "BEGIN { exit !($2) }" || { warn "wrong: $1"; bad=1; }; }
check "packets in" "$in >= $expected - 2"
check "packets lost" "$lost == 0"
check "seconds recorded" "$recorded > $seconds - 0.75 && $recorded < $seconds - 0.3"
check "seconds recognised" "$matched > $seconds - 2.5"
check "signal to noise" "$snr == 999"
check "ACTIVE events" "$active >= 2"
check "INACTIVE events" "$inactive >= 2"
[ $bad = 0 ] && step "all of it is right"
exit $bad
