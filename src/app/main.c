/* openmsp.exe: a console telephony application on the provider's public interfaces. */
#include "app/call_command.h"
#include "app/devices.h"
#include "app/report.h"
#include "app/serve_command.h"
#include "app/tapi.h"
#include "app/token.h"

#include <shellapi.h>
#include <stdio.h>

static HANDLE quit;

/* Ctrl-C and Ctrl-Break; the console's close, the end of the session, shutdown. Of the last three
 * the system ends the process once the handler returned, or a few seconds later: it waits here
 * until main ends the process, with everything stopped and told. */
static BOOL WINAPI on_control(DWORD kind)
{
    SetEvent(quit);
    if (kind == CTRL_CLOSE_EVENT || kind == CTRL_LOGOFF_EVENT || kind == CTRL_SHUTDOWN_EVENT)
        Sleep(INFINITE);
    return TRUE;
}

static int usage(const char *why)
{
    if (why)
        fprintf(stderr, "openmsp: %s\n", why);
    fputs(options_usage, why ? stderr : stdout);
    return why ? 2 : 0;
}

/* The DLL goes on without a log that cannot be had, and says nothing: here it was asked for. */
static HRESULT try_log(const wchar_t *path)
{
    HANDLE file;

    if (!_wcsicmp(path, L"debugger"))
        return S_OK;
    file =
        CreateFileW(path, FILE_APPEND_DATA, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE,
                    NULL, OPEN_ALWAYS, FILE_ATTRIBUTE_NORMAL, NULL);
    if (file == INVALID_HANDLE_VALUE)
        return HRESULT_FROM_WIN32(GetLastError());
    CloseHandle(file);
    return S_OK;
}

static int run(enum command command, int argc, wchar_t **argv)
{
    struct options options;
    const char *why = NULL;
    HRESULT hr;
    int status;

    if (!options_parse(&options, command, argc, argv, &why))
        return usage(why);
    hr = options.log ? try_log(options.log) : S_OK;
    if (FAILED(hr)) {
        report_error("--log", options.log, hr);
        return 1;
    }
    /* The DLL reads them when it is loaded. */
    if (options.log)
        SetEnvironmentVariableW(L"OPENMSP_LOG", options.log);
    if (options.log_level)
        SetEnvironmentVariableW(L"OPENMSP_LOG_LEVEL", options.log_level);
    quit = CreateEventW(NULL, TRUE, FALSE, NULL);
    if (!quit || FAILED(CoInitializeEx(NULL, COINIT_MULTITHREADED))) {
        fprintf(stderr, "openmsp: COM cannot be initialised\n");
        return 1;
    }
    SetConsoleCtrlHandler(on_control, TRUE);
    status = command == COMMAND_CALL ? call_command(&options, quit) : serve_command(&options, quit);
    CoUninitialize();
    SetConsoleCtrlHandler(on_control, FALSE);
    CloseHandle(quit);
    return status;
}

static int run_devices(bool json)
{
    int status;

    if (FAILED(CoInitializeEx(NULL, COINIT_MULTITHREADED))) {
        fprintf(stderr, "openmsp: COM cannot be initialised\n");
        return 1;
    }
    status = devices_command(json);
    CoUninitialize();
    return status;
}

static int run_protect(const wchar_t *path)
{
    HRESULT hr = token_protect(path);

    if (FAILED(hr))
        report_error("cannot protect", path, hr);
    return FAILED(hr) ? 1 : 0;
}

/* Asked for by itself or behind a command. */
static bool wants_help(int argc, wchar_t **argv)
{
    for (int i = 1; i < argc && i < 3; i++)
        if (!wcscmp(argv[i], L"--help") || !wcscmp(argv[i], L"-h") || !wcscmp(argv[i], L"/?"))
            return true;
    return false;
}

static const char *wrong_command(int argc, wchar_t **argv)
{
    if (argc < 2)
        return "no command";
    if (!wcscmp(argv[1], L"devices"))
        return "devices takes --json and nothing else";
    return !wcscmp(argv[1], L"protect") ? "protect takes one file" : "unknown command";
}

int main(void)
{
    int argc, status;
    wchar_t **argv = CommandLineToArgvW(GetCommandLineW(), &argc);

    if (!argv)
        return 1;
    if (wants_help(argc, argv)) {
        status = usage(NULL);
    } else if (argc >= 2 && !wcscmp(argv[1], L"call")) {
        status = run(COMMAND_CALL, argc - 2, argv + 2);
    } else if (argc >= 2 && !wcscmp(argv[1], L"serve")) {
        status = run(COMMAND_SERVE, argc - 2, argv + 2);
    } else if (argc == 2 && !wcscmp(argv[1], L"devices")) {
        status = run_devices(false);
    } else if (argc == 3 && !wcscmp(argv[1], L"devices") && !wcscmp(argv[2], L"--json")) {
        status = run_devices(true);
    } else if (argc == 3 && !wcscmp(argv[1], L"protect")) {
        status = run_protect(argv[2]);
    } else if (argc == 2 && !wcscmp(argv[1], L"--version")) {
        puts("openmsp " OMSP_VERSION);
        status = 0;
    } else {
        status = usage(wrong_command(argc, argv));
    }
    LocalFree(argv);
    return status;
}
