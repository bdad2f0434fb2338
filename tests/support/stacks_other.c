/*
 * Stacks of another process that does not end: its last thread, often. Nothing is asked that the
 * process itself would have to answer, as VirtualQueryEx is under Wine: that would wait for ever.
 */
#ifdef _WIN32
#include "support/stacks.h"

#include <string.h>

#include <windows.h>

#include <tlhelp32.h>

#define MODULES 128
#define WORDS   2048
#define FRAMES  48
#define THREADS 64

#ifdef _WIN64
#define STUB           32 /* bytes of a system call's in ntdll */
#define PLACE(context) ((context).Rip)
#define STACK(context) ((context).Rsp)
#else
#define STUB           16
#define PLACE(context) ((context).Eip)
#define STACK(context) ((context).Esp)
#endif

struct modules {
    MODULEENTRY32 entries[MODULES];
    unsigned count;
};

static void list_modules(struct modules *out, DWORD process)
{
    HANDLE snapshot = CreateToolhelp32Snapshot(TH32CS_SNAPMODULE, process);
    MODULEENTRY32 entry = {.dwSize = sizeof(entry)};

    out->count = 0;
    for (BOOL more = Module32First(snapshot, &entry); more && out->count < MODULES;
         more = Module32Next(snapshot, &entry))
        out->entries[out->count++] = entry;
    CloseHandle(snapshot);
}

/* NULL: in none. */
static const MODULEENTRY32 *module_of(const struct modules *modules, ULONG_PTR place)
{
    for (unsigned i = 0; i < modules->count; i++) {
        const MODULEENTRY32 *entry = &modules->entries[i];

        if (place - (ULONG_PTR)entry->modBaseAddr < entry->modBaseSize)
            return entry;
    }
    return NULL;
}

static bool print_place(FILE *out, const struct modules *modules, ULONG_PTR at)
{
    const MODULEENTRY32 *module = module_of(modules, at);

    if (module)
        fprintf(out, "  %ls+0x%llx\n", module->szModule,
                (unsigned long long)(at - (ULONG_PTR)module->modBaseAddr));
    return module != NULL;
}

/* Whatever on the stack points into a module. */
static void print_words(FILE *out, HANDLE process, const struct modules *modules, ULONG_PTR stack)
{
    static ULONG_PTR words[WORDS];
    SIZE_T got = 0, size = sizeof(words);
    int printed = 0;

    while (size >= 256 && !ReadProcessMemory(process, (void *)stack, words, size, &got))
        size /= 2; /* it ends before */
    for (SIZE_T i = 0; size >= 256 && i < got / sizeof(words[0]) && printed < FRAMES; i++)
        printed += print_place(out, modules, words[i]);
}

static bool context_of(DWORD id, CONTEXT *out)
{
    HANDLE thread = OpenThread(THREAD_ALL_ACCESS, FALSE, id);
    bool known;

    memset(out, 0, sizeof(*out));
    out->ContextFlags = CONTEXT_CONTROL | CONTEXT_INTEGER;
    known = thread && SuspendThread(thread) != (DWORD)-1;
    if (known) {
        known = GetThreadContext(thread, out);
        ResumeThread(thread);
    }
    if (thread)
        CloseHandle(thread);
    return known;
}

static void print_thread(FILE *out, HANDLE process, const struct modules *modules, DWORD id)
{
    CONTEXT context;
    bool known = context_of(id, &context);

    fprintf(out, "thread %lu%s\n", id, known ? "" : ": not known");
    if (!known)
        return;
    if (!print_place(out, modules, PLACE(context)))
        fprintf(out, "  %llx\n", (unsigned long long)PLACE(context));
    print_words(out, process, modules, STACK(context));
    fflush(out);
}

/* Its threads' numbers, no more than room of them; answers how many there are. */
static unsigned list_threads(DWORD process, DWORD *out, unsigned room)
{
    HANDLE snapshot = CreateToolhelp32Snapshot(TH32CS_SNAPTHREAD, 0);
    THREADENTRY32 entry = {.dwSize = sizeof(entry)};
    unsigned count = 0;

    for (BOOL more = Thread32First(snapshot, &entry); more; more = Thread32Next(snapshot, &entry))
        if (entry.th32OwnerProcessID == process && count++ < room)
            out[count - 1] = entry.th32ThreadID;
    CloseHandle(snapshot);
    return count;
}

unsigned omsp_stacks_print_other(FILE *out, unsigned long process)
{
    HANDLE opened = OpenProcess(PROCESS_QUERY_INFORMATION | PROCESS_VM_READ, FALSE, process);
    static struct modules modules;
    DWORD threads[THREADS];
    unsigned count = list_threads(process, threads, THREADS);

    list_modules(&modules, process);
    for (unsigned i = 0; i < count && i < THREADS; i++)
        print_thread(out, opened, &modules, threads[i]);
    CloseHandle(opened);
    return count;
}

/* In ntdll, which all processes have at one address, in one of the calls that wait? */
static bool is_in_waiting_call(ULONG_PTR place)
{
    static const char *const names[] = {
        "NtWaitForSingleObject", "NtWaitForMultipleObjects", "NtWaitForAlertByThreadId",
        "NtWaitForKeyedEvent",   "NtDelayExecution",         "NtSignalAndWaitForSingleObject",
        "NtRemoveIoCompletion",  "NtRemoveIoCompletionEx"};
    HMODULE ntdll = GetModuleHandleW(L"ntdll.dll");

    for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        ULONG_PTR at = (ULONG_PTR)(void *)GetProcAddress(ntdll, names[i]);

        if (place >= at && place - at < STUB)
            return true;
    }
    return false;
}

bool omsp_stacks_hangs_in_wine(unsigned long process)
{
    static struct modules modules;
    const MODULEENTRY32 *module;
    CONTEXT context;
    DWORD thread;

    if (!GetProcAddress(GetModuleHandleW(L"ntdll.dll"), "wine_get_version") ||
        list_threads(process, &thread, 1) != 1)
        return false;
    if (!context_of(thread, &context))
        return true; /* no signal reaches it */
    if (is_in_waiting_call(PLACE(context)))
        return false;
    list_modules(&modules, process);
    module = module_of(&modules, PLACE(context));
    return !module || !_wcsicmp(module->szModule, L"ntdll.dll");
}
#else
typedef int omsp_stacks_of_this_process_alone;
#endif
