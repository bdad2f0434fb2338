#!/usr/bin/env python3
"""An RTP peer that is GStreamer's: rtpbin speaks RTP and RTCP, its elements encode, decode, press keys
(rtpdtmfsrc, rtpdtmfmux) and watch for loss.

  gst_peer.py --listen PORT --to PORT --codec pcmu|pcma --play FILE.wav --hear FILE.wav
              [--digits KEYS --digits-at SECONDS] --limit SECONDS

Prints "listening" once its ports (PORT and the next) are open; sends nothing before it hears something.
Everything is on 127.0.0.1. Ends with the far end's RTCP BYE, or after --limit seconds with exit status
1. Its last line is JSON: what GStreamer knows of the far end, by its own view (packets, lost, jitter),
by the far end's reports (have_sr, have_rb, rb_...) and by what it reported itself (sent_rb).
"""
import argparse
import json
import sys
import wave

import gi

gi.require_version("Gst", "1.0")
from gi.repository import Gio, GLib, Gst  # noqa: E402

KEYS = "0123456789*#ABCD"
# rtpdtmfsrc stretches a key to 280 ms; then some audio until the next.
KEY_MS, PAUSE_MS = 120, 500
CODECS = {"pcmu": ("mulaw", 0), "pcma": ("alaw", 8)}
# Own names of what the element's statistics call otherwise.
FIGURES = {"packets": "packets-received", "lost": "packets-lost", "jitter": "jitter", "have_sr": "have-sr",
           "have_rb": "have-rb", "rb_lost": "rb-packetslost", "rb_jitter": "rb-jitter",
           "rb_round_trip": "rb-round-trip", "sent_rb": "sent-rb", "sr_packets": "sr-packet-count"}

# Real time is kept ahead of the multiplexer, so that a key never waits behind audio.
PIPELINE = """
rtpbin name=bin latency=2000 rtp-profile=avp
filesrc location="{play}" blocksize=320 ! wavparse ! {law}enc
    ! rtp{codec}pay pt={type} min-ptime=20000000 max-ptime=20000000 ! clocksync ! mux.sink_0
rtpdtmfsrc name=keys pt=101 packet-redundancy=3 ! mux.priority_sink_0
rtpdtmfmux name=mux ! bin.send_rtp_sink_0
bin.send_rtp_src_0 ! udpsink name=rtp_out host=127.0.0.1 port={to} sync=false async=false close-socket=false
bin.send_rtcp_src_0 ! udpsink name=rtcp_out host=127.0.0.1 port={to_rtcp} sync=false async=false close-socket=false
udpsrc name=rtp_in close-socket=false
    caps="application/x-rtp,media=audio,clock-rate=8000,encoding-name={name},payload={type}" ! bin.recv_rtp_sink_0
udpsrc name=rtcp_in close-socket=false ! bin.recv_rtcp_sink_0
"""


def bound(port):
    endpoint = Gio.Socket.new(Gio.SocketFamily.IPV4, Gio.SocketType.DATAGRAM, Gio.SocketProtocol.UDP)
    endpoint.bind(Gio.InetSocketAddress.new_from_string("127.0.0.1", port), False)
    return endpoint


class Peer:
    def __init__(self, options):
        self.options = options
        self.law, self.type = CODECS[options.codec]
        self.loop = GLib.MainLoop()
        self.known = {}
        self.faults = []
        self.pressed = 0
        rtp, rtcp = bound(options.listen), bound(options.listen + 1)
        print("listening", flush=True)
        try:
            rtp.condition_timed_wait(GLib.IOCondition.IN, int(options.limit * 1e6), None)
        except GLib.Error as error:
            sys.exit("nothing came: %s" % error.message)
        self.pipeline = Gst.parse_launch(PIPELINE.format(
            play=options.play, law=self.law, codec=options.codec, name=options.codec.upper(), type=self.type,
            to=options.to, to_rtcp=options.to + 1))
        for name, endpoint in (("rtp", rtp), ("rtcp", rtcp)):
            self.pipeline.get_by_name(name + "_in").set_property("socket", endpoint)
            self.pipeline.get_by_name(name + "_out").set_property("socket", endpoint)
        self.bin = self.pipeline.get_by_name("bin")
        self.bin.connect("pad-added", self.hear)
        self.bin.connect("on-bye-ssrc", self.bye)
        bus = self.pipeline.get_bus()
        bus.add_signal_watch()
        bus.connect("message::error", self.error)

    def error(self, _, message):
        self.faults.append(str(message.parse_error()))
        self.loop.quit()

    def hear(self, _, pad):
        if not pad.get_name().startswith("recv_rtp_src_"):
            return
        branch = Gst.parse_bin_from_description(
            'rtp%sdepay ! %sdec ! audio/x-raw,format=S16LE,rate=8000,channels=1 ! filesink location="%s" sync=false'
            % (self.options.codec, self.law, self.options.hear + ".raw"), True)
        self.pipeline.add(branch)
        branch.sync_state_with_parent()
        if pad.link(branch.get_static_pad("sink")) != Gst.PadLinkReturn.OK:
            self.faults.append("%s cannot be linked" % pad.get_name())

    def bye(self, _, session, ssrc):
        """In a thread of GStreamer's, while the source is still known."""
        source = self.bin.emit("get-internal-session", session).emit("get-source-by-ssrc", ssrc)
        stats = source.get_property("stats")
        self.known = {ours: stats.get_value(theirs) for ours, theirs in FIGURES.items()}
        GLib.idle_add(self.loop.quit)

    def press(self):
        key = KEYS.index(self.options.digits[self.pressed])
        self.key_event(type=1, number=key, volume=10, start=True)
        GLib.timeout_add(KEY_MS, self.release)
        return GLib.SOURCE_REMOVE

    def release(self):
        self.key_event(type=1, start=False)
        self.pressed += 1
        if self.pressed < len(self.options.digits):
            GLib.timeout_add(PAUSE_MS, self.press)
        return GLib.SOURCE_REMOVE

    def key_event(self, **fields):
        structure = Gst.Structure.new_empty("dtmf-event")
        for name, value in fields.items():
            structure.set_value(name, value)
        event = Gst.Event.new_custom(Gst.EventType.CUSTOM_UPSTREAM, structure)
        if not self.pipeline.get_by_name("keys").get_static_pad("src").send_event(event):
            self.faults.append("a key was not taken")

    def run(self):
        self.pipeline.set_state(Gst.State.PLAYING)
        if self.options.digits:
            GLib.timeout_add(int(self.options.digits_at * 1000), self.press)
        GLib.timeout_add(int(self.options.limit * 1000), self.loop.quit)
        self.loop.run()
        self.pipeline.set_state(Gst.State.NULL)
        with wave.open(self.options.hear, "w") as file, open(self.options.hear + ".raw", "rb") as raw:
            file.setparams((1, 2, 8000, 0, "NONE", ""))
            file.writeframes(raw.read())
        print(json.dumps({"bye": bool(self.known), **self.known, "pressed": self.pressed,
                          "faults": self.faults}), flush=True)
        return 0 if self.known and not self.faults else 1


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--listen", type=int, required=True)
    parser.add_argument("--to", type=int, required=True)
    parser.add_argument("--codec", choices=sorted(CODECS), required=True)
    parser.add_argument("--play", required=True)
    parser.add_argument("--hear", required=True)
    parser.add_argument("--digits", default="")
    parser.add_argument("--digits-at", type=float, default=1)
    parser.add_argument("--limit", type=float, required=True)
    Gst.init(None)
    sys.exit(Peer(parser.parse_args()).run())


main()
