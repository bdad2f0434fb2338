/*
 * WAV headers, read chunk by chunk and written for any length. Pure: who owns the file reads and
 * writes the bytes, on the disk's thread. Samples are wav_convert.c's.
 */
#include "media/wav.h"

#include <string.h>

#define RIFF_HEADER  12u
#define CHUNK_HEADER 8u
#define FORMAT_MIN   16u
#define EXTENSIBLE   0xFFFEu
#define CHUNKS_MAX   1000u /* a file that has more before its audio is a trap */
#define PCM_BYTES    44u
#define LAW_BYTES    58u

enum { STEP_RIFF, STEP_CHUNK, STEP_FORMAT };

bool omsp_wav_format_ok(const struct omsp_wav_format *format)
{
    if (format->channels < 1 || format->channels > OMSP_WAV_CHANNELS_MAX || format->rate < 8000 ||
        format->rate > 48000)
        return false;
    switch (format->tag) {
    case OMSP_WAV_PCM:
        return format->bits == 8 || format->bits == 16;
    case OMSP_WAV_ALAW:
    case OMSP_WAV_ULAW:
        return format->bits == 8;
    default:
        return false;
    }
}

uint32_t omsp_wav_block_bytes(const struct omsp_wav_format *format)
{
    return (uint32_t)format->channels * (format->bits / 8u);
}

/* ---- reading -------------------------------------------------------------------------------- */

void omsp_wav_reader_init(struct omsp_wav_reader *reader, uint64_t file_size)
{
    memset(reader, 0, sizeof(*reader));
    reader->file_size = file_size;
    reader->step = STEP_RIFF;
}

void omsp_wav_reader_wants(const struct omsp_wav_reader *reader, uint64_t *offset, size_t *len)
{
    *offset = reader->at;
    *len = CHUNK_HEADER;
    if (reader->step == STEP_RIFF)
        *len = RIFF_HEADER;
    else if (reader->step == STEP_FORMAT)
        *len = reader->chunk_size < OMSP_WAV_WANT_MAX ? reader->chunk_size : OMSP_WAV_WANT_MAX;
}

static bool id_is(const uint8_t *bytes, const char *id)
{
    return memcmp(bytes, id, 4) == 0;
}

static enum omsp_status finish(const struct omsp_wav_reader *reader, struct omsp_wav_info *info)
{
    uint32_t block = omsp_wav_block_bytes(&reader->format);

    info->format = reader->format;
    info->data_offset = reader->data_at;
    info->data_bytes = reader->data_size - reader->data_size % block;
    return OMSP_OK;
}

/* Sizes are even in the file, whatever the chunk says. */
static void skip(struct omsp_wav_reader *reader, uint64_t size)
{
    reader->at += size + (size & 1);
    reader->step = STEP_CHUNK;
}

/* A size of 0 means nothing when the writer never came back to fill it in: then the size of the
 * whole is not filled in either. */
static bool size_unknown(const struct omsp_wav_reader *reader)
{
    if (reader->chunk_size == UINT32_MAX)
        return true;
    return reader->chunk_size == 0 &&
           (reader->riff_size == UINT32_MAX ||
            (uint64_t)reader->riff_size + CHUNK_HEADER <= reader->data_at ||
            (uint64_t)reader->riff_size + CHUNK_HEADER < reader->file_size);
}

static enum omsp_status data_chunk(struct omsp_wav_reader *reader, struct omsp_wav_info *info)
{
    uint64_t there;

    if (reader->have_data) { /* the first one counts */
        skip(reader, reader->chunk_size);
        return OMSP_MORE;
    }
    reader->have_data = true;
    reader->data_at = reader->at;
    there = reader->file_size > reader->at ? reader->file_size - reader->at : 0;
    if (size_unknown(reader) || reader->chunk_size > there) {
        reader->data_size = there;
        reader->data_to_end = true;
    } else {
        reader->data_size = reader->chunk_size;
    }
    if (reader->have_format)
        return finish(reader, info);
    if (reader->data_to_end)
        return OMSP_INVALID; /* nothing can follow that would say what it is */
    skip(reader, reader->chunk_size);
    return OMSP_MORE;
}

static enum omsp_status chunk_header(struct omsp_wav_reader *reader, const uint8_t *bytes,
                                     struct omsp_wav_info *info)
{
    if (++reader->chunks > CHUNKS_MAX)
        return OMSP_INVALID;
    reader->at += CHUNK_HEADER;
    reader->chunk_size = omsp_le32(bytes + 4);
    if (id_is(bytes, "data"))
        return data_chunk(reader, info);
    if (id_is(bytes, "fmt ") && !reader->have_format) {
        if (reader->chunk_size < FORMAT_MIN)
            return OMSP_INVALID;
        reader->step = STEP_FORMAT;
        return OMSP_MORE;
    }
    skip(reader, reader->chunk_size);
    return OMSP_MORE;
}

