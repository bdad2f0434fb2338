"use strict";
// Consumers that do not behave: a TCP server whose answer to the upgrade, and whatever follows, is
// written by hand. What our side sends is kept as raw bytes.
const crypto = require("node:crypto");
const net = require("node:net");
const { keep, until } = require("./suite");

const WEBSOCKET_GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

// An unmasked frame, as servers send them.
function frame(opcode, payload = Buffer.alloc(0), { fin = true, length = payload.length } = {}) {
    let head;

    if (length < 126) {
        head = Buffer.from([0, length]);
    } else if (length < 65536) {
        head = Buffer.from([0, 126, 0, 0]);
        head.writeUInt16BE(length, 2);
    } else {
        head = Buffer.alloc(10);
        head[1] = 127;
        head.writeBigUInt64BE(BigInt(length), 2);
    }
    head[0] = (fin ? 0x80 : 0) | opcode;
    return Buffer.concat([head, payload]);
}

function accept_line(request) {
    const key = /sec-websocket-key: *(\S+)/i.exec(request)[1];
    const digest = crypto.createHash("sha1").update(key + WEBSOCKET_GUID).digest("base64");

    return `Sec-WebSocket-Accept: ${digest}\r\n`;
}

const SWITCH = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n";

class Rude {
    // answer(request, socket): what is written to the upgrade; null: nothing. then(socket): after it.
    constructor({ answer = (request) => `${SWITCH}${accept_line(request)}\r\n`, then = () => {} } = {}) {
        this.connections = 0;
        this.requests = [];
        this.ended = 0;
        this.bytes = 0;
        this.sockets = new Set();
        this.server = net.createServer((socket) => {
            let head = "";
            let upgraded = false;

            this.connections++;
            this.sockets.add(socket);
            socket.on("error", () => {});
            socket.on("close", () => {
                this.ended++;
                this.sockets.delete(socket);
            });
            socket.on("data", (data) => {
                if (upgraded) {
                    this.bytes += data.length;
                    return;
                }
                head += data.toString("latin1");
                if (!head.includes("\r\n\r\n")) return;
                upgraded = true;
                this.requests.push(head);
                const text = answer(head, socket);
                if (text !== null) socket.write(text, () => then(socket));
            });
        });
    }

    async open() {
        await new Promise((resolve) => this.server.listen(0, "127.0.0.1", resolve));
        this.port = this.server.address().port;
        this.url = `ws://127.0.0.1:${this.port}/rude`;
        return keep(this);
    }

    async gone() {
        await until(() => this.connections > 0 && this.ended === this.connections, "our side has let go");
    }

    async close() {
        for (const socket of this.sockets) socket.destroy();
        await new Promise((resolve) => this.server.close(resolve));
    }
}

async function rude(options) {
    return new Rude(options).open();
}

// A port of this machine at which nobody listens.
async function dead_port() {
    const server = net.createServer();

    await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address();
    await new Promise((resolve) => server.close(resolve));
    return port;
}

module.exports = { SWITCH, accept_line, dead_port, frame, rude };
