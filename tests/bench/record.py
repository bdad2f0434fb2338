#!/usr/bin/env python3
"""A run of the benchmarks as the tables of the documentation.

    record.py scale build/bench.jsonl docs/performance.md   the tables between its "scale" marks
    record.py figures build/bench.jsonl docs/figures.md     all lines, as a page of its own

Programs that did not run in this run keep what the page said of them: of "scale", nothing is changed
when no line of it is there; of "figures", the rows of other programs stay.
"""

import json
import os
import re
import sys

HEAD = """# Figures of the recorded runs

Written by `toolchain/bench.sh --record`, a row a line of JSON, in the benchmarks' own words: median
[lowest .. highest round]. Absolute times are one machine's ({machine});
read the ratios. {load}
What they mean, what was tried and what remains: [performance.md](performance.md).

| bench | ours | peer | limit | peer / ours | ours / limit | goal | |
|---|---|---|---|---|---|---|---|
"""


def read(path):
    with open(path, encoding="utf-8") as file:
        return [json.loads(text) for text in file if text.startswith('{"bench"')]


def number(value):
    if value >= 1000:
        return f"{value:.0f}"
    return f"{value:.3g}" if value >= 0.01 or value == 0 else f"{value:.2f}"


def spread(value, line, key):
    """What runs in a trace's own time is the same in every round and has no spread."""
    if value is None:
        return "none"
    if key + "_min" not in line:
        return number(value)
    return f"{number(value)} [{number(line[key + '_min'])} .. {number(line[key + '_max'])}]"


# ---- figures.md ----------------------------------------------------------------------------------


def side(line, key):
    name = line[key]
    if name == "none":
        return ""
    if line.get(key + "_value") is None:
        return f"{name}: missing"
    return f"{name} {spread(line[key + '_value'], line, key)}"


def ratio(value):
    return "" if value is None else f"{value:.2f}"


def row(line):
    met = {True: "met", False: "**missed**", None: "cannot be told"}[line["met"]]
    goal = "" if line["goal"] == "none" else line["goal"]
    cells = [
        line["bench"],
        f"{spread(line['ours'], line, 'ours')} {line['unit']}",
        side(line, "peer"),
        side(line, "limit"),
        ratio(line["ratio_peer"]),
        ratio(line["ratio_limit"]),
        goal,
        met if goal else "",
    ]
    return "| " + " | ".join(cell.replace("|", "/") for cell in cells) + " |"


def key_of(text):
    cells = [cell.strip() for cell in text.split("|")]
    peer = re.sub(r" [0-9.]+( \[.*)?$|: missing$", "", cells[3])
    return cells[1], peer


def figures(lines, path, machine):
    try:
        with open(path, encoding="utf-8") as file:
            old = [text.rstrip("\n") for text in file if text.startswith("| ")][1:]
    except FileNotFoundError:
        old = []
    rows = {key_of(text): text for text in old}
    for line in lines:
        if "ours" in line:
            text = row(line)
            rows[key_of(text)] = text
    with open(path, "w", encoding="utf-8") as file:
        file.write(HEAD.format(machine=machine, load=load()) + "\n".join(rows.values()) + "\n")


# ---- the scale section ---------------------------------------------------------------------------


def cell(line):
    if line is None:
        return ""
    return "missing" if "missing" in line else None


def table(lines, title, value):
    sizes = sorted({line["streams"] for line in lines})
    whos = list(dict.fromkeys(line["who"] for line in lines))
    by = {(line["who"], line["streams"]): line for line in lines}
    out = [f"| {title} | " + " | ".join(map(str, sizes)) + " |", "|---|" + "---|" * len(sizes)]
    for who in whos:
        cells = []
        for size in sizes:
            line = by.get((who, size))
            said = cell(line)
            cells.append(value(line) if said is None else said)
        if any(cells):
            out.append(f"| {who} | " + " | ".join(cells) + " |")
    return "\n".join(out)


def delays(line):
    if "p50_us" not in line:
        return ""
    return " / ".join(number(line[key] / 1000) for key in ("p50_us", "p99_us", "max_us"))


def scale(lines, path):
    lines = [line for line in lines if line["bench"] == "scale" and "streams" in line]
    if not lines:
        return
    missing = sorted({f"{line['who']} at {line['streams']}: {line['missing']}" for line in lines if "missing" in line})
    parts = [
        "![What a stream costs against the number of streams](scale.svg)",
        table(lines, "µs of processor time a stream and second, by streams", lambda line: number(line["cpu_us"])),
        table(lines, "delay, ms: median / 99 % / longest", delays),
        table(lines, "lost, %", lambda line: f"{line['loss_percent']:.2f}"),
        table(
            lines,
            "memory a stream, KB",
            lambda line: f"{line['memory_kb']:.1f}" if "memory_kb" in line else "",
        ),
    ]
    parts.append(load())
    if missing:
        parts.append("Missing: " + "; ".join(missing) + ".")
    with open(path, encoding="utf-8") as file:
        page = file.read()
    begin, end = "<!-- scale: written by toolchain/bench.sh --record -->\n", "<!-- end of scale -->\n"
    before, rest = page.split(begin)
    after = rest.split(end)[1]
    with open(path, "w", encoding="utf-8") as file:
        file.write(before + begin + "\n" + "\n\n".join(parts) + "\n\n" + end + after)


def machine():
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        names = [text.split(":")[1].strip() for text in file if text.startswith("model name")]
    return f"{len(names)} x {names[0]}" if names else "unknown"


def load():
    """As bench.sh saw it before the first program."""
    return f"The machine's load before the last run was {os.environ.get('OMSP_BENCH_LOAD', 'not noted')}."


def main():
    what, source, target = sys.argv[1:4]
    lines = read(source)
    if what == "scale":
        scale(lines, target)
    else:
        figures(lines, target, machine())


main()
