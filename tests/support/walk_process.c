/*
 * Processes of the allocation walk: forked where there is fork, else the same program started again
 * with OMSP_WALK_CHILD. Waiting is by looking every few milliseconds, so that nothing of the child
 * can keep the parent.
 */
#include "support/walk.h"

#include <stdio.h>
#include <stdlib.h>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/common_interface_defs.h>
#include <sanitizer/lsan_interface.h>
#include <string.h>
#endif

#define FRAMES 16
#define TOLD   5 /* functions of a stack that are told */
#define SKIP   3 /* this file, walk.c, the allocator */

static unsigned long long mix(void *const *frames, int count)
{
    unsigned long long sum = 1469598103934665603u;

    for (int i = SKIP; i < count; i++)
        sum = (sum ^ (unsigned long long)(size_t)frames[i]) * 1099511628211u;
    return sum;
}

#ifdef _WIN32
#include <windows.h>

double omsp_walk_clock(void)
{
    return (double)GetTickCount64() / 1000;
}

unsigned long long omsp_walk_place(void)
{
    void *frames[FRAMES];

    return mix(frames, CaptureStackBackTrace(0, FRAMES, frames, NULL));
}

void omsp_walk_keep_stack(void)
{
}

void omsp_walk_print_stack(void)
{
}

void omsp_walk_exit(int status)
{
    TerminateProcess(GetCurrentProcess(), (UINT)status);
    abort();
}

bool omsp_walk_is_child(size_t *test, long *number)
{
    const char *text = getenv("OMSP_WALK_CHILD");

    return text && sscanf(text, "%zu %ld", test, number) == 2;
}

int omsp_walk_process(void (*child)(size_t test, long number), size_t test, long number,
                      const char *output, unsigned seconds)
{
    SECURITY_ATTRIBUTES inherit = {sizeof(inherit), NULL, TRUE};
    /* What a child started may hold it still, as Wine's desktop does of the first that has a
     * window; the next one's begins anew all the same. */
    HANDLE file =
        CreateFileA(output, GENERIC_WRITE, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE,
                    &inherit, CREATE_ALWAYS, FILE_ATTRIBUTE_NORMAL, NULL);
    STARTUPINFOA start = {.cb = sizeof(start), .dwFlags = STARTF_USESTDHANDLES};
    PROCESS_INFORMATION made;
    char program[MAX_PATH], which[64];
    DWORD status = 0;
    bool ended;

    (void)child;
    if (file == INVALID_HANDLE_VALUE)
        return -1;
    start.hStdInput = GetStdHandle(STD_INPUT_HANDLE);
    start.hStdOutput = start.hStdError = file;
    GetModuleFileNameA(NULL, program, sizeof(program));
    snprintf(which, sizeof(which), "%zu %ld", test, number);
    SetEnvironmentVariableA("OMSP_WALK_CHILD", which);
    if (!CreateProcessA(program, NULL, NULL, NULL, TRUE, 0, NULL, NULL, &start, &made)) {
        DWORD len = (DWORD)snprintf(which, sizeof(which), "not started: error %lu\n",
                                    (unsigned long)GetLastError());

        WriteFile(file, which, len, &len, NULL);
        CloseHandle(file);
        return -1;
    }
    ended = WaitForSingleObject(made.hProcess, seconds * 1000) == WAIT_OBJECT_0;
    if (!ended) {
        TerminateProcess(made.hProcess, 98);
        WaitForSingleObject(made.hProcess, INFINITE);
    }
    GetExitCodeProcess(made.hProcess, &status);
    CloseHandle(made.hThread);
    CloseHandle(made.hProcess);
    CloseHandle(file);
    return ended ? (int)status : -2;
}

#else
#include <execinfo.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

double omsp_walk_clock(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

unsigned long long omsp_walk_place(void)
{
    void *frames[FRAMES];

    return mix(frames, backtrace(frames, FRAMES));
}

static void *kept[FRAMES];
static int kept_count;

void omsp_walk_keep_stack(void)
{
    kept_count = backtrace(kept, FRAMES);
}

void omsp_walk_print_stack(void)
{
#if defined(__SANITIZE_ADDRESS__)
    int told = 0;

    printf("walk-without");
    for (int i = 0; i < kept_count && told < TOLD; i++) {
        char where[256];

        __sanitizer_symbolize_pc((char *)kept[i] - 1, "%f", where, sizeof(where));
        if (strncmp(where, "omsp_walk", 9) == 0 || strstr(where, "alloc") ||
            strstr(where, "backtrace") || strstr(where, "_resize") || strcmp(where, "<null>") == 0)
            continue;
        printf("%s %s", told++ ? " <" : "", where);
    }
    printf("\n");
#endif
}

/* The names of functions, read in the parent: each child that tells a stack would read them all. */
static void read_symbols(void)
{
#if defined(__SANITIZE_ADDRESS__)
    static bool have;
    char where[16];

    if (have)
        return;
    have = true;
    __sanitizer_symbolize_pc((char *)(uintptr_t)omsp_walk_exit + 1, "%f", where, sizeof(where));
#endif
}

void omsp_walk_exit(int status)
{
#if defined(__SANITIZE_ADDRESS__)
    if (__lsan_do_recoverable_leak_check())
        status = 23;
#endif
    _exit(status);
}

bool omsp_walk_is_child(size_t *test, long *number)
{
    (void)test;
    (void)number;
    return false;
}

int omsp_walk_process(void (*child)(size_t test, long number), size_t test, long number,
                      const char *output, unsigned seconds)
{
    double until = omsp_walk_clock() + seconds;
    struct timespec pause = {0, 500000};
    int status = 0, file;
    bool ended;
    pid_t pid;

    read_symbols();
    fflush(stdout);
    pid = fork();
    if (pid < 0)
        return -1;
    if (pid == 0) {
        file = open(output, O_WRONLY | O_CREAT | O_TRUNC, 0600);
        if (file < 0)
            _exit(97);
        dup2(file, 1);
        dup2(file, 2);
        close(file);
        child(test, number);
        _exit(96);
    }
    while (!(ended = waitpid(pid, &status, WNOHANG) == pid) && omsp_walk_clock() < until) {
        nanosleep(&pause, NULL);
        if (pause.tv_nsec < 8000000)
            pause.tv_nsec += pause.tv_nsec / 2;
    }
    if (!ended) {
        kill(pid, SIGKILL);
        waitpid(pid, &status, 0);
        return -2;
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}
#endif
