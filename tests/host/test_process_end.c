/*
 * The module's and the process's end, at any moment: loaded and unloaded hundreds of times with
 * calls up, and processes that exit in each of the ways that there are while calls carry media and
 * a media stream waits for its consumer. The processes are this program itself, started again with
 * what to do as its argument; they end with the code that they gave and leave nobody waiting.
 */
#include <winsock2.h>

#include "support/far_ports.h"
#include "support/host.h"
#include "support/process_use.h"
#include "support/rest_client.h"
#include "support/stacks.h"

#include <stdlib.h>
#include <string.h>

#define LIVES    100 /* or $OMSP_LIVES */
#define EXIT_BY  42
#define PER_WAY  2
#define MOMENTS  8 /* or $OMSP_MOMENTS */
#define CLIENTS  2
#define REQUESTS 20 /* answered before the end */

/* ---- loading and unloading ------------------------------------------------------------------- */

typedef HRESULT(STDMETHODCALLTYPE *get_class_fn)(REFCLSID, REFIID, void **);
typedef HRESULT(STDMETHODCALLTYPE *plain_fn)(void);

static ITMSPAddress *make_address(HMODULE module, HANDLE event)
{
    get_class_fn get_class = (get_class_fn)(void *)GetProcAddress(module, "DllGetClassObject");
    IClassFactory *factory = NULL;
    ITMSPAddress *address = NULL;

    ck_assert_hr(get_class(&CLSID_OpenMSPAddress, &IID_IClassFactory, (void **)&factory), S_OK);
    ck_assert_hr(IClassFactory_CreateInstance(factory, NULL, &IID_ITMSPAddress, (void **)&address),
                 S_OK);
    kit_release(factory);
    ck_assert_hr(address->lpVtbl->Initialize(address, (MSP_HANDLE)event), S_OK);
    return address;
}

static IUnknown *make_call(ITMSPAddress *address, struct outer *outer)
{
    BSTR peer = SysAllocString(L"127.0.0.1:30990");
    IOpenMSPCall *open;

    outer_init(outer);
    ck_assert_hr(address->lpVtbl->CreateMSPCall(address, (MSP_HANDLE)7, 0, TAPIMEDIATYPE_AUDIO,
                                                &outer->iface, &outer->inner),
                 S_OK);
    open = kit_query(&outer->iface, &IID_IOpenMSPCall);
    ck_assert_hr(IOpenMSPCall_SetPeer(open, peer, 0), S_OK);
    kit_release(open);
    SysFreeString(peer);
    return outer->inner;
}

START_TEST(a_hundred_lives_of_the_module_and_a_thousand_loads_with_a_call_up)
{
    const char *text = getenv("OMSP_LIVES");
    int lives = text ? atoi(text) : LIVES;
    HANDLE event = kit_event();
    struct process_use before = {0, 0, 0}, after;
    WCHAR path[1200];

    CoInitializeEx(NULL, COINIT_MULTITHREADED);
    dll_beside(L"openmsp.dll", path, sizeof(path) / sizeof(path[0]));
    for (int life = 0; life < lives; life++) {
        HMODULE module = LoadLibraryW(path);
        ULONGLONG give_up = GetTickCount64() + HOST_WAIT_MS;
        plain_fn can_unload;
        ITMSPAddress *address;
        struct outer outer;
        IUnknown *call;

        ck_assert_ptr_nonnull(module);
        can_unload = (plain_fn)(void *)GetProcAddress(module, "DllCanUnloadNow");
        ck_assert_hr(can_unload(), S_OK);
        address = make_address(module, event);
        call = make_call(address, &outer);
        for (int i = 0; i < 10; i++) {
            ck_assert_ptr_eq(LoadLibraryW(path), module);
            ck_assert_hr(can_unload(), S_FALSE);
            ck_assert(FreeLibrary(module));
        }
        if (life % 3 == 0)
            ck_assert_hr(address->lpVtbl->ShutdownMSPCall(address, call), S_OK);
        if (life % 3 < 2)
            ck_assert_hr(address->lpVtbl->Shutdown(address), S_OK);
        /* else nothing but releases */
        kit_release(call);
        ck_assert_int_eq(outer.refs, 1);
        ck_assert_uint_eq(kit_release(address), 0);
        ck_assert_hr(can_unload(), S_OK);
        ck_assert(FreeLibrary(module));
        while (GetModuleHandleW(L"openmsp.dll") && GetTickCount64() < give_up)
            SwitchToThread();
        ck_assert_ptr_null(GetModuleHandleW(L"openmsp.dll"));
        if (life == lives / 4) /* the system's own are all there by then */
            process_use_now(&before);
    }
    ck_assert_msg(process_use_returns(&before, HOST_WAIT_MS, &after),
                  "threads %u -> %u, handles %u -> %u", before.threads, after.threads,
                  before.handles, after.handles);
    CoUninitialize();
    CloseHandle(event);
}
END_TEST

