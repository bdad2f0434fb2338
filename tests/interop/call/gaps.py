#!/usr/bin/env python3
"""Judges a recording of a sender that falls silent for its keys: every sample is the one that was sent
at that place, or it is in a gap, which is silent.

  gaps.py SENT.wav RECORDING.wav

Both are 16-bit mono. SENT is found in the recording by its first 100 ms. Prints one line of JSON:
"same", how many samples agree, "gaps", how many silences there are (those less than 10 ms apart are
one), "wrong", how many samples are neither.
"""
import array
import json
import sys
import wave


def read(path):
    with wave.open(path) as file:
        assert (file.getnchannels(), file.getsampwidth()) == (1, 2), path
        return array.array("h", file.readframes(file.getnframes()))


def main():
    sent, heard = read(sys.argv[1]), read(sys.argv[2])
    begin = heard.tobytes().find(sent[:800].tobytes())
    if begin < 0 or begin % 2:
        sys.exit("the beginning is not there")
    pairs = list(zip(sent, heard[begin // 2:]))
    same = sum(a == b for a, b in pairs)
    gaps, last = 0, -80
    for at, (a, b) in enumerate(pairs):
        if a != b:
            gaps += at - last >= 80
            last = at
    wrong = sum(a != b != 0 for a, b in pairs)
    print(json.dumps({"same": same, "gaps": gaps, "wrong": wrong}, separators=(",", ":")))


main()
