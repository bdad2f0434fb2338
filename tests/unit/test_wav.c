/* WAV headers, read and written. */
#include "support/suite.h"

#include "media/wav.h"

#include <stdlib.h>
#include <string.h>

static const struct omsp_wav_format pcm = {OMSP_WAV_PCM, 1, 8000, 16};
static const struct omsp_wav_format ulaw = {OMSP_WAV_ULAW, 1, 8000, 8};

/* A file built piece by piece. */
struct file {
    uint8_t bytes[4096];
    size_t len;
};

static void add(struct file *file, const void *bytes, size_t len)
{
    ck_assert_uint_le(file->len + len, sizeof(file->bytes));
    memcpy(file->bytes + file->len, bytes, len);
    file->len += len;
}

static void add32(struct file *file, uint32_t value)
{
    uint8_t bytes[4];

    omsp_put_le32(bytes, value);
    add(file, bytes, 4);
}

static void add16(struct file *file, unsigned value)
{
    uint8_t bytes[2];

    omsp_put_le16(bytes, (uint16_t)value);
    add(file, bytes, 2);
}

static void riff(struct file *file, uint32_t size)
{
    file->len = 0;
    add(file, "RIFF", 4);
    add32(file, size);
    add(file, "WAVE", 4);
}

static void chunk(struct file *file, const char *id, uint32_t size)
{
    add(file, id, 4);
    add32(file, size);
}

static void fmt_body(struct file *file, unsigned tag, unsigned channels, uint32_t rate,
                     unsigned bits)
{
    unsigned align = channels * bits / 8;

    add16(file, tag);
    add16(file, channels);
    add32(file, rate);
    add32(file, rate * align);
    add16(file, align);
    add16(file, bits);
}

static void fmt(struct file *file, unsigned tag, unsigned channels, uint32_t rate, unsigned bits)
{
    chunk(file, "fmt ", 16);
    fmt_body(file, tag, channels, rate, bits);
}

static void zeros(struct file *file, size_t len)
{
    static const uint8_t none[1024];

    add(file, none, len);
}

static void sized(struct file *file)
{
    omsp_put_le32(file->bytes + 4, (uint32_t)file->len - 8);
}

static enum omsp_status parse(const struct file *file, struct omsp_wav_info *info)
{
    /* A copy of the exact size, for the sanitizer. */
    uint8_t *copy = malloc(file->len ? file->len : 1);
    enum omsp_status status;

    memcpy(copy, file->bytes, file->len);
    status = omsp_wav_parse(omsp_span(copy, file->len), info);
    free(copy);
    return status;
}

static void reads(const struct file *file, uint64_t offset, uint64_t bytes)
{
    struct omsp_wav_info info = {0};

    ck_assert_int_eq(parse(file, &info), OMSP_OK);
    ck_assert_uint_eq(info.data_offset, offset);
    ck_assert_uint_eq(info.data_bytes, bytes);
}

static void fails(const struct file *file, enum omsp_status wanted)
{
    struct omsp_wav_info info;

    ck_assert_int_eq(parse(file, &info), wanted);
}

START_TEST(a_plain_file_is_read)
{
    struct omsp_wav_info info;
    struct file file;

    riff(&file, 0);
    fmt(&file, 1, 2, 44100, 16);
    chunk(&file, "data", 400);
    zeros(&file, 400);
    sized(&file);
    ck_assert_int_eq(parse(&file, &info), OMSP_OK);
    ck_assert_uint_eq(info.format.tag, OMSP_WAV_PCM);
    ck_assert_uint_eq(info.format.channels, 2);
    ck_assert_uint_eq(info.format.rate, 44100);
    ck_assert_uint_eq(info.format.bits, 16);
    ck_assert_uint_eq(info.data_offset, 44);
    ck_assert_uint_eq(info.data_bytes, 400);
}
END_TEST

START_TEST(every_supported_format_is_read_and_no_other)
{
    static const struct {
        unsigned tag, channels, rate, bits;
        enum omsp_status status;
    } cases[] = {
        {1, 1, 8000, 8, OMSP_OK},           {1, 1, 8000, 16, OMSP_OK},
        {1, 2, 48000, 16, OMSP_OK},         {6, 1, 8000, 8, OMSP_OK},
        {7, 2, 16000, 8, OMSP_OK},          {1, 8, 8000, 16, OMSP_OK},
        {1, 1, 11025, 16, OMSP_OK},         {1, 1, 8000, 24, OMSP_NO_FORMAT},
        {1, 9, 8000, 16, OMSP_NO_FORMAT},   {1, 0, 8000, 16, OMSP_NO_FORMAT},
        {3, 1, 8000, 32, OMSP_NO_FORMAT},   {6, 1, 8000, 16, OMSP_NO_FORMAT},
        {2, 1, 8000, 4, OMSP_NO_FORMAT},    {1, 1, 7999, 16, OMSP_NO_FORMAT},
        {1, 1, 96000, 16, OMSP_NO_FORMAT},  {1, 1, 0, 16, OMSP_NO_FORMAT},
        {0x31, 1, 8000, 0, OMSP_NO_FORMAT},
    };

    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct file file;

        riff(&file, 0);
        fmt(&file, cases[i].tag, cases[i].channels, cases[i].rate, cases[i].bits);
        chunk(&file, "data", 8);
        zeros(&file, 8);
        sized(&file);
        fails(&file, cases[i].status);
    }
}
END_TEST