/* ---- a process that ends --------------------------------------------------------------------- */

static DWORD WINAPI exit_now(void *arg)
{
    (void)arg;
    ExitProcess(EXIT_BY);
}

static DWORD WINAPI knock(void *arg)
{
    while (rest_client_step(arg))
        ;
    return 0;
}

/* Clients that ask until there is nobody to ask any more. Returns when some answers came. */
static void ask_by_rest(struct host *host, struct host_call *call)
{
    static struct rest_client clients[CLIENTS];
    BSTR account = SysAllocString(L"" REST_ACCOUNT), token = SysAllocString(L"" REST_TOKEN);
    BSTR listen = SysAllocString(L"127.0.0.1:0"), url = NULL, sid = NULL;

    ck_assert_hr(
        IOpenMSPAddress_ConfigureMediaStreams(host->open, account, token, NULL, VARIANT_FALSE),
        S_OK);
    ck_assert_hr(IOpenMSPAddress_StartRest(host->open, listen, NULL, OPENMSP_REST_EXTENSIONS, &url),
                 S_OK);
    ck_assert_hr(IOpenMSPCall_get_Sid(call->open, &sid), S_OK);
    for (int i = 0; i < CLIENTS; i++) {
        clients[i].seed = (uint32_t)(31 * i + 1);
        snprintf(clients[i].address, sizeof(clients[i].address), "%ls", url + 7);
        strcpy(clients[i].consumer, "ws%3A%2F%2F127.0.0.1%3A30999%2Fx");
        for (int k = 0; k < 3; k++)
            snprintf(clients[i].sids[k], sizeof(clients[i].sids[k]), "%ls", sid);
        CloseHandle(CreateThread(NULL, 0, knock, &clients[i], 0, NULL));
    }
    for (int i = 0; i < CLIENTS; i++)
        while (*(volatile unsigned *)&clients[i].asked < REQUESTS)
            SwitchToThread();
    SysFreeString(account);
    SysFreeString(token);
    SysFreeString(listen);
    SysFreeString(url);
    SysFreeString(sid);
}

/* Set once the consumer has the media stream's connection. */
static HANDLE connected_event(int port)
{
    WCHAR name[64];
    HANDLE event;

    _snwprintf(name, 63, L"omsp-process-end-%d", port);
    event = CreateEventW(NULL, TRUE, FALSE, name);
    ck_assert_ptr_nonnull(event);
    return event;
}

/* The child: two calls with media between them, a media stream to the parent's port, REST requests
 * if told, then the end, in the way told, after `steps` more steps. */
