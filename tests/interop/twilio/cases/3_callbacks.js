"use strict";
// Status callbacks (spec/twilio-streams 2.7), each signature judged by the official validateRequest.
const { assert, test, until } = require("../lib/suite");
const { WsConsumer } = require("../lib/consumer");
const { callbacks } = require("../lib/callbacks");
const { dead_port } = require("../lib/rude");
const { talker } = require("../lib/talker");

test("started, then stopped, each posted once and signed", async ({ host, call }) => {
    const at = call();
    const consumer = await new WsConsumer().open();
    const status = await callbacks();
    const made = await host.streams(at).create({ url: consumer.url, name: "two words", statusCallback: status.url });

    await consumer.stream(made.sid);
    await until(() => status.of(made.sid).length, "the callback of the start");
    await host.streams(at)(made.sid).update({ status: "stopped" });
    assert.deepEqual(await status.over(made.sid), ["stream-started", "stream-stopped"]);
    for (const got of status.of(made.sid)) {
        assert.equal(got.method, "POST");
        assert.equal(got.CallSid, at.sid);
        assert.equal(got.StreamName, "two words");
        assert.ok(!("StreamError" in got));
    }
    const [first, second] = status.of(made.sid).map((got) => got.Timestamp);
    assert.ok(first <= second);
    assert.ok(Math.abs(Date.parse(first) - Date.now()) < 60000);
});

test("GET puts all into the query, which is signed", async ({ host, call }) => {
    const at = call();
    const consumer = await new WsConsumer().open();
    const status = await callbacks();
    const made = await host.streams(at).create({ url: consumer.url, statusCallback: status.url, statusCallbackMethod: "GET" });

    await consumer.stream(made.sid);
    await host.streams(at)(made.sid).update({ status: "stopped" });
    await status.over(made.sid);
    assert.deepEqual(status.of(made.sid).map((got) => [got.method, got.StreamEvent]),
        [["GET", "stream-started"], ["GET", "stream-stopped"]]);
});

test("a callback's own query stays, and an unnamed stream's name is its SID", async ({ host, call }) => {
    const at = call();
    const consumer = await new WsConsumer().open();
    const status = await callbacks(undefined, "/a%20b?x=1&y=%2B");
    const made = await host.streams(at).create({ url: consumer.url, statusCallback: status.url });

    await consumer.stream(made.sid);
    await host.streams(at)(made.sid).update({ status: "stopped" });
    await status.over(made.sid);
    for (const got of status.of(made.sid)) {
        assert.equal(got.url, "/a%20b?x=1&y=%2B");
        assert.equal(got.StreamName, made.sid);
    }
});

test("a callback that is never answered delays neither media nor a stop", async ({ host, call }) => {
    const at = call();
    const consumer = await new WsConsumer().open();
    const status = await callbacks(() => {});
    const made = await host.streams(at).create({ url: consumer.url, statusCallback: status.url });
    const stream = await consumer.stream(made.sid);

    (await talker(at)).talk();
    await until(() => status.of(made.sid).length, "the callback of the start");
    await stream.frames(25);
    const began = Date.now();
    await host.streams(at)(made.sid).update({ status: "stopped" });
    assert.equal((await stream.ended()).code, 1000);
    assert.ok(Date.now() - began < 3000);
    assert.deepEqual(await status.over(made.sid), ["stream-started", "stream-stopped"]);
});

test("callbacks that fail are not repeated", async ({ host, call }) => {
    const at = call();
    const consumer = await new WsConsumer().open();
    const status = await callbacks((request, response) => response.writeHead(500).end("no"));
    const made = await host.streams(at).create({ url: consumer.url, statusCallback: status.url });

    await consumer.stream(made.sid);
    await host.streams(at)(made.sid).update({ status: "stopped" });
    assert.deepEqual(await status.over(made.sid), ["stream-started", "stream-stopped"]);
});

test("a callback that nobody takes costs the stream nothing", async ({ host, call }) => {
    const at = call();
    const consumer = await new WsConsumer().open();
    const made = await host.streams(at).create({ url: consumer.url, statusCallback: `http://127.0.0.1:${await dead_port()}/` });
    const stream = await consumer.stream(made.sid);

    (await talker(at)).talk();
    await stream.frames(10);
    await host.streams(at)(made.sid).update({ status: "stopped" });
    assert.equal((await stream.ended()).code, 1000);
});

test("one stream's callbacks do not wait for another's", async ({ host, call }) => {
    const at = call();
    const consumer = await new WsConsumer().open();
    const slow = await callbacks(() => {});
    const quick = await callbacks();
    const waits = await host.streams(at).create({ url: consumer.url, statusCallback: slow.url });

    await until(() => slow.of(waits.sid).length, "the slow one has been asked");
    const made = await host.streams(at).create({ url: consumer.url, statusCallback: quick.url });
    await consumer.stream(made.sid);
    await host.streams(at)(made.sid).update({ status: "stopped" });
    assert.deepEqual(await quick.over(made.sid, 3000), ["stream-started", "stream-stopped"]);
});
