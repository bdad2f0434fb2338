/* WebSocket terminals on substreams, and what media streams hear of several sources, in simulated
 * time. */
#include "support/hall.h"
#include "support/sim_consumer.h"

#include "wire/base64.h"

struct forum {
    struct hall *hall;
    struct sim_consumer consumer;
};

static void forum_open(struct forum *forum)
{
    memset(forum, 0, sizeof(*forum));
    forum->hall = hall_open();
    sim_consumer_open(&forum->consumer, forum->hall->rig.sim, 9000);
}

static void forum_close(struct forum *forum)
{
    hall_close(forum->hall);
    sim_consumer_free(&forum->consumer);
}

static struct omsp_terminal *make_socket(struct forum *forum)
{
    struct omsp_terminal *socket;

    ck_assert_int_eq(omsp_websocket_create(forum->hall->rig.address, &socket), OMSP_OK);
    ck_assert_int_eq(omsp_websocket_set(socket, OMSP_WEBSOCKET_URL, "ws://127.0.0.1:9000/listen"),
                     OMSP_OK);
    return socket;
}

static void codes_of(const struct sim_connection *connection, unsigned number, uint8_t *codes)
{
    const char *message = sim_connection_nth(connection, OMSP_TRACK_INBOUND, number);
    const char *payload = message ? strstr(message, "\"payload\":\"") : NULL;
    size_t len;

    ck_assert_ptr_nonnull(payload);
    ck_assert_int_eq(omsp_base64_decode(payload + 11, 216, codes, FRAME, &len), OMSP_OK);
    ck_assert_uint_eq(len, FRAME);
}

/* From frame `first` of the source on. */
static void expect_codes(const struct sim_connection *connection, unsigned number, unsigned source,
                         unsigned first, unsigned frames)
{
    uint8_t codes[FRAME];

    for (unsigned n = 0; n < frames; n++) {
        codes_of(connection, number + n, codes);
        for (unsigned i = 0; i < FRAME; i++)
            ck_assert_uint_eq(codes[i], code_of(source, (first + n) * FRAME + i));
    }
}

START_TEST(on_a_substream_it_hears_that_source_alone)
{
    struct forum forum;
    struct hall *hall;
    struct omsp_stream *sub, *other;
    struct omsp_terminal *socket, *own, *second;
    const struct sim_connection *connection;

    forum_open(&forum);
    hall = forum.hall;
    sub = substream(hall);
    other = substream(hall);
    socket = make_socket(&forum);
    own = ear(hall, hall->stream);
    ck_assert_int_eq(omsp_stream_select(sub, socket), OMSP_OK);
    ck_assert_int_eq(omsp_stream_get_actual(sub), OMSP_RUNNING);
    ck_assert_int_eq(omsp_stream_select(hall->stream, socket), OMSP_TERMINAL_IN_USE);
    ck_assert_int_eq(omsp_stream_select(other, socket), OMSP_TERMINAL_IN_USE);
    rig_run(&hall->rig, 300);
    second = ear(hall, sub); /* beside it another terminal */
    talk(hall, 3, 10);
    ck_assert_uint_eq(forum.consumer.count, 1);
    connection = forum.consumer.connections[0];
    ck_assert_uint_eq(sim_connection_media(connection, OMSP_TRACK_INBOUND), 10);
    expect_codes(connection, 0, 0, 0, 10);
    expect(second, 0, 0, 10);
    expect(own, 1, 0, 10);
    /* A pause keeps the connection, a stop ends it. */
    ck_assert_int_eq(omsp_stream_pause(sub, OMSP_CAUSE_LOCAL_REQUEST), OMSP_OK);
    talk(hall, 3, 5);
    ck_assert_uint_eq(sim_connection_media(connection, OMSP_TRACK_INBOUND), 10);
    ck_assert_int_eq(omsp_stream_start(sub, OMSP_CAUSE_LOCAL_REQUEST), OMSP_OK);
    talk(hall, 3, 5);
    ck_assert_uint_eq(sim_connection_media(connection, OMSP_TRACK_INBOUND), 15);
    expect_codes(connection, 10, 0, 15, 5);
    ck_assert(!connection->closed);
    ck_assert_int_eq(omsp_stream_stop(sub, OMSP_CAUSE_LOCAL_REQUEST), OMSP_OK);
    talk(hall, 3, 10);
    ck_assert(connection->closed);
    sim_connection_judge(connection, OMSP_TRACK_INBOUND, true);
    ck_assert_int_eq(omsp_stream_start(sub, OMSP_CAUSE_LOCAL_REQUEST), OMSP_OK);
    rig_run(&hall->rig, 300);
    ck_assert_uint_eq(forum.consumer.count, 2);
    omsp_terminal_release(second);
    omsp_terminal_release(own);
    omsp_terminal_release(socket);
    omsp_stream_release(other);
    omsp_stream_release(sub);
    forum_close(&forum);
}
END_TEST

