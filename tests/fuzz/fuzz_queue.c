/* Operations on a queue. Laws: counts add up; what a listener is told alternates and, once it has
 * taken everything, is the last truth of each stream; every blob has one owner (the leak
 * sanitizer). Here every STREAM_FAIL ends streaming, so that the last token says everything. */
#include "fuzz.h"

#include "base/alloc.h"
#include "core/queue.h"

#define STREAMS 4

struct listener {
    bool active[STREAMS], truth[STREAMS];
};

static void told(struct listener *listener, struct omsp_event *event)
{
    bool *active = &listener->active[event->stream % STREAMS];

    omsp_free(event->blob);
    if (event->kind != OMSP_EVENT_CALL)
        return;
    if (event->type == OMSP_STREAM_ACTIVE)
        FUZZ_CHECK(!*active);
    if (event->type == OMSP_STREAM_INACTIVE)
        FUZZ_CHECK(*active);
    if (event->type == OMSP_STREAM_FAIL || event->type == OMSP_STREAM_INACTIVE)
        *active = false;
    if (event->type == OMSP_STREAM_ACTIVE)
        *active = true;
}

static void post(struct omsp_queue *queue, struct listener *listener, uint8_t op, uint8_t detail)
{
    struct omsp_event event = {.kind = OMSP_EVENT_CALL};
    bool *truth;

    event.stream = detail % STREAMS;
    event.call = 1;
    truth = &listener->truth[event.stream];
    switch (op) {
    case 0:
    case 1:
        *truth = !*truth;
        event.type = *truth ? OMSP_STREAM_ACTIVE : OMSP_STREAM_INACTIVE;
        break;
    case 2:
        *truth = false;
        event.type = OMSP_STREAM_FAIL;
        event.error = detail & 16 ? OMSP_IO : OMSP_NODEVICE;
        break;
    case 3:
        event.type = detail & 16 ? OMSP_TERMINAL_FAIL : OMSP_NEW_STREAM;
        break;
    case 4:
        event.kind = OMSP_EVENT_FILE;
        event.track = detail % 2;
        event.type = detail / 2 % 3;
        event.error = detail & 16 ? OMSP_NOSPACE : OMSP_OK;
        break;
    case 5:
        event.kind = detail & 16 ? OMSP_EVENT_ADDRESS : OMSP_EVENT_PRIVATE;
        event.type = detail & 1;
        break;
    default:
        event.kind = OMSP_EVENT_TSP_DATA;
        event.blob = omsp_alloc(sizeof(*event.blob) + 1);
        FUZZ_CHECK(event.blob);
        event.blob->len = 1;
        break;
    }
    FUZZ_CHECK(omsp_queue_post(queue, &event, NULL) == OMSP_OK);
}

static bool refuses(void *ctx, const struct omsp_event *head)
{
    (void)ctx;
    (void)head;
    return false;
}

/* Memory ends while failures, which are never lost, pile up: the one that finds no place says so.
 */
static void runs_out(struct fuzz_input input)
{
    struct omsp_event event = {.kind = OMSP_EVENT_TSP_DATA}, out;
    struct omsp_queue_stats stats;
    struct omsp_queue *queue = NULL;
    struct fuzz_memory memory;
    size_t limit = fuzz_u8(&input) & 1 ? OMSP_QUEUE_MIN_LIMIT : 0;
    enum omsp_status status;

    fuzz_memory_begin(&memory, fuzz_u8(&input) % 64);
    status = omsp_queue_create(limit, &queue);
    FUZZ_CHECK(status == (!limit ? OMSP_INVALID : memory.failed ? OMSP_NOMEM : OMSP_OK));
    while (!status && fuzz_more(&input)) {
        unsigned kind = fuzz_u8(&input);

        event.call = kind % 3 + 1;
        event.detail = kind;
        event.blob = omsp_alloc(sizeof(*event.blob) + 1);
        if (event.blob) {
            event.blob->len = 1;
            status = omsp_queue_post(queue, &event, NULL);
        }
        FUZZ_CHECK(status == OMSP_OK || (status == OMSP_NOMEM && memory.failed));
        if (kind % 16 == 15)
            omsp_queue_purge(queue, kind % 3);
        if (kind % 16 == 14 && omsp_queue_take(queue, NULL, NULL, &out) == OMSP_OK)
            omsp_free(out.blob);
    }
    if (queue) {
        omsp_queue_get_stats(queue, &stats);
        FUZZ_CHECK(omsp_queue_take(queue, refuses, NULL, &out) ==
                   (stats.waiting ? OMSP_MORE : OMSP_EMPTY));
    }
    omsp_queue_destroy(queue);
    fuzz_memory_end(&memory);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input input = {data, size};
    struct listener listener = {{false}, {false}};
    struct omsp_queue *queue;
    struct omsp_queue_stats stats;
    struct omsp_event event;

    runs_out(input);
    FUZZ_CHECK(omsp_queue_create(OMSP_QUEUE_MIN_LIMIT, &queue) == OMSP_OK);
    while (fuzz_more(&input)) {
        uint8_t op = fuzz_u8(&input);

        if (op % 8 < 7)
            post(queue, &listener, op % 8, op / 8);
        else if (omsp_queue_take(queue, NULL, NULL, &event) == OMSP_OK)
            told(&listener, &event);
        omsp_queue_get_stats(queue, &stats);
        FUZZ_CHECK(stats.waiting == omsp_queue_waiting(queue));
        FUZZ_CHECK(stats.posted == stats.taken + stats.waiting + stats.coalesced + stats.dropped);
        FUZZ_CHECK(stats.high_water <= OMSP_QUEUE_MIN_LIMIT + STREAMS * (2 * 2 + 2 + 2) + 6 + 16);
    }
    if (size && data[0] & 128) {
        omsp_queue_purge(queue, size & 1);
    } else {
        while (omsp_queue_take(queue, NULL, NULL, &event) == OMSP_OK)
            told(&listener, &event);
        for (int i = 0; i < STREAMS; i++)
            FUZZ_CHECK(listener.active[i] == listener.truth[i]);
    }
    omsp_queue_destroy(queue);
    return 0;
}
