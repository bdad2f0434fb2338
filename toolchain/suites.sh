# shellcheck shell=bash
# The suites of a build, for scripts that run them one by one in other ways than CTest does. To be
# sourced after common.sh.

# suites_of BUILD REGEX: "name program" of each Check program that CTest knows and whose name matches.
# The suites of tests/host know the DLL by its exports alone: what happens in it is not theirs to watch.
# Read from CTest's own files: a second ctest, within a run of the tests, would take that one's log.
suites_of() {
    python3 -c '
import re, sys
for line in open(sys.argv[1] + "/tests/CTestTestfile.cmake", encoding="utf-8"):
    found = re.match(r"add_test\(\[=\[(.*?)\]=\] (.*)\)$", line)
    programs = [a for a in re.findall(r"\"([^\"]*)\"", found[2]) if re.search(r"/test_\w+(\.exe)?$", a)] if found else []
    if programs and re.search(sys.argv[2], found[1]) and not found[1].startswith("host/"):
        print(found[1], programs[-1])' "$1" "$2"
}

# suites_servers_up BUILD SUITE…: the TLS servers that some of these need, until this script ends.
suites_servers_up() {
    local build=$1
    shift
    printf '%s\n' "$@" |
        grep -qE '^(unit/(tls|http)|posix/tls_send|engine/fork_(tls|told)|msp/media_wss) ' || return 0
    bash tests/tls-far.sh up "$build/tests/tls" 86400 >/dev/null 2>&1 ||
        warn "no TLS servers: what needs them does not pass as it is"
    # shellcheck disable=SC2064 # as it is now
    trap "bash tests/tls-far.sh down '$build/tests/tls'" EXIT
}

# suites_each JOBS FUNCTION SUITE…: FUNCTION NAME PROGRAM for each of them, so many at a time. It ends
# before the last ones do: who reads what they say sees their end.
suites_each() {
    local jobs=$1 each=$2 running=0 suite
    shift 2
    for suite; do
        if [ $running -ge "$jobs" ]; then
            wait -n
            running=$((running - 1))
        fi
        "$each" "${suite%% *}" "${suite#* }" &
        running=$((running + 1))
    done
}
