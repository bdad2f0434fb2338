"use strict";
// The peer of bench_forward and bench_scale: what arrives as RTP goes out as media messages over npm `ws`. Arguments:
// URL, first port, streams (on every second port), the address of the ports. Standard output: "ready", then eight bytes, the
// number of messages sent, for each byte that standard input brings.
const dgram = require("dgram");
const { WebSocket } = require("ws");

const [url, first, count, address] = process.argv
    .slice(2)
    .map((argument, i) => (i === 1 || i === 2 ? Number(argument) : argument));
let sent = 0;

function relay(socket, port, done) {
    const udp = dgram.createSocket("udp4");
    let number = 1;

    udp.on("message", (packet) => {
        if (packet.length <= 12 || packet[0] >> 6 !== 2) return;
        number++;
        socket.send(
            JSON.stringify({
                event: "media",
                sequenceNumber: String(number),
                media: {
                    track: "inbound",
                    chunk: String(number - 1),
                    timestamp: String(number * 20),
                    payload: packet.subarray(12).toString("base64"),
                },
                streamSid: "MZ0123456789abcdef0123456789abcdef",
            }),
        );
        sent++;
    });
    udp.bind(port, address, done);
}

function open(stream) {
    if (stream === count) {
        process.stdout.write("ready\n");
        return;
    }
    const socket = new WebSocket(url, { perMessageDeflate: false });

    socket.on("open", () => {
        socket._socket.setNoDelay(true);
        relay(socket, first + 2 * stream, () => open(stream + 1));
    });
    socket.on("error", () => process.exit(1));
}

process.stdin.on("data", (asked) => {
    for (let i = 0; i < asked.length; i++) {
        const answer = Buffer.alloc(8);

        answer.writeBigUInt64LE(BigInt(sent));
        process.stdout.write(answer);
    }
});
open(0);
