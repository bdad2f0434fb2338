/*
 * What a peer says that a test speaks for, so that a recording shows of every sample whether it was
 * said: never silence, never the same frame twice. u-law, frames of 20 ms.
 */
#ifndef OMSP_TESTS_SUPPORT_PEER_WORDS_H
#define OMSP_TESTS_SUPPORT_PEER_WORDS_H

#include "support/call_rig.h"
#include "support/suite.h"

#include "media/g711.h"

#define PEER_FRAME     160
#define PEER_MAX_HEARD (60 * 8000) /* samples of a recording */

/* The code at this place of this frame, counted from 0. */
static inline uint8_t peer_code(unsigned frame, unsigned i)
{
    uint32_t x = (frame * PEER_FRAME + i) * 2654435761u;

    return (uint8_t)(0x10 + (x >> 24) % 0x60);
}

/* The recording is stopped; it is the first `said` frames from the first to the last, and nothing
 * between them. */
static inline void peer_is_heard(struct rig *rig, struct omsp_terminal *recorder, const char *path,
                                 unsigned said)
{
    static int16_t heard[PEER_MAX_HEARD];
    size_t count, want = (size_t)said * PEER_FRAME, at = 0;

    ck_assert_int_eq(omsp_file_stop(recorder), OMSP_OK);
    count = rig_get_wav(rig, path, heard, PEER_MAX_HEARD);
    while (at < count && heard[at] != omsp_ulaw_to_linear(peer_code(0, 0)))
        at++;
    ck_assert_msg(count - at >= want, "%zu of %zu samples", count - at, want);
    for (size_t i = 0; i < want; i++)
        ck_assert_msg(heard[at + i] == omsp_ulaw_to_linear(peer_code((unsigned)(i / PEER_FRAME),
                                                                     (unsigned)(i % PEER_FRAME))),
                      "sample %zu", i);
}

#endif
