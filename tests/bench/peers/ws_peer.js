"use strict";
// The peer of bench_fork: npm `ws` sends what ours sends. One argument each: URL, connections.
// Standard input: a byte asks for so many rounds as it says; standard output: "ready", then eight
// bytes, the number of frames sent, for each byte.
const { WebSocket } = require("ws");

const [url, count] = [process.argv[2], Number(process.argv[3])];
const TICK_MS = 20;
const payload = Buffer.from(Array.from({ length: 160 }, (_, i) => (i * 73) & 255));
const sockets = [];
let number = 1000;

function send_round() {
    number++;
    for (const socket of sockets)
        socket.send(
            JSON.stringify({
                event: "media",
                sequenceNumber: String(number),
                media: {
                    track: "inbound",
                    chunk: String(number - 1),
                    timestamp: String(number * 20),
                    payload: payload.toString("base64"),
                },
                streamSid: "MZ0123456789abcdef0123456789abcdef",
            }),
        );
}

function rounds(left, done) {
    send_round();
    if (left > 1) setTimeout(rounds, TICK_MS, left - 1, done);
    else setTimeout(done, TICK_MS);
}

function open(left) {
    if (!left) {
        process.stdout.write("ready\n");
        return;
    }
    const socket = new WebSocket(url, { perMessageDeflate: false });

    socket.on("open", () => {
        socket._socket.setNoDelay(true);
        sockets.push(socket);
        open(left - 1);
    });
    socket.on("error", () => process.exit(1));
}

process.stdin.on("data", (asked) => {
    rounds(asked[0], () => {
        const answer = Buffer.alloc(8);

        answer.writeBigUInt64LE(BigInt(asked[0] * sockets.length));
        process.stdout.write(answer);
    });
});
open(count);
