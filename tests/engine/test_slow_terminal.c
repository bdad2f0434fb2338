/*
 * A terminal that takes its time to be connected, as a sound device does whose service has to
 * start: what was ordered of the media worker before it is not kept waiting for it. Real threads
 * and sockets.
 */
#include "support/net_rig.h"

#include "engine/engine.h"
#include "engine/samples.h"

struct slow {
    struct net_rig rig;
    struct net_box far; /* where the call's packets go */
    bool heard;         /* one of them, while it was being connected */
};

/* In the device's place: until a packet came. */
static enum omsp_status connect_slowly(void *ctx)
{
    struct slow *slow = ctx;

    net_pump(&slow->rig, &slow->far.count, 1, 5 * SECOND);
    slow->heard = atomic_load(&slow->far.count) > 0;
    return OMSP_OK;
}

static void put_on(struct omsp_call *call, struct omsp_terminal *terminal, unsigned index)
{
    struct omsp_stream *stream = omsp_call_stream_at(call, index);

    ck_assert_int_eq(omsp_stream_select(stream, terminal), OMSP_OK);
    omsp_stream_release(stream);
}

START_TEST(media_goes_while_a_terminal_is_connected_slowly)
{
    struct omsp_terminal *words, *ear;
    struct omsp_address *address;
    struct omsp_engine *engine;
    struct omsp_call *call;
    struct slow slow = {.heard = false};

    net_rig_up(&slow.rig, false);
    net_box_on_loopback(&slow.far, &slow.rig);
    ck_assert_int_eq(omsp_engine_create(slow.rig.ports, NULL, &engine), OMSP_OK);
    ck_assert_int_eq(omsp_address_create(engine, &address), OMSP_OK);
    ck_assert_int_eq(omsp_call_create(address, OMSP_MEDIA_AUDIO, 1, &call), OMSP_OK);
    ck_assert_int_eq(omsp_samples_create(address, OMSP_CAPTURE, 0, &words), OMSP_OK);
    ck_assert_int_eq(omsp_samples_create(address, OMSP_RENDER, 0, &ear), OMSP_OK);
    ck_assert_int_eq(omsp_samples_set_gate(ear, connect_slowly, &slow), OMSP_OK);
    put_on(call, words, 0);
    put_on(call, ear, 1);
    ck_assert_int_eq(omsp_call_set_peer(call, &slow.far.addr, 0), OMSP_OK);
    ck_assert(slow.heard);
    omsp_address_shutdown(address);
    omsp_terminal_release(words);
    omsp_terminal_release(ear);
    omsp_call_release(call);
    omsp_address_release(address);
    omsp_engine_destroy(engine);
    net_box_close(&slow.far);
    net_rig_down(&slow.rig);
}
END_TEST

OMSP_SUITE("slow_terminal", TEST(media_goes_while_a_terminal_is_connected_slowly))
