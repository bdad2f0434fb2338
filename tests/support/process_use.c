/* What the process holds: of /proc natively, of the system's own counters as a Windows program. */
#include "support/process_use.h"

#ifdef _WIN32
#include <stdlib.h>
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
/* SystemExtendedHandleInformation of NtQuerySystemInformation, what it answers, and
 * ObjectNameInformation of NtQueryObject: as Wine's winternl.h has them. */
#define EXTENDED_HANDLES 64
#define OBJECT_NAME      1
#define TOO_SHORT        ((NTSTATUS)0xC0000004)

struct handle_entry {
    PVOID object;
    ULONG_PTR process, value;
    ULONG access;
    USHORT trace, type;
    ULONG attributes, reserved;
};

struct handle_list {
    ULONG_PTR count, reserved;
    struct handle_entry entries[];
};

typedef NTSTATUS(NTAPI *query_fn)(ULONG kind, void *out, ULONG size, ULONG *need);
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
static bool is_forgotten_key(const struct handle_entry *entry)
{
    name_fn query =
        (name_fn)(void *)GetProcAddress(GetModuleHandleW(L"ntdll.dll"), "NtQueryObject");
    struct {
        UNICODE_STRING name;
        WCHAR text[300];
    } out;

    memset(&out, 0, sizeof(out));
    return query && !query((HANDLE)entry->value, OBJECT_NAME, &out, sizeof(out), NULL) &&
           (ends_with(&out.name, L"\\Software\\Classes\\Wow6432Node") ||
            has_folder(&out.name, L"\\Instance\\{"));
}

/* Those of this process among the whole system's: for Wine 8, where GetProcessHandleCount answers
 * 0. The list's own memory is no handle. */
static unsigned handles_of_this_process(void)
{
    query_fn query = (query_fn)(void *)GetProcAddress(GetModuleHandleW(L"ntdll.dll"),
                                                      "NtQuerySystemInformation");
    struct handle_list *list = NULL;
    ULONG size = 65536, need = 0;
    NTSTATUS status = TOO_SHORT;
    unsigned count = 0;

    for (unsigned tries = 0; query && status == TOO_SHORT && tries < 10; tries++) {
        free(list);
        size = need > size ? need + need / 4 : size * 2; /* more may be opened meanwhile */
        list = malloc(size);
        if (!list)
            return 0;
        status = query(EXTENDED_HANDLES, list, size, &need);
    }
    for (ULONG_PTR i = 0; !status && i < list->count; i++)
        count += list->entries[i].process == GetCurrentProcessId() &&
                 !is_forgotten_key(&list->entries[i]);
    free(list);
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
