#!/usr/bin/env python3
"""What bench_scale and bench_scale_wine measured as an SVG: cost of a stream against streams.

    plot.py build/bench.jsonl >scale.svg

One line a contestant, from the JSON lines of the benchmark; both axes are logarithmic. A bar spans the
lowest and the highest round. The same figures make the same file, byte by byte.
"""

import json
import math
import sys

WIDTH, HEIGHT = 900, 520
LEFT, RIGHT, TOP, BOTTOM = 78, 210, 48, 64
SIZES = [1, 10, 50, 100, 200, 500, 1000, 2000]
# Told apart without colour by their marks, too.
STYLE = {
    "openmsp": ("#0b62c4", "", "circle", 3.2),
    "openmsp under Wine": ("#0b62c4", "7 4", "circle", 1.8),
    "bare recv and send": ("#5b6570", "2 3", "square", 1.8),
    "libwebsockets": ("#1b8a5a", "", "square", 1.8),
    "node dgram and ws": ("#b3541e", "", "triangle", 1.8),
    "rtpengine": ("#7a3fb0", "", "diamond", 1.8),
    "janus streaming": ("#a88400", "", "cross", 1.8),
    "gst jitterbuffer": ("#c0245c", "", "triangle", 1.8),
}
NAMES = {
    "bare recv and send": "bare recv and send (the limit)",
    "janus streaming": "janus, receiving only",
    "rtpengine": "rtpengine, RTP out",
    "gst jitterbuffer": "GStreamer, RTP out",
    "node dgram and ws": "node dgram and ws",
}


def read(path):
    lines = {}
    with open(path, encoding="utf-8") as file:
        for text in file:
            if not text.startswith('{"bench":"scale","streams"'):
                continue
            line = json.loads(text)
            if "cpu_us" in line:
                lines.setdefault(line["who"], []).append(line)
    return {who: sorted(points, key=lambda p: p["streams"]) for who, points in lines.items()}


def ticks(low, high):
    """1, 2 and 5 of each power of ten, from the one below the lowest to the one above the highest."""
    all_ticks = [m * 10.0**e for e in range(-2, 9) for m in (1, 2, 5)]
    first = max((i for i, t in enumerate(all_ticks) if t <= low), default=0)
    last = next(i for i, t in enumerate(all_ticks) if t >= high)
    return all_ticks[first : last + 1]


class Plot:
    def __init__(self, lines):
        values = [p[key] for points in lines.values() for p in points for key in ("cpu_us_min", "cpu_us_max")]
        self.lines = lines
        self.ticks = ticks(min(values), max(values))
        self.out = []

    def x(self, streams):
        share = math.log(streams) / math.log(SIZES[-1])
        return LEFT + 14 + share * (WIDTH - LEFT - RIGHT - 28)

    def y(self, value):
        low, high = math.log(self.ticks[0]), math.log(self.ticks[-1])
        share = (math.log(max(value, self.ticks[0])) - low) / (high - low)
        return HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM)

    def put(self, text):
        self.out.append(text)

    def text(self, x, y, words, anchor="middle", size=13, extra=""):
        self.put(
            f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}"{extra}>{words}</text>'
        )

    def frame(self):
        right, bottom = WIDTH - RIGHT, HEIGHT - BOTTOM
        for value in self.ticks:
            y = self.y(value)
            self.put(f'<path d="M{LEFT} {y:.1f}H{right}" stroke="#e3e6ea"/>')
            self.text(LEFT - 8, y + 4.5, f"{value:g}" if value < 10000 else f"{value / 1000:g} 000", "end")
        for size in SIZES:
            x = self.x(size)
            self.put(f'<path d="M{x:.1f} {TOP}V{bottom}" stroke="#eef0f2"/>')
            self.text(x, bottom + 19, f"{size}")
        self.put(f'<path d="M{LEFT} {TOP}V{bottom}H{right}" fill="none" stroke="#30363d"/>')
        self.text((LEFT + right) / 2, HEIGHT - 18, "streams (logarithmic)", size=14)
        middle = (TOP + bottom) / 2
        self.text(
            20, middle, "µs of processor time a stream and second (logarithmic)", size=14,
            extra=f' transform="rotate(-90 20 {middle:.1f})"',
        )
        self.text(LEFT, 26, "What a stream costs, RTP in and out again", "start", 16, ' font-weight="600"')

    def mark(self, kind, x, y, colour):
        shapes = {
            "circle": f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4.2"',
            "square": f'<path d="M{x - 3.8:.1f} {y - 3.8:.1f}h7.6v7.6h-7.6z"',
            "triangle": f'<path d="M{x:.1f} {y - 5:.1f}l4.8 8.4h-9.6z"',
            "diamond": f'<path d="M{x:.1f} {y - 5:.1f}l5 5l-5 5l-5 -5z"',
            "cross": f'<path d="M{x - 4:.1f} {y - 4:.1f}l8 8m0 -8l-8 8" stroke="{colour}" stroke-width="2.4"',
        }
        self.put(f'{shapes[kind]} fill="{colour}"/>')

    def line(self, who, points):
        colour, dash, kind, width = STYLE.get(who, ("#000000", "", "circle", 1.8))
        dashes = f' stroke-dasharray="{dash}"' if dash else ""
        path = "L".join(f'{self.x(p["streams"]):.1f} {self.y(p["cpu_us"]):.1f}' for p in points)
        self.put(f'<path d="M{path}" fill="none" stroke="{colour}" stroke-width="{width}"{dashes}/>')
        for p in points:
            x = self.x(p["streams"])
            self.put(
                f'<path d="M{x:.1f} {self.y(p["cpu_us_min"]):.1f}V{self.y(p["cpu_us_max"]):.1f}" '
                f'stroke="{colour}" stroke-width="1.2"/>'
            )
            self.mark(kind, x, self.y(p["cpu_us"]), colour)

    def legend(self, order):
        x = WIDTH - RIGHT + 16
        for i, who in enumerate(order):
            y = TOP + 12 + 24 * i
            colour, dash, kind, width = STYLE.get(who, ("#000000", "", "circle", 1.8))
            dashes = f' stroke-dasharray="{dash}"' if dash else ""
            self.put(f'<path d="M{x} {y}h24" stroke="{colour}" stroke-width="{width}"{dashes}/>')
            self.mark(kind, x + 12, y, colour)
            self.text(x + 30, y + 4.5, NAMES.get(who, who), "start", 12.5)

    def draw(self):
        # The dearest at the end of its line comes first, as the lines lie.
        order = sorted(self.lines, key=lambda who: -self.lines[who][-1]["cpu_us"])
        self.put(
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" '
            f'height="{HEIGHT}" font-family="Helvetica, Arial, sans-serif" fill="#1b1f24" role="img" '
            'aria-label="Processor time a stream against the number of streams">'
        )
        self.put(f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>')
        self.frame()
        for who in sorted(self.lines, key=lambda who: who == "openmsp"):
            self.line(who, self.lines[who])
        self.legend(order)
        self.put("</svg>")
        return "\n".join(self.out) + "\n"


def main():
    lines = read(sys.argv[1])
    if not lines:
        sys.exit("no lines of bench_scale in " + sys.argv[1])
    sys.stdout.reconfigure(encoding="utf-8")
    sys.stdout.write(Plot(lines).draw())


main()
