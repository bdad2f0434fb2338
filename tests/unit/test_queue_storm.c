/*
 * The event queue under storms: against a model that is a plain array and does the rules of
 * core/queue.h in the most obvious way, and against a listener that believes what it is told.
 */
#include "support/events.h"

#include <stdlib.h>

static uint32_t seed;

static uint32_t rnd(void)
{
    seed = seed * 1664525u + 1013904223u;
    return seed >> 8;
}

#define MODEL_ROOM 4096

struct model {
    struct omsp_event list[MODEL_ROOM];
    size_t count;
    uint64_t coalesced, dropped;
};

static void model_remove(struct model *model, size_t index)
{
    memmove(&model->list[index], &model->list[index + 1],
            (model->count - index - 1) * sizeof(model->list[0]));
    model->count--;
}

static bool model_equal(const struct omsp_event *a, const struct omsp_event *b)
{
    return a->kind == b->kind && a->type == b->type && a->cause == b->cause &&
           a->error == b->error && a->call == b->call && a->stream == b->stream &&
           a->terminal == b->terminal && a->track == b->track;
}

/* The stream's tokens as positions in the list. */
static size_t model_tokens(const struct model *model, const struct omsp_event *of, size_t *at)
{
    size_t n = 0;

    for (size_t i = 0; i < model->count; i++) {
        const struct omsp_event *e = &model->list[i];

        if (e->kind == OMSP_EVENT_CALL && e->call == of->call && e->stream == of->stream &&
            (e->type == OMSP_STREAM_ACTIVE || e->type == OMSP_STREAM_INACTIVE ||
             e->type == OMSP_STREAM_FAIL))
            at[n++] = i;
    }
    return n;
}

static void model_post(struct model *model, const struct omsp_event *e)
{
    static size_t tokens[MODEL_ROOM];
    size_t n, found = MODEL_ROOM;
    bool state = e->kind == OMSP_EVENT_CALL &&
                 (e->type == OMSP_STREAM_ACTIVE || e->type == OMSP_STREAM_INACTIVE);

    if (model->count >= LIMIT && state) {
        n = model_tokens(model, e, tokens);
        if (n && model->list[tokens[n - 1]].type != OMSP_STREAM_FAIL) {
            bool opposite = model->list[tokens[n - 1]].type != e->type;

            model_remove(model, tokens[n - 1]);
            model->coalesced += opposite ? 2 : 1;
            if (opposite)
                return;
        }
    } else if (model->count >= LIMIT && e->kind == OMSP_EVENT_FILE) {
        for (size_t i = model->count; i-- > 0;) {
            const struct omsp_event *w = &model->list[i];

            if (w->kind == e->kind && w->call == e->call && w->terminal == e->terminal &&
                w->track == e->track && (w->error == OMSP_OK || model_equal(w, e))) {
                model_remove(model, i);
                model->coalesced++;
            }
        }
    } else if (model->count >= LIMIT &&
               (e->kind == OMSP_EVENT_PRIVATE || e->kind == OMSP_EVENT_TSP_DATA)) {
        for (size_t i = model->count; i-- > 0;)
            if (model->list[i].kind == e->kind)
                found = i;
        if (found < MODEL_ROOM) {
            model_remove(model, found);
            model->dropped++;
        }
    } else if (model->count >= LIMIT && e->kind == OMSP_EVENT_ADDRESS) {
        for (size_t i = model->count; i-- > 0;) {
            if (model_equal(&model->list[i], e)) {
                model_remove(model, i);
                model->coalesced++;
            }
        }
    } else if (model->count >= LIMIT) {
        for (size_t i = 0; i < model->count; i++)
            if (model_equal(&model->list[i], e))
                found = i;
        if (found < MODEL_ROOM && e->type == OMSP_STREAM_FAIL &&
            model_tokens(model, e, tokens) >= 2 && tokens[0] == found &&
            model->list[tokens[1]].type != OMSP_STREAM_FAIL)
            found = MODEL_ROOM; /* it stays */
        if (found < MODEL_ROOM) {
            size_t was = 0;

            model->coalesced++;
            if (e->kind == OMSP_EVENT_CALL && e->type == OMSP_NEW_STREAM)
                return;
            n = model_tokens(model, e, tokens);
            while (was < n && tokens[was] < found)
                was++;
            model_remove(model, found);
            if (e->kind == OMSP_EVENT_CALL && e->type == OMSP_STREAM_FAIL) {
                /* the states on both sides of the gap, `was - 1` and `was`, outwards */
                for (;;) {
                    size_t a, b;
                    int ta, tb;

                    n = model_tokens(model, e, tokens);
                    if (was == 0 || was >= n)
                        break;
                    a = tokens[was - 1];
                    b = tokens[was];
                    ta = model->list[a].type;
                    tb = model->list[b].type;
                    if (ta == OMSP_STREAM_FAIL || tb == OMSP_STREAM_FAIL)
                        break;
                    if (ta != tb) {
                        model_remove(model, b);
                        model->coalesced++;
                    }
                    model_remove(model, a);
                    model->coalesced++;
                    was--;
                }
            }
        }
    }
    ck_assert_uint_lt(model->count, MODEL_ROOM);
    model->list[model->count++] = *e;
}

