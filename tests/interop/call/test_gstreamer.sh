#!/usr/bin/env bash
# GStreamer at the other end of `openmsp call`, both directions at once, with keys, in both codecs, two
# calls at a time: what each side heard of the other, and what their RTCP says of each other.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
command -v gst-launch-1.0 >/dev/null || die "no GStreamer: run toolchain/bootstrap.sh"
wine_use

keys='19*0#D'
# The keys are pressed while something is being said; GStreamer says no audio meanwhile.
speech "$work/played.wav" 3
speech "$work/said.wav" 9

passed_by_gstreamer() {
    gst-launch-1.0 -q filesrc location="$1" ! wavparse ! "$3enc" ! wavenc ! filesink location="$2" ||
        die "GStreamer cannot encode $1"
}

gstreamer_starts() {
    local codec=$1 law=$2 port there name
    port=$(free_port) there=$(free_port)
    for name in said played; do
        passed_by_gstreamer "$work/$name.wav" "$work/$codec-$name.wav" "$law"
    done
    peer_start_program "$interop/gst_peer.py" "$codec-peer" --listen "$there" --to "$port" --codec "$codec" \
        --play "$work/said.wav" --hear "$work/$codec-there.wav" --digits "$keys" --digits-at 3.5 --limit 60
    app_start "$codec" --listen "127.0.0.1:$port" --peer "127.0.0.1:$there" --codec "$codec" --json \
        --for 13 --play "$(win "$work/played.wav")" --record "$(win "$work/$codec-here.wav")"
}

# figure CODEC CONDITION: of GStreamer's statistics, each member by its name.
figure() {
    check "$1: $2" "$python" -c 'import json,sys
globals().update(json.loads(open(sys.argv[1]).read().splitlines()[-1]))
sys.exit(0 if eval(sys.argv[2]) else open(sys.argv[1]).read())' "$work/$1-peer.out" "$2"
}

gstreamer_ends() {
    local codec=$1 digits
    app=$2 && app_end
    check "$codec: exit status" [ $? = 0 ]
    peer=$3 && peer_end
    check "$codec: GStreamer ended by the call's BYE, without a fault" [ $? = 0 ]
    check "$codec: JSON" well_formed "$work/$codec.out"
    check "$codec: nothing on standard error" [ ! -s "$work/$codec.err" ]

    # Its encoder is taken as it is; what it sent is expanded by another one's decoder.
    ffmpeg -nostdin -y -loglevel error -i "$work/$codec-said.wav" -acodec pcm_s16le "$work/$codec-sent.wav"
    "$python" "$interop/gaps.py" "$work/$codec-sent.wav" "$work/$codec-here.wav" >"$work/gaps"
    check "$codec: what GStreamer said is heard" [ $? = 0 ]
    check "$codec: byte for byte, silence while a key is down" [ "$(number wrong "$work/gaps")" = 0 ]
    check "$codec: and not too much of that" is "$(number same "$work/gaps") + 0 >= 40000"
    check "$codec: audio comes back after each key" is "$(number gaps "$work/gaps") + 0 >= ${#keys}"
    [ $failed = 0 ] || cat "$work/gaps"
    digits=$(sed -n 's/.*"event":"DIGIT".*"digit":"\(.\)".*/\1/p' "$work/$codec.out" | tr -d '\n')
    check "$codec: keys, each once and in order" [ "$digits" = "$keys" ]
    check "$codec: all that GStreamer sent was taken" [ "$(number packets_lost "$work/$codec.out")" = 0 ]
    check "$codec: nothing rejected" [ "$(number packets_rejected "$work/$codec.out")" = 0 ]
    compare "$codec to GStreamer" "$work/played.wav" "$work/$codec-played.wav" "$work/$codec-there.wav" 2.9 40

    # RTCP both ways. A round trip is known to the side whose report came back.
    check "$codec: GStreamer's report came" is "$(number round_trip_us "$work/$codec.out") + 0 > 0"
    figure "$codec" 'have_sr and have_rb and sent_rb and rb_round_trip > 0'
    # Its count begins with the second packet, so that -1 is none lost.
    figure "$codec" 'lost <= 0 and rb_lost == 0'
    figure "$codec" "sr_packets == $(number packets_sent "$work/$codec.out")"
    # The goodbye may overtake what GStreamer has not looked at yet.
    figure "$codec" '0 <= sr_packets - packets < 50'
    # In units of 1/8000 s: 100 ms, on a machine that is short of time.
    figure "$codec" 'jitter < 800 and rb_jitter < 800'
    figure "$codec" "pressed == ${#keys}"
}

gstreamer_starts pcmu mulaw
pcmu_app=$app pcmu_peer=$peer
gstreamer_starts pcma alaw
pcma_app=$app pcma_peer=$peer
gstreamer_ends pcmu "$pcmu_app" "$pcmu_peer"
gstreamer_ends pcma "$pcma_app" "$pcma_peer"

suite_end gstreamer "$work"/*.out "$work"/*.err
