/* Hardware that carries a call's media and does not do what it is told, in simulated time: what
 * ends all the same is over for its terminals, too. */
#include "support/call_rig.h"
#include "support/suite.h"

#include "engine/samples.h"

struct fixture {
    struct rig rig;
    struct omsp_call *call;
    struct omsp_stream *stream;
    struct omsp_terminal *ear;
    bool stuck; /* it does not stop */
};

static enum omsp_status move(void *ctx, struct omsp_call *call, enum omsp_direction direction,
                             enum omsp_actual to)
{
    struct fixture *f = ctx;

    (void)call, (void)direction;
    return f->stuck && to == OMSP_STOPPED ? OMSP_FULL : OMSP_OK;
}

static void open_fixture(struct fixture *f)
{
    struct omsp_stream_offers all = {OMSP_OFFERED, OMSP_OFFERED, OMSP_OFFERED};

    f->stuck = false;
    rig_open(&f->rig, 21);
    f->call = rig_call(&f->rig);
    f->stream = rig_stream(f->call, OMSP_RENDER);
    ck_assert_int_eq(omsp_samples_create(f->rig.address, OMSP_RENDER, 0, &f->ear), OMSP_OK);
    ck_assert_int_eq(omsp_call_set_transport(f->call, OMSP_TRANSPORT_HARDWARE, all), OMSP_OK);
    omsp_call_set_hardware(f->call, move, f);
    ck_assert_int_eq(omsp_stream_select(f->stream, f->ear), OMSP_OK);
    ck_assert_int_eq(omsp_call_connect(f->call), OMSP_OK);
    rig_expect_call(&f->rig, f->stream, OMSP_STREAM_ACTIVE, OMSP_CAUSE_LOCAL_REQUEST, OMSP_OK);
    ck_assert(omsp_terminal_in_use(f->ear));
    f->stuck = true;
}

static void expect_fail(struct fixture *f, enum omsp_cause cause, enum omsp_status error)
{
    rig_expect_call(&f->rig, f->stream, OMSP_STREAM_FAIL, cause, error);
    rig_expect_nothing(&f->rig);
    ck_assert_int_eq(omsp_stream_get_actual(f->stream), OMSP_STOPPED);
    ck_assert(!omsp_terminal_in_use(f->ear));
}

static void close_fixture(struct fixture *f)
{
    omsp_terminal_release(f->ear);
    omsp_stream_release(f->stream);
    omsp_call_release(f->call);
    rig_close(&f->rig);
}

START_TEST(a_stop_that_fails_leaves_the_stream_as_it_was)
{
    struct fixture f;

    open_fixture(&f);
    ck_assert_int_eq(omsp_stream_stop(f.stream, OMSP_CAUSE_LOCAL_REQUEST), OMSP_FULL);
    rig_expect_call(&f.rig, f.stream, OMSP_STREAM_FAIL, OMSP_CAUSE_LOCAL_REQUEST, OMSP_FULL);
    ck_assert_int_eq(omsp_stream_get_actual(f.stream), OMSP_RUNNING);
    ck_assert(omsp_terminal_in_use(f.ear));
    close_fixture(&f);
}
END_TEST

START_TEST(a_call_that_is_disconnected_lets_go_of_its_terminals_whatever_the_hardware_says)
{
    struct fixture f;

    open_fixture(&f);
    ck_assert_int_eq(omsp_call_disconnect(f.call, OMSP_CAUSE_REMOTE_REQUEST), OMSP_OK);
    expect_fail(&f, OMSP_CAUSE_LOCAL_REQUEST, OMSP_FULL);
    close_fixture(&f);
}
END_TEST

START_TEST(so_does_one_that_is_shut_down)
{
    struct fixture f;

    open_fixture(&f);
    ck_assert_int_eq(omsp_call_shutdown(f.call), OMSP_OK);
    expect_fail(&f, OMSP_CAUSE_LOCAL_REQUEST, OMSP_FULL);
    close_fixture(&f);
}
END_TEST

START_TEST(so_does_a_stream_whose_hardware_failed_or_whose_last_terminal_broke)
{
    for (int broken = 0; broken < 2; broken++) {
        struct fixture f;

        open_fixture(&f);
        if (broken) {
            ck_assert_int_eq(omsp_terminal_break(f.ear, OMSP_NODEVICE), OMSP_OK);
            rig_expect_call(&f.rig, f.stream, OMSP_TERMINAL_FAIL, OMSP_CAUSE_BAD_DEVICE,
                            OMSP_NODEVICE);
            expect_fail(&f, OMSP_CAUSE_BAD_DEVICE, OMSP_NODEVICE);
        } else {
            ck_assert_int_eq(omsp_call_hardware_report(f.call, OMSP_RENDER, OMSP_STOPPED, OMSP_IO),
                             OMSP_OK);
            rig_expect_call(&f.rig, f.stream, OMSP_TERMINAL_FAIL, OMSP_CAUSE_BAD_DEVICE, OMSP_IO);
            expect_fail(&f, OMSP_CAUSE_BAD_DEVICE, OMSP_IO);
        }
        /* The next start connects it again. */
        ck_assert_int_eq(omsp_stream_start(f.stream, OMSP_CAUSE_LOCAL_REQUEST), OMSP_OK);
        ck_assert(omsp_terminal_in_use(f.ear));
        close_fixture(&f);
    }
}
END_TEST

OMSP_SUITE("hardware", TEST(a_stop_that_fails_leaves_the_stream_as_it_was),
           TEST(a_call_that_is_disconnected_lets_go_of_its_terminals_whatever_the_hardware_says),
           TEST(so_does_one_that_is_shut_down),
           TEST(so_does_a_stream_whose_hardware_failed_or_whose_last_terminal_broke))
