"use strict";
// The Stream resource and its media streams against clients and consumers that nobody here wrote.
//
//   node run.js [--wine] [--folder DIR] [--only REGEX] -- PROGRAM [ARGUMENT…]
//
// PROGRAM is what takes the options of `serve`. Modules are found through NODE_PATH. Exit status 0:
// everything passed, and the program ended in good order.
const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");
const { Host, KEY } = require("./lib/host");
const { make_certificates } = require("./lib/certs");
const { run_all, test } = require("./lib/suite");

const BUDGET_MS = Number(process.env.OMSP_INTEROP_SECONDS ?? 165) * 1000;
const CALLS = 128;

for (const file of fs.readdirSync(path.join(__dirname, "cases")).sort()) {
    require(path.join(__dirname, "cases", file));
}

function read_options(words) {
    const options = { wine: false, folder: null, only: null, command: [] };

    while (words.length) {
        const word = words.shift();

        if (word === "--wine") options.wine = true;
        else if (word === "--folder") options.folder = words.shift();
        else if (word === "--only") options.only = new RegExp(words.shift());
        else if (word === "--") options.command = words.splice(0);
        else throw new Error(`unknown option ${word}`);
    }
    if (!options.command.length) throw new Error("no program was named");
    return options;
}

async function main() {
    const options = read_options(process.argv.slice(2));
    const folder = options.folder ?? fs.mkdtempSync(path.join(os.tmpdir(), "omsp-interop."));
    const began = Date.now();
    const { command, wine } = options;
    const world = { folder, wine, certificates: make_certificates(folder), next: 0 };

    world.new_host = () => new Host({ command, wine, folder });
    world.call = () => {
        if (world.next === CALLS) throw new Error("more tests than calls");
        return world.host.calls[world.next++];
    };
    const host = (world.host = world.new_host());

    test("the program that served all this ends in good order", { last: true }, () => host.close());
    try {
        await host.open({ calls: CALLS, ca: "ca.pem", extra: ["--api-key", `${KEY.sid}:${KEY.secret}`, "--extensions"] });
        const good = await run_all("interop_twilio", world, options.only, BUDGET_MS - (Date.now() - began));

        if (!good && host.log) console.log(`the program said:\n${host.log.slice(-8000)}`);
        return good;
    } finally {
        await host.close();
        if (!options.folder) fs.rmSync(folder, { recursive: true, force: true });
    }
}

main().then((good) => process.exit(good ? 0 : 1), (error) => {
    console.log(error.stack ?? error);
    console.log("suite interop_twilio: 0 passed, 1 failed");
    process.exit(1);
});
