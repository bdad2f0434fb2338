/*
 * Media streams in numbers (acceptance list 6 and 7): ten minutes of two tracks whose clocks step
 * exactly, five hundred streams with what each has to be told. Simulated time.
 */
#include "support/call_rig.h"
#include "support/crowd.h"
#include "support/suite.h"

#include "engine/fork.h"
#include "sim/sim_http.h"
#include "sim/sim_tcp.h"

#include <stdlib.h>
#include <string.h>

#define URL      "ws://127.0.0.1:9000/listen"
#define CALLBACK "http://127.0.0.1:9001/status"
#define PAIRS    63
#define STREAMS  500

struct hall {
    struct rig rig;
    struct crowd_member *members;
    unsigned count, room;
    struct omsp_call *calls[2 * PAIRS];
    struct omsp_terminal *players[2 * PAIRS], *tracks[2 * PAIRS];
    unsigned pairs;
};

static void on_accept(void *owner, struct omsp_sim_peer *peer)
{
    struct hall *hall = owner;

    ck_assert_uint_lt(hall->count, hall->room);
    omsp_sim_peer_set_data(peer, &hall->members[hall->count++]);
}

static void on_bytes(void *owner, struct omsp_sim_peer *peer, const uint8_t *data, size_t len)
{
    struct crowd_member *member = omsp_sim_peer_get_data(peer);
    char reply[CROWD_REPLY];
    bool before = member->closed;
    size_t replied = crowd_take(member, data, len, reply, sizeof(reply));

    (void)owner;
    ck_assert_int_eq(omsp_sim_peer_send(peer, reply, replied), OMSP_OK);
    if (member->closed && !before)
        omsp_sim_peer_close(peer);
}

/* Every call plays its own copy of one file, so that both tracks carry audio. */
static void hall_open(struct hall *hall, unsigned pairs, unsigned room, unsigned seconds)
{
    struct omsp_sim_server server = {.owner = hall, .on_accept = on_accept, .on_bytes = on_bytes};
    struct omsp_fork_settings settings = {.account_sid = "AC0123456789abcdef0123456789abcdef",
                                          .auth_token = "12345"};

    memset(hall, 0, sizeof(*hall));
    rig_open(&hall->rig, 11);
    hall->room = room;
    hall->members = calloc(room, sizeof(*hall->members));
    hall->pairs = pairs;
    ck_assert_int_eq(omsp_sim_tcp_listen(hall->rig.sim, "127.0.0.1", 9000, &server), OMSP_OK);
    ck_assert_int_eq(omsp_engine_set_forks(hall->rig.engine, &settings), OMSP_OK);
    rig_put_tone(&hall->rig, "in.wav", 8000 * (size_t)seconds, NULL);
    for (unsigned i = 0; i < 2 * pairs; i++) {
        struct omsp_stream *capture;

        hall->calls[i] = rig_call(&hall->rig);
        capture = rig_stream(hall->calls[i], OMSP_CAPTURE);
        hall->players[i] = rig_player(&hall->rig, "in.wav", &hall->tracks[i]);
        ck_assert_int_eq(omsp_stream_select(capture, hall->tracks[i]), OMSP_OK);
        omsp_stream_release(capture);
    }
    for (unsigned i = 0; i < pairs; i++)
        rig_connect(hall->calls[2 * i], hall->calls[2 * i + 1]);
}

static void hall_close(struct hall *hall)
{
    for (unsigned i = 0; i < 2 * hall->pairs; i++) {
        omsp_terminal_release(hall->tracks[i]);
        omsp_terminal_release(hall->players[i]);
        omsp_call_release(hall->calls[i]);
    }
    free(hall->members);
    rig_close(&hall->rig);
}

/* Takes what there is of events; how many were of this type. */
static unsigned take_events(struct hall *hall, enum omsp_call_event type, enum omsp_cause cause)
{
    struct omsp_event event;
    unsigned found = 0;

    while (event = rig_event(&hall->rig), (int)event.kind != -1)
        found += event.kind == OMSP_EVENT_CALL && (unsigned)event.type == (unsigned)type &&
                 (unsigned)event.cause == (unsigned)cause;
    return found;
}

static unsigned count_callbacks(struct hall *hall, const char *event)
{
    unsigned found = 0;

    for (size_t i = 0; i < omsp_sim_http_count(hall->rig.sim); i++) {
        const struct omsp_sim_http_request *record = omsp_sim_http_get(hall->rig.sim, i);

        found += record->body && strstr(record->body, event) != NULL;
    }
    return found;
}

