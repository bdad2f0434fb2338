/* Several sources in one session, each with a substream, in simulated time. */
#include "support/hall.h"

START_TEST(two_sources_side_by_side_go_each_to_its_own_recorder)
{
    static const char *const paths[] = {"a.wav", "b.wav"};
    struct hall *hall = hall_open();
    struct omsp_terminal *own = ear(hall, hall->stream), *recorders[2], *tracks[2];
    struct omsp_stream *subs[2];
    static int16_t heard[10000];

    for (unsigned i = 0; i < 2; i++) {
        subs[i] = substream(hall);
        recorders[i] = rig_recorder(&hall->rig, paths[i], &tracks[i]);
        ck_assert_int_eq(omsp_stream_select(subs[i], tracks[i]), OMSP_OK);
        ck_assert_int_eq(omsp_stream_get_actual(subs[i]), OMSP_RUNNING);
    }
    talk(hall, 3, 50);
    expect_silence(own);
    for (unsigned i = 0; i < 2; i++) {
        ck_assert_int_eq(omsp_file_stop(recorders[i]), OMSP_OK);
        ck_assert_uint_eq(rig_get_wav(&hall->rig, paths[i], heard, 10000), 50 * FRAME);
        for (unsigned at = 0; at < 50 * FRAME; at++)
            ck_assert_int_eq(heard[at], omsp_ulaw_to_linear(code_of(i, at)));
        omsp_terminal_release(tracks[i]);
        omsp_terminal_release(recorders[i]);
        omsp_stream_release(subs[i]);
    }
    omsp_terminal_release(own);
    hall_close(hall);
}
END_TEST

START_TEST(a_source_that_no_substream_took_is_heard_by_the_streams_own_terminals)
{
    struct hall *hall = hall_open();
    struct omsp_terminal *own = ear(hall, hall->stream), *one;
    struct omsp_stream *sub = substream(hall), *deaf = substream(hall);
    struct omsp_call_stats stats;

    one = ear(hall, sub);
    talk(hall, 1, 5); /* to sub */
    talk(hall, 3, 5); /* the second to deaf, which has no terminal */
    expect(one, 0, 0, 10);
    expect(own, 1, 0, 5);
    leave(hall, 1);
    talk(hall, 5, 5); /* deaf's as well */
    expect(one, 0, 10, 5);
    expect(own, 2, 0, 5);
    ck_assert_int_eq(omsp_stream_unselect(sub, one), OMSP_OK);
    talk(hall, 1, 5); /* and now the first */
    expect(own, 0, 15, 5);
    expect_silence(one);
    expect_silence(own);
    omsp_call_get_stats(hall->call, &stats);
    ck_assert_uint_eq(stats.packets_received, 30);
    ck_assert_uint_eq(stats.packets_lost + stats.packets_late + stats.packets_rejected, 0);
    omsp_stream_release(sub);
    omsp_stream_release(deaf);
    omsp_terminal_release(one);
    omsp_terminal_release(own);
    hall_close(hall);
}
END_TEST

START_TEST(a_source_goes_from_one_to_the_other_and_back_without_a_loss)
{
    struct hall *hall = hall_open();
    struct omsp_terminal *own = ear(hall, hall->stream), *one;
    struct omsp_call_stats stats;
    struct omsp_stream *sub;

    talk(hall, 1, 5);
    sub = substream(hall);
    one = ear(hall, sub);
    talk(hall, 1, 5);
    ck_assert_int_eq(omsp_stream_unselect(sub, one), OMSP_OK);
    talk(hall, 1, 5);
    expect(one, 0, 5, 5); /* a new connection begins anew */
    ck_assert_int_eq(omsp_stream_select(sub, one), OMSP_OK);
    talk(hall, 1, 5);
    ck_assert_int_eq(omsp_stream_remove_substream(hall->stream, sub), OMSP_OK);
    talk(hall, 1, 5);
    expect(one, 0, 15, 5);
    expect_silence(one);
    expect(own, 0, 0, 5);
    expect(own, 0, 10, 5);
    expect(own, 0, 20, 5);
    expect_silence(own);
    omsp_call_get_stats(hall->call, &stats);
    ck_assert_uint_eq(stats.packets_received, 25);
    ck_assert_uint_eq(stats.packets_lost + stats.packets_late + stats.frames_concealed, 0);
    omsp_stream_release(sub);
    omsp_terminal_release(one);
    omsp_terminal_release(own);
    hall_close(hall);
}
END_TEST

