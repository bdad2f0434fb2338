"use strict";
// The audio itself: what ffmpeg, or a far end under the test's control, says is what the consumer
// gets, byte for byte, in 160-byte frames on an exact clock.
const fs = require("node:fs");
const path = require("node:path");
const { assert, keep, pause, test, until } = require("../lib/suite");
const { WebsocketConsumer, WsConsumer } = require("../lib/consumer");
const { assert_transcoded } = require("../lib/g711");
const { wav_of } = require("../lib/judge");
const { assert_stretch, departure } = require("../lib/sound");
const { run, talker, voice } = require("../lib/talker");

const SECONDS = 2;

// Speech-like: voiced sounds of changing pitch and loudness, hiss, pauses; 16-bit PCM at 8 kHz.
function source_of(folder) {
    const name = path.join(folder, "source.s16");

    if (fs.existsSync(name)) return name;
    const noise = voice(SECONDS * 8000, 7);
    const samples = Buffer.alloc(SECONDS * 16000);

    for (let i = 0; i < SECONDS * 8000; i++) {
        const t = i / 8000;
        const loud = Math.max(0, Math.sin(2 * Math.PI * 2.3 * t)) * 9000;
        const pitch = 2 * Math.PI * (120 * t + 9 * Math.sin(2 * Math.PI * 1.7 * t));
        const value = loud * (Math.sin(pitch) + 0.5 * Math.sin(3 * pitch) + 0.3 * Math.sin(7 * pitch)) +
            (noise[i] - 128) * (Math.sin(2 * Math.PI * 0.7 * t) > 0.6 ? 30 : 1);

        samples.writeInt16LE(Math.max(-32768, Math.min(32767, Math.round(value))), i * 2);
    }
    fs.writeFileSync(name, samples);
    return name;
}

const INPUT = ["-nostdin", "-loglevel", "error", "-f", "s16le", "-ar", "8000", "-ac", "1"];

// What ffmpeg's encoder makes of the source.
async function encoded(source, codec) {
    return run("ffmpeg", [...INPUT, "-i", source, "-c:a", codec, "-f", codec.replace("pcm_", ""), "-"]);
}

async function send(source, codec, port, packet = 172) {
    await run("ffmpeg", [...INPUT, "-re", "-i", source, "-c:a", codec, "-f", "rtp", `rtp://127.0.0.1:${port}?pkt_size=${packet}`]);
}

for (const [library, Consumer] of [["ws", WsConsumer], ["websocket", WebsocketConsumer]]) {
    test(`speech that ffmpeg sends as PCMU reaches npm ${library} byte for byte`, async ({ host, call, folder }) => {
        const at = call();
        const source = source_of(folder);
        const consumer = await new Consumer().open();
        const made = await host.streams(at).create({ url: consumer.url });
        const stream = await consumer.stream(made.sid);
        const expected = await encoded(source, "pcm_mulaw");

        assert.equal(expected.length, SECONDS * 8000);
        await send(source, "pcm_mulaw", at.port);
        await stream.frames(SECONDS * 50);
        await host.streams(at)(made.sid).update({ status: "stopped" });
        await stream.ended();
        const heard = stream.judge.audio();
        fs.writeFileSync(path.join(folder, `heard-${library}.wav`), wav_of(heard));
        assert.ok(heard.equals(expected), "every byte");
        assert.equal(stream.judge.tracks.inbound.jumps, 0);
    });
}

for (const packet of [92, 252, 332, 492]) {
    test(`PCMU in packets of ${(packet - 12) / 8} ms comes as 20 ms frames, byte for byte`, async ({ host, call, folder }) => {
        const at = call();
        const source = source_of(folder);
        const consumer = await new WsConsumer().open();
        const made = await host.streams(at).create({ url: consumer.url });
        const stream = await consumer.stream(made.sid);
        const expected = await encoded(source, "pcm_mulaw");

        await send(source, "pcm_mulaw", at.port, packet);
        await stream.frames(SECONDS * 50);
        assert.ok(stream.judge.audio().equals(expected));
        assert.equal(stream.judge.tracks.inbound.jumps, 0);
    });
}

test("speech that ffmpeg sends as PCMA comes as the µ-law that G.711 makes of it", async ({ host, call, folder }) => {
    const at = call();
    const source = source_of(folder);
    const consumer = await new WsConsumer().open();
    const made = await host.streams(at).create({ url: consumer.url });
    const stream = await consumer.stream(made.sid);
    const alaw = await encoded(source, "pcm_alaw");

    await send(source, "pcm_alaw", at.port);
    await stream.frames(SECONDS * 50);
    assert_transcoded(stream.judge.audio(), alaw);
    assert.equal(stream.judge.tracks.inbound.jumps, 0);
});

