/* What is done to the audience. Not a test by itself. */
#include "support/audience_state.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PORT         9000
#define FIRST_PORT   20000
#define BEGINNING    6 /* steps in which there come to be some at all */
#define CONNECT_MS   60
#define CLOSING_MS   3000 /* longer than a consumer is given to answer a close */
#define UNDER_WAY_MS 5    /* for what was sent, and for a dial that is answered at once */

static uint32_t below(struct audience *audience, uint32_t bound)
{
    audience->random ^= audience->random << 13;
    audience->random ^= audience->random >> 7;
    audience->random ^= audience->random << 17;
    return (uint32_t)(audience->random >> 33) % bound;
}

static void tell(const struct audience *audience, const char *format, ...) OMSP_FORMAT(2, 3);

static void tell(const struct audience *audience, const char *format, ...)
{
    va_list args;

    if (!audience->told)
        return;
    fprintf(stderr, "%3u %8.3f ", audience->step, (double)omsp_sim_now(audience->rig.sim) / 1e6);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
}

static int number_of(const struct audience *audience, const struct ear *ear)
{
    return (int)(ear - audience->ears);
}

/* ---- calls ------------------------------------------------------------------------------------
 */

static void agree(struct audience *audience, struct stage *stage, const char *direction)
{
    char sdp[512];

    snprintf(sdp, sizeof(sdp),
             "v=0\r\no=- 1 %u IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
             "m=audio %u RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\na=%s\r\n",
             audience->step + 1, stage->far.port, direction);
    ck_assert_int_eq(omsp_call_set_remote_sdp(stage->call, sdp, strlen(sdp)), OMSP_OK);
    stage->connected = true;
    audience_wires_connected(audience, stage);
}

static void open_call(struct audience *audience, struct stage *stage)
{
    unsigned n = audience->call_count++;

    ck_assert_uint_lt(n, AUDIENCE_SIDS);
    memset(stage->posts, 0, sizeof(stage->posts));
    stage->call = rig_call(&audience->rig);
    stage->said = 0;
    stage->connected = false;
    stage->sources = 1 + below(audience, 2);
    memcpy(audience->calls[n].sid, omsp_call_sid(stage->call), AUDIENCE_CHARS);
    audience->calls[n].stage = stage;
    audience->calls[n].id = omsp_call_id(stage->call);
    ck_assert_int_eq(omsp_addr_parse("127.0.0.1:0", &stage->local), OMSP_OK);
    stage->far = stage->local;
    stage->local.port = audience->port;
    stage->far.port = (uint16_t)(audience->port + 2);
    audience->port += 4;
    ck_assert_int_eq(omsp_call_bind(stage->call, &stage->local), OMSP_OK);
    ck_assert_int_eq(omsp_call_set_reconnects(stage->call, audience->reconnects), OMSP_OK);
    stage->posts[POST_CAPTURE].stream = rig_stream(stage->call, OMSP_CAPTURE);
    stage->posts[POST_RENDER].stream = rig_stream(stage->call, OMSP_RENDER);
}

/* Not any more on the stream, or not for the connection. */
static void vacate(struct audience *audience, struct post *post, bool taken_off)
{
    for (unsigned i = 0; i < AUDIENCE_SOCKETS; i++) {
        struct ear *ear = &audience->ears[i];

        for (unsigned k = 0; k < SEATS; k++) {
            if (ear->seats[k].on != post)
                continue;
            ear->seats[k].started = ear->seats[k].ended = false;
            if (taken_off)
                ear->seats[k].on = NULL;
        }
        if (!ear->seats[0].on && !ear->seats[1].on)
            ear->stage = NULL;
    }
}

static void vacate_all(struct audience *audience, struct stage *stage, bool taken_off)
{
    for (unsigned k = 0; k < POSTS; k++)
        vacate(audience, &stage->posts[k], taken_off);
}

static void clear_post(struct post *post)
{
    omsp_terminal_release(post->other);
    omsp_terminal_release(post->parent);
    omsp_stream_release(post->stream);
    memset(post, 0, sizeof(*post));
}

