"use strict";
// What voice bots are made of that the other cases do not have: Twilio's Python library and a Python
// consumer, nginx that ends TLS before a consumer, a bot that interrupts itself.
const fs = require("node:fs");
const path = require("node:path");
const twilio = require("twilio");
const { assert, keep, test, until } = require("../lib/suite");
const { ACCOUNT, TOKEN } = require("../lib/host");
const { WsConsumer } = require("../lib/consumer");
const { callbacks } = require("../lib/callbacks");
const { dead_port } = require("../lib/rude");
const { nginx } = require("../lib/nginx");
const { Python } = require("../lib/python");
const { assert_stretch, departure } = require("../lib/sound");
const { talker, voice } = require("../lib/talker");

// Without silence.
const voiced = (codes) => Buffer.from(codes.filter((code) => code !== 0xff));

test("the Python library makes and stops a stream, a Python consumer has every byte in a file", async ({ host, call, folder }) => {
    const at = call();
    const bot = new Python("bot", TOKEN, folder);
    const { port } = await bot.first("listening");
    const rest = new Python("rest", host.url, ACCOUNT, TOKEN, at.sid, `ws://127.0.0.1:${port}/media`, "päth on");
    const made = await rest.first("made");
    const { start } = await bot.first("start");
    const words = voice(160 * 60, 31);

    assert.equal(made.status, "in-progress");
    assert.equal(made.name, "päth on");
    assert.match(made.updated, /^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}\+00:00$/, "it takes our date");
    assert.deepEqual(start.customParameters, { "who & what": "grün + 1%" });
    assert.equal((await bot.first("connection")).signed, true, "its validator takes our signature");
    await (await talker(at)).say(words, { speed: 2 });
    const heard = () => (fs.existsSync(path.join(folder, `${made.sid}.inbound`))
        ? fs.readFileSync(path.join(folder, `${made.sid}.inbound`)) : Buffer.alloc(0));
    await until(() => heard().length >= words.length, () => `${heard().length} bytes in the file`);
    assert.ok(heard().includes(words), () => departure(heard(), words));
    rest.child.stdin.write("stop\n");
    assert.deepEqual(await rest.first("stopped"), { event: "stopped", sid: made.sid, status: "stopped" });
    assert.deepEqual(await rest.first("refused"), { event: "refused", status: 404, code: 20404 });
    assert.deepEqual(await bot.first("stop"), { event: "stop", sid: made.sid, call: at.sid });
    assert.equal((await bot.first("closed")).code, 1000);
});

test("a bot that is interrupted: its pieces, marks, clear, and its next words at once", { ms: 90000 },
    async ({ folder, new_host }) => {
        const host = keep(new_host());
        const bot = new Python("bot", TOKEN, folder);
        const { port } = await bot.first("listening");
        const long = voice(8000 * 90, 41).map((code) => (code === 0x7f ? 0xff : code)); // one zero
        const next = voice(8000, 42).map((code) => (code === 0x7f ? 0xff : code));

        fs.writeFileSync(path.join(folder, "long"), long);
        fs.writeFileSync(path.join(folder, "next"), next);
        fs.writeFileSync(path.join(folder, "bot.xml"), `<Response><Connect><Stream url="ws://127.0.0.1:${port}/bot">` +
            '<Parameter name="say" value="long"/><Parameter name="then" value="next"/></Stream></Connect></Response>');
        await host.open({ extra: ["--twiml", host.file("bot.xml")] });
        const far_end = (await talker(host.calls[0])).talk();
        const { pieces } = await bot.first("said");
        const marks = () => bot.all("mark").map(({ name }) => name);

        await until(() => marks().length >= 20, "twenty pieces were played");
        assert.ok(marks().length < pieces / 2, "marks wait for their pieces");
        await far_end.hush();
        far_end.packet(Buffer.from([5, 0x0a, 0, 160]), 101);
        far_end.packet(Buffer.from([5, 0x8a, 1, 64]), 101);
        assert.equal((await bot.first("dtmf")).digit, "5");
        far_end.talk();
        await until(() => bot.all("said").length === 2 && marks().length === pieces + bot.all("said")[1].pieces,
            () => `all marks; there were ${marks().length}`, 20000);
        assert.deepEqual(marks(), [...Array.from({ length: pieces }, (_, i) => `a${i}`),
            ...Array.from({ length: bot.all("said")[1].pieces }, (_, i) => `b${i}`)]);
        // Without silence: on a machine that is busy a piece may come late, and is waited for.
        const heard = () => voiced(Buffer.concat(far_end.heard));
        const again = voiced(next);
        await until(() => heard().includes(again), () => `the next words: ${departure(heard(), again)}; ${far_end.missing} missing`);
        // From when it knew whom to say it to: all in turn, then the next words.
        const said = heard().subarray(0, heard().indexOf(again));

        assert.ok(said.length < 8000 * 30, "what was cleared was not played");
        assert.ok(said.length > 1600, `it had begun (${said.length} bytes)`);
        assert_stretch(voiced(long), said, "what it said first");
    });