START_TEST(unknown_chunks_are_skipped_and_odd_ones_padded)
{
    struct file file;

    riff(&file, 0);
    chunk(&file, "LIST", 5);
    zeros(&file, 6);
    fmt(&file, 1, 1, 8000, 16);
    chunk(&file, "junk", 1);
    zeros(&file, 2);
    chunk(&file, "data", 10);
    zeros(&file, 10);
    chunk(&file, "id3 ", 3);
    zeros(&file, 4);
    sized(&file);
    reads(&file, 12 + 14 + 24 + 10 + 8, 10);
}
END_TEST

START_TEST(the_format_may_come_after_the_data)
{
    struct file file;

    riff(&file, 0);
    chunk(&file, "data", 7);
    zeros(&file, 8);
    fmt(&file, 1, 1, 8000, 8);
    sized(&file);
    reads(&file, 20, 7);
    /* But not after data that has no end. */
    omsp_put_le32(file.bytes + 16, UINT32_MAX);
    fails(&file, OMSP_INVALID);
}
END_TEST

START_TEST(a_long_format_chunk_and_an_extensible_one_are_read)
{
    static const uint8_t guid_tail[14] = {0, 0, 0,    0, 0x10, 0,    0x80,
                                          0, 0, 0xAA, 0, 0x38, 0x9B, 0x71};
    struct omsp_wav_info info;
    struct file file;

    riff(&file, 0);
    chunk(&file, "fmt ", 18);
    fmt_body(&file, 7, 1, 8000, 8);
    add16(&file, 0);
    chunk(&file, "fact", 4);
    add32(&file, 3);
    chunk(&file, "data", 3);
    zeros(&file, 3);
    sized(&file);
    reads(&file, 12 + 26 + 12 + 8, 3);

    riff(&file, 0);
    chunk(&file, "fmt ", 40);
    fmt_body(&file, 0xFFFE, 2, 48000, 16);
    add16(&file, 22);
    add16(&file, 16);
    add32(&file, 3);
    add16(&file, 1);
    add(&file, guid_tail, 14);
    chunk(&file, "data", 8);
    zeros(&file, 8);
    sized(&file);
    ck_assert_int_eq(parse(&file, &info), OMSP_OK);
    ck_assert_uint_eq(info.format.tag, OMSP_WAV_PCM);
    ck_assert_uint_eq(info.format.rate, 48000);
    file.bytes[12 + 8 + 26] = 1; /* another GUID */
    fails(&file, OMSP_NO_FORMAT);
    file.bytes[12 + 8 + 26] = 0;
    file.bytes[12 + 8 + 24] = 3; /* float */
    fails(&file, OMSP_NO_FORMAT);
    file.bytes[12 + 8 + 16] = 21; /* extension too short */
    fails(&file, OMSP_INVALID);
}
END_TEST

START_TEST(data_longer_than_the_file_ends_with_it)
{
    struct file file;

    riff(&file, 100000);
    fmt(&file, 1, 1, 8000, 16);
    chunk(&file, "data", 100000);
    zeros(&file, 101);
    reads(&file, 44, 100); /* half a sample is none */
}
END_TEST

START_TEST(what_streaming_writers_leave_is_read_to_the_end)
{
    static const uint32_t sizes[][2] = {
        /* riff, data */
        {0, 0},  {UINT32_MAX, UINT32_MAX}, {UINT32_MAX, 0},
        {36, 0}, {36, UINT32_MAX},         {0, UINT32_MAX},
    };

    for (unsigned i = 0; i < 6; i++) {
        struct file file;

        riff(&file, sizes[i][0]);
        fmt(&file, 1, 1, 8000, 16);
        chunk(&file, "data", sizes[i][1]);
        zeros(&file, 320);
        reads(&file, 44, 320);
    }
}
END_TEST