static void close_call(struct audience *audience, struct stage *stage)
{
    tell(audience, "call %u ends", stage->index);
    ck_assert_int_eq(omsp_call_shutdown(stage->call), OMSP_OK);
    vacate_all(audience, stage, true);
    audience_wires_disconnected(audience, stage);
    for (unsigned k = 0; k < POSTS; k++)
        stage->posts[k].other_on = false;
    audience_note(audience);
    audience_wires_over(audience, stage);
    for (unsigned i = 0; i < audience->call_count; i++)
        if (audience->calls[i].id == omsp_call_id(stage->call))
            audience->calls[i].gone = true;
    for (unsigned k = 0; k < POSTS; k++)
        clear_post(&stage->posts[k]);
    omsp_call_release(stage->call);
    stage->call = NULL;
}

static void move_call(struct audience *audience, struct stage *stage)
{
    static const char *const directions[] = {"sendrecv", "sendonly", "recvonly", "inactive"};
    const char *direction = directions[below(audience, 3) ? 0 : below(audience, 4)];

    if (below(audience, 6) == 0) {
        close_call(audience, stage);
        open_call(audience, stage);
    } else if (below(audience, 4) == 0 && stage->connected) {
        tell(audience, "call %u is disconnected", stage->index);
        ck_assert_int_eq(omsp_call_disconnect(stage->call, OMSP_CAUSE_REMOTE_REQUEST), OMSP_OK);
        stage->connected = false;
        vacate_all(audience, stage, false);
        audience_wires_disconnected(audience, stage);
    } else {
        tell(audience, "call %u: %s", stage->index, direction);
        agree(audience, stage, direction);
    }
}

/* ---- streams ----------------------------------------------------------------------------------
 */

/* A substream has what its stream has. */
static void stop(struct audience *audience, struct stage *stage, struct post *post)
{
    vacate(audience, post, false);
    for (unsigned k = POST_FIRST; k < POSTS && post == &stage->posts[POST_RENDER]; k++)
        vacate(audience, &stage->posts[k], false);
}

static struct post *any_post_of(struct audience *audience, struct stage *stage)
{
    struct post *post = &stage->posts[below(audience, POSTS)];

    return post->stream ? post : &stage->posts[below(audience, 2)];
}

static struct post *any_post(struct audience *audience, struct stage **stage)
{
    *stage = &audience->stages[below(audience, AUDIENCE_CALLS)];
    return any_post_of(audience, *stage);
}

static void move_stream(struct audience *audience)
{
    struct stage *stage;
    struct post *post = any_post(audience, &stage);
    enum omsp_cause cause =
        below(audience, 2) ? OMSP_CAUSE_LOCAL_REQUEST : OMSP_CAUSE_REMOTE_REQUEST;
    unsigned what = below(audience, 5);
    int place = (int)(post - stage->posts);

    audience->counts->moved++;
    tell(audience, "stream %u.%d %s", stage->index, place,
         what == 0   ? "pauses"
         : what == 1 ? "stops"
                     : "starts");
    if (what == 0) {
        omsp_stream_pause(post->stream, cause);
    } else if (what > 1) {
        omsp_stream_start(post->stream, cause);
    } else if (!omsp_stream_stop(post->stream, cause)) {
        stop(audience, stage, post);
    }
}

static void move_substream(struct audience *audience, struct stage *stage)
{
    struct post *post = &stage->posts[POST_FIRST + below(audience, 2)];

    if (!post->stream) {
        tell(audience, "stream %u.%d is made", stage->index, (int)(post - stage->posts));
        ck_assert_int_eq(
            omsp_stream_create_substream(stage->posts[POST_RENDER].stream, &post->stream), OMSP_OK);
        return;
    }
    tell(audience, "stream %u.%d is removed", stage->index, (int)(post - stage->posts));
    ck_assert_int_eq(omsp_stream_remove_substream(stage->posts[POST_RENDER].stream, post->stream),
                     OMSP_OK);
    vacate(audience, post, true);
    post->other_on = false;
    audience_note(audience);
    clear_post(post);
}

/* ---- other terminals ---------------------------------------------------------------------------
 */

