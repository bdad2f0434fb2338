/*
 * Reading the jitter buffer by playout time: the consumer's clock pulls, and this keeps as much
 * delay as playout.c finds needed. Media time stands still while the next packet is awaited (so the
 * delay grows by itself), runs on over what is lost for good, and has samples left out, preferably
 * where it is quiet, when the delay is longer than needed. No clock of its own; owned by the
 * session.
 */
#include "media/jitter_store.h"

#define US_PER_SAMPLE (1000000 / OMSP_JITTER_RATE)

void omsp_jitter_play_reset(struct omsp_jitter *jitter)
{
    omsp_playout_reset(jitter->playout);
    jitter->playing = jitter->dry = jitter->ref_known = false;
    jitter->ref_samples = 0;
    jitter->offset = jitter->stalled = jitter->skipped = jitter->repeating = 0;
    jitter->mended = 0;
    omsp_jitter_pace_anew(jitter);
}

/* Media time on an unbounded scale, near what arrived last. */
static int64_t media_us(const struct omsp_jitter *jitter, uint32_t timestamp)
{
    return (jitter->ref_samples + (int32_t)(timestamp - jitter->ref_timestamp)) * US_PER_SAMPLE;
}

void omsp_jitter_play_note(struct omsp_jitter *jitter, uint64_t now_us, uint32_t timestamp,
                           uint32_t samples)
{
    int32_t step = (int32_t)(timestamp - jitter->ref_timestamp);

    if (jitter->ref_known && (step > OMSP_JITTER_SILENCE_MAX || step < -OMSP_JITTER_SILENCE_MAX)) {
        /* Another time scale: what was measured on the old one says nothing. */
        omsp_playout_reset(jitter->playout);
        jitter->ref_known = false;
    }
    if (jitter->ref_known)
        jitter->ref_samples += step;
    if (!jitter->ref_known || (int32_t)(timestamp + samples - jitter->newest) > 0 || step < -8000)
        jitter->newest = timestamp + samples;
    jitter->ref_timestamp = timestamp;
    jitter->ref_known = true;
    omsp_playout_note(jitter->playout, (int64_t)now_us - media_us(jitter, timestamp));
}

/* How much later than the fastest packets this timestamp would be played at now_us. */
static int64_t delay_us(const struct omsp_jitter *jitter, uint64_t now_us, uint32_t timestamp)
{
    return (int64_t)now_us - media_us(jitter, timestamp) - omsp_playout_floor_us(jitter->playout);
}

static void make_up(struct omsp_jitter *jitter, enum omsp_frame_kind kind, uint32_t samples,
                    struct omsp_jitter_frame *frame)
{
    *frame = (struct omsp_jitter_frame){.kind = kind, .samples = samples};
    frame->timestamp = jitter->expect;
    if (kind == OMSP_FRAME_LOST)
        jitter->stats.lost_samples += samples;
    else
        jitter->stats.silence_samples += samples;
}

/* The first packet there is; there must be one. */
static struct omsp_jitter_slot *first_held(struct omsp_jitter *jitter)
{
    uint32_t seq = jitter->next;

    while (!omsp_jitter_slot(jitter, seq)->used)
        seq++;
    return omsp_jitter_slot(jitter, seq);
}

/* Waits for the moment to begin: the start of the stream or of a talkspurt, where time may be
 * stretched and shortened unheard, and what is missing before it may still come. False: begin now
 * with this packet. */
static bool wait_to_begin(struct omsp_jitter *jitter, const struct omsp_jitter_slot *slot,
                          uint64_t now_us, uint32_t samples, struct omsp_jitter_frame *frame)
{
    /* A period of several packets needs the last of them at its beginning. */
    uint32_t more = samples > slot->len ? samples - slot->len : 0;
    int64_t early = (int64_t)omsp_playout_target_us(jitter->playout) -
                    delay_us(jitter, now_us, slot->timestamp);

    if (early + (int64_t)more * US_PER_SAMPLE > 0) {
        make_up(jitter, OMSP_FRAME_SILENCE, samples, frame);
        return true;
    }
    jitter->playing = true;
    jitter->expect = slot->timestamp + jitter->offset;
    jitter->lost_run = jitter->stalled = 0;
    jitter->dry = false;
    omsp_jitter_pace_anew(jitter);
    return false;
}

/* Nothing is here. The sender may be late, pausing, or gone. */
static void run_dry(struct omsp_jitter *jitter, uint64_t now_us, uint32_t samples,
                    struct omsp_jitter_frame *frame)
{
    if (!jitter->playing) {
        make_up(jitter, OMSP_FRAME_SILENCE, samples, frame);
        return;
    }
    if (!jitter->dry)
        jitter->stats.underruns++;
    jitter->dry = true;
    jitter->stalled += samples;
    omsp_jitter_pace_shift(jitter, (int32_t)samples);
    make_up(jitter, OMSP_FRAME_LOST, samples, frame);
    if (delay_us(jitter, now_us, jitter->expect) > jitter->max_delay_us)
        jitter->playing = false;
}

/* Leaves samples out at the start of what is next; all of them are there. */
static void leave_out(struct omsp_jitter *jitter, uint32_t samples)
{
    omsp_jitter_pace_shift(jitter, -(int32_t)samples);
    jitter->expect += samples;
    jitter->skipped += samples;
    jitter->stats.skipped_samples += samples;
    jitter->since_bent = 0;
    while (samples) {
        struct omsp_jitter_slot *slot = omsp_jitter_slot(jitter, jitter->next);
        uint32_t left = slot->len - jitter->offset;

        if (samples < left) {
            jitter->offset += samples;
            return;
        }
        samples -= left;
        omsp_jitter_consume(jitter);
    }
}

