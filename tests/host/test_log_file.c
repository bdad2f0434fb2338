/*
 * The log that an administrator asks for: where it comes from, what is in it, what never is, and
 * what becomes of it when it is full, cannot be written, or the process ends. The module is loaded
 * anew for each, because it reads the settings once; the process that ends is this program, started
 * again.
 */
#include <winsock2.h>

#include "support/host.h"

#include <stdlib.h>
#include <string.h>

#define KEY      "WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz" /* RFC 4568's own example */
#define LOG_ROOM (256 * 1024)

typedef HRESULT(STDMETHODCALLTYPE *get_class_fn)(REFCLSID, REFIID, void **);

static WCHAR path[600], old_path[610];
static char text[LOG_ROOM];

static const char offer[] =
    "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
    "m=audio 30986 RTP/SAVP 8\r\n"
    "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:" KEY "\r\n";

static void fresh(void)
{
    WCHAR folder[500];

    ck_assert_uint_gt(GetTempPathW(500, folder), 0);
    _snwprintf(path, 600, L"%lsopenmsp \u00e4 %lu.log", folder, GetCurrentProcessId());
    _snwprintf(old_path, 610, L"%ls.1", path);
    DeleteFileW(path);
    DeleteFileW(old_path);
    SetEnvironmentVariableW(L"OPENMSP_LOG", path);
    SetEnvironmentVariableW(L"OPENMSP_LOG_LEVEL", NULL);
    SetEnvironmentVariableW(L"OPENMSP_LOG_KIB", NULL);
}

/* The whole file as text; its size, -1: there is none. */
static int slurp(const WCHAR *name)
{
    HANDLE file = CreateFileW(name, GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_WRITE, NULL,
                              OPEN_EXISTING, 0, NULL);
    DWORD got = 0;

    text[0] = '\0';
    if (file == INVALID_HANDLE_VALUE)
        return -1;
    ck_assert(ReadFile(file, text, LOG_ROOM - 1, &got, NULL));
    CloseHandle(file);
    text[got] = '\0';
    return (int)got;
}

static BSTR wide(const char *narrow)
{
    int length = MultiByteToWideChar(CP_UTF8, 0, narrow, -1, NULL, 0);
    BSTR out = SysAllocStringLen(NULL, (UINT)length - 1);

    MultiByteToWideChar(CP_UTF8, 0, narrow, -1, out, length);
    return out;
}

/* A call that is made, hears an offer it takes and one that it refuses, and ends; `times` times. */
static void have_calls(HMODULE module, int times)
{
    get_class_fn get_class = (get_class_fn)(void *)GetProcAddress(module, "DllGetClassObject");
    BSTR good = wide(offer), bad = wide("v=1\r\nnonsense"), listen = wide("127.0.0.1:0");
    IClassFactory *factory;
    IOpenMSPAddress *address;
    IOpenMSPCall *call;

    ck_assert_hr(get_class(&CLSID_OpenMSPAddress, &IID_IClassFactory, (void **)&factory), S_OK);
    ck_assert_hr(
        IClassFactory_CreateInstance(factory, NULL, &IID_IOpenMSPAddress, (void **)&address), S_OK);
    ck_assert_hr(IOpenMSPAddress_Open(address), S_OK);
    while (times--) {
        ck_assert_hr(IOpenMSPAddress_CreateCall(address, TAPIMEDIATYPE_AUDIO, &call), S_OK);
        ck_assert_hr(IOpenMSPCall_Listen(call, listen), S_OK);
        ck_assert_hr(IOpenMSPCall_put_RemoteDescription(call, good), S_OK);
        ck_assert_hr(IOpenMSPCall_put_RemoteDescription(call, bad), E_INVALIDARG);
        ck_assert_hr(IOpenMSPCall_Close(call), S_OK);
        IOpenMSPCall_Release(call);
    }
    ck_assert_hr(IOpenMSPAddress_Close(address), S_OK);
    IOpenMSPAddress_Release(address);
    IClassFactory_Release(factory);
    SysFreeString(good);
    SysFreeString(bad);
    SysFreeString(listen);
}

static HMODULE load(void)
{
    WCHAR file[1200];

    dll_beside(L"openmsp.dll", file, sizeof(file) / sizeof(file[0]));
    return LoadLibraryW(file);
}

/* A life of the module in which these calls were had, to the end of its last line. */
static void live(int times)
{
    ULONGLONG give_up = GetTickCount64() + HOST_WAIT_MS;
    HMODULE module = load();

    ck_assert_ptr_nonnull(module);
    have_calls(module, times);
    ck_assert(FreeLibrary(module));
    while (GetModuleHandleW(L"openmsp.dll") && GetTickCount64() < give_up)
        SwitchToThread();
    ck_assert_ptr_null(GetModuleHandleW(L"openmsp.dll"));
}

