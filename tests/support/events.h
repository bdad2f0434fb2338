/* Making, posting and counting events: what the queue's suites share. */
#ifndef OMSP_TESTS_SUPPORT_EVENTS_H
#define OMSP_TESTS_SUPPORT_EVENTS_H

#include "support/suite.h"

#include "base/alloc.h"
#include "core/queue.h"

#include <string.h>

#define LIMIT OMSP_QUEUE_MIN_LIMIT

static inline struct omsp_queue *make(size_t limit)
{
    struct omsp_queue *queue = NULL;

    ck_assert_int_eq(omsp_queue_create(limit, &queue), OMSP_OK);
    return queue;
}

static inline struct omsp_event call_event(uint32_t stream, enum omsp_call_event type)
{
    struct omsp_event event = {
        .kind = OMSP_EVENT_CALL, .type = type, .cause = OMSP_CAUSE_LOCAL_REQUEST};

    event.call = 1;
    event.stream = stream;
    return event;
}

static inline struct omsp_event plain(enum omsp_event_kind kind, uint32_t detail)
{
    struct omsp_event event = {.kind = kind, .detail = detail};
    return event;
}

static inline void post(struct omsp_queue *queue, struct omsp_event event)
{
    ck_assert_int_eq(omsp_queue_post(queue, &event, NULL), OMSP_OK);
}

static inline void post_call(struct omsp_queue *queue, uint32_t stream, enum omsp_call_event type)
{
    post(queue, call_event(stream, type));
}

static inline size_t waiting(const struct omsp_queue *queue)
{
    struct omsp_queue_stats stats;

    omsp_queue_get_stats(queue, &stats);
    ck_assert_uint_eq(stats.posted, stats.taken + stats.coalesced + stats.dropped + stats.waiting);
    ck_assert_uint_ge(stats.high_water, stats.waiting);
    return stats.waiting;
}

static inline struct omsp_event tsp_data(uint32_t detail)
{
    struct omsp_event event = plain(OMSP_EVENT_TSP_DATA, detail);

    event.blob = omsp_alloc(sizeof(*event.blob) + 4);
    ck_assert_ptr_nonnull(event.blob);
    event.blob->len = 4;
    memcpy(event.blob->data, &detail, 4);
    return event;
}

static inline struct omsp_event file_event(uint32_t track, enum omsp_media_state state,
                                           enum omsp_status error)
{
    struct omsp_event event = {.kind = OMSP_EVENT_FILE, .type = state};

    event.terminal = 5;
    event.track = track;
    event.error = error;
    event.cause = error ? OMSP_FILE_WRITE_ERROR : OMSP_FILE_NORMAL;
    return event;
}

#endif
