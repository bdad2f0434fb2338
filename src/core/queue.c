/*
 * The event queue of one listener: a ring in one allocation, and the coalescing that bounds it. Not
 * a mailbox: no lock, no signal, no clock; whoever owns the queue holds a lock around every call.
 *
 * The common path is a copy in and a copy out. Only a full queue searches, and then over `tags`,
 * one word per event, so that what does not concern the new event costs a compare of four bytes.
 */
#include "core/queue.h"

#include "base/alloc.h"

#define NONE SIZE_MAX

struct omsp_queue {
    struct omsp_event *events; /* the ring; `tags` lies behind it in the same allocation */
    uint32_t *tags;
    size_t capacity, head, count;
    size_t limit;
    struct omsp_queue_stats stats; /* `waiting` is `count` and filled in when asked for */
};

typedef bool (*match_fn)(const struct omsp_event *waiting, const struct omsp_event *posted);

static size_t slot(const struct omsp_queue *queue, size_t index)
{
    size_t at = queue->head + index;
    return at >= queue->capacity ? at - queue->capacity : at;
}

static struct omsp_event *at(const struct omsp_queue *queue, size_t index)
{
    return &queue->events[slot(queue, index)];
}

/* Events that can ever coalesce with one another have equal tags; others mostly not. */
static uint32_t tag_of(const struct omsp_event *event)
{
    uint32_t id = event->kind == OMSP_EVENT_CALL ? event->stream : event->terminal;

    if (event->kind == OMSP_EVENT_PRIVATE || event->kind == OMSP_EVENT_TSP_DATA)
        id = 0;
    return id << 3 | ((uint32_t)event->kind & 7);
}

static bool is_state(const struct omsp_event *event)
{
    return event->kind == OMSP_EVENT_CALL &&
           (event->type == OMSP_STREAM_ACTIVE || event->type == OMSP_STREAM_INACTIVE);
}

/* The three that say where a stream stands; alternation is judged over these. */
static bool same_token(const struct omsp_event *waiting, const struct omsp_event *posted)
{
    return waiting->kind == OMSP_EVENT_CALL && waiting->stream == posted->stream &&
           waiting->call == posted->call &&
           (is_state(waiting) || waiting->type == OMSP_STREAM_FAIL);
}

static bool same_event(const struct omsp_event *waiting, const struct omsp_event *posted)
{
    return waiting->kind == posted->kind && waiting->type == posted->type &&
           waiting->cause == posted->cause && waiting->error == posted->error &&
           waiting->call == posted->call && waiting->stream == posted->stream &&
           waiting->terminal == posted->terminal && waiting->track == posted->track;
}

static bool same_kind(const struct omsp_event *waiting, const struct omsp_event *posted)
{
    return waiting->kind == posted->kind;
}

/* Neither of a call nor of the droppable kinds, and made old by the posted one. */
static bool stale(const struct omsp_event *waiting, const struct omsp_event *posted)
{
    if (same_event(waiting, posted))
        return true;
    return posted->kind == OMSP_EVENT_FILE && waiting->kind == OMSP_EVENT_FILE &&
           waiting->error == OMSP_OK && waiting->terminal == posted->terminal &&
           waiting->track == posted->track && waiting->call == posted->call;
}

/* The newest match older than `end`. */
static size_t find_before(const struct omsp_queue *queue, size_t end,
                          const struct omsp_event *posted, match_fn match)
{
    uint32_t tag = tag_of(posted);

    for (size_t i = end; i-- > 0;)
        if (queue->tags[slot(queue, i)] == tag && match(at(queue, i), posted))
            return i;
    return NONE;
}

/* The oldest match from `start` on. */
static size_t find_from(const struct omsp_queue *queue, size_t start,
                        const struct omsp_event *posted, match_fn match)
{
    uint32_t tag = tag_of(posted);

    for (size_t i = start; i < queue->count; i++)
        if (queue->tags[slot(queue, i)] == tag && match(at(queue, i), posted))
            return i;
    return NONE;
}

static void move_slot(struct omsp_queue *queue, size_t to, size_t from)
{
    size_t t = slot(queue, to), f = slot(queue, from);

    queue->events[t] = queue->events[f];
    queue->tags[t] = queue->tags[f];
}

/* The order of the others stays; the shorter side moves. */
static void remove_at(struct omsp_queue *queue, size_t index)
{
    omsp_free(at(queue, index)->blob);
    if (index < queue->count / 2) {
        for (size_t i = index; i > 0; i--)
            move_slot(queue, i, i - 1);
        queue->head = slot(queue, 1);
    } else {
        for (size_t i = index; i + 1 < queue->count; i++)
            move_slot(queue, i, i + 1);
    }
    queue->count--;
}

/* A STREAM_FAIL was taken out at `index`. Two equal states that it stood between become one, and a
 * pair that it stood between cancels out; without that, a stream that fails again and again would
 * leave a pair behind each time. */
static void heal(struct omsp_queue *queue, size_t index, const struct omsp_event *posted)
{
    for (;;) {
        size_t before = find_before(queue, index, posted, same_token);
        size_t after = find_from(queue, index, posted, same_token);

        if (before == NONE || after == NONE || !is_state(at(queue, before)) ||
            !is_state(at(queue, after)))
            return;
        if (at(queue, before)->type != at(queue, after)->type) {
            remove_at(queue, after);
            queue->stats.coalesced++;
        }
        remove_at(queue, before);
        queue->stats.coalesced++;
        index = before;
    }
}

/* Does the STREAM_FAIL at `index` stand between the stream's last taken state and its first waiting
 * one, which may be equal? */
