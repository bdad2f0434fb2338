/*
 * File playback: a list of WAV files read ahead by the disk runner into a ring from which the media
 * worker takes. Not here: states and events (file_core.c).
 */
#include "engine/file_core.h"

#include "base/alloc.h"
#include "engine/file_kinds.h"
#include "media/wav.h"
#include "media/wav_convert.h"

#include <string.h>

#define RING_SAMPLES  16000 /* 2 s at 8 kHz */
#define AHEAD_SAMPLES 8000  /* read on below this */
#define CHUNK_BYTES   4096
#define CHUNK_SAMPLES 1024

struct player {
    struct omsp_file_core core;
    /* io */
    unsigned path_next;              /* of core.names */
    struct omsp_audio_format format; /* of the first file; tag 0: no list */
    struct omsp_file *file;
    struct omsp_wav_info info;
    struct omsp_wav_decoder *decoder;
    uint64_t at; /* in the data */
    bool flushing;
    /* core.lock */
    struct omsp_pcm_ring ring;
    bool all_read;
};

static struct player *player_of(struct omsp_file_core *core)
{
    return omsp_container(core, struct player, core);
}

static const struct omsp_file_port *files(struct omsp_file_core *core)
{
    return &core->address->engine->ports->file;
}

/* ---- one file ------------------------------------------------------------------------------- */

static enum omsp_status read_info(struct omsp_file *file, struct omsp_wav_info *info)
{
    struct omsp_wav_reader reader;
    uint8_t bytes[OMSP_WAV_WANT_MAX];
    uint64_t size, offset;
    size_t want, got;
    enum omsp_status status = file->size(file, &size);

    if (status)
        return status;
    omsp_wav_reader_init(&reader, size);
    do {
        omsp_wav_reader_wants(&reader, &offset, &want);
        status = file->read_at(file, offset, bytes, want, &got);
        if (status)
            return status;
        status = omsp_wav_reader_feed(&reader, bytes, got, info);
    } while (status == OMSP_MORE);
    return status;
}

static void close_file(struct player *player)
{
    if (player->file)
        player->file->close(player->file);
    player->file = NULL;
    omsp_wav_decoder_destroy(player->decoder);
    player->decoder = NULL;
}

static enum omsp_status open_next(struct player *player)
{
    const struct omsp_file_port *port = files(&player->core);
    enum omsp_status status;

    close_file(player);
    status = port->open(port->ctx, player->core.names->paths[player->path_next], OMSP_FILE_READ,
                        &player->file);
    if (status)
        return status;
    status = read_info(player->file, &player->info);
    if (!status)
        status = omsp_wav_decoder_create(&player->info.format, &player->decoder);
    if (status) {
        close_file(player);
        return status;
    }
    player->path_next++;
    player->at = 0;
    player->flushing = false;
    return OMSP_OK;
}

/* Up to room samples of the open file; 0: it has no more. */
static enum omsp_status read_some(struct player *player, int16_t *pcm, size_t room, size_t *count)
{
    uint8_t bytes[CHUNK_BYTES];
    uint64_t left = player->info.data_bytes - player->at;
    size_t want = left < sizeof(bytes) ? (size_t)left : sizeof(bytes);
    size_t got = 0, used = 0;
    enum omsp_status status;

    *count = 0;
    if (!player->flushing && want) {
        status = player->file->read_at(player->file, player->info.data_offset + player->at, bytes,
                                       want, &got);
        if (status)
            return status;
        if (got < omsp_wav_block_bytes(&player->info.format))
            return OMSP_IO; /* it shrank under us */
        *count = omsp_wav_decode(player->decoder, bytes, got, &used, pcm, room);
        player->at += used;
        if (*count || used)
            return OMSP_OK;
    }
    player->flushing = true;
    *count = omsp_wav_decode_flush(player->decoder, pcm, room);
    return OMSP_OK;
}

/* ---- kind ----------------------------------------------------------------------------------- */

static size_t ring_space(struct player *player)
{
    size_t space;

    omsp_lock_acquire(&player->core.lock);
    space = player->ring.room - player->ring.fill;
    omsp_lock_release(&player->core.lock);
    return space;
}

static enum omsp_status player_work(struct omsp_file_core *core)
{
    struct player *player = player_of(core);
    int16_t pcm[CHUNK_SAMPLES];
    enum omsp_status status = OMSP_OK;

    while (player->file && ring_space(player) >= CHUNK_SAMPLES) {
        size_t count;

        status = read_some(player, pcm, CHUNK_SAMPLES, &count);
        if (status)
            return status;
        omsp_lock_acquire(&core->lock);
        omsp_pcm_ring_put(&player->ring, pcm, count);
        omsp_lock_release(&core->lock);
        if (!player->flushing || count == CHUNK_SAMPLES)
            continue;
        if (player->path_next < core->names->count)
            status = open_next(player);
        else
            close_file(player);
        if (status)
            return status;
    }
    if (!player->file) {
        omsp_lock_acquire(&core->lock);
        player->all_read = true;
        omsp_lock_release(&core->lock);
    }
    return OMSP_OK;
}

static enum omsp_status player_open(struct omsp_file_core *core)
{
    struct player *player = player_of(core);
    enum omsp_status status;

