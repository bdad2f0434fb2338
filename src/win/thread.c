/*
 * Threads over CreateThread. The block is shared by the thread and its owner and freed by whoever
 * is last.
 *
 * CreateThread and not _beginthreadex: a thread must end by FreeLibraryAndExitThread, which would
 * skip _endthreadex; msvcrt and the UCRT make what they need for a thread on first use and free it
 * when the thread detaches.
 */
#include "port/thread.h"

#include "base/alloc.h"

#include <string.h>
#include <windows.h>

#define NAME_ROOM 16

struct omsp_thread {
    omsp_thread_fn fn;
    void *arg;
    HANDLE handle;
    HMODULE module;   /* the thread's reference, taken before it runs */
    volatile LONG id; /* set by the thread itself, so that it is there when fn asks */
    volatile LONG refs;
    char name[NAME_ROOM];
};

static void unref(struct omsp_thread *thread)
{
    if (InterlockedDecrement(&thread->refs) == 0)
        omsp_free(thread);
}

/* Windows 10 1607 and later; asked for at run time so that older ones load us. */
static void show_name(const char *name)
{
    typedef HRESULT(WINAPI * set_description_fn)(HANDLE, PCWSTR);
    set_description_fn set = NULL;
    FARPROC found = GetProcAddress(GetModuleHandleW(L"kernel32.dll"), "SetThreadDescription");
    WCHAR wide[NAME_ROOM];
    int i = 0;

    if (!found)
        return;
    memcpy(&set, &found, sizeof(set));
    for (; i < NAME_ROOM - 1 && name[i]; i++)
        wide[i] = (unsigned char)name[i];
    wide[i] = 0;
    set(GetCurrentThread(), wide);
}

static DWORD WINAPI run(void *arg)
{
    struct omsp_thread *thread = arg;
    HMODULE module = thread->module;

    InterlockedExchange(&thread->id, (LONG)GetCurrentThreadId());
    show_name(thread->name);
    thread->fn(thread->arg);
    unref(thread);
    /* In an .exe this only ends the thread: the process's own image is never unloaded. */
    FreeLibraryAndExitThread(module, 0);
}

enum omsp_status omsp_thread_start(omsp_thread_fn fn, void *arg, const char *name,
                                   struct omsp_thread **out)
{
    struct omsp_thread *thread = omsp_zalloc(sizeof(*thread));
    DWORD error;

    if (!thread)
        return OMSP_NOMEM;
    thread->fn = fn;
    thread->arg = arg;
    lstrcpynA(thread->name, name, NAME_ROOM);
    thread->refs = 2;
    if (!GetModuleHandleExW(GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS, (LPCWSTR)(void *)&run,
                            &thread->module)) {
        omsp_free(thread);
        return OMSP_FULL;
    }
    thread->handle = CreateThread(NULL, 0, run, thread, 0, NULL);
    if (!thread->handle) {
        error = GetLastError();
        FreeLibrary(thread->module);
        omsp_free(thread);
        return error == ERROR_NOT_ENOUGH_MEMORY || error == ERROR_OUTOFMEMORY ? OMSP_NOMEM
                                                                              : OMSP_FULL;
    }
    *out = thread;
    return OMSP_OK;
}

void omsp_thread_join(struct omsp_thread *thread)
{
    WaitForSingleObject(thread->handle, INFINITE);
    CloseHandle(thread->handle);
    unref(thread);
}

void omsp_thread_detach(struct omsp_thread *thread)
{
    CloseHandle(thread->handle);
    unref(thread);
}

/* Of the process's group, which is all on machines of up to 64 processors. */
unsigned omsp_thread_processors(void)
{
    DWORD_PTR ours, all;
    unsigned count = 0;

    if (GetProcessAffinityMask(GetCurrentProcess(), &ours, &all))
        for (; ours; ours &= ours - 1)
            count++;
    return count ? count : 1;
}

bool omsp_thread_is_current(const struct omsp_thread *thread)
{
    /* While our handle is open the id is nobody else's; before the thread set it, it is 0. */
    return (DWORD)thread->id == GetCurrentThreadId();
}