START_TEST(a_paused_or_stopped_substream_keeps_its_source_from_everybody)
{
    struct hall *hall = hall_open();
    struct omsp_terminal *own = ear(hall, hall->stream), *ears[2];
    struct omsp_stream *subs[2] = {substream(hall), substream(hall)};

    for (unsigned i = 0; i < 2; i++)
        ears[i] = ear(hall, subs[i]);
    talk(hall, 3, 5);
    ck_assert_int_eq(omsp_stream_pause(subs[0], OMSP_CAUSE_LOCAL_REQUEST), OMSP_OK);
    ck_assert_int_eq(omsp_stream_get_actual(subs[0]), OMSP_PAUSED);
    talk(hall, 3, 5);
    expect(ears[0], 0, 0, 5);
    expect_silence(ears[0]);
    expect(ears[1], 1, 0, 10);
    ck_assert_int_eq(omsp_stream_start(subs[0], OMSP_CAUSE_LOCAL_REQUEST), OMSP_OK);
    ck_assert_int_eq(omsp_stream_stop(subs[1], OMSP_CAUSE_LOCAL_REQUEST), OMSP_OK);
    talk(hall, 3, 5);
    expect(ears[0], 0, 10, 5);
    expect_silence(ears[1]);
    expect_silence(own);
    /* Also one without terminals. */
    ck_assert_int_eq(omsp_stream_unselect(subs[1], ears[1]), OMSP_OK);
    talk(hall, 3, 5);
    expect_silence(own);
    ck_assert_int_eq(omsp_stream_start(subs[1], OMSP_CAUSE_LOCAL_REQUEST), OMSP_OK);
    talk(hall, 3, 5);
    expect(own, 1, 20, 5);
    for (unsigned i = 0; i < 2; i++) {
        omsp_stream_release(subs[i]);
        omsp_terminal_release(ears[i]);
    }
    omsp_terminal_release(own);
    hall_close(hall);
}
END_TEST

START_TEST(who_leaves_or_is_silent_for_three_seconds_makes_room_for_a_new_source)
{
    struct hall *hall = hall_open();
    struct omsp_stream *sub = substream(hall);
    struct omsp_terminal *one = ear(hall, sub);

    talk(hall, 1, 5);
    talk(hall, 2, 5); /* comes while the first may still speak */
    expect(one, 0, 0, 5);
    expect_silence(one);
    leave(hall, 0);
    talk(hall, 2, 5);
    expect(one, 1, 5, 5);
    rig_run(&hall->rig, 2700);
    talk(hall, 4, 5);
    expect_silence(one);
    rig_run(&hall->rig, 400);
    talk(hall, 4, 5);
    expect(one, 2, 5, 5);
    omsp_stream_release(sub);
    omsp_terminal_release(one);
    hall_close(hall);
}
END_TEST