    if (!core->names)
        return OMSP_WRONG_STATE;
    player->path_next = 0;
    omsp_lock_acquire(&core->lock);
    omsp_pcm_ring_clear(&player->ring);
    player->all_read = false;
    omsp_lock_release(&core->lock);
    status = open_next(player);
    return status ? status : player_work(core);
}

static enum omsp_status player_close(struct omsp_file_core *core)
{
    close_file(player_of(core));
    return OMSP_OK;
}

static void player_free(struct omsp_file_core *core)
{
    struct player *player = player_of(core);

    omsp_pcm_ring_free(&player->ring);
    omsp_free(player);
}

static const struct omsp_file_kind player_kind = {
    .open = player_open,
    .work = player_work,
    .close = player_close,
    .free = player_free,
    .error_cause = OMSP_FILE_READ_ERROR,
};

/* ---- track ---------------------------------------------------------------------------------- */

static size_t track_read(struct omsp_terminal *terminal, int16_t *pcm, size_t count)
{
    struct omsp_file_core *core = omsp_container(terminal, struct omsp_file_track, base)->core;
    struct player *player = player_of(core);
    bool low = false;
    size_t got = 0;

    omsp_lock_acquire(&core->lock);
    if (core->state == OMSP_MEDIA_ACTIVE) {
        got = omsp_pcm_ring_get(&player->ring, pcm, count);
        low = !player->all_read && player->ring.fill < AHEAD_SAMPLES;
        if (player->all_read && !player->ring.fill)
            omsp_file_core_ended(core, OMSP_FILE_END, OMSP_OK);
    }
    omsp_lock_release(&core->lock);
    if (low)
        omsp_file_core_kick(core);
    return got;
}

static enum omsp_status track_connect(struct omsp_terminal *terminal)
{
    (void)terminal;
    return OMSP_OK;
}

static void track_disconnect(struct omsp_terminal *terminal)
{
    (void)terminal;
}

static const struct omsp_terminal_ops track_ops = {
    .connect = track_connect,
    .disconnect = track_disconnect,
    .read = track_read,
};

/* ---- doors ---------------------------------------------------------------------------------- */

enum omsp_status omsp_file_player_create(struct omsp_address *address, struct omsp_terminal **out)
{
    struct player *player = omsp_zalloc(sizeof(*player));
    enum omsp_status status;

    if (!player)
        return OMSP_NOMEM;
    status = omsp_pcm_ring_init(&player->ring, RING_SAMPLES);
    if (status) {
        omsp_free(player);
        return status;
    }
    omsp_file_core_init(&player->core, address, &player_kind);
    status = omsp_file_parent_new(&player->core, OMSP_TERMINAL_FILE_PLAYER, OMSP_CAPTURE, out);
    if (status)
        omsp_file_core_release(&player->core);
    return status;
}

/* Every file is looked at before the list is taken, so that a bad one is told now. */
static enum omsp_status check_list(struct omsp_file_core *core, const char *const *paths,
                                   unsigned count, struct omsp_audio_format *format)
{
    const struct omsp_file_port *port = files(core);

    for (unsigned i = 0; i < count; i++) {
        struct omsp_file *file;
        struct omsp_wav_info info;
        enum omsp_status status = port->open(port->ctx, paths[i], OMSP_FILE_READ, &file);

        if (status)
            return status;
        status = read_info(file, &info);
        file->close(file);
        if (status)
            return status;
        if (!i) {
            format->tag = info.format.tag;
            format->channels = info.format.channels;
            format->rate = info.format.rate;
            format->bits = info.format.bits;
        }
    }
    return OMSP_OK;
}

enum omsp_status omsp_file_player_set_list(struct omsp_terminal *terminal, const char *const *paths,
                                           unsigned count)
{
    struct omsp_file_core *core;
    struct omsp_audio_format format = {0};
    struct omsp_file_track *track;
    struct omsp_file_names *names = NULL;
    enum omsp_status status;

    if (!omsp_file_is_player(terminal))
        return OMSP_NOTSUPPORTED;
    if (!count)
        return OMSP_INVALID;
    core = omsp_file_core_of(terminal);
    omsp_lock_acquire(&core->io);
    if (omsp_file_state(terminal) != OMSP_MEDIA_IDLE)
        status = OMSP_WRONG_STATE;
    else
        status = check_list(core, paths, count, &format);
    if (!status) {
        names = omsp_file_names_new(paths, count);
        status = names ? OMSP_OK : OMSP_NOMEM;
    }
    if (!status && !core->track_count)
        status = omsp_file_track_new(core, OMSP_CAPTURE, &track_ops, 0, &track);
    if (!status) {
        omsp_file_core_set_names(core, names);
        player_of(core)->format = format;
    } else {
        omsp_file_names_release(names);
    }
    omsp_lock_release(&core->io);
    return status;
}

enum omsp_status omsp_file_player_format(struct omsp_file_core *core, struct omsp_audio_format *out)
{
    struct player *player = player_of(core);

    omsp_lock_acquire(&core->io);
    *out = player->format;
    omsp_lock_release(&core->io);
    return out->tag ? OMSP_OK : OMSP_NO_FORMAT;
}
