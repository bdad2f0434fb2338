/* A WebSocket terminal, its consumer and a call with a far end that speaks, in simulated time. */
#ifndef OMSP_TESTS_SUPPORT_LISTENER_H
#define OMSP_TESTS_SUPPORT_LISTENER_H

#include "support/call_rig.h"
#include "support/sim_consumer.h"
#include "support/suite.h"

#include <string.h>

#define URL  "ws://127.0.0.1:9000/listen"
#define BOTH (OMSP_TRACK_INBOUND | OMSP_TRACK_OUTBOUND)

struct fixture {
    struct rig rig;
    struct sim_consumer consumer;
    struct omsp_call *a, *b;              /* b is where the terminals are */
    struct omsp_stream *render, *capture; /* of b */
    struct omsp_stream *far;              /* a's capture stream, which speaks */
    struct omsp_terminal *player, *track; /* on it */
    struct omsp_terminal *socket;
};

static inline struct omsp_terminal *make_socket(struct fixture *f)
{
    struct omsp_terminal *socket;

    ck_assert_int_eq(omsp_websocket_create(f->rig.address, &socket), OMSP_OK);
    ck_assert_int_eq(omsp_websocket_set(socket, OMSP_WEBSOCKET_URL, URL), OMSP_OK);
    return socket;
}

static inline void drain(struct fixture *f)
{
    while ((int)rig_event(&f->rig).kind != -1)
        ;
}

static inline void open_fixture(struct fixture *f)
{
    memset(f, 0, sizeof(*f));
    rig_open(&f->rig, 11);
    sim_consumer_open(&f->consumer, f->rig.sim, 9000);
    rig_put_tone(&f->rig, "in.wav", 60 * 8000, NULL);
    f->a = rig_call(&f->rig);
    f->b = rig_call(&f->rig);
    f->render = rig_stream(f->b, OMSP_RENDER);
    f->capture = rig_stream(f->b, OMSP_CAPTURE);
    f->far = rig_stream(f->a, OMSP_CAPTURE);
    f->player = rig_player(&f->rig, "in.wav", &f->track);
    ck_assert_int_eq(omsp_stream_select(f->far, f->track), OMSP_OK);
    f->socket = make_socket(f);
    drain(f);
}

static inline void connect_fixture(struct fixture *f)
{
    rig_connect(f->a, f->b);
    drain(f);
}

static inline void close_fixture(struct fixture *f)
{
    omsp_terminal_release(f->socket);
    omsp_terminal_release(f->track);
    omsp_terminal_release(f->player);
    omsp_stream_release(f->far);
    omsp_stream_release(f->render);
    omsp_stream_release(f->capture);
    omsp_call_release(f->a);
    omsp_call_release(f->b);
    rig_close(&f->rig);
    sim_consumer_free(&f->consumer);
}

static inline void expect_terminal(struct fixture *f, struct omsp_stream *stream,
                                   enum omsp_call_event type, enum omsp_cause cause,
                                   enum omsp_status error, struct omsp_terminal *terminal)
{
    struct omsp_event event = rig_event(&f->rig);

    ck_assert_int_eq(event.kind, OMSP_EVENT_CALL);
    ck_assert_int_eq(event.type, type);
    ck_assert_int_eq(event.cause, cause);
    ck_assert_int_eq(event.error, error);
    ck_assert_uint_eq(event.stream, omsp_stream_id(stream));
    ck_assert_uint_eq(event.terminal, omsp_terminal_id(terminal));
}

static inline void expect_state(struct fixture *f, struct omsp_stream *stream,
                                enum omsp_call_event type, enum omsp_cause cause)
{
    expect_terminal(f, stream, type, cause, OMSP_OK, f->socket);
}

static inline void select_on(struct fixture *f, struct omsp_stream *stream)
{
    ck_assert_int_eq(omsp_stream_select(stream, f->socket), OMSP_OK);
}

static inline struct sim_connection *nth(struct fixture *f, unsigned number)
{
    ck_assert_uint_lt(number, f->consumer.count);
    return f->consumer.connections[number];
}

static inline enum omsp_fork_state state_of(struct fixture *f, struct omsp_fork_info *info)
{
    uint32_t call;
    struct omsp_stream *stream = omsp_websocket_stream(f->socket, &call);

    ck_assert_ptr_nonnull(stream);
    ck_assert_uint_eq(call, omsp_call_id(f->b));
    ck_assert_int_eq(omsp_stream_fork_info(stream, info), OMSP_OK);
    omsp_stream_release(stream);
    return info->state;
}

static inline void expect_failure(struct fixture *f, struct omsp_stream *stream,
                                  enum omsp_status error)
{
    expect_terminal(f, stream, OMSP_TERMINAL_FAIL, OMSP_CAUSE_CONNECT_FAIL, error, f->socket);
    expect_terminal(f, stream, OMSP_STREAM_FAIL, OMSP_CAUSE_CONNECT_FAIL, error, f->socket);
}

#endif
