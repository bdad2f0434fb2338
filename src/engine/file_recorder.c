/*
 * File recording: the media worker leaves samples in a ring per track, the disk runner puts them
 * side by side or mixes them, writes them and keeps the header true, so that the file plays after a
 * crash up to the last moment written (at most WRITE_BEHIND old). Not here: states and events
 * (file_core.c).
 */
#include "engine/file_core.h"

#include "base/alloc.h"
#include "engine/file_kinds.h"
#include "media/clip.h"
#include "media/wav.h"
#include "media/wav_convert.h"

#include <string.h>

#define RING_SAMPLES  32000 /* 4 s that the disk may be late */
#define WRITE_BEHIND  1600  /* 200 ms */
#define LAG_SAMPLES   4000  /* a track that is this far behind the others is filled with silence */
#define CHUNK_SAMPLES 512
#define CHUNK_BYTES   (CHUNK_SAMPLES * 24 + 24)

struct recorder {
    struct omsp_file_core core;
    /* io */
    struct omsp_wav_format format;
    struct omsp_file *file;
    struct omsp_wav_encoder *encoder;
    bool chosen;     /* format was set: else its channels follow the tracks */
    unsigned tracks; /* that the encoder takes: 1, or one for each channel */
    uint64_t data_bytes;
    int16_t pcm[CHUNK_SAMPLES * OMSP_FILE_MAX_TRACKS];
    uint8_t bytes[CHUNK_BYTES];
};

static struct recorder *recorder_of(struct omsp_file_core *core)
{
    return omsp_container(core, struct recorder, core);
}

/* ---- the file ------------------------------------------------------------------------------- */

static enum omsp_status write_header(struct recorder *recorder)
{
    uint8_t header[OMSP_WAV_HEADER_MAX];
    size_t len = omsp_wav_header(&recorder->format, recorder->data_bytes, header);

    return recorder->file->write_at(recorder->file, 0, header, len);
}

static enum omsp_status append(struct recorder *recorder, size_t len)
{
    uint64_t at = omsp_wav_header_bytes(&recorder->format) + recorder->data_bytes;
    enum omsp_status status;

    if (recorder->data_bytes + len > omsp_wav_max_data(&recorder->format))
        return OMSP_NOSPACE; /* what RIFF's 32 bits hold */
    status = recorder->file->write_at(recorder->file, at, recorder->bytes, len);
    if (!status)
        recorder->data_bytes += len;
    return status;
}

/* Samples that every track has, or that those have which are not hopelessly behind. Core's lock. */
static size_t ready(struct omsp_file_core *core, bool all)
{
    size_t most = 0, least = SIZE_MAX;

    for (unsigned i = 0; i < core->track_count; i++) {
        size_t fill = core->tracks[i]->ring.fill;

        if (fill > most)
            most = fill;
        if (fill < least)
            least = fill;
    }
    if (all || !most)
        return most;
    if (most > LAG_SAMPLES && most - LAG_SAMPLES > least)
        return most - LAG_SAMPLES;
    return least;
}

/* What a chunk is made of: whose samples they are, for who counts what reached the file. */
struct taken {
    size_t count;
    struct {
        struct omsp_tally *tally; /* a reference */
        size_t samples;
    } shares[OMSP_FILE_MAX_TRACKS];
    unsigned share_count;
};

/* Interleaved as the encoder wants it: one track for each channel, or the sum of all. */
static void take(struct recorder *recorder, int16_t *pcm, bool all, struct taken *taken)
{
    struct omsp_file_core *core = &recorder->core;
    unsigned width = recorder->tracks;
    int16_t one[CHUNK_SAMPLES];
    size_t count;

    omsp_lock_acquire(&core->lock);
    count = ready(core, all);
    if (count > CHUNK_SAMPLES)
        count = CHUNK_SAMPLES;
    taken->count = count;
    taken->share_count = 0;
    memset(pcm, 0, count * width * sizeof(pcm[0]));
    for (unsigned i = 0; i < core->track_count; i++) {
        struct omsp_file_track *track = core->tracks[i];
        size_t got = omsp_pcm_ring_get(&track->ring, one, count);

        for (size_t k = 0; k < got; k++) {
            int16_t *at = &pcm[k * width + track->place % width];

            *at = omsp_clip16((int32_t)*at + one[k]);
        }
        if (track->tally && got) {
            taken->shares[taken->share_count].tally = track->tally;
            taken->shares[taken->share_count++].samples = got;
            omsp_tally_ref(track->tally);
        }
        /* What found no room while the disk was late becomes silence of the same length. */
        while (track->missing && track->ring.fill < track->ring.room) {
            size_t put = omsp_pcm_ring_put(&track->ring, NULL,
                                           track->missing < CHUNK_SAMPLES ? (size_t)track->missing
                                                                          : CHUNK_SAMPLES);

            track->missing -= put;
        }
    }
    omsp_lock_release(&core->lock);
}