/* Every line is a line: "2026-11-21T13:20:05.123Z 12.34 info CA…: …\r\n". */
static int count_lines(void)
{
    int lines = 0;

    for (char *at = text; *at; lines++) {
        char *end = strstr(at, "\r\n");
        int year, month, day, hour, minute, second, ms, used = 0;
        unsigned long process, thread;
        char level[16];

        ck_assert_ptr_nonnull(end);
        if (strncmp(at, "openmsp: ", 9)) {
            ck_assert_int_eq(sscanf(at, "%4d-%2d-%2dT%2d:%2d:%2d.%3dZ %lu.%lu %15s %n", &year,
                                    &month, &day, &hour, &minute, &second, &ms, &process, &thread,
                                    level, &used),
                             10);
            ck_assert_uint_eq(process, GetCurrentProcessId());
            ck_assert(used > 0 && at + used < end);
        }
        at = end + 2;
    }
    return lines;
}

START_TEST(a_call_leaves_its_story)
{
    fresh();
    live(1);
    ck_assert_int_gt(slurp(path), 0);
    ck_assert_int_ge(count_lines(), 4);
    ck_assert_ptr_nonnull(strstr(text, ": listens on 127.0.0.1:"));
    ck_assert_ptr_nonnull(strstr(text, ": connected to 127.0.0.1:30986, PCMA, 20 ms, SRTP"));
    ck_assert_ptr_nonnull(strstr(text, " warning CA"));
    ck_assert_ptr_nonnull(strstr(text, ": the remote description is refused: "));
    ck_assert_ptr_nonnull(strstr(text, ": ended; received 0, lost 0, late 0, rejected 0, sent "));
}
END_TEST

START_TEST(no_key_is_in_it)
{
    fresh();
    SetEnvironmentVariableW(L"OPENMSP_LOG_LEVEL", L"debug");
    live(1);
    ck_assert_int_gt(slurp(path), 0);
    ck_assert_ptr_null(strstr(text, KEY));
    ck_assert_ptr_null(strstr(text, "inline"));
}
END_TEST

START_TEST(nobody_asked_nothing_is_written)
{
    fresh();
    SetEnvironmentVariableW(L"OPENMSP_LOG", NULL);
    live(1);
    ck_assert_int_eq(slurp(path), -1);
}
END_TEST

START_TEST(lines_below_the_level_are_left_out)
{
    fresh();
    SetEnvironmentVariableW(L"OPENMSP_LOG_LEVEL", L"Warning");
    live(1);
    ck_assert_int_gt(slurp(path), 0);
    ck_assert_int_eq(count_lines(), 1); /* the refusal */
    ck_assert_ptr_null(strstr(text, " info "));

    fresh();
    SetEnvironmentVariableW(L"OPENMSP_LOG_LEVEL", L"error");
    live(1);
    ck_assert_int_eq(slurp(path), -1);
}
END_TEST

START_TEST(the_registry_says_so_too)
{
    HKEY key;

    fresh();
    SetEnvironmentVariableW(L"OPENMSP_LOG", NULL);
    ck_assert_int_eq(RegCreateKeyW(HKEY_LOCAL_MACHINE, L"Software\\OpenMSP", &key), 0);
    ck_assert_int_eq(RegSetValueExW(key, L"LogFile", 0, REG_SZ, (const BYTE *)path,
                                    (DWORD)(wcslen(path) + 1) * sizeof(WCHAR)),
                     0);
    ck_assert_int_eq(
        RegSetValueExW(key, L"LogLevel", 0, REG_SZ, (const BYTE *)L"warning", 8 * sizeof(WCHAR)),
        0);
    live(1);
    ck_assert_int_gt(slurp(path), 0);
    ck_assert_int_eq(count_lines(), 1);
    RegDeleteValueW(key, L"LogFile");
    RegDeleteValueW(key, L"LogLevel");
    RegCloseKey(key);
}
END_TEST

START_TEST(a_full_file_becomes_the_old_one)
{
    fresh();
    SetEnvironmentVariableW(L"OPENMSP_LOG_KIB", L"2");
    for (int life = 0; life < 12; life++)
        live(1);
    ck_assert_int_gt(slurp(old_path), 2 * 1024);
    ck_assert_int_gt(count_lines(), 0);
    ck_assert_int_lt(slurp(path), 4 * 1024);
}
END_TEST

/* A thread that has calls in a module of its own, as another process would. */
static DWORD WINAPI have_calls_there(void *module)
{
    CoInitializeEx(NULL, COINIT_MULTITHREADED);
    have_calls(module, 150);
    CoUninitialize();
    return 0;
}

static LONGLONG size_of(const WCHAR *name)
{
    WIN32_FILE_ATTRIBUTE_DATA data;

    return GetFileAttributesExW(name, GetFileExInfoStandard, &data)
               ? (LONGLONG)data.nFileSizeHigh << 32 | data.nFileSizeLow
               : -1;
}

