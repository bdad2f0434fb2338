/*
 * A TAPI 3 application in C++ (cpp/client.cpp) against the stand-in: it calls itself from one line
 * to the other, plays into the one call and records the other, and hears of all of it on its sink.
 */
#include "host/cpp/client.h"
#include "support/tapi.h"

#include <winsock2.h>

#include <stdlib.h>
#include <string.h>

#define SECONDS 2
#define SAMPLES (SECONDS * 8000)

#define ck_assert_ok(failure, expression)                                                          \
    ck_assert_msg((expression) && SUCCEEDED((failure).hr), "%s: 0x%08lx in line %d of the client", \
                  #expression, (unsigned long)(failure).hr, (failure).line)

/* Waits until what the client heard is so. */
#define await(client, heard, condition)                                                            \
    do {                                                                                           \
        ULONGLONG give_up_ = GetTickCount64() + TAPI_WAIT_MS;                                      \
        for (client_listen(client, &heard); !(condition); client_listen(client, &heard)) {         \
            ck_assert_msg(GetTickCount64() < give_up_, "in vain: %s", #condition);                 \
            Sleep(10);                                                                             \
        }                                                                                          \
    } while (0)

static DWORD WINAPI call_out(void *client)
{
    BSTR play = host_path(L"cpp-said.wav");
    BOOL ok = FALSE;

    if (SUCCEEDED(CoInitializeEx(NULL, COINIT_MULTITHREADED))) {
        ok = client_call(client, TAPI_LINE_B, play);
        CoUninitialize();
    }
    SysFreeString(play);
    return (DWORD)ok;
}

/* How much of what was said is in the recording, in one piece. */
static size_t heard_of(const short *said, size_t count, const short *recorded,
                       size_t recorded_count)
{
    size_t best = 0;

    for (size_t at = 0; at + 800 < recorded_count; at++) {
        size_t length = 0;

        while (length < count && at + length < recorded_count &&
               recorded[at + length] == said[length])
            length++;
        best = length > best ? length : best;
    }
    return best;
}

START_TEST(it_calls_answers_plays_records_and_hears_of_it)
{
    static short said[SAMPLES];
    struct client_failure failure;
    struct client_heard heard;
    struct client *client;
    LONG statics, streams, selected, calls;
    short *recorded;
    size_t count;
    HANDLE thread;
    BSTR record;
    DWORD called = FALSE;

    tapi_install();
    host_write_wav(L"cpp-said.wav", 31, SAMPLES, said);
    client = client_open(TAPI_LINE_B, &failure);
    ck_assert_ok(failure, client);
    thread = CreateThread(NULL, 0, call_out, client, 0, NULL);
    await(client, heard, heard.notifications == 1 && heard.offering == 1);
    record = host_path(L"cpp-heard.wav");
    ck_assert_ok(failure, client_answer(client, record));
    SysFreeString(record);
    ck_assert_uint_eq(WaitForSingleObject(thread, TAPI_WAIT_MS), WAIT_OBJECT_0);
    GetExitCodeThread(thread, &called);
    CloseHandle(thread);
    ck_assert_ok(failure, called);
    await(client, heard, heard.connected == 2 && heard.active == 2);
    ck_assert_ok(failure, client_start(client, FALSE));
    ck_assert_ok(failure, client_start(client, TRUE));
    await(client, heard, heard.playing == 1 && heard.recording == 1);
    await(client, heard, heard.played == 1); /* to its end */
    ck_assert_ok(failure, client_stop(client, FALSE));
    await(client, heard, heard.recorded == 1);
    ck_assert_ok(failure, client_hang_up(client));
    await(client, heard, heard.disconnected == 2 && heard.inactive == 2);
    ck_assert_int_eq(heard.odd, 0);
    client_counted(client, &statics, &streams, &selected, &calls);
    ck_assert_int_ge(statics, 0);
    ck_assert_int_eq(streams, 4); /* audio in and out, of both calls */
    ck_assert_int_eq(selected, 2);
    ck_assert_int_eq(calls, 1);
    ck_assert_int_eq(client_close(client), 0);
    ck_assert_msg(tapi_remove(), "%ld objects are left", (long)tapi_objects());

    recorded = host_read_wav(L"cpp-heard.wav", &count);
    ck_assert_uint_ge(heard_of(said, SAMPLES, recorded, count), SAMPLES * 9 / 10);
    free(recorded);
    for (int i = 0; i < 2; i++) {
        BSTR path = host_path(i ? L"cpp-heard.wav" : L"cpp-said.wav");

        DeleteFileW(path);
        SysFreeString(path);
    }
}
END_TEST

/* A phone at the far end presses a key: RTP's telephone-event, and its end. */
static void press(SOCKET phone, unsigned port, unsigned digit, unsigned number)
{
    struct sockaddr_in there = {.sin_family = AF_INET, .sin_port = htons((u_short)port)};

    there.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    for (unsigned i = 0; i < 5; i++) {
        unsigned char packet[16] = {0x80, 101};
        unsigned duration = (i + 1) * 160;

        packet[1] |= i ? 0 : 0x80;
        packet[3] = (unsigned char)(number * 5 + i + 1); /* sequence */
        packet[6] = (unsigned char)(number * 8 + 1);     /* a timestamp for each event */
        packet[11] = 77;                                 /* SSRC */
        packet[12] = (unsigned char)digit;
        packet[13] = (unsigned char)(10 | (i > 2 ? 0x80 : 0));
        packet[14] = (unsigned char)(duration >> 8), packet[15] = (unsigned char)duration;
        ck_assert_int_eq(
            sendto(phone, (char *)packet, 16, 0, (struct sockaddr *)&there, sizeof(there)), 16);
    }
}

START_TEST(digits_reach_its_sink_as_private_events)
{
    struct sockaddr_in here = {.sin_family = AF_INET, .sin_port = htons(30962)};
    struct client_failure failure;
    struct client_heard heard;
    struct client *client;
    WSADATA sockets;
    SOCKET phone;
    unsigned port;
    BSTR play;

    ck_assert_int_eq(WSAStartup(MAKEWORD(2, 2), &sockets), 0);
    tapi_install();
    host_write_wav(L"cpp-said.wav", 31, 1600, NULL);
    play = host_path(L"cpp-said.wav");
    client = client_open(TAPI_LINE_A, &failure);
    ck_assert_ok(failure, client);
    ck_assert_ok(failure, client_call(client, L"127.0.0.1:30962", play));
    here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    phone = socket(AF_INET, SOCK_DGRAM, 0);
    ck_assert_int_eq(bind(phone, (struct sockaddr *)&here, sizeof(here)), 0);
    port = tapi_media_port(client_outgoing(client));
    press(phone, port, 4, 0);
    press(phone, port, 10, 1);
    await(client, heard, heard.private_events == 2);
    ck_assert(!wcscmp(heard.digits, L"4*"));
    ck_assert_int_eq(heard.odd, 0);
    closesocket(phone);
    ck_assert_ok(failure, client_hang_up(client));
    await(client, heard, heard.disconnected == 1);
    ck_assert_int_eq(client_close(client), 0);
    ck_assert_msg(tapi_remove(), "%ld objects are left", (long)tapi_objects());
    DeleteFileW(play);
    SysFreeString(play);
    WSACleanup();
}
END_TEST

OMSP_SUITE("tapi cpp", TEST(it_calls_answers_plays_records_and_hears_of_it),
           TEST(digits_reach_its_sink_as_private_events))
