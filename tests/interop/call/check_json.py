#!/usr/bin/env python3
"""Judges what `openmsp call --json` printed: every line is one object of a documented shape, "ready"
is the first, "stats" the last, times do not run backwards, streams' ACTIVE and INACTIVE alternate.

  check_json.py FILE

Silent when all is well; else one line for each fault, and exit status 1.
"""
import json
import re
import sys

MEDIA_EVENTS = {"CME_NEW_STREAM", "CME_STREAM_FAIL", "CME_TERMINAL_FAIL", "CME_STREAM_NOT_USED",
                "CME_STREAM_ACTIVE", "CME_STREAM_INACTIVE"}
CAUSES = {"CMC_UNKNOWN", "CMC_BAD_DEVICE", "CMC_CONNECT_FAIL", "CMC_LOCAL_REQUEST",
          "CMC_REMOTE_REQUEST", "CMC_MEDIA_TIMEOUT", "CMC_MEDIA_RECOVERED", "CMC_QUALITY_OF_SERVICE"}
FILE_STATES = {"TMS_IDLE", "TMS_ACTIVE", "TMS_PAUSED"}
FILE_CAUSES = {"FTEC_NORMAL", "FTEC_END_OF_FILE", "FTEC_READ_ERROR", "FTEC_WRITE_ERROR"}
STATS = ["packets_received", "bytes_received", "packets_sent", "bytes_sent", "packets_lost",
         "packets_late", "packets_duplicate", "packets_reordered", "packets_rejected",
         "packets_forged", "packets_replayed", "jitter_us",
         "round_trip_us", "seconds_recorded", "seconds_concealed", "seconds_played"]
HR = re.compile(r"0x[0-9a-f]{8}$")


def one_of(*values):
    return lambda value: value in values


def number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool) and value >= 0


def matches(pattern):
    return lambda value: isinstance(value, str) and re.match(pattern, value) is not None


SID = matches(r"CA[0-9a-f]{32}$")
MAYBE_SID = matches(r"(CA[0-9a-f]{32})?$")

SHAPES = {
    "ready": {"listen": matches(r".+:[0-9]+$"), "call": SID},
    "media": {"event": one_of(*MEDIA_EVENTS), "cause": one_of(*CAUSES), "call": SID,
              "stream": one_of("capture", "render"), "hr": HR.match, "t_ms": number},
    "file": {"event": one_of("TE_FILETERMINAL"), "state": one_of(*FILE_STATES),
             "cause": one_of(*FILE_CAUSES), "call": MAYBE_SID,
             "terminal": one_of("play", "record"), "hr": HR.match, "t_ms": number},
    "digit": {"event": one_of("DIGIT"), "call": SID, "digit": matches(r"[0-9*#A-D]$"), "t_ms": number},
    "terminal": {"event": one_of("AE_NEWTERMINAL", "AE_REMOVETERMINAL"),
                 "direction": one_of("capture", "render"), "name": matches(r".+"), "t_ms": number},
    "result": {"op": one_of("start", "stop", "pause"), "stream": one_of("capture", "render"),
               "hr": HR.match, "name": matches(r"[A-Z_0-9]*$")},
    "stats": {name: number for name in STATS},
}


def kind_of(line):
    if line.get("type") != "event":
        return line.get("type")
    return {"TE_FILETERMINAL": "file", "DIGIT": "digit", "AE_NEWTERMINAL": "terminal",
            "AE_REMOVETERMINAL": "terminal"}.get(line.get("event"), "media")


def main():
    faults = []
    with open(sys.argv[1], encoding="utf-8", newline="") as file:
        text = file.read()
    if not text.endswith("\n"):
        faults.append("the last line does not end")
    lines = []
    for at, raw in enumerate(text.split("\n")[:-1], 1):
        try:
            line = json.loads(raw)
        except ValueError as error:
            faults.append("line %d: %s: %r" % (at, error, raw[:200]))
            continue
        if not isinstance(line, dict) or kind_of(line) not in SHAPES:
            faults.append("line %d is of no known type: %s" % (at, raw))
            continue
        shape = SHAPES[kind_of(line)]
        if set(line) != set(shape) | {"type"}:
            faults.append("line %d has other members than %s: %s" % (at, sorted(shape), raw))
            continue
        faults += ["line %d: %s is %r" % (at, name, line[name]) for name, good in shape.items()
                   if not good(line[name])]
        lines.append(line)
    kinds = [kind_of(line) for line in lines]
    if kinds.count("ready") != 1 or kinds[0] != "ready":
        faults.append("ready is not the first line, once")
    if kinds.count("stats") != 1 or kinds[-1] != "stats":
        faults.append("stats is not the last line, once")
    last = -1
    told = {}
    for line in lines:
        if kind_of(line) == "media":
            event, stream = line["event"], line["stream"]
            if event == told.get(stream) and event in ("CME_STREAM_ACTIVE", "CME_STREAM_INACTIVE"):
                faults.append("%s twice for %s" % (event, stream))
            if event in ("CME_STREAM_ACTIVE", "CME_STREAM_INACTIVE", "CME_STREAM_FAIL"):
                told[stream] = event
        if kind_of(line) == "ready":
            last = -1
        elif "t_ms" in line:
            if line["t_ms"] < last:
                faults.append("time runs backwards: %s" % line)
            last = line["t_ms"]
    for fault in faults:
        print(fault)
    sys.exit(1 if faults else 0)


main()