static int child(const char *way, int port, int steps, bool rest)
{
    struct host *host = host_open(true);
    struct host_call *a = host_call_open(host, TAPIMEDIATYPE_AUDIO);
    struct host_call *b = host_call_open(host, TAPIMEDIATYPE_AUDIO);
    struct host_file player, recorder;
    IOpenMSPMediaStream *stream = NULL;
    unsigned long long frames;
    WCHAR text[64];
    VARIANT none;
    BSTR url;

    host_write_wav(L"end.wav", 6, 80000, NULL);
    host_player(host, L"end.wav", &player);
    host_recorder(host, L"end-heard.wav", &recorder);
    host_configure(a, 20, 0);
    host_configure(b, 20, 0);
    host_connect(a, b);
    ck_assert_hr(ITStream_SelectTerminal(a->streams[HOST_CAPTURE], player.track), S_OK);
    ck_assert_hr(ITStream_SelectTerminal(b->streams[HOST_RENDER], recorder.track), S_OK);
    ck_assert_hr(ITMediaControl_Start(recorder.control), S_OK);
    ck_assert_hr(ITMediaControl_Start(player.control), S_OK);
    if (rest)
        ask_by_rest(host, a); /* the parent is b's consumer */
    VariantInit(&none);
    _snwprintf(text, 63, L"ws://127.0.0.1:%d/x", port);
    url = SysAllocString(text);
    ck_assert_hr(
        IOpenMSPCall_CreateMediaStream(b->open, url, NULL, NULL, none, NULL, NULL, &stream), S_OK);
    do {
        struct omsp_tsp_stats stats = host_stats(b);

        frames = HOST_COUNT(stats.frames_recorded);
    } while (frames < 3);
    ck_assert_uint_eq(WaitForSingleObject(connected_event(port), HOST_WAIT_MS), WAIT_OBJECT_0);
    for (int i = 0; i < steps; i++) {
        ck_assert_hr(ITStream_StopStream(b->streams[HOST_RENDER]), S_OK);
        ck_assert_hr(ITStream_StartStream(b->streams[HOST_RENDER]), S_OK);
    }
    if (!strcmp(way, "exit"))
        ExitProcess(EXIT_BY);
    if (!strcmp(way, "terminate"))
        TerminateProcess(GetCurrentProcess(), EXIT_BY);
    if (!strcmp(way, "elsewhere")) {
        CloseHandle(CreateThread(NULL, 0, exit_now, NULL, 0, NULL));
        for (;;) { /* in the middle of whatever */
            ITStream_StopStream(b->streams[HOST_RENDER]);
            ITStream_StartStream(b->streams[HOST_RENDER]);
        }
    }
    return EXIT_BY; /* from main */
}

/* ---- at any moment --------------------------------------------------------------------------- */

struct moment {
    int ms; /* from the beginning */
    const char *way;
};

static DWORD WINAPI end_then(void *arg)
{
    const struct moment *moment = arg;

    Sleep((DWORD)moment->ms); /* what is measured is time: any moment will do */
    if (!strcmp(moment->way, "terminate"))
        TerminateProcess(GetCurrentProcess(), EXIT_BY);
    ExitProcess(EXIT_BY);
}

/* The child: loads the DLL, opens, connects, plays and records, dials a consumer by TLS and one
 * that only listens, starts and stops streams, goes down, again and again, until another thread
 * ends it. */
static _Noreturn void live(const char *way, int ms, int watch, int wss)
{
    static struct moment moment;
    WCHAR text[64];
    VARIANT none;

    moment.ms = ms;
    moment.way = way;
    VariantInit(&none);
    CloseHandle(CreateThread(NULL, 0, end_then, &moment, 0, NULL));
    for (;;) {
        struct host *host = host_open(true);
        struct host_call *a = host_call_open(host, TAPIMEDIATYPE_AUDIO);
        struct host_call *b = host_call_open(host, TAPIMEDIATYPE_AUDIO);
        struct host_file player, recorder;

        host_write_wav(L"end.wav", 6, 8000, NULL);
        host_player(host, L"end.wav", &player);
        host_recorder(host, L"end-heard.wav", &recorder);
        host_connect(a, b);
        ITStream_SelectTerminal(a->streams[HOST_CAPTURE], player.track);
        ITStream_SelectTerminal(b->streams[HOST_RENDER], recorder.track);
        ITMediaControl_Start(recorder.control);
        ITMediaControl_Start(player.control);
        for (int i = 0; i < 4; i++) {
            IOpenMSPMediaStream *stream = NULL;
            BSTR url;

            _snwprintf(text, 63, i % 2 ? L"ws://127.0.0.1:%d/x" : L"wss://localhost:%d/x",
                       i % 2 ? watch : wss);
            url = SysAllocString(text);
            IOpenMSPCall_CreateMediaStream(b->open, url, NULL, NULL, none, NULL, NULL, &stream);
            SysFreeString(url);
            kit_release(stream);
        }
        for (int i = 0; i < 20; i++) {
            ITStream_StopStream(b->streams[HOST_RENDER]);
            ITStream_StartStream(b->streams[HOST_RENDER]);
        }
        ITMediaControl_Stop(recorder.control);
        host_file_close(&player);
        host_file_close(&recorder);
        host_call_close(a);
        host_call_close(b);
        host_close(host);
    }
}

