/*
 * Stacks of threads that do not answer. Other threads are stopped only to be asked where they are,
 * never while something is printed: one of them may hold the lock that printing needs.
 */
#include "support/stacks.h"

#include <stdlib.h>

#define FRAMES  48
#define AFTER_S 120

#ifdef _WIN32
#include <windows.h>

#include <tlhelp32.h>

static BOOL readable(ULONG_PTR at)
{
    MEMORY_BASIC_INFORMATION info;

    return VirtualQuery((void *)at, &info, sizeof(info)) && info.State == MEM_COMMIT &&
           !(info.Protect & (PAGE_NOACCESS | PAGE_GUARD));
}

/* Of a module, not its name: that would need the loader's lock. */
static void print_place(FILE *out, ULONG_PTR at)
{
    MEMORY_BASIC_INFORMATION info;

    if (VirtualQuery((void *)at, &info, sizeof(info)))
        fprintf(out, "  %p+0x%llx\n", info.AllocationBase,
                (unsigned long long)(at - (ULONG_PTR)info.AllocationBase));
    fflush(out);
}

#ifdef _WIN64
static void print_frames(FILE *out, CONTEXT *context)
{
    for (int i = 0; i < FRAMES && context->Rip; i++) {
        DWORD64 base, frame;
        void *data;
        RUNTIME_FUNCTION *function = RtlLookupFunctionEntry(context->Rip, &base, NULL);

        print_place(out, context->Rip);
        if (!readable(context->Rsp))
            return;
        if (function) {
            RtlVirtualUnwind(UNW_FLAG_NHANDLER, base, context->Rip, function, context, &data,
                             &frame, NULL);
        } else {
            context->Rip = *(DWORD64 *)context->Rsp;
            context->Rsp += 8;
        }
    }
}
#else
#define WORDS 2048

/* Without tables to unwind by: whatever on the stack points into a program's code. */
static void print_frames(FILE *out, CONTEXT *context)
{
    const DWORD *word = (const DWORD *)context->Esp;
    int printed = 0;

    print_place(out, context->Eip);
    for (int i = 0; i < WORDS && printed < FRAMES && readable((ULONG_PTR)&word[i]); i++) {
        MEMORY_BASIC_INFORMATION info;

        if (VirtualQuery((void *)word[i], &info, sizeof(info)) && info.Type == MEM_IMAGE &&
            info.Protect & (PAGE_EXECUTE | PAGE_EXECUTE_READ | PAGE_EXECUTE_READWRITE)) {
            print_place(out, word[i]);
            printed++;
        }
    }
}
#endif

static void print_modules(FILE *out)
{
    HANDLE snapshot = CreateToolhelp32Snapshot(TH32CS_SNAPMODULE, GetCurrentProcessId());
    MODULEENTRY32 entry = {.dwSize = sizeof(entry)};

    for (BOOL more = Module32First(snapshot, &entry); more; more = Module32Next(snapshot, &entry))
        fprintf(out, "module %p %ls\n", (void *)entry.modBaseAddr, entry.szModule);
    CloseHandle(snapshot);
    fflush(out);
}

unsigned omsp_stacks_print(FILE *out)
{
    HANDLE snapshot = CreateToolhelp32Snapshot(TH32CS_SNAPTHREAD, 0);
    THREADENTRY32 entry = {.dwSize = sizeof(entry)};
    unsigned count = 0;

    for (BOOL more = Thread32First(snapshot, &entry); more; more = Thread32Next(snapshot, &entry)) {
        CONTEXT context;
        HANDLE thread;
        BOOL known;

        if (entry.th32OwnerProcessID != GetCurrentProcessId() ||
            entry.th32ThreadID == GetCurrentThreadId())
            continue;
        thread = OpenThread(THREAD_ALL_ACCESS, FALSE, entry.th32ThreadID);
        if (!thread)
            continue;
        memset(&context, 0, sizeof(context));
        context.ContextFlags = CONTEXT_CONTROL | CONTEXT_INTEGER;
        known = SuspendThread(thread) != (DWORD)-1;
        if (known) {
            known = GetThreadContext(thread, &context);
            ResumeThread(thread);
        }
        CloseHandle(thread);
        fprintf(out, "thread %lu%s\n", entry.th32ThreadID, known ? "" : ": not known");
        if (known)
            print_frames(out, &context);
        count++;
    }
    CloseHandle(snapshot);
    print_modules(out);
    return count;
}

static DWORD WINAPI watch(void *seconds)
{
    Sleep((DWORD)(ULONG_PTR)seconds * 1000);
    printf("still running: where the threads are\n");
    omsp_stacks_print(stdout);
    return 0;
}

static void start_watch(unsigned seconds)
{
    HANDLE thread = CreateThread(NULL, 0, watch, (void *)(ULONG_PTR)seconds, 0, NULL);

    if (thread)
        CloseHandle(thread);
}
#else
#include <dirent.h>
#include <execinfo.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define ASK SIGTRAP /* which the engine's threads leave open */

static void *frames[FRAMES];
static int frame_count;
static atomic_int asked; /* orders what was read of one answer before the next one is written */
static sem_t told;

static void tell(int number)
{
    (void)number;
    atomic_load(&asked);
    frame_count = backtrace(frames, FRAMES);
    sem_post(&told);
}

unsigned omsp_stacks_print(FILE *out)
{
    struct sigaction action = {.sa_handler = tell, .sa_flags = SA_RESTART}, before;
    DIR *tasks = opendir("/proc/self/task");
    unsigned count = 0;

    backtrace(frames, 1); /* it loads what it needs the first time */
    sem_init(&told, 0, 0);
    sigaction(ASK, &action, &before);
    for (struct dirent *task; tasks && (task = readdir(tasks));) {
        pid_t id = (pid_t)atoi(task->d_name);
        struct timespec bound;

        if (!id || id == (pid_t)syscall(SYS_gettid))
            continue;
        clock_gettime(CLOCK_REALTIME, &bound);
        bound.tv_sec += 2;
        atomic_fetch_add(&asked, 1);
        if (syscall(SYS_tgkill, getpid(), id, ASK) != 0)
            continue;
        if (sem_timedwait(&told, &bound) != 0) {
            fprintf(out, "thread %d: does not answer\n", (int)id);
            fflush(out);
            break; /* it may still, any time: nobody else is asked */
        }
        fprintf(out, "thread %d\n", (int)id);
        fflush(out);
        backtrace_symbols_fd(frames, frame_count, fileno(out));
        count++;
    }
    if (tasks)
        closedir(tasks);
    return count;
}

static void *watch(void *seconds)
{
    unsigned left = (unsigned)(size_t)seconds;

    while (left) /* a change of user interrupts every thread */
        left = sleep(left);
    printf("still running: where the threads are\n");
    omsp_stacks_print(stdout);
    return NULL;
}

static void start_watch(unsigned seconds)
{
    pthread_attr_t attributes;
    pthread_t thread;
    sigset_t all, before;

    sigfillset(&all);
    sigdelset(&all, ASK);
    pthread_sigmask(SIG_SETMASK, &all, &before); /* the process's signals are not this thread's */
    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    pthread_create(&thread, &attributes, watch, (void *)(size_t)seconds);
    pthread_attr_destroy(&attributes);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}
#endif

void omsp_stacks_watch(void)
{
    const char *text = getenv("OMSP_STACKS_AFTER");
    int seconds = text ? atoi(text) : AFTER_S;

    if (seconds > 0)
        start_watch((unsigned)seconds);
}
