/*
 * The samples terminal on real threads and sockets: writers, readers, watchers and stops meet. Run
 * under ThreadSanitizer too. Waits have a condition and a bound.
 */
#include "support/suite.h"

#include "engine/samples.h"
#include "port/lock.h"
#include "port/thread.h"

#include <string.h>

#define ROUNDS  300
#define THREADS 4

struct gate {
    struct omsp_lock lock;
    struct omsp_cond cond;
    unsigned news;
};

static void open_gate(void *ctx, unsigned news)
{
    struct gate *gate = ctx;

    omsp_lock_acquire(&gate->lock);
    gate->news |= news;
    omsp_cond_broadcast(&gate->cond);
    omsp_lock_release(&gate->lock);
}

/* Waits for any of these news, at most 10 s, and takes them. */
static unsigned await_news(struct gate *gate, unsigned wanted)
{
    unsigned news;

    omsp_lock_acquire(&gate->lock);
    while (!(gate->news & wanted) && omsp_cond_wait(&gate->cond, &gate->lock, 10000000))
        ;
    news = gate->news & wanted;
    gate->news &= ~wanted;
    omsp_lock_release(&gate->lock);
    return news;
}

struct storm {
    struct omsp_engine *engine;
    struct omsp_address *address;
    struct omsp_call *calls[2];
    struct omsp_stream *capture, *render;
    struct omsp_terminal *in, *out;
    struct gate writable, readable;
};

static void gate_init(struct gate *gate)
{
    omsp_lock_init(&gate->lock);
    omsp_cond_init(&gate->cond);
}

static void gate_destroy(struct gate *gate)
{
    omsp_cond_destroy(&gate->cond);
    omsp_lock_destroy(&gate->lock);
}

static void storm_open(struct storm *storm)
{
    char sdp[2048];
    size_t need;

    memset(storm, 0, sizeof(*storm));
    gate_init(&storm->writable);
    gate_init(&storm->readable);
    ck_assert_int_eq(omsp_engine_create(omsp_system_ports(), NULL, &storm->engine), OMSP_OK);
    ck_assert_int_eq(omsp_address_create(storm->engine, &storm->address), OMSP_OK);
    for (int i = 0; i < 2; i++)
        ck_assert_int_eq(omsp_call_create(storm->address, OMSP_MEDIA_AUDIO, 1, &storm->calls[i]),
                         OMSP_OK);
    storm->capture = omsp_call_stream_at(storm->calls[0], 0);
    storm->render = omsp_call_stream_at(storm->calls[1], 1);
    ck_assert_int_eq(omsp_samples_create(storm->address, OMSP_CAPTURE, 200, &storm->in), OMSP_OK);
    ck_assert_int_eq(omsp_samples_create(storm->address, OMSP_RENDER, 200, &storm->out), OMSP_OK);
    omsp_samples_watch(storm->in, open_gate, &storm->writable);
    omsp_samples_watch(storm->out, open_gate, &storm->readable);
    ck_assert_int_eq(omsp_stream_select(storm->capture, storm->in), OMSP_OK);
    ck_assert_int_eq(omsp_stream_select(storm->render, storm->out), OMSP_OK);
    ck_assert_int_eq(omsp_call_local_sdp(storm->calls[0], sdp, sizeof(sdp), &need), OMSP_OK);
    ck_assert_int_eq(omsp_call_set_remote_sdp(storm->calls[1], sdp, strlen(sdp)), OMSP_OK);
    ck_assert_int_eq(omsp_call_local_sdp(storm->calls[1], sdp, sizeof(sdp), &need), OMSP_OK);
    ck_assert_int_eq(omsp_call_set_remote_sdp(storm->calls[0], sdp, strlen(sdp)), OMSP_OK);
}

static void storm_close(struct storm *storm)
{
    omsp_address_shutdown(storm->address);
    omsp_samples_watch(storm->in, NULL, NULL);
    omsp_samples_watch(storm->out, NULL, NULL);
    omsp_terminal_release(storm->in);
    omsp_terminal_release(storm->out);
    omsp_stream_release(storm->capture);
    omsp_stream_release(storm->render);
    for (int i = 0; i < 2; i++)
        omsp_call_release(storm->calls[i]);
    omsp_engine_destroy(storm->engine);
    omsp_address_release(storm->address);
    gate_destroy(&storm->writable);
    gate_destroy(&storm->readable);
    ck_assert_int_eq(omsp_test_outstanding(), 0);
}

