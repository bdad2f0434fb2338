/* The TSP's part: messages to a call and their answers. The test's thread. */
#include "support/host.h"

#include <stdlib.h>
#include <string.h>

unsigned long host_send(struct host_call *call, unsigned type, const void *body, DWORD size)
{
    ITMSPAddress *address = call->host->address;
    unsigned long all = sizeof(struct omsp_tsp_header) + size;
    BYTE *bytes = malloc(all);
    struct omsp_tsp_header *header = (void *)bytes;

    ck_assert_ptr_nonnull(bytes);
    OMSP_TSP_PUT32(header->magic, OMSP_TSP_MAGIC);
    OMSP_TSP_PUT16(header->version, OMSP_TSP_VERSION);
    OMSP_TSP_PUT16(header->type, type);
    OMSP_TSP_PUT32(header->size, all);
    call->sequence++;
    OMSP_TSP_PUT32(header->sequence, call->sequence);
    if (size)
        memcpy(bytes + sizeof(*header), body, size);
    ck_assert_hr(address->lpVtbl->ReceiveTSPData(address, call->outer.inner, bytes, all), S_OK);
    free(bytes);
    return call->sequence;
}

/* Answers with other sequences (STREAM_COMMAND, DIGIT) are passed over: who waits for those does it
 * before the next question. */
struct host_event host_ask(struct host_call *call, unsigned type, const void *body, DWORD size,
                           unsigned answer)
{
    unsigned long sequence = host_send(call, type, body, size);

    for (;;) {
        struct host_event event = host_next(call, ME_TSP_DATA);
        const struct omsp_tsp_header *header = (const void *)event.data;

        ck_assert_uint_ge(event.size, sizeof(*header));
        ck_assert_uint_eq(OMSP_TSP_GET32(header->magic), OMSP_TSP_MAGIC);
        ck_assert_uint_eq(OMSP_TSP_GET32(header->size), event.size);
        if (OMSP_TSP_GET16(header->type) == OMSP_TSP_STREAM_COMMAND ||
            OMSP_TSP_GET16(header->type) == OMSP_TSP_DIGIT ||
            OMSP_TSP_GET32(header->sequence) != sequence)
            continue;
        ck_assert_uint_eq(OMSP_TSP_GET16(header->type), answer);
        return event;
    }
}

void host_tell(struct host_call *call, unsigned type, const void *body, DWORD size,
               unsigned long status)
{
    struct host_event event = host_ask(call, type, body, size, OMSP_TSP_RESULT);
    const struct omsp_tsp_result *result =
        (const void *)(event.data + sizeof(struct omsp_tsp_header));

    ck_assert_uint_eq(event.size, sizeof(struct omsp_tsp_header) + sizeof(*result));
    ck_assert_uint_eq(OMSP_TSP_GET16(result->request), type);
    ck_assert_uint_eq(OMSP_TSP_GET32(result->status), status);
}

void host_configure(struct host_call *call, unsigned ptime_ms, unsigned long media_timeout_ms)
{
    struct omsp_tsp_configure body;

    memset(&body, 0, sizeof(body));
    body.transport = OMSP_TSP_TRANSPORT_RTP;
    OMSP_TSP_PUT16(body.ptime_ms, ptime_ms);
    OMSP_TSP_PUT32(body.media_timeout_ms, media_timeout_ms);
    body.local.family = 4;
    body.local.ip[0] = 127;
    body.local.ip[3] = 1;
    host_tell(call, OMSP_TSP_CONFIGURE, &body, sizeof(body), OMSP_TSP_OK);
}

char *host_local_sdp(struct host_call *call)
{
    struct host_event event = host_ask(call, OMSP_TSP_QUERY_SDP, NULL, 0, OMSP_TSP_LOCAL_SDP);
    size_t size = event.size - sizeof(struct omsp_tsp_header);
    char *text = malloc(size + 1);

    ck_assert_ptr_nonnull(text);
    memcpy(text, event.data + sizeof(struct omsp_tsp_header), size);
    text[size] = '\0';
    return text;
}

void host_remote_sdp(struct host_call *call, const char *sdp)
{
    host_tell(call, OMSP_TSP_REMOTE_SDP, sdp, (DWORD)strlen(sdp), OMSP_TSP_OK);
}

void host_connect(struct host_call *a, struct host_call *b)
{
    char *offer = host_local_sdp(a), *answer;

    host_remote_sdp(b, offer);
    answer = host_local_sdp(b);
    host_remote_sdp(a, answer);
    host_tell(a, OMSP_TSP_CONNECT, NULL, 0, OMSP_TSP_OK);
    host_tell(b, OMSP_TSP_CONNECT, NULL, 0, OMSP_TSP_OK);
    free(offer);
    free(answer);
}

struct omsp_tsp_stats host_stats(struct host_call *call)
{
    struct host_event event = host_ask(call, OMSP_TSP_QUERY_STATS, NULL, 0, OMSP_TSP_STATS);
    struct omsp_tsp_stats stats;

    ck_assert_uint_eq(event.size, sizeof(struct omsp_tsp_header) + sizeof(stats));
    memcpy(&stats, event.data + sizeof(struct omsp_tsp_header), sizeof(stats));
    return stats;
}