/* The GUID of a sub-format is the old tag in front of this. */
static const uint8_t subformat_tail[14] = {0x00, 0x00, 0x00, 0x00, 0x10, 0x00, 0x80,
                                           0x00, 0x00, 0xAA, 0x00, 0x38, 0x9B, 0x71};

static enum omsp_status format_chunk(struct omsp_wav_reader *reader, const uint8_t *bytes,
                                     size_t len, struct omsp_wav_info *info)
{
    struct omsp_wav_format *format = &reader->format;
    uint32_t align = omsp_le16(bytes + 12);

    format->tag = omsp_le16(bytes);
    format->channels = omsp_le16(bytes + 2);
    format->rate = omsp_le32(bytes + 4);
    format->bits = omsp_le16(bytes + 14);
    if (format->tag == EXTENSIBLE) {
        if (len < 40 || omsp_le16(bytes + 16) < 22)
            return OMSP_INVALID;
        /* Valid bits fewer than the container's are left justified: the container is right. */
        if (memcmp(bytes + 26, subformat_tail, sizeof(subformat_tail)) != 0)
            return OMSP_NO_FORMAT;
        format->tag = omsp_le16(bytes + 24);
    }
    if (!omsp_wav_format_ok(format))
        return OMSP_NO_FORMAT;
    if (align != omsp_wav_block_bytes(format))
        return OMSP_INVALID;
    reader->have_format = true;
    if (reader->have_data)
        return finish(reader, info);
    skip(reader, reader->chunk_size);
    return OMSP_MORE;
}

enum omsp_status omsp_wav_reader_feed(struct omsp_wav_reader *reader, const void *bytes, size_t got,
                                      struct omsp_wav_info *info)
{
    const uint8_t *p = bytes;
    uint64_t offset;
    size_t wanted;

    omsp_wav_reader_wants(reader, &offset, &wanted);
    if (got < wanted)
        return OMSP_INVALID;
    switch (reader->step) {
    case STEP_RIFF:
        if (!id_is(p, "RIFF") || !id_is(p + 8, "WAVE"))
            return OMSP_INVALID;
        reader->riff_size = omsp_le32(p + 4);
        reader->at = RIFF_HEADER;
        reader->step = STEP_CHUNK;
        return OMSP_MORE;
    case STEP_CHUNK:
        return chunk_header(reader, p, info);
    default:
        return format_chunk(reader, p, wanted, info);
    }
}

enum omsp_status omsp_wav_parse(struct omsp_span file, struct omsp_wav_info *info)
{
    struct omsp_wav_reader reader;
    enum omsp_status status;

    omsp_wav_reader_init(&reader, file.len);
    do {
        uint64_t offset;
        size_t len;

        omsp_wav_reader_wants(&reader, &offset, &len);
        if (offset > file.len)
            offset = file.len;
        if (len > file.len - offset)
            len = (size_t)(file.len - offset);
        status = omsp_wav_reader_feed(&reader, file.ptr + offset, len, info);
    } while (status == OMSP_MORE);
    return status;
}

/* ---- writing -------------------------------------------------------------------------------- */

size_t omsp_wav_header_bytes(const struct omsp_wav_format *format)
{
    return format->tag == OMSP_WAV_PCM ? PCM_BYTES : LAW_BYTES;
}

uint64_t omsp_wav_max_data(const struct omsp_wav_format *format)
{
    /* The size of the whole, padding included, has 32 bits; all ones means unknown. */
    uint64_t most = UINT32_MAX - 1 - omsp_wav_header_bytes(format);

    return most - most % omsp_wav_block_bytes(format);
}

size_t omsp_wav_header(const struct omsp_wav_format *format, uint64_t data_bytes,
                       uint8_t out[OMSP_WAV_HEADER_MAX])
{
    uint32_t block = omsp_wav_block_bytes(format), data, extra, header;
    uint8_t *p = out;

    if (data_bytes > omsp_wav_max_data(format))
        data_bytes = omsp_wav_max_data(format);
    data = (uint32_t)data_bytes;
    header = (uint32_t)omsp_wav_header_bytes(format);
    extra = header == PCM_BYTES ? 0 : 2;
    memcpy(p, "RIFF", 4);
    omsp_put_le32(p + 4, header - CHUNK_HEADER + data + (data & 1));
    memcpy(p + 8, "WAVEfmt ", 8);
    omsp_put_le32(p + 16, FORMAT_MIN + extra);
    omsp_put_le16(p + 20, format->tag);
    omsp_put_le16(p + 22, format->channels);
    omsp_put_le32(p + 24, format->rate);
    omsp_put_le32(p + 28, format->rate * block);
    omsp_put_le16(p + 32, (uint16_t)block);
    omsp_put_le16(p + 34, format->bits);
    p += 36;
    if (extra) {
        omsp_put_le16(p, 0); /* no extension */
        memcpy(p + 2, "fact", 4);
        omsp_put_le32(p + 6, 4);
        omsp_put_le32(p + 10, data / block);
        p += 14;
    }
    memcpy(p, "data", 4);
    omsp_put_le32(p + 4, data);
    return header;
}
