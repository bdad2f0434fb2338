/* A socket that receives nothing any more, for good: told once, and what is said still goes out. */
#include "support/call_rig.h"
#include "support/suite.h"

struct scene {
    struct rig rig;
    struct omsp_call *a, *b;
    struct omsp_stream *send, *hear; /* a's capture, b's render */
    struct omsp_terminal *player, *play_track, *recorder, *record_track;
};

/* a plays to b, who records. */
static void scene_open(struct scene *scene)
{
    rig_open(&scene->rig, 1);
    rig_put_tone(&scene->rig, "in.wav", 80000, NULL);
    scene->a = rig_call(&scene->rig);
    scene->b = rig_call(&scene->rig);
    scene->send = rig_stream(scene->a, OMSP_CAPTURE);
    scene->hear = rig_stream(scene->b, OMSP_RENDER);
    scene->player = rig_player(&scene->rig, "in.wav", &scene->play_track);
    scene->recorder = rig_recorder(&scene->rig, "out.wav", &scene->record_track);
    ck_assert_int_eq(omsp_stream_select(scene->send, scene->play_track), OMSP_OK);
    ck_assert_int_eq(omsp_stream_select(scene->hear, scene->record_track), OMSP_OK);
    rig_connect(scene->a, scene->b);
    rig_run(&scene->rig, 500);
    while ((int)rig_event(&scene->rig).kind != -1) /* all that began */
        ;
}

static void scene_close(struct scene *scene)
{
    omsp_stream_release(scene->send);
    omsp_stream_release(scene->hear);
    omsp_terminal_release(scene->play_track);
    omsp_terminal_release(scene->player);
    omsp_terminal_release(scene->record_track);
    omsp_terminal_release(scene->recorder);
    omsp_call_release(scene->a);
    omsp_call_release(scene->b);
    rig_close(&scene->rig);
}

static void break_port(struct scene *scene, struct omsp_call *call, unsigned behind)
{
    struct omsp_addr where;

    omsp_call_local_addr(call, &where);
    where.port = (uint16_t)(where.port + behind);
    ck_assert_int_eq(omsp_sim_break_at(scene->rig.sim, &where, OMSP_IO), OMSP_OK);
}

START_TEST(who_hears_by_it_fails_once_and_may_be_stopped)
{
    struct scene scene;

    scene_open(&scene);
    break_port(&scene, scene.b, 0);
    rig_run(&scene.rig, 1000);
    rig_expect_call(&scene.rig, scene.hear, OMSP_STREAM_FAIL, OMSP_CAUSE_UNKNOWN, OMSP_IO);
    rig_expect_nothing(&scene.rig);
    ck_assert_int_eq(omsp_stream_stop(scene.hear, OMSP_CAUSE_LOCAL_REQUEST), OMSP_OK);
    rig_run(&scene.rig, 100);
    rig_expect_nothing(&scene.rig);
    scene_close(&scene);
}
END_TEST

START_TEST(who_says_by_it_goes_on)
{
    struct omsp_sim_counters before, after;
    struct scene scene;

    scene_open(&scene);
    break_port(&scene, scene.a, 0);
    omsp_sim_get_counters(scene.rig.sim, &before);
    rig_run(&scene.rig, 1000);
    omsp_sim_get_counters(scene.rig.sim, &after);
    ck_assert_uint_ge(after.delivered, before.delivered + 49);
    rig_expect_nothing(&scene.rig); /* nobody listens there */
    scene_close(&scene);
}
END_TEST

START_TEST(without_reports_media_goes_on)
{
    struct scene scene;

    scene_open(&scene);
    break_port(&scene, scene.a, 1);
    break_port(&scene, scene.b, 1);
    rig_run(&scene.rig, 3000);
    rig_expect_nothing(&scene.rig);
    scene_close(&scene);
}
END_TEST

/* Media supervision sees it. */
START_TEST(a_stream_that_is_started_later_hears_nothing_and_says_so)
{
    struct scene scene;

    scene_open(&scene);
    ck_assert_int_eq(omsp_stream_stop(scene.hear, OMSP_CAUSE_LOCAL_REQUEST), OMSP_OK);
    rig_run(&scene.rig, 100);
    while ((int)rig_event(&scene.rig).kind != -1)
        ;
    break_port(&scene, scene.b, 0);
    rig_run(&scene.rig, 100);
    rig_expect_nothing(&scene.rig);
    ck_assert_int_eq(omsp_stream_start(scene.hear, OMSP_CAUSE_LOCAL_REQUEST), OMSP_OK);
    rig_run(&scene.rig, 8000);
    rig_expect_call(&scene.rig, scene.hear, OMSP_STREAM_ACTIVE, OMSP_CAUSE_LOCAL_REQUEST, OMSP_OK);
    rig_expect_call(&scene.rig, scene.hear, OMSP_STREAM_INACTIVE, OMSP_CAUSE_MEDIA_TIMEOUT,
                    OMSP_OK);
    rig_expect_nothing(&scene.rig);
    scene_close(&scene);
}
END_TEST

OMSP_SUITE("broken_socket", TEST(who_hears_by_it_fails_once_and_may_be_stopped),
           TEST(who_says_by_it_goes_on), TEST(without_reports_media_goes_on),
           TEST(a_stream_that_is_started_later_hears_nothing_and_says_so))
