/* One call with several far sources (SSRCs) behind one address, in simulated time. */
#ifndef OMSP_TESTS_SUPPORT_HALL_H
#define OMSP_TESTS_SUPPORT_HALL_H

#include "support/call_rig.h"
#include "support/suite.h"

#include "engine/samples.h"
#include "media/g711.h"
#include "media/rtcp.h"
#include "media/rtp.h"

#include <stdlib.h>
#include <string.h>

#define FRAME 160

struct hall {
    struct rig rig;
    struct omsp_addr local, local_rtcp, far, far_rtcp;
    struct omsp_call *call;
    struct omsp_stream *stream;
    unsigned blocks; /* of reports in the last one sent */
    unsigned sent[16];
};

static inline void on_reporter(void *ctx, uint32_t ssrc, unsigned blocks)
{
    (void)ssrc;
    *(unsigned *)ctx = blocks;
}

static inline void watch(void *ctx, const struct omsp_addr *from, const struct omsp_addr *to,
                         const void *data, size_t len)
{
    struct hall *hall = ctx;
    struct omsp_rtcp_visitor visitor = {.reporter = on_reporter, .ctx = &hall->blocks};

    (void)from;
    if (omsp_addr_equal(to, &hall->far_rtcp))
        ck_assert_int_eq(omsp_rtcp_parse(data, len, &visitor), OMSP_OK);
}

static inline struct hall *hall_open(void)
{
    struct hall *hall = calloc(1, sizeof(*hall));

    rig_open(&hall->rig, 5);
    ck_assert_int_eq(omsp_addr_parse("127.0.0.1:20000", &hall->local), OMSP_OK);
    ck_assert_int_eq(omsp_addr_parse("127.0.0.1:20001", &hall->local_rtcp), OMSP_OK);
    ck_assert_int_eq(omsp_addr_parse("127.0.0.1:20100", &hall->far), OMSP_OK);
    ck_assert_int_eq(omsp_addr_parse("127.0.0.1:20101", &hall->far_rtcp), OMSP_OK);
    omsp_sim_set_tap(hall->rig.sim, watch, hall);
    hall->call = rig_call(&hall->rig);
    hall->stream = rig_stream(hall->call, OMSP_RENDER);
    ck_assert_int_eq(omsp_call_bind(hall->call, &hall->local), OMSP_OK);
    ck_assert_int_eq(omsp_call_set_peer(hall->call, &hall->far, 0), OMSP_OK);
    return hall;
}

static inline void hall_close(struct hall *hall)
{
    omsp_stream_release(hall->stream);
    omsp_call_release(hall->call);
    rig_close(&hall->rig);
    free(hall);
}

/* What a source says at one place of its own. */
static inline uint8_t code_of(unsigned source, unsigned at)
{
    return (uint8_t)(at * 7 + source * 31 + at / 256);
}

static inline void say(struct hall *hall, unsigned source)
{
    uint8_t packet[OMSP_RTP_HEADER + FRAME];
    unsigned n = hall->sent[source]++;

    omsp_rtp_put_header(packet, n == 0, 0, (uint16_t)(100 + n), n * FRAME, 1000 + source);
    for (unsigned i = 0; i < FRAME; i++)
        packet[OMSP_RTP_HEADER + i] = code_of(source, n * FRAME + i);
    ck_assert_int_eq(
        omsp_sim_inject(hall->rig.sim, &hall->far, &hall->local, packet, sizeof(packet)), OMSP_OK);
}

/* The sources of the mask say `frames` frames side by side. */
static inline void talk(struct hall *hall, unsigned mask, unsigned frames)
{
    while (frames--) {
        for (unsigned source = 0; source < 16; source++)
            if (mask & 1u << source)
                say(hall, source);
        rig_run(&hall->rig, 20);
    }
}

static inline void leave(struct hall *hall, unsigned source)
{
    struct omsp_rtcp_compound compound = {
        .ssrc = 1000 + source, .cname = omsp_span_text("far"), .bye = true};
    uint8_t packet[256];
    size_t len;

    ck_assert_int_eq(omsp_rtcp_build(&compound, packet, sizeof(packet), &len), OMSP_OK);
    ck_assert_int_eq(
        omsp_sim_inject(hall->rig.sim, &hall->far_rtcp, &hall->local_rtcp, packet, len), OMSP_OK);
    rig_run(&hall->rig, 5);
}

static inline struct omsp_stream *substream(struct hall *hall)
{
    struct omsp_stream *made = NULL;

    ck_assert_int_eq(omsp_stream_create_substream(hall->stream, &made), OMSP_OK);
    ck_assert_ptr_eq(omsp_stream_parent(made), hall->stream);
    return made;
}

static inline struct omsp_terminal *ear(struct hall *hall, struct omsp_stream *on)
{
    struct omsp_terminal *terminal;

    ck_assert_int_eq(omsp_samples_create(hall->rig.address, OMSP_RENDER, 10000, &terminal),
                     OMSP_OK);
    ck_assert_int_eq(omsp_stream_select(on, terminal), OMSP_OK);
    return terminal;
}

/* The next that this ear heard is this source from frame `first` on, `frames` of them. */
static inline void expect(struct omsp_terminal *terminal, unsigned source, unsigned first,
                          unsigned frames)
{
    for (unsigned at = first * FRAME; at < (first + frames) * FRAME;) {
        struct omsp_samples_chunk chunk;
        int16_t pcm[FRAME];
        size_t room = (first + frames) * FRAME - at;

        room = (room < FRAME ? room : FRAME) * sizeof(pcm[0]);
        ck_assert_int_eq(omsp_samples_read(terminal, pcm, room, &chunk), OMSP_OK);
        for (size_t i = 0; i < chunk.bytes / sizeof(pcm[0]); i++, at++)
            ck_assert_int_eq(pcm[i], omsp_ulaw_to_linear(code_of(source, at)));
    }
}

static inline void expect_silence(struct omsp_terminal *terminal)
{
    struct omsp_samples_chunk chunk;
    int16_t pcm[FRAME];
    enum omsp_status status = omsp_samples_read(terminal, pcm, sizeof(pcm), &chunk);

    ck_assert(status == OMSP_EMPTY || status == OMSP_WRONG_STATE);
}

#endif