START_TEST(truly_empty_data_is_empty)
{
    struct file file;

    riff(&file, 0);
    fmt(&file, 1, 1, 8000, 16);
    chunk(&file, "data", 0);
    sized(&file);
    reads(&file, 44, 0);
    chunk(&file, "LIST", 4);
    zeros(&file, 4);
    sized(&file);
    reads(&file, 44, 0);
}
END_TEST

START_TEST(the_first_of_two_data_chunks_counts)
{
    struct file file;

    riff(&file, 0);
    chunk(&file, "data", 2);
    zeros(&file, 2);
    chunk(&file, "data", 6);
    zeros(&file, 6);
    fmt(&file, 1, 1, 8000, 16);
    sized(&file);
    reads(&file, 20, 2);
}
END_TEST

START_TEST(what_is_no_wav_file_is_refused)
{
    struct file file = {.len = 0};

    fails(&file, OMSP_INVALID);
    riff(&file, 0);
    fails(&file, OMSP_INVALID);
    file.bytes[3] = 'X';
    fails(&file, OMSP_INVALID);
    riff(&file, 0);
    chunk(&file, "data", 4);
    zeros(&file, 4);
    fails(&file, OMSP_INVALID); /* no format */
    riff(&file, 0);
    fmt(&file, 1, 1, 8000, 16);
    fails(&file, OMSP_INVALID); /* no data */
    riff(&file, 0);
    chunk(&file, "fmt ", 15);
    zeros(&file, 16);
    fails(&file, OMSP_INVALID); /* format too short */
    riff(&file, 0);
    chunk(&file, "junk", UINT32_MAX); /* beyond any end */
    fails(&file, OMSP_INVALID);
    riff(&file, 0);
    fmt(&file, 1, 1, 8000, 16);
    omsp_put_le16(file.bytes + 32, 4); /* block align of another format */
    chunk(&file, "data", 4);
    zeros(&file, 4);
    fails(&file, OMSP_INVALID);
}
END_TEST

START_TEST(endless_chunks_are_refused)
{
    struct omsp_wav_reader reader;
    struct omsp_wav_info info;
    uint8_t header[12] = "RIFF\0\0\0\0WAVE", junk[8] = "junk";
    unsigned rounds = 0;
    enum omsp_status status;

    omsp_wav_reader_init(&reader, UINT64_MAX);
    status = omsp_wav_reader_feed(&reader, header, 12, &info);
    while (status == OMSP_MORE && rounds++ < 100000)
        status = omsp_wav_reader_feed(&reader, junk, 8, &info);
    ck_assert_int_eq(status, OMSP_INVALID);
    ck_assert_uint_lt(rounds, 2000);
}
END_TEST

START_TEST(a_file_cut_anywhere_is_read_or_refused)
{
    struct file file, whole;
    struct omsp_wav_info info;

    riff(&whole, 0);
    chunk(&whole, "LIST", 3);
    zeros(&whole, 4);
    fmt(&whole, 1, 2, 8000, 16);
    chunk(&whole, "data", 64);
    zeros(&whole, 64);
    sized(&whole);
    for (size_t len = 0; len <= whole.len; len++) {
        size_t data_at = whole.len - 64;

        file = whole;
        file.len = len;
        if (len < data_at) {
            fails(&file, OMSP_INVALID);
        } else {
            ck_assert_int_eq(parse(&file, &info), OMSP_OK);
            ck_assert_uint_eq(info.data_bytes, (len - data_at) / 4 * 4);
        }
    }
}
END_TEST

START_TEST(any_bytes_are_read_or_refused_within_the_file)
{
    uint32_t seed = 11;
    struct file whole;

    riff(&whole, 0);
    fmt(&whole, 1, 1, 8000, 16);
    chunk(&whole, "fact", 4);
    add32(&whole, 10);
    chunk(&whole, "data", 20);
    zeros(&whole, 20);
    sized(&whole);
    for (unsigned round = 0; round < 30000; round++) {
        struct file file = whole;
        struct omsp_wav_info info;

        for (unsigned hits = 0; hits < 1 + round % 6; hits++) {
            seed = seed * 1103515245u + 12345u;
            file.bytes[(seed >> 8) % file.len] = (uint8_t)(seed >> 24);
        }
        if (parse(&file, &info) == OMSP_OK) {
            ck_assert_uint_le(info.data_offset + info.data_bytes, file.len);
            ck_assert(omsp_wav_format_ok(&info.format));
        }
    }
}
END_TEST

