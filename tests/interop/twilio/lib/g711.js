"use strict";
// What A-law may become as µ-law, in plain arithmetic and nothing of ours.
const assert = require("node:assert/strict");

// A-law to linear to µ-law, as a place on the scale from most negative to most positive.
function place_of_alaw(code) {
    const a = code ^ 0x55;
    const exponent = (a >> 4) & 7;
    const linear = exponent ? ((a & 15) * 16 + 264) << (exponent - 1) : (a & 15) * 16 + 8;
    const biased = Math.min(linear, 32635) + 132;
    let segment = 7;

    for (let bit = 0x4000; segment > 0 && !(biased & bit); bit >>= 1) segment--;
    const place = (segment << 4) | ((biased >> (segment + 3)) & 15);
    return a & 0x80 ? place : -1 - place;
}

const place_of_ulaw = (code) => (code & 0x80 ? 0xff - code : code - 0x80);

// G.711's own table of codes (table 3) and the way over linear differ by one step at most; a code
// always becomes the same code.
function assert_transcoded(heard, alaw) {
    const became = new Map();

    assert.equal(heard.length, alaw.length);
    for (let i = 0; i < alaw.length; i++) {
        if (!became.has(alaw[i])) became.set(alaw[i], heard[i]);
        assert.equal(heard[i], became.get(alaw[i]));
    }
    for (const [a, u] of became) {
        assert.ok(Math.abs(place_of_alaw(a) - place_of_ulaw(u)) <= 1, `A-law ${a} became ${u}`);
        assert.equal(u >> 7, a >> 7, "the sign stays");
    }
}

module.exports = { assert_transcoded };