START_TEST(a_loss_is_concealed_where_it_happened_and_each_source_is_reported)
{
    struct hall *hall = hall_open();
    struct omsp_stream *subs[2] = {substream(hall), substream(hall)};
    struct omsp_terminal *ears[2] = {ear(hall, subs[0]), ear(hall, subs[1])};
    struct omsp_call_stats stats, after;

    talk(hall, 3, 10);
    hall->sent[0]++; /* lost */
    talk(hall, 3, 10);
    rig_run(&hall->rig, 200);
    expect(ears[1], 1, 0, 20);
    expect_silence(ears[1]);
    expect(ears[0], 0, 0, 10);
    omsp_call_get_stats(hall->call, &stats);
    ck_assert_uint_eq(stats.packets_received, 40);
    ck_assert_uint_eq(stats.packets_lost, 1);
    ck_assert_uint_eq(stats.frames_concealed, 1);
    for (unsigned i = 0; i < 500 && hall->blocks != 2; i++)
        talk(hall, 3, 1);
    ck_assert_uint_eq(hall->blocks, 2);
    omsp_call_get_stats(hall->call, &stats);
    ck_assert_int_eq(omsp_stream_remove_substream(hall->stream, subs[0]), OMSP_OK);
    omsp_call_get_stats(hall->call, &after);
    ck_assert_uint_eq(after.packets_received, stats.packets_received);
    for (unsigned i = 0; i < 2; i++) {
        omsp_stream_release(subs[i]);
        omsp_terminal_release(ears[i]);
    }
    hall_close(hall);
}
END_TEST

START_TEST(substreams_stop_and_start_with_their_stream_and_tell_nothing)
{
    struct hall *hall = hall_open();
    struct omsp_stream *sub = substream(hall);
    struct omsp_terminal *one = ear(hall, sub);

    talk(hall, 1, 5);
    ck_assert_int_eq(omsp_stream_get_actual(hall->stream), OMSP_STOPPED); /* has no terminal */
    ck_assert_int_eq(omsp_stream_stop(hall->stream, OMSP_CAUSE_LOCAL_REQUEST), OMSP_OK);
    ck_assert_int_eq(omsp_stream_get_actual(sub), OMSP_STOPPED);
    talk(hall, 1, 5);
    ck_assert_int_eq(omsp_stream_start(hall->stream, OMSP_CAUSE_LOCAL_REQUEST), OMSP_OK);
    ck_assert_int_eq(omsp_stream_get_actual(sub), OMSP_RUNNING);
    talk(hall, 1, 5);
    ck_assert_int_eq(omsp_stream_pause(hall->stream, OMSP_CAUSE_LOCAL_REQUEST), OMSP_OK);
    ck_assert_int_eq(omsp_stream_get_actual(sub), OMSP_STOPPED);
    expect(one, 0, 10, 5); /* a new connection begins anew */
    ck_assert_int_eq(omsp_call_disconnect(hall->call, OMSP_CAUSE_REMOTE_REQUEST), OMSP_OK);
    ck_assert_int_eq(omsp_stream_get_actual(sub), OMSP_STOPPED);
    rig_expect_nothing(&hall->rig);
    omsp_stream_release(sub);
    omsp_terminal_release(one);
    hall_close(hall);
}
END_TEST