/* It ends, or says where it is. What hangs in Wine alone is helped to its end. */
static void expect_end_of(const PROCESS_INFORMATION *process, const char *way, int ms)
{
    bool ended = WaitForSingleObject(process->hProcess, HOST_WAIT_MS) == WAIT_OBJECT_0;
    bool wine = !ended && omsp_stacks_hangs_in_wine(process->dwProcessId);

    if (!ended) {
        printf("%s after %d ms hangs: where its threads are\n", way, ms);
        omsp_stacks_print_other(stdout, process->dwProcessId);
    }
    if (wine) {
        printf("that is Wine's: its last thread waits for a lock of one that is gone\n");
        TerminateProcess(process->hProcess, EXIT_BY);
        ended = WaitForSingleObject(process->hProcess, HOST_WAIT_MS) == WAIT_OBJECT_0;
    }
    ck_assert_msg(ended, "%s after %d ms hangs", way, ms);
}

START_TEST(a_process_ends_at_any_moment)
{
    const char *text = getenv("OMSP_MOMENTS");
    int moments = text ? atoi(text) : MOMENTS, watch = far_port("watch"), wss = far_port("wss");
    WCHAR self[1024], command[1200], path[MAX_PATH + 64];

    ck_assert_uint_lt(GetModuleFileNameW(NULL, self, 1024), 1024);
    srand(GetTickCount());
    for (int i = 0; i < moments; i++) {
        STARTUPINFOW startup = {.cb = sizeof(startup)};
        const char *way = i % 3 == 2 ? "terminate" : "exit";
        PROCESS_INFORMATION process;
        int ms = rand() % (i % 2 ? 2000 : 300);
        DWORD code = 0, length;

        _snwprintf(command, 1199, L"\"%ls\" --live %hs %d %d %d", self, way, ms, watch, wss);
        ck_assert(
            CreateProcessW(self, command, NULL, NULL, FALSE, 0, NULL, NULL, &startup, &process));
        expect_end_of(&process, way, ms);
        ck_assert(GetExitCodeProcess(process.hProcess, &code));
        ck_assert_msg(code == EXIT_BY, "%s after %d ms: code %lu", way, ms, code);
        length = GetTempPathW(MAX_PATH, path);
        _snwprintf(path + length, 63, L"omsp-host-%lu-end.wav", process.dwProcessId);
        DeleteFileW(path); /* if it came so far */
        _snwprintf(path + length, 63, L"omsp-host-%lu-end-heard.wav", process.dwProcessId);
        DeleteFileW(path);
        CloseHandle(process.hThread);
        CloseHandle(process.hProcess);
    }
}
END_TEST

/* What the native far end (tests/tools/tls_far.c) knows of its connections: it judges the end, for
 * Wine's server now and then keeps the socket of a process that is gone, for as long as it runs
 * itself: then the consumer is not told, and the far end sees that nobody else has it. */
static void watcher_counts(unsigned *came, unsigned *ended)
{
    unsigned kept;

    struct sockaddr_in addr = {.sin_family = AF_INET, .sin_port = htons(far_port("counts"))};
    SOCKET line = socket(AF_INET, SOCK_STREAM, 0);
    char text[64] = "";
    int have = 0, got;

    addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ck_assert_int_eq(connect(line, (struct sockaddr *)&addr, sizeof(addr)), 0);
    while (!strchr(text, '\n') && (got = recv(line, text + have, 63 - have, 0)) > 0)
        have += got;
    closesocket(line);
    ck_assert_int_eq(sscanf(text, "%u %u %u", came, ended, &kept), 3);
    *ended += kept;
}

