/* Packets and clocks of every kind into the jitter buffer, by either discipline, the short way and
 * the long one, while allocations fail. Laws: every frame has a length and, when audio, bytes;
 * reading ends; no deadline is in the past; counts add up. */
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

struct scene {
    struct fuzz_input input;
    struct fuzz_memory memory;
    struct omsp_jitter *jitter, *other; /* other: in media time, what the two may swap with */
    bool playout, lent;                 /* lent: in memory that is ours */
};

static enum omsp_status make(struct scene *scene, uint8_t first)
{
    struct omsp_jitter_config config;
    enum omsp_status status;

    omsp_jitter_config_init(&config);
    scene->playout = config.playout = first & 1;
    config.hold_ms = first & 2 ? 20 : 60;
    config.hold_packets = (first >> 2 & 15) + 1;
    scene->lent = !scene->playout && first & 64;
    if (scene->lent) {
        scene->jitter = calloc(1, omsp_jitter_bytes());
        scene->other = calloc(1, omsp_jitter_bytes());
        FUZZ_CHECK(scene->jitter && scene->other);
        omsp_jitter_init(scene->jitter);
        omsp_jitter_init(scene->other);
        return OMSP_OK;
    }
    if (first & 128) {
        scene->memory.left = first >> 2 & 3;
        config.hold_ms = first & 2 ? 1001 : 1000;
    }
    status = omsp_jitter_create(scene->playout || first & 32 ? &config : NULL, &scene->jitter);
    FUZZ_CHECK(status == OMSP_OK ||
               (first & 128 &&
                (status == OMSP_INVALID || (status == OMSP_NOMEM && scene->memory.failed))));
    return status;
}

static void unmake(struct scene *scene)
{
    if (!scene->lent) {
        omsp_jitter_destroy(scene->jitter);
        return;
    }
    omsp_jitter_drop(scene->jitter);
    omsp_jitter_drop(scene->other);
    free(scene->jitter);
    free(scene->other);
}

static void put(struct scene *scene, uint64_t now, const struct omsp_jitter_packet *packet,
                bool pass)
{
    struct omsp_jitter_frame frame;

    if (pass && omsp_jitter_pass(scene->jitter, packet, &frame)) {
        frame_is_sane(&frame);
        FUZZ_CHECK(!scene->playout && frame.kind == OMSP_FRAME_AUDIO);
        FUZZ_CHECK(!omsp_jitter_next(scene->jitter, now, &frame));
        return;
    }
    (void)omsp_jitter_put(scene->jitter, now, packet);
    if (!scene->playout && pass)
        read_all(scene->jitter, now);
}

static void play_on(struct scene *scene)
{
    static const uint8_t silence[OMSP_JITTER_PAYLOAD_MAX + 64];
    struct fuzz_input *input = &scene->input;
    uint16_t seq = fuzz_u16(input);
    uint32_t timestamp = fuzz_u32(input);
    struct omsp_jitter_stats stats;
    uint64_t now = 1, puts = 0;

    while (fuzz_more(input)) {
        uint8_t op = fuzz_u8(input), what;
        struct omsp_jitter_packet packet = {.payload = silence, .payload_len = 160};

        now += (op >> 3 & 31) * 2000u;
        switch (op & 7) {
        case 0: /* far off */
            seq = fuzz_u16(input);
            timestamp = fuzz_u32(input);
            break;
        case 1: /* some lost, or some back */
            seq = (uint16_t)(seq + (int8_t)fuzz_u8(input));
            timestamp += (uint32_t)(int8_t)fuzz_u8(input) * 80u;
            break;
        case 2:
            packet.payload_len = fuzz_u16(input) % sizeof(silence);
            break;
        case 3:
            if (scene->playout) {
                what = fuzz_u8(input);
                play(scene->jitter, now, what * 4u + 1, fuzz_u8(input));
            } else if (scene->lent) {
                omsp_jitter_swap(scene->jitter, scene->other);
                omsp_jitter_get_stats(scene->jitter, &stats);
                puts = stats.received + stats.late + stats.duplicate + stats.full + stats.stray;
            }
            continue;
        case 4:
            what = fuzz_u8(input);
            if (what == 0)
                omsp_jitter_reset(scene->jitter);
            else if (what < 4)
                scene->memory.left = what - 1;
            continue;
        case 5:
            now += fuzz_u16(input) * 100u;
            if (scene->playout)
                play(scene->jitter, now, 160, 0);
            else
                read_all(scene->jitter, now);
            continue;
        default:
            break;
        }
        packet.seq = seq++;
        packet.timestamp = timestamp;
        packet.payload_type = op & 8;
        packet.marker = op & 16;
        timestamp += packet.payload_len ? (uint32_t)packet.payload_len : 160;
        put(scene, now, &packet, op & 1);
        puts++;
        omsp_jitter_get_stats(scene->jitter, &stats);
        FUZZ_CHECK(stats.held <= OMSP_JITTER_SLOTS);
        FUZZ_CHECK(stats.received + stats.late + stats.duplicate + stats.full + stats.stray <=
                   puts);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct scene scene = {.input = {data, size}};

    fuzz_memory_begin(&scene.memory, -1);
    if (make(&scene, fuzz_u8(&scene.input)) == OMSP_OK) {
        play_on(&scene);
        unmake(&scene);
    }
    fuzz_memory_end(&scene.memory);
    return 0;
}
