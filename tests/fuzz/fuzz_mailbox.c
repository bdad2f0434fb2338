/* Operations on a mailbox, of one thread, beside the same ones on a queue: for that it is exactly
 * the queue, whatever goes through its ring; wake-ups, events, counts and what is thrown away are
 * the same. */
#include "fuzz.h"

#include "base/alloc.h"
#include "core/queue.h"
#include "engine/mailbox.h"

#define STREAMS 4

struct pair {
    struct omsp_queue *queue;
    struct omsp_mailbox *mailbox;
    uint32_t number;
};

static struct omsp_event any_event(struct pair *pair, uint8_t op, uint8_t detail)
{
    struct omsp_event event = {.kind = OMSP_EVENT_CALL, .detail = pair->number++};

    event.stream = detail % STREAMS;
    event.call = 1 + (detail >> 2) % 2;
    switch (op) {
    case 0:
        event.type = OMSP_STREAM_ACTIVE;
        break;
    case 1:
        event.type = OMSP_STREAM_INACTIVE;
        break;
    case 2:
        event.type = OMSP_STREAM_FAIL;
        event.error = OMSP_IO;
        break;
    case 3:
        event.type = detail & 16 ? OMSP_TERMINAL_FAIL : OMSP_NEW_STREAM;
        break;
    case 4:
        event.kind = OMSP_EVENT_FILE;
        event.track = detail % 2;
        event.type = detail / 2 % 3;
        break;
    default:
        event.kind = detail & 16 ? OMSP_EVENT_PRIVATE : OMSP_EVENT_TSP_DATA;
        break;
    }
    return event;
}

static struct omsp_blob *blob_of(uint32_t number)
{
    struct omsp_blob *blob = omsp_alloc(sizeof(*blob) + 1);

    FUZZ_CHECK(blob != NULL);
    blob->len = 1;
    blob->data[0] = (uint8_t)number;
    return blob;
}

static void post(struct pair *pair, uint8_t op, uint8_t detail)
{
    struct omsp_event event = any_event(pair, op, detail);
    bool was_empty = false, edge = false;
    enum omsp_status a, b;

    if (event.kind == OMSP_EVENT_TSP_DATA)
        event.blob = blob_of(event.detail);
    a = omsp_queue_post(pair->queue, &event, &was_empty);
    if (event.kind == OMSP_EVENT_TSP_DATA)
        event.blob = blob_of(event.detail);
    b = omsp_mailbox_post(pair->mailbox, &event, &edge);
    FUZZ_CHECK(a == b && was_empty == edge);
}

static bool fits(void *ctx, const struct omsp_event *head)
{
    (void)head;
    return *(bool *)ctx;
}

static bool take(struct pair *pair, bool wanted)
{
    struct omsp_event one = {0}, other = {0};
    enum omsp_status a = omsp_queue_take(pair->queue, fits, &wanted, &one),
                     b = omsp_mailbox_take(pair->mailbox, fits, &wanted, &other);

    FUZZ_CHECK(a == b);
    if (a != OMSP_OK)
        return false;
    FUZZ_CHECK(one.kind == other.kind && one.type == other.type && one.call == other.call &&
               one.stream == other.stream && one.track == other.track &&
               one.detail == other.detail && one.error == other.error);
    FUZZ_CHECK(!one.blob == !other.blob);
    if (one.blob)
        FUZZ_CHECK(one.blob->data[0] == other.blob->data[0]);
    omsp_free(one.blob);
    omsp_free(other.blob);
    return true;
}

static void compare(struct pair *pair)
{
    struct omsp_queue_stats one, other;

    omsp_queue_get_stats(pair->queue, &one);
    omsp_mailbox_get_stats(pair->mailbox, &other);
    FUZZ_CHECK(one.posted == other.posted && one.taken == other.taken &&
               one.coalesced == other.coalesced && one.dropped == other.dropped &&
               one.waiting == other.waiting);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input input = {data, size};
    struct pair pair = {0};
    size_t limit = OMSP_QUEUE_MIN_LIMIT + fuzz_u8(&input) % 64;

    FUZZ_CHECK(omsp_queue_create(limit, &pair.queue) == OMSP_OK);
    FUZZ_CHECK(omsp_mailbox_create(limit, &pair.mailbox) == OMSP_OK);
    while (fuzz_more(&input)) {
        uint8_t op = fuzz_u8(&input);

        if (op % 8 < 6)
            post(&pair, op % 8, op / 8);
        else if (op % 8 == 6 || op < 200)
            take(&pair, op != 7);
        else
            FUZZ_CHECK(omsp_queue_purge(pair.queue, op / 8 % 3) ==
                       omsp_mailbox_purge(pair.mailbox, op / 8 % 3));
        compare(&pair);
    }
    if (size % 2)
        while (take(&pair, true))
            ;
    compare(&pair);
    omsp_queue_destroy(pair.queue);
    omsp_mailbox_destroy(pair.mailbox);
    return 0;
}
