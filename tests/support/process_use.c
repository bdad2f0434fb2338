/* What the process holds: of /proc natively, of the system's own counters as a Windows program. */
#include "support/process_use.h"

#ifdef _WIN32
#include <string.h>

#include <windows.h>

#include <psapi.h>
#include <tlhelp32.h>
#include <winternl.h>
#else
#include <dirent.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#endif

#ifdef _WIN32
/* ObjectNameInformation of NtQueryObject, as Wine's winternl.h has it. */
#define OBJECT_NAME 1

#define GAP 1024 /* so many numbers in a row that are no handles are the end of them */

typedef NTSTATUS(NTAPI *name_fn)(HANDLE of, ULONG kind, void *out, ULONG size, ULONG *need);

static bool ends_with(const UNICODE_STRING *name, const WCHAR *end)
{
    size_t length = wcslen(end), has = name->Length / sizeof(WCHAR);

    return has >= length && !memcmp(name->Buffer + has - length, end, length * sizeof(WCHAR));
}

/* One word of a path, wherever it is. */
static bool has_folder(const UNICODE_STRING *name, const WCHAR *folder)
{
    size_t length = wcslen(folder), has = name->Length / sizeof(WCHAR);

    for (size_t i = 0; i + length <= has; i++)
        if (!memcmp(name->Buffer + i, folder, length * sizeof(WCHAR)))
            return true;
    return false;
}

/* Wine 8 forgets one of the first whenever the other bitness's view of HKEY_CLASSES_ROOT is looked
 * at, as COM does for a class that is registered nowhere and for what an interface is marshalled
 * by; and one of the second for each filter whenever a filter graph looks for those that convert.
 */
static bool is_forgotten_key(HANDLE handle)
{
    name_fn query =
        (name_fn)(void *)GetProcAddress(GetModuleHandleW(L"ntdll.dll"), "NtQueryObject");
    struct {
        UNICODE_STRING name;
        WCHAR text[300];
    } out;

    memset(&out, 0, sizeof(out));
    return query && !query(handle, OBJECT_NAME, &out, sizeof(out), NULL) &&
           (ends_with(&out.name, L"\\Software\\Classes\\Wow6432Node") ||
            has_folder(&out.name, L"\\Instance\\{"));
}

/* For Wine 8, where GetProcessHandleCount answers 0: whichever number is one. The system's list of
 * all handles must not be asked for: its server crashes if any process has none just then, because
 * it is being made, and every process of the prefix ends. */
static unsigned handles_of_this_process(void)
{
    unsigned count = 0, gap = 0;

    for (ULONG_PTR number = 4; gap < GAP; number += 4) {
        DWORD flags;

        if (!GetHandleInformation((HANDLE)number, &flags)) {
            gap++;
            continue;
        }
        gap = 0;
        count += !is_forgotten_key((HANDLE)number);
    }
    return count;
}

void process_use_now(struct process_use *out)
{
    PROCESS_MEMORY_COUNTERS memory = {.cb = sizeof(memory)};
    HANDLE snapshot = CreateToolhelp32Snapshot(TH32CS_SNAPTHREAD, 0);
    THREADENTRY32 entry = {.dwSize = sizeof(entry)};
    DWORD handles = 0;

    LoadLibraryW(L"winmm.dll"); /* stays: Wine's leaves 12 keys open each time that it goes */
    out->threads = 0;
    for (BOOL more = Thread32First(snapshot, &entry); more; more = Thread32Next(snapshot, &entry))
        out->threads += entry.th32OwnerProcessID == GetCurrentProcessId();
    CloseHandle(snapshot);
    GetProcessHandleCount(GetCurrentProcess(), &handles);
    out->handles = handles ? handles : handles_of_this_process();
    K32GetProcessMemoryInfo(GetCurrentProcess(), &memory, sizeof(memory));
    out->memory = memory.WorkingSetSize;
}

static uint64_t now_ms(void)
{
    return GetTickCount64();
}

static void let_others_run(void)
{
    SwitchToThread();
}
#else
void process_use_now(struct process_use *out)
{
    FILE *file = fopen("/proc/self/status", "r");
    DIR *folder = opendir("/proc/self/fd");
    char line[256];

    memset(out, 0, sizeof(*out));
    while (folder && readdir(folder))
        out->handles++;
    while (file && fgets(line, sizeof(line), file)) {
        unsigned long long value;

        if (sscanf(line, "Threads: %llu", &value) == 1)
            out->threads = (unsigned)value;
        if (sscanf(line, "VmRSS: %llu kB", &value) == 1)
            out->memory = value * 1024;
    }
    if (file)
        fclose(file);
    if (folder)
        closedir(folder);
}

static uint64_t now_ms(void)
{
    struct timespec at;

    clock_gettime(CLOCK_MONOTONIC, &at);
    return (uint64_t)at.tv_sec * 1000 + (uint64_t)at.tv_nsec / 1000000;
}

static void let_others_run(void)
{
    sched_yield();
}
#endif

bool process_use_returns(const struct process_use *then, unsigned ms, struct process_use *out)
{
    uint64_t give_up = now_ms() + ms;

    for (;;) {
        process_use_now(out);
        if (out->handles && out->handles <= then->handles && out->threads <= then->threads)
            return true;
        if (now_ms() >= give_up)
            return false;
        let_others_run();
    }
}
