"use strict";
// The far end of a call: sends RTP to it, byte by byte as the test says, and hears what it sends.
// Sending is paced by the wall clock, never by the number of timer ticks.
const dgram = require("node:dgram");
const { spawn } = require("node:child_process");
const { keep, pause, until } = require("./suite");

// The same bytes for the same seed; every code of G.711 comes up.
function voice(count, seed = 1) {
    const bytes = Buffer.alloc(count);
    let state = seed >>> 0 || 1;

    for (let i = 0; i < count; i++) {
        state ^= state << 13;
        state ^= state >>> 17;
        state ^= state << 5;
        bytes[i] = state >>> 16;
    }
    return bytes;
}

class Talker {
    constructor(call) {
        this.call = call;
        this.port = call.port;
        this.sequence = 1000;
        this.timestamp = 16000;
        this.ssrc = (Math.random() * 0xffffffff) >>> 0;
        this.heard = []; // RTP payloads
        this.missing = 0; // of their sequence numbers
        this.talking = null;
    }

    async open() {
        this.socket = dgram.createSocket("udp4");
        this.socket.on("message", (packet) => {
            if (packet.length <= 12 || (packet[1] & 0x7f) >= 72) return;
            const number = packet.readUInt16BE(2);

            if (this.heard.length) this.missing += (number - this.number - 1) & 0xffff;
            this.number = number;
            this.heard.push(packet.subarray(12));
        });
        await new Promise((resolve) => this.socket.bind(0, "127.0.0.1", resolve));
        await this.call.settled();
        return keep(this);
    }

    packet(payload, type = 0, lost = false) {
        const packet = Buffer.alloc(12 + payload.length);

        packet[0] = 0x80;
        packet[1] = type;
        packet.writeUInt16BE(this.sequence & 0xffff, 2);
        packet.writeUInt32BE(this.timestamp >>> 0, 4);
        packet.writeUInt32BE(this.ssrc, 8);
        payload.copy(packet, 12);
        this.sequence++;
        this.timestamp += payload.length;
        if (!lost) this.socket.send(packet, this.port, "127.0.0.1");
    }

    // All of it, 20 ms a packet (or `ptime`), `speed` times as fast as speech; `lost` tells of a
    // packet's number whether it never arrives.
    async say(codes, { type = 0, ptime = 20, speed = 1, lost = () => false } = {}) {
        const size = ptime * 8;
        const began = performance.now();

        for (let at = 0, i = 0; at < codes.length; at += size, i++) {
            const due = began + (i * ptime) / speed;

            while (performance.now() < due) await pause(1);
            this.packet(codes.subarray(at, at + size), type, lost(i));
        }
    }

    // Goes on until it is hushed or closed.
    talk(options = {}) {
        this.hushed = false;
        this.talking = (async () => {
            for (let seed = 1; !this.hushed; seed++) await this.say(voice(800, seed), options);
        })();
        return this;
    }

    async hush() {
        this.hushed = true;
        await this.talking;
        this.talking = null;
    }

    async close() {
        if (this.talking) await this.hush();
        await new Promise((resolve) => this.socket.close(resolve));
    }
}

async function talker(call) {
    return new Talker(call).open();
}

// A program run to its end; throws with what it said when it fails.
async function run(program, args) {
    const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"] });
    const out = [];
    let errors = "";
    let ended = null;

    child.stdout.on("data", (data) => out.push(data));
    child.stderr.on("data", (data) => (errors += data));
    child.on("error", (error) => (ended = { error }));
    child.on("close", (code) => (ended ??= { code }));
    keep({ close: () => ended || child.kill("SIGKILL") });
    await until(() => ended, `the end of ${program}`, 60000);
    if (ended.code !== 0) throw new Error(`${program}: ${ended.error ?? ended.code}\n${errors}`);
    return Buffer.concat(out);
}

module.exports = { run, talker, voice };
