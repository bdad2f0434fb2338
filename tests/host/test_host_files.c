/* File terminals through the DLL and real files: two tracks side by side, and files that go bad
 * while they play or before they are written (mspi.md 4.3, 4.4). */
#include "support/host.h"

#include <stdlib.h>
#include <string.h>

#define ERROR_OF(code) ((HRESULT)(0x80070000u | (code)))

struct pair {
    struct host *host;
    struct host_call *a, *b;
};

static void pair_open(struct pair *pair)
{
    pair->host = host_open(true);
    pair->a = host_call_open(pair->host, TAPIMEDIATYPE_AUDIO);
    pair->b = host_call_open(pair->host, TAPIMEDIATYPE_AUDIO);
    host_configure(pair->a, 20, 0);
    host_configure(pair->b, 20, 0);
    host_connect(pair->a, pair->b);
}

static void pair_close(struct pair *pair)
{
    host_call_close(pair->a);
    host_call_close(pair->b);
    host_close(pair->host);
}

static void play(struct pair *pair, struct host_file *player, struct host_call *call)
{
    ck_assert_hr(ITStream_SelectTerminal(call->streams[HOST_CAPTURE], player->track), S_OK);
    ck_assert_hr(ITMediaControl_Start(player->control), S_OK);
    host_expect_file(pair->host, player, TMS_ACTIVE, FTEC_NORMAL, S_OK);
}

static void cut(BSTR path, LONG samples)
{
    HANDLE file = CreateFileW(path, GENERIC_WRITE, FILE_SHARE_READ | FILE_SHARE_WRITE, NULL,
                              OPEN_EXISTING, 0, NULL);

    ck_assert_ptr_ne(file, INVALID_HANDLE_VALUE);
    ck_assert_uint_ne(SetFilePointer(file, 44 + 2 * samples, NULL, FILE_BEGIN),
                      INVALID_SET_FILE_POINTER);
    ck_assert(SetEndOfFile(file));
    CloseHandle(file);
}

START_TEST(a_file_cut_while_it_plays_is_a_read_error)
{
    struct host_file player;
    struct pair pair;

    host_write_wav(L"cut.wav", 1, 8000 * 60, NULL);
    pair_open(&pair);
    host_player(pair.host, L"cut.wav", &player);
    play(&pair, &player, pair.a);
    cut(player.path, 24000);
    host_expect_file(pair.host, &player, TMS_IDLE, FTEC_READ_ERROR, TAPI_E_OPERATIONFAILED);
    /* The stream goes on; what is left of the file can be played once more. */
    ck_assert_hr(ITMediaControl_Start(player.control), S_OK);
    host_expect_file(pair.host, &player, TMS_ACTIVE, FTEC_NORMAL, S_OK);
    host_expect_file(pair.host, &player, TMS_IDLE, FTEC_END_OF_FILE, S_OK);
    host_file_close(&player);
    pair_close(&pair);
}
END_TEST

START_TEST(a_file_deleted_while_it_plays_plays_to_its_end_and_not_again)
{
    struct host_file player;
    struct pair pair;

    host_write_wav(L"gone.wav", 2, 8000 * 3, NULL);
    pair_open(&pair);
    host_player(pair.host, L"gone.wav", &player);
    play(&pair, &player, pair.a);
    ck_assert(DeleteFileW(player.path));
    host_expect_file(pair.host, &player, TMS_IDLE, FTEC_END_OF_FILE, S_OK);
    ck_assert_hr(ITMediaControl_Start(player.control), ERROR_OF(ERROR_FILE_NOT_FOUND));
    host_file_close(&player);
    pair_close(&pair);
}
END_TEST

/* Linux has a disk that is always full, and Wine shows it. */
START_TEST(a_full_disk_is_told_by_its_own_code)
{
    struct host_file recorder;
    ITMediaRecord *record;
    struct pair pair;
    BSTR full;

    if (GetFileAttributesW(L"Z:\\dev\\full") == INVALID_FILE_ATTRIBUTES)
        return;
    pair_open(&pair);
    host_recorder(pair.host, L"full.wav", &recorder);
    record = kit_query(recorder.terminal, &IID_ITMediaRecord);
    full = SysAllocString(L"Z:\\dev\\full");
    ck_assert_hr(ITMediaRecord_put_FileName(record, full), S_OK);
    ck_assert_hr(ITMediaControl_Start(recorder.control), ERROR_OF(ERROR_DISK_FULL));
    SysFreeString(full);
    kit_release(record);
    host_file_close(&recorder);
    pair_close(&pair);
}
END_TEST

