/*
 * The module's and the process's end, at any moment: loaded and unloaded hundreds of times with
 * calls up, and processes that exit in each of the ways that there are while calls carry media and
 * a media stream waits for its consumer. The processes are this program itself, started again with
 * what to do as its argument; they end with the code that they gave and leave nobody waiting.
 */
#include <winsock2.h>

#include "support/host.h"

#include <stdlib.h>
#include <string.h>

#define LIVES    100
#define EXIT_BY  42
#define PER_WAY  2
#define MIN_PORT 30900
#define MAX_PORT 30980

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
    HANDLE event = kit_event();
    WCHAR path[1200];

    CoInitializeEx(NULL, COINIT_MULTITHREADED);
    dll_beside(L"openmsp.dll", path, sizeof(path) / sizeof(path[0]));
    for (int life = 0; life < LIVES; life++) {
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
    }
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

/* The child: two calls with media between them, a media stream to the parent's port, then the end,
 * in the way told, after `steps` more steps. */
static int child(const char *way, int port, int steps)
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
    VariantInit(&none);
    _snwprintf(text, 63, L"ws://127.0.0.1:%d/x", port);
    url = SysAllocString(text);
    ck_assert_hr(
        IOpenMSPCall_CreateMediaStream(b->open, url, NULL, NULL, none, NULL, NULL, &stream), S_OK);
    do {
        struct omsp_tsp_stats stats = host_stats(b);

        frames = HOST_COUNT(stats.frames_recorded);
    } while (frames < 3);
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

/* A port below the ephemeral ones that takes connections; the media stream's consumer. */
static SOCKET consumer(int *port)
{
    SOCKET listener = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in addr = {.sin_family = AF_INET};

    ck_assert(listener != INVALID_SOCKET);
    addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    for (*port = MIN_PORT; *port < MAX_PORT; ++*port) {
        addr.sin_port = htons((u_short)*port);
        if (!bind(listener, (struct sockaddr *)&addr, sizeof(addr)))
            break;
    }
    ck_assert_int_lt(*port, MAX_PORT);
    ck_assert_int_eq(listen(listener, 4), 0);
    return listener;
}

/* Reads to the end of the connection; the peer must be told within the bound. */
static void expect_end(SOCKET socket)
{
    DWORD bound = HOST_WAIT_MS;
    char bytes[1024];
    int got;

    ck_assert_int_eq(
        setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, (const char *)&bound, sizeof(bound)), 0);
    do
        got = recv(socket, bytes, sizeof(bytes), 0);
    while (got > 0);
    ck_assert_msg(got == 0 || WSAGetLastError() != WSAETIMEDOUT, "the consumer was not told");
}

static void expect_ends(const char *way)
{
    WCHAR self[1024], command[1200];

    ck_assert_uint_lt(GetModuleFileNameW(NULL, self, 1024), 1024);
    for (int i = 0; i < PER_WAY; i++) {
        STARTUPINFOW startup = {.cb = sizeof(startup)};
        PROCESS_INFORMATION process;
        DWORD code = 0;
        WCHAR path[MAX_PATH + 64];
        SOCKET listener, peer;
        fd_set ready;
        struct timeval wait = {HOST_WAIT_MS / 1000, 0};
        DWORD length;
        int port;

        listener = consumer(&port);
        _snwprintf(command, 1199, L"\"%ls\" --end %hs %d %d", self, way, port, i * 13);
        ck_assert(
            CreateProcessW(self, command, NULL, NULL, FALSE, 0, NULL, NULL, &startup, &process));
        FD_ZERO(&ready);
        FD_SET(listener, &ready);
        ck_assert_int_eq(select(0, &ready, NULL, NULL, &wait), 1);
        peer = accept(listener, NULL, NULL);
        ck_assert(peer != INVALID_SOCKET);
        ck_assert_msg(WaitForSingleObject(process.hProcess, HOST_WAIT_MS) == WAIT_OBJECT_0,
                      "%s hangs", way);
        ck_assert(GetExitCodeProcess(process.hProcess, &code));
        ck_assert_msg(code == EXIT_BY, "%s: code %lu", way, code);
        expect_end(peer);
        closesocket(peer);
        closesocket(listener);
        length = GetTempPathW(MAX_PATH, path);
        _snwprintf(path + length, 63, L"omsp-host-%lu-end.wav", process.dwProcessId);
        ck_assert(DeleteFileW(path));
        _snwprintf(path + length, 63, L"omsp-host-%lu-end-heard.wav", process.dwProcessId);
        ck_assert(DeleteFileW(path));
        CloseHandle(process.hThread);
        CloseHandle(process.hProcess);
    }
}

START_TEST(exit_process_with_calls_up)
{
    expect_ends("exit");
}
END_TEST

START_TEST(exit_process_on_a_thread_while_another_is_inside)
{
    expect_ends("elsewhere");
}
END_TEST

START_TEST(return_from_main_with_calls_up)
{
    expect_ends("return");
}
END_TEST

START_TEST(terminate_process_with_calls_up)
{
    expect_ends("terminate");
}
END_TEST

int main(int argc, char **argv)
{
    static const struct omsp_test_entry entries[] = {
        TEST(a_hundred_lives_of_the_module_and_a_thousand_loads_with_a_call_up),
        TEST(exit_process_with_calls_up), TEST(exit_process_on_a_thread_while_another_is_inside),
        TEST(return_from_main_with_calls_up), TEST(terminate_process_with_calls_up)};
    WSADATA sockets;

    if (argc == 5 && !strcmp(argv[1], "--end"))
        return child(argv[2], atoi(argv[3]), atoi(argv[4]));
    if (WSAStartup(MAKEWORD(2, 2), &sockets))
        return 1;
    return omsp_suite_run("process-end", entries, sizeof(entries) / sizeof(entries[0]));
}
