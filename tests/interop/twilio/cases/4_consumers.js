"use strict";
// The WebSocket side: what the upgrade looks like to two libraries, and consumers that leave, break
// or never answer. Whatever they do, the call and its other streams lose nothing.
const twilio = require("twilio");
const { assert, pause, test, until } = require("../lib/suite");
const { ACCOUNT, KEY, TOKEN } = require("../lib/host");
const { WebsocketConsumer, WsConsumer } = require("../lib/consumer");
const { callbacks } = require("../lib/callbacks");
const { SWITCH, accept_line, dead_port, frame, rude } = require("../lib/rude");
const { talker } = require("../lib/talker");

for (const [library, Consumer] of [["ws", WsConsumer], ["websocket", WebsocketConsumer]]) {
    test(`npm ${library}: the upgrade's headers, its signature, valid messages, a clean close`, async ({ host, call }) => {
        const at = call();
        const consumer = await new Consumer().open();
        const made = await host.streams(at).create({ url: consumer.url, track: "inbound_track" });
        const stream = await consumer.stream(made.sid);
        const { headers } = stream;
        const url = consumer.url.replace("ws://", "wss://");

        assert.equal(stream.method, "GET");
        assert.equal(stream.http_version, "1.1");
        assert.equal(stream.url, "/stream");
        assert.equal(headers.host, `127.0.0.1:${consumer.port}`);
        assert.equal(headers["user-agent"], "Twilio.TmeWs/1.0");
        assert.equal(headers["sec-websocket-version"], "13");
        assert.equal(Buffer.from(headers["sec-websocket-key"], "base64").length, 16);
        for (const absent of ["origin", "sec-websocket-protocol", "sec-websocket-extensions", "authorization", "cookie"]) {
            assert.ok(!(absent in headers), absent);
        }
        assert.ok(twilio.validateRequest(TOKEN, headers["x-twilio-signature"], url, {}));
        assert.ok(!twilio.validateRequest(TOKEN, headers["x-twilio-signature"], `${url}/`, {}));
        assert.ok(!twilio.validateRequest("another token", headers["x-twilio-signature"], url, {}));

        (await talker(at)).talk();
        await stream.frames(50);
        await host.streams(at)(made.sid).update({ status: "stopped" });
        assert.equal((await stream.ended()).code, 1000);
        assert.equal(stream.judge.state, "stopped");
        assert.equal(stream.judge.start.accountSid, ACCOUNT);
    });
}

test("a query of the Url is not dialled, and the signature is of what is", async ({ host, call }) => {
    const consumer = await new WsConsumer().open();
    const made = await host.streams(call()).create({ url: `${consumer.url}/deep?secret=1` });
    const stream = await consumer.stream(made.sid);

    assert.equal(stream.url, "/stream/deep");
    assert.ok(twilio.validateRequest(TOKEN, stream.headers["x-twilio-signature"],
        `${consumer.url.replace("ws://", "wss://")}/deep`, {}));
});

test("an API key never signs: the account's token does", async ({ host, call }) => {
    const at = call();
    const consumer = await new WsConsumer().open();
    const made = await host.streams(at, host.client(KEY.sid, KEY.secret)).create({ url: consumer.url });
    const stream = await consumer.stream(made.sid);
    const url = consumer.url.replace("ws://", "wss://");

    assert.ok(twilio.validateRequest(TOKEN, stream.headers["x-twilio-signature"], url, {}));
    assert.ok(!twilio.validateRequest(KEY.secret, stream.headers["x-twilio-signature"], url, {}));
});

// A healthy stream beside the one that suffers: it must get everything.
async function beside({ host, call }, options) {
    const at = call();
    const consumer = await new WsConsumer().open();
    const status = await callbacks();
    const made = await host.streams(at).create({ url: consumer.url });
    const healthy = await consumer.stream(made.sid);
    const far_end = (await talker(at)).talk();

    await healthy.frames(3);
    const suffers = await host.streams(at).create({ statusCallback: status.url, ...options });

    return { at, far_end, healthy, made: suffers, status };
}

async function unharmed({ host }, { at, far_end, healthy, made, status }, events) {
    const before = healthy.judge.frames();

    assert.deepEqual(await status.over(made.sid), events);
    await healthy.frames(before + 25);
    await far_end.hush();
    assert.equal(healthy.judge.tracks.inbound.jumps, 0, "the other stream lost nothing");
    assert.equal(healthy.closed, null);
    const stopped = await host.raw("POST", host.path(at, made.sid), { form: { Status: "stopped" } });
    assert.equal(stopped.json.status, "stopped");
    assert.equal(status.of(made.sid).length, events.length, "one terminal callback");
}