static bool parts_from_taken(const struct omsp_queue *queue, size_t index,
                             const struct omsp_event *posted)
{
    size_t after = find_from(queue, index + 1, posted, same_token);

    return after != NONE && is_state(at(queue, after)) &&
           find_before(queue, index, posted, same_token) == NONE;
}

/* True: the posted event itself is not needed any more. */
static bool coalesce_call(struct omsp_queue *queue, const struct omsp_event *event)
{
    size_t i;

    if (is_state(event)) {
        i = find_before(queue, queue->count, event, same_token);
        if (i == NONE || !is_state(at(queue, i)))
            return false;
        if (at(queue, i)->type != event->type) {
            remove_at(queue, i);
            queue->stats.coalesced += 2;
            return true;
        }
    } else {
        i = find_before(queue, queue->count, event, same_event);
        if (i == NONE)
            return false;
        if (event->type == OMSP_NEW_STREAM) { /* must stay ahead of what the stream told since */
            queue->stats.coalesced++;
            return true;
        }
        if (event->type == OMSP_STREAM_FAIL && parts_from_taken(queue, i, event))
            return false;
    }
    remove_at(queue, i);
    queue->stats.coalesced++;
    if (event->type == OMSP_STREAM_FAIL)
        heal(queue, i, event);
    return false;
}

static bool coalesce(struct omsp_queue *queue, const struct omsp_event *event)
{
    size_t i;

    switch (event->kind) {
    case OMSP_EVENT_CALL:
        return coalesce_call(queue, event);
    case OMSP_EVENT_PRIVATE:
    case OMSP_EVENT_TSP_DATA:
        i = find_from(queue, 0, event, same_kind);
        if (i != NONE) {
            remove_at(queue, i);
            queue->stats.dropped++;
        }
        return false;
    default:
        i = find_before(queue, queue->count, event, stale);
        while (i != NONE) {
            remove_at(queue, i);
            queue->stats.coalesced++;
            i = find_before(queue, i, event, stale);
        }
        return false;
    }
}

static enum omsp_status reserve(struct omsp_queue *queue, size_t capacity)
{
    size_t each = sizeof(*queue->events) + sizeof(*queue->tags);
    struct omsp_event *events;
    uint32_t *tags;

    if (capacity > SIZE_MAX / each)
        return OMSP_NOMEM;
    events = omsp_alloc(capacity * each);
    if (!events)
        return OMSP_NOMEM;
    tags = (uint32_t *)(void *)(events + capacity);
    for (size_t i = 0; i < queue->count; i++) {
        events[i] = *at(queue, i);
        tags[i] = queue->tags[slot(queue, i)];
    }
    omsp_free(queue->events);
    queue->events = events;
    queue->tags = tags;
    queue->capacity = capacity;
    queue->head = 0;
    return OMSP_OK;
}

enum omsp_status omsp_queue_create(size_t limit, struct omsp_queue **out)
{
    struct omsp_queue *queue;

    if (limit < OMSP_QUEUE_MIN_LIMIT || limit > OMSP_QUEUE_MAX_LIMIT)
        return OMSP_INVALID;
    queue = omsp_zalloc(sizeof(*queue));
    if (!queue)
        return OMSP_NOMEM;
    queue->limit = limit;
    if (reserve(queue, limit) != OMSP_OK) {
        omsp_queue_destroy(queue);
        return OMSP_NOMEM;
    }
    *out = queue;
    return OMSP_OK;
}

void omsp_queue_destroy(struct omsp_queue *queue)
{
    if (!queue)
        return;
    omsp_queue_purge(queue, 0);
    omsp_free(queue->events);
    omsp_free(queue);
}

enum omsp_status omsp_queue_post(struct omsp_queue *queue, const struct omsp_event *event,
                                 bool *was_empty)
{
    size_t to;

    if (was_empty)
        *was_empty = queue->count == 0;
    queue->stats.posted++;
    if (queue->count >= queue->limit) {
        if (coalesce(queue, event)) {
            omsp_free(event->blob);
            return OMSP_OK;
        }
        if (queue->count == queue->capacity && reserve(queue, queue->capacity * 2) != OMSP_OK) {
            omsp_free(event->blob);
            queue->stats.dropped++;
            return OMSP_NOMEM;
        }
    }
    to = slot(queue, queue->count);
    queue->events[to] = *event;
    queue->tags[to] = tag_of(event);
    queue->count++;
    if (queue->count > queue->stats.high_water)
        queue->stats.high_water = queue->count;
    return OMSP_OK;
}

enum omsp_status omsp_queue_take(struct omsp_queue *queue,
                                 bool (*fits)(void *ctx, const struct omsp_event *head), void *ctx,
                                 struct omsp_event *out)
{
    const struct omsp_event *head = &queue->events[queue->head];

    if (!queue->count)
        return OMSP_EMPTY;
    if (fits && !fits(ctx, head))
        return OMSP_MORE;
    *out = *head;
    queue->head = slot(queue, 1);
    queue->count--;
    queue->stats.taken++;
    return OMSP_OK;
}

size_t omsp_queue_purge(struct omsp_queue *queue, uint32_t call)
{
    size_t kept = 0, gone;

    for (size_t i = 0; i < queue->count; i++) {
        if (call && at(queue, i)->call != call)
            move_slot(queue, kept++, i);
        else
            omsp_free(at(queue, i)->blob);
    }
    gone = queue->count - kept;
    queue->count = kept;
    queue->stats.dropped += gone;
    return gone;
}

size_t omsp_queue_waiting(const struct omsp_queue *queue)
{
    return queue->count;
}

void omsp_queue_get_stats(const struct omsp_queue *queue, struct omsp_queue_stats *out)
{
    *out = queue->stats;
    out->waiting = queue->count;
}