static void move_other(struct audience *audience)
{
    struct stage *stage;
    struct post *post = any_post(audience, &stage);
    unsigned what = below(audience, 8);
    enum omsp_status status = OMSP_OK;

    audience->shy = below(audience, 6) == 0;
    if (!post->other)
        audience_make_other(audience, stage, post, below(audience, 3) == 0);
    if (what == 0) {
        status = omsp_terminal_break(post->other, OMSP_NODEVICE);
    } else if (post->other_on) {
        ck_assert_int_eq(omsp_stream_unselect(post->stream, post->other), OMSP_OK);
        post->other_on = false;
    } else {
        audience->attempt = post->other;
        status = omsp_stream_select(post->stream, post->other);
        post->other_on = !status;
        post->other_works = omsp_stream_get_actual(post->stream) != OMSP_STOPPED;
    }
    tell(audience, "stream %u.%d: another terminal %s: %d", stage->index,
         (int)(post - stage->posts),
         what == 0        ? "breaks"
         : post->other_on ? "comes"
                          : "goes",
         status);
}

/* ---- WebSocket terminals -----------------------------------------------------------------------
 */

static void open_ear(struct audience *audience, struct ear *ear)
{
    memset(ear, 0, sizeof(*ear));
    ck_assert_int_eq(omsp_websocket_create(audience->rig.address, &ear->terminal), OMSP_OK);
    ck_assert_int_eq(
        omsp_websocket_set(ear->terminal, OMSP_WEBSOCKET_URL, "ws://127.0.0.1:9000/listen"),
        OMSP_OK);
}

static void select_ear(struct audience *audience)
{
    struct ear *ear = &audience->ears[below(audience, AUDIENCE_SOCKETS)];
    struct stage *stage;
    struct post *post = any_post(audience, &stage);
    struct seat *seat;
    enum omsp_status status;

    if (ear->stage && ear->stage != stage && below(audience, 4)) /* more often where it can be */
        post = any_post_of(audience, stage = ear->stage);
    seat = &ear->seats[post == &stage->posts[POST_CAPTURE] ? SEAT_OUTBOUND : SEAT_INBOUND];
    audience->attempt = ear->terminal;
    status = omsp_stream_select(post->stream, ear->terminal);
    tell(audience, "terminal %d on stream %u.%d: %d", number_of(audience, ear), stage->index,
         (int)(post - stage->posts), status);
    if (seat->on || (ear->stage && ear->stage != stage)) {
        law(audience, status, "it is elsewhere already");
    } else if (!status) {
        audience->counts->selected++;
        ear->stage = stage;
        seat->on = post;
        seat->started = omsp_stream_get_actual(post->stream) != OMSP_STOPPED;
    }
}

static void unselect_ear(struct audience *audience)
{
    struct ear *ear = &audience->ears[below(audience, AUDIENCE_SOCKETS)];
    struct seat *seat = &ear->seats[below(audience, SEATS)];

    if (!seat->on)
        return;
    tell(audience, "terminal %d off stream %u.%d", number_of(audience, ear), ear->stage->index,
         (int)(seat->on - ear->stage->posts));
    ck_assert_int_eq(omsp_stream_unselect(seat->on->stream, ear->terminal), OMSP_OK);
    memset(seat, 0, sizeof(*seat));
    if (!ear->seats[0].on && !ear->seats[1].on)
        ear->stage = NULL;
}

static unsigned crowd_of(const struct audience *audience, const struct post *post)
{
    unsigned count = post->other_on;

    for (unsigned i = 0; i < AUDIENCE_SOCKETS; i++)
        for (unsigned k = 0; k < SEATS; k++)
            count += audience->ears[i].seats[k].on == post;
    return count;
}

/* Stopped by its SID it ends for the streams that it was started on: those that have nothing else
 * stop with it. */
static void end_by_sid(struct audience *audience, struct ear *ear)
{
    for (unsigned k = 0; k < SEATS; k++) {
        struct seat *seat = &ear->seats[k];

        if (!seat->started)
            continue;
        seat->started = false;
        seat->ended = crowd_of(audience, seat->on) > 1;
        if (!seat->ended)
            stop(audience, ear->stage, seat->on);
    }
}

