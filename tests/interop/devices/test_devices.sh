#!/usr/bin/env bash
# Audio devices: PulseAudio with null sinks under Wine's winepulse.drv. A tone comes over RTP from
# ffmpeg, goes out through a render terminal, back in through the sink's monitor as a capture terminal,
# over RTP to ffmpeg, and is measured there. Then the sink is unplugged under a running call, and
# plugged in again; and the audio service hangs under one for a while.
. "$(dirname "${BASH_SOURCE[0]}")/../call/lib.sh"
devices=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
for tool in pulseaudio pactl; do command -v $tool >/dev/null || die "no $tool: run toolchain/bootstrap.sh"; done

# A server of the test's own; nothing else starts one, for clients are told where it is.
pulse=$work/pulse
mkdir -p "$pulse/home" && chmod 700 "$pulse"
export PULSE_SERVER=unix:$pulse/native OMSP_WINE_SOUND=pulse
HOME=$pulse/home PULSE_RUNTIME_PATH=$pulse PULSE_STATE_PATH=$pulse/home \
    pulseaudio -n --daemonize=no --exit-idle-time=-1 --use-pid-file=no --disable-shm=yes \
    --load="module-native-protocol-unix socket=$pulse/native auth-anonymous=1" \
    >"$work/pulse.out" 2>&1 </dev/null &
server=$!
started+=("$server")
disown
pulse_up() { pactl info >/dev/null 2>&1; }
wait_for "PulseAudio" pulse_up
plug() {
    pactl load-module module-null-sink "sink_name=$1" rate=48000 channels=2 \
        "sink_properties=device.description=$1"
}
first=$(plug First)
plug Second >/dev/null

# A prefix of its own, for Wine keeps the devices that it saw there.
wine_use "$work/wine"

# ---- the list ----------------------------------------------------------------------------------
app_run list devices --json
check "devices: exit status" [ $? = 0 ]
check "devices: JSON" "$python" -c 'import json, sys
for line in open(sys.argv[1], encoding="utf-8"): assert set(json.loads(line)) == {
    "type", "direction", "name", "wave_id", "default"}, line' "$work/list.out"
for line in '"direction":"capture","name":"Monitor of First"' '"direction":"render","name":"First"' \
    '"direction":"capture","name":"Monitor of Second"' '"direction":"render","name":"Second"'; do
    check "devices: $line" grep -qF "$line" "$work/list.out"
done
check "one default in each direction" [ "$(grep -c '"default":true' "$work/list.out")" = 2 ]
check "every device has a wave number" sh -c "! grep -q '\"wave_id\":-1' '$work/list.out'"

# ---- a tone out and back in --------------------------------------------------------------------
sox -R -n -r 8000 -c 1 -b 16 "$work/tone.wav" synth 9 sine 1000 gain -12
port=$(free_port) there=$(free_port)
printf 'v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio %s RTP/AVP 0\r\n' \
    "$there" >"$work/receive.sdp"
ffmpeg -nostdin -y -loglevel error -protocol_whitelist file,udp,rtp -i "$work/receive.sdp" \
    -acodec pcm_s16le "$work/back.wav" 2>"$work/receiver.err" &
receiver=$!
started+=("$receiver")
wait_for "ffmpeg to listen" port_open "$there"
app_start tone --listen "127.0.0.1:$port" --peer "127.0.0.1:$there" --json --for 10 \
    --speaker First --mic "Monitor of First"
ffmpeg -nostdin -loglevel error -re -i "$work/tone.wav" -acodec pcm_mulaw \
    -f rtp "rtp://127.0.0.1:$port?pkt_size=172" >/dev/null 2>"$work/sender.err"
app_end
check "tone: exit status" [ $? = 0 ]
wait_for "ffmpeg to end by the call's BYE" gone "$receiver"
forget "$receiver"
check "tone: JSON" well_formed "$work/tone.out"
check "tone: both directions ran" [ "$(grep -c STREAM_ACTIVE "$work/tone.out")" = 2 ]
check "tone: nothing failed" sh -c "! grep -q FAIL '$work/tone.out'"
"$python" "$devices/tone.py" "$work/tone.wav" 1000 >"$work/said.json"
"$python" "$devices/tone.py" "$work/back.wav" 1000 >"$work/heard.json"
said=$(sed 's/.*"level": *\([0-9.]*\).*/\1/' "$work/said.json")
heard=$(sed 's/.*"level": *\([0-9.]*\).*/\1/' "$work/heard.json")
hz=$(sed 's/.*"hz": *\([0-9.]*\).*/\1/' "$work/heard.json")
purity=$(sed 's/.*"purity": *\([0-9.]*\).*/\1/' "$work/heard.json")
seconds=$(sed 's/.*"seconds": *\([0-9.]*\).*/\1/' "$work/heard.json")
cat "$work/heard.json"
check "tone: long enough" is "$seconds > 4"
check "tone: its frequency" is "$hz > 997 && $hz < 1003"
check "tone: its level within 1 dB" is "$heard > 0.89 * $said && $heard < 1.12 * $said"
check "tone: little else" is "$purity > 0.9"

