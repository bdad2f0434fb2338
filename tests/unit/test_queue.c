/* The event queue: order, ownership, bounds, and each rule of coalescing. Storms:
 * test_queue_storm.c. */
#include "support/events.h"

/* Fills up to the limit with events that coalesce with nothing a test posts. */
static void fill(struct omsp_queue *queue, size_t count)
{
    for (uint32_t i = 0; i < count; i++)
        post_call(queue, 1000 + i, OMSP_NEW_STREAM);
}

/* Takes all; the events of one stream as a word: A, I, F, T. */
static const char *word_of(struct omsp_queue *queue, uint32_t stream)
{
    static char word[64];
    struct omsp_event event;
    size_t n = 0;

    while (omsp_queue_take(queue, NULL, NULL, &event) == OMSP_OK) {
        omsp_free(event.blob);
        if (event.kind != OMSP_EVENT_CALL || event.stream != stream)
            continue;
        ck_assert_uint_lt(n, sizeof(word) - 1);
        word[n++] = "NFTUAI"[event.type];
    }
    word[n] = '\0';
    return word;
}

static void post_word(struct omsp_queue *queue, uint32_t stream, const char *word)
{
    for (; *word; word++)
        post_call(queue, stream, (enum omsp_call_event)(strchr("NFTUAI", *word) - "NFTUAI"));
}

/* ---- the ordinary -------------------------------------------------------------------------- */

START_TEST(events_come_out_as_they_went_in)
{
    struct omsp_queue *queue = make(LIMIT);
    struct omsp_event event, out;
    bool was_empty;
    uint32_t in = 0, gone = 0;

    for (int round = 0; round < 1000; round++) {
        for (uint32_t n = round % LIMIT + 1; n > 0; n--) {
            event = plain(OMSP_EVENT_PRIVATE, in++);
            event.at_us = in * 1000u;
            ck_assert_int_eq(omsp_queue_post(queue, &event, &was_empty), OMSP_OK);
            ck_assert(was_empty == (in - gone == 1));
        }
        for (uint32_t n = in - gone; n > 0; n--) {
            ck_assert_int_eq(omsp_queue_take(queue, NULL, NULL, &out), OMSP_OK);
            ck_assert_uint_eq(out.detail, gone++);
            ck_assert_uint_eq(out.at_us, gone * 1000u);
        }
        ck_assert_int_eq(omsp_queue_take(queue, NULL, NULL, &out), OMSP_EMPTY);
    }
    ck_assert_uint_eq(waiting(queue), 0);
    omsp_queue_destroy(queue);
}
END_TEST

START_TEST(limits_out_of_range_are_refused)
{
    struct omsp_queue *queue = NULL;

    ck_assert_int_eq(omsp_queue_create(0, &queue), OMSP_INVALID);
    ck_assert_int_eq(omsp_queue_create(15, &queue), OMSP_INVALID);
    ck_assert_int_eq(omsp_queue_create(OMSP_QUEUE_MAX_LIMIT + 1, &queue), OMSP_INVALID);
    ck_assert_int_eq(omsp_queue_create(SIZE_MAX, &queue), OMSP_INVALID);
    ck_assert_ptr_null(queue);
    omsp_queue_destroy(NULL);
}
END_TEST

struct asked {
    bool answer;
    uint32_t seen;
};

static bool asks(void *ctx, const struct omsp_event *head)
{
    struct asked *asked = ctx;

    asked->seen = head->detail;
    return asked->answer;
}

START_TEST(what_does_not_fit_stays_at_the_head)
{
    struct omsp_queue *queue = make(LIMIT);
    struct asked asked = {false, 99};
    struct omsp_event out;

    memset(&out, 0x5A, sizeof(out));
    ck_assert_int_eq(omsp_queue_take(queue, asks, &asked, &out), OMSP_EMPTY);
    ck_assert_uint_eq(asked.seen, 99);
    post(queue, plain(OMSP_EVENT_PRIVATE, 1));
    post(queue, plain(OMSP_EVENT_PRIVATE, 2));
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(omsp_queue_take(queue, asks, &asked, &out), OMSP_MORE);
        ck_assert_uint_eq(asked.seen, 1);
        ck_assert_uint_eq(out.detail, 0x5A5A5A5A);
    }
    asked.answer = true;
    ck_assert_int_eq(omsp_queue_take(queue, asks, &asked, &out), OMSP_OK);
    ck_assert_uint_eq(out.detail, 1);
    ck_assert_uint_eq(waiting(queue), 1);
    omsp_queue_destroy(queue);
}
END_TEST