/* A source of events that keep the rules of core/stream.h: alternation, failures that do or do not
 * end streaming. */
struct source {
    bool active[8];
};

static struct omsp_event next_event(struct source *source, uint64_t number)
{
    uint32_t stream = rnd() % 8;
    struct omsp_event event = call_event(stream + 1, OMSP_STREAM_ACTIVE);

    event.at_us = number;
    switch (rnd() % 16) {
    case 0:
    case 1:
        event.type = rnd() % 2 ? OMSP_STREAM_FAIL : OMSP_TERMINAL_FAIL;
        event.cause = rnd() % 2 ? OMSP_CAUSE_CONNECT_FAIL : OMSP_CAUSE_UNKNOWN;
        event.error = rnd() % 2 ? OMSP_IO : OMSP_NODEVICE;
        if (event.type == OMSP_STREAM_FAIL && rnd() % 2)
            source->active[stream] = false; /* it ended streaming */
        return event;
    case 2:
        event = file_event(rnd() % 2, (enum omsp_media_state)(rnd() % 3),
                           rnd() % 3 ? OMSP_OK : OMSP_IO);
        break;
    case 3:
        event = plain(OMSP_EVENT_PRIVATE, rnd());
        break;
    case 4:
        event = tsp_data(rnd());
        break;
    case 5:
        event = plain(OMSP_EVENT_ADDRESS, 0);
        event.type = (int)(rnd() % 2);
        event.terminal = rnd() % 3 + 1;
        break;
    case 6:
        event.type = rnd() % 2 ? OMSP_NEW_STREAM : OMSP_STREAM_NOT_USED;
        break;
    default:
        source->active[stream] = !source->active[stream];
        event.type = source->active[stream] ? OMSP_STREAM_ACTIVE : OMSP_STREAM_INACTIVE;
        break;
    }
    event.at_us = number;
    return event;
}

/* What a listener that takes everything believes of a stream. fail_ends: every STREAM_FAIL ends
 * streaming, so that no INACTIVE may follow it. */
struct belief {
    char last; /* 'A', 'I' or 'F'; 0: nothing yet */
};

static void believe(struct belief beliefs[8], const struct omsp_event *event, bool fail_ends)
{
    struct belief *belief;

    if (event->kind != OMSP_EVENT_CALL)
        return;
    belief = &beliefs[event->stream - 1];
    switch (event->type) {
    case OMSP_STREAM_ACTIVE:
        ck_assert_msg(belief->last != 'A', "ACTIVE twice");
        belief->last = 'A';
        break;
    case OMSP_STREAM_INACTIVE:
        ck_assert_msg(belief->last == 'A' || (belief->last == 'F' && !fail_ends),
                      "INACTIVE while not active");
        belief->last = 'I';
        break;
    case OMSP_STREAM_FAIL:
        belief->last = 'F';
        break;
    default:
        break;
    }
}

