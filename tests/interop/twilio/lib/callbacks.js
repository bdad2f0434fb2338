"use strict";
// A web server that takes status callbacks, checks each with the official validateRequest, and keeps
// them in the order of arrival.
const http = require("node:http");
const twilio = require("twilio");
const { assert, keep, until } = require("./suite");
const { ACCOUNT, TOKEN } = require("./host");

const NANOSECONDS = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{9}Z$/;

class Callbacks {
    // answer: (request, response) after the callback was noted; default 204
    constructor(answer) {
        this.answer = answer ?? ((request, response) => response.writeHead(204).end());
        this.got = [];
        this.error = null;
        this.server = http.createServer((request, response) => {
            let body = "";

            request.setEncoding("utf8");
            request.on("data", (data) => (body += data));
            request.on("end", () => {
                try {
                    this.#note(request, body);
                } catch (error) {
                    this.error ??= error;
                }
                this.answer(request, response);
            });
        });
    }

    async open(path = "/status") {
        await new Promise((resolve) => this.server.listen(0, "127.0.0.1", resolve));
        this.url = `http://127.0.0.1:${this.server.address().port}${path}`;
        return keep(this);
    }

    #note(request, body) {
        const url = `${request.headers["x-forwarded-proto"] ?? "http"}://${request.headers.host}${request.url}`;
        const post = request.method === "POST";
        const fields = Object.fromEntries(post ? new URLSearchParams(body) : new URL(url).searchParams);
        const signature = request.headers["x-twilio-signature"];

        assert.ok(post || request.method === "GET");
        if (post) assert.match(request.headers["content-type"], /^application\/x-www-form-urlencoded/);
        assert.ok(twilio.validateRequest(TOKEN, signature, url, post ? fields : {}),
            "the official client takes the signature");
        assert.ok(!twilio.validateRequest(`${TOKEN}x`, signature, url, post ? fields : {}));
        assert.equal(fields.AccountSid, ACCOUNT);
        assert.match(fields.Timestamp, NANOSECONDS);
        assert.match(fields.StreamSid, /^MZ[0-9a-f]{32}$/);
        this.got.push({ ...fields, method: request.method, url: request.url });
    }

    of(sid) {
        return this.got.filter((fields) => fields.StreamSid === sid);
    }

    events(sid) {
        return this.of(sid).map((fields) => fields.StreamEvent);
    }

    // Until a stream's last one has come.
    async over(sid, ms) {
        await until(() => {
            if (this.error) throw this.error;
            return this.events(sid).some((event) => event !== "stream-started");
        }, () => `the terminal callback (${this.events(sid)})`, ms);
        return this.events(sid);
    }

    async close() {
        this.server.closeAllConnections();
        await new Promise((resolve) => this.server.close(resolve));
        if (this.error) throw this.error;
    }
}

async function callbacks(answer, path) {
    return new Callbacks(answer).open(path);
}

module.exports = { callbacks };
