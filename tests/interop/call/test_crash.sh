#!/usr/bin/env bash
# The recorder is killed in the middle, at moments of chance: what it wrote before is a WAV file that
# plays, up to the last second.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
wine_use

speech "$work/said.wav" 8

# kill_at ROUND FRAMES: after so many frames of 20 ms were sent to it.
kill_at() {
    local round=$1 frames=$2 port there heard sent
    heard=$work/heard-$round.wav
    port=$(free_port) there=$(free_port)
    app_start "recorder-$round" --listen "127.0.0.1:$port" --peer "127.0.0.1:$there" --json \
        --record "$(win "$heard")"
    peer_start "sender-$round" --listen "$there" --to "$port" --play "$work/said.wav" \
        --count "$work/count-$round" --for 20
    wait_for "the sender to be that far" sent_at_least "$work/count-$round" "$frames"
    kill -9 "$app"
    sent=$(sent_so_far "$work/count-$round")
    wait "$app" 2>/dev/null
    check "round $round: killed" [ $? = 137 ]
    forget "$app"
    kill "$peer"
    peer_end
    check "round $round: sox reads it without complaint" quiet sox "$heard" -n stat -v
    check "round $round: $sent frames sent, within the last second" \
        is "$(soxi -D "$heard") >= $sent * 0.02 - 1 && $(soxi -D "$heard") <= $sent * 0.02 + 0.1"
    check "round $round: and it is what was said" "$proof" "$work/said.wav" "$work/said.wav" "$heard"
    "$proof" "$work/said.wav" "$work/said.wav" "$heard" >"$work/proof"
    check "round $round: in one piece, from the start" \
        is "$(number stretches "$work/proof") == 1 && $(number matched_seconds "$work/proof") >= $sent * 0.02 - 1.1"
}
sent_so_far() {
    local digits
    digits=$(cat "$1" 2>/dev/null)
    echo $((10#${digits:-0}))
}
sent_at_least() { [ "$(sent_so_far "$1")" -ge "$2" ]; }
# Its "WARN" lines go to standard error, and the volume that stat -v prints too.
quiet() { ! "$@" 2>&1 | grep -v '^[0-9.]*$'; }

for round in $(seq "${OMSP_KILLS:-4}"); do kill_at $round $((60 + RANDOM % 160)); done

suite_end crash "$work"/sender-*.out "$work"/recorder-*.err
