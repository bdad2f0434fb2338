/*
 * Reading the jitter buffer in media time: forward what is in order, hold at a gap for a bounded
 * time, then say exactly how much is missing. No clock of its own; owned by the session.
 */
#include "media/jitter_store.h"

/* The arrival of the packet that has been waiting longest. */
static uint64_t held_since(const struct omsp_jitter *jitter)
{
    uint64_t since = jitter->ahead.used ? jitter->ahead.arrival_us : UINT64_MAX;

    for (unsigned i = 0; i < OMSP_JITTER_SLOTS; i++) {
        if (jitter->slots[i].used && jitter->slots[i].arrival_us < since)
            since = jitter->slots[i].arrival_us;
    }
    return since;
}

uint64_t omsp_jitter_deadline(const struct omsp_jitter *jitter)
{
    if (!jitter->held && !jitter->ahead.used)
        return UINT64_MAX;
    /* Nothing can be stored beyond the packet ahead, so waiting for what is before it must end. */
    if (jitter->slots[jitter->next % OMSP_JITTER_SLOTS].used || jitter->ahead.used ||
        jitter->held >= jitter->hold_packets)
        return 0;
    return held_since(jitter) + jitter->hold_us;
}

/* How much of a timestamp jump behind lost packets they account for. Up to 60 ms each it is all of
 * it; beyond that the sender paused too, and they are taken for as long as the last one was. */
static uint32_t lost_part(const struct omsp_jitter *jitter, uint32_t jump)
{
    uint64_t most = (uint64_t)jitter->lost_run * OMSP_JITTER_PAYLOAD_MAX;
    uint64_t likely = (uint64_t)jitter->lost_run * jitter->last_len;

    return jump <= most ? jump : (uint32_t)likely;
}

static void made_up(struct omsp_jitter *jitter, struct omsp_jitter_frame *frame, uint32_t jump)
{
    frame->timestamp = jitter->expect;
    if (jitter->lost_run) {
        frame->kind = OMSP_FRAME_LOST;
        frame->samples = lost_part(jitter, jump);
        frame->lost_packets = jitter->lost_run;
        jitter->stats.lost_samples += frame->samples;
        jitter->lost_run = 0;
    } else {
        frame->kind = OMSP_FRAME_SILENCE;
        frame->samples = jump;
        jitter->stats.silence_samples += jump;
    }
    jitter->expect += frame->samples;
}

/* All but what the packet says by itself. */
static void give_audio(struct omsp_jitter *jitter, struct omsp_jitter_frame *frame)
{
    frame->kind = OMSP_FRAME_AUDIO;
    frame->restart = jitter->restart;
    jitter->timed = true;
    jitter->restart = false;
    jitter->lost_run = 0;
    jitter->last_len = (uint16_t)frame->samples;
    jitter->expect = frame->timestamp + frame->samples;
}

static void deliver(struct omsp_jitter *jitter, const struct omsp_jitter_slot *slot,
                    struct omsp_jitter_frame *frame)
{
    uint32_t jump = slot->timestamp - jitter->expect;

    *frame = (struct omsp_jitter_frame){0};
    if (jitter->timed && jump && jump <= OMSP_JITTER_SILENCE_MAX) {
        made_up(jitter, frame, jump);
        return;
    }
    if (jitter->timed && jump) {
        jitter->stats.restarts++;
        jitter->restart = true;
    }
    frame->samples = slot->len;
    frame->timestamp = slot->timestamp;
    frame->payload = omsp_jitter_payload(jitter, slot);
    frame->payload_type = slot->payload_type;
    frame->marker = slot->marker;
    frame->seq = (uint16_t)slot->seq;
    give_audio(jitter, frame);
    omsp_jitter_consume(jitter);
}

bool omsp_jitter_pass(struct omsp_jitter *jitter, const struct omsp_jitter_packet *packet,
                      struct omsp_jitter_frame *frame)
{
    if (jitter->playout || jitter->held || jitter->ahead.used || !packet->payload_len ||
        packet->payload_len > OMSP_JITTER_PAYLOAD_MAX)
        return false;
    if (jitter->started && packet->seq != (uint16_t)jitter->next)
        return false;
    if (jitter->timed && packet->timestamp != jitter->expect)
        return false;
    if (!jitter->started)
        omsp_jitter_begin(jitter, packet->seq);
    *frame = (struct omsp_jitter_frame){
        .samples = (uint32_t)packet->payload_len,
        .timestamp = packet->timestamp,
        .payload = packet->payload,
        .payload_type = packet->payload_type,
        .marker = packet->marker,
        .seq = packet->seq,
    };
    give_audio(jitter, frame);
    jitter->bad_known = false;
    jitter->highest = jitter->next;
    jitter->stats.received++;
    omsp_jitter_step(jitter);
    return true;
}

bool omsp_jitter_next(struct omsp_jitter *jitter, uint64_t now_us, struct omsp_jitter_frame *frame)
{
    for (;;) {
        struct omsp_jitter_slot *slot = omsp_jitter_slot(jitter, jitter->next);

        if (!slot->used) {
            /* With nothing held the deadline is beyond any now. */
            if (omsp_jitter_deadline(jitter) == UINT64_MAX || now_us < omsp_jitter_deadline(jitter))
                return false;
            omsp_jitter_give_up(jitter);
        } else if (!slot->len) {
            omsp_jitter_consume(jitter);
        } else {
            deliver(jitter, slot, frame);
            return true;
        }
    }
}
