#!/usr/bin/env bash
# Independent SRTP at the other end of `openmsp call`: ffmpeg by AES-128 with either tag, GStreamer by
# AES-256, both directions at once, keys by SDP; what each side heard of the other. Then what is plain,
# and what security forbids.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
command -v gst-inspect-1.0 >/dev/null && gst-inspect-1.0 srtpenc >/dev/null 2>&1 ||
    die "no srtpenc of GStreamer: run toolchain/bootstrap.sh"
wine_use

speech "$work/said.wav" 3
# Who hears us knows our key only when we speak already.
speech "$work/speech.wav" 3
sox "$work/speech.wav" "$work/played.wav" pad 4
for name in said speech; do
    ffmpeg -nostdin -y -loglevel error -i "$work/$name.wav" -acodec pcm_mulaw "$work/$name-passed.wav"
done

# key BYTES: random, in Base64.
key() { head -c "$1" /dev/urandom | base64 -w 0; }
hex() { base64 -d <<<"$1" | od -An -v -tx1 | tr -d ' \n'; }
# sdp PORT PROTO [SUITE KEY]
sdp() {
    printf 'v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio %s %s 0\r\n' "$1" "$2"
    [ $# -lt 4 ] || printf 'a=crypto:1 %s inline:%s\r\n' "$3" "$4"
}

# call_starts NAME SUITE KEY: the call answers an offer from $there; $ours is its key.
call_starts() {
    local name=$1
    port=$(free_port) there=$(free_port)
    sdp "$there" RTP/SAVP "$2" "$3" >"$work/$name-offer.sdp"
    : >"$work/$name-answer.sdp" # which was there, for everybody
    chmod 666 "$work/$name-answer.sdp"
    app_start "$name" --listen "127.0.0.1:$port" --remote-sdp "$(win "$work/$name-offer.sdp")" \
        --local-sdp "$(win "$work/$name-answer.sdp")" --srtp required --json --for 11 \
        --play "$(win "$work/played.wav")" --record "$(win "$work/$name-here.wav")"
    wait_for "$name's answer" grep -qs 'a=sendrecv' "$work/$name-answer.sdp"
    ours=$(tr -d '\r' <"$work/$name-answer.sdp" | sed -n "s/^a=crypto:1 $2 inline://p")
    check "$name: nobody else may read it" [ $((0$(stat -c %a "$work/$name-answer.sdp") & 077)) = 0 ]
    check "$name: the answer has a key of its own" [ "${#ours}" = "${#3}" ] && [ "$ours" != "$3" ]
    check "$name: and is RTP/SAVP" grep -q "m=audio $port RTP/SAVP 0" "$work/$name-answer.sdp"
}

# call_ends NAME [FORGED [SNR]]
call_ends() {
    local name=$1
    app_end
    check "$name: exit status" [ $? = 0 ]
    check "$name: JSON" well_formed "$work/$name.out"
    check "$name: nothing on standard error" [ ! -s "$work/$name.err" ]
    check "$name: nothing lost" [ "$(number packets_lost "$work/$name.out")" = 0 ]
    check "$name: nothing forged" [ "$(number packets_forged "$work/$name.out")" = "${2:-0}" ]
    check "$name: nothing replayed" [ "$(number packets_replayed "$work/$name.out")" = 0 ]
    compare "$name is understood here" "$work/said.wav" "$work/said-passed.wav" "$work/$name-here.wav" 2.7 "${3:-999}"
    compare "$name understands" "$work/speech.wav" "$work/speech-passed.wav" "$work/$name-there.wav" 2.7 40
}

with_ffmpeg() {
    local name=$1 suite=$2 theirs receiver
    theirs=$(key 30)
    call_starts "$name" "$suite" "$theirs"
    sdp "$there" RTP/SAVP "$suite" "$ours" >"$work/$name-receive.sdp"
    ffmpeg -nostdin -y -loglevel error -protocol_whitelist file,udp,rtp,srtp -i "$work/$name-receive.sdp" \
        -acodec pcm_s16le "$work/$name-there.wav" 2>"$work/$name-receiver.err" &
    receiver=$!
    started+=("$receiver")
    ffmpeg -nostdin -loglevel error -re -i "$work/said.wav" -acodec pcm_mulaw -f rtp -srtp_out_suite "$suite" \
        -srtp_out_params "$theirs" "srtp://127.0.0.1:$port?pkt_size=172" >/dev/null 2>"$work/$name-sender.err"
    check "$name: ffmpeg sent" [ $? = 0 ]
    # What it sends in the clear is nobody's.
    ffmpeg -nostdin -loglevel error -re -t 1 -i "$work/said.wav" -acodec pcm_mulaw \
        -f rtp "rtp://127.0.0.1:$port?pkt_size=172" >/dev/null 2>&1
    wait_for "openmsp.exe to end" gone "$app"
    kill -INT "$receiver" 2>/dev/null
    wait_for "ffmpeg to end" gone "$receiver"
    forget "$receiver"
    plain=$(number packets_forged "$work/$name.out")
    check "$name: plain packets are told" is "$plain + 0 >= 45"
    call_ends "$name" "$plain"
}

with_gstreamer() {
    local name=gstreamer suite=AES_256_CM_HMAC_SHA1_80 theirs
    theirs=$(key 46)
    call_starts "$name" "$suite" "$theirs"
    peer_start_program "$interop/gst_srtp.py" "$name-peer" --listen "$there" --to "$port" \
        --hear-key "$(hex "$ours")" --say-key "$(hex "$theirs")" --cipher aes-256-icm --auth hmac-sha1-80 \
        --hear "$work/$name-there.wav" --play "$work/said.wav" --seconds 9
    peer_end
    check "$name: GStreamer ended well" [ $? = 0 ]
    call_ends "$name" 0 40 # its own encoder
}

with_ffmpeg ffmpeg-80 AES_CM_128_HMAC_SHA1_80
with_ffmpeg ffmpeg-32 AES_CM_128_HMAC_SHA1_32
with_gstreamer

port=$(free_port)
sdp 9 RTP/AVP >"$work/plain.sdp"
sdp 9 RTP/SAVP AES_CM_128_HMAC_SHA1_80 "$(key 30)" >"$work/secret.sdp"
app_run plain call --remote-sdp "$(win "$work/plain.sdp")" --srtp required --for 1
check "a plain offer is refused where SRTP is required" [ $? = 1 ]
app_run secret call --remote-sdp "$(win "$work/secret.sdp")" --srtp off --for 1
check "a secret one where it is off" [ $? = 1 ]
app_run wrong call --remote-sdp "$(win "$work/secret.sdp")" --srtp sometimes --for 1
check "another word is wrong usage" [ $? = 2 ]

suite_end srtp "$work"/*.out "$work"/*.err
