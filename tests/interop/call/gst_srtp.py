#!/usr/bin/env python3
"""A far end of SRTP made of GStreamer: hears a call into one WAV file and says another one to it.

  gst_srtp.py --listen PORT --to PORT --hear-key HEX --say-key HEX --cipher C --auth A
              --hear FILE.wav --play FILE.wav --seconds S

Keys are master key and salt. Prints "listening" once it does; ends by itself.
"""
import argparse
import sys

import gi

gi.require_version("Gst", "1.0")
from gi.repository import GLib, Gst  # noqa: E402

parser = argparse.ArgumentParser()
for name in ("--listen", "--to", "--hear-key", "--say-key", "--cipher", "--auth", "--hear", "--play"):
    parser.add_argument(name, required=True)
parser.add_argument("--seconds", type=float, required=True)
args = parser.parse_args()

Gst.init(None)
hearing = Gst.parse_launch(
    f'udpsrc address=127.0.0.1 port={args.listen} caps="application/x-srtp,media=(string)audio,'
    'clock-rate=(int)8000,encoding-name=(string)PCMU,payload=(int)0" ! srtpdec name=open ! '
    'rtpjitterbuffer latency=60 ! rtppcmudepay ! mulawdec ! wavenc ! '
    f'filesink location="{args.hear}"')
saying = Gst.parse_launch(
    f'filesrc location="{args.play}" ! wavparse ! mulawenc ! '
    'rtppcmupay min-ptime=20000000 max-ptime=20000000 ! '
    f'srtpenc key={args.say_key} rtp-cipher={args.cipher} rtp-auth={args.auth} '
    f'rtcp-cipher={args.cipher} rtcp-auth=hmac-sha1-80 ! '
    f'udpsink host=127.0.0.1 port={args.to} bind-address=127.0.0.1')
keys = Gst.Caps.from_string(
    f'application/x-srtp,srtp-key=(buffer){args.hear_key},srtp-cipher=(string){args.cipher},'
    f'srtp-auth=(string){args.auth},srtcp-cipher=(string){args.cipher},'
    'srtcp-auth=(string)hmac-sha1-80')
hearing.get_by_name("open").connect("request-key", lambda element, ssrc: keys)
loop = GLib.MainLoop()
status = 0


def on_message(bus, message, pipeline):
    global status
    if message.type == Gst.MessageType.ERROR:
        print(message.parse_error(), file=sys.stderr)
        status = 1
        loop.quit()
    elif message.type == Gst.MessageType.EOS and pipeline is hearing:
        loop.quit()


for one in (hearing, saying):
    bus = one.get_bus()
    bus.add_signal_watch()
    bus.connect("message", on_message, one)
    one.set_state(Gst.State.PLAYING)


def stop():
    hearing.send_event(Gst.Event.new_eos())
    return False


print("listening", flush=True)
GLib.timeout_add(int(args.seconds * 1000), stop)
loop.run()
for one in (hearing, saying):
    one.set_state(Gst.State.NULL)
sys.exit(status)