START_TEST(blobs_have_one_owner_on_every_way_out)
{
    long before = omsp_test_outstanding();
    struct omsp_queue *queue = make(LIMIT);
    struct omsp_event out;

    for (uint32_t i = 0; i < 3 * LIMIT; i++)
        post(queue, tsp_data(i)); /* the oldest are dropped */
    ck_assert_uint_eq(waiting(queue), LIMIT);
    ck_assert_int_eq(omsp_queue_take(queue, NULL, NULL, &out), OMSP_OK);
    ck_assert_uint_eq(out.detail, 2 * LIMIT);
    ck_assert_mem_eq(out.blob->data, &out.detail, 4);
    omsp_free(out.blob); /* the taker's */
    ck_assert_uint_eq(omsp_queue_purge(queue, 0), LIMIT - 1);
    post(queue, tsp_data(1));
    omsp_queue_destroy(queue);
    ck_assert_int_eq(omsp_test_outstanding(), before);
}
END_TEST

START_TEST(purge_takes_one_call_and_keeps_the_order_of_the_others)
{
    struct omsp_queue *queue = make(64);
    struct omsp_event out;

    for (int turn = 0; turn < 40; turn++) { /* so that the ring is entered at every place */
        for (uint32_t i = 0; i < 50; i++) {
            struct omsp_event event = plain(OMSP_EVENT_PRIVATE, i);

            event.call = i % 3;
            post(queue, event);
        }
        ck_assert_uint_eq(omsp_queue_purge(queue, 2), 16);
        ck_assert_uint_eq(omsp_queue_purge(queue, 2), 0);
        ck_assert_uint_eq(omsp_queue_purge(queue, 77), 0);
        for (uint32_t i = 0; i < 50; i++) {
            if (i % 3 == 2)
                continue;
            ck_assert_int_eq(omsp_queue_take(queue, NULL, NULL, &out), OMSP_OK);
            ck_assert_uint_eq(out.detail, i);
        }
        ck_assert_uint_eq(waiting(queue), 0);
    }
    omsp_queue_destroy(queue);
}
END_TEST

/* ---- overflow, rule by rule ---------------------------------------------------------------- */

START_TEST(nothing_coalesces_below_the_limit)
{
    struct omsp_queue *queue = make(LIMIT);

    post_word(queue, 1, "AIAIAIAIAIFFFFAI");
    ck_assert_uint_eq(waiting(queue), LIMIT);
    ck_assert_str_eq(word_of(queue, 1), "AIAIAIAIAIFFFFAI");
    omsp_queue_destroy(queue);
}
END_TEST

START_TEST(words_of_a_stream_shrink_to_their_meaning)
{
    /* Posted to a queue that has been full since before: what remains. */
    static const char *const words[][2] = {
        {"A", "A"},     {"AI", ""},           {"AIA", "A"},         {"AIAIAIAIAI", ""},
        {"F", "F"},     {"FF", "F"},          {"AF", "AF"},         {"AFA", "AFA"},
        {"AFAF", "AF"}, {"AFAFAFAFA", "AFA"}, {"FA", "FA"},         {"FAI", "F"},
        {"FAIA", "FA"}, {"AFI", "AFI"},       {"AFIA", "AF"},       {"AFIAFIAFIAFI", "AFI"},
        {"TF", "TF"},   {"TFTF", "TF"},       {"ATFATFATF", "ATF"}, {"TTT", "T"},
        {"N", "N"},     {"NANFA", "NAFA"},    {"UU", "U"},
    };

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        struct omsp_queue *queue = make(LIMIT);
        const char *left;

        /* Four beyond the limit: cancelling makes room, and the queue is to stay full. */
        fill(queue, LIMIT + 4);
        post_word(queue, 7, words[i][0]);
        ck_assert_uint_eq(waiting(queue), LIMIT + 4 + strlen(words[i][1]));
        left = word_of(queue, 7);
        ck_assert_msg(strcmp(left, words[i][1]) == 0, "%s became %s, not %s", words[i][0], left,
                      words[i][1]);
        omsp_queue_destroy(queue);
    }
}
END_TEST

START_TEST(a_failure_that_moves_takes_the_pairs_around_it_along)
{
    static const char word[] = "IAIAFIAIAIAIF"; /* the second F makes the first one move */
    struct omsp_queue *queue = make(LIMIT);
    struct omsp_event event;

    fill(queue, LIMIT - 12);
    for (uint64_t i = 0; word[i]; i++) {
        event = call_event(7, (enum omsp_call_event)(strchr("NFTUAI", word[i]) - "NFTUAI"));
        event.at_us = i;
        post(queue, event);
    }
    ck_assert_uint_eq(waiting(queue), LIMIT - 12 + 4);
    for (int i = 0; i < LIMIT - 12; i++)
        ck_assert_int_eq(omsp_queue_take(queue, NULL, NULL, &event), OMSP_OK);
    for (uint64_t i = 9; i <= 12; i++) { /* the first four and 5 to 8 cancelled out */
        ck_assert_int_eq(omsp_queue_take(queue, NULL, NULL, &event), OMSP_OK);
        ck_assert_uint_eq(event.at_us, i);
    }
    omsp_queue_destroy(queue);
}
END_TEST

