#!/usr/bin/env python3
"""An RTP peer of its own making (RFC 3550, 3551, 4733): sends a WAV file or a tone as PCMU or PCMA
packets of 20 ms, presses keys, and judges what it hears.

  rtp_peer.py --listen PORT --to PORT [--codec pcmu|pcma] [--play FILE.wav] [--digits KEYS]
              [--hear FILE.wav] [--count FILE] [--answer] [--for SECONDS]

Prints "listening" once its port is open. Everything is on 127.0.0.1. --answer: sends nothing before
it hears something. --count: a file that always holds how many frames were sent. --digits: after a
second of audio, one key every 240 ms. Ends --for seconds after its first packet, by SIGTERM or SIGINT,
or when --play is over and --for was not given. Its last line is JSON: what was sent, what was heard,
and "faults", the list of what was wrong with the packets.
"""
import argparse
import array
import json
import os
import random
import select
import signal
import socket
import struct
import time
import wave

KEYS = "0123456789*#ABCD"
EVENT_TYPE = 101


def ulaw(sample):
    """G.711's compression, from the segments' definition."""
    sign = 0x80 if sample < 0 else 0
    magnitude = min(abs(sample), 32635) + 132
    exponent = max(magnitude.bit_length() - 8, 0)
    return ~(sign | exponent << 4 | (magnitude >> (exponent + 3)) & 15) & 0xFF


def alaw(sample):
    sign = 0x80 if sample >= 0 else 0
    magnitude = min(sample >> 4 if sample >= 0 else (-sample - 1) >> 4, 2047)
    exponent = max(magnitude.bit_length() - 5, 0)
    mantissa = magnitude >> 1 if exponent == 0 else magnitude >> exponent
    return (sign | exponent << 4 | mantissa & 15) ^ 0x55


def expand_ulaw(code):
    code = ~code & 0xFF
    magnitude = (((code & 15) << 3) + 132 << (code >> 4 & 7)) - 132
    return -magnitude if code & 0x80 else magnitude


def expand_alaw(code):
    code ^= 0x55
    exponent, mantissa = code >> 4 & 7, code & 15
    magnitude = (mantissa << 4) + 8 if exponent == 0 else (mantissa << 4) + 264 << exponent - 1
    return magnitude if code & 0x80 else -magnitude


class Hearing:
    """What came, judged packet by packet."""

    def __init__(self, payload_type):
        self.payload_type = payload_type
        self.codes = bytearray()
        self.faults = []
        self.packets = 0
        self.ssrc = self.sequence = self.timestamp = None

    def fault(self, text):
        if len(self.faults) < 20:
            self.faults.append(text)

    def take(self, data):
        if len(data) < 12:
            return self.fault("a packet of %d bytes" % len(data))
        first, second, sequence, timestamp, ssrc = struct.unpack("!BBHII", data[:12])
        payload = data[12:]
        if first != 0x80:
            self.fault("first byte 0x%02x" % first)
        if second & 0x7F != self.payload_type:
            self.fault("payload type %d" % (second & 0x7F))
        if self.packets == 0:
            if not second & 0x80:
                self.fault("the first packet has no marker")
        else:
            if ssrc != self.ssrc:
                self.fault("the SSRC changed")
            if sequence != (self.sequence + 1) & 0xFFFF:
                self.fault("sequence %d after %d" % (sequence, self.sequence))
            if not second & 0x80 and timestamp != self.timestamp:
                self.fault("timestamp %d, not %d, without marker" % (timestamp, self.timestamp))
        self.ssrc, self.sequence = ssrc, sequence
        self.timestamp = (timestamp + len(payload)) & 0xFFFFFFFF
        self.packets += 1
        self.codes += payload


def read_wav(path):
    with wave.open(path) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (8000, 1, 2), path
        return array.array("h", file.readframes(file.getnframes()))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--listen", type=int, required=True)
    parser.add_argument("--to", type=int, required=True)
    parser.add_argument("--codec", choices=["pcmu", "pcma"], default="pcmu")
    parser.add_argument("--play")
    parser.add_argument("--hear")
    parser.add_argument("--digits", default="")
    parser.add_argument("--count")
    parser.add_argument("--answer", action="store_true")
    parser.add_argument("--for", type=float, dest="seconds")
    options = parser.parse_args()

    law, code_type, expand = {"pcmu": (ulaw, 0, expand_ulaw), "pcma": (alaw, 8, expand_alaw)}[options.codec]
    table = bytes(law(sample) for sample in range(-32768, 32768))
    pcm = read_wav(options.play) if options.play else array.array("h")
    codes = bytes(table[sample + 32768] for sample in pcm)
    silence = bytes([law(0)]) * 160

    stopped = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.append(1))
    endpoint = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    endpoint.bind(("127.0.0.1", options.listen))
    endpoint.setblocking(False)
    print("listening", flush=True)

    hearing = Hearing(code_type)
    chance = random.Random(1)
    sequence, timestamp, ssrc = 65500, chance.getrandbits(32), chance.getrandbits(32)
    sent = 0
    marker = True
    keys = [KEYS.index(key) for key in options.digits]
    while options.answer and not hearing.packets and not stopped:
        if select.select([endpoint], [], [], 0.2)[0]:
            hearing.take(endpoint.recv(2048))
    begin = time.monotonic()
    end = begin + options.seconds if options.seconds else None
    count = os.open(options.count, os.O_WRONLY | os.O_CREAT, 0o644) if options.count else None

    def send(payload_type, payload, mark, at):
        nonlocal sequence
        header = struct.pack("!BBHII", 0x80, (0x80 if mark else 0) | payload_type, sequence & 0xFFFF,
                             at & 0xFFFFFFFF, ssrc)
        try:
            endpoint.sendto(header + payload, ("127.0.0.1", options.to))
        except OSError:
            pass
        sequence += 1

    frame = 0
    while not stopped:
        due = begin + frame * 0.02
        now = time.monotonic()
        if end and now >= end or not end and options.play and frame * 160 >= len(codes) and not keys:
            break
        if now < due:
            if select.select([endpoint], [], [], due - now)[0]:
                try:
                    hearing.take(endpoint.recv(2048))
                except OSError:
                    pass
            continue
        key_frame = (frame - 50) % 12
        if keys and frame >= 50 and key_frame < 8:
            # One event of 100 ms: five packets as it grows, then the end, three times over.
            duration = min(key_frame + 1, 5) * 160
            final = 0x80 if key_frame >= 5 else 0
            send(EVENT_TYPE, struct.pack("!BBH", keys[0], final | 10, duration), key_frame == 0,
                 timestamp + (frame - key_frame) * 160)
            if key_frame == 7:
                keys.pop(0)
                marker = True
        else:
            payload = codes[frame * 160:frame * 160 + 160]
            send(code_type, payload + silence[len(payload):], marker, timestamp + frame * 160)
            marker = False
            sent += 1
        frame += 1
        if count is not None:
            os.pwrite(count, b"%010d" % frame, 0)

    while select.select([endpoint], [], [], 0)[0]:
        try:
            hearing.take(endpoint.recv(2048))
        except OSError:
            pass
    if options.hear:
        with wave.open(options.hear, "w") as file:
            file.setparams((1, 2, 8000, 0, "NONE", ""))
            file.writeframes(array.array("h", (expand(code) for code in hearing.codes)).tobytes())
    print(json.dumps({"sent": sent, "heard": hearing.packets, "faults": hearing.faults}), flush=True)


main()
