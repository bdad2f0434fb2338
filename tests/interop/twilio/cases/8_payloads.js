"use strict";
// Payloads beyond Twilio's: linear samples and Opus at 8, 16 and 24 kHz. ffmpeg, whose Opus decoder is
// its own, says what is in them, and its libopus speaks to the call.
const fs = require("node:fs");
const path = require("node:path");
const { assert, keep, test, until } = require("../lib/suite");
const { WebsocketConsumer, WsConsumer } = require("../lib/consumer");
const { assert_tone, ogg_of, packets_of, tone } = require("../lib/sound");
const { run, talker } = require("../lib/talker");

const HERTZ = 1000;
const SECONDS = 2;
const RAW = ["-nostdin", "-loglevel", "error", "-f", "s16le", "-ac", "1"];

function named(folder, name, bytes) {
    const full = path.join(folder, name);

    fs.writeFileSync(full, bytes);
    return full;
}

async function send_tone(folder, port) {
    const source = named(folder, `tone-${port}.s16`, tone(HERTZ, 8000, SECONDS * 8000));

    await run("ffmpeg", [...RAW, "-ar", "8000", "-re", "-i", source, "-c:a", "pcm_mulaw", "-f", "rtp",
        `rtp://127.0.0.1:${port}?pkt_size=172`]);
}

// What ffmpeg makes of the stream's payloads, at the rate that was announced.
async function heard(folder, stream) {
    const { encoding, sampleRate } = stream.judge.start.mediaFormat;
    const { streamSid } = stream.judge.start;

    if (encoding === "audio/x-l16") {
        const file = named(folder, `${streamSid}.s16`, stream.judge.audio());

        return run("ffmpeg", [...RAW, "-ar", `${sampleRate}`, "-i", file, "-f", "s16le", "-"]);
    }
    const file = named(folder, `${streamSid}.opus`, ogg_of(stream.judge.tracks.inbound.pieces, sampleRate));
    const input = ["-nostdin", "-loglevel", "error", "-c:a", "opus", "-i", file];

    return run("ffmpeg", [...input, "-ar", `${sampleRate}`, "-ac", "1", "-f", "s16le", "-"]);
}

for (const [encoding, Consumer, snr] of [["audio/x-l16", WsConsumer, 30], ["audio/opus", WebsocketConsumer, 15]]) {
    for (const sampleRate of [8000, 16000, 24000]) {
        test(`a tone on the line is that tone to ffmpeg in ${encoding} at ${sampleRate}`, async ({ host, call, folder }) => {
            const at = call();
            const format = { encoding, sampleRate, channels: 1 };
            const consumer = await new Consumer({ format }).open();
            const form = { Url: consumer.url, Encoding: encoding, SampleRate: `${sampleRate}` };
            const made = (await host.raw("POST", host.path(at), { form })).json;
            const stream = await consumer.stream(made.sid);

            await send_tone(folder, at.port);
            await stream.frames(SECONDS * 50);
            const { statistics } = (await host.raw("GET", host.path(at, made.sid))).json;
            assert.equal(statistics.encoding, encoding);
            assert.equal(statistics.sample_rate, sampleRate);
            assert.equal(statistics.frames_sent, SECONDS * 50);
            await host.streams(at)(made.sid).update({ status: "stopped" });
            await stream.ended();
            assert.equal(stream.judge.tracks.inbound.jumps, 0);
            const samples = await heard(folder, stream);
            assert.ok(Math.abs(samples.length / 2 - SECONDS * sampleRate) <= sampleRate / 50);
            assert_tone(samples, HERTZ, sampleRate, { from: sampleRate / 2, to: (3 * sampleRate) / 2, snr });
        });
    }
}

for (const [what, form] of [
    ["an unknown encoding", { Encoding: "audio/flac" }],
    ["an unknown rate", { Encoding: "audio/x-l16", SampleRate: "44100" }],
    ["µ-law at 16 kHz", { SampleRate: "16000" }],
]) {
    test(`${what} is 400 / 20001`, async ({ host }) => {
        const answer = await host.raw("POST", host.path(host.calls[0]), { form: { Url: "ws://127.0.0.1:1/", ...form } });

        assert.equal(answer.status, 400);
        assert.equal(answer.json.code, 20001);
    });
}

// µ-law to samples, by G.711's definition.
function linear_of(codes) {
    const bytes = Buffer.alloc(2 * codes.length);

    codes.forEach((code, i) => {
        const value = ~code & 0xff;
        const size = ((((value & 15) << 3) + 132) << ((value >> 4) & 7)) - 132;

        bytes.writeInt16LE(value & 0x80 ? -size : size, 2 * i);
    });
    return bytes;
}

// Payloads of 20 ms with two seconds of the tone.
async function spoken(folder, { encoding, sampleRate }) {
    const samples = tone(HERTZ, sampleRate, SECONDS * sampleRate);
    const size = sampleRate / 25;

    if (encoding === "audio/x-l16") {
        return Array.from({ length: SECONDS * 50 }, (_, i) => samples.subarray(i * size, (i + 1) * size));
    }
    const file = named(folder, `spoken-${sampleRate}.s16`, samples);
    return packets_of(await run("ffmpeg", [...RAW, "-ar", `${sampleRate}`, "-i", file, "-c:a", "libopus",
        "-b:a", "24000", "-frame_duration", "20", "-f", "ogg", "-"]));
}

for (const [encoding, sampleRate] of [["audio/x-l16", 24000], ["audio/opus", 16000]]) {
    test(`what a bidirectional consumer says in ${encoding} at ${sampleRate} is heard on the line`, { ms: 90000 },
        async ({ folder, new_host }) => {
            const host = keep(new_host());
            const format = { encoding, sampleRate, channels: 1 };
            const consumer = await new WsConsumer({ bidirectional: true, format }).open();
            const twiml = named(folder, `speak-${sampleRate}.xml`,
                `<Response><Connect><Stream url="${consumer.url}"/></Connect></Response>`);

            await host.open({ extra: ["--encoding", encoding, "--sample-rate", `${sampleRate}`,
                "--twiml", host.file(path.basename(twiml))] });
            const stream = await consumer.stream();
            const { streamSid } = stream.judge.start;
            const far_end = (await talker(host.calls[0])).talk();
            const say = (message) => stream.socket.send(JSON.stringify({ streamSid, ...message }));

            await stream.frames(5);
            await until(() => far_end.heard.length > 5, "the far end hears");
            const before = far_end.heard.length;
            for (const payload of await spoken(folder, format)) {
                say({ event: "media", media: { payload: payload.toString("base64") } });
            }
            say({ event: "mark", mark: { name: "said" } });
            await until(() => stream.judge.marks.length === 1, "the mark");
            await until(() => far_end.heard.length > before + SECONDS * 50 + 10, "the far end has heard it");
            const line = Buffer.concat(far_end.heard.slice(before));
            const first = line.findIndex((code) => (code & 0x7f) < 0x50); // it has begun
            assert.ok(first >= 0, "something is heard");
            assert_tone(linear_of(line), HERTZ, 8000, { from: first + 4000, to: first + 12000, snr: 15 });
            stream.check();
            stream.socket.close(1000);
            await stream.ended();
        });
}
