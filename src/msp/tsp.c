/*
 * What a TSP says about a call (openmsp_tsp.h), and what is said to it. Each valid message becomes
 * one call of the engine and, but for STREAM_STATE, is answered by one message; a failure of the
 * engine is part of that answer, not of ReceiveTSPData's. The bytes are hostile: wire/tsp_message.c
 * judges them before anything here sees them. Any thread, and the engine's for msp_tsp_hardware.
 */
#include "msp/call.h"

#include "base/alloc.h"
#include "msp/hosted.h"
#include "wire/tsp_message.h"

/* The MSP's own count of DIGIT and STREAM_COMMAND. */
static LONG own_sequence;

/* ---- as events ------------------------------------------------------------------------------- */

/* What a short message is: RESULT, STREAM_COMMAND and DIGIT are, so that what was done is told, and
 * the hardware moved, without memory. */
static void read_words(const struct omsp_event *event, struct omsp_tsp_message *out)
{
    memset(out, 0, sizeof(*out));
    out->type = (uint16_t)event->type;
    out->sequence = event->detail;
    switch (out->type) {
    case OMSP_TSP_RESULT:
        out->u.result.request = (uint16_t)event->words[0];
        out->u.result.status = (enum omsp_status)event->words[1];
        break;
    case OMSP_TSP_STREAM_COMMAND:
        out->u.stream_command.direction = (uint8_t)event->words[0];
        out->u.stream_command.to = (uint8_t)event->words[1];
        break;
    default: /* DIGIT */
        out->u.digit = (uint8_t)event->words[0];
        break;
    }
}

DWORD msp_tsp_event_size(const struct omsp_event *event)
{
    struct omsp_tsp_message message;
    size_t need = 0;

    if (event->blob)
        return event->blob->len;
    read_words(event, &message);
    omsp_tsp_build(&message, NULL, 0, &need);
    return (DWORD)need;
}

void msp_tsp_event_write(const struct omsp_event *event, BYTE *out)
{
    struct omsp_tsp_message message;

    if (event->blob) {
        memcpy(out, event->blob->data, event->blob->len);
        return;
    }
    read_words(event, &message);
    omsp_tsp_build(&message, out, msp_tsp_event_size(event), NULL);
}

static enum omsp_status post(struct omsp_call *call, const struct omsp_tsp_message *message)
{
    uint8_t small[256], *bytes = small;
    size_t need = 0;
    enum omsp_status status = omsp_tsp_build(message, small, sizeof(small), &need);

    if (status == OMSP_MORE) {
        bytes = omsp_alloc(need);
        if (!bytes)
            return OMSP_NOMEM;
        status = omsp_tsp_build(message, bytes, need, &need);
    }
    if (status == OMSP_OK)
        status = omsp_call_post_tsp_data(call, bytes, (uint32_t)need);
    if (bytes != small)
        omsp_free(bytes);
    return status;
}

/* ---- engine to TSP --------------------------------------------------------------------------- */

enum omsp_status msp_tsp_hardware(void *ctx, struct omsp_call *call, enum omsp_direction direction,
                                  enum omsp_actual to)
{
    (void)ctx;
    return omsp_call_post_tsp_words(call, OMSP_TSP_STREAM_COMMAND,
                                    (uint32_t)InterlockedIncrement(&own_sequence),
                                    direction == OMSP_CAPTURE ? OMSP_TSP_CAPTURE : OMSP_TSP_RENDER,
                                    to == OMSP_RUNNING  ? OMSP_TSP_RUNNING
                                    : to == OMSP_PAUSED ? OMSP_TSP_PAUSED
                                                        : OMSP_TSP_STOPPED);
}

void msp_tsp_digit(struct msp_call *call, unsigned digit)
{
    bool spoke;

    AcquireSRWLockShared(&call->lock);
    spoke = call->tsp_spoke;
    ReleaseSRWLockShared(&call->lock);
    if (spoke)
        omsp_call_post_tsp_words(call->engine, OMSP_TSP_DIGIT,
                                 (uint32_t)InterlockedIncrement(&own_sequence), digit, 0);
}

/* ---- TSP to engine --------------------------------------------------------------------------- */

static enum omsp_status configure(struct msp_call *call, const struct omsp_tsp_message *in)
{
    struct omsp_stream_offers offers = {OMSP_OFFERED, OMSP_OFFERED, OMSP_OFFERED};
    enum omsp_transport transport = OMSP_TRANSPORT_RTP;
    struct omsp_addr local = in->u.configure.local;
    enum omsp_status status;

    if (in->u.configure.transport == OMSP_TSP_TRANSPORT_HARDWARE) {
        unsigned bits = in->u.configure.offers;

        transport = OMSP_TRANSPORT_HARDWARE;
        offers.start = bits & OMSP_TSP_OFFER_START ? OMSP_OFFERED : OMSP_OFFER_NOTSUPPORTED;
        offers.pause = bits & OMSP_TSP_OFFER_PAUSE ? OMSP_OFFERED : OMSP_OFFER_NOTSUPPORTED;
        offers.stop = bits & OMSP_TSP_OFFER_STOP ? OMSP_OFFERED : OMSP_OFFER_NOTSUPPORTED;
    }
    status = omsp_call_set_transport(call->engine, transport, offers);
    if (status == OMSP_OK && in->u.configure.codec_count)
        status = msp_call_set_codecs(call, in->u.configure.codecs, in->u.configure.codec_count);
    if (status == OMSP_OK && in->u.configure.ptime_ms)
        status = msp_call_set_ptime(call, in->u.configure.ptime_ms);
    if (status == OMSP_OK && in->u.configure.media_timeout_ms != OMSP_TSP_KEEP_TIMEOUT)
        status = in->u.configure.media_timeout_ms > LONG_MAX
                     ? OMSP_INVALID
                     : msp_call_set_media_timeout(call, (LONG)in->u.configure.media_timeout_ms);
    if (status == OMSP_OK && local.family)
        status = omsp_call_bind(call->engine, &local);
    return status;
}

