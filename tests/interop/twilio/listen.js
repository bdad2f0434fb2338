"use strict";
// A consumer for the demonstration: npm `ws` takes one media stream, every message is judged, the
// upgrade's signature is checked by npm `twilio`, and what was heard is written as a WAV file and
// held against what the sender encoded.
//
//   node listen.js --token-file FILE --wav OUT.wav --sent FILE.ulaw|FILE.alaw
//
// Says {"type":"listening","url":…}, {"type":"started",…}, {"type":"done",…}, a line each. Exit status
// 0: all was valid and the same, byte for byte (from A-law: by G.711's table).
const assert = require("node:assert/strict");
const fs = require("node:fs");
const twilio = require("twilio");
const { WsConsumer } = require("./lib/consumer");
const { assert_transcoded } = require("./lib/g711");
const { wav_of } = require("./lib/judge");

const FRAME = 160;
const SILENCE = 0xff;

function say(type, members) {
    console.log(JSON.stringify({ type, ...members }));
}

function options_of(words) {
    const options = {};

    for (let i = 0; i < words.length; i += 2) options[words[i].replace(/^--/, "").replace("-", "_")] = words[i + 1];
    assert.ok(options.token_file && options.wav && options.sent, "--token-file, --wav and --sent are needed");
    return options;
}

// What is wrong with the stream, or null.
function fault_of(stream, heard, sent, alaw) {
    const frames = Math.ceil(sent.length / FRAME); // the last one is filled up with silence

    try {
        stream.check();
        assert.equal(stream.judge.state, "stopped", "the stop message came");
        assert.equal(stream.closed.code, 1000);
        assert.equal(stream.judge.tracks.inbound.jumps, 0, "no hole in its time");
        assert.equal(heard.length, frames * FRAME, "bytes heard");
        const said = heard.subarray(0, sent.length);
        if (alaw) assert_transcoded(said, sent);
        else assert.ok(said.equals(sent), "every byte");
        assert.ok(heard.subarray(sent.length).every((code) => code === SILENCE), "silence at the end");
        return null;
    } catch (error) {
        return error.message;
    }
}

async function main() {
    const options = options_of(process.argv.slice(2));
    const token = fs.readFileSync(options.token_file, "utf8").trim();
    const sent = fs.readFileSync(options.sent);
    const consumer = await new WsConsumer().open();

    say("listening", { url: consumer.url });
    const stream = await consumer.stream(null, 120000);
    const signature = twilio.validateRequest(token, stream.headers["x-twilio-signature"],
        consumer.url.replace("ws:", "wss:"), {});

    say("started", { stream: stream.judge.start.streamSid, call: stream.judge.start.callSid, signature });
    await stream.ended(600000).catch(() => {});
    const heard = stream.judge.tracks.inbound ? stream.judge.audio() : Buffer.alloc(0);
    const fault = fault_of(stream, heard, sent, options.sent.endsWith(".alaw"));

    fs.writeFileSync(options.wav, wav_of(heard));
    say("done", { messages: stream.judge.messages, frames: stream.judge.frames(), lost_ms: stream.judge.tracks.inbound?.lost_ms ?? 0,
        signature, valid: stream.error === null, same: fault === null, fault });
    await consumer.close();
    return fault === null && signature;
}

main().then((good) => process.exit(good ? 0 : 1), (error) => {
    console.error(error.stack ?? error);
    process.exit(1);
});
