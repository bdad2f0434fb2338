/* Automatic gain and echo cancellation of whole calls between simulated devices (mspi.md 4.6,
 * ITAudioDeviceControl): what the far end hears of a voice. */
#include "support/call_rig.h"
#include "support/speech.h"
#include "support/suite.h"

#include "engine/device.h"
#include "engine/quality.h"
#include "media/volume.h"
#include "sim/sim_audio.h"

#include <stdlib.h>
#include <string.h>

#define SECOND 8000u
#define MOST   (40 * SECOND)

/* The room around a's devices, all of which run at 8 kHz, and who speaks there and far away. */
struct room {
    struct speech near, far;
    int16_t line[SECOND]; /* what the loudspeaker played, by place in time */
    size_t played, heard;
};

struct talk {
    struct rig rig;
    struct room room;
    struct omsp_call *a, *b;
    struct omsp_stream *send, *hear, *far_send, *far_hear;
    struct omsp_terminal *mic, *speaker, *far_mic, *recorder, *track;
    int16_t recorded[MOST];
};

#define ECHO_DELAY 400u /* 50 ms from loudspeaker to microphone, devices' own delays included */

static void say(void *ctx, const char *id, uint32_t rate, int16_t *pcm, size_t count)
{
    struct room *room = ctx;

    (void)rate;
    if (strcmp(id, "mic") != 0) {
        speech_fill(&room->far, pcm, count);
        return;
    }
    speech_fill(&room->near, pcm, count);
    for (size_t i = 0; i < count; i++, room->heard++)
        if (room->heard >= ECHO_DELAY)
            pcm[i] = (int16_t)(pcm[i] + room->line[(room->heard - ECHO_DELAY) % SECOND] / 2);
}

static void hear(void *ctx, const char *id, uint32_t rate, const int16_t *pcm, size_t count)
{
    struct room *room = ctx;

    (void)id;
    (void)rate;
    for (size_t i = 0; i < count; i++)
        room->line[room->played++ % SECOND] = pcm[i];
}

static struct omsp_terminal *plug(struct rig *rig, const char *id, enum omsp_audio_flow flow)
{
    struct omsp_sim_device device = {.id = id, .name = id, .flow = flow, .rate = SECOND};
    struct omsp_terminal *all[8], *found = NULL;
    unsigned count;

    ck_assert_int_eq(omsp_sim_audio_add(rig->sim, &device), OMSP_OK);
    rig_run(rig, 10);
    ck_assert_int_eq(omsp_address_devices(rig->address, all, 8, &count), OMSP_OK);
    for (unsigned i = 0; i < count; i++) {
        if (!strcmp(omsp_device_name(all[i]), id))
            found = all[i];
        else
            omsp_terminal_release(all[i]);
    }
    ck_assert_ptr_nonnull(found);
    while ((int)rig_event(rig).kind != -1)
        ;
    return found;
}

/* a has microphone and loudspeaker in one room; b has a microphone and records. */
static struct talk *talk_open(double near_level, double far_level)
{
    struct talk *talk = calloc(1, sizeof(*talk));

    rig_open(&talk->rig, 1);
    speech_init(&talk->room.near, near_level, 1);
    speech_init(&talk->room.far, far_level, 2);
    omsp_sim_audio_set_people(talk->rig.sim, say, hear, &talk->room);
    talk->mic = plug(&talk->rig, "mic", OMSP_AUDIO_CAPTURE);
    talk->speaker = plug(&talk->rig, "speaker", OMSP_AUDIO_RENDER);
    talk->far_mic = plug(&talk->rig, "far", OMSP_AUDIO_CAPTURE);
    talk->a = rig_call(&talk->rig);
    talk->b = rig_call(&talk->rig);
    talk->send = rig_stream(talk->a, OMSP_CAPTURE);
    talk->hear = rig_stream(talk->a, OMSP_RENDER);
    talk->far_send = rig_stream(talk->b, OMSP_CAPTURE);
    talk->far_hear = rig_stream(talk->b, OMSP_RENDER);
    talk->recorder = rig_recorder(&talk->rig, "out.wav", &talk->track);
    ck_assert_int_eq(omsp_stream_select(talk->send, talk->mic), OMSP_OK);
    ck_assert_int_eq(omsp_stream_select(talk->hear, talk->speaker), OMSP_OK);
    ck_assert_int_eq(omsp_stream_select(talk->far_send, talk->far_mic), OMSP_OK);
    ck_assert_int_eq(omsp_stream_select(talk->far_hear, talk->track), OMSP_OK);
    rig_connect(talk->a, talk->b);
    return talk;
}

