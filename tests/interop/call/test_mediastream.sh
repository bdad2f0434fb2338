#!/usr/bin/env bash
# mediastream (Mediastreamer and oRTP, the media of Linphone) at the other end of `openmsp call`, both
# directions at once, in both codecs, two calls at a time. It presses no keys; GStreamer does.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
command -v mediastream >/dev/null || die "no mediastream: run toolchain/bootstrap.sh"
wine_use

# It talks from its start on, call or not: what it says is long enough for a slow start of the call.
speech "$work/played.wav" 4
speech "$work/said.wav" 40

mediastream_starts() {
    local codec=$1 encoder=$2 type=$3 port there name
    port=$(free_port) there=$(free_port)
    for name in said played; do
        ffmpeg -nostdin -y -loglevel error -i "$work/$name.wav" -acodec "$encoder" "$work/$codec-$name.wav"
    done
    mediastream --local "$there" --remote "127.0.0.1:$port" --payload "$type" --no-avpf \
        --infile "$work/said.wav" --outfile "$work/$codec-there.wav" >"$work/$codec-peer.out" 2>&1 </dev/null &
    peer=$!
    started+=("$peer")
    wait_for "mediastream to listen" port_open "$there"
    app_start "$codec" --listen "127.0.0.1:$port" --peer "127.0.0.1:$there" --codec "$codec" --json \
        --for 12 --play "$(win "$work/played.wav")" --record "$(win "$work/$codec-here.wav")"
}

# counted CODEC WHAT: in the statistics with which oRTP closes.
counted() {
    sed -n "/AUDIO SESSION'S RTP STATISTICS/,\$s/.*ortp-message-$2 *\([0-9]*\) packets.*/\1/p" "$work/$1-peer.out"
}

mediastream_ends() {
    local codec=$1 sent
    app=$2 && app_end
    check "$codec: exit status" [ $? = 0 ]
    kill -INT "$3"
    peer=$3 && peer_end
    check "$codec: mediastream ended well" [ $? = 0 ]
    check "$codec: JSON" well_formed "$work/$codec.out"
    check "$codec: nothing on standard error" [ ! -s "$work/$codec.err" ]

    # Its volume control and equalizer lie in front of its encoder: no byte for byte.
    compare "$codec from mediastream" "$work/said.wav" "$work/$codec-said.wav" "$work/$codec-here.wav" 6 38
    check "$codec: nothing lost" [ "$(number packets_lost "$work/$codec.out")" = 0 ]
    # Its jitter buffer leaves out or stretches a little where the machine is late; each such place costs
    # up to 10 ms of other sound, and 6 % of that are 12 dB. Another codec's sound would not match at all.
    "$proof" "$work/played.wav" "$work/$codec-played.wav" "$work/$codec-there.wav" >"$work/proof"
    check "$codec to mediastream is heard" [ $? = 0 ]
    check "$codec to mediastream: seconds" is "$(number matched_seconds "$work/proof") + 0 >= 3"
    check "$codec to mediastream: signal to noise" is "$(number snr_db "$work/proof") + 0 >= 12"
    [ $failed = 0 ] || cat "$work/proof"

    sent=$(number packets_sent "$work/$codec.out")
    check "$codec: all came to mediastream" is "$(counted "$codec" received) + 50 > $sent"
    check "$codec: oRTP missed none" [ "$(counted "$codec" 'incoming cumulative lost')" = 0 ]
    check "$codec: oRTP has our reports" grep -q 'receiving RTCP SR' "$work/$codec-peer.out"
    check "$codec: oRTP's report came" is "$(number round_trip_us "$work/$codec.out") + 0 > 0"
}

mediastream_starts pcmu pcm_mulaw 0
pcmu_app=$app pcmu_peer=$peer
mediastream_starts pcma pcm_alaw 8
pcma_app=$app pcma_peer=$peer
mediastream_ends pcmu "$pcmu_app" "$pcmu_peer"
mediastream_ends pcma "$pcma_app" "$pcma_peer"

suite_end mediastream "$work"/*.out "$work"/*.err
