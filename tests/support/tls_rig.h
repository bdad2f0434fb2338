/*
 * Two connected calls of a real engine and media streams of the second to the servers that
 * tests/tls-far.sh started: what the suites of media streams over TLS share. The test's thread.
 */
#ifndef OMSP_TESTS_SUPPORT_TLS_RIG_H
#define OMSP_TESTS_SUPPORT_TLS_RIG_H

#include "support/far_ports.h"
#include "support/suite.h"

#include "engine/fork.h"
#include "engine/samples.h"
#include "port/lock.h"

#define TLS_RIG_WAIT_S 60

struct tls_rig {
    struct omsp_engine *engine;
    struct omsp_address *address;
    struct omsp_listener *listener;
    struct omsp_call *a, *b; /* b hears what a says */
    struct omsp_stream *send;
    struct omsp_terminal *mouth;
    struct omsp_lock lock;
    struct omsp_cond never;
};

void tls_rig_up(struct tls_rig *rig);
/* Nothing is outstanding then. */
void tls_rig_down(struct tls_rig *rig);

/* A stream of b's inbound track to that server; options->url is filled, and tracks. A reference. */
struct omsp_stream *tls_rig_fork(struct tls_rig *rig, const char *server,
                                 struct omsp_fork_options *options);
/* a says something for nine seconds from now on. */
void tls_rig_speak(struct tls_rig *rig);
/* Some milliseconds. Fails the test when the engine's clock is beyond give_up_us. */
void tls_rig_pause(struct tls_rig *rig, uint64_t give_up_us);
/* TLS_RIG_WAIT_S from now. */
uint64_t tls_rig_limit(struct tls_rig *rig);

#endif
