"use strict";
// Making and stopping streams with the official client (spec/twilio-streams 1.3 to 1.5).
const { assert, pause, test, until } = require("../lib/suite");
const { ACCOUNT, KEY } = require("../lib/host");
const { WsConsumer } = require("../lib/consumer");
const { callbacks } = require("../lib/callbacks");
const { rude } = require("../lib/rude");

const DATE = new RegExp("^(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \\d{2} (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) " +
    "\\d{4} \\d{2}:\\d{2}:\\d{2} \\+0000$");

test("create answers 200 and the seven members, name null, date and uri as the contract has them", async ({ host, call }) => {
    const at = call();
    const consumer = await new WsConsumer().open();
    const answer = await host.raw("POST", host.path(at), { form: { Url: consumer.url } });
    const body = answer.json;

    assert.equal(answer.status, 200);
    assert.deepEqual(new Set(Object.keys(body)),
        new Set(["account_sid", "call_sid", "sid", "name", "status", "date_updated", "uri"]));
    assert.match(body.sid, /^MZ[0-9a-f]{32}$/);
    assert.equal(body.account_sid, ACCOUNT);
    assert.equal(body.call_sid, at.sid);
    assert.equal(body.name, null);
    assert.equal(body.status, "in-progress");
    assert.match(body.date_updated, DATE);
    assert.ok(Math.abs(Date.parse(body.date_updated) - Date.now()) < 60000);
    assert.equal(body.uri, host.path(at, body.sid));
    await (await consumer.stream(body.sid)).state("started");
});

test("the official client creates with every parameter, and the consumer is told them", async ({ host, call }) => {
    const at = call();
    const consumer = await new WsConsumer().open();
    const status = await callbacks();
    const given = {
        plain: "value", "with space": "a b", empty: "", "ünï ☎": "grüße 漢字 🎧",
        "plus+percent%": "1+1=2 & 100%2B %", "quote's": `"quoted" \\ (and) ~!*`, last: "ninety-nine",
    };
    const names = Object.keys(given);
    const options = { url: consumer.url, name: "every parameter", track: "both_tracks",
        statusCallback: status.url, statusCallbackMethod: "POST" };

    names.forEach((name, i) => {
        const index = i === names.length - 1 ? 99 : i + 1;

        options[`parameter${index}.name`] = name;
        options[`parameter${index}.value`] = given[name];
    });
    const made = await host.streams(at).create(options);
    const stream = await consumer.stream(made.sid);

    assert.equal(made.name, "every parameter");
    assert.equal(made.status, "in-progress");
    assert.equal(made.accountSid, ACCOUNT);
    assert.equal(made.callSid, at.sid);
    assert.ok(made.dateUpdated instanceof Date);
    assert.deepEqual(stream.judge.start.customParameters, given);
    assert.deepEqual(stream.judge.start.tracks, ["inbound", "outbound"]);
    assert.equal(stream.judge.start.callSid, at.sid);
    assert.equal(stream.judge.start.accountSid, ACCOUNT);
});

for (const [what, name] of [["its SID", null], ["a name with a space", "my stream"],
    ["a name that looks like hex", "0123456789abcdef0123456789abcdef"], ["a name that ends in .json", "notes.json"],
    ["a name of other letters", "größe☎"]]) {
    test(`the official client stops a stream by ${what}`, async ({ host, call }) => {
        const at = call();
        const consumer = await new WsConsumer().open();
        const made = await host.streams(at).create(name ? { url: consumer.url, name } : { url: consumer.url });
        const stream = await consumer.stream(made.sid);
        const stopped = await host.streams(at)(name ?? made.sid).update({ status: "stopped" });

        assert.equal(stopped.sid, made.sid);
        assert.equal(stopped.name, name);
        assert.equal(stopped.status, "stopped");
        assert.equal(stopped.uri, host.path(at, made.sid));
        assert.equal((await stream.ended()).code, 1000);
        assert.equal(stream.judge.state, "stopped");
    });
}

test("a name with a slash is stopped percent-encoded", async ({ host, call }) => {
    const at = call();
    const consumer = await new WsConsumer().open();
    const made = await host.streams(at).create({ url: consumer.url, name: "a/b?c" });
    const answer = await host.raw("POST", host.path(at, "a%2Fb%3Fc"), { form: { Status: "stopped" } });

    assert.equal(answer.status, 200);
    assert.equal(answer.json.sid, made.sid);
    assert.equal(answer.json.status, "stopped");
});

