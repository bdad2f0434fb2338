/*
 * What the library does with the kernel behind an application's back must not be seen in the calls
 * of the application's own threads: one that made and ended an engine waits for its sockets as
 * before.
 */
#include "support/suite.h"

#include "engine/engine.h"
#include "engine/fork.h"
#include "port/ports.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define LIVES 20

static void nobody(void *ctx)
{
    (void)ctx;
}

/* All ports of the engine are in use. */
static void have_a_media_stream(struct omsp_engine *engine)
{
    struct omsp_fork_settings settings = {.auth_token = "secret"};
    struct omsp_fork_options options = {.url = "ws://127.0.0.1:9/x", .tracks = OMSP_TRACK_INBOUND};
    struct omsp_address *address;
    struct omsp_listener *listener;
    struct omsp_call *call;
    struct omsp_stream *stream;
    struct omsp_addr peer;

    ck_assert_int_eq(omsp_engine_set_forks(engine, &settings), OMSP_OK);
    ck_assert_int_eq(omsp_address_create(engine, &address), OMSP_OK);
    ck_assert_int_eq(omsp_address_listen(address, nobody, NULL, &listener), OMSP_OK);
    ck_assert_int_eq(omsp_call_create(address, OMSP_MEDIA_AUDIO, 1, &call), OMSP_OK);
    ck_assert_int_eq(omsp_addr_parse("127.0.0.1:9", &peer), OMSP_OK);
    ck_assert_int_eq(omsp_call_set_peer(call, &peer, 0), OMSP_OK);
    ck_assert_int_eq(omsp_call_fork(call, &options, OMSP_CAUSE_LOCAL_REQUEST, NULL, &stream),
                     OMSP_OK);
    omsp_stream_release(stream);
    omsp_call_shutdown(call);
    omsp_call_release(call);
    omsp_address_shutdown(address);
    omsp_listener_close(listener);
    omsp_address_release(address);
}

START_TEST(an_engine_that_ends_interrupts_no_call_of_who_made_it)
{
    struct timeval patience = {.tv_usec = 50000};
    int pair[2];
    char byte;

    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    /* A wait with a bound is not taken up again by the system after an interruption (signal(7)). */
    ck_assert_int_eq(setsockopt(pair[0], SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)), 0);
    for (int life = 0; life < LIVES; life++) {
        struct omsp_engine *engine;

        ck_assert_int_eq(omsp_engine_create(omsp_system_ports(), NULL, &engine), OMSP_OK);
        have_a_media_stream(engine);
        omsp_engine_destroy(engine);
        ck_assert_int_eq(recv(pair[0], &byte, 1, 0), -1);
        ck_assert_msg(errno == EAGAIN || errno == EWOULDBLOCK, "errno %d", errno);
    }
    close(pair[0]);
    close(pair[1]);
}
END_TEST

OMSP_SUITE("interrupt", TEST(an_engine_that_ends_interrupts_no_call_of_who_made_it))
