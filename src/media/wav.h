/*
 * WAV files (RIFF/WAVE; Microsoft "Multiple Channel Audio Data and WAVE Files", RFC 2361) as pure
 * functions over bytes: a reader that says which bytes it wants, a writer that says what the header
 * for N data bytes is. The owner does the file I/O. Samples are converted by wav_convert.h.
 */
#ifndef OMSP_MEDIA_WAV_H
#define OMSP_MEDIA_WAV_H

#include "base/bytes.h"
#include "base/status.h"

#include <stdbool.h>
#include <stdint.h>

#define OMSP_WAV_PCM  1u /* WAVE_FORMAT_PCM */
#define OMSP_WAV_ALAW 6u
#define OMSP_WAV_ULAW 7u

#define OMSP_WAV_CHANNELS_MAX 8u

/* What is supported: PCM with 8 (unsigned) or 16 bits, A-law and mu-law with 8; 1 to
 * OMSP_WAV_CHANNELS_MAX channels; 8000..48000 Hz. */
struct omsp_wav_format {
    uint16_t tag;
    uint16_t channels;
    uint32_t rate; /* Hz */
    uint16_t bits; /* per sample */
};

bool omsp_wav_format_ok(const struct omsp_wav_format *format);
/* Bytes of one sample of all channels. */
uint32_t omsp_wav_block_bytes(const struct omsp_wav_format *format);

/* ---- reading -------------------------------------------------------------------------------- */

struct omsp_wav_info {
    struct omsp_wav_format format;
    uint64_t data_offset; /* in the file */
    uint64_t data_bytes;  /* whole blocks that are really there */
};

#define OMSP_WAV_WANT_MAX 40u

struct omsp_wav_reader {
    uint64_t file_size, at;
    uint64_t data_at, data_size; /* data chunk seen; its size as far as the file goes */
    struct omsp_wav_format format;
    uint32_t riff_size, chunk_size;
    unsigned chunks;
    uint8_t step;
    bool have_data, have_format, data_to_end;
};

/* file_size: what the file port says; what is beyond is not believed. */
void omsp_wav_reader_init(struct omsp_wav_reader *reader, uint64_t file_size);
/* What to read next: *len <= OMSP_WAV_WANT_MAX bytes at *offset. */
void omsp_wav_reader_wants(const struct omsp_wav_reader *reader, uint64_t *offset, size_t *len);
/* Give what was wanted (got less: the file ended there). OMSP_MORE: ask again what it wants;
 * OMSP_OK: *info is filled. OMSP_INVALID: no WAV file, or a broken one; OMSP_NO_FORMAT: a WAV file
 * of a format that is not supported. After an error or OK do not feed again.
 *
 * Chunks may come in any order, unknown ones are skipped, odd ones are padded. A data chunk that is
 * longer than the file, or of size 0 or 0xFFFFFFFF as streaming writers leave it, ends where the
 * file ends. */
enum omsp_status omsp_wav_reader_feed(struct omsp_wav_reader *reader, const void *bytes, size_t got,
                                      struct omsp_wav_info *info);
/* The same over a whole file in memory. */
enum omsp_status omsp_wav_parse(struct omsp_span file, struct omsp_wav_info *info);

/* ---- writing -------------------------------------------------------------------------------- */

#define OMSP_WAV_HEADER_MAX 58u

/* 44 (PCM) or 58 (A-law, mu-law: with fact chunk). */
size_t omsp_wav_header_bytes(const struct omsp_wav_format *format);
/* The most data one file can hold, in whole blocks. */
uint64_t omsp_wav_max_data(const struct omsp_wav_format *format);
/* The header for data_bytes of data that follow it, into out; answers its length, always
 * omsp_wav_header_bytes(format), so that it can be rewritten at offset 0 while the data grows.
 * data_bytes above omsp_wav_max_data is cut to it. When data_bytes is odd, one zero byte belongs
 * after the data at the end (a reader lives without it). The format must be a supported one. */
size_t omsp_wav_header(const struct omsp_wav_format *format, uint64_t data_bytes,
                       uint8_t out[OMSP_WAV_HEADER_MAX]);

#endif
