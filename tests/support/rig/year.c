/*
 * One life of an engine on a simulated machine, by choices that the caller makes: calls, streams,
 * forks, faults, and the laws that are checked after each step. Check's assertions end it.
 */
#include "support/year.h"

#include "support/call_rig.h"
#include "support/stream_judge.h"
#include "support/suite.h"

#include "base/bytes.h"
#include "engine/fork.h"
#include "media/rtp.h"
#include "sim/sim_http.h"
#include "wire/websocket.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PAIRS   3
#define FORKS   6
#define STREAMS 4096 /* per slice */
#define SOURCES 4096
#define PORT    9000
#define URL     "ws://127.0.0.1:9000/listen"

struct pair {
    struct omsp_call *calls[2];
    struct omsp_stream *capture, *render; /* a's, b's */
    struct omsp_terminal *player, *play_track, *recorder, *record_track;
    struct omsp_stream *forks[FORKS];
    unsigned fork_count;
};

/* What was told of a stream, by its id. */
struct told {
    uint32_t stream, call;
    bool active, ever;
};

/* What callbacks said of a media stream, by its SID. */
struct life {
    char sid[OMSP_SID_CHARS + 1];
    uint32_t stream; /* 0: one that was started again, with a new SID */
    bool again;      /* this one was, and events no longer tell which SID they mean */
    unsigned started, ended;
};

struct source {
    struct omsp_addr from;
    uint32_t ssrc, timestamp;
    uint16_t sequence;
};

struct year {
    struct rig rig;
    struct judge judge;
    const struct year_choices *choices;
    struct pair pairs[PAIRS];
    struct told told[STREAMS];
    unsigned told_count;
    uint32_t gone_calls[STREAMS];
    unsigned gone_count;
    struct source sources[SOURCES];
    unsigned source_count;
    struct life lives[STREAMS];
    unsigned life_count;
    bool callbacks_failed; /* one was not taken by the network, and is not repeated */
    bool sends_failed;     /* a packet that the network did not take has its number all the same */
    struct year_counts *counts;
};

static uint32_t below(struct year *year, uint32_t bound)
{
    return year->choices->below(year->choices->ctx, bound);
}

static bool goes_on(struct year *year)
{
    return year->choices->more(year->choices->ctx, omsp_sim_now(year->rig.sim));
}

/* ---- what always holds --------------------------------------------------------------------- */

static struct told *told_of(struct year *year, uint32_t stream, uint32_t call)
{
    for (unsigned i = year->told_count; i-- > 0;)
        if (year->told[i].stream == stream)
            return &year->told[i];
    ck_assert_uint_lt(year->told_count, STREAMS);
    year->told[year->told_count] = (struct told){stream, call, false, false};
    return &year->told[year->told_count++];
}

static void judge_event(struct year *year, const struct omsp_event *event)
{
    struct told *told;

    year->counts->events++;
    for (unsigned i = 0; i < year->gone_count; i++)
        ck_assert_msg(event->call != year->gone_calls[i], "an event of a call that is gone");
    if (event->kind != OMSP_EVENT_CALL)
        return;
    told = told_of(year, event->stream, event->call);
    switch (event->type) {
    case OMSP_STREAM_ACTIVE:
        ck_assert_msg(!told->active, "ACTIVE twice");
        told->active = told->ever = true;
        break;
    case OMSP_STREAM_INACTIVE:
        ck_assert_msg(told->active, "INACTIVE twice (cause %d)", event->cause);
        told->active = false;
        break;
    case OMSP_STREAM_FAIL:
        ck_assert_int_ne(event->error, OMSP_OK);
        told->active = false;
        break;
    default:
        break;
    }
}

static void take_events(struct year *year)
{
    for (;;) {
        struct omsp_event event = rig_event(&year->rig);

        if ((int)event.kind == -1)
            return;
        judge_event(year, &event);
    }
}