static enum omsp_status disconnect(struct msp_call *call, uint8_t reason)
{
    enum omsp_cause cause = OMSP_CAUSE_UNKNOWN;

    if (reason == OMSP_TSP_REASON_REMOTE)
        cause = OMSP_CAUSE_REMOTE_REQUEST;
    else if (reason == OMSP_TSP_REASON_LOCAL)
        cause = OMSP_CAUSE_LOCAL_REQUEST;
    return omsp_call_disconnect(call->engine, cause);
}

static enum omsp_status secure(struct msp_call *call, uint8_t srtp)
{
    return omsp_call_set_security(call->engine,
                                  srtp == OMSP_TSP_SRTP_REQUIRED ? OMSP_SECURITY_REQUIRED
                                  : srtp == OMSP_TSP_SRTP_OFF    ? OMSP_SECURITY_OFF
                                                                 : OMSP_SECURITY_ALLOWED);
}

static void fill_stats(struct msp_call *call, struct omsp_tsp_message *out)
{
    struct omsp_call_stats stats;

    omsp_call_get_stats(call->engine, &stats);
    out->type = OMSP_TSP_STATS;
#define COPY(bits, name) out->u.stats.name = (uint##bits##_t)stats.name;
    OMSP_TSP_STATS_LIST(COPY)
#undef COPY
}

/* Does what `in` asks. *out is the answer already when the status is OMSP_OK and its type is set;
 * its text is *text, which the caller frees. */
static enum omsp_status obey(struct msp_call *call, const struct omsp_tsp_message *in,
                             struct omsp_tsp_message *out, char **text)
{
    enum omsp_status status = OMSP_OK;

    switch (in->type) {
    case OMSP_TSP_CONFIGURE:
        return configure(call, in);
    case OMSP_TSP_REMOTE_SDP:
        return omsp_call_set_remote_sdp(call->engine, (const char *)in->u.text.ptr, in->u.text.len);
    case OMSP_TSP_CONNECT:
        return omsp_call_connect(call->engine);
    case OMSP_TSP_DISCONNECT:
        return disconnect(call, in->u.reason);
    case OMSP_TSP_SECURITY:
        return secure(call, in->u.srtp);
    case OMSP_TSP_QUERY_SDP:
        status = msp_call_local_sdp(call, text);
        if (status == OMSP_OK) {
            out->type = OMSP_TSP_LOCAL_SDP;
            out->u.text = omsp_span_text(*text);
        }
        return status;
    case OMSP_TSP_QUERY_STATS:
        fill_stats(call, out);
        return OMSP_OK;
    case OMSP_TSP_QUERY_SID:
        out->type = OMSP_TSP_CALL_SID;
        memcpy(out->u.sid, omsp_call_sid(call->engine), OMSP_TSP_SID_CHARS + 1);
        return OMSP_OK;
    default:
        return OMSP_NOTSUPPORTED;
    }
}

static HRESULT answer(struct msp_call *call, const struct omsp_tsp_message *in)
{
    struct msp_hosted_door door;
    struct omsp_tsp_message out;
    char *text = NULL;
    enum omsp_status status;

    memset(&out, 0, sizeof(out));
    msp_hosted_enter(&door, call, NULL,
                     in->type == OMSP_TSP_REMOTE_SDP || in->type == OMSP_TSP_CONNECT
                         ? OMSP_IN_READY
                         : OMSP_IN_STOP);
    status = obey(call, in, &out, &text);
    msp_hosted_leave(&door, msp_hresult(status));
    out.sequence = in->sequence;
    if (!out.type || status != OMSP_OK)
        status = omsp_call_post_tsp_words(call->engine, OMSP_TSP_RESULT, in->sequence, in->type,
                                          (uint32_t)status);
    else
        status = post(call->engine, &out);
    omsp_free(text);
    return msp_hresult(status);
}

static HRESULT parse(const BYTE *data, DWORD size, struct omsp_tsp_message *out)
{
    if (omsp_tsp_parse(data, size, out) != OMSP_OK || omsp_tsp_is_from_msp(out->type))
        return E_INVALIDARG;
    return S_OK;
}

HRESULT msp_tsp_check(const BYTE *data, DWORD size)
{
    struct omsp_tsp_message message;

    return parse(data, size, &message);
}

static enum omsp_actual actual_of(uint8_t state)
{
    return state == OMSP_TSP_RUNNING  ? OMSP_RUNNING
           : state == OMSP_TSP_PAUSED ? OMSP_PAUSED
                                      : OMSP_STOPPED;
}

HRESULT msp_tsp_receive(struct msp_call *call, const BYTE *data, DWORD size)
{
    struct omsp_tsp_message in;
    HRESULT hr;

    if (msp_call_is_shut(call))
        return E_UNEXPECTED;
    hr = parse(data, size, &in);
    if (FAILED(hr))
        return hr;
    AcquireSRWLockExclusive(&call->lock);
    call->tsp_spoke = true;
    ReleaseSRWLockExclusive(&call->lock);
    if (in.type == OMSP_TSP_STREAM_STATE)
        return msp_hresult(omsp_call_hardware_report(
            call->engine,
            in.u.stream_state.direction == OMSP_TSP_CAPTURE ? OMSP_CAPTURE : OMSP_RENDER,
            actual_of(in.u.stream_state.state), in.u.stream_state.status));
    return answer(call, &in);
}
