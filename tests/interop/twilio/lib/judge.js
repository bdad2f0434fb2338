"use strict";
// Holds each message of a media stream against spec/twilio-streams 2.2 to 2.4: order, members and
// their order, JSON types, numbers without a hole, 20 ms steps, 160 bytes. Throws at the first that
// is wrong. Keeps the audio: per track the pieces with their timestamps.
const assert = require("node:assert/strict");

const ULAW = { encoding: "audio/x-mulaw", sampleRate: 8000, channels: 1 };
const STEP = 20;
const DIGITS = /^(0|[1-9][0-9]*)$/;

class Judge {
    // bidirectional: marks and key presses may come; format: the mediaFormat that was asked for;
    // resumed: a connection after the first, whose chunks go on from any number
    constructor({ bidirectional = false, format = ULAW, resumed = false } = {}) {
        this.bidirectional = bidirectional;
        this.format = format;
        this.resumed = resumed;
        this.state = "open";
        this.messages = 0;
        this.sequence = 0;
        this.start = null;
        this.stop = null;
        this.marks = [];
        this.digits = "";
        this.tracks = {};
    }

    take(text) {
        assert.equal(typeof text, "string", "a text message");
        const message = JSON.parse(text);
        const event = message.event;

        assert.equal(text, JSON.stringify(message), "compact JSON");
        assert.notEqual(this.state, "stopped", "nothing after stop");
        this.messages++;
        if (event === "connected") return this.#connected(text);
        assert.ok(this.start || event === "start", `${event} before start`);
        assert.equal(typeof message.sequenceNumber, "string");
        assert.equal(message.sequenceNumber, String(++this.sequence), "sequence without a hole");
        assert.match(message.streamSid, /^MZ[0-9a-f]{32}$/);
        if (this.start) assert.equal(message.streamSid, this.start.streamSid);
        switch (event) {
            case "start":
                return this.#started(message);
            case "media":
                return this.#media(message);
            case "stop":
                return this.#stopped(message);
            case "mark":
                return this.#mark(message);
            case "dtmf":
                return this.#dtmf(message);
            default:
                return assert.fail(`unknown event ${event}`);
        }
    }

    #members(object, ...names) {
        assert.deepEqual(Object.keys(object), names);
    }

    #connected(text) {
        assert.equal(this.state, "open", "connected comes first and once");
        assert.equal(text, '{"event":"connected","protocol":"Call","version":"1.0.0"}');
        this.state = "connected";
    }

    #started(message) {
        const start = message.start;

        assert.equal(this.state, "connected", "start follows connected, once");
        this.#members(message, "event", "sequenceNumber", "start", "streamSid");
        assert.deepEqual(new Set(Object.keys(start)), new Set(["accountSid", "streamSid", "callSid",
            "tracks", "mediaFormat", "customParameters"]));
        assert.match(start.accountSid, /^AC[0-9a-f]{32}$/);
        assert.match(start.callSid, /^CA[0-9a-f]{32}$/);
        assert.equal(start.streamSid, message.streamSid);
        assert.ok(start.tracks.length > 0);
        for (const track of start.tracks) assert.match(track, /^(inbound|outbound)$/);
        assert.deepEqual(start.mediaFormat, this.format);
        for (const value of Object.values(start.customParameters)) assert.equal(typeof value, "string");
        for (const track of start.tracks) {
            this.tracks[track] = { chunk: 0, timestamp: -1, first: 0, lost_ms: 0, jumps: 0, pieces: [] };
        }
        this.start = start;
        this.state = "started";
    }

    #media(message) {
        const media = message.media;
        const track = this.tracks[media.track];
        const bytes = Buffer.from(media.payload, "base64");

        this.#members(message, "event", "sequenceNumber", "media", "streamSid");
        this.#members(media, "track", "chunk", "timestamp", "payload");
        assert.ok(track, `track ${media.track} was announced`);
        assert.equal(typeof media.chunk, "string");
        if (this.resumed && !track.pieces.length) track.chunk = Number(media.chunk) - 1;
        track.first_chunk ??= Number(media.chunk);
        assert.equal(media.chunk, String(++track.chunk), "chunks without a hole");
        assert.equal(typeof media.timestamp, "string");
        assert.match(media.timestamp, DIGITS);
        this.#frame(bytes.length);
        assert.equal(media.payload, bytes.toString("base64"), "padded standard base64");
        this.#clock(track, Number(media.timestamp));
        track.pieces.push(bytes);
    }

    // What 20 ms are in this format.
    #frame(length) {
        const { encoding, sampleRate } = this.format;

        if (encoding === "audio/x-mulaw") assert.equal(length, 160, "160 bytes");
        else if (encoding === "audio/x-l16") assert.equal(length, sampleRate / 25, "two bytes a sample");
        else assert.ok(length > 0 && length <= 320, "a packet");
    }

    #clock(track, timestamp) {
        assert.equal(timestamp % STEP, 0, "timestamps on the 20 ms grid");
        if (track.timestamp < 0) {
            track.first = timestamp;
        } else {
            assert.ok(timestamp > track.timestamp, "timestamps rise");
            if (timestamp !== track.timestamp + STEP) {
                track.jumps++;
                track.lost_ms += timestamp - track.timestamp - STEP;
            }
        }
        track.timestamp = timestamp;
    }

    #stopped(message) {
        this.#members(message, "event", "sequenceNumber", "stop", "streamSid");
        assert.deepEqual(message.stop, { accountSid: this.start.accountSid, callSid: this.start.callSid });
        this.stop = message.stop;
        this.state = "stopped";
    }

    #mark(message) {
        assert.ok(this.bidirectional, "no mark on a stream of one direction");
        this.#members(message, "event", "sequenceNumber", "mark", "streamSid");
        this.#members(message.mark, "name");
        this.marks.push(message.mark.name);
    }

    #dtmf(message) {
        assert.ok(this.bidirectional, "no dtmf on a stream of one direction");
        this.#members(message, "event", "sequenceNumber", "dtmf", "streamSid");
        this.#members(message.dtmf, "track", "digit");
        assert.equal(message.dtmf.track, "inbound_track");
        assert.match(message.dtmf.digit, /^[0-9*#A-D]$/);
        this.digits += message.dtmf.digit;
    }

    frames(track = "inbound") {
        return this.tracks[track] ? this.tracks[track].pieces.length : 0;
    }

    audio(track = "inbound") {
        return Buffer.concat(this.tracks[track].pieces);
    }
}

// A WAV file of µ-law at 8 kHz.
function wav_of(codes) {
    const head = Buffer.alloc(46);

    head.write("RIFF", 0);
    head.writeUInt32LE(38 + codes.length, 4);
    head.write("WAVEfmt ", 8);
    head.writeUInt32LE(18, 16);
    head.writeUInt16LE(7, 20);
    head.writeUInt16LE(1, 22);
    head.writeUInt32LE(8000, 24);
    head.writeUInt32LE(8000, 28);
    head.writeUInt16LE(1, 32);
    head.writeUInt16LE(8, 34);
    head.write("data", 38);
    head.writeUInt32LE(codes.length, 42);
    return Buffer.concat([head, codes]);
}

module.exports = { Judge, wav_of };
