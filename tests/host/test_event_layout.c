/*
 * MSP_EVENT_INFO as bytes: the structure of the headers and what the DLL writes, against offsets
 * that are written down here for both pointer sizes. A host of another compiler reads it so.
 */
#include "support/host.h"

#include <string.h>

struct offset {
    const char *what;
    size_t is;
    size_t x86, x64;
};

#define AT(field, x86, x64)                                                                        \
    {                                                                                              \
#field, offsetof(MSP_EVENT_INFO, field), x86, x64                                          \
    }
#define OF(x86, x64) (sizeof(void *) == 8 ? (x64) : (x86))

START_TEST(the_structure_is_the_contracts)
{
    static const struct offset offsets[] = {
        AT(dwSize, 0, 0),
        AT(Event, 4, 4),
        AT(hCall, 8, 8),
        AT(MSP_ADDRESS_EVENT_INFO.Type, 12, 16),
        AT(MSP_ADDRESS_EVENT_INFO.pTerminal, 16, 24),
        AT(MSP_CALL_EVENT_INFO.Type, 12, 16),
        AT(MSP_CALL_EVENT_INFO.Cause, 16, 20),
        AT(MSP_CALL_EVENT_INFO.pStream, 20, 24),
        AT(MSP_CALL_EVENT_INFO.pTerminal, 24, 32),
        AT(MSP_CALL_EVENT_INFO.hrError, 28, 40),
        AT(MSP_TSP_DATA.dwBufferSize, 12, 16),
        AT(MSP_TSP_DATA.pBuffer, 16, 20),
        AT(MSP_PRIVATE_EVENT_INFO.pEvent, 12, 16),
        AT(MSP_PRIVATE_EVENT_INFO.lEventCode, 16, 24),
        AT(MSP_FILE_TERMINAL_EVENT_INFO.pParentFileTerminal, 12, 16),
        AT(MSP_FILE_TERMINAL_EVENT_INFO.pFileTrack, 16, 24),
        AT(MSP_FILE_TERMINAL_EVENT_INFO.TerminalMediaState, 20, 32),
        AT(MSP_FILE_TERMINAL_EVENT_INFO.ftecEventCause, 24, 36),
        AT(MSP_FILE_TERMINAL_EVENT_INFO.hrErrorCode, 28, 40),
        AT(MSP_ASR_TERMINAL_EVENT_INFO.pASRTerminal, 12, 16),
        AT(MSP_ASR_TERMINAL_EVENT_INFO.hrErrorCode, 16, 24),
        AT(MSP_TTS_TERMINAL_EVENT_INFO.pTTSTerminal, 12, 16),
        AT(MSP_TTS_TERMINAL_EVENT_INFO.hrErrorCode, 16, 24),
        AT(MSP_TONE_TERMINAL_EVENT_INFO.pToneTerminal, 12, 16),
        AT(MSP_TONE_TERMINAL_EVENT_INFO.hrErrorCode, 16, 24),
        {"sizeof", sizeof(MSP_EVENT_INFO), 32, 48},
    };

    for (size_t i = 0; i < sizeof(offsets) / sizeof(offsets[0]); i++)
        ck_assert_msg(offsets[i].is == OF(offsets[i].x86, offsets[i].x64), "%s is at %u",
                      offsets[i].what, (unsigned)offsets[i].is);
}
END_TEST

/* What an application is told has the numbers that the MSP told. */
START_TEST(numbers_of_the_msp_and_of_tapi_are_the_same)
{
    static const int pairs[][2] = {
        {CALL_NEW_STREAM, CME_NEW_STREAM},
        {CALL_STREAM_FAIL, CME_STREAM_FAIL},
        {CALL_TERMINAL_FAIL, CME_TERMINAL_FAIL},
        {CALL_STREAM_NOT_USED, CME_STREAM_NOT_USED},
        {CALL_STREAM_ACTIVE, CME_STREAM_ACTIVE},
        {CALL_STREAM_INACTIVE, CME_STREAM_INACTIVE},
        {CALL_CAUSE_UNKNOWN, CMC_UNKNOWN},
        {CALL_CAUSE_BAD_DEVICE, CMC_BAD_DEVICE},
        {CALL_CAUSE_CONNECT_FAIL, CMC_CONNECT_FAIL},
        {CALL_CAUSE_LOCAL_REQUEST, CMC_LOCAL_REQUEST},
        {CALL_CAUSE_REMOTE_REQUEST, CMC_REMOTE_REQUEST},
        {CALL_CAUSE_MEDIA_TIMEOUT, CMC_MEDIA_TIMEOUT},
        {CALL_CAUSE_MEDIA_RECOVERED, CMC_MEDIA_RECOVERED},
        {CALL_CAUSE_QUALITY_OF_SERVICE, CMC_QUALITY_OF_SERVICE},
    };

    for (int i = 0; i < 14; i++) {
        ck_assert_int_eq(pairs[i][0], pairs[i][1]);
        ck_assert_int_eq(pairs[i][0], i < 6 ? i : i - 6);
    }
}
END_TEST