# ---- unplugged while it runs -------------------------------------------------------------------
port=$(free_port)
app_start unplug --listen "127.0.0.1:$port" --peer "127.0.0.1:$((port + 50))" --json --for 20 \
    --speaker First --mic "Monitor of First"
running() { [ "$(grep -c STREAM_ACTIVE "$work/unplug.out")" = 2 ]; }
wait_for "both streams" running
pactl unload-module "$first"
told() { grep -qs "$1" "$work/unplug.out" || gone "$app"; }
for what in 'AE_REMOVETERMINAL.*"direction":"render","name":"First"' \
    'AE_REMOVETERMINAL.*"direction":"capture","name":"Monitor of First"' \
    'TERMINAL_FAIL.*BAD_DEVICE.*render' 'STREAM_FAIL.*BAD_DEVICE.*render' \
    'TERMINAL_FAIL.*BAD_DEVICE.*capture' 'STREAM_FAIL.*BAD_DEVICE.*capture'; do
    wait_for "$what" told "$what"
    check "unplugged: $what" grep -qs "$what" "$work/unplug.out"
done
check "TERMINAL_FAIL comes before its STREAM_FAIL" awk '
    /TERMINAL_FAIL/ { before++ } /STREAM_FAIL/ && before < ++after { bad = 1 } END { exit bad }' \
    "$work/unplug.out"
plug First >/dev/null
for what in 'AE_NEWTERMINAL.*"direction":"render","name":"First"' \
    'AE_NEWTERMINAL.*"direction":"capture","name":"Monitor of First"'; do
    wait_for "$what" told "$what"
    check "plugged in again: $what" grep -qs "$what" "$work/unplug.out"
done
app_end
check "unplug: exit status" [ $? = 0 ]
check "unplug: JSON" well_formed "$work/unplug.out"

# ---- the audio service hangs under it ----------------------------------------------------------
port=$(free_port)
app_start hang --listen "127.0.0.1:$port" --peer "127.0.0.1:$((port + 50))" --json --for 12 \
    --speaker First --mic "Monitor of First" \
    --script 'wait 3000; stop render; start render; stop capture; wait 4000; start render; start capture'
both_run() { [ "$(grep -c STREAM_ACTIVE "$work/hang.out")" = 2 ]; }
wait_for "both streams" both_run
kill -STOP "$server"
given_up() { grep -qs '"op":"stop","stream":"capture"' "$work/hang.out" || gone "$app"; }
wait_for "the script to go on" given_up
kill -CONT "$server"
check "hang: stopping is done" grep -q '"op":"stop","stream":"render","hr":"0x00000000"' "$work/hang.out"
check "hang: starting fails" grep -q '"op":"start","stream":"render","hr":"0x80040044"' "$work/hang.out"
check "hang: and is told" grep -q 'TERMINAL_FAIL.*CONNECT_FAIL.*"stream":"render","hr":"0x80040044"' "$work/hang.out"
check "hang: nobody waits for more than 2 s" \
    is "$(sed -n 's/.*CME_TERMINAL_FAIL.*"t_ms":\([0-9]*\).*/\1/p' "$work/hang.out" | head -n 1) <= 3000 + 2000 + 1500"
app_end
check "hang: exit status" [ $? = 0 ]
check "hang: JSON" well_formed "$work/hang.out"
check "hang: both work again when the service does" [ "$(grep -c STREAM_ACTIVE "$work/hang.out")" = 4 ]

# ---- no device ---------------------------------------------------------------------------------
wine_use "$work/wine-mute"
unset OMSP_WINE_SOUND
wine_environment "$work/wine-mute"
app_run none devices
check "no devices: exit status" [ $? = 0 ]
check "no devices: nothing listed" [ ! -s "$work/none.out" ]
app_run refused call --peer "127.0.0.1:$port" --for 1 --speaker
check "no speaker: the call is refused" [ $? = 1 ]
check "no speaker: and says why" grep -q -- --speaker "$work/refused.err"

suite_end devices "$work"/*.out "$work"/*.err
