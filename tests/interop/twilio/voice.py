"""A voice bot and its script as people write them in Python: Twilio's own library (Debian's
python3-twilio) on the REST side and for signatures, python3-websockets as consumer.

  voice.py bot TOKEN FOLDER     takes media streams; a line of JSON for all that happens
  voice.py rest URL ACCOUNT TOKEN CALL WSS_URL NAME    makes a stream, stops it, asks for one
                                                       that is not there
"""

import asyncio
import base64
import json
import os
import sys

import websockets
from twilio.base.exceptions import TwilioRestException
from twilio.http.http_client import TwilioHttpClient
from twilio.request_validator import RequestValidator
from twilio.rest import Client


def tell(**what):
    print(json.dumps(what), flush=True)


# ---- the bot -----------------------------------------------------------------------------------


class Bot:
    """Writes what it hears into FOLDER/SID.TRACK. With a parameter "say" (a file) it says that in
    pieces of odd sizes, each with a mark behind it; when a key is pressed it stops itself and says
    what is in the file "then"."""

    def __init__(self, socket, folder):
        self.socket = socket
        self.folder = folder
        self.sid = None
        self.files = {}
        self.params = {}

    async def send(self, event, **members):
        await self.socket.send(json.dumps({"event": event, "streamSid": self.sid, **members}))

    async def say(self, name, prefix):
        with open(os.path.join(self.folder, name), "rb") as file:
            words = file.read()
        at = number = 0
        while at < len(words):
            size = 1 + (number * 397 + 77) % 1600
            await self.send("media", media={"payload": base64.b64encode(words[at : at + size]).decode()})
            await self.send("mark", mark={"name": f"{prefix}{number}"})
            at += size
            number += 1
        tell(event="said", name=name, pieces=number)

    async def take(self, message):
        event = message["event"]
        if event == "start":
            start = message["start"]
            self.sid = start["streamSid"]
            self.params = start["customParameters"]
            tell(event="start", start=start)
            if "say" in self.params:
                await self.say(self.params["say"], "a")
        elif event == "media":
            track = message["media"]["track"]
            if track not in self.files:
                self.files[track] = open(os.path.join(self.folder, f"{self.sid}.{track}"), "wb")
            self.files[track].write(base64.b64decode(message["media"]["payload"], validate=True))
            self.files[track].flush()
        elif event == "mark":
            tell(event="mark", name=message["mark"]["name"])
        elif event == "dtmf":
            tell(event="dtmf", digit=message["dtmf"]["digit"])
            await self.send("clear")
            await self.say(self.params["then"], "b")
        elif event == "stop":
            tell(event="stop", sid=message["streamSid"], call=message["stop"]["callSid"])

    async def run(self):
        try:
            async for text in self.socket:
                await self.take(json.loads(text))
        finally:
            for file in self.files.values():
                file.close()
            tell(event="closed", code=self.socket.close_code)


async def serve_bots(token, folder):
    validator = RequestValidator(token)

    async def handle(socket, path):
        headers = socket.request_headers
        url = f"wss://{headers['Host']}{path}"
        good = validator.validate(url, {}, headers.get("X-Twilio-Signature", ""))
        tell(event="connection", path=path, signed=good)
        if not good:
            await socket.close(1008, "bad signature")
            return
        await Bot(socket, folder).run()

    async with websockets.serve(handle, "127.0.0.1", 0) as server:
        tell(event="listening", port=server.sockets[0].getsockname()[1])
        await asyncio.Future()


# ---- the script --------------------------------------------------------------------------------


class LocalClient(TwilioHttpClient):
    def __init__(self, base):
        super().__init__()
        self.base = base

    def request(self, method, url, *args, **named):
        return super().request(method, url.replace("https://api.twilio.com", self.base), *args, **named)


def use_rest(base, account, token, call, url, name):
    client = Client(account, token, http_client=LocalClient(base))
    streams = client.calls(call).streams
    made = streams.create(url=url, name=name, track="both_tracks", parameter1_name="who & what",
                          parameter1_value="grün + 1%")
    tell(event="made", sid=made.sid, status=made.status, name=made.name, updated=str(made.date_updated))
    for line in sys.stdin:  # the test says when
        if line.strip() == "stop":
            break
    stopped = client.calls(call).streams(name).update(status="stopped")
    tell(event="stopped", sid=stopped.sid, status=stopped.status)
    try:
        client.calls(call).streams("MZ" + "0" * 32).update(status="stopped")
    except TwilioRestException as error:
        tell(event="refused", status=error.status, code=error.code)


if __name__ == "__main__":
    if sys.argv[1] == "bot":
        asyncio.run(serve_bots(*sys.argv[2:]))
    else:
        use_rest(*sys.argv[2:])
