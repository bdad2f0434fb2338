#!/usr/bin/env python3
"""coverage.py BUILD-FOLDER [--record FILE.md] NOUN...

Runs the corpus of each fuzz target with the programs of a build that counts lines (gcc --coverage), asks
gcov which lines of the sources in covers.tsv have run, prints a line for each and closes like a Check
program: a source of which less than 95 % ran has failed. --record writes the table between the two
marks of the file, if nothing failed.
"""
import argparse
import json
import pathlib
import re
import subprocess
import sys

LEAST = 0.95
HERE = pathlib.Path(__file__).resolve().parent
TOP = HERE.parent.parent


def sources_of():
    rows = (line.rstrip("\n").split("\t") for line in open(HERE / "covers.tsv") if not line.startswith("#"))
    return {noun: sources.split() for noun, sources in rows if sources != "-"}


def lines_of(build, source):
    """(how many there are, how many ran) of what the last program counted. An object of a program that
    was not run has counted nothing."""
    counts = {}
    for notes in build.rglob(pathlib.Path(source).name + ".gcno"):
        if not notes.with_suffix(".gcda").exists():
            continue
        said = subprocess.run(["gcov", "--stdout", "--json-format", notes], capture_output=True, check=True)
        for file in json.loads(said.stdout)["files"]:
            if (build / file["file"]).resolve() == TOP / source:
                for line in file["lines"]:
                    number = line["line_number"]
                    counts[number] = counts.get(number, 0) + line["count"]
    return len(counts), sum(count > 0 for count in counts.values())


def measure(build, noun, sources):
    for data in build.rglob("*.gcda"):
        data.unlink()
    program = build / "fuzz" / ("replay_" + noun)
    subprocess.run([program, HERE / "corpus" / noun], stdout=subprocess.DEVNULL, check=True, timeout=300)
    for source in sources:
        lines, run = lines_of(build, source)
        if not lines:
            sys.exit("%s: nothing is known of %s" % (noun, source))
        yield source, lines, run


def record(path, rows):
    table = ["| parser | source | lines | run | inputs |", "|---|---|---|---|---|"]
    for noun, source, lines, run in rows:
        inputs = sum(file.is_file() for file in (HERE / "corpus" / noun).rglob("*"))
        table.append("| %s | `%s` | %d | %.1f %% | %d |" %
                     (noun, source.removeprefix("src/"), lines, 100 * run / lines, inputs))
    text, found = re.subn(r"(<!-- coverage: [^\n]*-->\n).*?(<!-- end of coverage -->)",
                          lambda marks: marks[1] + "\n" + "\n".join(table) + "\n\n" + marks[2],
                          path.read_text(), flags=re.DOTALL)
    if found != 1:
        sys.exit("%s has no marks for the table" % path)
    path.write_text(text)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("--record", type=pathlib.Path)
    parser.add_argument("nouns", nargs="+")
    options = parser.parse_args()

    wanted, rows, bad = sources_of(), [], 0
    build = options.build.resolve()
    for noun in options.nouns:
        for source, lines, run in measure(build, noun, wanted[noun]):
            rows.append((noun, source, lines, run))
            short = run < LEAST * lines
            bad += short
            print("%-20s %5d %6.1f %%  %s%s" %
                  (noun, lines, 100 * run / lines, source, "  <- less than 95 %" if short else ""), flush=True)
    if options.record and not bad:
        record(options.record, rows)
    print("suite coverage: %d passed, %d failed" % (len(rows) - bad, bad))
    sys.exit(bad > 0)


main()
