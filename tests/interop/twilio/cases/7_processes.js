"use strict";
// Several processes on one machine, and the end of one.
const { assert, keep, test, until } = require("../lib/suite");
const { WsConsumer } = require("../lib/consumer");
const { talker } = require("../lib/talker");

test("two processes on one machine: each its own port, calls and media", { ms: 90000 }, async ({ host, call, new_host }) => {
    const other = keep(await new_host().open());
    const consumer = await new WsConsumer().open();
    const sides = [[host, call()], [other, other.calls[0]]];

    assert.notEqual(host.url, other.url);
    for (const side of sides) {
        const [program, at] = side;
        const made = await program.streams(at).create({ url: consumer.url, name: "same name" });

        side.push(await consumer.stream(made.sid));
        (await talker(at)).talk();
    }
    for (const [, at, stream] of sides) {
        await stream.frames(25);
        assert.equal(stream.judge.start.callSid, at.sid);
    }
    await assert.rejects(host.streams(other.calls[0]).create({ url: consumer.url }), { status: 404, code: 20404 });
    await assert.rejects(other.streams(sides[0][1]).create({ url: consumer.url }), { status: 404, code: 20404 });
    await host.streams(sides[0][1])("same name").update({ status: "stopped" });
    await sides[0][2].ended();
    const before = sides[1][2].judge.frames();
    await sides[1][2].frames(before + 10);
});

test("a port that is taken is refused, and the first process serves on", { ms: 90000 }, async ({ host, new_host }) => {
    const second = keep(new_host());

    await assert.rejects(second.open({ rest: new URL(host.url).host }));
    assert.notEqual(second.ended.code, 0);
    assert.equal((await host.raw("OPTIONS", host.path(host.calls[0]), { user: null })).status, 204);
});

test("told to end, the program stops its streams, says so, and leaves nothing behind", { ms: 90000 },
    async ({ new_host }) => {
        const host = keep(await new_host().open({ calls: 3 }));
        const consumer = await new WsConsumer().open();
        const streams = [];

        for (const at of host.calls) {
            const made = await host.streams(at).create({ url: consumer.url, track: "both_tracks" });

            streams.push(await consumer.stream(made.sid));
            (await talker(at)).talk();
        }
        for (const stream of streams) await stream.frames(5);
        const { code, signal } = await host.end();
        assert.equal(signal, null);
        assert.equal(code, 0, host.log);
        for (const stream of streams) {
            assert.equal((await stream.ended()).code, 1000);
            assert.equal(stream.judge.state, "stopped");
        }
        await until(() => consumer.sockets.size === 0, "no connection is left");
    });