static void settle(struct taken *taken, enum omsp_status status)
{
    for (unsigned i = 0; i < taken->share_count; i++) {
        if (!status)
            atomic_fetch_add(&taken->shares[i].tally->count, taken->shares[i].samples);
        omsp_tally_release(taken->shares[i].tally);
    }
}

static enum omsp_status drain(struct recorder *recorder, bool all)
{
    uint64_t before = recorder->data_bytes;
    enum omsp_status status = OMSP_OK;
    struct taken taken;

    while (!status) {
        size_t used = 0, done = 0;

        take(recorder, recorder->pcm, all, &taken);
        if (!taken.count)
            break;
        while (!status && done < taken.count) {
            size_t len = omsp_wav_encode(recorder->encoder, recorder->pcm + done * recorder->tracks,
                                         taken.count - done, &used, recorder->bytes,
                                         sizeof(recorder->bytes));

            done += used;
            if (len)
                status = append(recorder, len);
        }
        settle(&taken, status);
    }
    if (recorder->data_bytes != before) {
        enum omsp_status header = write_header(recorder);

        if (!header)
            header = recorder->file->flush(recorder->file);
        if (!status)
            status = header;
    }
    return status;
}

/* io. How many channels the file has, and which encoder that asks for. */
static uint16_t channels(struct recorder *recorder, unsigned *tracks)
{
    unsigned have, wide;

    omsp_lock_acquire(&recorder->core.lock);
    have = recorder->core.track_count;
    omsp_lock_release(&recorder->core.lock);
    wide = recorder->chosen ? recorder->format.channels : have ? have : 1;
    *tracks = have > 1 ? wide : 1;
    return (uint16_t)wide;
}

static enum omsp_status recorder_work(struct omsp_file_core *core)
{
    struct recorder *recorder = recorder_of(core);

    return recorder->file ? drain(recorder, false) : OMSP_OK;
}

static enum omsp_status recorder_open(struct omsp_file_core *core)
{
    struct recorder *recorder = recorder_of(core);
    const struct omsp_file_port *port = &core->address->engine->ports->file;
    enum omsp_status status;

    if (!core->names)
        return OMSP_WRONG_STATE;
    recorder->format.channels = channels(recorder, &recorder->tracks);
    status = recorder->tracks > 1
                 ? omsp_wav_encoder_create_tracks(&recorder->format, &recorder->encoder)
                 : omsp_wav_encoder_create(&recorder->format, &recorder->encoder);
    if (!status)
        status = port->open(port->ctx, core->names->paths[0], OMSP_FILE_CREATE, &recorder->file);
    if (status)
        return status;
    recorder->data_bytes = 0;
    omsp_lock_acquire(&core->lock);
    for (unsigned i = 0; i < core->track_count; i++) {
        omsp_pcm_ring_clear(&core->tracks[i]->ring);
        core->tracks[i]->missing = 0;
        core->tracks[i]->place = i;
    }
    omsp_lock_release(&core->lock);
    status = write_header(recorder);
    return status ? status : recorder->file->flush(recorder->file);
}

static enum omsp_status finish(struct recorder *recorder)
{
    enum omsp_status status = drain(recorder, true), header;
    size_t len;

    do {
        len = omsp_wav_encode_flush(recorder->encoder, recorder->bytes, sizeof(recorder->bytes));
        if (len && !status)
            status = append(recorder, len);
    } while (len + omsp_wav_block_bytes(&recorder->format) > sizeof(recorder->bytes));
    if (!status && recorder->data_bytes % 2) {
        recorder->bytes[0] = 0; /* RIFF chunks are padded to even lengths */
        status = recorder->file->write_at(
            recorder->file, omsp_wav_header_bytes(&recorder->format) + recorder->data_bytes,
            recorder->bytes, 1);
    }
    /* Also after an error: what was written before it stays playable. */
    header = write_header(recorder);
    return status ? status : header;
}

static enum omsp_status recorder_close(struct omsp_file_core *core)
{
    struct recorder *recorder = recorder_of(core);
    enum omsp_status status = OMSP_OK, closed;

    if (recorder->file) {
        if (recorder->encoder)
            status = finish(recorder);
        closed = recorder->file->close(recorder->file);
        recorder->file = NULL;
        if (!status)
            status = closed;
    }
    omsp_wav_encoder_destroy(recorder->encoder);
    recorder->encoder = NULL;
    return status;
}

static void recorder_free(struct omsp_file_core *core)
{
    struct recorder *recorder = recorder_of(core);

    omsp_free(recorder);
}

static const struct omsp_file_kind recorder_kind = {
    .open = recorder_open,
    .work = recorder_work,
    .close = recorder_close,
    .free = recorder_free,
    .error_cause = OMSP_FILE_WRITE_ERROR,
};

/* ---- tracks --------------------------------------------------------------------------------- */

