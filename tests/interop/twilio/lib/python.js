"use strict";
// The Python side (voice.py): a process whose lines of JSON are kept in order.
const path = require("node:path");
const { spawn } = require("node:child_process");
const { keep, until } = require("./suite");

// Debian's modules are Debian's Python's.
const PYTHON = process.env.OMSP_PYTHON ?? "/usr/bin/python3";

class Python {
    constructor(...args) {
        let rest = "";

        this.lines = [];
        this.errors = "";
        this.child = spawn(PYTHON, [path.join(__dirname, "..", "voice.py"), ...args], { stdio: "pipe" });
        this.child.on("error", (error) => (this.errors += error));
        this.child.stdin.on("error", () => {});
        this.child.stderr.on("data", (data) => (this.errors += data));
        this.child.stdout.on("data", (data) => {
            const lines = (rest + data).split("\n");

            rest = lines.pop();
            this.lines.push(...lines.map((line) => JSON.parse(line)));
        });
        this.child.on("close", () => (this.ended = true));
        keep(this);
    }

    // All of an event, or the first `count` of them once they are there.
    all(event) {
        return this.lines.filter((line) => line.event === event);
    }

    async first(event, ms) {
        await this.count(event, 1, ms);
        return this.all(event)[0];
    }

    async count(event, count, ms) {
        await until(() => {
            if (this.all(event).length >= count) return true;
            if (this.ended) throw new Error(`voice.py ended:\n${this.errors}`);
            return false;
        }, () => `${count} of ${event}; there were ${JSON.stringify(this.lines.slice(-5))}\n${this.errors}`, ms);
        return this.all(event);
    }

    async close() {
        if (!this.ended) this.child.kill("SIGTERM");
        await until(() => this.ended, "the end of voice.py", 5000);
    }
}

module.exports = { Python };