START_TEST(substreams_are_bounded_and_belong_to_one_stream)
{
    struct hall *hall = hall_open();
    struct omsp_stream *subs[OMSP_STREAM_MAX_SUBSTREAMS], *none = hall->stream, *listed[16];
    struct omsp_stream *capture = rig_stream(hall->call, OMSP_CAPTURE);
    struct omsp_terminal *one;

    for (unsigned i = 0; i < OMSP_STREAM_MAX_SUBSTREAMS; i++)
        subs[i] = substream(hall);
    ck_assert_int_eq(omsp_stream_create_substream(hall->stream, &none), OMSP_FULL);
    ck_assert_ptr_null(none);
    ck_assert_int_eq(omsp_stream_create_substream(capture, &none), OMSP_NOTSUPPORTED);
    ck_assert_int_eq(omsp_stream_create_substream(subs[0], &none), OMSP_NOTSUPPORTED);
    ck_assert_int_eq(omsp_stream_remove_substream(hall->stream, capture), OMSP_INVALID);
    ck_assert_int_eq(omsp_stream_remove_substream(capture, subs[0]), OMSP_INVALID);
    ck_assert_uint_eq(omsp_stream_substreams(hall->stream, listed, 16), OMSP_STREAM_MAX_SUBSTREAMS);
    for (unsigned i = 0; i < OMSP_STREAM_MAX_SUBSTREAMS; i++) {
        ck_assert_ptr_eq(listed[i], subs[i]);
        omsp_stream_release(listed[i]);
    }
    one = ear(hall, subs[3]);
    ck_assert_int_eq(omsp_stream_select(hall->stream, one), OMSP_TERMINAL_IN_USE);
    talk(hall, 0x1ff, 5); /* nine sources */
    expect(one, 3, 0, 5);
    ck_assert_int_eq(omsp_stream_remove_substream(hall->stream, subs[3]), OMSP_OK);
    ck_assert_int_eq(omsp_stream_remove_substream(hall->stream, subs[3]), OMSP_INVALID);
    ck_assert(omsp_stream_is_shut(subs[3]));
    ck_assert_int_eq(omsp_stream_start(subs[3], OMSP_CAUSE_LOCAL_REQUEST), OMSP_SHUTDOWN);
    ck_assert_int_eq(omsp_stream_select(hall->stream, one), OMSP_OK);
    talk(hall, 8, 5); /* nobody's now */
    expect(one, 3, 5, 5);
    ck_assert_int_eq(omsp_call_shutdown(hall->call), OMSP_OK);
    ck_assert_int_eq(omsp_stream_create_substream(hall->stream, &none), OMSP_SHUTDOWN);
    ck_assert_int_eq(omsp_stream_remove_substream(hall->stream, subs[0]), OMSP_SHUTDOWN);
    ck_assert_uint_eq(omsp_stream_substreams(hall->stream, listed, 16), 0);
    for (unsigned i = 0; i < OMSP_STREAM_MAX_SUBSTREAMS; i++) {
        ck_assert(omsp_stream_is_shut(subs[i]));
        omsp_stream_release(subs[i]);
    }
    omsp_terminal_release(one);
    omsp_stream_release(capture);
    hall_close(hall);
}
END_TEST

START_TEST(hardware_that_carries_the_media_has_no_substreams)
{
    struct omsp_stream_offers all = {0};
    struct omsp_stream *stream, *sub, *none;
    struct omsp_call *call;
    struct rig rig;

    rig_open(&rig, 1);
    call = rig_call(&rig);
    stream = rig_stream(call, OMSP_RENDER);
    ck_assert_int_eq(omsp_stream_create_substream(stream, &sub), OMSP_OK);
    ck_assert_int_eq(omsp_call_set_transport(call, OMSP_TRANSPORT_HARDWARE, all), OMSP_OK);
    ck_assert_int_eq(omsp_stream_create_substream(stream, &none), OMSP_FULL);
    ck_assert_int_eq(omsp_stream_start(sub, OMSP_CAUSE_LOCAL_REQUEST), OMSP_NOTSUPPORTED);
    ck_assert_int_eq(omsp_stream_pause(sub, OMSP_CAUSE_LOCAL_REQUEST), OMSP_NOTSUPPORTED);
    ck_assert_int_eq(omsp_stream_stop(sub, OMSP_CAUSE_LOCAL_REQUEST), OMSP_NOTSUPPORTED);
    omsp_stream_release(sub);
    omsp_stream_release(stream);
    omsp_call_release(call);
    rig_close(&rig);
}
END_TEST

OMSP_SUITE("substream", TEST(two_sources_side_by_side_go_each_to_its_own_recorder),
           TEST(a_source_that_no_substream_took_is_heard_by_the_streams_own_terminals),
           TEST(a_source_goes_from_one_to_the_other_and_back_without_a_loss),
           TEST(a_paused_or_stopped_substream_keeps_its_source_from_everybody),
           TEST(who_leaves_or_is_silent_for_three_seconds_makes_room_for_a_new_source),
           TEST(a_loss_is_concealed_where_it_happened_and_each_source_is_reported),
           TEST(substreams_stop_and_start_with_their_stream_and_tell_nothing),
           TEST(substreams_are_bounded_and_belong_to_one_stream),
           TEST(hardware_that_carries_the_media_has_no_substreams))