static void talk_close(struct talk *talk)
{
    omsp_terminal_release(talk->track);
    omsp_terminal_release(talk->recorder);
    omsp_terminal_release(talk->mic);
    omsp_terminal_release(talk->speaker);
    omsp_terminal_release(talk->far_mic);
    omsp_stream_release(talk->send);
    omsp_stream_release(talk->hear);
    omsp_stream_release(talk->far_send);
    omsp_stream_release(talk->far_hear);
    omsp_call_release(talk->a);
    omsp_call_release(talk->b);
    rig_close(&talk->rig);
    free(talk);
}

/* How loud the far end was told to be between two moments. Ends the recording. */
static size_t finish(struct talk *talk)
{
    ck_assert_int_eq(omsp_file_stop(talk->recorder), OMSP_OK);
    return rig_get_wav(&talk->rig, "out.wav", talk->recorded, MOST);
}

static unsigned level_at(const struct talk *talk, size_t count, unsigned from_s, unsigned seconds)
{
    ck_assert_uint_ge(count, (from_s + seconds) * SECOND);
    return omsp_level_rms(talk->recorded + from_s * SECOND, seconds * SECOND);
}

START_TEST(gain_control_brings_a_quiet_voice_up_while_it_is_on)
{
    struct talk *talk = talk_open(200, 0);
    struct omsp_stream_quality quality;
    unsigned before, with, after;
    size_t count;

    rig_run(&talk->rig, 5000);
    omsp_stream_get_quality(talk->send, &quality);
    ck_assert(!quality.gain_control);
    ck_assert_int_eq(omsp_stream_set_gain_control(talk->send, true), OMSP_OK);
    ck_assert_int_eq(omsp_stream_set_gain_control(talk->send, true), OMSP_OK);
    omsp_stream_get_quality(talk->send, &quality);
    ck_assert(quality.gain_control);
    rig_run(&talk->rig, 20000);
    ck_assert_int_eq(omsp_stream_set_gain_control(talk->send, false), OMSP_OK);
    rig_run(&talk->rig, 6000);
    count = finish(talk);
    before = level_at(talk, count, 1, 4);
    with = level_at(talk, count, 20, 4);
    after = level_at(talk, count, 26, 4);
    ck_assert_uint_lt(before, 400);
    ck_assert_uint_gt(with, before * 4); /* 12 dB */
    ck_assert_uint_lt(after, before * 2);
    talk_close(talk);
}
END_TEST

START_TEST(gain_control_comes_before_volume_and_lives_through_a_stop)
{
    struct talk *talk = talk_open(200, 0);
    struct omsp_stream_quality quality;
    size_t count;

    ck_assert_int_eq(omsp_stream_set_gain_control(talk->send, true), OMSP_OK);
    ck_assert_int_eq(omsp_stream_stop(talk->send, OMSP_CAUSE_LOCAL_REQUEST), OMSP_OK);
    ck_assert_int_eq(omsp_stream_start(talk->send, OMSP_CAUSE_LOCAL_REQUEST), OMSP_OK);
    rig_run(&talk->rig, 20000);
    ck_assert_int_eq(omsp_stream_set_volume(talk->send, OMSP_STREAM_VOLUME_SAME / 8), OMSP_OK);
    rig_run(&talk->rig, 10000);
    omsp_stream_get_quality(talk->send, &quality);
    ck_assert(quality.gain_control);
    count = finish(talk);
    ck_assert_uint_gt(level_at(talk, count, 15, 4), 800);
    /* What was set afterwards is not made up for. */
    ck_assert_uint_lt(level_at(talk, count, 24, 4), level_at(talk, count, 15, 4) / 4);
    talk_close(talk);
}
END_TEST

START_TEST(echo_cancellation_takes_the_far_end_out_of_what_it_hears)
{
    struct talk *talk = talk_open(0, 4000);
    struct omsp_stream_quality quality;
    unsigned before, with, after;
    size_t count;

    rig_run(&talk->rig, 6000);
    ck_assert_int_eq(omsp_stream_set_echo_cancellation(talk->send, true), OMSP_OK);
    omsp_stream_get_quality(talk->send, &quality);
    ck_assert(quality.echo_cancellation);
    rig_run(&talk->rig, 16000);
    ck_assert_int_eq(omsp_stream_set_echo_cancellation(talk->send, false), OMSP_OK);
    rig_run(&talk->rig, 5000);
    count = finish(talk);
    before = level_at(talk, count, 2, 4);
    with = level_at(talk, count, 17, 4);
    after = level_at(talk, count, 22, 4);
    ck_assert_uint_gt(before, 1000);
    ck_assert_msg(with < before / 8, "%u before, %u with", before, with); /* 18 dB */
    ck_assert_uint_gt(after, before / 2);
    talk_close(talk);
}
END_TEST

START_TEST(with_echo_cancellation_who_speaks_is_heard)
{
    struct talk *talk = talk_open(3000, 0);
    size_t count;

    ck_assert_int_eq(omsp_stream_set_echo_cancellation(talk->send, true), OMSP_OK);
    rig_run(&talk->rig, 10000);
    count = finish(talk);
    ck_assert_uint_gt(level_at(talk, count, 5, 4), 2000);
    talk_close(talk);
}
END_TEST