static void judge_datagram(void *ctx, const struct omsp_addr *from, const struct omsp_addr *to,
                           const void *data, size_t len)
{
    struct year *year = ctx;
    struct omsp_rtp_packet packet;
    struct source *source = NULL;

    (void)to;
    if (len < 2 || (((const uint8_t *)data)[1] & 127) - 64u < 32u || /* RTCP, muxed or not */
        omsp_rtp_parse(data, len, &packet))
        return;
    year->counts->packets++;
    for (unsigned i = year->source_count; i-- > 0 && !source;)
        if (year->sources[i].ssrc == packet.ssrc && omsp_addr_equal(&year->sources[i].from, from))
            source = &year->sources[i];
    if (!source) {
        ck_assert_uint_lt(year->source_count, SOURCES);
        source = &year->sources[year->source_count++];
        source->from = *from;
        source->ssrc = packet.ssrc;
    } else {
        uint16_t step = (uint16_t)(packet.seq - source->sequence);

        ck_assert_msg(step == 1 || (year->sends_failed && step <= 200), "a step of %u", step);
        ck_assert_msg((int32_t)(packet.timestamp - source->timestamp) > 0, "time goes back");
    }
    source->sequence = packet.seq;
    source->timestamp = packet.timestamp;
}

/* ---- what is done to it -------------------------------------------------------------------- */

static struct life *new_life(struct year *year, const char *sid, uint32_t stream)
{
    struct life *life = &year->lives[year->life_count++];

    ck_assert_uint_le(year->life_count, STREAMS);
    memcpy(life->sid, sid, OMSP_SID_CHARS);
    life->stream = stream;
    return life;
}

static int answer_callback(void *ctx, const struct omsp_sim_http_request *request,
                           uint64_t *delay_us)
{
    struct year *year = ctx;
    uint32_t mood = below(year, 20);
    const char *sid = strstr(request->body, "StreamSid=");
    struct life *life = NULL;

    ck_assert_ptr_nonnull(sid);
    sid += 10;
    for (unsigned i = year->life_count; i-- > 0 && !life;)
        if (!strncmp(year->lives[i].sid, sid, OMSP_SID_CHARS))
            life = &year->lives[i];
    if (!life)
        life = new_life(year, sid, 0);
    year->counts->callbacks++;
    ck_assert_msg(!life->ended, "a callback behind the last one");
    if (strstr(request->body, "StreamEvent=stream-started"))
        ck_assert_uint_eq(++life->started, 1);
    else
        life->ended++;
    if (mood == 0)
        *delay_us = UINT64_MAX;
    else if (mood == 1)
        *delay_us = below(year, 4000000);
    return mood == 2 ? 500 : mood == 3 ? 0 : 200;
}

static void make_pair(struct year *year, struct pair *pair)
{
    if (pair->calls[0])
        return;
    year->counts->calls += 2;
    for (int i = 0; i < 2; i++)
        pair->calls[i] = rig_call(&year->rig);
    pair->capture = rig_stream(pair->calls[0], OMSP_CAPTURE);
    pair->render = rig_stream(pair->calls[1], OMSP_RENDER);
    omsp_sim_fail(year->rig.sim, OMSP_SIM_FILE_READ, 0, 0, OMSP_OK);
    omsp_sim_fail(year->rig.sim, OMSP_SIM_FILE_WRITE, 0, 0, OMSP_OK);
    omsp_sim_fail(year->rig.sim, OMSP_SIM_FILE_OPEN, 0, 0, OMSP_OK);
    omsp_sim_set_disk_room(year->rig.sim, UINT64_MAX);
    pair->player = rig_player(&year->rig, "in.wav", &pair->play_track);
    pair->recorder = rig_recorder(&year->rig, "out.wav", &pair->record_track);
    rig_connect(pair->calls[0], pair->calls[1]);
    if (below(year, 3))
        omsp_stream_select(pair->capture, pair->play_track);
    if (below(year, 3))
        omsp_stream_select(pair->render, pair->record_track);
}

static void end_call(struct year *year, struct omsp_call *call)
{
    uint32_t id = omsp_call_id(call);

    ck_assert_int_eq(omsp_call_shutdown(call), OMSP_OK);
    ck_assert_int_eq(omsp_call_shutdown(call), OMSP_SHUTDOWN);
    take_events(year);
    ck_assert_uint_lt(year->gone_count, STREAMS);
    year->gone_calls[year->gone_count++] = id;
    for (unsigned i = 0; i < year->told_count; i++)
        ck_assert_msg(year->told[i].call != id || !year->told[i].active,
                      "a stream of a call that is gone was never told as inactive");
    omsp_call_release(call);
}