for (const [how, leave] of [
    ["closes with 1000", (stream) => stream.socket.close(1000)],
    ["closes with 1008", (stream) => stream.socket.close(1008, "no")],
    ["closes without a code", (stream) => stream.socket.close()],
    ["ends the TCP connection", (stream) => stream.socket._socket.end()],
    ["resets the TCP connection", (stream) => stream.socket._socket.resetAndDestroy()],
]) {
    test(`a consumer that ${how} ends its own stream and nothing else`, async (world) => {
        const { host } = world;
        const consumer = await new WsConsumer({ on_stream: (stream) => setTimeout(() => leave(stream), 150) }).open();
        const from = host.events.length;
        const sides = await beside(world, { url: consumer.url });

        await consumer.stream(sides.made.sid);
        await until(() => sides.status.events(sides.made.sid).length === 2, "its end is told");
        await host.event(sides.at, /^CME_STREAM_(INACTIVE|FAIL)$/, from);
        await unharmed(world, sides, ["stream-started", "stream-error"]);
        for (const { StreamError } of sides.status.of(sides.made.sid).slice(1)) assert.match(StreamError, /\b319(03|21)\b/);
    });
}

const TEXT = 1;
const PING = 9;

for (const [what, bytes] of [
    ["random bytes", () => Buffer.from("8fd7a1c2e3f4", "hex")],
    ["a frame with reserved bits", () => Buffer.from([0xf1, 0x02, 0x61, 0x62])],
    ["an unknown opcode", () => frame(3, Buffer.from("x"))],
    ["a masked frame", () => Buffer.from([0x81, 0x81, 1, 2, 3, 4, 0x60])],
    ["a fragmented ping", () => frame(PING, Buffer.from("a"), { fin: false })],
    ["a ping of 126 bytes", () => frame(PING, Buffer.alloc(126))],
    ["a frame that claims 2^62 bytes", () => frame(TEXT, Buffer.from("abc"), { length: 2 ** 62 })],
    ["text that is no UTF-8", () => frame(TEXT, Buffer.from([0xc0, 0x80]))],
    ["a continuation of nothing", () => frame(0, Buffer.from("x"))],
    ["a close frame of one byte", () => frame(8, Buffer.from([3]))],
]) {
    test(`a consumer that sends ${what} ends its own stream and nothing else`, async (world) => {
        const consumer = await rude({ then: (socket) => setTimeout(() => socket.write(bytes()), 100) });
        const sides = await beside(world, { url: consumer.url });

        await until(() => sides.status.events(sides.made.sid).length === 2, "its end is told");
        await consumer.gone();
        await unharmed(world, sides, ["stream-started", "stream-error"]);
        assert.match(sides.status.of(sides.made.sid)[1].StreamError, /\b319(24|21)\b/);
    });
}

test("pings are answered while media flows, and 20000 of them harm nobody", { alone: true }, async (world) => {
    const { host } = world;
    const consumer = await new WsConsumer().open();
    const sides = await beside(world, { url: consumer.url });
    const stream = await consumer.stream(sides.made.sid);

    stream.socket.ping("hello");
    await until(() => stream.pongs > 0, "the pong");
    for (let i = 0; i < 20000; i++) stream.socket.ping();
    const before = stream.judge.frames();
    await stream.frames(before + 50);
    assert.equal(stream.judge.tracks.inbound.jumps, 0);
    await host.streams(sides.at)(sides.made.sid).update({ status: "stopped" });
    assert.equal((await stream.ended()).code, 1000);
    await unharmed(world, sides, ["stream-started", "stream-stopped"]);
});

test("what a consumer of a one-way stream says is ignored, whole or in fragments", async (world) => {
    const { host } = world;
    const consumer = await new WsConsumer().open();
    const sides = await beside(world, { url: consumer.url });
    const stream = await consumer.stream(sides.made.sid);

    stream.socket.send("not JSON");
    stream.socket.send(Buffer.from([0, 1, 2, 255]));
    stream.socket.send(JSON.stringify({ event: "media", streamSid: sides.made.sid, media: { payload: "////" } }));
    stream.socket.send("frag", { fin: false });
    stream.socket.ping();
    stream.socket.send("ment", { fin: true });
    for (let i = 0; i < 300; i++) stream.socket.send("x".repeat(1000));
    const before = stream.judge.frames();
    await stream.frames(before + 25);
    await host.streams(sides.at)(sides.made.sid).update({ status: "stopped" });
    assert.equal((await stream.ended()).code, 1000);
    await unharmed(world, sides, ["stream-started", "stream-stopped"]);
});

