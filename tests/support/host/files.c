/* File terminals of the host, and WAV files as plain bytes. The test's thread. */
#include "support/host.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

BSTR host_path(const WCHAR *name)
{
    WCHAR path[MAX_PATH + 64];
    DWORD length = GetTempPathW(MAX_PATH, path);

    _snwprintf(path + length, 63, L"omsp-host-%lu-%ls", GetCurrentProcessId(), name);
    return SysAllocString(path);
}

/* ITU-T G.711's u-law code to its sample: what one pass leaves alone. */
static short expand(unsigned code)
{
    unsigned inverted = ~code & 0xFF;
    int magnitude = (int)((((inverted & 15) << 3) + 132) << (inverted >> 4 & 7)) - 132;

    return (short)(inverted & 128 ? -magnitude : magnitude);
}

void host_write_wav(const WCHAR *name, unsigned seed, size_t samples, short *pcm)
{
    static const BYTE head[44] =
        "RIFF\0\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0\x40\x1f\0\0\x80\x3e\0\0"
        "\x02\0\x10\0data";
    BSTR path = host_path(name);
    FILE *file = _wfopen(path, L"wb");
    DWORD bytes = (DWORD)samples * 2, riff = 36 + bytes;
    BYTE real[44];

    ck_assert_ptr_nonnull(file);
    memcpy(real, head, sizeof(real));
    memcpy(real + 4, &riff, 4);
    memcpy(real + 40, &bytes, 4);
    ck_assert_uint_eq(fwrite(real, 1, sizeof(real), file), sizeof(real));
    for (size_t i = 0; i < samples; i++) {
        short sample;

        seed = seed * 1664525u + 1013904223u;
        sample = expand(seed >> 24);
        if (pcm)
            pcm[i] = sample;
        ck_assert_uint_eq(fwrite(&sample, 2, 1, file), 1);
    }
    fclose(file);
    SysFreeString(path);
}

short *host_read_wav(const WCHAR *name, size_t *samples)
{
    BSTR path = host_path(name);
    FILE *file = _wfopen(path, L"rb");
    BYTE *bytes;
    long size;
    DWORD at = 12, length = 0;
    short *pcm;

    ck_assert_ptr_nonnull(file);
    ck_assert_int_eq(fseek(file, 0, SEEK_END), 0);
    size = ftell(file);
    rewind(file);
    ck_assert_int_ge(size, 44);
    bytes = malloc((size_t)size);
    ck_assert_uint_eq(fread(bytes, 1, (size_t)size, file), (size_t)size);
    fclose(file);
    ck_assert(!memcmp(bytes, "RIFF", 4) && !memcmp(bytes + 8, "WAVE", 4));
    memcpy(&length, bytes + 4, 4);
    ck_assert_uint_eq(length + 8, (DWORD)size);
    while (at + 8 <= (DWORD)size) {
        memcpy(&length, bytes + at + 4, 4);
        if (!memcmp(bytes + at, "data", 4))
            break;
        at += 8 + length + (length & 1);
    }
    ck_assert_uint_le(at + 8 + length, (DWORD)size);
    *samples = length / 2;
    pcm = malloc(length + 2);
    memcpy(pcm, bytes + at + 8, length);
    free(bytes);
    SysFreeString(path);
    return pcm;
}

static void create(struct host *host, const WCHAR *class, TERMINAL_DIRECTION direction,
                   const WCHAR *name, struct host_file *file)
{
    BSTR text = SysAllocString(class);

    memset(file, 0, sizeof(*file));
    file->path = host_path(name);
    ck_assert_hr(ITTerminalSupport_CreateTerminal(host->terminals, text, TAPIMEDIATYPE_AUDIO,
                                                  direction, &file->terminal),
                 S_OK);
    SysFreeString(text);
    file->control = kit_query(file->terminal, &IID_ITMediaControl);
}

void host_player(struct host *host, const WCHAR *name, struct host_file *file)
{
    ITMediaPlayback *playback;
    ITMultiTrackTerminal *tracks;
    IEnumTerminal *all;
    VARIANT list;

    create(host, HOST_PLAYER, TD_CAPTURE, name, file);
    playback = kit_query(file->terminal, &IID_ITMediaPlayback);
    V_VT(&list) = VT_BSTR;
    V_BSTR(&list) = file->path;
    ck_assert_hr(ITMediaPlayback_put_PlayList(playback, list), S_OK);
    kit_release(playback);
    tracks = kit_query(file->terminal, &IID_ITMultiTrackTerminal);
    ck_assert_hr(ITMultiTrackTerminal_EnumerateTrackTerminals(tracks, &all), S_OK);
    ck_assert_hr(IEnumTerminal_Next(all, 1, &file->track, NULL), S_OK);
    kit_release(all);
    kit_release(tracks);
}

void host_recorder(struct host *host, const WCHAR *name, struct host_file *file)
{
    ITMediaRecord *record;
    ITMultiTrackTerminal *tracks;

    create(host, HOST_RECORDER, TD_RENDER, name, file);
    record = kit_query(file->terminal, &IID_ITMediaRecord);
    ck_assert_hr(ITMediaRecord_put_FileName(record, file->path), S_OK);
    kit_release(record);
    tracks = kit_query(file->terminal, &IID_ITMultiTrackTerminal);
    ck_assert_hr(ITMultiTrackTerminal_CreateTrackTerminal(tracks, TAPIMEDIATYPE_AUDIO, TD_RENDER,
                                                          &file->track),
                 S_OK);
    kit_release(tracks);
}

void host_file_close(struct host_file *file)
{
    kit_release(file->track);
    kit_release(file->control);
    kit_release(file->terminal);
    DeleteFileW(file->path);
    SysFreeString(file->path);
}

void host_expect_file(struct host *host, struct host_file *file, TERMINAL_MEDIA_STATE state,
                      FT_STATE_EVENT_CAUSE cause, HRESULT error)
{
    struct host_event event = host_next_file(host, file->terminal, &file->seen);

    ck_assert_msg(event.type == (int)state && event.cause == (int)cause && event.error == error,
                  "file event %d cause %d 0x%08lx, not %d %d 0x%08lx", event.type, event.cause,
                  (unsigned long)event.error, state, cause, (unsigned long)error);
}
