"use strict";
// Tones, how to find one again in what was heard, and Ogg (RFC 3533, 7845) around Opus packets, so that
// ffmpeg reads and writes them.
const assert = require("node:assert/strict");

// 16-bit samples, lower byte first.
function tone(frequency, rate, count, level = 8000) {
    const bytes = Buffer.alloc(2 * count);

    for (let i = 0; i < count; i++) {
        bytes.writeInt16LE(Math.round(level * Math.sin((2 * Math.PI * frequency * i) / rate)), 2 * i);
    }
    return bytes;
}

// The tone's level and by how many dB it is above all else, in samples from..to, at whatever phase.
function find_tone(bytes, frequency, rate, from, to) {
    let sine = 0;
    let cosine = 0;
    let power = 0;
    const count = to - from;

    assert.ok(bytes.length >= 2 * to, `${bytes.length / 2} samples of ${to}`);
    for (let i = from; i < to; i++) {
        const sample = bytes.readInt16LE(2 * i);
        const phase = (2 * Math.PI * frequency * i) / rate;

        sine += (2 * sample * Math.sin(phase)) / count;
        cosine += (2 * sample * Math.cos(phase)) / count;
        power += (sample * sample) / count;
    }
    const of_tone = (sine * sine + cosine * cosine) / 2;

    return { level: Math.sqrt(2 * of_tone), snr: 10 * Math.log10(of_tone / (power - of_tone + 1)) };
}

function assert_tone(bytes, frequency, rate, { from, to, snr, level = 8000 }) {
    const found = find_tone(bytes, frequency, rate, from, to);

    assert.ok(found.snr > snr, `the tone is ${found.snr} dB above the rest`);
    assert.ok(Math.abs(20 * Math.log10(found.level / level)) < 1.5, `its level is ${found.level}`);
}

// Where `part` leaves what is there of it in `whole`, and what comes in its place: silence (somebody was
// late) or a later place (somebody lost something). For who reads of a test that failed.
function departure(whole, part) {
    const at = whole.indexOf(part.subarray(0, 160));
    let same = 0;
    let silent = 0;

    if (at < 0) return `its first 160 bytes are not in the other's ${whole.length}`;
    while (same < part.length && at + same < whole.length && part[same] === whole[at + same]) same++;
    while (whole[at + same + silent] === 0xff) silent++;
    const next = part.indexOf(whole.subarray(at + same + silent, at + same + silent + 160));
    const after = whole.indexOf(part.subarray(same, same + 160), at);

    return `the same for ${same} of ${part.length} bytes from ${at} of ${whole.length} on; then ${silent} of ` +
        `silence and the part's ${next}; what the part has there is at ${after}`;
}

function assert_stretch(said, heard, what) {
    if (!said.includes(heard)) assert.fail(`${what}: ${departure(said, heard)}`);
}

const CRC = Array.from({ length: 256 }, (_, i) => {
    let r = i << 24;

    for (let bit = 0; bit < 8; bit++) r = r & 0x80000000 ? (r << 1) ^ 0x04c11db7 : r << 1;
    return r >>> 0;
});

// One packet, shorter than 255 * 255, in a page of its own.
function page(packet, number, granule, flags) {
    const lacing = Buffer.alloc(Math.floor(packet.length / 255) + 1, 255);
    const head = Buffer.alloc(27);

    lacing[lacing.length - 1] = packet.length % 255;
    head.write("OggS", 0);
    head[5] = flags;
    head.writeBigUInt64LE(BigInt(granule), 6);
    head.writeUInt32LE(1, 14);
    head.writeUInt32LE(number, 18);
    head[26] = lacing.length;
    const whole = Buffer.concat([head, lacing, packet]);
    let crc = 0;

    for (const byte of whole) crc = ((crc << 8) ^ CRC[(crc >>> 24) ^ byte]) >>> 0;
    whole.writeUInt32LE(crc, 22);
    return whole;
}

// Packets of 20 ms as an Ogg Opus file, nothing cut off at the start.
function ogg_of(packets, rate) {
    const head = Buffer.alloc(19);
    const tags = Buffer.alloc(16);

    head.write("OpusHead", 0);
    head[8] = 1;
    head[9] = 1;
    head.writeUInt32LE(rate, 12);
    tags.write("OpusTags", 0);
    return Buffer.concat([page(head, 0, 0, 2), page(tags, 1, 0, 0),
        ...packets.map((packet, i) => page(packet, i + 2, (i + 1) * 960, i + 1 === packets.length ? 4 : 0))]);
}

// The packets of an Ogg Opus file, without its two headers.
function packets_of(ogg) {
    const packets = [];
    let at = 0;
    let begun = [];

    while (at < ogg.length) {
        assert.equal(ogg.toString("latin1", at, at + 4), "OggS");
        const lacing = ogg.subarray(at + 27, at + 27 + ogg[at + 26]);

        at += 27 + lacing.length;
        for (const length of lacing) {
            begun.push(ogg.subarray(at, at + length));
            at += length;
            if (length === 255) continue;
            packets.push(Buffer.concat(begun));
            begun = [];
        }
    }
    return packets.slice(2);
}

module.exports = { assert_stretch, assert_tone, departure, ogg_of, packets_of, tone };
