#!/usr/bin/env bash
# Who may look into whom: the table of docs/architecture.md, checked over every #include of src/.
#   tests/layering.sh        first shows on planted violations that it would see them, then checks the tree
#   tests/layering.sh DIR    checks the tree at DIR (which has src/) alone
# One line for each violation on stdout; exit 1 if there is any.
set -u
here=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

# What the C standard gives and what neither blocks nor reads a clock: all that a portable room may have.
portable='<ctype.h> <inttypes.h> <limits.h> <math.h> <stdarg.h> <stdatomic.h> <stdbool.h> <stddef.h>
          <stdint.h> <stdio.h> <stdlib.h> <string.h>'

# room: what it may include besides itself. A word with a slash at its end is a whole room; <*> is any
# system header.
rules() {
    cat <<TABLE
base:   $portable
media:  base/ $portable <immintrin.h> <speex/speex_echo.h> <speex/speex_preprocess.h>
        <speex/speex_resampler.h>
wire:   base/ port/net.h openmsp/openmsp_tsp.h $portable <cjson/cJSON.h> <expat.h> <immintrin.h>
core:   base/ media/ $portable
port:   base/ $portable
engine: core/ wire/ media/ port/ base/ $portable
sim:    port/ base/ $portable
rest:   engine/engine.h engine/fork.h core/ wire/ port/ base/ $portable <errno.h>
        <microhttpd.h> <fcntl.h> <netinet/in.h> <poll.h> <ws2tcpip.h>
curl:   port/ base/ $portable <curl/curl.h>
win:    curl/ port/ base/ <*>
posix:  curl/ port/ base/ <*>
com:    base/ <*>
msp:    com/ engine/engine.h engine/bridge.h engine/device.h engine/fork.h engine/quality.h engine/samples.h core/ wire/tsp_message.h wire/twiml.h port/ports.h base/ openmsp/ <*>
dll:    base/ media/ wire/ core/ port/ engine/ win/ com/ msp/ rest/ openmsp/ <*>
app:    openmsp/ <*>
TABLE
}

# Prints file:line: what is wrong.
check() {
    local tree=$1
    (cd "$tree" && find src -name '*.[ch]' -type f | sort | xargs -r awk -v table="$(rules | tr '\n' ' ')" '
    BEGIN {
        n = split(table, words, " ")
        for (i = 1; i <= n; i++) {
            if (words[i] ~ /^[a-z]+:$/) { room = words[i]; sub(":", "", room); known[room] = 1 }
            else may[room, words[i]] = 1
        }
    }
    FNR == 1 { split(FILENAME, part, "/"); room = part[2]; portable = !((room, "<*>") in may) }
    !(room in known) { if (FNR == 1) print FILENAME ":1: the room " room " is not in the table"; next }
    portable && room FILENAME != "basesrc/base/alloc.c" &&
    /(^|[^A-Za-z0-9_>.])(malloc|calloc|realloc|free|strdup|strndup|aligned_alloc)[ \t]*\(/ &&
    !/^[ \t]*(\*|\/\*)/ { print FILENAME ":" FNR ": " room " allocates past base/alloc.h" }
    /^[ \t]*#[ \t]*include/ {
        line = $0
        sub(/^[ \t]*#[ \t]*include[ \t]*/, "", line)
        if (line ~ /^</) { system_form = 1; sub(/>.*/, "", line); name = substr(line, 2) }
        else if (line ~ /^"/) { system_form = 0; name = substr(line, 2); sub(/".*/, "", name) }
        else { print FILENAME ":" FNR ": an include that cannot be checked: " line; next }
        split(name, part, "/")
        if (name ~ /\.\./) { print FILENAME ":" FNR ": " name " climbs out of its room"; next }
        ours = (part[1] in known) || part[1] == "openmsp"
        if (name !~ /\// && !system_form) next                 # a neighbour
        if (ours && part[1] == room) next
        if (((room, name) in may) || ((room, part[1] "/") in may)) next
        if (name == "opus/opus.h" && FILENAME == "src/media/opus.c") next # the adapter of libopus
        if (name == "srtp2/srtp.h" && FILENAME == "src/media/srtp.c") next # the adapter of libsrtp2
        if (!ours && system_form && (((room, "<" name ">") in may) || ((room, "<*>") in may))) next
        print FILENAME ":" FNR ": " room " may not include " name
    }')
}

# Each line: a file, and what is put at its end. check must find exactly that one.
planted() {
    cat <<'PLANTS'
src/base/text.c|#include "core/queue.h"
src/base/text.h|#include "port/net.h"
src/media/rtp.c|#include "wire/sdp.h"
src/media/rtp.c|  #  include <windows.h>
src/media/stream_codec.c|#include <opus/opus.h>
src/media/rtp.c|#include <srtp2/srtp.h>
src/engine/session_receive.c|#include <srtp2/srtp.h>
src/wire/tsp_message.c|#include "port/ports.h"
src/wire/tsp_message.c|#include <openmsp/openmsp.h>
src/core/queue.c|#include "port/lock.h"
src/core/stream.h|#include <time.h>
src/core/stream.c|#include <immintrin.h>
src/core/queue.c|static void *bad(void) { return malloc(1); }
src/port/addr.c|#include <sys/socket.h>
src/engine/call.c|#include "sim/sim.h"
src/engine/call.c|#include "../win/win.h"
src/engine/call.c|#include <pthread.h>
src/engine/call.c|#include NET_HEADER
src/sim/net.c|#include "engine/engine.h"
src/posix/file.c|#include "engine/engine.h"
src/win/file.c|#include "posix/posix.h"
src/com/object.c|#include "msp/msp.h"
src/msp/call.c|#include "engine/objects.h"
src/msp/call.c|#include "win/win.h"
src/app/main.c|#include "msp/msp.h"
src/app/main.c|#include <base/text.h>
src/cellar/new.c|#include <stdio.h>
PLANTS
}

prove_that_it_sees() {
    local scratch file line found failed=0
    scratch=$(mktemp -d) || return 1
    while IFS='|' read -r file line; do
        rm -rf "$scratch/src"
        mkdir -p "$scratch/$(dirname "$file")"
        printf '/* #include "msp/msp.h" */\n#include <stddef.h>\n%s\n' "$line" >"$scratch/$file"
        found=$(check "$scratch")
        case $found in
            "$file:3: "* | "$file:1: the room"*) ;;
            *) echo "layering.sh does not see '$line' in $file: ${found:-nothing}"; failed=1 ;;
        esac
    done < <(planted)
    rm -rf "$scratch"
    return "$failed"
}

if [ $# -gt 0 ]; then
    tree=$1
else
    tree=$here
    prove_that_it_sees || exit 1
fi
[ -d "$tree/src/base" ] || { echo "no src/ in $tree"; exit 1; }
violations=$(check "$tree")
if [ -n "$violations" ]; then
    printf '%s\n' "$violations"
    exit 1
fi
echo "layering: $(find "$tree/src" -name '*.[ch]' | wc -l) files, no violation"
