#!/usr/bin/env bash
# The samples in C, as they are built: what clients of the DLL look like does what it says. The peer
# hears its own words back from the two that echo, and one records what it says.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
wine_use
speech "$work/said.wav" 5

# echoes NAME LEAST-SNR: what comes back is what was said.
echoes() {
    local name=$1 port there
    port=$(free_port) there=$(free_port)
    peer_start "$name-peer" --listen "$there" --to "$port" --play "$work/said.wav" \
        --hear "$work/$name.wav" --answer --for 7
    "$wine_loader" "$build/bin/sample_$name.exe" "127.0.0.1:$port" "127.0.0.1:$there" 8 \
        >"$work/$name.out" 2>"$work/$name.err" </dev/null &
    app=$!
    started+=("$app")
    wait_for "$name to listen" listening "$work/$name.out" "$app"
    app_end
    check "$name: exit status" [ $? = 0 ]
    kill "$peer" 2>/dev/null
    peer_end
    check "$name: no fault in its packets" [ "$(peer_said "$name-peer" faults)" = '[]' ]
    check "$name: it counts what it said" is "$(sed -n 's/^\([0-9]*\) samples.*/\1/p' "$work/$name.out") + 0 >= 32000"
    # Where the machine is late there is a gap, and the recording is in two pieces.
    check "$name: what came back is what was said" "$proof" "$work/said.wav" "$work/said.wav" "$work/$name.wav"
    "$proof" "$work/said.wav" "$work/said.wav" "$work/$name.wav" >"$work/proof"
    check "$name: seconds" is "$(number matched_seconds "$work/proof") + 0 >= 3"
    check "$name: signal to noise" is "$(number snr_db "$work/proof") + 0 >= $2"
    [ $failed = 0 ] || cat "$work/proof"
}
echoes echo_media_stream 30
echoes echo_samples 30

port=$(free_port) there=$(free_port)
peer_start receive-peer --listen "$there" --to "$port" --play "$work/said.wav" --for 30
wine_run receive "$build/bin/sample_receive.exe" "127.0.0.1:$port" "127.0.0.1:$there" "$(win "$work/received.wav")" 3
check "receive: exit status" [ $? = 0 ]
kill "$peer" && peer_end
check "receive: what was said" "$proof" "$work/said.wav" "$work/said.wav" "$work/received.wav"

wine_run usage "$build/bin/sample_echo_samples.exe"
check "usage: exit status 2" [ $? = 2 ]
# It ends while a thread of its call begins. There 32-bit Wine dies of SIGSEGV now and then, as it does
# of any program of the kind (4 of 400 that do nothing but begin a thread and exit; a fault of the
# program's own would be the status 5): its handler that ends a thread runs before the thread has its
# segment register.
refused() {
    local turn status
    for turn in 1 2 3 4 5; do
        wine_run nowhere "$build/bin/sample_echo_samples.exe" nowhere 127.0.0.1:9 1
        status=$?
        [ "$bits" = x86 ] && [ $status = 139 ] && [ "$turn" != 5 ] || break
    done
    return $status
}
refused
check "a wrong address: exit status 1" [ $? = 1 ]
check "a wrong address: says which" grep -q '^nowhere: 0x' "$work/nowhere.err"

suite_end samples "$work"/*.out "$work"/*.err
