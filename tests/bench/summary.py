#!/usr/bin/env python3
"""The goals at a glance: a whole run of the benchmarks as the two tables at the head of the page.

    summary.py build/bench.jsonl docs/performance.md SECONDS

Written between the page's "summary" marks. A run that lacks one of the lines (one of --only) leaves
the page as it is and says which.
"""

import json
import os
import sys

BEGIN = "<!-- summary: written by toolchain/bench.sh --record -->\n"
END = "<!-- end of summary -->\n"


class Missing(Exception):
    pass


def short(value):
    if value >= 100:
        return f"{value:.0f}"
    if value >= 10:
        return f"{value:.1f}"
    return f"{value:.2f}"


class Line:
    """A line of the run, with its numbers as short texts."""

    def __init__(self, line):
        self.line = line

    def __getattr__(self, key):
        name = {"peer": "peer_value", "limit": "limit_value"}.get(key, key)
        value = self.line.get(name)
        if value is None:
            raise Missing(f"{self.line['bench']}: {key}")
        return value

    def text(self, key):
        return short(getattr(self, key))

    def us(self, key):
        """In microseconds."""
        return short(getattr(self, key) * {"ns": 0.001, "us": 1, "ms": 1000}[self.line["unit"]])

    def against(self, other):
        """ours / other"""
        return f"{self.ours / getattr(self, other):.2f}"

    def times(self, other):
        """other / ours, then other / limit"""
        value = getattr(self, other)
        return f"{value / self.ours:.1f}", f"{value / self.limit:.1f}"


class Run:
    def __init__(self, path):
        with open(path, encoding="utf-8") as file:
            self.lines = [json.loads(text) for text in file if text.startswith('{"bench"')]

    def __call__(self, bench, peer="", limit=""):
        """The line whose peer and limit begin so; one whose peer is just that comes first."""
        found = [
            line
            for line in self.lines
            if line["bench"] == bench
            and "ours" in line
            and (line.get("peer") or "").startswith(peer)
            and (line.get("limit") or "").startswith(limit)
        ]
        if not found:
            raise Missing(" ".join((bench, peer, limit)).strip())
        return Line(min(found, key=lambda line: line.get("peer") != peer))

    def all(self, begin):
        return [Line(line) for line in self.lines if line["bench"].startswith(begin) and "ours" in line]


def met(*lines):
    said = ["met" if line.line["met"] else "**missed**" for line in lines]
    return said[0] if len(set(said)) == 1 else "/".join(said)