START_TEST(ten_minutes_of_both_tracks_step_by_exactly_20_ms)
{
    static struct hall hall;
    struct omsp_fork_options options = {.url = URL,
                                        .tracks = OMSP_TRACK_INBOUND | OMSP_TRACK_OUTBOUND};
    struct crowd_member *member;
    struct omsp_fork_info info;
    struct omsp_stream *stream;

    hall_open(&hall, 1, 1, 605);
    ck_assert_int_eq(
        omsp_call_fork(hall.calls[0], &options, OMSP_CAUSE_LOCAL_REQUEST, NULL, &stream), OMSP_OK);
    for (int i = 0; i < 600; i++) {
        rig_run(&hall.rig, 1000);
        take_events(&hall, OMSP_NEW_STREAM, OMSP_CAUSE_UNKNOWN);
    }
    ck_assert_int_eq(omsp_stream_fork_info(stream, &info), OMSP_OK);
    ck_assert_int_eq(omsp_stream_stop(stream, OMSP_CAUSE_LOCAL_REQUEST), OMSP_OK);
    rig_run(&hall.rig, 100);
    member = &hall.members[0];
    ck_assert_msg(!crowd_verdict(member), "%s", crowd_verdict(member));
    ck_assert_uint_eq(member->lost_ms, 0);
    for (int track = 0; track < 2; track++) {
        ck_assert_uint_ge(member->media[track], 29990);
        ck_assert_uint_le(member->media[track], 30001);
        ck_assert_uint_le(member->first[track], 100);
        ck_assert_uint_eq(member->timestamp[track],
                          member->first[track] + 20 * (uint64_t)(member->media[track] - 1));
    }
    ck_assert_uint_eq(info.frames_dropped, 0);
    ck_assert_uint_eq(member->sequence, 2 + (uint64_t)member->media[0] + member->media[1]);
    omsp_stream_release(stream);
    hall_close(&hall);
}
END_TEST

START_TEST(five_hundred_streams_start_before_their_media_and_stop_once)
{
    static struct hall hall;
    static struct omsp_stream *streams[STREAMS];
    unsigned active = 0, inactive = 0, made = 0;

    hall_open(&hall, PAIRS, STREAMS, 10);
    rig_run(&hall.rig, 200);
    take_events(&hall, OMSP_NEW_STREAM, OMSP_CAUSE_UNKNOWN);
    for (unsigned i = 0; i < STREAMS; i++) {
        struct omsp_fork_options options = {.url = URL,
                                            .tracks = i / 4 % 2 ? OMSP_TRACK_INBOUND
                                                                : OMSP_TRACK_OUTBOUND,
                                            .callback_url = CALLBACK};

        ck_assert_int_eq(omsp_call_fork(hall.calls[i / 4], &options, OMSP_CAUSE_REMOTE_REQUEST,
                                        NULL, &streams[i]),
                         OMSP_OK);
        made += take_events(&hall, OMSP_NEW_STREAM, OMSP_CAUSE_REMOTE_REQUEST);
    }
    ck_assert_uint_eq(made, STREAMS);
    for (int i = 0; i < 30; i++) {
        rig_run(&hall.rig, 100);
        active += take_events(&hall, OMSP_STREAM_ACTIVE, OMSP_CAUSE_REMOTE_REQUEST);
    }
    ck_assert_uint_eq(active, STREAMS);
    ck_assert_uint_eq(hall.count, STREAMS);
    ck_assert_uint_eq(count_callbacks(&hall, "stream-started"), STREAMS);
    for (unsigned i = 0; i < STREAMS; i++) {
        struct omsp_fork_info info;

        ck_assert_int_eq(omsp_stream_fork_info(streams[i], &info), OMSP_OK);
        ck_assert_uint_eq(info.frames_dropped, 0);
        ck_assert_int_eq(omsp_stream_stop(streams[i], OMSP_CAUSE_LOCAL_REQUEST), OMSP_OK);
        inactive += take_events(&hall, OMSP_STREAM_INACTIVE, OMSP_CAUSE_LOCAL_REQUEST);
        omsp_stream_release(streams[i]);
    }
    ck_assert_uint_eq(inactive, STREAMS);
    rig_run(&hall.rig, 1000);
    for (unsigned i = 0; i < STREAMS; i++) {
        const struct crowd_member *member = &hall.members[i];

        ck_assert_msg(!crowd_verdict(member), "stream %u: %s", i, crowd_verdict(member));
        ck_assert_uint_ge(member->media[0] + member->media[1], 140);
        ck_assert_uint_eq(member->lost_ms, 0);
    }
    ck_assert_uint_eq(count_callbacks(&hall, "stream-started"), STREAMS);
    ck_assert_uint_eq(count_callbacks(&hall, "stream-stopped"), STREAMS);
    ck_assert_uint_eq(count_callbacks(&hall, "stream-error"), 0);
    hall_close(&hall);
}
END_TEST

OMSP_SUITE("fork_many", TEST(ten_minutes_of_both_tracks_step_by_exactly_20_ms),
           TEST(five_hundred_streams_start_before_their_media_and_stop_once))
