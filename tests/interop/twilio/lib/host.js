"use strict";
// The program under test: omsp-serve, or `openmsp.exe serve` under Wine. Started with N calls and the
// REST server, read by its lines.
const fs = require("node:fs");
const path = require("node:path");
const { execFileSync, spawn } = require("node:child_process");
const twilio = require("twilio");
const { assert, until } = require("./suite");

const ACCOUNT = "AC0123456789abcdef0123456789abcdef";
const TOKEN = "7d1f9a4c5b2e80637d1f9a4c5b2e8063";
const KEY = { sid: "SK00112233445566778899aabbccddeeff", secret: "the secret of the key" };

// Below the ephemeral ports, and beside those that interop/call's scripts take (20000 to 25999): 1300
// ports from the first one on. Hosts of one run do not meet.
let hosts = 0;
let next_port = Number(process.env.OMSP_FIRST_PORT ?? 26000) + (process.pid % 9) * 100;

class Host {
    // command: what `serve`'s options follow; wine: its file names are Windows's
    constructor({ command, wine, folder }) {
        this.command = command;
        this.wine = wine;
        this.folder = folder;
        this.calls = []; // { sid, port }
        this.events = [];
        this.log = "";
        this.url = null;
        this.ended = null;
    }

    file(name) {
        const full = path.resolve(this.folder, name);

        return this.wine ? `Z:${full.replaceAll("/", "\\")}` : full;
    }

    // Somebody else's program may hold one of the ports that we picked: then others.
    async open(options = {}) {
        for (let tries = 0; ; tries++) {
            try {
                return await this.#start(options);
            } catch (error) {
                if (tries === 5 || !/--rtp-ports\b.*in use/.test(this.log)) throw error;
                if (this.input !== undefined) fs.closeSync(this.input);
                this.input = undefined;
                this.calls = [];
                this.log = "";
                this.ended = null;
            }
        }
    }

    async #start({ calls = 1, ca = null, rest = "127.0.0.1:0", extra = [] }) {
        const first = next_port;

        next_port += calls * 2 + 2;
        // A file of its own: written anew, another host could read it while it is empty.
        const token = `token-${first}`;
        fs.writeFileSync(path.join(this.folder, token), `${TOKEN}\n`, { mode: 0o600 });
        const args = [...this.command.slice(1), "--calls", `${calls}`, "--rtp-ports",
            `${first}-${first + calls * 2}`, "--rest", rest, "--account", ACCOUNT,
            "--token-file", this.file(token), "--json", ...extra];

        if (ca) args.push("--ca", this.file(ca));
        this.child = spawn(this.command[0], args, { stdio: ["ignore", "pipe", "pipe"], env: this.#environment() });
        this.child.on("error", (error) => (this.ended = { error }));
        this.child.on("close", (code, signal) => (this.ended = { code, signal }));
        this.child.stderr.on("data", (data) => (this.log += data));
        this.#read();
        await until(() => {
            if (this.ended) throw new Error(`the program did not get ready:\n${this.log}`);
            return this.url;
        }, () => `the program is ready; it said ${this.log}`, 60000);
        assert.equal(this.calls.length, calls);
        return this;
    }

    // Under Wine there are no signals, and the program reads "quit" from a named pipe.
    #environment() {
        if (!this.wine) return process.env;
        const pipe = path.join(this.folder, `input-${hosts++}`);

        execFileSync("mkfifo", [pipe]);
        this.input = fs.openSync(pipe, "r+");
        return { ...process.env, OMSP_TEST_INPUT: pipe };
    }

    #tell_to_end() {
        if (!this.wine) this.child.kill("SIGTERM");
        else fs.writeSync(this.input, "quit\n");
    }

    #read() {
        let rest = "";

        this.child.stdout.on("data", (data) => {
            const lines = (rest + data).split("\n");

            rest = lines.pop();
            for (const line of lines) this.#line(line.trim());
        });
    }

    #line(line) {
        if (!line.startsWith("{")) {
            this.log += `${line}\n`;
            return;
        }
        const said = JSON.parse(line);

        if (said.type === "ready") {
            const call = { sid: said.call, port: Number(said.listen.match(/:(\d+)$/)[1]) };

            this.calls.push({ ...call, settled: () => this.#settled(call) });
        } else if (said.type === "rest") {
            this.url = said.url.replace(/\/$/, "");
        } else if (said.type === "event") {
            this.events.push(said);
        }
    }

    client(user = ACCOUNT, secret = TOKEN, options = {}) {
        const client = twilio(user, secret, { accountSid: ACCOUNT, ...options });

        client.api.baseUrl = this.url;
        return client;
    }

    streams(call = this.calls[0], client = this.client()) {
        return client.calls(call.sid).streams;
    }

    path(call, stream) {
        return `/2010-04-01/Accounts/${ACCOUNT}/Calls/${call.sid ?? call}/Streams` +
            (stream ? `/${stream}.json` : ".json");
    }

    // A request as it is written; answers { status, headers, text, json }.
    async raw(method, target, { form = null, user = ACCOUNT, secret = TOKEN, headers = {} } = {}) {
        const all = { ...headers };

        if (user) all.authorization = `Basic ${Buffer.from(`${user}:${secret}`).toString("base64")}`;
        if (form !== null) all["content-type"] ??= "application/x-www-form-urlencoded";
        const answer = await fetch(this.url + target, {
            method,
            headers: all,
            body: form === null ? undefined : typeof form === "string" ? form : new URLSearchParams(form).toString(),
            redirect: "manual",
        });
        const text = await answer.text();
        const type = answer.headers.get("content-type") ?? "";

        return { status: answer.status, headers: answer.headers, text,
            json: type.startsWith("application/json") ? JSON.parse(text) : null };
    }

    // Of a call, from a place in the list on.
    async event(call, name, from = 0, ms) {
        return until(() => this.events.slice(from).find((event) => event.call === call.sid && name.test(event.event)),
            () => `${name}; there were ${JSON.stringify(this.events.slice(from))}`, ms);
    }

    // Until each of the call's streams is active or has ended: a consumer may have its `start` a moment
    // before the audio is let through.
    async #settled({ sid }) {
        const events = () => this.events.filter((event) => event.call === sid && event.stream);
        const open = () => events().filter(({ event, stream }) => event === "CME_NEW_STREAM" &&
            !events().some((other) => other.stream === stream && other.event !== event));

        await until(() => !open().length, "its streams are settled", 3000).catch(() => {});
    }

    // In good order; answers how it ended.
    async end() {
        if (!this.ended) this.#tell_to_end();
        await until(() => this.ended, "the program has ended", 30000);
        return this.ended;
    }

    // Ends it however it can be ended, and throws when it could not be in good order.
    async close() {
        if (!this.child) return;
        try {
            const { code } = await this.end();
            assert.ok(this.url === null || code === 0, `the program ended with ${code}:\n${this.log}`);
        } finally {
            if (!this.ended) this.child.kill("SIGTERM");
            if (this.input) fs.closeSync(this.input);
            this.child = null;
        }
    }
}

module.exports = { ACCOUNT, Host, KEY, TOKEN };
