/* Packets and clocks of every kind into the jitter buffer, by either discipline. Laws: every frame
 * has a length and, when audio, bytes; reading ends; no deadline is in the past; counts add up. */
#include "fuzz.h"

#include "media/jitter.h"

static uint8_t sum; /* so that payloads are really read */

static void frame_is_sane(const struct omsp_jitter_frame *frame)
{
    FUZZ_CHECK(frame->samples > 0 && frame->samples <= OMSP_JITTER_SILENCE_MAX);
    if (frame->kind == OMSP_FRAME_AUDIO) {
        FUZZ_CHECK(frame->payload != NULL && frame->samples <= OMSP_JITTER_PAYLOAD_MAX);
        for (uint32_t i = 0; i < frame->samples; i++)
            sum = (uint8_t)(sum + frame->payload[i]);
    }
}

static void read_all(struct omsp_jitter *jitter, uint64_t now)
{
    struct omsp_jitter_frame frame;
    unsigned frames = 0;

    while (omsp_jitter_next(jitter, now, &frame)) {
        frame_is_sane(&frame);
        FUZZ_CHECK(++frames <= 4 * OMSP_JITTER_SLOTS);
    }
    FUZZ_CHECK(omsp_jitter_deadline(jitter) > now);
}

static unsigned spare(void *ctx, unsigned most)
{
    unsigned want = *(const uint8_t *)ctx;

    FUZZ_CHECK(most > 0);
    return want < most ? want : most;
}

/* some: how many samples could be left out or repeated wherever that is asked. */
static void play(struct omsp_jitter *jitter, uint64_t now, uint32_t samples, uint8_t some)
{
    const struct omsp_jitter_ear ear = {spare, &some};

    while (samples) {
        struct omsp_jitter_frame frame;

        omsp_jitter_play(jitter, now, samples, some == 255 ? NULL : &ear, &frame);
        frame_is_sane(&frame);
        FUZZ_CHECK(frame.samples <= samples);
        samples -= frame.samples;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t silence[OMSP_JITTER_PAYLOAD_MAX + 64];
    struct fuzz_input input = {data, size};
    struct omsp_jitter_config config;
    struct omsp_jitter *jitter;
    struct omsp_jitter_stats stats;
    uint8_t first = fuzz_u8(&input);
    uint16_t seq = fuzz_u16(&input);
    uint32_t timestamp = fuzz_u32(&input);
    uint64_t now = 1, puts = 0;

    omsp_jitter_config_init(&config);
    config.playout = first & 1;
    config.hold_ms = first & 2 ? 20 : 60;
    config.hold_packets = (first >> 2 & 15) + 1;
    FUZZ_CHECK(omsp_jitter_create(&config, &jitter) == OMSP_OK);
    while (fuzz_more(&input)) {
        uint8_t op = fuzz_u8(&input);
        struct omsp_jitter_packet packet = {.payload = silence, .payload_len = 160};

        now += (op >> 3 & 31) * 2000u;
        switch (op & 7) {
        case 0: /* far off */
            seq = fuzz_u16(&input);
            timestamp = fuzz_u32(&input);
            break;
        case 1: /* some lost, or some back */
            seq = (uint16_t)(seq + (int8_t)fuzz_u8(&input));
            timestamp += (uint32_t)(int8_t)fuzz_u8(&input) * 80u;
            break;
        case 2:
            packet.payload_len = fuzz_u16(&input) % sizeof(silence);
            break;
        case 3:
            if (config.playout)
                play(jitter, now, fuzz_u8(&input) * 4u + 1, fuzz_u8(&input));
            continue;
        case 4:
            if (fuzz_u8(&input) == 0)
                omsp_jitter_reset(jitter);
            continue;
        case 5:
            now += fuzz_u16(&input) * 100u;
            if (config.playout)
                play(jitter, now, 160, 0);
            else
                read_all(jitter, now);
            continue;
        default:
            break;
        }
        packet.seq = seq++;
        packet.timestamp = timestamp;
        packet.payload_type = op & 8;
        packet.marker = op & 16;
        timestamp += packet.payload_len ? (uint32_t)packet.payload_len : 160;
        (void)omsp_jitter_put(jitter, now, &packet);
        puts++;
        if (!config.playout && op & 1)
            read_all(jitter, now);
        omsp_jitter_get_stats(jitter, &stats);
        FUZZ_CHECK(stats.held <= OMSP_JITTER_SLOTS);
        FUZZ_CHECK(stats.received + stats.late + stats.duplicate + stats.full + stats.stray <=
                   puts);
    }
    omsp_jitter_destroy(jitter);
    return 0;
}