static ITTerminal *new_track(struct host_file *recorder)
{
    ITMultiTrackTerminal *tracks = kit_query(recorder->terminal, &IID_ITMultiTrackTerminal);
    ITTerminal *track;

    ck_assert_hr(
        ITMultiTrackTerminal_CreateTrackTerminal(tracks, TAPIMEDIATYPE_AUDIO, TD_RENDER, &track),
        S_OK);
    kit_release(tracks);
    return track;
}

/* The longest run of this value in one of two channels. */
static size_t longest_run(const short *pcm, size_t frames, unsigned channel, short value)
{
    size_t longest = 0, run = 0;

    for (size_t i = 0; i < frames; i++) {
        run = pcm[2 * i + channel] == value ? run + 1 : 0;
        longest = run > longest ? run : longest;
    }
    return longest;
}

static void write_constant(const WCHAR *name, short value, size_t samples)
{
    HANDLE file;
    WCHAR path[MAX_PATH + 64];
    DWORD length = GetTempPathW(MAX_PATH, path), written;

    host_write_wav(name, 1, samples, NULL);
    _snwprintf(path + length, 63, L"omsp-host-%lu-%ls", GetCurrentProcessId(), name);
    file = CreateFileW(path, GENERIC_WRITE, 0, NULL, OPEN_EXISTING, 0, NULL);
    ck_assert_ptr_ne(file, INVALID_HANDLE_VALUE);
    ck_assert_uint_ne(SetFilePointer(file, 44, NULL, FILE_BEGIN), INVALID_SET_FILE_POINTER);
    for (size_t i = 0; i < samples; i++)
        ck_assert(WriteFile(file, &value, sizeof(value), &written, NULL));
    CloseHandle(file);
}

/* 716 and -1372 are samples that u-law carries without change. */
START_TEST(two_tracks_lie_side_by_side_in_one_file)
{
    struct host_file players[2], recorder;
    struct pair pairs[2];
    ITTerminal *second;
    struct omsp_tsp_stats stats;
    size_t count;
    short *pcm;

    write_constant(L"left.wav", 716, 80000);
    write_constant(L"right.wav", -1372, 80000);
    pair_open(&pairs[0]);
    pairs[1].host = pairs[0].host;
    pairs[1].a = host_call_open(pairs[0].host, TAPIMEDIATYPE_AUDIO);
    pairs[1].b = host_call_open(pairs[0].host, TAPIMEDIATYPE_AUDIO);
    host_configure(pairs[1].a, 20, 0);
    host_configure(pairs[1].b, 20, 0);
    host_connect(pairs[1].a, pairs[1].b);
    host_recorder(pairs[0].host, L"both.wav", &recorder);
    second = new_track(&recorder);
    ck_assert_hr(ITStream_SelectTerminal(pairs[0].b->streams[HOST_RENDER], recorder.track), S_OK);
    ck_assert_hr(ITStream_SelectTerminal(pairs[1].b->streams[HOST_RENDER], second), S_OK);
    ck_assert_hr(ITMediaControl_Start(recorder.control), S_OK);
    host_player(pairs[0].host, L"left.wav", &players[0]);
    host_player(pairs[0].host, L"right.wav", &players[1]);
    play(&pairs[0], &players[0], pairs[0].a);
    play(&pairs[1], &players[1], pairs[1].a);
    do
        stats = host_stats(pairs[1].b);
    while (HOST_COUNT(stats.frames_recorded) < 100);
    ck_assert_hr(ITMediaControl_Stop(recorder.control), S_OK);
    pcm = host_read_wav(L"both.wav", &count);
    ck_assert_uint_ge(longest_run(pcm, count / 2, 0, 716), 4000);
    ck_assert_uint_ge(longest_run(pcm, count / 2, 1, -1372), 4000);
    ck_assert_uint_eq(longest_run(pcm, count / 2, 0, -1372), 0);
    ck_assert_uint_eq(longest_run(pcm, count / 2, 1, 716), 0);
    free(pcm);
    kit_release(second);
    host_file_close(&players[0]);
    host_file_close(&players[1]);
    host_file_close(&recorder);
    host_call_close(pairs[1].a);
    host_call_close(pairs[1].b);
    pair_close(&pairs[0]);
}
END_TEST

