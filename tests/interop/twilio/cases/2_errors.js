"use strict";
// What is refused, and how the official client sees it (spec/twilio-streams 1.6, 1.7).
const { assert, test } = require("../lib/suite");
const { ACCOUNT, TOKEN } = require("../lib/host");
const { WsConsumer } = require("../lib/consumer");
const { run } = require("../lib/talker");

const NOBODY = "CAffffffffffffffffffffffffffffffff";

// The exception of the official client.
async function refused(promise, status, code) {
    let error = null;

    try {
        await promise;
    } catch (caught) {
        error = caught;
    }
    assert.ok(error, "it was refused");
    assert.equal(error.constructor.name, "RestException", String(error));
    assert.equal(error.status, status);
    assert.equal(error.code, code);
    assert.equal(typeof error.message, "string");
    assert.ok(error.message.length > 0);
    assert.equal(error.moreInfo, `https://www.twilio.com/docs/errors/${code}`);
    return error;
}

function four_members(answer, status, code) {
    assert.equal(answer.status, status, answer.text);
    assert.deepEqual(new Set(Object.keys(answer.json)), new Set(["code", "message", "more_info", "status"]));
    assert.equal(answer.json.status, status);
    assert.equal(answer.json.code, code);
    assert.equal(answer.headers.get("access-control-allow-origin"), "*");
}

test("a wrong token is a RestException 401 / 20003", async ({ host, call }) => {
    await refused(host.streams(call(), host.client(ACCOUNT, "wrong")).create({ url: "ws://127.0.0.1:1/" }), 401, 20003);
});

test("a wrong API key is a RestException 401 / 20003", async ({ host, call }) => {
    const client = host.client("SKffffffffffffffffffffffffffffffff", "wrong");

    await refused(host.streams(call(), client).create({ url: "ws://127.0.0.1:1/" }), 401, 20003);
});