/* Has this media stream been started again, by whomever? Then it has another SID. */
static void note_sid(struct year *year, struct omsp_stream *fork)
{
    struct omsp_fork_info info;

    ck_assert_int_eq(omsp_stream_fork_info(fork, &info), OMSP_OK);
    for (unsigned i = 0; i < year->life_count; i++)
        if (year->lives[i].stream == omsp_stream_id(fork))
            year->lives[i].again |= strcmp(year->lives[i].sid, info.sid) != 0;
}

static void end_pair(struct year *year, struct pair *pair)
{
    if (!pair->calls[0])
        return;
    if (below(year, 2))
        omsp_call_disconnect(pair->calls[below(year, 2)], OMSP_CAUSE_REMOTE_REQUEST);
    for (unsigned i = 0; i < pair->fork_count; i++)
        note_sid(year, pair->forks[i]);
    for (int i = 0; i < 2; i++)
        end_call(year, pair->calls[i]);
    for (unsigned i = 0; i < pair->fork_count; i++)
        omsp_stream_release(pair->forks[i]);
    omsp_stream_release(pair->capture);
    omsp_stream_release(pair->render);
    omsp_terminal_release(pair->play_track);
    omsp_terminal_release(pair->player);
    omsp_terminal_release(pair->record_track);
    omsp_terminal_release(pair->recorder);
    memset(pair, 0, sizeof(*pair));
}

static void make_fork(struct year *year, struct pair *pair)
{
    static const char *const names[] = {NULL, "one", "two"};
    struct omsp_fork_options options = {.url = URL,
                                        .name = names[below(year, 3)],
                                        .tracks = 1 + below(year, 3),
                                        .callback_url = "http://127.0.0.1:9001/status",
                                        .callback_get = false,
                                        .bidirectional = below(year, 4) == 0};
    struct omsp_stream *fork;
    struct omsp_fork_info info;
    int error;

    if (pair->fork_count == FORKS)
        return;
    if (options.bidirectional)
        options.tracks = OMSP_TRACK_INBOUND;
    if (omsp_call_fork(pair->calls[below(year, 2)], &options, OMSP_CAUSE_REMOTE_REQUEST, &error,
                       &fork))
        return;
    pair->forks[pair->fork_count++] = fork;
    year->counts->forks++;
    ck_assert_int_eq(omsp_stream_fork_info(fork, &info), OMSP_OK);
    new_life(year, info.sid, omsp_stream_id(fork));
}

static void change_stream(struct year *year, struct omsp_stream *stream)
{
    enum omsp_cause cause = below(year, 2) ? OMSP_CAUSE_LOCAL_REQUEST : OMSP_CAUSE_REMOTE_REQUEST;

    year->counts->changes++;
    switch (below(year, 4)) {
    case 0:
        omsp_stream_pause(stream, cause);
        break;
    case 1:
        omsp_stream_stop(stream, cause);
        break;
    default:
        omsp_stream_start(stream, cause);
        break;
    }
}

/* A new offer of either side, with the direction attribute changed to hold, or back. */
static void negotiate(struct year *year, struct pair *pair)
{
    static const char *const directions[] = {"sendrecv", "sendonly", "recvonly", "inactive"};
    unsigned from = below(year, 2);
    char sdp[2048], changed[2048 + 32];
    const char *at;
    size_t need;

    if (omsp_call_local_sdp(pair->calls[from], sdp, sizeof(sdp), &need))
        return;
    at = strstr(sdp, "a=sendrecv\r\n");
    if (at)
        snprintf(changed, sizeof(changed), "%.*sa=%s\r\n%s", (int)(at - sdp), sdp,
                 directions[below(year, 4)], at + 12);
    else
        snprintf(changed, sizeof(changed), "%s", sdp);
    omsp_call_set_remote_sdp(pair->calls[!from], changed, strlen(changed));
}

