/* What the process holds: of /proc natively, of the system's own counters as a Windows program. */
#include "support/process_use.h"

#ifdef _WIN32
#include <windows.h>

#include <psapi.h>
#include <tlhelp32.h>
#else
#include <dirent.h>
#include <stdio.h>
#include <string.h>
#endif

#ifdef _WIN32
void process_use_now(struct process_use *out)
{
    PROCESS_MEMORY_COUNTERS memory = {.cb = sizeof(memory)};
    HANDLE snapshot = CreateToolhelp32Snapshot(TH32CS_SNAPTHREAD, 0);
    THREADENTRY32 entry = {.dwSize = sizeof(entry)};
    DWORD handles = 0;

    out->threads = 0;
    for (BOOL more = Thread32First(snapshot, &entry); more; more = Thread32Next(snapshot, &entry))
        out->threads += entry.th32OwnerProcessID == GetCurrentProcessId();
    CloseHandle(snapshot);
    GetProcessHandleCount(GetCurrentProcess(), &handles);
    out->handles = handles;
    K32GetProcessMemoryInfo(GetCurrentProcess(), &memory, sizeof(memory));
    out->memory = memory.WorkingSetSize;
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
#endif