static void repeat(struct omsp_jitter *jitter, uint32_t samples, struct omsp_jitter_frame *frame)
{
    uint32_t now = jitter->repeating < samples ? jitter->repeating : samples;

    *frame = (struct omsp_jitter_frame){.kind = OMSP_FRAME_REPEAT, .samples = now};
    frame->timestamp = jitter->expect;
    jitter->repeating -= now;
    omsp_jitter_pace_shift(jitter, (int32_t)now);
    jitter->stats.repeated_samples += now;
}

/* What to do before the next audio. */
enum bend { STRAIGHT, LEFT_OUT, REPEATED };

static enum bend bend(struct omsp_jitter *jitter, const struct omsp_jitter_slot *slot,
                      uint64_t now_us, uint32_t samples, const struct omsp_jitter_ear *ear,
                      struct omsp_jitter_frame *frame)
{
    int64_t delay =
        delay_us(jitter, now_us, jitter->expect) + (int64_t)jitter->filled * US_PER_SAMPLE;
    int by;

    jitter->stats.delay_us = delay > 0 ? (uint32_t)delay : 0;
    /* Longer than allowed, and newer audio is there: whole packets go. */
    if (delay > (int64_t)jitter->max_delay_us + 20000 && jitter->held > 1) {
        leave_out(jitter, slot->len - jitter->offset);
        return LEFT_OUT;
    }
    by = omsp_jitter_pace(jitter, slot, delay, ear);
    if (by > 0) {
        leave_out(jitter, (uint32_t)by);
        return LEFT_OUT;
    }
    if (by < 0) {
        jitter->repeating = (uint32_t)-by;
        jitter->since_bent = 0;
        repeat(jitter, samples, frame);
        return REPEATED;
    }
    return STRAIGHT;
}

/* The packet in slot `next` does not begin where media time is. True: *frame is filled. */
static bool bridge(struct omsp_jitter *jitter, const struct omsp_jitter_slot *slot,
                   uint32_t samples, struct omsp_jitter_frame *frame)
{
    uint32_t jump = slot->timestamp + jitter->offset - jitter->expect;

    if (jump > OMSP_JITTER_SILENCE_MAX) {
        jitter->stats.restarts++;
        jitter->restart = true;
        jitter->playing = false;
        return false;
    }
    if (!jitter->lost_run) { /* the sender paused: begin the talkspurt anew */
        jitter->playing = false;
        return false;
    }
    /* What was made up while waiting already stood for (some of) the lost ones. */
    if (jitter->stalled) {
        uint32_t done = jitter->stalled < jump ? jitter->stalled : jump;

        jitter->stalled -= done;
        jitter->expect += done;
        omsp_jitter_pace_shift(jitter, -(int32_t)done);
        return false;
    }
    make_up(jitter, OMSP_FRAME_LOST, jump < samples ? jump : samples, frame);
    jitter->expect += frame->samples;
    return true;
}

static void hand_out(struct omsp_jitter *jitter, const struct omsp_jitter_slot *slot,
                     uint32_t samples, struct omsp_jitter_frame *frame)
{
    *frame = (struct omsp_jitter_frame){.kind = OMSP_FRAME_AUDIO, .samples = samples};
    frame->timestamp = jitter->expect;
    frame->payload = omsp_jitter_payload(jitter, slot) + jitter->offset;
    frame->payload_type = slot->payload_type;
    frame->marker = slot->marker && !jitter->offset;
    frame->restart = jitter->restart;
    frame->seq = (uint16_t)slot->seq;
    frame->skipped = jitter->skipped;
    jitter->restart = jitter->dry = false;
    jitter->skipped = jitter->stalled = jitter->lost_run = 0;
    jitter->offset += samples;
    jitter->expect += samples;
    jitter->since_bent += samples;
    jitter->watched += samples;
    jitter->handed = true;
    if (jitter->offset == slot->len)
        omsp_jitter_consume(jitter);
}

static void fill(struct omsp_jitter *jitter, uint64_t now_us, uint32_t samples,
                 const struct omsp_jitter_ear *ear, struct omsp_jitter_frame *frame)
{
    if (jitter->repeating) {
        repeat(jitter, samples, frame);
        return;
    }
    for (;;) {
        struct omsp_jitter_slot *slot;
        uint32_t left;

        if (!jitter->held) {
            run_dry(jitter, now_us, samples, frame);
            return;
        }
        slot = first_held(jitter);
        if (!jitter->playing && slot->len && wait_to_begin(jitter, slot, now_us, samples, frame))
            return;
        if (slot->seq != jitter->next) /* needed now, and newer ones are here: lost */
            omsp_jitter_give_up(jitter);
        if (!slot->len || jitter->offset == slot->len) {
            omsp_jitter_consume(jitter);
            continue;
        }
        if (slot->timestamp + jitter->offset != jitter->expect) {
            if (bridge(jitter, slot, samples, frame))
                return;
            continue;
        }
        switch (bend(jitter, slot, now_us, samples, ear, frame)) {
        case LEFT_OUT:
            continue;
        case REPEATED:
            return;
        default:
            break;
        }
        left = slot->len - jitter->offset;
        hand_out(jitter, slot, left < samples ? left : samples, frame);
        return;
    }
}

void omsp_jitter_play(struct omsp_jitter *jitter, uint64_t now_us, uint32_t samples,
                      const struct omsp_jitter_ear *ear, struct omsp_jitter_frame *frame)
{
    if (now_us != jitter->pull_us || !jitter->period) {
        jitter->pull_us = now_us;
        jitter->period = samples;
        jitter->filled = 0;
    }
    fill(jitter, now_us, samples, ear, frame);
    jitter->filled += frame->samples;
}
