#!/usr/bin/env bash
# Samples through pipes: sox feeds `openmsp call --stdin-pcm` and takes from --stdout-pcm, while ffmpeg
# sends and records at the call's other end; at the line's rate, where nothing may change, and at another.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
wine_use

speech "$work/said.wav" 3
speech "$work/played.wav" 3
for name in said played; do
    ffmpeg -nostdin -y -loglevel error -i "$work/$name.wav" -acodec pcm_mulaw "$work/$name-passed.wav"
done

# through RATE LEAST-SNR-HERE LEAST-SNR-THERE
through() {
    local rate=$1 port there receiver sender name=pcm-$1 raw
    raw=(-t raw -r "$rate" -e signed -b 16 -L -c 1)
    port=$(free_port) there=$(free_port)
    printf 'v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio %s RTP/AVP 0\r\n' \
        "$there" >"$work/receive.sdp"
    ffmpeg -nostdin -y -loglevel error -protocol_whitelist file,udp,rtp -i "$work/receive.sdp" \
        -acodec pcm_s16le "$work/$name-there.wav" 2>"$work/$name-receiver.err" &
    receiver=$!
    started+=("$receiver")
    wait_for "ffmpeg to listen" port_open "$there"

    (
        set -o pipefail
        sox "$work/played.wav" "${raw[@]}" - |
            "$wine_loader" "$build/bin/openmsp.exe" call --listen "127.0.0.1:$port" --peer "127.0.0.1:$there" \
                --json --for 5 --stdin-pcm --stdout-pcm --pcm-rate "$rate" 2>"$work/$name.out" |
            sox "${raw[@]}" - -r 8000 "$work/$name-here.wav"
    ) 2>"$work/$name.err" &
    app=$!
    started+=("$app")
    wait_for "openmsp.exe to be ready" ready "$work/$name.out" "$app"
    ffmpeg -nostdin -loglevel error -re -i "$work/said.wav" -acodec pcm_mulaw \
        -f rtp "rtp://127.0.0.1:$port?pkt_size=172" >/dev/null 2>"$work/$name-sender.err" &
    sender=$!
    started+=("$sender")
    wait "$sender"
    check "$name: ffmpeg sent" [ $? = 0 ]
    forget "$sender"
    app_end
    check "$name: all of the pipe ended well" [ $? = 0 ]
    wait_for "ffmpeg to end by the call's BYE" gone "$receiver"
    forget "$receiver"

    check "$name: events are on standard error, and JSON" well_formed "$work/$name.out"
    check "$name: the stream was active" grep -q CME_STREAM_ACTIVE "$work/$name.out"
    check "$name: nothing lost" [ "$(number packets_lost "$work/$name.out")" = 0 ]
    compare "$name from ffmpeg" "$work/said.wav" "$work/said-passed.wav" "$work/$name-here.wav" 2.7 "$2"
    compare "$name to ffmpeg" "$work/played.wav" "$work/played-passed.wav" "$work/$name-there.wav" 2.7 "$3"
}
through 8000 999 40
through 16000 25 25

# Who listens no more ends the call, long before its time.
port=$(free_port) there=$(free_port)
peer_start peer --listen "$there" --to "$port" --play "$work/said.wav" --for 30
SECONDS=0
timeout -k 5 60 "$wine_loader" "$build/bin/openmsp.exe" call --listen "127.0.0.1:$port" --peer "127.0.0.1:$there" \
    --json --for 50 --stdout-pcm 2>"$work/head.out" </dev/null | head -c 4000 >"$work/head.raw"
check "a reader that goes: the call ends" [ $SECONDS -lt 30 ]
check "a reader that goes: it had what it wanted" [ "$(stat -c %s "$work/head.raw")" = 4000 ]
check "a reader that goes: and the end is told" grep -q '"type":"stats"' "$work/head.out"
kill "$peer" && peer_end

app_run rate call --peer 127.0.0.1:9 --stdin-pcm --pcm-rate 7999
check "rate: exit status 2" [ $? = 2 ]
check "rate: says why" grep -q '^openmsp: --pcm-rate takes 8000 to 48000' "$work/rate.err"

suite_end pcm "$work"/*.out "$work"/*.err
