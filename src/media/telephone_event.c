/*
 * Telephone-events to key presses. Makes no tone, sends nothing, does not look for tones in audio.
 * The session's lock owns it.
 */
#include "media/telephone_event.h"

#define BLOCK       4u
#define DTMF_LAST   15u
#define SEGMENT_MAX 0xFFFFu  /* ticks in one segment of a long press */
#define STALE_US    2000000u /* within this, an older sequence number means reordering */
#define ECHO_US     5000000u /* how long an ended press is remembered */

void omsp_telephone_event_init(struct omsp_telephone_event *state, uint32_t clock_rate)
{
    memset(state, 0, sizeof(*state));
    state->clock_rate = clock_rate;
}

static struct omsp_telephone_news news_of(const struct omsp_telephone_event *state, bool ended)
{
    struct omsp_telephone_news news = {
        .ended = ended,
        .digit = state->press.digit,
        .volume = state->volume,
        .ticks = state->press.extent,
        .duration_us = (uint32_t)((uint64_t)state->press.extent * 1000000 / state->clock_rate),
        .timestamp = state->press.first,
    };

    return news;
}

static struct omsp_telephone_news end_press(struct omsp_telephone_event *state)
{
    const unsigned room = sizeof(state->past) / sizeof(state->past[0]);

    state->past[state->past_next] = state->press;
    state->past_next = (state->past_next + 1) % room;
    if (state->past_count < room)
        state->past_count++;
    state->active = false;
    return news_of(state, true);
}

/* Is a block part of this press? A new press cannot begin before the one before it ended, so
 * without marker the same digit inside the extent is the same press, whatever its timestamp says.
 */
static bool belongs(const struct omsp_telephone_press *press, bool active, uint8_t digit,
                    uint32_t timestamp, bool marker)
{
    uint32_t offset = timestamp - press->first;

    if (digit != press->digit)
        return false;
    if (timestamp == press->segment || timestamp == press->first)
        return true;
    /* While it is on it may go on from where it was; where it ended, the next one may begin. */
    return !marker && (offset < press->extent || (active && offset == press->extent) ||
                       timestamp - press->segment == SEGMENT_MAX);
}

static void extend(struct omsp_telephone_press *press, uint32_t timestamp, uint16_t duration,
                   uint64_t now_us)
{
    uint32_t offset = timestamp - press->first;

    if (offset > press->segment - press->first)
        press->segment = timestamp;
    if (offset + duration > press->extent)
        press->extent = offset + duration;
    press->heard_us = now_us;
}

static bool is_echo(struct omsp_telephone_event *state, uint8_t digit, uint32_t timestamp,
                    uint16_t duration, bool marker, uint64_t now_us)
{
    for (unsigned i = 0; i < state->past_count; i++) {
        struct omsp_telephone_press *press = &state->past[i];

        if (now_us < press->heard_us + ECHO_US && belongs(press, false, digit, timestamp, marker)) {
            extend(press, timestamp, duration, now_us);
            return true;
        }
    }
    return false;
}

static unsigned take_block(struct omsp_telephone_event *state, const uint8_t *block,
                           uint32_t timestamp, bool marker, bool stale, uint64_t now_us,
                           struct omsp_telephone_news *news)
{
    uint8_t digit = block[0];
    uint16_t duration = omsp_be16(block + 2);
    unsigned count = 0;

    if (digit > DTMF_LAST) {
        state->ignored++;
        return 0;
    }
    if (state->active && belongs(&state->press, true, digit, timestamp, marker)) {
        extend(&state->press, timestamp, duration, now_us);
    } else if (is_echo(state, digit, timestamp, duration, marker, now_us)) {
        return 0;
    } else if (stale) {
        state->ignored++;
        return 0;
    } else {
        if (state->active)
            news[count++] = end_press(state);
        state->active = true;
        state->volume = block[1] & 0x3F;
        state->press = (struct omsp_telephone_press){
            .digit = digit,
            .first = timestamp,
            .segment = timestamp,
            .extent = duration,
            .heard_us = now_us,
        };
        state->digits++;
        news[count++] = news_of(state, false);
    }
    if (block[1] & 0x80)
        news[count++] = end_press(state);
    return count;
}

enum omsp_status omsp_telephone_event_receive(struct omsp_telephone_event *state,
                                              struct omsp_span payload, uint32_t timestamp,
                                              bool marker, uint16_t seq, uint64_t now_us,
                                              struct omsp_telephone_news *news, unsigned *count)
{
    bool stale;

    if (!payload.len || payload.len % BLOCK ||
        payload.len > (size_t)BLOCK * OMSP_TELEPHONE_PACKED) {
        state->ignored++;
        *count = 0;
        return OMSP_INVALID;
    }
    stale = state->has_seq && now_us < state->seq_us + STALE_US &&
            (uint16_t)(seq - state->seq - 1) >= 0x7FFF;
    if (!stale) {
        state->has_seq = true;
        state->seq = seq;
        state->seq_us = now_us;
    }
    *count = 0;
    for (size_t at = 0; at < payload.len; at += BLOCK) {
        *count +=
            take_block(state, payload.ptr + at, timestamp, marker, stale, now_us, news + *count);
        /* Packed events follow each other without a gap (2.5.1.5). */
        timestamp += omsp_be16(payload.ptr + at + 2);
    }
    return OMSP_OK;
}

bool omsp_telephone_event_tick(struct omsp_telephone_event *state, uint64_t now_us,
                               struct omsp_telephone_news *news)
{
    if (now_us < omsp_telephone_event_deadline(state))
        return false;
    *news = end_press(state);
    return true;
}

uint64_t omsp_telephone_event_deadline(const struct omsp_telephone_event *state)
{
    return state->active ? state->press.heard_us + OMSP_TELEPHONE_SILENCE_US : UINT64_MAX;
}

bool omsp_telephone_event_reset(struct omsp_telephone_event *state,
                                struct omsp_telephone_news *news)
{
    bool active = state->active;

    if (active)
        *news = end_press(state);
    state->past_count = state->past_next = 0;
    state->has_seq = false;
    return active;
}

char omsp_telephone_event_char(uint8_t digit)
{
    return "0123456789*#ABCD"[digit & 15];
}