START_TEST(the_stream_s_stop_ends_it_and_removal_takes_it_away)
{
    struct forum forum;
    struct hall *hall;
    struct omsp_stream *sub;
    struct omsp_terminal *socket;

    forum_open(&forum);
    hall = forum.hall;
    sub = substream(hall);
    socket = make_socket(&forum);
    ck_assert_int_eq(omsp_stream_select(sub, socket), OMSP_OK);
    rig_run(&hall->rig, 300);
    talk(hall, 1, 5);
    ck_assert_int_eq(omsp_stream_pause(hall->stream, OMSP_CAUSE_LOCAL_REQUEST), OMSP_OK);
    talk(hall, 1, 5);
    ck_assert_ptr_nonnull(forum.consumer.connections[0]);
    ck_assert(!forum.consumer.connections[0]->closed);
    ck_assert_int_eq(omsp_stream_stop(hall->stream, OMSP_CAUSE_LOCAL_REQUEST), OMSP_OK);
    rig_run(&hall->rig, 300);
    ck_assert(forum.consumer.connections[0]->closed);
    ck_assert_int_eq(omsp_stream_start(hall->stream, OMSP_CAUSE_LOCAL_REQUEST), OMSP_OK);
    rig_run(&hall->rig, 300);
    ck_assert_uint_eq(forum.consumer.count, 2);
    talk(hall, 1, 5);
    ck_assert_uint_eq(sim_connection_media(forum.consumer.connections[1], OMSP_TRACK_INBOUND), 5);
    ck_assert_int_eq(omsp_stream_remove_substream(hall->stream, sub), OMSP_OK);
    talk(hall, 1, 15);
    ck_assert(forum.consumer.connections[1]->closed);
    ck_assert_uint_eq(sim_connection_media(forum.consumer.connections[1], OMSP_TRACK_INBOUND), 5);
    /* And goes on the stream from there. */
    ck_assert_int_eq(omsp_stream_select(hall->stream, socket), OMSP_OK);
    rig_run(&hall->rig, 300);
    talk(hall, 1, 5);
    ck_assert_uint_eq(sim_connection_media(forum.consumer.connections[2], OMSP_TRACK_INBOUND), 5);
    ck_assert_int_eq(omsp_call_shutdown(hall->call), OMSP_OK);
    omsp_terminal_release(socket);
    omsp_stream_release(sub);
    forum_close(&forum);
}
END_TEST

START_TEST(its_failure_is_told_as_the_stream_s)
{
    struct forum forum;
    struct hall *hall;
    struct omsp_stream *sub;
    struct omsp_terminal *socket;
    struct omsp_event event;

    forum_open(&forum);
    hall = forum.hall;
    sub = substream(hall);
    socket = make_socket(&forum);
    forum.consumer.refuse = true;
    ck_assert_int_eq(omsp_stream_select(sub, socket), OMSP_OK);
    rig_run(&hall->rig, 1000);
    event = rig_event(&hall->rig);
    ck_assert_int_eq(event.kind, OMSP_EVENT_CALL);
    ck_assert_int_eq(event.type, OMSP_TERMINAL_FAIL);
    ck_assert_int_eq(event.cause, OMSP_CAUSE_CONNECT_FAIL);
    ck_assert_uint_eq(event.stream, omsp_stream_id(hall->stream));
    ck_assert_uint_eq(event.terminal, omsp_terminal_id(socket));
    rig_expect_nothing(&hall->rig);
    omsp_terminal_release(socket);
    omsp_stream_release(sub);
    forum_close(&forum);
}
END_TEST

START_TEST(on_the_stream_it_hears_the_mix_of_all_sources)
{
    struct forum forum;
    struct hall *hall;
    struct omsp_terminal *socket;
    uint8_t codes[FRAME];
    unsigned count;

    forum_open(&forum);
    hall = forum.hall;
    socket = make_socket(&forum);
    ck_assert_int_eq(omsp_stream_select(hall->stream, socket), OMSP_OK);
    rig_run(&hall->rig, 300);
    talk(hall, 1, 5);
    expect_codes(forum.consumer.connections[0], 0, 0, 0, 5);
    talk(hall, 3, 20);
    count = sim_connection_media(forum.consumer.connections[0], OMSP_TRACK_INBOUND);
    ck_assert_uint_ge(count, 24);
    ck_assert_uint_le(count, 26);
    /* The first is one frame behind: that much came before it showed that it goes on. */
    codes_of(forum.consumer.connections[0], count - 1, codes);
    for (unsigned i = 0; i < FRAME; i++) {
        int sum = omsp_ulaw_to_linear(code_of(0, 23 * FRAME + i)) +
                  omsp_ulaw_to_linear(code_of(1, 19 * FRAME + i));
        int16_t pcm = (int16_t)(sum > 32767 ? 32767 : sum < -32768 ? -32768 : sum);
        uint8_t code;

        omsp_ulaw_encode(&code, &pcm, 1);
        ck_assert_int_eq(omsp_ulaw_to_linear(codes[i]), omsp_ulaw_to_linear(code));
    }
    omsp_terminal_release(socket);
    forum_close(&forum);
}
END_TEST

OMSP_SUITE("substream_websocket", TEST(on_a_substream_it_hears_that_source_alone),
           TEST(the_stream_s_stop_ends_it_and_removal_takes_it_away),
           TEST(its_failure_is_told_as_the_stream_s),
           TEST(on_the_stream_it_hears_the_mix_of_all_sources))