START_TEST(devices_may_come_and_go_while_echoes_are_cancelled)
{
    struct talk *talk = talk_open(0, 4000);
    unsigned before, with;
    size_t count;

    rig_run(&talk->rig, 5000);
    ck_assert_int_eq(omsp_stream_set_echo_cancellation(talk->send, true), OMSP_OK);
    ck_assert_int_eq(omsp_stream_unselect(talk->hear, talk->speaker), OMSP_OK);
    rig_run(&talk->rig, 1000);
    ck_assert_int_eq(omsp_stream_select(talk->hear, talk->speaker), OMSP_OK);
    ck_assert_int_eq(omsp_stream_unselect(talk->send, talk->mic), OMSP_OK);
    rig_run(&talk->rig, 1000);
    ck_assert_int_eq(omsp_stream_select(talk->send, talk->mic), OMSP_OK);
    ck_assert_int_eq(omsp_stream_pause(talk->hear, OMSP_CAUSE_LOCAL_REQUEST), OMSP_OK);
    rig_run(&talk->rig, 1000);
    ck_assert_int_eq(omsp_stream_start(talk->hear, OMSP_CAUSE_LOCAL_REQUEST), OMSP_OK);
    rig_run(&talk->rig, 16000);
    count = finish(talk);
    before = level_at(talk, count, 1, 4);
    with = omsp_level_rms(talk->recorded + count - 4 * SECOND, 4 * SECOND);
    ck_assert_msg(with < before / 8, "%u before, %u with", before, with);
    ck_assert_int_eq(omsp_sim_audio_remove(talk->rig.sim, "speaker"), OMSP_OK);
    rig_run(&talk->rig, 1000);
    talk_close(talk);
}
END_TEST

START_TEST(other_streams_have_no_voice_to_set)
{
    struct talk *talk = talk_open(0, 0);
    struct omsp_stream_offers offers = {0};
    struct omsp_stream *stream;
    struct omsp_call *call;

    ck_assert_int_eq(omsp_stream_set_gain_control(talk->hear, true), OMSP_NOTSUPPORTED);
    ck_assert_int_eq(omsp_stream_set_echo_cancellation(talk->hear, true), OMSP_NOTSUPPORTED);
    call = rig_call(&talk->rig);
    ck_assert_int_eq(omsp_call_set_transport(call, OMSP_TRANSPORT_HARDWARE, offers), OMSP_OK);
    stream = rig_stream(call, OMSP_CAPTURE);
    ck_assert_int_eq(omsp_stream_set_gain_control(stream, true), OMSP_NOTSUPPORTED);
    ck_assert_int_eq(omsp_call_shutdown(call), OMSP_OK);
    ck_assert_int_eq(omsp_stream_set_gain_control(stream, true), OMSP_SHUTDOWN);
    ck_assert_int_eq(omsp_stream_set_echo_cancellation(stream, false), OMSP_SHUTDOWN);
    omsp_stream_release(stream);
    omsp_call_release(call);
    talk_close(talk);
}
END_TEST

START_TEST(a_voice_that_cannot_be_made_for_want_of_memory_is_left_as_it_was)
{
    struct talk *talk = talk_open(0, 0);
    struct omsp_stream_quality quality;

    omsp_test_fail_alloc(0);
    ck_assert_int_eq(omsp_stream_set_gain_control(talk->send, true), OMSP_NOMEM);
    for (long number = 0; number < 2; number++) {
        omsp_test_fail_alloc(number);
        ck_assert_int_eq(omsp_stream_set_echo_cancellation(talk->send, true), OMSP_NOMEM);
    }
    omsp_test_allow_alloc();
    omsp_stream_get_quality(talk->send, &quality);
    ck_assert(!quality.gain_control && !quality.echo_cancellation);
    ck_assert_int_eq(omsp_stream_set_gain_control(talk->send, true), OMSP_OK);
    ck_assert_int_eq(omsp_stream_set_echo_cancellation(talk->send, true), OMSP_OK);
    rig_run(&talk->rig, 200);
    talk_close(talk); /* with both on */
}
END_TEST

OMSP_SUITE("engine voice", TEST(gain_control_brings_a_quiet_voice_up_while_it_is_on),
           TEST(gain_control_comes_before_volume_and_lives_through_a_stop),
           TEST(echo_cancellation_takes_the_far_end_out_of_what_it_hears),
           TEST(with_echo_cancellation_who_speaks_is_heard),
           TEST(devices_may_come_and_go_while_echoes_are_cancelled),
           TEST(other_streams_have_no_voice_to_set),
           TEST(a_voice_that_cannot_be_made_for_want_of_memory_is_left_as_it_was))