test("a consumer behind nginx: TLS, HTTP/2 and compression on offer, media, signature, callbacks", async ({ host, call, folder }) => {
    const at = call();
    const consumer = await new WsConsumer().open();
    const status = await callbacks();
    const proxy = await nginx({ folder, media: consumer.port, web: new URL(status.url).port });
    const made = await host.streams(at).create({ url: proxy.url, track: "both_tracks",
        statusCallback: `https://localhost:${proxy.port}/status` });
    const stream = await consumer.stream(made.sid);

    assert.equal(stream.headers["x-forwarded-proto"], "https");
    assert.ok(twilio.validateRequest(TOKEN, stream.headers["x-twilio-signature"],
        `wss://${stream.headers.host}${stream.url}`, {}));
    (await talker(at)).talk();
    await stream.frames(50);
    assert.equal(stream.judge.tracks.inbound.jumps, 0);
    await host.streams(at)(made.sid).update({ status: "stopped" });
    assert.equal((await stream.ended()).code, 1000);
    assert.deepEqual(await status.over(made.sid), ["stream-started", "stream-stopped"]);
});

test("nginx whose consumer is down is 31920; nginx that is restarted in mid-call ends a stream once", async ({ host, call, folder }) => {
    const at = call();
    const status = await callbacks();
    const consumer = await new WsConsumer().open();
    const down = await nginx({ folder, media: await dead_port(), web: 1 });
    const refused = await host.streams(at).create({ url: down.url, statusCallback: status.url });

    assert.deepEqual(await status.over(refused.sid), ["stream-error"]);
    assert.match(status.of(refused.sid)[0].StreamError, /\b31920\b/);

    const proxy = await nginx({ folder, media: consumer.port, web: 1 });
    const ends = await host.streams(at).create({ url: proxy.url, statusCallback: status.url });
    const stays = await host.raw("POST", host.path(at), { form: { Url: proxy.url, Reconnects: "20" } });
    const stream = await consumer.stream(stays.json.sid);

    await consumer.stream(ends.sid);
    (await talker(at)).talk();
    await stream.frames(10);
    await proxy.close();
    assert.deepEqual(await status.over(ends.sid), ["stream-started", "stream-error"]);
    assert.match(status.of(ends.sid)[1].StreamError, /\b319(03|21)\b/);
    consumer.options.resumed = true;
    await nginx({ folder, media: consumer.port, web: 1, port: proxy.port });
    const again = await until(() => consumer.streams.find((one) => one !== stream && one.judge.start?.streamSid === stays.json.sid),
        "the stream is back");
    await again.frames(10);
    assert.ok(again.judge.tracks.inbound.first > stream.judge.tracks.inbound.timestamp, "the clock goes on");
    await host.streams(at)(stays.json.sid).update({ status: "stopped" });
    assert.equal((await again.ended()).code, 1000);
});

test("a path of other letters is dialled and signed as the consumer sees it", async ({ host, call }) => {
    const consumer = await new WsConsumer().open();
    const made = await host.streams(call()).create({ url: `${consumer.url}/größe/%20` });
    const stream = await consumer.stream(made.sid);

    assert.equal(stream.url, "/stream/gr%C3%B6%C3%9Fe/%20");
    assert.ok(twilio.validateRequest(TOKEN, stream.headers["x-twilio-signature"],
        `wss://${stream.headers.host}${stream.url}`, {}));
});

for (const method of ["GET", "POST"]) {
    test(`a callback by ${method} with a user, a fragment and letters arrives as it is signed`, async ({ host, call }) => {
        const at = call();
        const consumer = await new WsConsumer().open();
        const asked = [];
        const status = await callbacks((request, response) => {
            asked.push(request.headers);
            response.writeHead(204).end();
        }, "/größe");
        const made = await host.streams(at).create({ url: consumer.url, statusCallbackMethod: method,
            statusCallback: `${status.url.replace("//", "//bot:open%20sesame@")}#part` });

        await consumer.stream(made.sid);
        await host.streams(at)(made.sid).update({ status: "stopped" });
        assert.deepEqual(await status.over(made.sid), ["stream-started", "stream-stopped"]);
        for (const headers of asked) {
            assert.equal(headers.authorization, `Basic ${Buffer.from("bot:open sesame").toString("base64")}`);
            assert.equal(headers["user-agent"], "TwilioProxy/1.1");
        }
        assert.equal(asked.length, 2);
    });
}

for (const [what, options] of [["ws", () => ({})], ["wss", (world) => ({ tls: world.certificates.good, host: "localhost" })]]) {
    test(`a consumer over ${what} that closes has its close answered with the same code`, async (world) => {
        const { host, call } = world;

        for (const code of [1000, 1001, 1008, 4321]) {
            const at = call();
            const consumer = await new WsConsumer(options(world)).open();
            const made = await host.streams(at).create({ url: consumer.url });
            const stream = await consumer.stream(made.sid);

            (await talker(at)).talk();
            await stream.frames(3);
            stream.socket.close(code, "that is all");
            assert.equal((await stream.ended()).code, code);
        }
    });
}
