/* openmsp.exe: a console telephony application on the provider's public interfaces. */
#include "app/call_command.h"
#include "app/tapi.h"

#include <shellapi.h>
#include <stdio.h>

static HANDLE quit;

static BOOL WINAPI on_control(DWORD kind)
{
    (void)kind;
    SetEvent(quit);
    return TRUE;
}

static int usage(const char *why)
{
    if (why)
        fprintf(stderr, "openmsp: %s\n", why);
    fputs(options_usage, why ? stderr : stdout);
    return why ? 2 : 0;
}

static int run_call(int argc, wchar_t **argv)
{
    struct options options;
    const char *why = NULL;
    int status;

    if (!options_parse(&options, argc, argv, &why))
        return usage(why);
    quit = CreateEventW(NULL, TRUE, FALSE, NULL);
    if (!quit || FAILED(CoInitializeEx(NULL, COINIT_MULTITHREADED))) {
        fprintf(stderr, "openmsp: COM cannot be initialised\n");
        return 1;
    }
    SetConsoleCtrlHandler(on_control, TRUE);
    status = call_command(&options, quit);
    CoUninitialize();
    SetConsoleCtrlHandler(on_control, FALSE);
    CloseHandle(quit);
    return status;
}

int main(void)
{
    int argc, status;
    wchar_t **argv = CommandLineToArgvW(GetCommandLineW(), &argc);

    if (!argv)
        return 1;
    if (argc >= 2 && !wcscmp(argv[1], L"call")) {
        status = run_call(argc - 2, argv + 2);
    } else if (argc == 2 && (!wcscmp(argv[1], L"--help") || !wcscmp(argv[1], L"-h"))) {
        status = usage(NULL);
    } else if (argc == 2 && !wcscmp(argv[1], L"--version")) {
        puts("openmsp " OMSP_VERSION);
        status = 0;
    } else {
        status = usage(argc < 2 ? "no command" : "unknown command");
    }
    LocalFree(argv);
    return status;
}
