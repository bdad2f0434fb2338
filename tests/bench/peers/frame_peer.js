"use strict";
// The peer of bench_media_frame: one media message, put together and masked as npm `ws` does it, and
// nothing sent. Standard input: eight bytes, how many frames to make; standard output: "ready", then
// eight bytes, the bytes made, for each order.
const { Sender } = require("ws");

const payload = Buffer.from(Array.from({ length: 160 }, (_, i) => (i * 73) & 255));
const mask = Buffer.from([0x37, 0xfa, 0x21, 0x3d]);
let number = 1000;
let pending = Buffer.alloc(0);

function frame() {
    number = number === 8999 ? 1000 : number + 1;
    const message = JSON.stringify({
        event: "media",
        sequenceNumber: String(number),
        media: {
            track: "inbound",
            chunk: String(998 + (number & 1)),
            timestamp: String(19960 + (number % 4000) * 20),
            payload: payload.toString("base64"),
        },
        streamSid: "MZ0123456789abcdef0123456789abcdef",
    });
    const parts = Sender.frame(message, {
        fin: true,
        rsv1: false,
        opcode: 1,
        mask: true,
        readOnly: false,
        generateMask: (to) => mask.copy(to),
    });

    return parts.reduce((sum, part) => sum + part.length, 0);
}

function make(count) {
    let bytes = 0;

    for (let i = 0; i < count; i++) bytes += frame();
    return bytes;
}

process.stdin.on("data", (data) => {
    pending = Buffer.concat([pending, data]);
    for (; pending.length >= 8; pending = pending.subarray(8)) {
        const answer = Buffer.alloc(8);

        answer.writeBigUInt64LE(BigInt(make(Number(pending.readBigUInt64LE()))));
        process.stdout.write(answer);
    }
});
make(200000); // compiled by now
process.stdout.write("ready\n");
