"use strict";
// Beyond Twilio: a consumer that is killed and comes back at the same port gets the stream again.
const { assert, pause, test, until } = require("../lib/suite");
const { callbacks } = require("../lib/callbacks");
const { WsConsumer } = require("../lib/consumer");
const { talker } = require("../lib/talker");

async function streamed({ host, call }, fields) {
    const at = call();
    const status = await callbacks();
    const consumer = await new WsConsumer().open();
    const answer = await host.raw("POST", host.path(at),
        { form: { Url: consumer.url, StatusCallback: status.url, ...fields } });

    assert.equal(answer.status, 200, answer.text);
    const stream = await consumer.stream(answer.json.sid);

    (await talker(at)).talk();
    await stream.frames(10);
    return { at, consumer, sid: answer.json.sid, status, stream };
}

async function statistics({ host }, { at, sid }) {
    return (await host.raw("GET", host.path(at, sid))).json.statistics;
}

test("a consumer that is killed and restarted gets the same stream, the clock going on", async (world) => {
    const { host } = world;
    const sides = await streamed(world, { Reconnects: "20" });
    const { port } = sides.consumer;
    const events = host.events.length;

    await sides.consumer.close();
    await until(async () => (await statistics(world, sides)).connection === "connecting", "it is missed");
    await pause(1000); // so long nobody listens
    const before = sides.stream.judge.tracks.inbound;
    const again = await new WsConsumer({ port, resumed: true }).open();
    const stream = await again.stream(sides.sid);

    await stream.frames(10);
    assert.equal(stream.judge.start.streamSid, sides.sid);
    assert.ok(stream.judge.tracks.inbound.first_chunk > before.chunk, "chunks go on");
    assert.ok(stream.judge.tracks.inbound.first > before.timestamp, "the clock goes on");
    assert.equal((await statistics(world, sides)).reconnects, 1);
    assert.deepEqual(host.events.slice(events).filter(({ stream: of }) => of === sides.sid), []);
    assert.deepEqual(sides.status.events(sides.sid), ["stream-started"]);
    await host.streams(sides.at)(sides.sid).update({ status: "stopped" });
    assert.equal((await stream.ended()).code, 1000);
    assert.deepEqual(await sides.status.over(sides.sid), ["stream-started", "stream-stopped"]);
});

test("a consumer that never comes back is one stream-error in the end", async (world) => {
    const sides = await streamed(world, { Reconnects: "2" });

    await sides.consumer.close();
    assert.deepEqual(await sides.status.over(sides.sid), ["stream-started", "stream-error"]);
    assert.equal((await statistics(world, sides)).reconnects, 0);
});
