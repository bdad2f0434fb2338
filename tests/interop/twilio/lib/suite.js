"use strict";
// Tests by name and the closing line that toolchain/test.sh sums up. Some run side by side, for most
// of their time is speech's; each has calls of its own. Every wait is on a condition and has a bound.
// What a test opens it hands to `keep`, and it is closed behind the test whatever came of it.
const assert = require("node:assert/strict");
const { AsyncLocalStorage } = require("node:async_hooks");

const LANES = 4;
const tests = [];
const running = new AsyncLocalStorage();

// ms: its bound; alone: nothing runs beside it; last: neither, and --only does not leave it out;
// not_wine: why the Windows program cannot do it
function test(name, options, run) {
    if (typeof options === "function") [options, run] = [{}, options];
    tests.push({ name, run, ms: options.ms ?? 40000, alone: options.alone ?? false,
        last: options.last ?? false, not_wine: options.not_wine ?? null });
}

function keep(thing) {
    running.getStore()?.push(thing); // outside of a test its maker closes it
    return thing;
}

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

// The condition's first truthy answer; what it throws ends the wait.
async function until(condition, what, ms = 15000) {
    const end = Date.now() + ms;

    for (;;) {
        const answer = await condition();
        if (answer) return answer;
        if (Date.now() > end) {
            throw new Error(`not within ${ms} ms: ${typeof what === "function" ? what() : what}`);
        }
        await pause(5);
    }
}

async function limited(promise, ms) {
    let timer;
    const bound = new Promise((_, reject) => {
        timer = setTimeout(() => reject(new Error(`took longer than ${ms} ms`)), ms);
    });

    try {
        return await Promise.race([promise, bound]);
    } finally {
        clearTimeout(timer);
    }
}

async function close_all(kept) {
    for (const thing of kept.reverse()) await limited(Promise.resolve(thing.close()), 10000);
}

// Answers null or what was wrong.
async function run_one({ run, ms }, world, end) {
    const kept = [];
    const left = end - Date.now();
    let error = null;

    try {
        if (left <= 0) throw new Error("no time was left for it");
        await running.run(kept, () => limited(run(world), Math.min(ms, left)));
    } catch (caught) {
        error = caught;
    }
    try {
        await close_all(kept);
    } catch (caught) {
        error ??= caught;
    }
    return error;
}

async function run_all(suite, world, only, budget_ms) {
    const end = Date.now() + budget_ms;
    const named = tests.filter(({ name, last }) => last || !only || only.test(name));
    const chosen = named.filter(({ not_wine }) => !world.wine || !not_wine);
    let passed = 0;
    let failed = 0;
    const lane = async (waiting) => {
        for (let one = waiting.shift(); one; one = waiting.shift()) {
            const began = Date.now();
            const error = await run_one(one, world, end);
            const took = `(${Date.now() - began} ms)`;

            if (error) {
                failed++;
                console.log(`FAILED ${one.name} ${took}`);
                console.log(`    ${String(error.stack ?? error).split("\n").slice(0, 12).join("\n    ")}`);
            } else {
                passed++;
                console.log(`ok ${one.name} ${took}`);
            }
        }
    };
    const together = chosen.filter(({ alone, last }) => !alone && !last);

    for (const { name, not_wine } of named) {
        if (world.wine && not_wine) console.log(`left out: ${name}: ${not_wine}`);
    }
    await Promise.all(Array.from({ length: LANES }, () => lane(together)));
    await lane(chosen.filter(({ alone }) => alone));
    await lane(chosen.filter(({ last }) => last));
    console.log(`suite ${suite}: ${passed} passed, ${failed} failed`);
    return failed === 0 && passed > 0;
}

module.exports = { assert, keep, limited, pause, run_all, test, until };
