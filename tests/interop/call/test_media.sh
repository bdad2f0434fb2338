#!/usr/bin/env bash
# Independent programs at the other end of `openmsp call`, both directions at once: ffmpeg sends to it
# and records it, in both codecs; then a peer that looks at every packet and presses keys.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
wine_use

speech "$work/said.wav" 3
speech "$work/played.wav" 3

# One ffmpeg sends to the call while another one, at the address that the call sends to, records it.
ffmpeg_there() {
    local codec=$1 encoder=$2 type=$3 port there receiver sender
    port=$(free_port) there=$(free_port)
    for name in said played; do
        ffmpeg -nostdin -y -loglevel error -i "$work/$name.wav" -acodec "$encoder" "$work/$name-passed.wav"
    done
    printf 'v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio %s RTP/AVP %s\r\n' \
        "$there" "$type" >"$work/receive.sdp"
    ffmpeg -nostdin -y -loglevel error -protocol_whitelist file,udp,rtp -i "$work/receive.sdp" \
        -acodec pcm_s16le "$work/$codec-there.wav" 2>"$work/$codec-receiver.err" &
    receiver=$!
    started+=("$receiver")
    wait_for "ffmpeg to listen" port_open "$there"
    app_start "$codec" --listen "127.0.0.1:$port" --peer "127.0.0.1:$there" --codec "$codec" --json --for 5 \
        --play "$(win "$work/played.wav")" --record "$(win "$work/$codec-here.wav")"
    ffmpeg -nostdin -loglevel error -re -i "$work/said.wav" -acodec "$encoder" \
        -f rtp "rtp://127.0.0.1:$port?pkt_size=172" >/dev/null 2>"$work/$codec-sender.err" &
    sender=$!
    started+=("$sender")

    wait "$sender"
    check "$codec: ffmpeg sent" [ $? = 0 ]
    forget "$sender"
    app_end
    check "$codec: exit status" [ $? = 0 ]
    # It ends by itself, because the call says goodbye (RTCP BYE).
    wait_for "ffmpeg to end by the call's BYE" gone "$receiver"
    forget "$receiver"

    check "$codec: JSON" well_formed "$work/$codec.out"
    check "$codec: nothing on standard error" [ ! -s "$work/$codec.err" ]
    check "$codec: nothing lost" [ "$(number packets_lost "$work/$codec.out")" = 0 ]
    check "$codec: all received" [ "$(number bytes_received "$work/$codec.out")" = 24000 ]
    check "$codec: the player came to its end" \
        grep -q '"FTEC_END_OF_FILE".*"terminal":"play"' "$work/$codec.out"
    compare "$codec from ffmpeg" "$work/said.wav" "$work/said-passed.wav" "$work/$codec-here.wav" 2.7 999
    compare "$codec to ffmpeg" "$work/played.wav" "$work/played-passed.wav" "$work/$codec-there.wav" 2.7 40
}
ffmpeg_there pcmu pcm_mulaw 0
ffmpeg_there pcma pcm_alaw 8

# Both directions at once, with a peer that looks at every packet, and presses keys.
port=$(free_port) there=$(free_port)
peer_start peer --listen "$there" --to "$port" --play "$work/said.wav" --hear "$work/packets-there.wav" \
    --answer --digits '159*0#AD'
app_start packets --listen "127.0.0.1:$port" --peer "127.0.0.1:$there" --json --for 5 \
    --play "$(win "$work/played.wav")" --record "$(win "$work/packets-here.wav")"
app_end
check "packets: exit status" [ $? = 0 ]
kill "$peer" 2>/dev/null
peer_end
check "the peer ended well" [ $? = 0 ]
check "packets: JSON" well_formed "$work/packets.out"
check "packets: no fault" [ "$(peer_said peer faults)" = '[]' ]
digits=$(sed -n 's/.*"event":"DIGIT".*"digit":"\(.\)".*/\1/p' "$work/packets.out" | tr -d '\n')
check "keys, each once and in order" [ "$digits" = '159*0#AD' ]
check "packets: nothing rejected" [ "$(number packets_rejected "$work/packets.out")" = 0 ]
check "what the peer heard" "$proof" "$work/played.wav" "$work/played.wav" "$work/packets-there.wav"
check "what the peer said, keys or not" "$proof" "$work/said.wav" "$work/said.wav" "$work/packets-here.wav"

suite_end media "$work"/*.out "$work"/*.err
