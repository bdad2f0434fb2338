#!/usr/bin/env python3
"""tone.py FILE.wav HZ: what a mono 16-bit recording has of a tone, as one JSON object: `hz` (measured by
the turning of its phase), `level` (peak, of 32768), `purity` (its share of the power), `seconds` looked at; level
and purity are those of the middle tenth of a second, for a busy machine may drop one.
Silence at both ends and the second after the first sound, in which buffers fill, are left out."""
import cmath
import json
import math
import struct
import sys
import wave


def read(path):
    with wave.open(path) as file:
        assert file.getnchannels() == 1 and file.getsampwidth() == 2, "mono, 16 bit"
        data = file.readframes(file.getnframes())
        return struct.unpack("<%dh" % (len(data) // 2), data[:len(data) // 2 * 2]), file.getframerate()


def component(samples, hz, rate):
    """The tone's half amplitude and phase."""
    turn = cmath.exp(-2j * math.pi * hz / rate)
    total, at = 0, 1 + 0j
    for sample in samples:
        total += sample * at
        at *= turn
    return total / len(samples)


def main():
    samples, rate = read(sys.argv[1])
    hz = float(sys.argv[2])
    loud = [i for i, sample in enumerate(samples) if abs(sample) > 1000]
    if not loud:
        print(json.dumps({"hz": 0, "level": 0, "purity": 0, "seconds": 0}))
        return
    samples = samples[loud[0] + rate:loud[-1] - rate // 10]
    step = rate // 10
    pieces = [samples[i:i + step] for i in range(0, len(samples) - step + 1, step)]
    found, turned = [], []
    for piece in pieces:
        one = component(piece, hz, rate)
        power = sum(sample * sample for sample in piece) / step
        found.append((2 * abs(one), 2 * abs(one) ** 2 / power if power else 0))
        turned.append(cmath.phase(one))
    # A tenth of a second is a whole number of periods of hz, so the phase stands still when it is right.
    steps = [(b - a + math.pi) % (2 * math.pi) - math.pi for a, b in zip(turned, turned[1:])]
    steps.sort()
    middle = steps[len(steps) // 2] if steps else 0
    level = sorted(one[0] for one in found)[len(found) // 2] if found else 0
    purity = sorted(one[1] for one in found)[len(found) // 2] if found else 0
    print(json.dumps({"hz": round(hz + middle / (2 * math.pi) * 10, 3), "level": round(level),
                      "purity": round(purity, 4), "seconds": round(len(samples) / rate, 2)}))


main()
