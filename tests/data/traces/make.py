#!/usr/bin/env python3
"""Makes the traces beside it: arrivals of one audio stream on kinds of networks.

Models, not recordings: what counts is that everybody gets the same packets. Integers and a
generator with fixed seeds only, so the files are the same wherever they are made.

    make.py          writes <name>.trace for each
    make.py --check  fails when a file is not what this makes

A file: one unsigned 16-bit little-endian number for each 20 ms of the sender's clock, ten minutes.
65535: sent and lost. 65534: nothing was sent. Else when it came, in units of 50 us after 20 ms
times its place, on the receiver's clock.
"""
import pathlib
import struct
import sys

PTIME_US = 20000
COUNT = 30000
UNIT_US = 50
LOST, UNSENT = 65535, 65534


class Network:
    """Draws and what several models share."""

    def __init__(self, seed):
        self.seed = seed
        self.losing = False
        self.busy_until = 0
        self.next_trouble = 0
        self.queue_us = 0
        self.last = 0

    def draw(self, below):
        self.seed = (self.seed * 6364136223846793005 + 1442695040888963407) % 2**64
        return (self.seed >> 33) % below

    def tail(self, mean):
        """Roughly exponential with this mean, by halves."""
        half = mean * 693 // 1000
        total = 0
        while self.draw(2) and total < 20 * mean:
            total += half
        return total + self.draw(half + 1)

    def gilbert(self):
        """Two states; 1 % on the whole, 2.5 in a row on average."""
        self.losing = self.draw(1000) >= 400 if self.losing else self.draw(10000) < 40
        return self.losing

    def trouble(self, now, every, least, spread):
        """The link stands still from time to time; true while it does."""
        if not self.next_trouble:
            self.next_trouble = now + self.draw(2 * every)
        if now >= self.next_trouble and now >= self.busy_until:
            self.busy_until = now + least + self.draw(spread)
            self.next_trouble = self.busy_until + every // 2 + self.draw(every)
        return now < self.busy_until


def wireless(net, now, mean, every):
    """Contention; from time to time the link stands still."""
    lost = net.gilbert()
    arrival = now + 20000 + net.tail(mean)
    if net.trouble(now, every, 30000, 110000):
        arrival = net.busy_until + 20000
    return lost, arrival


def wifi(net, now):
    """Contention in bursts, Gilbert loss of 1 %."""
    return wireless(net, now, 14000, 3000000)


def dtx(net, now):
    """A quieter wifi, and nothing is sent while nobody speaks (see talk)."""
    return wireless(net, now, 5000, 8000000)


def lte(net, now):
    """Scheduling in steps of 1 ms; a handover every quarter of a minute."""
    lost = net.draw(1000) < 2
    arrival = now + 20000 + 1000 * net.draw(9)
    if net.trouble(now, 15000000, 60000, 90000):
        arrival = net.busy_until + 20000
    return lost, arrival


def dsl(net, now):
    """An upload fills the modem's queue for seconds; drops at its end."""
    lost = False
    if net.trouble(now, 20000000, 2000000, 4000000):
        net.queue_us += 1200 + net.draw(1600)
    else:
        net.queue_us -= 6000
    if net.queue_us > 180000:
        net.queue_us = 180000
        lost = net.draw(100) < 3
    net.queue_us = max(net.queue_us, 0)
    arrival = now + 20000 + net.queue_us
    return lost, arrival + (net.draw(12000) if net.queue_us else net.draw(1500))


def powersave(net, now):
    """A station that dozes for seconds at a time: then packets come with the beacon, each 102.4 ms."""
    lost = net.draw(1000) < 3
    arrival = now + 15000 + net.tail(3000)
    if net.trouble(now, 12000000, 1000000, 5000000):
        arrival = (arrival + 102399) // 102400 * 102400 + 500
    return lost, arrival


def reorder(net, now):
    """Two paths: every tenth packet takes one that is longer by 5 to 45 ms."""
    lost = net.draw(1000) < 5
    arrival = now + 30000 + net.tail(2000)
    if net.draw(10) == 0:
        arrival += 5000 + net.draw(40000)
    return lost, arrival


def skew(net, now):
    """The sender's clock is fast by 150 in a million; a little contention."""
    lost = net.draw(1000) < 3
    return lost, now + 200000 - now * 150 // 1000000 + net.tail(4000)


def route(net, now):
    """The path changes each half minute or so and is longer or shorter by up to 60 ms then."""
    lost = net.draw(1000) < 3
    if now >= net.busy_until:
        net.busy_until = now + 15000000 + net.draw(30000000)
        net.queue_us = net.draw(60000)
    return lost, now + 20000 + net.queue_us + net.tail(3000)


def lan(net, now):
    """Nothing ever happens."""
    return False, now + 1000 + net.draw(400)


# In order of their seeds. Links keep order; two paths do not.
MODELS = [wifi, lte, dsl, dtx, powersave, reorder, skew, route, lan]
UNORDERED = {reorder}


def talk(net):
    """Which of the packets are sent: speech of 1 to 3 s, pauses of half a second to 3 s."""
    speaking, switch_at = False, 0
    for i in range(COUNT):
        if i >= switch_at:
            speaking = not speaking
            switch_at = i + (50 + net.draw(100) if speaking else 25 + net.draw(125))
        yield speaking


def make(number, model):
    net = Network(20240 + number)
    sent = talk(net) if model is dtx else (True for _ in range(COUNT))
    values = []
    for i, is_sent in enumerate(sent):
        if not is_sent:
            values.append(UNSENT)
            continue
        now = i * PTIME_US
        lost, arrival = model(net, now)
        if lost:
            values.append(LOST)
            continue
        if model not in UNORDERED:
            arrival = max(arrival, net.last + 200)
            net.last = arrival
        values.append((arrival - now) // UNIT_US)
    return struct.pack("<%dH" % COUNT, *values)


def main():
    here = pathlib.Path(__file__).resolve().parent
    bad = 0
    for number, model in enumerate(MODELS):
        path = here / (model.__name__ + ".trace")
        data = make(number, model)
        if sys.argv[1:] != ["--check"]:
            path.write_bytes(data)
        elif not path.exists() or path.read_bytes() != data:
            print("%s is not what make.py makes" % path.name)
            bad = 1
    return bad


if __name__ == "__main__":
    sys.exit(main())
