# shellcheck shell=bash
# The parts of test.sh and the counting. To be sourced after common.sh and wine-prefix.sh; $only, when
# not empty, is the regular expression that limits CTest.

sum_passed=0 sum_failed=0 sum_skipped=0
failures=()
complaints=() # the lines in which the failed suites say what was wrong, for the end of the output

# count PART NAME PASSED FAILED SKIPPED: one suite's line.
count() {
    local tail=''
    sum_passed=$((sum_passed + $3)) sum_failed=$((sum_failed + $4)) sum_skipped=$((sum_skipped + $5))
    [ "$5" = 0 ] || tail=", $5 skipped"
    printf '%-12s %-28s %s passed, %s failed%s\n' "$1" "$2" "$3" "$4" "$tail"
    [ "$4" = 0 ] || failures+=("$1 $2")
}

# count_command PART NAME COMMAND…: one test that is no Check program.
count_command() {
    local part=$1 name=$2 output
    shift 2
    if output=$("$@" 2>&1); then
        count "$part" "$name" 1 0 0
    else
        printf '%s\n' "$output" | tail -n 60
        count "$part" "$name" 0 1 0
    fi
}

# ctest_counts CONSOLE LASTTEST.LOG: "name passed failed skipped" for each case. The console tells the
# result, the log has the output of all cases. A Check program (test_*) is worth what its closing line
# says; without that line it did not run to its end, and that is a failure whatever it returned, as
# is a bad return after a good line (a leak, a crash at exit) and a suite without tests. Anything
# else counts as one.
ctest_counts() {
    cat "$1" "$2" | tr -d '\r' | awk '
        function close_case() {
            if (name == "") return
            if (result[name] == "Skipped") print name, 0, 0, 1
            else if (!check) print name, result[name] == "Passed", result[name] != "Passed", 0
            else {
                if (!seen || (result[name] != "Passed" && bad == 0) || good + bad == 0) bad++
                print name, good, bad, 0
            }
            name = ""
        }
        /^ *[0-9]+\/[0-9]+ Test +#[0-9]+: / {
            sub(/^ *[0-9]+\/[0-9]+ Test +#[0-9]+: /, "")
            result[$1] = /\*\*\*Skipped/ ? "Skipped" : / Passed +[0-9.]+ sec/ ? "Passed" : "Failed"
            next
        }
        /^[0-9]+\/[0-9]+ Test: / {
            close_case()
            name = $3; check = 0; seen = 0; good = 0; bad = 0; next
        }
        /^Command: / { check = $0 ~ /[\/\\]test_[A-Za-z0-9_]+(\.exe|\.sh)?"/ }
        name != "" && /^suite [^:]*: [0-9]+ passed, [0-9]+ failed$/ {
            seen++; good += $(NF - 3); bad += $(NF - 1)
        }
        END { close_case() }'
}

# ctest_complaints PART: of CTest's console, each failed case's lines that say why (Check's, the
# scripts', the sanitizers'), or its last ones when none does.
ctest_complaints() {
    tr -d '\r' | awk -v part="$1" '
        function close_case(  i) {
            if (name == "") return
            if (!said) for (i = n > 8 ? n - 8 : 0; i < n; i++) print part " " name ": " last[i]
            name = ""
        }
        /^ *[0-9]+\/[0-9]+ Test +#[0-9]+: / {
            close_case()
            sub(/^ *[0-9]+\/[0-9]+ Test +#[0-9]+: /, "")
            if (!/ Passed +[0-9.]+ sec/ && !/\*\*\*Skipped/) { name = $1; said = 0; n = 0 }
            next
        }
        /^ +Start +[0-9]+: / || /^[0-9]+% tests passed/ { close_case(); next }
        name == "" { next }
        /:[EF]:|FAILED|ERROR: |runtime error: |SUMMARY: |[Tt]imed? ?out|^ +Error: |fixme|err:/ {
            if (said++ < 12) print part " " name ": " $0
        }
        NF { last[n++] = $0 }
        END { close_case() }'
}

# run_ctest PART BUILD [CTEST-OPTION…]: two slots a processor; a suite takes two, and one if it only waits.
run_ctest() {
    local part=$1 build=$2 name good bad skipped expected seen=0
    shift 2
    [ -z "$only" ] || set -- "$@" -R "$only"
    expected=$(ctest --test-dir "$build" -N "$@" 2>/dev/null | sed -n 's/^Total Tests: //p')
    if [ "${expected:-0}" = 0 ]; then
        # Where nobody limited the choice, a part without cases is no part.
        [ -n "$only" ] || count "$part" "not-one-case" 0 1 0
        return 0
    fi
    rm -f "$build/Testing/Temporary/LastTest.log"
    "${launcher[@]}" ctest --test-dir "$build" -j $((2 * $(nproc))) --output-on-failure \
        --test-output-size-failed 65536 "$@" </dev/null >"$build/ctest.out" 2>&1 ||
        {
            grep -vE '^ +Start +[0-9]|  Passed  |^Looked in|^Internal ctest|^ok ' "$build/ctest.out" |
                tail -n 400
            mapfile -t -O "${#complaints[@]}" complaints < <(ctest_complaints "$part" <"$build/ctest.out")
        }
    while read -r name good bad skipped; do
        count "$part" "$name" "$good" "$bad" "$skipped"
        seen=$((seen + 1))
    done < <(ctest_counts "$build/ctest.out" "$build/Testing/Temporary/LastTest.log")
    [ "$seen" = "$expected" ] || count "$part" "cases-without-a-result" 0 $((expected - seen)) 0
}
launcher=()

# While the tests of one part run, what the next parts need is built: in the background, of what
# processor time the tests leave, on half of the processors (Wine's server is in a session of its own,
# where another one's priority counts little). When a part's turn comes, the rest of it is built with
# everything.
ahead=() ahead_pid='' unconfigured=''

# configure_presets PRESET…: in the order in which their parts come.
configure_presets() {
    local preset bench
    for preset in "$@"; do
        # Benchmarks are built where they run, so that they go on being built.
        bench=OFF
        [ "$preset" != native-asan ] && [ "$preset" != mingw-x64 ] || bench=ON
        if cmake --preset "$preset" -DOMSP_TESTS=ON -DOMSP_BENCH=$bench -DOMSP_LEAN=ON \
            -DOMSP_TEST_SLOTS=2 >"build/$preset.log" 2>&1; then
            ahead+=("$preset")
        else
            unconfigured+=" $preset "
        fi
    done
}

# A process group of its own, so that one signal reaches Ninja, which then takes away what is half made.
ahead_start() {
    local idle=(nice -n 19) jobs=$((($(nproc) + 1) / 2)) preset
    [ ${#ahead[@]} -gt 0 ] || return 0
    ! chrt -i 0 true 2>/dev/null || idle=(chrt -i 0)
    set -m
    (
        trap 'exit 0' TERM # once the command has ended
        for preset in "${ahead[@]}"; do "${idle[@]}" ninja -C "build/$preset" -j"$jobs" -k 0; done
    ) </dev/null >/dev/null 2>&1 &
    ahead_pid=$!
    set +m
}

ahead_stop() {
    local n
    [ -n "$ahead_pid" ] || return 0
    kill -TERM -- "-$ahead_pid" 2>/dev/null
    wait "$ahead_pid"
    # A CMake that Ninja began ends by itself.
    for ((n = 0; n < 50; n++)); do
        kill -0 -- "-$ahead_pid" 2>/dev/null || break
        sleep 0.1
    done
    ahead_pid=''
}

# build_preset PART PRESET: built to the end. What does not build is a failure, and the rest is tested
# all the same; only a preset that cannot be configured ends its part.
build_preset() {
    local part=$1 preset=$2 log=build/$2.log start=$SECONDS built=0 other others=()
    step "$part: building"
    ahead_stop
    for other in "${ahead[@]}"; do [ "$other" = "$preset" ] || others+=("$other"); done
    ahead=("${others[@]}")
    if [[ $unconfigured == *" $preset "* ]]; then
        built=2
    else
        cmake --build "build/$preset" -- -j"$(nproc)" -k 0 >>"$log" 2>&1 || built=1
    fi
    ahead_start
    if [ $built != 0 ]; then
        grep -E -A4 'error: |CMake Error|undefined reference|undefined symbol' "$log" | head -n 100
        count "$part" build 0 1 0
    fi
    step "$part: built, after $((SECONDS - start)) s more"
    [ $built != 2 ]
}

part_native_asan() {
    build_preset native-asan native-asan || return 0
    ASAN_OPTIONS=detect_stack_use_after_return=1:strict_string_checks=1 \
        UBSAN_OPTIONS=print_stacktrace=1 run_ctest native-asan build/native-asan
}

# Only what has threads. ThreadSanitizer cannot live with much address randomisation, hence setarch.
part_native_tsan() {
    build_preset native-tsan native-tsan || return 0
    if setarch "$(uname -m)" -R true 2>/dev/null; then launcher=(setarch "$(uname -m)" -R); fi
    TSAN_OPTIONS=halt_on_error=1:second_deadlock_stack=1 \
        run_ctest native-tsan build/native-tsan -R "${only:-net_loop|thread|engine|tcp|tls|http|mailbox|storm|^com/|^msp/}"
    launcher=()
}

# What the replayed corpora are worth.
part_coverage() {
    step "coverage"
    count_suite coverage corpora env OMSP_COVERAGE_READY=1 bash "$OMSP_TOP/toolchain/coverage.sh"
}

# part_pe x64|x86
part_pe() {
    local bits=$1 build=build/mingw-$1 file cases
    build_preset "pe-$bits" "mingw-$bits" || return 0
    for file in "$build/bin/openmsp.dll" "$build/bin/openmsp.exe"; do
        [ -e "$file" ] || continue
        [ -z "$only" ] || continue
        count_suite "pe-$bits" "${file##*/}" bash "$OMSP_TOP/toolchain/check-pe.sh" "$bits" "$file"
    done
    if wine_find "$bits"; then
        run_ctest "pe-$bits" "$build"
        wine_close "$PWD/$build/wine/$bits"
    else
        cases=$(ctest --test-dir "$build" -N ${only:+-R "$only"} | sed -n 's/^Total Tests: //p')
        say "pe-$bits: no Wine for $bits can be had here: built and checked, not run"
        count "pe-$bits" "all cases" 0 0 "${cases:-0}"
    fi
}

# count_suite PART NAME COMMAND…: a program of ours that closes like a Check program.
count_suite() {
    local part=$1 name=$2 output status line
    shift 2
    output=$("$@" 2>&1)
    status=$?
    line=$(grep -E '^suite [^:]*: [0-9]+ passed, [0-9]+ failed$' <<<"$output" | tail -n 1)
    if [[ $line =~ :\ ([0-9]+)\ passed,\ ([0-9]+)\ failed$ ]] &&
        { [ $status = 0 ] || [ "${BASH_REMATCH[2]}" != 0 ]; }; then
        [ $status = 0 ] || printf '%s\n' "$output"
        count "$part" "$name" "${BASH_REMATCH[1]}" "${BASH_REMATCH[2]}" 0
    else
        printf '%s\n' "$output" | tail -n 40
        count "$part" "$name" 0 1 0
    fi
}

scripts_parse() {
    local script status=0
    for script in "$@"; do bash -n "$script" || status=1; done
    return $status
}

all_formatted() { printf '%s\0' "$@" | xargs -0 -n 50 -P "$(nproc)" clang-format-14 --dry-run -Werror; }

part_style() {
    local sources scripts
    step "style"
    mapfile -t sources < <(find src tests include -name '*.[ch]' | sort)
    count_command style clang-format all_formatted "${sources[@]}"
    mapfile -t scripts < <(find toolchain tests samples .ci -name '*.sh' -o -path '.ci/run' 2>/dev/null | sort)
    count_command style "bash -n" scripts_parse "${scripts[@]}"
    count_command style shellcheck shellcheck -x -P SCRIPTDIR -S warning "${scripts[@]}"
    count_command style conformance python3 tests/conformance/report.py --check
}

# The last line, and the status of the whole.
tests_total() {
    local failure
    for failure in "${complaints[@]}"; do say "$failure"; done
    for failure in "${failures[@]}"; do say "FAILED $failure"; done
    [ $((sum_passed + sum_failed)) -gt 0 ] || say "not one test ran"
    if [ $sum_skipped -gt 0 ]; then
        printf '%d passed, %d failed, %d skipped\n' $sum_passed $sum_failed $sum_skipped
    else
        printf '%d passed, %d failed\n' $sum_passed $sum_failed
    fi
    [ $sum_failed = 0 ] && [ $sum_passed -gt 0 ]
}
