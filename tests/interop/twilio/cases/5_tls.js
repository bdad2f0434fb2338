"use strict";
// wss with a private authority (issue's edge, spec/twilio-streams 2.1): what may be trusted is, and
// nothing else.
const twilio = require("twilio");
const { assert, keep, test, until } = require("../lib/suite");
const { TOKEN } = require("../lib/host");
const { WsConsumer } = require("../lib/consumer");
const { callbacks } = require("../lib/callbacks");
const { talker } = require("../lib/talker");

for (const [host_name, not_wine] of [["localhost", null],
    ["127.0.0.1", "libcurl's Schannel with a private authority knows names, not addresses"]]) {
    test(`wss to ${host_name} with the private authority's certificate carries media`, { not_wine }, async ({ host, call, certificates }) => {
        const at = call();
        const consumer = await new WsConsumer({ tls: certificates.good, host: host_name }).open();
        const made = await host.streams(at).create({ url: consumer.url });
        const stream = await consumer.stream(made.sid);

        assert.ok(stream.socket._socket.encrypted);
        assert.equal(stream.headers.host, `${host_name}:${consumer.port}`);
        assert.ok(twilio.validateRequest(TOKEN, stream.headers["x-twilio-signature"], consumer.url, {}));
        (await talker(at)).talk();
        await stream.frames(25);
        await host.streams(at)(made.sid).update({ status: "stopped" });
        assert.equal((await stream.ended()).code, 1000);
        assert.equal(stream.judge.tracks.inbound.jumps, 0);
    });
}

for (const [what, certificate] of [
    ["for another host", "wrong_host"], ["that has expired", "expired"], ["that is not valid yet", "not_yet"],
    ["of a stranger's authority", "stranger"], ["signed by itself", "self_signed"],
]) {
    test(`wss with a certificate ${what}: 31910 and one stream-error, no upgrade`, async ({ host, call, certificates }) => {
        const at = call();
        const consumer = await new WsConsumer({ tls: certificates[certificate], host: "localhost" }).open();
        const status = await callbacks();
        const made = await host.streams(at).create({ url: consumer.url, statusCallback: status.url });

        assert.deepEqual(await status.over(made.sid), ["stream-error"]);
        assert.match(status.of(made.sid)[0].StreamError, /\b31910\b/);
        assert.equal(consumer.streams.length, 0);
        await until(() => consumer.sockets.size === 0, "our side has let go");
    });
}

test("wss to a server that speaks no TLS: 31910", async ({ host, call }) => {
    const at = call();
    const consumer = await new WsConsumer({ host: "localhost" }).open();
    const status = await callbacks();
    const made = await host.streams(at).create({ url: consumer.url.replace("ws:", "wss:"), statusCallback: status.url });

    assert.deepEqual(await status.over(made.sid), ["stream-error"]);
    assert.match(status.of(made.sid)[0].StreamError, /\b31910\b/);
    assert.equal(consumer.streams.length, 0);
});

test("a program told of no private authority does not trust it", { ms: 90000 }, async ({ certificates, new_host }) => {
    const host = keep(await new_host().open());
    const at = host.calls[0];
    const consumer = await new WsConsumer({ tls: certificates.good, host: "localhost" }).open();
    const status = await callbacks();
    let error;

    // The first handshake of a process under Wine opens the store of authorities, which a machine with
    // other work to do may not finish in the five seconds that there are.
    for (let tries = 0; tries < 4 && !/\b31910\b/.test(error); tries++) {
        const made = await host.streams(at).create({ url: consumer.url, statusCallback: status.url });

        assert.deepEqual(await status.over(made.sid), ["stream-error"]);
        error = status.of(made.sid)[0].StreamError;
        if (!/\b31910\b/.test(error)) assert.match(error, /\b31901\b/);
    }
    assert.match(error, /\b31910\b/);
    assert.equal(consumer.streams.length, 0);
});