START_TEST(of_many_who_find_it_full_one_moves_it)
{
    enum { MODULES = 3 };
    HMODULE modules[MODULES];
    HANDLE threads[MODULES];
    WCHAR copies[MODULES][700], folder[500];
    LONGLONG least = MAXLONGLONG;

    fresh();
    SetEnvironmentVariableW(L"OPENMSP_LOG_KIB", L"1");
    ck_assert_uint_gt(GetTempPathW(500, folder), 0);
    for (int i = 0; i < MODULES; i++) {
        WCHAR file[1200];

        dll_beside(L"openmsp.dll", file, sizeof(file) / sizeof(file[0]));
        _snwprintf(copies[i], 700, L"%lsopenmsp%lu-%d.dll", folder, GetCurrentProcessId(), i);
        ck_assert(CopyFileW(file, copies[i], FALSE));
        modules[i] = LoadLibraryW(copies[i]);
        ck_assert_ptr_nonnull(modules[i]);
    }
    for (int i = 0; i < MODULES; i++)
        threads[i] = CreateThread(NULL, 0, have_calls_there, modules[i], 0, NULL);
    while (WaitForMultipleObjects(MODULES, threads, TRUE, 0) == WAIT_TIMEOUT) {
        LONGLONG size = size_of(old_path);

        if (size >= 0 && size < least)
            least = size;
    }
    for (int i = 0; i < MODULES; i++) {
        CloseHandle(threads[i]);
        ck_assert(FreeLibrary(modules[i]));
        DeleteFileW(copies[i]); /* or its last lines are being written */
    }
    /* What was hardly begun is never the old one. */
    ck_assert_msg(least > 1024 && least < MAXLONGLONG, "one of %d bytes became the old one",
                  (int)least);
    ck_assert_int_gt(slurp(old_path), 1024);
    ck_assert_int_gt(count_lines(), 0);
}
END_TEST

START_TEST(what_cannot_be_written_harms_nobody)
{
    fresh();
    SetEnvironmentVariableW(L"OPENMSP_LOG", L"Z:\\no such folder\\openmsp.log");
    live(20);
}
END_TEST

START_TEST(of_more_lines_than_can_wait_the_lost_ones_are_counted)
{
    int lines, lost = 0;

    fresh();
    live(300); /* at least 1200 lines at once */
    ck_assert_int_gt(slurp(path), 0);
    lines = count_lines();
    for (const char *at = text; (at = strstr(at, "openmsp: ")); at++) {
        lost += atoi(at + 9);
        lines--;
    }
    ck_assert_int_ge(lines + lost, 1200);
    ck_assert_int_eq((lines + lost) % 300, 0); /* each call says the same */
}
END_TEST

START_TEST(what_was_said_before_the_end_of_the_process_is_there)
{
    STARTUPINFOW startup = {.cb = sizeof(startup)};
    PROCESS_INFORMATION process;
    WCHAR program[600], command[700];
    DWORD code = 0;

    fresh();
    ck_assert_uint_gt(GetModuleFileNameW(NULL, program, 600), 0);
    _snwprintf(command, 700, L"\"%ls\" --end", program);
    ck_assert(
        CreateProcessW(program, command, NULL, NULL, FALSE, 0, NULL, NULL, &startup, &process));
    ck_assert_uint_eq(WaitForSingleObject(process.hProcess, HOST_WAIT_MS), WAIT_OBJECT_0);
    ck_assert(GetExitCodeProcess(process.hProcess, &code));
    ck_assert_uint_eq(code, 7);
    CloseHandle(process.hThread);
    CloseHandle(process.hProcess);
    ck_assert_int_gt(slurp(path), 0);
    ck_assert_ptr_nonnull(strstr(text, ": ended; received "));
}
END_TEST

int main(int argc, char **argv)
{
    static const struct omsp_test_entry entries[] = {
        TEST(a_call_leaves_its_story),
        TEST(no_key_is_in_it),
        TEST(nobody_asked_nothing_is_written),
        TEST(lines_below_the_level_are_left_out),
        TEST(the_registry_says_so_too),
        TEST(a_full_file_becomes_the_old_one),
        TEST(of_many_who_find_it_full_one_moves_it),
        TEST(what_cannot_be_written_harms_nobody),
        TEST(of_more_lines_than_can_wait_the_lost_ones_are_counted),
        TEST(what_was_said_before_the_end_of_the_process_is_there)};

    CoInitializeEx(NULL, COINIT_MULTITHREADED);
    if (argc == 2 && !strcmp(argv[1], "--end")) {
        have_calls(load(), 1);
        ExitProcess(7);
    }
    return omsp_suite_run("log_file", entries, sizeof(entries) / sizeof(entries[0]));
}
