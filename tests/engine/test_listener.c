/* A listener's signal that comes later, because it was asked for: once, without memory, and never
 * when nobody is left whom it could wake. */
#include "support/call_rig.h"
#include "support/suite.h"

#include "engine/device.h"
#include "sim/sim_audio.h"

static void count_signal(void *ctx)
{
    ++*(unsigned *)ctx;
}

START_TEST(a_signal_that_is_asked_for_comes_once_half_a_second_later)
{
    struct rig rig;

    rig_open(&rig, 1);
    for (unsigned n = 0; n < 3; n++) {
        omsp_test_fail_allocs_from(0);
        omsp_listener_signal_later(rig.listener);
        rig_run(&rig, 400);
        omsp_listener_signal_later(rig.listener); /* is the same one */
        ck_assert_uint_eq(rig.signals, n);
        rig_run(&rig, 101);
        ck_assert_uint_eq(rig.signals, n + 1);
        rig_run(&rig, 5000);
        ck_assert_uint_eq(rig.signals, n + 1);
        ck_assert(!omsp_test_alloc_failed());
        omsp_test_allow_alloc();
    }
    rig_close(&rig);
}
END_TEST

START_TEST(each_listener_is_signalled_in_its_time_and_none_that_did_not_ask)
{
    struct omsp_listener *listeners[3];
    struct omsp_address *other;
    struct rig rig;
    unsigned signals[3] = {0};

    rig_open(&rig, 1);
    ck_assert_int_eq(omsp_address_create(rig.engine, &other), OMSP_OK);
    for (unsigned i = 0; i < 3; i++)
        ck_assert_int_eq(
            omsp_address_listen(i ? rig.address : other, count_signal, &signals[i], &listeners[i]),
            OMSP_OK);
    omsp_listener_signal_later(listeners[0]);
    rig_run(&rig, 200);
    omsp_listener_signal_later(listeners[1]);
    omsp_listener_signal_later(rig.listener);
    rig_run(&rig, 301);
    ck_assert_uint_eq(signals[0], 1);
    ck_assert_uint_eq(signals[1], 0);
    rig_run(&rig, 200);
    ck_assert_uint_eq(signals[1], 1);
    ck_assert_uint_eq(rig.signals, 1);
    rig_run(&rig, 5000);
    ck_assert_uint_eq(signals[0], 1);
    ck_assert_uint_eq(signals[1], 1);
    ck_assert_uint_eq(signals[2], 0);
    for (unsigned i = 0; i < 3; i++)
        omsp_listener_close(listeners[i]);
    omsp_address_shutdown(other);
    omsp_address_release(other);
    rig_close(&rig);
}
END_TEST

/* Closed is the first of three, for which the timer is set; and the last. */
START_TEST(a_listener_that_is_closed_is_not_signalled)
{
    struct omsp_listener *listeners[3];
    struct rig rig;
    unsigned signals[3] = {0};

    rig_open(&rig, 1);
    for (unsigned i = 0; i < 3; i++) {
        ck_assert_int_eq(omsp_address_listen(rig.address, count_signal, &signals[i], &listeners[i]),
                         OMSP_OK);
        omsp_listener_signal_later(listeners[i]);
        rig_run(&rig, 100);
    }
    omsp_listener_close(listeners[0]);
    omsp_listener_close(listeners[2]);
    rig_run(&rig, 1000);
    ck_assert_uint_eq(signals[0], 0);
    ck_assert_uint_eq(signals[1], 1);
    ck_assert_uint_eq(signals[2], 0);
    omsp_listener_close(listeners[1]);
    rig_close(&rig);
}
END_TEST

START_TEST(nobody_is_signalled_later_when_the_address_is_shut_down)
{
    struct omsp_listener *listener;
    struct omsp_address *other;
    struct rig rig;
    unsigned signals = 0;

    rig_open(&rig, 1);
    ck_assert_int_eq(omsp_address_create(rig.engine, &other), OMSP_OK);
    ck_assert_int_eq(omsp_address_listen(other, count_signal, &signals, &listener), OMSP_OK);
    omsp_listener_signal_later(listener);
    omsp_listener_signal_later(rig.listener);
    omsp_address_shutdown(other);
    omsp_listener_signal_later(listener);
    rig_run(&rig, 1000);
    ck_assert_uint_eq(signals, 0);
    ck_assert_uint_eq(rig.signals, 1); /* the one behind it */
    omsp_listener_signal_later(listener);
    omsp_listener_signal_later(rig.listener);
    omsp_listener_close(listener);
    omsp_address_release(other);
    rig_close(&rig); /* while one waits */
}
END_TEST

/* Which has room for more than it has calls: for this one, and for the look at devices that the
 * system could not tell. */
START_TEST(there_is_room_for_it_beside_the_timers_of_any_number_of_calls)
{
    struct omsp_terminal *devices[1];
    struct omsp_call *calls[34];
    struct rig rig;
    unsigned count, before;

    rig_open(&rig, 1);
    omsp_sim_audio_set_unknown(rig.sim, true);
    ck_assert_int_eq(omsp_address_devices(rig.address, devices, 0, &count), OMSP_OK);
    for (unsigned i = 0; i < 34; i++) {
        struct omsp_addr peer = {.family = 4, .ip = {127, 0, 0, 2}, .port = 5000};

        calls[i] = rig_call(&rig);
        ck_assert_int_eq(omsp_call_set_peer(calls[i], &peer, 0), OMSP_OK);
        before = rig.signals;
        omsp_listener_signal_later(rig.listener);
        rig_run(&rig, 501);
        ck_assert_uint_eq(rig.signals, before + 1);
    }
    for (unsigned i = 0; i < 34; i++)
        omsp_call_release(calls[i]);
    rig_close(&rig);
}
END_TEST

OMSP_SUITE("listener", TEST(a_signal_that_is_asked_for_comes_once_half_a_second_later),
           TEST(each_listener_is_signalled_in_its_time_and_none_that_did_not_ask),
           TEST(a_listener_that_is_closed_is_not_signalled),
           TEST(nobody_is_signalled_later_when_the_address_is_shut_down),
           TEST(there_is_room_for_it_beside_the_timers_of_any_number_of_calls))