def windows(run):
    """Each row: what, ours, peer, limit, goal, how it stands."""
    post, burst = run("event-post-get"), run("event-burst-64")
    box, across = run("event-queue"), run("event-thread-to-thread")
    start, again = run("stream-start-stop"), run("stream-redundant-stop")
    create, invoke, named = run("com-create-release"), run("com-invoke"), run("com-invoke-by-name")
    advise, sent = run("com-advise-unadvise"), run("pe-fork-send")
    both, port = run("pe-fork-receive-send"), run("pe-fork-receive-send-port")
    rows = [
        ("post + GetEvent, one by one", f"{post.us('ours')} µs", f"quartz {post.us('peer')}",
         f"ring + SetEvent {post.us('limit')}", ">= 1.9 x quartz, <= 1.1 x limit",
         f"{post.ratio_peer:.2f}, {post.ratio_limit:.2f}: {met(post)}"),
        ("64 posted, then 64 got, each", f"{burst.us('ours')} µs", f"quartz {burst.us('peer')}",
         f"ring, one SetEvent {burst.us('limit')}", ">= 100 x quartz",
         f"{burst.ratio_peer:.0f}: {met(burst)}"),
        ("the mailbox without the signal, what guards it included", f"{box.text('ours')} ns",
         f"malloc + CRITICAL_SECTION {box.text('peer')}", f"ring {box.text('limit')}", "<= 16 ns", met(box)),
        ("thread to thread by the event", f"{across.us('ours')} µs", f"quartz {across.us('peer')}",
         f"ring + events {across.us('limit')}", "<= 0.65 x quartz",
         f"{across.against('peer')} (the limit is {across.limit / across.peer:.2f}): {met(across)}"),
        ("StartStream + StopStream, events taken every 256 turns, so that an edge is rare",
         f"{start.us('ours')} µs", f"quartz Run + Stop of an empty graph {start.us('peer')}",
         f"two SetEvent {start.us('limit')}", "<= 1.1 x limit", met(start)),
        ("a redundant Stop", f"{again.text('ours')} ns", "", f"lock + unlock {again.text('limit')}",
         "<= 20 ns", met(again)),
        ("class factory create + release", f"{create.text('ours')} ns", f"quartz {create.text('peer')}",
         f"calloc + free {create.text('limit')}", ">= 50 x quartz", f"{create.ratio_peer:.0f}: {met(create)}"),
        ("Invoke / by name", f"{invoke.text('ours')} / {named.text('ours')} ns",
         f"quartz, type library {invoke.text('peer')} / {named.text('peer')}",
         f"direct call {invoke.text('limit')}", ">= 5 x / >= 8 x",
         f"{invoke.ratio_peer:.1f} / {named.ratio_peer:.1f}: {met(invoke, named)}"),
        ("Advise + Unadvise", f"{advise.text('ours')} ns", f"netprofm {advise.text('peer')}", "",
         "<= 1.0 x netprofm", f"{advise.against('peer')}: {met(advise)}"),
        ("a frame sent", f"{sent.us('ours')} µs", "", f"bare send {sent.us('limit')}", "<= 1.02 x limit",
         f"{sent.ratio_limit:.2f}: {met(sent)}"),
        ("a packet received, a frame sent", f"{both.us('ours')} µs", "", f"bare recv + send {both.us('limit')}",
         "<= 1.02 x limit", f"{both.ratio_limit:.2f}: {met(both)}"),
        ("", f"{port.us('ours')} µs", "", f"bare completion port + send {port.us('limit')}", "the same",
         f"{port.ratio_limit:.2f}: {met(port)}"),
    ]
    for law in ("u-law", "A-law"):
        to, back = run(f"pe-g711 {law} encode 160"), run(f"pe-g711 {law} decode 160")
        rows.append((f"{law.replace('u-', 'µ-')} encode / decode, 160 samples",
                     f"{to.text('ours')} / {back.text('ours')} ns",
                     f"msg711.acm {to.text('peer')} / {back.text('peer')}",
                     f"memcpy {to.text('limit')} / {back.text('limit')}", "", ""))
    return rows


def frames(run, count):
    bench = f"fork frame, {count} connections"
    node, lws = run(bench, "node"), run(bench, "libweb")
    return (f"frame + send, {count} connections", f"{node.us('ours')} µs",
            f"node ws {node.us('peer')}, libwebsockets {lws.us('peer')}",
            f"bare send {node.us('limit')}, bare io_uring {run(bench, limit='bare io_uring').us('limit')}",
            ">= 1.9 x node, <= 1.1 x bare send", f"{node.ratio_peer:.2f}, {node.ratio_limit:.2f}: {met(node)}")


