/*
 * Reading the jitter buffer by playout time: the consumer's clock pulls, and this keeps as much
 * delay as playout.c finds needed. Media time stands still while the next packet is awaited (so the
 * delay grows by itself), runs on over what is lost for good, and has samples left out, preferably
 * where it is quiet, when the delay is longer than needed. No clock of its own; owned by the
 * session.
 */
#include "media/jitter_store.h"

#define US_PER_SAMPLE (1000000 / OMSP_JITTER_RATE)
/* Leaving out, in samples: how much at once, how far apart, and from which excess on. */
#define QUIET_SKIP    80u
#define QUIET_SPACING 480u
#define QUIET_EXCESS  40u
#define LOUD_SKIP     40u
#define LOUD_SPACING  4000u
#define LOUD_EXCESS   240u

/* What is left out is decided by the least delay over a while. */
static void watch_anew(struct omsp_jitter *jitter)
{
    jitter->since_skip = 0;
    jitter->least_us = INT64_MAX;
}

void omsp_jitter_play_reset(struct omsp_jitter *jitter)
{
    omsp_playout_reset(jitter->playout);
    jitter->playing = jitter->dry = jitter->ref_known = false;
    jitter->ref_samples = 0;
    jitter->offset = jitter->stalled = jitter->skipped = 0;
    watch_anew(jitter);
}

/* Media time on an unbounded scale, near what arrived last. */
static int64_t media_us(const struct omsp_jitter *jitter, uint32_t timestamp)
{
    return (jitter->ref_samples + (int32_t)(timestamp - jitter->ref_timestamp)) * US_PER_SAMPLE;
}

void omsp_jitter_play_note(struct omsp_jitter *jitter, uint64_t now_us, uint32_t timestamp)
{
    int32_t step = (int32_t)(timestamp - jitter->ref_timestamp);

    if (jitter->ref_known && (step > OMSP_JITTER_SILENCE_MAX || step < -OMSP_JITTER_SILENCE_MAX)) {
        /* Another time scale: what was measured on the old one says nothing. */
        omsp_playout_reset(jitter->playout);
        jitter->ref_known = false;
    }
    if (jitter->ref_known)
        jitter->ref_samples += step;
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
    watch_anew(jitter);
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
    make_up(jitter, OMSP_FRAME_LOST, samples, frame);
    if (delay_us(jitter, now_us, jitter->expect) > jitter->max_delay_us)
        jitter->playing = false;
}

/* By how much the delay may be shortened. Packets are taken only when the device asks for a period:
 * what lies between that moment and a packet's place in the period is waiting for nothing, and
 * beyond it only whole steps count, of a period or a packet, whichever is shorter. */
static uint32_t excess(struct omsp_jitter *jitter, const struct omsp_jitter_slot *slot)
{
    uint32_t step = jitter->period < slot->len ? jitter->period : slot->len;
    int64_t over = (jitter->least_us - omsp_playout_target_us(jitter->playout)) / US_PER_SAMPLE;

    return over < 0 ? 0 : jitter->least_place % step + (uint32_t)over / step * step;
}

/* How many samples to leave out at the start of this packet. */
static uint32_t to_leave_out(struct omsp_jitter *jitter, const struct omsp_jitter_slot *slot,
                             int64_t delay, bool quiet)
{
    uint32_t over = excess(jitter, slot);

    /* Longer than allowed, and newer audio is there: whole packets go. */
    if (delay > (int64_t)jitter->max_delay_us + 20000 && jitter->held > 1)
        return OMSP_JITTER_PAYLOAD_MAX;
    if (quiet && over > QUIET_EXCESS && jitter->since_skip >= QUIET_SPACING)
        return over < QUIET_SKIP ? over : QUIET_SKIP;
    if (over > LOUD_EXCESS && jitter->since_skip >= LOUD_SPACING)
        return LOUD_SKIP;
    return 0;
}

/* True: samples were left out, look again. */
static bool shorten(struct omsp_jitter *jitter, const struct omsp_jitter_slot *slot,
                    uint64_t now_us, bool quiet)
{
    int64_t delay = delay_us(jitter, now_us, slot->timestamp);
    uint32_t samples;

    jitter->stats.delay_us = delay > 0 ? (uint32_t)delay : 0;
    if (delay <= jitter->least_us) {
        jitter->least_us = delay;
        jitter->least_place = jitter->filled;
    }
    samples = to_leave_out(jitter, slot, delay, quiet);
    if (!samples && jitter->since_skip >= LOUD_SPACING)
        watch_anew(jitter);
    if (!samples)
        return false;
    if (samples > slot->len)
        samples = slot->len;
    jitter->offset += samples;
    jitter->expect += samples;
    jitter->skipped += samples;
    jitter->stats.skipped_samples += samples;
    watch_anew(jitter);
    return true;
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
    jitter->since_skip += samples;
    jitter->handed = true;
    if (jitter->offset == slot->len)
        omsp_jitter_consume(jitter);
}

static void fill(struct omsp_jitter *jitter, uint64_t now_us, uint32_t samples, bool quiet,
                 struct omsp_jitter_frame *frame)
{
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
        if (!jitter->offset && shorten(jitter, slot, now_us, quiet))
            continue;
        left = slot->len - jitter->offset;
        hand_out(jitter, slot, left < samples ? left : samples, frame);
        return;
    }
}

void omsp_jitter_play(struct omsp_jitter *jitter, uint64_t now_us, uint32_t samples, bool quiet,
                      struct omsp_jitter_frame *frame)
{
    if (now_us != jitter->pull_us || !jitter->period) {
        jitter->pull_us = now_us;
        jitter->period = samples;
        jitter->filled = 0;
    }
    fill(jitter, now_us, samples, quiet, frame);
    jitter->filled += frame->samples;
}
