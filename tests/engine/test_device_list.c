/* Which static terminals there are, when memory runs out while the system's devices are looked at:
 * all of them or OMSP_NOMEM, and all of them when one asks again. */
#include "support/call_rig.h"
#include "support/suite.h"

#include "engine/device.h"
#include "sim/sim_audio.h"

static void plug(struct rig *rig, const char *id, enum omsp_audio_flow flow)
{
    struct omsp_sim_device device = {.id = id, .name = id, .flow = flow, .rate = 16000};

    ck_assert_int_eq(omsp_sim_audio_add(rig->sim, &device), OMSP_OK);
}

static void begin(struct rig *rig)
{
    struct omsp_terminal *devices[1];
    unsigned count;

    rig_open(rig, 1);
    plug(rig, "mic", OMSP_AUDIO_CAPTURE);
    plug(rig, "speaker", OMSP_AUDIO_RENDER);
    ck_assert_int_eq(omsp_address_devices(rig->address, devices, 0, &count), OMSP_OK);
    ck_assert_uint_eq(count, 2);
}

static void list_body(void *ctx)
{
    struct rig *rig = ctx;
    struct omsp_terminal *devices[OMSP_ADDRESS_MAX_DEVICES], *best = NULL;
    struct omsp_address *address;
    enum omsp_status status;
    unsigned count = 7;

    if (omsp_address_create(rig->engine, &address) != OMSP_OK) {
        ck_assert(omsp_test_alloc_failed());
        return;
    }
    status = omsp_address_default_device(address, OMSP_RENDER, &best);
    ck_assert_int_eq(status, omsp_test_alloc_failed() ? OMSP_NOMEM : OMSP_OK);
    omsp_terminal_release(best);
    status = omsp_address_devices(address, devices, OMSP_ADDRESS_MAX_DEVICES, &count);
    ck_assert_int_eq(status, OMSP_OK); /* nothing fails any more: all of them, in order */
    ck_assert_uint_eq(count, 4);
    ck_assert_str_eq(omsp_device_name(devices[0]), "mic");
    ck_assert_str_eq(omsp_device_name(devices[1]), "speaker");
    ck_assert_str_eq(omsp_device_name(devices[2]), "horn");
    ck_assert_str_eq(omsp_device_name(devices[3]), "ear");
    while (count)
        omsp_terminal_release(devices[--count]);
    omsp_address_shutdown(address);
    omsp_address_release(address);
}

START_TEST(a_list_is_whole_or_told_to_be_short_of_memory)
{
    struct rig rig;

    begin(&rig);
    plug(&rig, "horn", OMSP_AUDIO_RENDER);
    plug(&rig, "ear", OMSP_AUDIO_RENDER);
    rig_run(&rig, 20);
    ck_assert_int_ge(omsp_test_alloc_walk(list_body, &rig), 5);
    while ((int)rig_event(&rig).kind >= 0)
        ;
    rig_close(&rig);
}
END_TEST

/* A change that nobody had memory to look at is made good for by who asks next. */
START_TEST(a_change_without_memory_is_followed_later)
{
    struct omsp_terminal *devices[OMSP_ADDRESS_MAX_DEVICES];
    struct rig rig;
    unsigned count;

    begin(&rig);
    for (unsigned n = 0; n < 3; n++) { /* the list of facts, the terminal, nothing */
        char id[] = {'x', (char)('0' + n), 0};

        omsp_test_allow_alloc();
        plug(&rig, id, OMSP_AUDIO_RENDER);
        omsp_test_fail_alloc(n);
        rig_run(&rig, 20);
        omsp_test_allow_alloc();
        ck_assert_int_eq(omsp_address_devices(rig.address, devices, 0, &count), OMSP_OK);
        ck_assert_uint_eq(count, 3 + n);
        rig_run(&rig, 20);
        ck_assert_int_eq((int)rig_event(&rig).kind, OMSP_EVENT_ADDRESS);
        rig_expect_nothing(&rig);
    }
    rig_close(&rig);
}
END_TEST

START_TEST(a_change_without_memory_is_told_though_nobody_asks)
{
    struct rig rig;

    begin(&rig);
    for (unsigned n = 0; n < 2; n++) { /* the list of facts, the terminal */
        char id[] = {'x', (char)('0' + n), 0};

        plug(&rig, id, OMSP_AUDIO_RENDER);
        omsp_test_fail_alloc(n);
        rig_run(&rig, 20);
        ck_assert(omsp_test_alloc_failed());
        omsp_test_fail_alloc(n); /* still, at the next look */
        rig_run(&rig, 600);
        ck_assert(omsp_test_alloc_failed());
        omsp_test_allow_alloc();
        rig_expect_nothing(&rig);
        rig_run(&rig, 600);
        ck_assert_int_eq((int)rig_event(&rig).kind, OMSP_EVENT_ADDRESS);
        rig_run(&rig, 2000);
        rig_expect_nothing(&rig);
    }
    rig_close(&rig);
}
END_TEST

OMSP_SUITE("device_list", TEST(a_list_is_whole_or_told_to_be_short_of_memory),
           TEST(a_change_without_memory_is_followed_later),
           TEST(a_change_without_memory_is_told_though_nobody_asks))