START_TEST(failures_that_differ_in_anything_are_all_kept)
{
    struct omsp_queue *queue = make(LIMIT);
    size_t n = LIMIT;

    fill(queue, LIMIT);
    for (int pass = 0; pass < 3; pass++) {
        for (int v = 0; v < 64; v++) {
            struct omsp_event event = call_event(v & 1 ? 7 : 8, OMSP_STREAM_FAIL);

            if (v & 2)
                event.type = OMSP_TERMINAL_FAIL;
            if (v & 4)
                event.cause = OMSP_CAUSE_BAD_DEVICE;
            event.error = v & 8 ? OMSP_IO : OMSP_NODEVICE;
            event.terminal = v & 16 ? 3 : 4;
            event.call = v & 32 ? 1 : 2;
            event.at_us = (uint64_t)(pass * 64 + v);
            post(queue, event);
            if (pass == 0)
                n++;
            ck_assert_uint_eq(waiting(queue), n);
        }
    }
    for (uint64_t v = 0; v < LIMIT + 64; v++) {
        struct omsp_event out;

        ck_assert_int_eq(omsp_queue_take(queue, NULL, NULL, &out), OMSP_OK);
        if (v >= LIMIT)
            ck_assert_uint_eq(out.at_us, 2 * 64 + v - LIMIT); /* the newest of each, in order */
    }
    omsp_queue_destroy(queue);
}
END_TEST

START_TEST(of_file_states_the_last_and_every_error_remain)
{
    struct omsp_queue *queue = make(LIMIT);
    static const struct {
        uint32_t track;
        enum omsp_media_state state;
        enum omsp_status error;
    } left[] = {{2, OMSP_MEDIA_ACTIVE, OMSP_OK},
                {1, OMSP_MEDIA_IDLE, OMSP_NOSPACE},
                {1, OMSP_MEDIA_IDLE, OMSP_IO},
                {1, OMSP_MEDIA_PAUSED, OMSP_OK}};
    struct omsp_event out;

    fill(queue, LIMIT);
    post(queue, file_event(1, OMSP_MEDIA_ACTIVE, OMSP_OK));
    post(queue, file_event(2, OMSP_MEDIA_ACTIVE, OMSP_OK));
    post(queue, file_event(1, OMSP_MEDIA_PAUSED, OMSP_OK));
    ck_assert_uint_eq(waiting(queue), LIMIT + 2);
    post(queue, file_event(1, OMSP_MEDIA_IDLE, OMSP_IO));
    post(queue, file_event(1, OMSP_MEDIA_ACTIVE, OMSP_OK));
    post(queue, file_event(1, OMSP_MEDIA_IDLE, OMSP_NOSPACE));
    post(queue, file_event(1, OMSP_MEDIA_IDLE, OMSP_IO));
    post(queue, file_event(1, OMSP_MEDIA_ACTIVE, OMSP_OK));
    post(queue, file_event(1, OMSP_MEDIA_PAUSED, OMSP_OK));
    for (int i = 0; i < LIMIT; i++)
        ck_assert_int_eq(omsp_queue_take(queue, NULL, NULL, &out), OMSP_OK);
    for (size_t i = 0; i < 4; i++) {
        ck_assert_int_eq(omsp_queue_take(queue, NULL, NULL, &out), OMSP_OK);
        ck_assert_uint_eq(out.track, left[i].track);
        ck_assert_int_eq(out.type, left[i].state);
        ck_assert_int_eq(out.error, left[i].error);
    }
    ck_assert_uint_eq(waiting(queue), 0);
    omsp_queue_destroy(queue);
}
END_TEST

START_TEST(a_terminal_ends_as_available_or_not_as_it_is)
{
    struct omsp_queue *queue = make(LIMIT);
    struct omsp_event event = plain(OMSP_EVENT_ADDRESS, 0), out;

    fill(queue, LIMIT);
    event.terminal = 9;
    for (int i = 0; i < 101; i++) {
        event.type = i % 2 ? OMSP_TERMINAL_UNAVAILABLE : OMSP_TERMINAL_AVAILABLE;
        post(queue, event);
    }
    ck_assert_uint_eq(waiting(queue), LIMIT + 2);
    while (omsp_queue_take(queue, NULL, NULL, &out) == OMSP_OK)
        event = out;
    ck_assert_int_eq(event.kind, OMSP_EVENT_ADDRESS);
    ck_assert_int_eq(event.type, OMSP_TERMINAL_AVAILABLE);
    omsp_queue_destroy(queue);
}
END_TEST