START_TEST(waiting_for_news_is_enough_to_move_a_second_of_audio)
{
    static int16_t pcm[8000], heard[16000];
    struct storm storm;
    size_t at = 0, got = 0;

    storm_open(&storm);
    for (size_t i = 0; i < 8000; i++)
        pcm[i] = (int16_t)(i % 64 * 400 - 12000);
    while (at < sizeof(pcm)) {
        size_t used;

        ck_assert(await_news(&storm.writable, OMSP_SAMPLES_READY));
        omsp_samples_write(storm.in, (uint8_t *)pcm + at, sizeof(pcm) - at, &used);
        at += used;
    }
    ck_assert_int_eq(omsp_samples_end(storm.in), OMSP_OK);
    ck_assert(await_news(&storm.writable, OMSP_SAMPLES_ENDED));
    while (got < 4000) {
        struct omsp_samples_chunk chunk;

        ck_assert(await_news(&storm.readable, OMSP_SAMPLES_READY));
        while (!omsp_samples_read(storm.out, heard, sizeof(heard), &chunk))
            got += chunk.bytes;
    }
    ck_assert_int_eq(omsp_stream_stop(storm.render, OMSP_CAUSE_LOCAL_REQUEST), OMSP_OK);
    ck_assert(await_news(&storm.readable, OMSP_SAMPLES_STOPPED));
    storm_close(&storm);
}
END_TEST

struct hand {
    struct storm *storm;
    unsigned seed;
    struct omsp_thread *thread;
};

static unsigned next(unsigned *seed)
{
    *seed = *seed * 1103515245u + 12345u;
    return *seed >> 16;
}

static void change(struct storm *storm, unsigned what, bool render)
{
    static const struct omsp_audio_format formats[] = {{1, 1, 8000, 16}, {1, 2, 44100, 16}};
    struct omsp_terminal *terminal = render ? storm->out : storm->in;
    struct omsp_stream *stream = render ? storm->render : storm->capture;
    struct gate *gate = render ? &storm->readable : &storm->writable;

    switch (what % 8) {
    case 0:
        omsp_stream_stop(stream, OMSP_CAUSE_LOCAL_REQUEST);
        break;
    case 1:
        omsp_stream_start(stream, OMSP_CAUSE_LOCAL_REQUEST);
        break;
    case 2:
        omsp_stream_unselect(stream, terminal);
        break;
    case 3:
        omsp_stream_select(stream, terminal);
        break;
    case 4:
        omsp_samples_set_format(terminal, &formats[what / 8 % 2]);
        break;
    case 5:
        omsp_samples_set_ring(terminal, 60 + what % 200);
        break;
    case 6:
        omsp_samples_watch(terminal, what / 8 % 2 ? open_gate : NULL, gate);
        break;
    default:
        omsp_samples_drop(terminal);
        break;
    }
}

static void hand_main(void *arg)
{
    struct hand *hand = arg;
    struct storm *storm = hand->storm;
    struct omsp_samples_chunk chunk;
    struct omsp_samples_stats stats;
    uint8_t bytes[4000];
    size_t used;

    memset(bytes, 77, sizeof(bytes));
    for (int i = 0; i < ROUNDS; i++) {
        unsigned pick = next(&hand->seed);
        size_t len = pick % sizeof(bytes);

        switch (pick / 16 % 6) {
        case 0:
        case 1:
            omsp_samples_write(storm->in, bytes, len, &used);
            ck_assert_uint_le(used, len);
            break;
        case 2:
        case 3:
            omsp_samples_read(storm->out, bytes, len, &chunk);
            ck_assert_uint_le(chunk.bytes, len);
            break;
        case 4:
            omsp_samples_get_stats(i % 2 ? storm->in : storm->out, &stats);
            ck_assert_uint_le(stats.buffered_us, 1000u * stats.ring_ms + 128000 + 60000);
            if (pick % 9 == 0)
                omsp_samples_end(storm->in);
            break;
        default:
            change(storm, next(&hand->seed), i % 2);
            break;
        }
    }
}

START_TEST(many_hands_on_one_terminal_leave_it_in_order)
{
    struct storm storm;
    struct hand hands[THREADS];

    storm_open(&storm);
    for (unsigned i = 0; i < THREADS; i++) {
        hands[i] = (struct hand){&storm, omsp_test_seed(i * 7919 + 3), NULL};
        ck_assert_int_eq(omsp_thread_start(hand_main, &hands[i], "hand", &hands[i].thread),
                         OMSP_OK);
    }
    for (unsigned i = 0; i < THREADS; i++)
        omsp_thread_join(hands[i].thread);
    storm_close(&storm);
}
END_TEST

OMSP_SUITE("samples_storm", TEST(waiting_for_news_is_enough_to_move_a_second_of_audio),
           TEST(many_hands_on_one_terminal_leave_it_in_order))