test("no credentials: 401, the challenge, four members, CORS", async ({ host, call }) => {
    const answer = await host.raw("POST", host.path(call()), { form: { Url: "ws://127.0.0.1:1/" }, user: null });

    four_members(answer, 401, 20003);
    assert.match(answer.headers.get("www-authenticate"), /^Basic realm="/);
});

test("an unknown call, an unknown stream and another's account are one and the same 404", async ({ host, call }) => {
    const at = call();
    const streams = host.streams(at);

    await refused(host.streams({ sid: NOBODY }).create({ url: "ws://127.0.0.1:1/" }), 404, 20404);
    await refused(streams("MZffffffffffffffffffffffffffffffff").update({ status: "stopped" }), 404, 20404);
    await refused(streams("nobody").update({ status: "stopped" }), 404, 20404);
    for (const path of [host.path(at).replace(ACCOUNT, "ACffffffffffffffffffffffffffffffff"),
        host.path({ sid: at.sid.replace("CA", "CB") }), host.path({ sid: at.sid.slice(0, -1) }), "/2010-04-01/else.json"]) {
        const answer = await host.raw("POST", path, { form: { Url: "ws://127.0.0.1:1/" } });

        four_members(answer, 404, 20404);
        assert.equal(answer.json.message, `The requested resource ${path} was not found`);
    }
});

for (const [what, options, code] of [
    ["an http Url", { url: "http://127.0.0.1/" }, 31922],
    ["a ws Url to another machine", { url: "ws://192.0.2.1/" }, 31922],
    ["a Url without host", { url: "wss://" }, 31923],
    ["a relative Url", { url: "/stream" }, 31923],
    ["an absurd port", { url: "ws://127.0.0.1:99999/" }, 31923],
    ["an unknown track", { url: "ws://127.0.0.1:1/", track: "all_tracks" }, 31941],
    ["a track in capitals", { url: "ws://127.0.0.1:1/", track: "INBOUND_TRACK" }, 31941],
    ["a relative StatusCallback", { url: "ws://127.0.0.1:1/", statusCallback: "/status" }, 21609],
    ["a StatusCallback that is no web address", { url: "ws://127.0.0.1:1/", statusCallback: "ftp://127.0.0.1/" }, 21609],
    ["StatusCallbackMethod PUT",
        { url: "ws://127.0.0.1:1/", statusCallback: "http://127.0.0.1:1/", statusCallbackMethod: "PUT" }, 20001],
    ["a name of 256 bytes", { url: "ws://127.0.0.1:1/", name: "n".repeat(256) }, 20001],
]) {
    test(`${what} is a RestException 400 / ${code}`, async ({ host }) => {
        await refused(host.streams(host.calls[0]).create(options), 400, code);
    });
}

test("a create without Url and a change without a good Status are 400 / 20001", async ({ host, call }) => {
    const at = call();
    const consumer = await new WsConsumer().open();
    const made = await host.streams(at).create({ url: consumer.url });

    four_members(await host.raw("POST", host.path(at), { form: {} }), 400, 20001);
    for (const form of [{}, { Status: "STOPPED" }, { Status: "completed" }, { Status: "" }]) {
        four_members(await host.raw("POST", host.path(at, made.sid), { form }), 400, 20001);
    }
    assert.equal((await consumer.stream(made.sid)).judge.state, "started");
});

test("a name in use is refused, and the running stream keeps it", async ({ host, call }) => {
    const at = call();
    const consumer = await new WsConsumer().open();
    const made = await host.streams(at).create({ url: consumer.url, name: "taken" });

    await refused(host.streams(at).create({ url: consumer.url, name: "taken" }), 400, 20001);
    assert.equal((await host.streams(at)("taken").update({ status: "stopped" })).sid, made.sid);
});

test("a fifth track is refused, both tracks count two, a stopped one makes room", async ({ host, call }) => {
    const at = call();
    const consumer = await new WsConsumer().open();
    const both = await host.streams(at).create({ url: consumer.url, track: "both_tracks" });
    const third = await host.streams(at).create({ url: consumer.url, track: "outbound_track" });

    await refused(host.streams(at).create({ url: consumer.url, track: "both_tracks" }), 400, 20001);
    await host.streams(at).create({ url: consumer.url });
    await refused(host.streams(at).create({ url: consumer.url }), 400, 20001);
    await host.streams(at)(third.sid).update({ status: "stopped" });
    await host.streams(at).create({ url: consumer.url });
    await refused(host.streams(at).create({ url: consumer.url }), 400, 20001);
    assert.deepEqual((await consumer.stream(both.sid)).judge.start.tracks, ["inbound", "outbound"]);
});

test("other methods are 405 / 20004 and told which there are", async ({ host, call }) => {
    const path = host.path(call());

    for (const method of ["PUT", "DELETE", "PATCH"]) {
        const answer = await host.raw(method, path);

        four_members(answer, 405, 20004);
        assert.match(answer.headers.get("allow"), /POST/);
        assert.match(answer.headers.get("allow"), /OPTIONS/);
    }
});

test("broken encodings, a foreign media type and a body of 1 MB are 4xx with four members", async ({ host, call }) => {
    const path = host.path(call());
    const headers = { "content-type": "application/json" };

    four_members(await host.raw("POST", path, { form: "Url=%zz" }), 400, 20001);
    four_members(await host.raw("POST", path, { form: "Url=%ff%fe" }), 400, 20001);
    const json = await host.raw("POST", path, { form: '{"Url":"ws://127.0.0.1:1/"}', headers });
    assert.ok(json.status >= 400 && json.status < 500, json.text);
    const big = await host.raw("POST", path, { form: `Url=${"a".repeat(1 << 20)}` });
    assert.equal(big.status, 413);
    assert.equal(big.json.status, 413);
});

test("CORS headers are on answers good and bad, and a preflight needs no credentials", async ({ host, call }) => {
    const at = call();
    const consumer = await new WsConsumer().open();
    const good = await host.raw("POST", host.path(at), { form: { Url: consumer.url }, headers: { origin: "https://a.example" } });
    const bad = await host.raw("POST", host.path({ sid: NOBODY }), { form: { Url: consumer.url }, headers: { origin: "https://a.example" } });
    const preflight = await host.raw("OPTIONS", host.path(at), { user: null, headers: {
        origin: "https://a.example", "access-control-request-method": "POST",
        "access-control-request-headers": "authorization,content-type" } });

    assert.equal(good.status, 200);
    assert.equal(bad.status, 404);
    assert.equal(preflight.status, 204);
    assert.equal(preflight.text, "");
    assert.match(preflight.headers.get("access-control-max-age"), /^\d+$/);
    for (const { headers } of [good, bad, preflight]) {
        assert.equal(headers.get("access-control-allow-origin"), "*");
        assert.notEqual(headers.get("access-control-allow-credentials"), "true", "not together with *");
        assert.match(headers.get("access-control-allow-methods"), /POST/);
        assert.match(headers.get("access-control-allow-methods"), /OPTIONS/);
        assert.match(headers.get("access-control-allow-headers"), /Content-Type/i);
        assert.match(headers.get("access-control-allow-headers"), /Authorization/i);
        assert.ok(headers.get("access-control-expose-headers"));
    }
});

test("curl creates, stops and asks beforehand", async ({ host, call }) => {
    const at = call();
    const consumer = await new WsConsumer().open();
    const curl = (...args) => run("curl", ["-sS", "--max-time", "20", ...args]);
    const made = JSON.parse(await curl("-u", `${ACCOUNT}:${TOKEN}`, "--data-urlencode", `Url=${consumer.url}`,
        "--data-urlencode", "Name=from curl", host.url + host.path(at)));

    assert.equal(made.name, "from curl");
    const stream = await consumer.stream(made.sid);
    const stopped = JSON.parse(await curl("-u", `${ACCOUNT}:${TOKEN}`, "-d", "Status=stopped",
        host.url + host.path(at, "from%20curl")));
    assert.equal(stopped.status, "stopped");
    assert.equal((await stream.ended()).code, 1000);
    const answer = (await curl("-i", "-X", "OPTIONS", "-H", "Origin: https://a.example", host.url + host.path(at))).toString();
    assert.match(answer, /^HTTP\/1\.1 204 /);
    assert.match(answer, /^Access-Control-Allow-Methods: .*POST/im);
});

test("the XML form of the resource and of an error", async ({ host, call }) => {
    const at = call();
    const consumer = await new WsConsumer().open();
    const made = await host.raw("POST", host.path(at).replace(/json$/, "xml"), { form: { Url: consumer.url } });
    const bad = await host.raw("POST", host.path(at).replace(/json$/, "xml"), { form: {} });

    assert.equal(made.status, 200);
    assert.match(made.headers.get("content-type"), /xml/);
    assert.match(made.text, /<TwilioResponse><Stream>.*<Sid>MZ[0-9a-f]{32}<\/Sid>/s);
    assert.equal(bad.status, 400);
    assert.match(bad.text, /<TwilioResponse><RestException>.*<Code>20001<\/Code>/s);
});
