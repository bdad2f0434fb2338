/* What the suites of media streams over TLS share. Not the servers: tests/tools/tls_far.c. */
#include "support/tls_rig.h"

#include "support/pair.h"

#include "port/ports.h"

#include <stdio.h>
#include <string.h>

static void nothing(void *ctx)
{
    (void)ctx;
}

void tls_rig_up(struct tls_rig *rig)
{
    /* A callback is never told again: a slow machine is no reason to lose one. */
    struct omsp_fork_settings settings = {
        .auth_token = "secret", .connect_ms = 5000, .callback_ms = 60000, .ca_file = FAR_CA};

    memset(rig, 0, sizeof(*rig));
    omsp_lock_init(&rig->lock);
    omsp_cond_init(&rig->never);
    ck_assert_int_eq(omsp_engine_create(omsp_system_ports(), NULL, &rig->engine), OMSP_OK);
    ck_assert_int_eq(omsp_engine_set_forks(rig->engine, &settings), OMSP_OK);
    ck_assert_int_eq(omsp_address_create(rig->engine, &rig->address), OMSP_OK);
    ck_assert_int_eq(omsp_address_listen(rig->address, nothing, NULL, &rig->listener), OMSP_OK);
    ck_assert_int_eq(omsp_call_create(rig->address, OMSP_MEDIA_AUDIO, 1, &rig->a), OMSP_OK);
    ck_assert_int_eq(omsp_call_create(rig->address, OMSP_MEDIA_AUDIO, 2, &rig->b), OMSP_OK);
    connect_pair(rig->a, rig->b);
}

void tls_rig_down(struct tls_rig *rig)
{
    omsp_address_shutdown(rig->address);
    if (rig->send)
        omsp_stream_release(rig->send);
    if (rig->mouth)
        omsp_terminal_release(rig->mouth);
    omsp_call_release(rig->a);
    omsp_call_release(rig->b);
    omsp_listener_close(rig->listener);
    omsp_engine_destroy(rig->engine);
    omsp_address_release(rig->address);
    omsp_cond_destroy(&rig->never);
    omsp_lock_destroy(&rig->lock);
    ck_assert_int_eq(omsp_test_outstanding(), 0);
}

struct omsp_stream *tls_rig_fork(struct tls_rig *rig, const char *server,
                                 struct omsp_fork_options *options)
{
    struct omsp_stream *stream;
    char url[64];

    snprintf(url, sizeof(url), "wss://localhost:%u/listen", (unsigned)far_port(server));
    options->url = url;
    options->tracks = OMSP_TRACK_INBOUND;
    ck_assert_int_eq(omsp_call_fork(rig->b, options, OMSP_CAUSE_LOCAL_REQUEST, NULL, &stream),
                     OMSP_OK);
    return stream;
}

void tls_rig_speak(struct tls_rig *rig)
{
    static int16_t pcm[8000];
    size_t used;

    for (size_t i = 0; i < 8000; i++)
        pcm[i] = (int16_t)(i * 37);
    ck_assert_int_eq(omsp_samples_create(rig->address, OMSP_CAPTURE, 10000, &rig->mouth), OMSP_OK);
    for (unsigned second = 0; second < 9; second++)
        ck_assert_int_eq(omsp_samples_write(rig->mouth, pcm, sizeof(pcm), &used), OMSP_OK);
    rig->send = omsp_call_stream_at(rig->a, 0);
    ck_assert_int_eq(omsp_stream_select(rig->send, rig->mouth), OMSP_OK);
}

void tls_rig_pause(struct tls_rig *rig, uint64_t give_up_us)
{
    omsp_lock_acquire(&rig->lock);
    omsp_cond_wait(&rig->never, &rig->lock, 5000);
    omsp_lock_release(&rig->lock);
    ck_assert_msg(omsp_engine_now_us(rig->engine) < give_up_us, "it does not come");
}

uint64_t tls_rig_limit(struct tls_rig *rig)
{
    return omsp_engine_now_us(rig->engine) + TLS_RIG_WAIT_S * 1000000ull;
}