static void upset_consumer(struct year *year)
{
    static const char clear[] = "{\"event\":\"clear\",\"streamSid\":\"MZ\"}";
    static const char garbage[] = "\xff\xfe{";
    unsigned count = judge_count(&year->judge), which;

    year->judge.mood = below(year, 8) == 0   ? JUDGE_REFUSES
                       : below(year, 8) == 0 ? JUDGE_HANGS
                                             : JUDGE_ANSWERS;
    if (!count)
        return;
    which = below(year, count);
    switch (below(year, 8)) {
    case 0:
        judge_hang_up(&year->judge, which);
        break;
    case 1:
        judge_reset(&year->judge, which);
        break;
    case 2:
        judge_set_window(&year->judge, which, 0);
        break;
    case 3:
        judge_say(&year->judge, which, OMSP_WS_TEXT, garbage, sizeof(garbage) - 1);
        break;
    case 4:
        judge_say(&year->judge, which, OMSP_WS_BINARY, garbage, 2);
        break;
    case 5:
        judge_say(&year->judge, which, OMSP_WS_TEXT, clear, sizeof(clear) - 1);
        break;
    default:
        judge_set_window(&year->judge, which, SIZE_MAX);
        break;
    }
}

/* Nothing is heard by them any more, until the call is another one. */
static void break_sockets(struct year *year, struct pair *pair)
{
    struct omsp_addr where;

    if (!pair->calls[0])
        return;
    omsp_call_local_addr(pair->calls[below(year, 2)], &where);
    where.port = (uint16_t)(where.port + below(year, 2)); /* or its RTCP */
    omsp_sim_break_at(year->rig.sim, &where, OMSP_IO);
}

static void break_something(struct year *year)
{
    struct omsp_sim *sim = year->rig.sim;
    struct omsp_sim_link link = {.delay_us = 100 + below(year, 50000),
                                 .jitter_us = below(year, 60000),
                                 .loss_ppm = below(year, 3) ? 0 : below(year, 200000),
                                 .loss_burst = below(year, 20),
                                 .duplicate_ppm = below(year, 20000),
                                 .reorder_ppm = below(year, 20000),
                                 .reorder_us = below(year, 80000)};

    year->counts->faults++;
    switch (below(year, 13)) {
    case 0:
        omsp_sim_set_wall(sim, OMSP_SIM_START_WALL + (int64_t)below(year, 4000000000u) * 1000);
        break;
    case 1:
        omsp_sim_fail(sim, OMSP_SIM_SEND, below(year, 20), below(year, 50), OMSP_FULL);
        year->sends_failed = true;
        break;
    case 2:
        omsp_sim_fail(sim, OMSP_SIM_FILE_WRITE, below(year, 4), 1, OMSP_IO);
        break;
    case 3:
        omsp_sim_fail(sim, OMSP_SIM_FILE_READ, below(year, 4), 1, OMSP_IO);
        break;
    case 4:
        omsp_sim_fail(sim, OMSP_SIM_DIAL, 0, 1 + below(year, 3), OMSP_IO);
        break;
    case 5:
        omsp_sim_fail(sim, OMSP_SIM_TCP_SEND, below(year, 40), 1 + below(year, 3), OMSP_FULL);
        break;
    case 6:
        if (below(year, 4)) /* in most lives every callback arrives */
            break;
        omsp_sim_fail(sim, OMSP_SIM_HTTP_SEND, below(year, 3), 1, OMSP_NOMEM);
        year->callbacks_failed = true;
        break;
    case 7:
        omsp_sim_set_disk_room(sim, below(year, 20000));
        break;
    case 8:
        omsp_sim_set_tcp_grain(sim, below(year, 3) ? 0 : 1 + below(year, 700));
        break;
    case 9:
        omsp_sim_set_lateness(sim, below(year, 3) ? 0 : below(year, 60000));
        break;
    case 10:
        omsp_sim_fail(sim, OMSP_SIM_FILE_OPEN, below(year, 2), 1, OMSP_ACCESS);
        break;
    case 11:
        break_sockets(year, &year->pairs[below(year, PAIRS)]);
        break;
    default:
        ck_assert_int_eq(omsp_sim_set_link(sim, NULL, NULL, &link), OMSP_OK);
        break;
    }
}