/* Where these samples begin; fails the test when they are not there in one piece. */
static size_t place_of(const short *pcm, size_t count, const short *wanted, size_t length)
{
    size_t at = 0;

    ck_assert_uint_ge(count, length);
    while (at + length <= count && memcmp(pcm + at, wanted, length * sizeof(*pcm)))
        at++;
    ck_assert_msg(at + length <= count, "not in one piece among %zu samples", count);
    return at;
}

static unsigned long long recorded(struct pair *pair)
{
    struct omsp_tsp_stats stats = host_stats(pair->b);

    return HOST_COUNT(stats.frames_recorded);
}

/* mspi.md 3.5: a stream takes several render terminals, each of which hears all while it is there.
 */
START_TEST(several_recorders_on_one_stream_hear_the_same_and_come_and_go)
{
    enum { SAMPLES = 8000 * 4, HALF = 8000 };
    static short said[SAMPLES];
    struct host_file player, always, early, late;
    struct pair pair;
    short *pcm;
    size_t count, at;

    host_write_wav(L"said.wav", 7, SAMPLES, said);
    pair_open(&pair);
    host_recorder(pair.host, L"always.wav", &always);
    host_recorder(pair.host, L"early.wav", &early);
    host_recorder(pair.host, L"late.wav", &late);
    ck_assert_hr(ITStream_SelectTerminal(pair.b->streams[HOST_RENDER], always.track), S_OK);
    ck_assert_hr(ITStream_SelectTerminal(pair.b->streams[HOST_RENDER], early.track), S_OK);
    ck_assert_hr(ITMediaControl_Start(always.control), S_OK);
    ck_assert_hr(ITMediaControl_Start(early.control), S_OK);
    ck_assert_hr(ITMediaControl_Start(late.control), S_OK);
    host_player(pair.host, L"said.wav", &player);
    play(&pair, &player, pair.a);
    while (recorded(&pair) < 200) /* two seconds by two recorders */
        SwitchToThread();
    ck_assert_hr(ITStream_UnselectTerminal(pair.b->streams[HOST_RENDER], early.track), S_OK);
    ck_assert_hr(ITStream_SelectTerminal(pair.b->streams[HOST_RENDER], late.track), S_OK);
    host_expect_file(pair.host, &player, TMS_IDLE, FTEC_END_OF_FILE, S_OK);
    while (recorded(&pair) < 2 * SAMPLES / 160 + 20) /* what was on its way, too */
        SwitchToThread();
    ck_assert_hr(ITMediaControl_Stop(always.control), S_OK);
    ck_assert_hr(ITMediaControl_Stop(early.control), S_OK);
    ck_assert_hr(ITMediaControl_Stop(late.control), S_OK);

    pcm = host_read_wav(L"always.wav", &count);
    place_of(pcm, count, said, SAMPLES);
    free(pcm);
    pcm = host_read_wav(L"early.wav", &count);
    at = place_of(pcm, count, said, HALF);
    ck_assert_uint_lt(count - at, SAMPLES); /* and not the end */
    ck_assert_int_eq(memcmp(pcm + at, said, (count - at) * sizeof(*pcm)), 0);
    free(pcm);
    pcm = host_read_wav(L"late.wav", &count);
    place_of(pcm, count, said + SAMPLES - HALF, HALF);
    free(pcm);
    host_file_close(&player);
    host_file_close(&always);
    host_file_close(&early);
    host_file_close(&late);
    pair_close(&pair);
}
END_TEST

OMSP_SUITE("host-files", TEST(a_file_cut_while_it_plays_is_a_read_error),
           TEST(a_file_deleted_while_it_plays_plays_to_its_end_and_not_again),
           TEST(a_full_disk_is_told_by_its_own_code), TEST(two_tracks_lie_side_by_side_in_one_file),
           TEST(several_recorders_on_one_stream_hear_the_same_and_come_and_go))