/* ended: negative: whatever. A process that lives may leave its socket to Wine's server, too. */
static void expect_counts(unsigned came, long ended, const char *what)
{
    ULONGLONG give_up = GetTickCount64() + HOST_WAIT_MS;
    unsigned now_came, now_ended;

    do {
        watcher_counts(&now_came, &now_ended);
        ck_assert_msg(GetTickCount64() < give_up, "%s: %u came, %u ended", what, now_came,
                      now_ended);
        SwitchToThread();
    } while (now_came != came || (ended >= 0 && now_ended != (unsigned)ended));
}

static void expect_process(const char *way, PROCESS_INFORMATION *process)
{
    DWORD code = 0, length;
    WCHAR path[MAX_PATH + 64];

    expect_end_of(process, way, 0);
    ck_assert(GetExitCodeProcess(process->hProcess, &code));
    ck_assert_msg(code == EXIT_BY, "%s: code %lu", way, code);
    length = GetTempPathW(MAX_PATH, path);
    _snwprintf(path + length, 63, L"omsp-host-%lu-end.wav", process->dwProcessId);
    ck_assert(DeleteFileW(path));
    _snwprintf(path + length, 63, L"omsp-host-%lu-end-heard.wav", process->dwProcessId);
    ck_assert(DeleteFileW(path));
    CloseHandle(process->hThread);
    CloseHandle(process->hProcess);
}

static void expect_ends(const char *way, int rest)
{
    WCHAR self[1024], command[1200];
    int port = far_port("watch");

    ck_assert_uint_lt(GetModuleFileNameW(NULL, self, 1024), 1024);
    for (int i = 0; i < PER_WAY; i++) {
        STARTUPINFOW startup = {.cb = sizeof(startup)};
        HANDLE connected = connected_event(port);
        PROCESS_INFORMATION process;
        unsigned came, ended;

        watcher_counts(&came, &ended);
        _snwprintf(command, 1199, L"\"%ls\" --end %hs %d %d %d", self, way, port, i * 13, rest);
        ck_assert(
            CreateProcessW(self, command, NULL, NULL, FALSE, 0, NULL, NULL, &startup, &process));
        expect_counts(came + 1, -1, "the media stream");
        SetEvent(connected);
        expect_process(way, &process);
        expect_counts(came + 1, (long)ended + 1, way);
        CloseHandle(connected);
    }
}

START_TEST(exit_process_with_calls_up)
{
    expect_ends("exit", 0);
}
END_TEST

START_TEST(exit_process_on_a_thread_while_another_is_inside)
{
    expect_ends("elsewhere", 0);
}
END_TEST

START_TEST(return_from_main_with_calls_up)
{
    expect_ends("return", 0);
}
END_TEST

START_TEST(terminate_process_with_calls_up)
{
    expect_ends("terminate", 0);
}
END_TEST

START_TEST(every_end_while_rest_requests_are_under_way)
{
    expect_ends("exit", 1);
    expect_ends("elsewhere", 1);
    expect_ends("return", 1);
    expect_ends("terminate", 1);
}
END_TEST

int main(int argc, char **argv)
{
    static const struct omsp_test_entry entries[] = {
        TEST(a_hundred_lives_of_the_module_and_a_thousand_loads_with_a_call_up),
        TEST(exit_process_with_calls_up),
        TEST(exit_process_on_a_thread_while_another_is_inside),
        TEST(return_from_main_with_calls_up),
        TEST(terminate_process_with_calls_up),
        TEST(every_end_while_rest_requests_are_under_way),
        TEST(a_process_ends_at_any_moment)};
    WSADATA sockets;

    if (WSAStartup(MAKEWORD(2, 2), &sockets))
        return 1;
    if (argc == 6 && !strcmp(argv[1], "--end"))
        return child(argv[2], atoi(argv[3]), atoi(argv[4]), atoi(argv[5]));
    if (argc == 6 && !strcmp(argv[1], "--live"))
        live(argv[2], atoi(argv[3]), atoi(argv[4]), atoi(argv[5]));
    return omsp_suite_run("process-end", entries, sizeof(entries) / sizeof(entries[0]));
}