test("lost packets are a jump of the timestamp by what they held, and nothing is made up", async ({ host, call }) => {
    const at = call();
    const consumer = await new WsConsumer().open();
    const made = await host.streams(at).create({ url: consumer.url });
    const stream = await consumer.stream(made.sid);
    const said = voice(160 * 60, 5);
    const lost = (i) => [20, 21, 22, 40].includes(i);

    await (await talker(at)).say(said, { lost });
    await stream.frames(56);
    await pause(100);
    const kept = Array.from({ length: 60 }, (_, i) => i).filter((i) => !lost(i));
    assert.ok(stream.judge.audio().equals(Buffer.concat(kept.map((i) => said.subarray(i * 160, i * 160 + 160)))));
    assert.equal(stream.judge.tracks.inbound.jumps, 2);
    assert.equal(stream.judge.tracks.inbound.lost_ms, 80);
});

test("a far end that changes codec and packet time in the middle keeps the 20 ms steps", async ({ host, call }) => {
    const at = call();
    const consumer = await new WsConsumer().open();
    const made = await host.streams(at).create({ url: consumer.url });
    const stream = await consumer.stream(made.sid);
    const far_end = await talker(at);
    const parts = [voice(1600, 1), voice(1600, 2), voice(1600, 3)];

    await far_end.say(parts[0]);
    await far_end.say(parts[1], { type: 8, ptime: 40 });
    await far_end.say(parts[2], { ptime: 10 });
    await stream.frames(30);
    const heard = stream.judge.audio();
    assert.ok(heard.subarray(0, 1600).equals(parts[0]));
    assert_transcoded(heard.subarray(1600, 3200), parts[1]);
    assert.ok(heard.subarray(3200).equals(parts[2]));
    assert.equal(stream.judge.tracks.inbound.jumps, 0);
});

test("a far end that falls silent and speaks again leaves whole steps out", async ({ host, call }) => {
    const at = call();
    const consumer = await new WsConsumer().open();
    const made = await host.streams(at).create({ url: consumer.url });
    const stream = await consumer.stream(made.sid);
    const far_end = await talker(at);

    await far_end.say(voice(1600, 1));
    await pause(400);
    far_end.timestamp += 3200;
    await far_end.say(voice(1600, 2));
    await stream.frames(20);
    assert.ok(stream.judge.audio().equals(Buffer.concat([voice(1600, 1), voice(1600, 2)])));
    assert.equal(stream.judge.tracks.inbound.jumps, 1);
    assert.ok(stream.judge.tracks.inbound.lost_ms >= 380);
});

test("four tracks on each of ten calls: all start before media and lose nothing", { ms: 60000, alone: true }, async ({ host, new_host }) => {
    const many = keep(await new_host().open({ calls: 10 }));
    const consumer = await new WsConsumer().open();
    const far_ends = [];
    const streams = [];

    for (const at of many.calls) {
        far_ends.push(await talker(at));
        for (let i = 0; i < 4; i++) {
            const { sid } = await many.streams(at).create({ url: consumer.url });
            streams.push(await consumer.stream(sid, 30000));
        }
    }
    assert.equal(streams.length, 40);
    // As fast as this machine takes it: nobody speaks on before all have heard.
    for (let round = 0; round < 5; round++) {
        await Promise.all(far_ends.map((far_end, i) => far_end.say(voice(1600, 10 * round + i + 1))));
        for (const stream of streams) await stream.frames(10 * (round + 1), "inbound", 30000);
    }
    streams.forEach((stream, i) => {
        const said = [0, 1, 2, 3, 4].map((round) => voice(1600, 10 * round + Math.floor(i / 4) + 1));

        assert.ok(stream.judge.audio().equals(Buffer.concat(said)), `stream ${i}`);
    });
    assert.notEqual(many.url, host.url);
});

test("paused over REST nothing is sent, and going on the timestamp tells", async ({ host, call }) => {
    const at = call();
    const consumer = await new WsConsumer().open();
    const made = await host.streams(at).create({ url: consumer.url });
    const stream = await consumer.stream(made.sid);
    const change = async (Status) => (await host.raw("POST", host.path(at, made.sid), { form: { Status } })).json;

    (await talker(at)).talk();
    await stream.frames(10);
    assert.equal((await change("paused")).status, "paused");
    await pause(200); // what was on its way
    const before = stream.judge.frames();
    await pause(400);
    assert.equal(stream.judge.frames(), before);
    assert.equal((await change("in-progress")).status, "in-progress");
    await stream.frames(before + 10);
    assert.equal(stream.judge.tracks.inbound.jumps, 1);
    assert.ok(stream.judge.tracks.inbound.lost_ms >= 400);
    assert.equal((await change("stopped")).status, "stopped");
    assert.equal((await stream.ended()).code, 1000);
});