START_TEST(the_header_has_its_known_bytes)
{
    static const uint8_t golden_pcm[44] = {
        'R', 'I', 'F', 'F', 0x64, 0x01, 0,   0,   'W', 'A',  'V',  'E',  'f', 'm',  't',
        ' ', 16,  0,   0,   0,    1,    0,   1,   0,   0x40, 0x1F, 0,    0,   0x80, 0x3E,
        0,   0,   2,   0,   16,   0,    'd', 'a', 't', 'a',  0x40, 0x01, 0,   0};
    static const uint8_t golden_ulaw[58] = {
        'R', 'I', 'F', 'F', 54, 0,   0,   0,   'W', 'A',  'V',  'E', 'f', 'm',  't',
        ' ', 18,  0,   0,   0,  7,   0,   1,   0,   0x40, 0x1F, 0,   0,   0x40, 0x1F,
        0,   0,   1,   0,   8,  0,   0,   0,   'f', 'a',  'c',  't', 4,   0,    0,
        0,   3,   0,   0,   0,  'd', 'a', 't', 'a', 3,    0,    0,   0};
    uint8_t out[OMSP_WAV_HEADER_MAX];

    ck_assert_uint_eq(omsp_wav_header(&pcm, 320, out), 44);
    ck_assert_mem_eq(out, golden_pcm, 44);
    ck_assert_uint_eq(omsp_wav_header(&ulaw, 3, out), 58);
    ck_assert_mem_eq(out, golden_ulaw, 58);
}
END_TEST

START_TEST(what_is_written_reads_back_at_every_moment)
{
    static const struct omsp_wav_format formats[] = {
        {OMSP_WAV_PCM, 1, 8000, 16}, {OMSP_WAV_PCM, 2, 48000, 16}, {OMSP_WAV_PCM, 1, 8000, 8},
        {OMSP_WAV_ULAW, 1, 8000, 8}, {OMSP_WAV_ALAW, 2, 16000, 8},
    };

    for (unsigned f = 0; f < 5; f++) {
        uint32_t block = omsp_wav_block_bytes(&formats[f]);

        /* The header of some moment, with more data behind it as a crash leaves it, or as much. */
        for (uint32_t told = 0; told < 40; told++) {
            for (uint32_t more = 0; more < 3; more++) {
                struct file file = {.len = 0};
                struct omsp_wav_info info;
                uint64_t data;

                file.len = omsp_wav_header(&formats[f], (uint64_t)told * block, file.bytes);
                ck_assert_uint_eq(file.len, omsp_wav_header_bytes(&formats[f]));
                zeros(&file, (told + more) * block);
                ck_assert_int_eq(parse(&file, &info), OMSP_OK);
                ck_assert_mem_eq(&info.format, &formats[f], sizeof(info.format));
                ck_assert_uint_eq(info.data_offset, omsp_wav_header_bytes(&formats[f]));
                /* With nothing told yet all that is there is found. */
                data = told ? (uint64_t)told * block : (uint64_t)more * block;
                ck_assert_uint_eq(info.data_bytes, data);
            }
        }
    }
}
END_TEST

START_TEST(sizes_stop_at_what_the_format_can_say)
{
    uint8_t out[OMSP_WAV_HEADER_MAX];
    uint64_t most = omsp_wav_max_data(&pcm);

    ck_assert_uint_eq(most % 2, 0);
    ck_assert_uint_gt(most, 0xFFFFFF00u);
    omsp_wav_header(&pcm, UINT64_MAX, out);
    ck_assert_uint_eq(omsp_le32(out + 40), most);
    ck_assert_uint_eq(omsp_le32(out + 4), most + 36);
    most = omsp_wav_max_data(&ulaw);
    omsp_wav_header(&ulaw, most, out);
    ck_assert_uint_eq(omsp_le32(out + 4), 50 + most + (most & 1));
    ck_assert_uint_lt(omsp_le32(out + 4), UINT32_MAX);
}
END_TEST

OMSP_SUITE("wav", TEST(a_plain_file_is_read), TEST(every_supported_format_is_read_and_no_other),
           TEST(unknown_chunks_are_skipped_and_odd_ones_padded),
           TEST(the_format_may_come_after_the_data),
           TEST(a_long_format_chunk_and_an_extensible_one_are_read),
           TEST(data_longer_than_the_file_ends_with_it),
           TEST(what_streaming_writers_leave_is_read_to_the_end), TEST(truly_empty_data_is_empty),
           TEST(the_first_of_two_data_chunks_counts), TEST(what_is_no_wav_file_is_refused),
           TEST(endless_chunks_are_refused), TEST(a_file_cut_anywhere_is_read_or_refused),
           TEST(any_bytes_are_read_or_refused_within_the_file),
           TEST(the_header_has_its_known_bytes), TEST(what_is_written_reads_back_at_every_moment),
           TEST(sizes_stop_at_what_the_format_can_say))
