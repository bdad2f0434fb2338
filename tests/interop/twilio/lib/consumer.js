"use strict";
// Consumers of media streams over two WebSocket libraries that nobody here wrote, npm `ws` and npm
// `websocket`. Both keep what came as a list of streams: the upgrade request, the judge with all it
// collected, how it ended. A message that is wrong is remembered, and `check` throws it.
const http = require("node:http");
const https = require("node:https");
const { WebSocketServer } = require("ws");
const websocket = require("websocket");
const { Judge } = require("./judge");
const { keep, until } = require("./suite");

class Stream {
    constructor(request, options) {
        this.headers = request.headers;
        this.raw_headers = request.rawHeaders;
        this.url = request.url;
        this.http_version = request.httpVersion;
        this.method = request.method;
        this.judge = new Judge(options);
        this.closed = null; // { code }
        this.error = null;
        this.pings = 0;
        this.pongs = 0;
    }

    take(text) {
        try {
            this.judge.take(text);
        } catch (error) {
            this.error ??= error;
        }
    }

    check() {
        if (this.error) throw this.error;
    }

    // Until `state` of the judge ("started", "stopped"), or so many frames of a track.
    async state(state, ms) {
        await until(() => (this.check(), this.judge.state === state),
            () => `the stream is ${state} (it is ${this.judge.state})`, ms);
        return this;
    }

    async frames(count, track = "inbound", ms = 15000) {
        await until(() => (this.check(), this.judge.frames(track) >= count),
            () => `${count} frames ${track} (${this.judge.frames(track)} came; ${JSON.stringify(this.judge.tracks[track],
                (name, value) => (name === "pieces" ? undefined : value))})`, ms);
    }

    async ended(ms) {
        await until(() => this.closed, "the end of the connection", ms);
        this.check();
        return this.closed;
    }
}

// options: bidirectional, resumed; port: 0, any; tls: { key, cert }; host: the name in the URL
class Consumer {
    constructor(options = {}) {
        this.options = options;
        this.streams = [];
        this.sockets = new Set();
        this.server = options.tls ? https.createServer(options.tls) : http.createServer();
        this.server.on("connection", (socket) => {
            this.sockets.add(socket);
            socket.on("error", () => {});
            socket.on("close", () => this.sockets.delete(socket));
        });
        this.tls_errors = 0;
        this.server.on("tlsClientError", () => this.tls_errors++);
    }

    async open() {
        await new Promise((resolve, reject) => {
            this.server.once("error", reject);
            this.server.listen(this.options.port ?? 0, "127.0.0.1", resolve);
        });
        this.port = this.server.address().port;
        this.url = `${this.options.tls ? "wss" : "ws"}://${this.options.host ?? "127.0.0.1"}:${this.port}/stream`;
        return keep(this);
    }

    // The stream with this SID, or the only one, once it has started.
    async stream(sid, ms) {
        const find = () => this.streams.find((stream) => stream.error ||
            (stream.judge.start && (!sid || stream.judge.start.streamSid === sid)));
        const stream = await until(find, "a stream has started", ms);

        stream.check();
        return stream;
    }

    async close() {
        for (const socket of this.sockets) socket.destroy();
        await new Promise((resolve) => this.server.close(resolve));
    }
}

class WsConsumer extends Consumer {
    async open() {
        this.upgrades = new WebSocketServer({ server: this.server });
        this.upgrades.on("connection", (socket, request) => {
            const stream = new Stream(request, this.options);

            stream.socket = socket;
            this.streams.push(stream);
            socket.on("error", (error) => (stream.socket_error = error));
            socket.on("message", (data, binary) => stream.take(binary ? data : data.toString()));
            socket.on("ping", () => stream.pings++);
            socket.on("pong", () => stream.pongs++);
            socket.on("close", (code) => (stream.closed = { code }));
            if (this.options.on_stream) this.options.on_stream(stream);
        });
        return super.open();
    }
}

class WebsocketConsumer extends Consumer {
    async open() {
        this.upgrades = new websocket.server({ httpServer: this.server });
        this.upgrades.on("request", (request) => {
            const stream = new Stream(request.httpRequest, this.options);
            const socket = request.accept(null, null);

            stream.socket = socket;
            this.streams.push(stream);
            socket.on("message", (message) => stream.take(message.utf8Data ?? message.binaryData));
            socket.on("close", (code) => (stream.closed = { code }));
        });
        return super.open();
    }
}

module.exports = { WebsocketConsumer, WsConsumer };