static void move_by_sid(struct audience *audience)
{
    struct ear *ear = &audience->ears[below(audience, AUDIENCE_SOCKETS)];
    bool former = ear->former && below(audience, 4) == 0;
    unsigned what = below(audience, 4);
    struct omsp_stream *stream;
    struct omsp_fork_info info;
    enum omsp_status status;
    uint32_t call;

    stream = omsp_websocket_stream(ear->terminal, &call);
    if (!stream)
        return;
    audience->counts->by_sid++;
    if (former) {
        omsp_stream_release(stream);
        stream = ear->former;
        omsp_stream_ref(stream);
    }
    ck_assert_int_eq(omsp_stream_fork_info(stream, &info), OMSP_OK);
    former = strcmp(info.sid, ear->sid) != 0 || info.state == OMSP_FORK_STOPPED;
    status = what == 0   ? omsp_stream_pause(stream, OMSP_CAUSE_REMOTE_REQUEST)
             : what == 1 ? omsp_stream_start(stream, OMSP_CAUSE_REMOTE_REQUEST)
                         : omsp_stream_stop(stream, OMSP_CAUSE_REMOTE_REQUEST);
    tell(audience, "terminal %d, its %sconnection %s: %d", number_of(audience, ear),
         former ? "former " : "",
         what == 0   ? "pauses"
         : what == 1 ? "starts"
                     : "stops",
         status);
    if (former) {
        law(audience, status || what > 1, "one that is over was started");
    } else {
        law(audience, !status, "answer %d", status);
        if (what > 1)
            end_by_sid(audience, ear);
        else
            ear->hushed = what == 0;
    }
    omsp_stream_release(ear->former);
    ear->former = stream;
}

static void change_ear(struct audience *audience)
{
    struct ear *ear = &audience->ears[below(audience, AUDIENCE_SOCKETS)];
    bool named = below(audience, 4) == 0;
    enum omsp_status status =
        omsp_websocket_set(ear->terminal, OMSP_WEBSOCKET_NAME, named ? "one" : NULL);

    law(audience, status == (ear->stage ? OMSP_WRONG_STATE : OMSP_OK), "answer %d", status);
    tell(audience, "terminal %d: %s", number_of(audience, ear), named ? "a name" : "no name");
    if (ear->stage || below(audience, 4))
        return;
    tell(audience, "terminal %d is another", number_of(audience, ear));
    omsp_stream_release(ear->former);
    omsp_terminal_release(ear->terminal);
    open_ear(audience, ear);
}

/* ---- the consumer ------------------------------------------------------------------------------
 */

/* All that waits comes at once, in pieces that it has room for. */
static void read_on(struct audience *audience, unsigned i)
{
    struct omsp_sim_peer *peer = audience->consumer.connections[i]->peer;

    while (peer && !audience->watched[i].cut && omsp_sim_peer_unread(peer)) {
        omsp_sim_peer_set_window(peer, 4096);
        peer = audience->consumer.connections[i]->peer;
    }
    if (peer)
        omsp_sim_peer_set_window(peer, SIZE_MAX);
    audience->watched[i].stalled = false;
}

static void move_consumer(struct audience *audience)
{
    unsigned i = audience->consumer.count, what = below(audience, 10);
    struct sim_connection *connection;
    struct watched *watched;

    audience->consumer.refuse = below(audience, 8) == 0;
    audience->consumer.dial = below(audience, 8) == 0   ? OMSP_SIM_REFUSE
                              : below(audience, 8) == 0 ? OMSP_SIM_SILENT
                                                        : OMSP_SIM_ACCEPT;
    i = i ? i - 1 - below(audience, i < 4 ? i : 4) : 0; /* one of the newest */
    if (i == audience->consumer.count)
        return;
    connection = audience->consumer.connections[i];
    watched = &audience->watched[i];
    if (!connection->peer || !connection->upgraded || connection->closed || watched->cut)
        return;
    tell(audience, "connection %u of the consumer: %u", i, what);
    if (what < 2) {
        read_on(audience, i);
        watched->cut = true;
        sim_connection_close(connection);
    } else if (what < 4) {
        watched->cut = true;
        omsp_sim_peer_break(connection->peer);
    } else if (what < 7) {
        watched->stalled = watched->muddy = watched->slow = true;
        omsp_sim_peer_set_window(connection->peer, 0);
    } else {
        read_on(audience, i);
    }
}

/* ---- life --------------------------------------------------------------------------------------
 */

static void move_wire(struct audience *audience)
{
    unsigned i = below(audience, AUDIENCE_WIRES), what = below(audience, 1024);

    tell(audience, "media stream %u: %u", i, what);
    audience_move_wire(audience, &audience->wires[i], what);
}

