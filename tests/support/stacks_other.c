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

#ifdef _WIN64
#define PLACE(context) ((context).Rip)
#define STACK(context) ((context).Rsp)
#else
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

static bool print_place(FILE *out, const struct modules *modules, ULONG_PTR at)
{
    for (unsigned i = 0; i < modules->count; i++) {
        ULONG_PTR base = (ULONG_PTR)modules->entries[i].modBaseAddr;

        if (at > base && at - base < modules->entries[i].modBaseSize) {
            fprintf(out, "  %ls+0x%llx\n", modules->entries[i].szModule,
                    (unsigned long long)(at - base));
            return true;
        }
    }
    return false;
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

static void print_thread(FILE *out, HANDLE process, const struct modules *modules, DWORD id)
{
    HANDLE thread = OpenThread(THREAD_ALL_ACCESS, FALSE, id);
    CONTEXT context;
    bool known;

    memset(&context, 0, sizeof(context));
    context.ContextFlags = CONTEXT_CONTROL | CONTEXT_INTEGER;
    known = thread && SuspendThread(thread) != (DWORD)-1;
    if (known) {
        known = GetThreadContext(thread, &context);
        ResumeThread(thread);
    }
    if (thread)
        CloseHandle(thread);
    fprintf(out, "thread %lu%s\n", id, known ? "" : ": not known");
    if (!known)
        return;
    if (!print_place(out, modules, PLACE(context)))
        fprintf(out, "  %llx\n", (unsigned long long)PLACE(context));
    print_words(out, process, modules, STACK(context));
    fflush(out);
}

unsigned omsp_stacks_print_other(FILE *out, unsigned long process)
{
    HANDLE opened = OpenProcess(PROCESS_QUERY_INFORMATION | PROCESS_VM_READ, FALSE, process);
    HANDLE snapshot = CreateToolhelp32Snapshot(TH32CS_SNAPTHREAD, 0);
    THREADENTRY32 entry = {.dwSize = sizeof(entry)};
    static struct modules modules;
    unsigned count = 0;

    list_modules(&modules, process);
    for (BOOL more = Thread32First(snapshot, &entry); more; more = Thread32Next(snapshot, &entry))
        if (entry.th32OwnerProcessID == process) {
            print_thread(out, opened, &modules, entry.th32ThreadID);
            count++;
        }
    CloseHandle(snapshot);
    CloseHandle(opened);
    return count;
}
#else
typedef int omsp_stacks_of_this_process_alone;
#endif