test("a consumer that stops reading loses audio, oldest first, and still gets its stop", { ms: 90000, alone: true }, async ({ host, call }) => {
    const at = call();
    const other = call();
    const consumer = await new WsConsumer().open();
    const stalls = await host.streams(at).create({ url: consumer.url });
    const beside_it = await host.streams(at).create({ url: consumer.url });
    const elsewhere = await host.streams(other).create({ url: consumer.url });
    const stream = await consumer.stream(stalls.sid);
    const healthy = [await consumer.stream(beside_it.sid), await consumer.stream(elsewhere.sid)];
    const about = async () => (await host.raw("GET", host.path(at, stalls.sid))).json.statistics;

    (await talker(other)).talk();
    const far_end = await talker(at);
    stream.socket.pause();
    // Faster than speech, or filling the kernel's buffers would take minutes.
    far_end.talk({ speed: 40 });
    let statistics;
    await until(async () => (statistics = await about()).frames_dropped > 100, () => JSON.stringify(statistics), 40000);
    assert.ok(statistics.queue_ms <= 1000, "the queue is bounded by time");
    assert.equal(statistics.last_error, 31930);
    await far_end.hush();
    stream.socket.resume();
    await until(async () => (statistics = await about()).queue_ms === 0, () => JSON.stringify(statistics));
    await far_end.say(Buffer.alloc(160 * 10, 0x55));
    await until(() => stream.judge.frames() >= statistics.frames_sent + 10, "all that was sent has come");
    await host.streams(at)(stalls.sid).update({ status: "stopped" });
    await stream.ended();
    assert.equal(stream.judge.state, "stopped");
    const { lost_ms, jumps } = stream.judge.tracks.inbound;
    assert.equal(lost_ms, statistics.frames_dropped * 20, "the timestamps jump by what was dropped");
    assert.ok(jumps >= 1);
    for (const one of healthy) {
        one.check();
        assert.equal(one.judge.tracks.inbound.jumps, 0, "the others lost nothing");
    }
});

test("a consumer that never reads again is given up at a stop, in bounded time", async ({ host, call }) => {
    const at = call();
    const status = await callbacks();
    const consumer = await rude({ then: (socket) => socket.pause() });
    const made = await host.streams(at).create({ url: consumer.url, statusCallback: status.url });

    await until(() => status.events(made.sid).length, "it has started");
    (await talker(at)).talk();
    await pause(200);
    const began = Date.now();
    assert.equal((await host.streams(at)(made.sid).update({ status: "stopped" })).status, "stopped");
    assert.ok(Date.now() - began < 1500, "the stop itself waits for nobody");
    assert.deepEqual(await status.over(made.sid), ["stream-started", "stream-stopped"]);
});

for (const [what, number, prepare] of [
    ["nobody listens", 31902, async () => ({ url: `ws://127.0.0.1:${await dead_port()}/` })],
    ["403", 31920, () => rude({ answer: () => "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n" })],
    ["a redirect", 31920, async () => {
        const target = await new WsConsumer().open();
        const redirects = await rude({ answer: () => `HTTP/1.1 301 Moved\r\nLocation: ${target.url}\r\nContent-Length: 0\r\n\r\n` });

        redirects.not_followed = () => assert.equal(target.streams.length, 0);
        return redirects;
    }],
    ["200", 31920, () => rude({ answer: () => "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok" })],
    ["a wrong Sec-WebSocket-Accept", 31920,
        () => rude({ answer: () => `${SWITCH}Sec-WebSocket-Accept: ${Buffer.alloc(20).toString("base64")}\r\n\r\n` })],
    ["a subprotocol that nobody asked for", 31920,
        () => rude({ answer: (request) => `${SWITCH}${accept_line(request)}Sec-WebSocket-Protocol: audio.example\r\n\r\n` })],
    ["an extension that nobody asked for", 31920,
        () => rude({ answer: (request) => `${SWITCH}${accept_line(request)}Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n` })],
    ["no HTTP at all", 31920, () => rude({ answer: () => "220 mail.example ESMTP\r\n\r\n" })],
    ["headers without end", 31920, () => rude({ answer: () => `${SWITCH}${"X: y\r\n".repeat(20000)}` })],
    ["the end of the connection", 31920, () => rude({ answer: (request, socket) => (socket.end(), null) })],
    ["nothing for five seconds", 31901, () => rude({ answer: () => null })],
]) {
    test(`an upgrade answered by ${what}: one stream-error with ${number}, and the call goes on`, async (world) => {
        const { host, call } = world;
        const at = call();
        const from = host.events.length;
        const consumer = await prepare();
        const good = await new WsConsumer().open();
        const status = await callbacks();
        const made = await host.streams(at).create({ url: consumer.url, statusCallback: status.url });

        assert.equal(made.status, "in-progress", "create answers before it is known");
        assert.deepEqual(await status.over(made.sid), ["stream-error"]);
        assert.match(status.of(made.sid)[0].StreamError, new RegExp(`\\b${number}\\b`));
        await host.event(at, /^CME_STREAM_FAIL$/, from);
        assert.ok(!host.events.slice(from).some((event) => event.call === at.sid && event.event === "CME_STREAM_ACTIVE"));
        if (consumer.gone) await consumer.gone();
        assert.ok(consumer.connections === undefined || consumer.connections === 1, "dialled once");
        if (consumer.not_followed) consumer.not_followed();
        const next = await host.streams(at).create({ url: good.url });
        await good.stream(next.sid);
    });
}