/* ---- as delivered ---------------------------------------------------------------------------- */

static DWORD dword_at(const BYTE *bytes, size_t at)
{
    DWORD value;

    memcpy(&value, bytes + at, sizeof(value));
    return value;
}

static void *pointer_at(const BYTE *bytes, size_t at)
{
    void *value;

    memcpy(&value, bytes + at, sizeof(value));
    return value;
}

static void expect_zero(const BYTE *bytes, size_t from, size_t to)
{
    for (; from < to; from++)
        ck_assert_msg(!bytes[from], "byte %u of the padding is 0x%02x", (unsigned)from,
                      bytes[from]);
}

/* The next event, over bytes that were something else before. */
static DWORD next(struct host *host, BYTE *bytes, DWORD room)
{
    DWORD size = room;

    memset(bytes, 0xA5, room);
    ck_assert_hr(host->address->lpVtbl->GetEvent(host->address, &size, bytes), S_OK);
    ck_assert_uint_eq(dword_at(bytes, 0), size);
    ck_assert_uint_eq(bytes[size], 0xA5); /* nothing behind it */
    return size;
}

START_TEST(what_is_delivered_lies_at_these_offsets)
{
    struct host *host = host_open(false);
    struct host_call *call = host_call_open(host, TAPIMEDIATYPE_AUDIO);
    struct host_file recorder;
    ITFileTrack *track;
    BSTR peer = SysAllocString(L"127.0.0.1:30988");
    BYTE bytes[256];
    DWORD size;

    /* TSP data: magic and type of an answer, right behind its length. */
    host_send(call, OMSP_TSP_QUERY_SID, NULL, 0);
    size = next(host, bytes, sizeof(bytes));
    ck_assert_uint_eq(dword_at(bytes, 4), 2);
    ck_assert_ptr_eq(pointer_at(bytes, 8), (void *)call->token);
    ck_assert_uint_eq(dword_at(bytes, OF(12, 16)), 52);
    ck_assert_uint_eq(size, OF(16, 20) + 52);
    ck_assert_uint_eq(dword_at(bytes, OF(16, 20)), OMSP_TSP_MAGIC);

    /* A call event. */
    host_recorder(host, L"layout.wav", &recorder);
    ck_assert_hr(ITStream_SelectTerminal(call->streams[HOST_RENDER], recorder.track), S_OK);
    ck_assert_hr(IOpenMSPCall_SetPeer(call->open, peer, 0), S_OK);
    size = next(host, bytes, sizeof(bytes));
    ck_assert_uint_eq(size, OF(32, 48));
    ck_assert_uint_eq(dword_at(bytes, 4), 1);
    ck_assert_ptr_eq(pointer_at(bytes, 8), (void *)call->token);
    ck_assert_uint_eq(dword_at(bytes, OF(12, 16)), 4); /* CALL_STREAM_ACTIVE */
    ck_assert_uint_eq(dword_at(bytes, OF(16, 20)), 3); /* LOCAL_REQUEST */
    ck_assert_ptr_eq(pointer_at(bytes, OF(20, 24)), call->streams[HOST_RENDER]);
    ck_assert_ptr_eq(pointer_at(bytes, OF(24, 32)), recorder.track);
    ck_assert_uint_eq(dword_at(bytes, OF(28, 40)), 0);
    expect_zero(bytes, OF(32, 44), OF(32, 48));
    kit_release(pointer_at(bytes, OF(20, 24)));
    kit_release(pointer_at(bytes, OF(24, 32)));

    /* A file event. */
    ck_assert_hr(ITMediaControl_Start(recorder.control), S_OK);
    size = next(host, bytes, sizeof(bytes));
    ck_assert_uint_eq(size, OF(32, 48));
    ck_assert_uint_eq(dword_at(bytes, 4), 6);
    ck_assert_ptr_eq(pointer_at(bytes, 8), (void *)call->token);
    ck_assert_ptr_eq(pointer_at(bytes, OF(12, 16)), recorder.terminal);
    track = kit_query(recorder.track, &IID_ITFileTrack);
    ck_assert_ptr_eq(pointer_at(bytes, OF(16, 24)), track);
    kit_release(track);
    ck_assert_uint_eq(dword_at(bytes, OF(20, 32)), TMS_ACTIVE);
    ck_assert_uint_eq(dword_at(bytes, OF(24, 36)), FTEC_NORMAL);
    ck_assert_uint_eq(dword_at(bytes, OF(28, 40)), 0);
    expect_zero(bytes, OF(32, 44), OF(32, 48));
    kit_release(pointer_at(bytes, OF(12, 16)));
    kit_release(pointer_at(bytes, OF(16, 24)));

    SysFreeString(peer);
    host_file_close(&recorder);
    host_call_close(call);
    host_close(host);
}
END_TEST

OMSP_SUITE("event-layout", TEST(the_structure_is_the_contracts),
           TEST(numbers_of_the_msp_and_of_tapi_are_the_same),
           TEST(what_is_delivered_lies_at_these_offsets))