static void track_write(struct omsp_terminal *terminal, const int16_t *pcm, size_t count)
{
    struct omsp_file_track *track = omsp_container(terminal, struct omsp_file_track, base);
    struct omsp_file_core *core = track->core;
    bool full_enough = false;

    omsp_lock_acquire(&core->lock);
    if (core->state == OMSP_MEDIA_ACTIVE) {
        /* Behind a gap that still has to be written everything has to wait, or order is lost. */
        size_t put = track->missing ? 0 : omsp_pcm_ring_put(&track->ring, pcm, count);

        track->missing += count - put;
        full_enough = track->ring.fill >= WRITE_BEHIND;
    }
    omsp_lock_release(&core->lock);
    if (full_enough)
        omsp_file_core_kick(core);
}

/* What reaches the file from now on is counted for this call, be it that a little of it was still
 * the last one's. */
static enum omsp_status track_connect(struct omsp_terminal *terminal)
{
    struct omsp_file_track *track = omsp_container(terminal, struct omsp_file_track, base);
    struct omsp_tally *old, *tally = terminal->selected_on->call->recorded;

    omsp_tally_ref(tally);
    omsp_lock_acquire(&track->core->lock);
    old = track->tally;
    track->tally = tally;
    omsp_lock_release(&track->core->lock);
    omsp_tally_release(old);
    return OMSP_OK;
}

/* A stream that stopped leaves a recording that is true to the last sample. */
static void track_disconnect(struct omsp_terminal *terminal)
{
    omsp_file_core_kick(omsp_container(terminal, struct omsp_file_track, base)->core);
}

static const struct omsp_terminal_ops track_ops = {
    .connect = track_connect,
    .disconnect = track_disconnect,
    .write = track_write,
};

/* ---- doors ---------------------------------------------------------------------------------- */

enum omsp_status omsp_file_recorder_create(struct omsp_address *address, struct omsp_terminal **out)
{
    struct recorder *recorder = omsp_zalloc(sizeof(*recorder));
    enum omsp_status status;

    if (!recorder)
        return OMSP_NOMEM;
    recorder->format = (struct omsp_wav_format){OMSP_WAV_PCM, 1, 8000, 16};
    omsp_file_core_init(&recorder->core, address, &recorder_kind);
    status = omsp_file_parent_new(&recorder->core, OMSP_TERMINAL_FILE_RECORDER, OMSP_RENDER, out);
    if (status)
        omsp_file_core_release(&recorder->core);
    return status;
}

enum omsp_status omsp_file_recorder_set_name(struct omsp_terminal *terminal, const char *path)
{
    struct omsp_file_core *core;
    enum omsp_status status = OMSP_OK;
    struct omsp_file_names *names;

    if (terminal->kind != OMSP_TERMINAL_FILE_RECORDER)
        return OMSP_NOTSUPPORTED;
    if (!path || !*path)
        return OMSP_INVALID;
    core = omsp_file_core_of(terminal);
    names = omsp_file_names_new(&path, 1);
    if (!names)
        return OMSP_NOMEM;
    omsp_lock_acquire(&core->io);
    if (omsp_file_state(terminal) != OMSP_MEDIA_IDLE)
        status = OMSP_WRONG_STATE;
    else
        omsp_file_core_set_names(core, names);
    omsp_lock_release(&core->io);
    if (status)
        omsp_file_names_release(names);
    return status;
}

enum omsp_status omsp_file_create_track(struct omsp_terminal *parent, uint32_t media,
                                        enum omsp_direction direction, struct omsp_terminal **out)
{
    struct omsp_file_track *track;
    enum omsp_status status;

    if (parent->kind != OMSP_TERMINAL_FILE_RECORDER)
        return OMSP_NOTSUPPORTED;
    if (media != OMSP_MEDIA_AUDIO)
        return OMSP_BAD_MEDIA;
    if (direction != OMSP_RENDER)
        return OMSP_BAD_DIRECTION;
    status =
        omsp_file_track_new(omsp_file_core_of(parent), direction, &track_ops, RING_SAMPLES, &track);
    if (status)
        return status;
    omsp_terminal_ref(&track->base);
    *out = &track->base;
    return OMSP_OK;
}

enum omsp_status omsp_file_recorder_get_format(struct omsp_file_core *core,
                                               struct omsp_audio_format *out)
{
    struct recorder *recorder = recorder_of(core);
    const struct omsp_wav_format *format = &recorder->format;
    unsigned tracks;

    omsp_lock_acquire(&core->io);
    *out = (struct omsp_audio_format){format->tag, format->channels, format->rate, format->bits};
    if (!recorder->file)
        out->channels = channels(recorder, &tracks);
    omsp_lock_release(&core->io);
    return OMSP_OK;
}

enum omsp_status omsp_file_recorder_set_format(struct omsp_file_core *core,
                                               const struct omsp_audio_format *format)
{
    struct omsp_wav_format wav = {format->tag, format->channels, format->rate, format->bits};
    struct recorder *recorder = recorder_of(core);
    enum omsp_status status = OMSP_OK;

    if (!omsp_wav_format_ok(&wav))
        return OMSP_NO_FORMAT;
    omsp_lock_acquire(&core->io);
    if (recorder->file) {
        status = OMSP_WRONG_STATE;
    } else {
        recorder->format = wav;
        recorder->chosen = true;
    }
    omsp_lock_release(&core->io);
    return status;
}