def sockets(run):
    two, two_each = run("fork both tracks, one send", "two sends"), run("fork both tracks, one send", "two sends, each")
    receive = "rtp receive, 100 streams, a packet"
    gst, janus = run(receive, "gst udpsrc and"), run(receive, "janus")
    through, uring = (run("rtp in, websocket out, 100 streams", limit=limit) for limit in ("bare recv and", "bare recv, sends"))
    gst_times, janus_times = gst.times("peer"), janus.times("peer")
    memory, first = run("rtp memory a stream"), run("first packet of a stream, arrival to forwarded")
    later, begin = run("packets after it, arrival to forwarded"), run("start to first packet")
    storm, gap = run("storm, StartStream p99"), run("storm, longest gap of others")
    cost = run("scale, the dearest size against 1 stream")
    held = run.all("scale, memory of a stream, ")
    if not held:
        raise Missing("scale, memory of a stream")
    others = ", ".join(f"{line.line['peer']} {line.text('peer')}" for line in held if line.line.get("peer_value"))
    return [
        frames(run, 100),
        frames(run, 500),
        ("both tracks in one send", f"{two.us('ours')} µs",
         f"two sends {two.us('peer')}, two with other connections' {two_each.us('peer')}", "", "<= 0.6 x two",
         f"{two.against('peer')}: {met(two)}"),
        ("RTP received, 100 streams", f"{gst.us('ours')} µs",
         f"gst + jitterbuffer {gst.us('peer')}, gst {run(receive, 'gst udpsrc').us('peer')}",
         f"epoll + recvmmsg {gst.us('limit')}", ">= 10 x gst + jitterbuffer",
         f"{gst_times[0]} (the limit is {gst_times[1]}): {met(gst)}"),
        ("", "", f"janus {janus.us('peer')}, rtpengine (sends on, too) {run(receive, 'rtpengine').us('peer')}", "",
         ">= 3 x janus", f"{janus_times[0]} (the limit is {janus_times[1]}): {met(janus)}"),
        ("RTP in, WebSocket out, 100 streams", f"{through.us('ours')} µs", f"node dgram + ws {through.us('peer')}",
         f"bare recv + send {through.us('limit')}, by io_uring {uring.us('limit')}",
         ">= 2.5 x node, <= 1.1 x bare recv + send",
         f"{through.ratio_peer:.2f}, {through.ratio_limit:.2f}: {met(through)}"),
        ("memory of a receiving call", f"{memory.text('ours')} KB", f"gst {memory.text('peer')}", "", "<= 16 KB",
         met(memory)),
        ("a stream's first packet, arrival to forwarded", f"{first.us('ours')} µs",
         f"gst rtpjitterbuffer of 40 ms {first.us('peer')}", f"bare recv + send {first.us('limit')}", "", ""),
        ("packets after it", f"{later.us('ours')} µs", f"gst rtpjitterbuffer {later.us('peer')}",
         f"bare recv + send {later.us('limit')}", "", ""),
        ("StartStream to the first packet", f"{begin.us('ours')} µs", f"gst PLAYING {begin.us('peer')}",
         f"sendto {begin.us('limit')}", "<= 1 ms", met(begin)),
        ("500 streams started and stopped beside 500", f"p99 {storm.text('ours')} µs", "", "", "<= 1 ms", met(storm)),
        ("the longest gap of the others meanwhile", f"{gap.text('ours')} ms", "", f"{gap.text('limit')} without",
         "<= 20 ms", met(gap)),
        ("cost of a stream: the dearest number of them against one", cost.text("ratio_limit"),
         "see [Scale](#scale)", "", "<= 1.2 x one stream", met(cost)),
        (f"memory of a forked stream, {held[0].line['bench'].split(', ')[2]}", f"{held[0].text('ours')} KB", others, "", "<= 16 KB",
         met(held[0])),
    ]


def table(title, rows):
    head = f"| {title} | ours | peer | limit | goal | |\n|---|---|---|---|---|---|\n"
    return head + "".join("| " + " | ".join(row) + " |\n" for row in rows)


def main():
    source, target, seconds = sys.argv[1:4]
    run = Run(source)
    quick = " with --quick" if os.environ.get("OMSP_BENCH_QUICK") else ""
    try:
        parts = [
            f"A whole run{quick} of {int(seconds) / 60:.0f} minutes, medians; the machine's load before it was "
            f"{os.environ.get('OMSP_BENCH_LOAD', 'not noted')}.\n",
            table("events and COM, under Wine", windows(run)),
            table("sockets, natively", sockets(run)),
        ]
    except Missing as what:
        print(f"the tables at the head of {target} stay: this run has no {what}")
        return
    with open(target, encoding="utf-8") as file:
        page = file.read()
    before, rest = page.split(BEGIN)
    with open(target, "w", encoding="utf-8") as file:
        file.write(before + BEGIN + "\n" + "\n".join(parts) + "\n" + END + rest.split(END)[1])


main()