static void do_something(struct year *year)
{
    struct pair *pair = &year->pairs[below(year, PAIRS)];

    year->counts->steps++;
    if (!pair->calls[0]) {
        make_pair(year, pair);
        return;
    }
    switch (below(year, 20)) {
    case 0:
        end_pair(year, pair);
        break;
    case 1:
    case 2:
        omsp_stream_select(pair->capture, pair->play_track);
        break;
    case 3:
        omsp_stream_unselect(pair->capture, pair->play_track);
        break;
    case 4:
        omsp_stream_select(pair->render, pair->record_track);
        break;
    case 5:
        omsp_stream_unselect(pair->render, pair->record_track);
        break;
    case 6:
    case 7:
        make_fork(year, pair);
        break;
    case 8:
    case 9:
    case 10:
        if (pair->fork_count)
            change_stream(year, pair->forks[below(year, pair->fork_count)]);
        break;
    case 11:
        negotiate(year, pair);
        break;
    case 12:
        omsp_call_disconnect(pair->calls[below(year, 2)], OMSP_CAUSE_REMOTE_REQUEST);
        break;
    case 13:
        rig_connect(pair->calls[0], pair->calls[1]);
        break;
    case 14:
        upset_consumer(year);
        break;
    case 15:
        break_something(year);
        break;
    case 16:
        omsp_file_stop(pair->player);
        omsp_file_start(pair->player);
        break;
    case 17:
        omsp_file_stop(pair->recorder);
        omsp_file_start(pair->recorder);
        break;
    default:
        change_stream(year, below(year, 2) ? pair->capture : pair->render);
        break;
    }
}

/* No audio, but everything else as it is: calls, sockets, reports, pings. */
static void fall_silent(struct year *year)
{
    for (unsigned i = 0; i < PAIRS; i++) {
        struct pair *pair = &year->pairs[i];

        if (!pair->calls[0])
            continue;
        omsp_stream_stop(pair->capture, OMSP_CAUSE_LOCAL_REQUEST);
        for (unsigned k = 0; k < pair->fork_count; k++) {
            struct omsp_fork_info info;

            omsp_stream_fork_info(pair->forks[k], &info);
            if (info.bidirectional) /* its silence is sent, too */
                omsp_stream_stop(pair->forks[k], OMSP_CAUSE_LOCAL_REQUEST);
        }
    }
}

void year_live(const struct year_choices *choices, uint64_t seed, struct year_counts *counts)
{
    static struct year year;
    struct omsp_fork_settings settings = {.account_sid = "AC0123456789abcdef0123456789abcdef",
                                          .auth_token = "12345"};

    memset(&year, 0, sizeof(year));
    year.choices = choices;
    year.counts = counts;
    rig_open(&year.rig, seed);
    judge_open(&year.judge, year.rig.sim, PORT);
    omsp_sim_set_tap(year.rig.sim, judge_datagram, &year);
    omsp_sim_http_set_server(year.rig.sim, answer_callback, &year);
    ck_assert_int_eq(omsp_engine_set_forks(year.rig.engine, &settings), OMSP_OK);
    rig_put_tone(&year.rig, "in.wav", 8000, NULL);
    while (goes_on(&year)) {
        unsigned steps = 20 + below(&year, 60);

        for (unsigned i = 0; i < steps && goes_on(&year); i++) {
            do_something(&year);
            rig_run(&year.rig, below(&year, 4) ? below(&year, 40) : below(&year, 900));
            take_events(&year);
        }
        fall_silent(&year);
        take_events(&year);
        rig_run(&year.rig, 60000 + below(&year, 1200000));
        take_events(&year);
    }
    for (unsigned i = 0; i < PAIRS; i++)
        end_pair(&year, &year.pairs[i]);
    rig_run(&year.rig, 300000); /* the last words and callbacks */
    take_events(&year);
    ck_assert_uint_eq(judge_count(&year.judge), 0);
    for (unsigned i = 0; i < year.life_count && !year.callbacks_failed; i++) {
        struct life *life = &year.lives[i];

        /* One that was paused while it still connected is started, and was never active. */
        if (life->stream && !life->again && told_of(&year, life->stream, 0)->ever)
            ck_assert_uint_eq(life->started, 1);
        ck_assert_msg(life->ended == 1 || !life->started, "the end of %s was never told",
                      life->sid);
    }
    counts->upgrades += year.judge.upgrades;
    counts->frames += year.judge.media;
    counts->stops += year.judge.stops;
    omsp_sim_set_tap(year.rig.sim, NULL, NULL);
    rig_close(&year.rig);
    judge_close(&year.judge);
}
