#!/usr/bin/env bash
# Sets up whatever is missing, builds the benchmarks, runs the portable ones natively and those of COM
# under Wine. Each prints one JSON object a line (kept in build/bench.jsonl); a table closes the run.
# Peers run in the same process, or as processes on loopback that end with the benchmark; one that is
# missing is named as missing. Absolute times are this machine's: read the ratios.
#
#   bench.sh [--only NAME] [--native] [--quick] [--record]
#
#   --only NAME   only this program (with or without bench_), or those that match the regular expression
#   --native      nothing under Wine
#   --quick       fewer rounds of what takes seconds each; for a look, not for the record
#   --record      write what ran into the documentation: docs/figures.md, of the scale benchmarks the plot
#                 docs/scale.svg and the tables of docs/performance.md, of a whole run the tables at the
#                 head of that page. For an idle machine only.
set -uo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$here/common.sh"
. "$here/debian.sh"
. "$here/node.sh"
. "$here/peers.sh"
. "$here/wine-prefix.sh"

only=. native='' record=''
while [ $# -gt 0 ]; do
    case $1 in
    --only)
        only=${2?--only wants a regular expression}
        shift
        ;;
    --native) native=1 ;;
    --quick) export OMSP_BENCH_QUICK=1 ;;
    --record) record=1 ;;
    *) die "unknown option $1" ;;
    esac
    shift
done

cd "$OMSP_TOP" || exit 1
presets=(native)
[ -n "$native" ] || presets+=(mingw-x64)
bash "$here/bootstrap.sh" ${native:+--native-only} --bench || die "the set-up failed"
use_compiler_cache
mkdir -p build
for preset in "${presets[@]}"; do
    cmake --preset "$preset" -DOMSP_BENCH=ON >build/bench.log 2>&1 &&
        cmake --build "build/$preset" --target benchmarks -- -j"$(nproc)" >>build/bench.log 2>&1 ||
        {
            tail -n 40 build/bench.log
            die "the build of $preset failed"
        }
done

OMSP_PEERS=$OMSP_CACHE/peers # what peers.sh unpacked
export OMSP_PEERS

# node's ws is a peer; without it its lines say missing.
if node_modules_ensure tests/interop/twilio; then
    NODE_PATH=$(node_folder tests/interop/twilio)/node_modules
    export NODE_PATH
fi

# The last processor alone, where that can be asked for: fewer moves, less spread.
pin=()
if taskset -c "$(($(nproc) - 1))" true 2>/dev/null; then pin=(taskset -c "$(($(nproc) - 1))"); fi

# The program of that very name, else all that match.
for source in tests/bench/bench_*.c tests/bench/pe/bench_*.c; do
    name=${source##*/} name=${name%.c}
    [ "$only" != "$name" ] && [ "bench_$only" != "$name" ] || only="^$name\$"
done

# ended NAME STATUS SINCE: what it said and how long it took.
ended() {
    [ "$2" = 0 ] || { warn "$1 failed"; failed=$((failed + 1)); }
    say "    $1: $((SECONDS - $3)) s"
}

OMSP_BENCH_LOAD=$(cut -d ' ' -f 1 </proc/loadavg)
export OMSP_BENCH_LOAD
[ -z "$record" ] || [ "${OMSP_BENCH_LOAD%.*}" -lt 2 ] || warn "the load is $OMSP_BENCH_LOAD: figures for no record"

ran=0 failed=0
: >build/bench.jsonl
for source in tests/bench/bench_*.c; do
    name=${source##*/} name=${name%.c}
    [ -e "$source" ] && grep -qE -- "$only" <<<"$name" || continue
    case $name in
    *_wine) [ -z "$native" ] || { say "$name: left out by --native"; continue; } ;;
    esac
    ran=$((ran + 1)) since=$SECONDS
    alone=("${pin[@]}")
    ! grep -q '^ \* Not pinned' "$source" || alone=()
    step "$name${alone:+ (pinned)}"
    timeout 900 "${alone[@]}" "build/native/bench/$name" </dev/null | tee -a build/bench.jsonl
    ended "$name" $? "$since"
done
for source in tests/bench/pe/bench_*.c; do
    name=${source##*/} name=${name%.c}
    [ -z "$native" ] && grep -qE -- "$only" <<<"$name" || continue
    ran=$((ran + 1)) since=$SECONDS
    step "$name under Wine${pin:+ (pinned, and the server beside it)}"
    # A server that others left would be where they were; a new one is pinned as who starts it.
    ! wine_find x64 || (wine_environment "$OMSP_TOP/build/mingw-x64/wine/x64" && wine_close "$WINEPREFIX")
    "${pin[@]}" bash "$here/run-wine.sh" x64 "build/mingw-x64/bench/$name.exe" | tr -d '\r' |
        tee -a build/bench.jsonl
    ended "$name" $? "$since"
done
[ $ran -gt 0 ] || die "no benchmark is called $only"
say "    all: $SECONDS s"

say
awk '
    function text(key) {
        if (!match($0, "\"" key "\":\"[^\"]*\"")) return "-"
        return substr($0, RSTART + length(key) + 4, RLENGTH - length(key) - 5)
    }
    function value(key) {
        if (!match($0, "\"" key "\":[^,}]*")) return "-"
        return substr($0, RSTART + length(key) + 3, RLENGTH - length(key) - 3)
    }
    NR == 1 { printf "%-28s %10s %22s %20s %9s %9s  %s\n", "bench", "ours", "peer", "limit", "vs peer",
              "vs limit", "goal" }
    /^\{"bench":"scale","streams"/ {
        scale[++scales] = sprintf("%-8s %-22s %11s %10s %10s %10s %8s %9s  %s", value("streams"), text("who"),
            value("cpu_us"), value("p50_us"), value("p99_us"), value("max_us"), value("loss_percent"),
            value("memory_kb"), /"missing"/ ? "missing: " text("missing") : "")
        next
    }
    /^\{"bench"/ {
        peer = value("peer_value"); limit = value("limit_value"); met = value("met")
        printf "%-28s %7s %s %22s %20s %9s %9s  %s: %s\n", text("bench"), value("ours"), text("unit"),
            text("peer") " " (peer == "null" ? "missing" : peer),
            text("limit") " " (limit == "null" ? "missing" : limit),
            value("ratio_peer"), value("ratio_limit"), text("goal") == "none" ? "no goal" : text("goal"),
            text("goal") == "none" ? "-" : met == "true" ? "met" : met == "false" ? "missed" : "cannot be told"
    }
    END {
        if (!scales) exit
        printf "\n%-8s %-22s %11s %10s %10s %10s %8s %9s\n", "streams", "who", "us a second", "p50 us", "p99 us",
               "max us", "loss %", "KB each"
        for (i = 1; i <= scales; i++) print scale[i]
    }' build/bench.jsonl

if grep -q '^{"bench":"scale","streams"' build/bench.jsonl; then
    python3 tests/bench/plot.py build/bench.jsonl >build/scale.svg && say "plot: build/scale.svg"
fi
if [ -n "$record" ]; then
    step "recording (the load was $OMSP_BENCH_LOAD before the run)"
    python3 tests/bench/record.py figures build/bench.jsonl docs/figures.md
    python3 tests/bench/record.py scale build/bench.jsonl docs/performance.md
    python3 tests/bench/summary.py build/bench.jsonl docs/performance.md "$SECONDS"
    [ ! -s build/scale.svg ] || ! grep -q '^{"bench":"scale","streams"' build/bench.jsonl ||
        cp build/scale.svg docs/scale.svg
fi
[ $failed = 0 ]