static void storm(uint32_t start, uint64_t posts, unsigned takes_per_1000)
{
    struct omsp_queue *queue = make(LIMIT);
    struct model *model = calloc(1, sizeof(*model));
    struct source source = {{false}};
    struct belief beliefs[8] = {{0}};
    struct omsp_queue_stats stats;
    struct omsp_event out;

    seed = omsp_test_seed(start);
    for (uint64_t number = 1; number <= posts; number++) {
        struct omsp_event event = next_event(&source, number);
        bool was_empty, empty = model->count == 0;

        model_post(model, &event);
        ck_assert_int_eq(omsp_queue_post(queue, &event, &was_empty), OMSP_OK);
        ck_assert(was_empty == empty);
        /* 8 streams x (4 distinct STREAM_FAILs, as many TERMINAL_FAILs, a state behind each of the
         * former, one more of both); 8 x (NEW and NOT_USED); 6 of terminals; 2 tracks x (3 errors
         * and a state); digits and TSP data. */
        ck_assert_uint_le(waiting(queue), LIMIT + 8 * (4 + 4 + 4 + 2) + 16 + 6 + 8 + 2);
        while (rnd() % 1000 < takes_per_1000 && model->count) {
            ck_assert_int_eq(omsp_queue_take(queue, NULL, NULL, &out), OMSP_OK);
            ck_assert_uint_eq(out.at_us, model->list[0].at_us);
            ck_assert(model_equal(&out, &model->list[0]));
            believe(beliefs, &out, false);
            omsp_free(out.blob);
            model_remove(model, 0);
        }
    }
    omsp_queue_get_stats(queue, &stats);
    ck_assert_uint_eq(stats.waiting, model->count);
    ck_assert_uint_eq(stats.coalesced, model->coalesced);
    ck_assert_uint_eq(stats.dropped, model->dropped);
    for (size_t i = 0; i < model->count; i++) {
        ck_assert_int_eq(omsp_queue_take(queue, NULL, NULL, &out), OMSP_OK);
        ck_assert_uint_eq(out.at_us, model->list[i].at_us);
        believe(beliefs, &out, false);
        omsp_free(out.blob);
    }
    ck_assert_int_eq(omsp_queue_take(queue, NULL, NULL, &out), OMSP_EMPTY);
    /* Whoever has taken everything knows every stream's state; a FAIL leaves both open. */
    for (int i = 0; i < 8; i++)
        if (beliefs[i].last != 'F')
            ck_assert_msg((beliefs[i].last == 'A') == source.active[i], "stream %d", i);
    free(model);
    omsp_queue_destroy(queue);
}

START_TEST(storms_agree_with_the_model)
{
    static const unsigned takes[] = {0, 20, 200, 450, 480, 500, 520, 600, 800};

    for (uint32_t run = 0; run < 54; run++)
        storm(run * 7919 + 1, 4000, takes[run % 9]);
}
END_TEST

/* Streams whose every failure ends streaming, so that the last token says everything. */
START_TEST(the_last_word_of_every_stream_is_the_true_one)
{
    for (uint32_t run = 0; run < 200; run++) {
        struct omsp_queue *queue = make(LIMIT);
        bool active[8] = {false};
        struct belief beliefs[8] = {{0}};
        struct omsp_event out;

        seed = omsp_test_seed(run);
        for (int n = 0; n < 2000; n++) {
            uint32_t s = rnd() % 8;
            struct omsp_event event = call_event(s + 1, OMSP_STREAM_FAIL);

            if (rnd() % 4) {
                active[s] = !active[s];
                event.type = active[s] ? OMSP_STREAM_ACTIVE : OMSP_STREAM_INACTIVE;
            } else {
                active[s] = false;
                event.error = rnd() % 2 ? OMSP_IO : OMSP_NODEVICE;
            }
            post(queue, event);
            if (rnd() % 3 == 0 && omsp_queue_take(queue, NULL, NULL, &out) == OMSP_OK)
                believe(beliefs, &out, true);
        }
        while (omsp_queue_take(queue, NULL, NULL, &out) == OMSP_OK)
            believe(beliefs, &out, true);
        for (int i = 0; i < 8; i++)
            ck_assert_msg((beliefs[i].last == 'A') == active[i], "run %u stream %d", run, i);
        omsp_queue_destroy(queue);
    }
}
END_TEST

START_TEST(a_queue_that_nobody_drains_stays_bounded)
{
    struct omsp_queue *queue = make(1024);
    struct source source = {{false}};
    struct omsp_queue_stats stats;
    long blobs = omsp_test_outstanding();

    seed = 5;
    for (uint64_t number = 1; number <= 1000000; number++) {
        struct omsp_event event = next_event(&source, number);

        ck_assert_int_eq(omsp_queue_post(queue, &event, NULL), OMSP_OK);
    }
    omsp_queue_get_stats(queue, &stats);
    ck_assert_uint_ge(stats.waiting, 1023);
    ck_assert_uint_le(stats.high_water, 1024 + 144);
    ck_assert_uint_eq(stats.posted, 1000000);
    ck_assert_int_le(omsp_test_outstanding(), blobs + 1024 + 144);
    omsp_queue_destroy(queue);
}
END_TEST

OMSP_SUITE("queue_storm", TEST(storms_agree_with_the_model),
           TEST(the_last_word_of_every_stream_is_the_true_one),
           TEST(a_queue_that_nobody_drains_stays_bounded))