START_TEST(digits_and_tsp_data_make_room_among_their_own_kind)
{
    struct omsp_queue *queue = make(LIMIT);
    struct omsp_queue_stats stats;
    struct omsp_event out;

    fill(queue, LIMIT - 2);
    for (uint32_t i = 0; i < 10; i++) {
        post(queue, plain(OMSP_EVENT_PRIVATE, i));
        post(queue, tsp_data(i));
    }
    omsp_queue_get_stats(queue, &stats);
    ck_assert_uint_eq(stats.waiting, LIMIT);
    ck_assert_uint_eq(stats.dropped, 18);
    ck_assert_uint_eq(stats.coalesced, 0);
    for (int i = 0; i < LIMIT - 2; i++)
        ck_assert_int_eq(omsp_queue_take(queue, NULL, NULL, &out), OMSP_OK);
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(omsp_queue_take(queue, NULL, NULL, &out), OMSP_OK);
        ck_assert_uint_eq(out.detail, 9);
        omsp_free(out.blob);
    }
    omsp_queue_destroy(queue);
}
END_TEST

START_TEST(beyond_the_limit_out_of_memory_loses_that_event_alone_and_counts_it)
{
    long before = omsp_test_outstanding();
    struct omsp_queue *queue = make(LIMIT);
    struct omsp_queue_stats stats;
    struct omsp_event event = call_event(7, OMSP_STREAM_FAIL);

    omsp_test_fail_alloc(0);
    fill(queue, LIMIT); /* needs no memory */
    ck_assert(!omsp_test_alloc_failed());
    ck_assert_int_eq(omsp_queue_post(queue, &event, NULL), OMSP_NOMEM);
    omsp_test_allow_alloc();
    omsp_queue_get_stats(queue, &stats);
    ck_assert_uint_eq(stats.waiting, LIMIT);
    ck_assert_uint_eq(stats.dropped, 1);
    ck_assert_int_eq(omsp_queue_post(queue, &event, NULL), OMSP_OK);
    event = tsp_data(1);
    for (int i = 0; i < LIMIT - 1; i++)
        post_call(queue, 2000u + (uint32_t)i, OMSP_STREAM_FAIL);
    omsp_test_fail_alloc(0);
    ck_assert_int_eq(omsp_queue_post(queue, &event, NULL), OMSP_NOMEM);
    omsp_test_allow_alloc();
    ck_assert_uint_eq(waiting(queue), 2 * LIMIT);
    omsp_queue_destroy(queue);
    ck_assert_int_eq(omsp_test_outstanding(), before);
}
END_TEST

static void walk(void *ctx)
{
    struct omsp_queue *queue = NULL;

    (void)ctx;
    if (omsp_queue_create(LIMIT, &queue) != OMSP_OK) {
        ck_assert(omsp_test_alloc_failed());
        ck_assert_ptr_null(queue);
        return;
    }
    for (uint32_t i = 0; i < 5 * LIMIT; i++) {
        struct omsp_event event = call_event(i, OMSP_STREAM_FAIL);
        enum omsp_status status = omsp_queue_post(queue, &event, NULL);

        ck_assert(status == OMSP_OK || (status == OMSP_NOMEM && omsp_test_alloc_failed()));
    }
    omsp_queue_destroy(queue);
}

START_TEST(every_allocation_may_fail)
{
    ck_assert_int_ge(omsp_test_alloc_walk(walk, NULL), 5);
}
END_TEST

OMSP_SUITE("queue", TEST(events_come_out_as_they_went_in), TEST(limits_out_of_range_are_refused),
           TEST(what_does_not_fit_stays_at_the_head), TEST(blobs_have_one_owner_on_every_way_out),
           TEST(purge_takes_one_call_and_keeps_the_order_of_the_others),
           TEST(nothing_coalesces_below_the_limit), TEST(words_of_a_stream_shrink_to_their_meaning),
           TEST(a_failure_that_moves_takes_the_pairs_around_it_along),
           TEST(failures_that_differ_in_anything_are_all_kept),
           TEST(of_file_states_the_last_and_every_error_remain),
           TEST(a_terminal_ends_as_available_or_not_as_it_is),
           TEST(digits_and_tsp_data_make_room_among_their_own_kind),
           TEST(beyond_the_limit_out_of_memory_loses_that_event_alone_and_counts_it),
           TEST(every_allocation_may_fail))
