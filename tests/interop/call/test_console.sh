#!/usr/bin/env bash
# What people see: `openmsp call` without --json, on a console (a pseudo-terminal) with its meter, and
# into a file, where there is none.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
wine_use
speech "$work/said.wav" 6
speech "$work/played.wav" 1

# A line of the file, as a console shows it: what moves the cursor on is a gap, a return begins anew.
shows() { tr '\r' '\n' <"$work/$1" | sed 's/\x1b\[[0-9]*C/ /g; s/\x1b\[[0-9;?]*[A-Za-z]//g' | grep -qE "$2"; }

port=$(free_port) there=$(free_port)
peer_start peer --listen "$there" --to "$port" --play "$work/said.wav" --answer --digits '7' --for 30
app_start plain --listen "127.0.0.1:$port" --peer "127.0.0.1:$there" --for 3 \
    --play "$(win "$work/played.wav")" --record "$(win "$work/heard.wav")" \
    --script 'wait 500; stop render; pause capture; start all'
app_end
check "plain: exit status" [ $? = 0 ]
kill "$peer" && peer_end
check "plain: who and where" shows plain.out "^call CA[0-9a-f]{32} listens on 127\.0\.0\.1:$port$"
check "plain: that call first" grep -q '^call CA' <(head -n 1 "$work/plain.out")
check "plain: a stream" shows plain.out '^ +[0-9.]+ s  CME_STREAM_ACTIVE +CMC_LOCAL_REQUEST +render$'
check "plain: what the script did" shows plain.out '^ +[0-9.]+ s  pause capture: ok$'
check "plain: a file" shows plain.out '^ +[0-9.]+ s  TMS_IDLE +FTEC_END_OF_FILE +play$'
check "plain: a key" shows plain.out '^ +[0-9.]+ s  digit 7$'
check "plain: the sum" shows plain.out '^received [0-9]+ packets \(0 lost, .* sent [0-9]+, jitter .* ms; .* s to the recording, .* s played$'
check "plain: the sum last" grep -q '^received' <(tail -n 1 "$work/plain.out")
check "plain: no meter, no escape" [ "$(grep -c $'[\x1b]\|jitter.*jitter' "$work/plain.out")" = 0 ]
check "plain: nothing on standard error" [ ! -s "$work/plain.err" ]

port=$(free_port) there=$(free_port)
peer_start peer --listen "$there" --to "$port" --play "$work/said.wav" --for 30
export build work port there wine_loader
# shellcheck disable=SC2016 # the inner shell's
SHELL=/bin/bash timeout -k 5 60 script -qefc 'stty cols 100 rows 30; exec "$wine_loader" "$build/bin/openmsp.exe" call \
    --listen "127.0.0.1:$port" --peer "127.0.0.1:$there" --record "Z:${work//\//\\}\\console.wav" --for 4 \
    --script "wait 2500; stop render"' "$work/console.out" >/dev/null 2>"$work/console.err" </dev/null
check "console: exit status" [ $? = 0 ]
kill "$peer" && peer_end
check "console: the meter counts" shows console.out '[0-9.]+ s  in [1-9][0-9]* +lost 0 +out [0-9]+ +jitter +[0-9.]+ ms'
check "console: events all the same" shows console.out 'CME_STREAM_INACTIVE +CMC_LOCAL_REQUEST +render'
check "console: the sum" shows console.out '^received [0-9]+ packets'

suite_end console "$work/plain.out" "$work/plain.err" "$work/console.out" "$work/console.err"