test("a second stop is 200, changes nothing and tells nobody", async ({ host, call }) => {
    const at = call();
    const consumer = await new WsConsumer().open();
    const status = await callbacks();
    const made = await host.streams(at).create({ url: consumer.url, statusCallback: status.url });
    const stream = await consumer.stream(made.sid);
    const form = { Status: "stopped" };
    const first = await host.raw("POST", host.path(at, made.sid), { form });

    await stream.ended();
    await status.over(made.sid);
    await pause(1100); // dates have seconds
    const second = await host.raw("POST", host.path(at, made.sid), { form });

    assert.equal(second.status, 200);
    delete first.json.statistics; // what was sent at the end may be counted later
    delete second.json.statistics;
    assert.equal(Object.keys(first.json).length, 7);
    assert.deepEqual(second.json, first.json);
    assert.deepEqual(status.events(made.sid), ["stream-started", "stream-stopped"]);
    assert.equal(stream.judge.state, "stopped");
});

test("what the official client gets over HTTP is 200 for both operations", async ({ host, call }) => {
    const at = call();
    const consumer = await new WsConsumer().open();
    const made = await host.streams(at).createWithHttpInfo({ url: consumer.url });
    const stopped = await host.streams(at)(made.body.sid).updateWithHttpInfo({ status: "stopped" });

    assert.equal(made.statusCode, 200);
    assert.equal(stopped.statusCode, 200);
    assert.equal(stopped.body.status, "stopped");
});

test("an API key creates and stops as the account does", async ({ host, call }) => {
    const at = call();
    const consumer = await new WsConsumer().open();
    const streams = host.streams(at, host.client(KEY.sid, KEY.secret));
    const made = await streams.create({ url: consumer.url });

    assert.equal(made.accountSid, ACCOUNT);
    await consumer.stream(made.sid);
    assert.equal((await streams(made.sid).update({ status: "stopped" })).status, "stopped");
});

test("two unnamed streams to one URL run side by side, each on a connection of its own", async ({ host, call }) => {
    const at = call();
    const consumer = await new WsConsumer().open();
    const one = await host.streams(at).create({ url: consumer.url });
    const two = await host.streams(at).create({ url: consumer.url });

    assert.notEqual(one.sid, two.sid);
    const streams = [await consumer.stream(one.sid), await consumer.stream(two.sid)];
    assert.equal(consumer.streams.length, 2);
    await host.streams(at)(one.sid).update({ status: "stopped" });
    await streams[0].ended();
    assert.equal(streams[1].closed, null);
    assert.equal(streams[1].judge.state, "started");
});

test("a name is free again once its stream has stopped", async ({ host, call }) => {
    const at = call();
    const consumer = await new WsConsumer().open();
    const first = await host.streams(at).create({ url: consumer.url, name: "again" });

    await consumer.stream(first.sid);
    await host.streams(at)("again").update({ status: "stopped" });
    const second = await host.streams(at).create({ url: consumer.url, name: "again" });
    assert.notEqual(second.sid, first.sid);
    assert.equal((await host.streams(at)("again").update({ status: "stopped" })).sid, second.sid);
});

test("a stop while it still connects gives the dial up, with one callback at most", async ({ host, call }) => {
    const at = call();
    const status = await callbacks();
    const consumer = await rude({ answer: () => null });
    const made = await host.streams(at).create({ url: consumer.url, statusCallback: status.url });

    await until(() => consumer.requests.length, "the upgrade request");
    const stopped = await host.streams(at)(made.sid).update({ status: "stopped" });
    assert.equal(stopped.status, "stopped");
    await consumer.gone();
    await status.over(made.sid);
    assert.equal(status.of(made.sid).length, 1);
    assert.notEqual(status.events(made.sid)[0], "stream-started");
});

test("one client makes many requests over its kept connections", async ({ host, call }) => {
    const at = call();
    const consumer = await new WsConsumer().open();
    const streams = host.streams(at);

    for (let i = 0; i < 12; i++) {
        const made = await streams.create({ url: consumer.url, name: `number ${i}` });
        assert.equal((await streams(made.sid).update({ status: "stopped" })).status, "stopped");
    }
});
