#!/usr/bin/env bash
# Fuzzes every target of tests/fuzz for a while. What their corpora cover tells coverage.sh.
#
#   fuzz.sh [--minutes N] [--only REGEX] [--add]
#
#   --minutes N   for all targets together, as many at a time as there are processors (10); what
#                 reading the corpora takes is beside it, 10 minutes each at most
#   --only REGEX  only the targets whose noun matches
#   --add         what reached new code goes to tests/fuzz/corpus, as few inputs as do
#
# What is found lies in build/fuzz/<noun>/found and fails the run (1). Inputs that reached new code are
# kept in the cache, so that the next run goes on from them. A target that had not read its corpus in
# time is told as that, which is no finding; when it was so with all of them, nothing was fuzzed (3).
# The last line sums up.
set -uo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$here/common.sh"

minutes=10 only=. add=''
while [ $# -gt 0 ]; do
    case $1 in
    --minutes)
        minutes=${2?--minutes wants a number}
        shift
        ;;
    --only)
        only=${2?--only wants a regular expression}
        shift
        ;;
    --add) add=1 ;;
    *) die "unknown option $1" ;;
    esac
    shift
done
case $minutes in '' | *[!0-9]* | 0) die "--minutes wants a whole number above 0" ;; esac

cd "$OMSP_TOP" || exit 1
bash "$here/bootstrap.sh" --native-only --fuzz || die "the set-up failed"
use_compiler_cache
mkdir -p build
nouns=()
for source in tests/fuzz/fuzz_*.c; do
    noun=${source##*/fuzz_} noun=${noun%.c}
    grep -qE -- "$only" <<<"$noun" && nouns+=("$noun")
done
[ ${#nouns[@]} -gt 0 ] || die "no target matches $only"

build() {
    step "building ${#nouns[@]} programs"
    cmake --preset native-fuzz >build/native-fuzz.log 2>&1 &&
        cmake --build build/native-fuzz --target "${nouns[@]/#/fuzz_}" -- -j"$(nproc)" \
            >>build/native-fuzz.log 2>&1 || {
        tail -n 40 build/native-fuzz.log
        die "the build failed"
    }
}

read_seconds=${OMSP_FUZZ_READ_SECONDS:-600}
told_to_end=72 # libFuzzer's exit status after a signal that asks it to

# fuzz_one NOUN SECONDS: one target, its own folder and log. Its time begins when it has read what
# there is: on a busy machine that takes the targets of which each run is a life some minutes.
fuzz_one() {
    local noun=$1 seconds=$2 folder=build/fuzz/$1 kept=$OMSP_CACHE/fuzz/$1 options=() slow=10 pid until status
    mkdir -p "$folder/found" "$kept"
    [ ! -e "tests/fuzz/dictionaries/$noun.dict" ] || options+=("-dict=tests/fuzz/dictionaries/$noun.dict")
    case $noun in engine | com | com_*) slow=60 ;; esac
    : >"$folder/log"
    "build/native-fuzz/fuzz/fuzz_$noun" -timeout="$slow" -rss_limit_mb=2048 -print_final_stats=1 \
        -artifact_prefix="$folder/found/" "${options[@]}" "$kept" "tests/fuzz/corpus/$noun" \
        >"$folder/log" 2>&1 &
    pid=$!
    until=$((SECONDS + read_seconds))
    until grep -qa INITED "$folder/log"; do
        if ! kill -0 $pid 2>/dev/null || [ $SECONDS -ge $until ]; then break; fi
        sleep 0.2
    done
    if grep -qa INITED "$folder/log"; then
        touch "$folder/read"
        until=$((SECONDS + seconds))
        while kill -0 $pid 2>/dev/null && [ $SECONDS -lt $until ]; do sleep 0.2; done
    fi
    # It sums up and ends; what it finds meanwhile ends it by itself, with another status.
    kill -TERM $pid 2>/dev/null
    until=$((SECONDS + 60))
    while kill -0 $pid 2>/dev/null && [ $SECONDS -lt $until ]; do sleep 0.1; done
    kill -KILL $pid 2>/dev/null
    wait $pid
    status=$?
    [ $status != $told_to_end ] || status=0
    echo $status >"$folder/status"
}

# What the log of one target says: executions, per second, inputs that reached new code.
stat_of() { sed -n "s/^stat::$2: *//p" "build/fuzz/$1/log" | tail -n 1; }

part_fuzz() {
    local noun seconds jobs=0 executions=0 findings=0 unread=0 count status
    build
    seconds=$((minutes * 60 * $(nproc) / ${#nouns[@]}))
    [ $seconds -gt 0 ] || seconds=1
    step "${#nouns[@]} targets, $seconds s each, $(nproc) at a time"
    for noun in "${nouns[@]}"; do
        rm -rf "build/fuzz/$noun"
        if [ $jobs -ge "$(nproc)" ]; then
            wait -n
            jobs=$((jobs - 1))
        fi
        fuzz_one "$noun" $seconds &
        jobs=$((jobs + 1))
    done
    wait
    printf '%-20s %14s %10s %8s  %s\n' target executions "a second" new result
    for noun in "${nouns[@]}"; do
        status=$(cat "build/fuzz/$noun/status") count=$(stat_of "$noun" number_of_executed_units)
        executions=$((executions + ${count:-0}))
        if [ "$status" != 0 ] || [ -n "$(ls -A "build/fuzz/$noun/found")" ]; then
            findings=$((findings + 1))
            status="FOUND (exit $status): build/fuzz/$noun/log"
        elif [ -e "build/fuzz/$noun/read" ]; then
            status='nothing found'
        else
            unread=$((unread + 1))
            status="nothing found, did not read its corpus in $read_seconds s"
        fi
        printf '%-20s %14s %10s %8s  %s\n' "$noun" "${count:-0}" \
            "$(stat_of "$noun" average_exec_per_sec)" "$(stat_of "$noun" new_units_added)" "$status"
    done
    if [ -n "$add" ] && [ $findings = 0 ]; then
        step "the fewest inputs that reach it all"
        for noun in "${nouns[@]}"; do
            mkdir -p "tests/fuzz/corpus/$noun"
            # Branches alone count, not how often one was taken: a corpus is read by people, too.
            timeout -k 10 600 "build/native-fuzz/fuzz/fuzz_$noun" -set_cover_merge=1 \
                -use_counters=0 -artifact_prefix="build/fuzz/$noun/found/" "tests/fuzz/corpus/$noun" \
                "$OMSP_CACHE/fuzz/$noun" >>"build/fuzz/$noun/log" 2>&1 ||
                warn "$noun: could not be merged"
        done
    fi
    say "$executions executions of ${#nouns[@]} targets, $findings with findings, $unread that did not" \
        "read their corpora in time"
    [ $findings = 0 ] || return 1
    [ $unread -lt ${#nouns[@]} ] || return 3
}

part_fuzz