static void do_something(struct audience *audience)
{
    audience->counts->steps++;
    audience->step++;
    audience->attempt = NULL;
    switch (audience->step > BEGINNING ? below(audience, 28) : audience->step % 3 ? 11 : 3) {
    case 0:
        move_call(audience, &audience->stages[below(audience, AUDIENCE_CALLS)]);
        break;
    case 1:
    case 20:
    case 21:
        move_consumer(audience);
        break;
    case 2:
    case 22:
    case 23:
        move_substream(audience, &audience->stages[below(audience, AUDIENCE_CALLS)]);
        break;
    case 24:
    case 25:
    case 26:
    case 27:
        move_wire(audience);
        break;
    case 3:
    case 4:
        move_other(audience);
        break;
    case 5:
    case 6:
    case 7:
        move_by_sid(audience);
        break;
    case 8:
        change_ear(audience);
        break;
    case 9:
    case 10:
        unselect_ear(audience);
        break;
    case 11:
    case 12:
    case 13:
    case 14:
        select_ear(audience);
        break;
    default:
        move_stream(audience);
        break;
    }
    audience_note(audience);
    audience->attempt = NULL;
}

static void close_audience(struct audience *audience)
{
    audience->step++;
    for (unsigned i = 0; i < AUDIENCE_CALLS; i++)
        close_call(audience, &audience->stages[i]);
    for (unsigned i = 0; i < audience->consumer.count; i++)
        if (audience->watched[i].stalled)
            read_on(audience, i);
    audience_run(audience, UNDER_WAY_MS, false);
    audience_look(audience);
    rig_run(&audience->rig, CLOSING_MS);
    audience_run(audience, 0, false);
    for (unsigned i = 0; i < audience->consumer.count; i++) {
        law(audience, audience->consumer.connections[i]->gone, "connection %u is there", i);
        law(audience,
            audience->watched[i].stopped || audience->watched[i].cut || audience->watched[i].slow ||
                !audience->watched[i].started,
            "connection %u has no stop", i);
    }
    for (unsigned i = 0; i < AUDIENCE_SOCKETS; i++) {
        omsp_stream_release(audience->ears[i].former);
        omsp_terminal_release(audience->ears[i].terminal);
    }
    rig_close(&audience->rig);
    sim_consumer_free(&audience->consumer);
}

/* A connection may be lost at the last moment, when what its stream said just before is still under
 * way to others. */
static void come_to_rest(struct audience *audience)
{
    uint64_t failed;

    do {
        failed = audience->counts->failed;
        audience_run(audience, UNDER_WAY_MS, false);
    } while (failed != audience->counts->failed);
    audience_look(audience);
}

void audience_live(uint64_t seed, unsigned steps, bool told, struct audience_counts *counts)
{
    static struct audience audience;
    struct omsp_fork_settings settings = {.account_sid = "AC0123456789abcdef0123456789abcdef",
                                          .connect_ms = CONNECT_MS};

    memset(&audience, 0, sizeof(audience));
    audience.seed = seed;
    audience.random = (seed + 1) * 0x9e3779b97f4a7c15u;
    audience.told = told;
    audience.counts = counts;
    audience.port = FIRST_PORT;
    audience.reconnects = seed % 2 ? 0 : 1 + below(&audience, 3);
    rig_open(&audience.rig, seed);
    sim_consumer_open(&audience.consumer, audience.rig.sim, PORT);
    ck_assert_int_eq(omsp_engine_set_forks(audience.rig.engine, &settings), OMSP_OK);
    for (unsigned i = 0; i < AUDIENCE_SOCKETS; i++)
        open_ear(&audience, &audience.ears[i]);
    for (unsigned i = 0; i < AUDIENCE_CALLS; i++) {
        audience.stages[i].index = i;
        open_call(&audience, &audience.stages[i]);
        agree(&audience, &audience.stages[i], "sendrecv");
    }
    audience_note(&audience);
    while (audience.step < steps && audience.consumer.count < SIM_CONSUMER_MOST - 8 &&
           audience.call_count < AUDIENCE_SIDS - 2) {
        unsigned stretch = 20 * below(&audience, 4);

        do_something(&audience);
        if (below(&audience, 4) == 0)
            continue;
        come_to_rest(&audience);
        if (below(&audience, 5) == 0)
            stretch += 200;
        if (stretch)
            audience_run(&audience, stretch, true);
    }
    close_audience(&audience);
}