test("statistics of one stream and of all", async ({ host, call }) => {
    const at = call();
    const consumer = await new WsConsumer().open();
    const made = await host.streams(at).create({ url: consumer.url });
    const stream = await consumer.stream(made.sid);

    await (await talker(at)).say(voice(160 * 30));
    await stream.frames(30);
    const one = (await host.raw("GET", host.path(at, made.sid))).json;
    const all = await host.raw("GET", host.path(at));

    assert.equal(one.sid, made.sid);
    assert.equal(one.statistics.frames_sent, 30);
    assert.equal(one.statistics.frames_dropped, 0);
    assert.equal(one.statistics.connection, "open");
    assert.equal(one.statistics.last_error, null);
    assert.ok(one.statistics.bytes_sent > 30 * 370);
    assert.equal(all.status, 200);
    assert.ok(all.text.includes(made.sid));
});

test("what the call says is the outbound track, byte for byte, and the far end hears the same", { ms: 90000 },
    async ({ folder, new_host }) => {
        const host = keep(new_host());
        const said = voice(8000 * 60, 11).map((code) => (code === 0x7f ? 0xff : code)); // one zero
        fs.writeFileSync(path.join(folder, "said.wav"), wav_of(Buffer.from(said)));
        await host.open({ extra: ["--play", host.file("said.wav")] });
        const at = host.calls[0];
        const consumer = await new WsConsumer().open();
        const made = await host.streams(at).create({ url: consumer.url, track: "both_tracks" });
        const stream = await consumer.stream(made.sid);
        const far_end = (await talker(at)).talk();

        await stream.frames(50, "outbound");
        await stream.frames(50, "inbound");
        await until(() => far_end.heard.length > 30, "the far end hears");
        assert_stretch(said, stream.judge.audio("outbound"), "the track is no stretch of what was played");
        assert_stretch(said, Buffer.concat(far_end.heard), `the far end heard no stretch of it, ${far_end.missing} missing`);
        assert.equal(stream.judge.tracks.outbound.jumps, 0);
        assert.equal(stream.judge.tracks.inbound.jumps, 0);
    });

test("a bidirectional stream: media is played, marks come back in time, clear empties, digits are told",
    { ms: 90000 }, async ({ folder, new_host }) => {
        const host = keep(new_host());
        const consumer = await new WsConsumer({ bidirectional: true }).open();
        fs.writeFileSync(path.join(folder, "connect.xml"),
            `<Response><Connect><Stream url="${consumer.url}" name="bot"><Parameter name="a" value="b &amp; c"/>` +
            "</Stream></Connect></Response>");
        await host.open({ extra: ["--twiml", host.file("connect.xml")] });
        const at = host.calls[0];
        const stream = await consumer.stream();
        const sid = stream.judge.start.streamSid;
        const far_end = (await talker(at)).talk();
        const say = (message) => stream.socket.send(JSON.stringify({ streamSid: sid, ...message }));
        const media = (bytes) => say({ event: "media", media: { payload: bytes.toString("base64") } });
        const words = voice(8000, 21).map((code) => (code === 0x7f ? 0xff : code));

        assert.deepEqual(stream.judge.start.customParameters, { a: "b & c" });
        await stream.frames(10);
        media(Buffer.from(words.subarray(0, 5000)));
        media(Buffer.from(words.subarray(5000)));
        const began = Date.now();
        say({ event: "mark", mark: { name: "said \"it\"" } });
        await until(() => stream.judge.marks.length === 1, "the mark");
        assert.ok(Date.now() - began > 800, "not before a second of audio has been played");
        assert.deepEqual(stream.judge.marks, ["said \"it\""]);
        await until(() => Buffer.concat(far_end.heard).includes(words), () => "the far end has heard all of it: " +
            `${departure(Buffer.concat(far_end.heard), words)}; ${far_end.missing} packets missing`);

        media(Buffer.alloc(8000 * 5, 0x55));
        say({ event: "mark", mark: { name: "one" } });
        say({ event: "mark", mark: { name: "two" } });
        say({ event: "clear" });
        await until(() => stream.judge.marks.length === 3, "marks after clear", 2500);
        assert.deepEqual(stream.judge.marks.slice(1), ["one", "two"]);

        await far_end.hush();
        far_end.packet(Buffer.from([7, 0x0a, 0, 160]), 101);
        far_end.packet(Buffer.from([7, 0x8a, 1, 64]), 101);
        await until(() => stream.judge.digits === "7", "the digit");

        const refused = await host.raw("POST", host.path(at, sid), { form: { Status: "stopped" } });
        assert.equal(refused.status, 400, "REST does not stop it");
        stream.check();
        stream.socket.close(1000);
        await stream.ended();
    });
