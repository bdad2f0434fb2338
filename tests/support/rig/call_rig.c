/* The simulated machine with an engine. Not a test by itself. */
#include "support/call_rig.h"

#include "base/alloc.h"
#include "base/bytes.h"
#include "media/wav.h"
#include "sim/sim_tcp.h"
#include "support/suite.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void count_signal(void *ctx)
{
    ((struct rig *)ctx)->signals++;
}

void rig_open(struct rig *rig, uint64_t seed)
{
    struct omsp_engine_config config = {.manual = true, .media_timeout_ms = 1000};

    memset(rig, 0, sizeof(*rig));
    ck_assert_int_eq(omsp_sim_create(seed, &rig->sim), OMSP_OK);
    omsp_sim_set_tcp_together(rig->sim, !omsp_test_sends_singly());
    ck_assert_int_eq(omsp_engine_create(omsp_sim_ports(rig->sim), &config, &rig->engine), OMSP_OK);
    ck_assert_int_eq(omsp_address_create(rig->engine, &rig->address), OMSP_OK);
    ck_assert_int_eq(omsp_address_listen(rig->address, count_signal, rig, &rig->listener), OMSP_OK);
}

void rig_close(struct rig *rig)
{
    omsp_address_shutdown(rig->address);
    omsp_listener_close(rig->listener);
    omsp_engine_destroy(rig->engine);
    omsp_address_release(rig->address);
    omsp_sim_destroy(rig->sim);
    ck_assert_int_eq(omsp_test_outstanding(), 0);
}

void rig_run(struct rig *rig, unsigned ms)
{
    uint64_t end = omsp_sim_now(rig->sim) + (uint64_t)ms * 1000;

    while (omsp_sim_now(rig->sim) < end)
        omsp_engine_pump(rig->engine, end);
    omsp_engine_pump(rig->engine, end);
}

void rig_put_tone(struct rig *rig, const char *path, size_t samples, int16_t *pcm)
{
    struct omsp_wav_format format = {OMSP_WAV_PCM, 1, 8000, 16};
    uint8_t *bytes = malloc(OMSP_WAV_HEADER_MAX + samples * 2);
    size_t header = omsp_wav_header(&format, samples * 2, bytes);

    for (size_t i = 0; i < samples; i++) {
        double t = (double)i / 8000;
        int16_t sample = (int16_t)(9000 * sin(2 * 3.14159265358979 * (440 + 30 * t) * t));

        omsp_put_le16(bytes + header + 2 * i, (uint16_t)sample);
        if (pcm)
            pcm[i] = sample;
    }
    ck_assert_int_eq(omsp_sim_file_put(rig->sim, path, bytes, header + samples * 2), OMSP_OK);
    free(bytes);
}

size_t rig_get_wav(struct rig *rig, const char *path, int16_t *pcm, size_t room)
{
    struct omsp_wav_info info;
    const uint8_t *data;
    size_t len, count;

    ck_assert_int_eq(omsp_sim_file_get(rig->sim, path, &data, &len), OMSP_OK);
    ck_assert_int_eq(omsp_wav_parse(omsp_span(data, len), &info), OMSP_OK);
    ck_assert_uint_eq(info.format.bits, 16);
    count = (size_t)info.data_bytes / 2;
    ck_assert_uint_le(count, room);
    for (size_t i = 0; i < count; i++)
        pcm[i] = (int16_t)omsp_le16(data + info.data_offset + 2 * i);
    return count;
}

struct omsp_call *rig_call(struct rig *rig)
{
    struct omsp_call *call;

    ck_assert_int_eq(omsp_call_create(rig->address, OMSP_MEDIA_AUDIO, 7, &call), OMSP_OK);
    return call;
}

struct omsp_stream *rig_stream(struct omsp_call *call, enum omsp_direction direction)
{
    struct omsp_stream *stream = omsp_call_stream_at(call, direction == OMSP_CAPTURE ? 0 : 1);

    ck_assert_ptr_nonnull(stream);
    ck_assert_int_eq(omsp_stream_direction(stream), direction);
    return stream;
}

struct omsp_terminal *rig_player(struct rig *rig, const char *path, struct omsp_terminal **track)
{
    struct omsp_terminal *player;

    ck_assert_int_eq(omsp_file_player_create(rig->address, &player), OMSP_OK);
    ck_assert_int_eq(omsp_file_player_set_list(player, &path, 1), OMSP_OK);
    ck_assert_uint_eq(omsp_file_tracks(player, track, 1), 1);
    ck_assert_int_eq(omsp_file_start(player), OMSP_OK);
    return player;
}

struct omsp_terminal *rig_recorder(struct rig *rig, const char *path, struct omsp_terminal **track)
{
    struct omsp_terminal *recorder;

    ck_assert_int_eq(omsp_file_recorder_create(rig->address, &recorder), OMSP_OK);
    ck_assert_int_eq(omsp_file_recorder_set_name(recorder, path), OMSP_OK);
    ck_assert_int_eq(omsp_file_create_track(recorder, OMSP_MEDIA_AUDIO, OMSP_RENDER, track),
                     OMSP_OK);
    ck_assert_int_eq(omsp_file_start(recorder), OMSP_OK);
    return recorder;
}

void rig_connect(struct omsp_call *a, struct omsp_call *b)
{
    char offer[2048], answer[2048];
    size_t need;

    ck_assert_int_eq(omsp_call_local_sdp(a, offer, sizeof(offer), &need), OMSP_OK);
    ck_assert_int_eq(omsp_call_set_remote_sdp(b, offer, strlen(offer)), OMSP_OK);
    ck_assert_int_eq(omsp_call_local_sdp(b, answer, sizeof(answer), &need), OMSP_OK);
    ck_assert_int_eq(omsp_call_set_remote_sdp(a, answer, strlen(answer)), OMSP_OK);
}

struct omsp_event rig_event(struct rig *rig)
{
    struct omsp_event event = {.kind = (enum omsp_event_kind) - 1};
    enum omsp_status status = omsp_listener_take(rig->listener, NULL, NULL, &event);

    ck_assert(status == OMSP_OK || status == OMSP_EMPTY);
    if (status == OMSP_OK) {
        omsp_free(event.blob);
        event.blob = NULL;
    }
    return event;
}

void rig_expect_call(struct rig *rig, struct omsp_stream *stream, enum omsp_call_event type,
                     enum omsp_cause cause, enum omsp_status error)
{
    struct omsp_event event = rig_event(rig);

    ck_assert_int_eq((int)event.kind, OMSP_EVENT_CALL);
    ck_assert_int_eq(event.type, type);
    ck_assert_int_eq(event.cause, cause);
    ck_assert_int_eq(event.error, error);
    ck_assert_uint_eq(event.stream, omsp_stream_id(stream));
}

void rig_expect_file(struct rig *rig, enum omsp_media_state state, enum omsp_file_cause cause,
                     enum omsp_status error)
{
    struct omsp_event event = rig_event(rig);

    ck_assert_int_eq((int)event.kind, OMSP_EVENT_FILE);
    ck_assert_int_eq(event.type, state);
    ck_assert_int_eq(event.cause, cause);
    ck_assert_int_eq(event.error, error);
}

void rig_expect_nothing(struct rig *rig)
{
    ck_assert_int_eq((int)rig_event(rig).kind, -1);
}
