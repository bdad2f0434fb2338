/*
 * Handles: events, semaphores, threads and their queues of APCs, and waiting for them. A handle is
 * a place in a table and does not come again soon, so that a stale one is noticed: closing or
 * signalling what is no handle ends the program, for here it is a mistake of ours. The table's lock
 * is taken for reading by who looks up, so that it puts no order between threads that would hide
 * races from ThreadSanitizer.
 */
#include "support/standin/standin.h"

#include <pthread.h>
#include <sched.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define HANDLES        (1u << 20)
#define CURRENT_THREAD ((HANDLE)(LONG_PTR)-2)

enum kind { EVENT, SEMAPHORE, THREAD };

/* Somebody who waits for one or several objects. */
struct waiter {
    pthread_mutex_t lock;
    pthread_cond_t wake;
    bool woken;
};

struct node {
    struct node *next;
    struct waiter *waiter;
};

struct apc {
    struct apc *next;
    PAPCFUNC run;
    ULONG_PTR data;
};

struct object {
    unsigned refs;
    enum kind kind;
    pthread_mutex_t lock;
    struct node *waiters;
    bool manual, signalled;     /* EVENT; a thread is signalled by its end */
    LONG count, most;           /* SEMAPHORE */
    LPTHREAD_START_ROUTINE run; /* THREAD */
    void *parameter;
    DWORD result;
    struct apc *apcs;
};

static pthread_rwlock_t table_lock = PTHREAD_RWLOCK_INITIALIZER;
static struct object *table[HANDLES];
static unsigned last_place, open_handles;

static _Thread_local struct object *self_object;
static _Thread_local DWORD last_error;

UINT64 standin_now_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (UINT64)now.tv_sec * 1000000 + (UINT64)now.tv_nsec / 1000;
}

DWORD WINAPI GetLastError(void)
{
    return last_error;
}

VOID WINAPI SetLastError(DWORD error)
{
    last_error = error;
}

/* ---- objects --------------------------------------------------------------------------------- */

static struct object *make(enum kind kind)
{
    struct object *object = calloc(1, sizeof(*object));

    if (!object)
        abort();
    object->kind = kind;
    object->refs = 1;
    pthread_mutex_init(&object->lock, NULL);
    return object;
}

static void ref(struct object *object)
{
    __atomic_add_fetch(&object->refs, 1, __ATOMIC_RELAXED);
}

static void unref(struct object *object)
{
    if (__atomic_sub_fetch(&object->refs, 1, __ATOMIC_ACQ_REL))
        return;
    while (object->apcs) {
        struct apc *apc = object->apcs;

        object->apcs = apc->next;
        free(apc);
    }
    pthread_mutex_destroy(&object->lock);
    free(object);
}

/* Takes over a reference. */
static HANDLE open_handle(struct object *object)
{
    HANDLE handle;

    pthread_rwlock_wrlock(&table_lock);
    do
        last_place = last_place % (HANDLES - 1) + 1;
    while (table[last_place]);
    table[last_place] = object;
    open_handles++;
    handle = (HANDLE)((ULONG_PTR)last_place * 4);
    pthread_rwlock_unlock(&table_lock);
    return handle;
}

static struct object *self(void)
{
    if (!self_object)
        self_object = make(THREAD); /* a thread that was not made here; for the program's life */
    return self_object;
}

/* One reference; NULL: no handle. */
static struct object *look_up(HANDLE handle)
{
    ULONG_PTR place = (ULONG_PTR)handle / 4;
    struct object *object = NULL;

    if (handle == CURRENT_THREAD) {
        ref(self());
        return self();
    }
    pthread_rwlock_rdlock(&table_lock);
    if (place < HANDLES && (ULONG_PTR)handle % 4 == 0)
        object = table[place];
    if (object)
        ref(object);
    pthread_rwlock_unlock(&table_lock);
    if (!object)
        last_error = ERROR_INVALID_HANDLE;
    return object;
}

BOOL WINAPI CloseHandle(HANDLE handle)
{
    ULONG_PTR place = (ULONG_PTR)handle / 4;
    struct object *object = NULL;

    pthread_rwlock_wrlock(&table_lock);
    if (place < HANDLES && (ULONG_PTR)handle % 4 == 0) {
        object = table[place];
        table[place] = NULL;
        open_handles -= object != NULL;
    }
    pthread_rwlock_unlock(&table_lock);
    if (!object) {
        fprintf(stderr, "stand-in: CloseHandle(%p), which is none\n", handle);
        abort();
    }
    unref(object);
    return TRUE;
}

unsigned standin_handles(void)
{
    unsigned count;

    pthread_rwlock_rdlock(&table_lock);
    count = open_handles;
    pthread_rwlock_unlock(&table_lock);
    return count;
}

BOOL WINAPI DuplicateHandle(HANDLE from_process, HANDLE from, HANDLE to_process, HANDLE *to,
                            DWORD access, BOOL inherit, DWORD options)
{
    struct object *object = look_up(from);

    (void)from_process, (void)to_process, (void)access, (void)inherit, (void)options;
    *to = NULL;
    if (!object)
        return FALSE;
    *to = open_handle(object);
    return TRUE;
}

HANDLE WINAPI CreateEventW(SECURITY_ATTRIBUTES *security, BOOL manual, BOOL set, LPCWSTR name)
{
    struct object *object = make(EVENT);

    (void)security, (void)name;
    object->manual = manual;
    object->signalled = set;
    return open_handle(object);
}

HANDLE WINAPI CreateSemaphoreW(SECURITY_ATTRIBUTES *security, LONG count, LONG most, LPCWSTR name)
{
    struct object *object = make(SEMAPHORE);

    (void)security, (void)name;
    object->count = count;
    object->most = most;
    return open_handle(object);
}

/* ---- signals --------------------------------------------------------------------------------- */

/* Lock held. Who waits looks for itself. */
static void wake_all(struct object *object)
{
    for (struct node *node = object->waiters; node; node = node->next) {
        pthread_mutex_lock(&node->waiter->lock);
        node->waiter->woken = true;
        pthread_cond_signal(&node->waiter->wake);
        pthread_mutex_unlock(&node->waiter->lock);
    }
}

static BOOL signal_event(HANDLE handle, bool set)
{
    struct object *object = look_up(handle);

    if (!object || object->kind != EVENT) {
        if (object)
            unref(object);
        last_error = ERROR_INVALID_HANDLE;
        return FALSE;
    }
    pthread_mutex_lock(&object->lock);
    object->signalled = set;
    if (set)
        wake_all(object);
    pthread_mutex_unlock(&object->lock);
    unref(object);
    return TRUE;
}

BOOL WINAPI SetEvent(HANDLE handle)
{
    return signal_event(handle, true);
}

BOOL WINAPI ResetEvent(HANDLE handle)
{
    return signal_event(handle, false);
}

BOOL WINAPI ReleaseSemaphore(HANDLE handle, LONG count, LONG *before)
{
    struct object *object = look_up(handle);
    bool fits;

    if (!object)
        return FALSE;
    pthread_mutex_lock(&object->lock);
    fits = object->kind == SEMAPHORE && count > 0 && object->count <= object->most - count;
    if (before)
        *before = object->count;
    if (fits) {
        object->count += count;
        wake_all(object);
    }
    pthread_mutex_unlock(&object->lock);
    unref(object);
    if (!fits)
        last_error = ERROR_TOO_MANY_POSTS;
    return fits;
}

/* Takes the object if it is free; else lets it tell the waiter. */
static bool take(struct object *object, struct node *node)
{
    bool taken;

    pthread_mutex_lock(&object->lock);
    taken = object->kind == SEMAPHORE ? object->count > 0 : object->signalled;
    if (taken && object->kind == SEMAPHORE)
        object->count--;
    else if (taken && object->kind == EVENT && !object->manual)
        object->signalled = false;
    if (!taken && node) {
        node->next = object->waiters;
        object->waiters = node;
    }
    pthread_mutex_unlock(&object->lock);
    return taken;
}

static void leave(struct object *object, struct node *node)
{
    pthread_mutex_lock(&object->lock);
    for (struct node **at = &object->waiters; *at; at = &(*at)->next) {
        if (*at == node) {
            *at = node->next;
            break;
        }
    }
    pthread_mutex_unlock(&object->lock);
}

static bool run_apcs(void)
{
    struct object *object = self();
    bool any = false;

    for (;;) {
        struct apc *apc;

        pthread_mutex_lock(&object->lock);
        apc = object->apcs;
        if (apc)
            object->apcs = apc->next;
        pthread_mutex_unlock(&object->lock);
        if (!apc)
            return any;
        apc->run(apc->data);
        free(apc);
        any = true;
    }
}

/* Sleeps until the waiter is woken. False: the time is over. */
static bool rest(struct waiter *waiter, DWORD ms, UINT64 until_us)
{
    bool woken;

    pthread_mutex_lock(&waiter->lock);
    while (!waiter->woken) {
        struct timespec until = {(time_t)(until_us / 1000000), (long)(until_us % 1000000) * 1000};

        if (ms == INFINITE)
            pthread_cond_wait(&waiter->wake, &waiter->lock);
        else if (pthread_cond_timedwait(&waiter->wake, &waiter->lock, &until))
            break;
    }
    woken = waiter->woken;
    waiter->woken = false;
    pthread_mutex_unlock(&waiter->lock);
    return woken;
}

static DWORD wait_any(DWORD count, const HANDLE *handles, DWORD ms, bool alertable)
{
    struct object *objects[MAXIMUM_WAIT_OBJECTS];
    struct node nodes[MAXIMUM_WAIT_OBJECTS + 1];
    struct waiter waiter = {.lock = PTHREAD_MUTEX_INITIALIZER};
    UINT64 until = standin_now_us() + (UINT64)ms * 1000;
    DWORD result = WAIT_TIMEOUT;
    pthread_condattr_t attributes;
    bool more = true;

    for (DWORD i = 0; i < count; i++) {
        objects[i] = look_up(handles[i]);
        if (!objects[i]) {
            while (i--)
                unref(objects[i]);
            return WAIT_FAILED;
        }
    }
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&waiter.wake, &attributes);
    while (result == WAIT_TIMEOUT && more) {
        DWORD watched = 0;

        for (DWORD i = 0; i <= count; i++)
            nodes[i].waiter = &waiter;
        while (watched < count && !take(objects[watched], &nodes[watched]))
            watched++;
        if (watched < count)
            result = WAIT_OBJECT_0 + watched;
        if (alertable && result == WAIT_TIMEOUT) {
            struct object *own = self();

            pthread_mutex_lock(&own->lock);
            nodes[count].next = own->waiters;
            own->waiters = &nodes[count];
            pthread_mutex_unlock(&own->lock);
            if (run_apcs())
                result = WAIT_IO_COMPLETION;
        }
        if (result == WAIT_TIMEOUT)
            more = rest(&waiter, ms, until);
        for (DWORD i = 0; i < watched; i++)
            leave(objects[i], &nodes[i]);
        if (alertable)
            leave(self(), &nodes[count]);
    }
    /* What came at the last moment. */
    for (DWORD i = 0; i < count && result == WAIT_TIMEOUT; i++)
        if (take(objects[i], NULL))
            result = WAIT_OBJECT_0 + i;
    for (DWORD i = 0; i < count; i++)
        unref(objects[i]);
    pthread_cond_destroy(&waiter.wake);
    pthread_condattr_destroy(&attributes);
    return result;
}

DWORD WINAPI WaitForSingleObject(HANDLE handle, DWORD ms)
{
    return wait_any(1, &handle, ms, false);
}

DWORD WINAPI WaitForSingleObjectEx(HANDLE handle, DWORD ms, BOOL alertable)
{
    return wait_any(1, &handle, ms, alertable);
}

DWORD WINAPI WaitForMultipleObjects(DWORD count, const HANDLE *handles, BOOL all, DWORD ms)
{
    UINT64 until = standin_now_us() + (UINT64)ms * 1000;

    if (!all)
        return wait_any(count, handles, ms, false);
    /* One after the other: whoever waits for all here waits for threads. */
    for (DWORD i = 0; i < count; i++) {
        UINT64 now = standin_now_us();
        DWORD left = ms == INFINITE ? INFINITE : now < until ? (DWORD)((until - now) / 1000) : 0;
        DWORD result = wait_any(1, &handles[i], left, false);

        if (result != WAIT_OBJECT_0)
            return result;
    }
    return WAIT_OBJECT_0;
}

DWORD WINAPI SleepEx(DWORD ms, BOOL alertable)
{
    return wait_any(0, NULL, ms, alertable) == WAIT_IO_COMPLETION ? WAIT_IO_COMPLETION : 0;
}

VOID WINAPI Sleep(DWORD ms)
{
    SleepEx(ms, FALSE);
}

BOOL WINAPI SwitchToThread(void)
{
    return sched_yield() == 0;
}

/* ---- threads --------------------------------------------------------------------------------- */

static void end(DWORD result)
{
    struct object *object = self_object;

    self_object = NULL;
    pthread_mutex_lock(&object->lock);
    object->result = result;
    object->signalled = true;
    wake_all(object);
    pthread_mutex_unlock(&object->lock);
    unref(object);
}

static void *thread_main(void *parameter)
{
    self_object = parameter;
    end(self_object->run(self_object->parameter));
    return NULL;
}

HANDLE WINAPI CreateThread(SECURITY_ATTRIBUTES *security, SIZE_T stack, LPTHREAD_START_ROUTINE run,
                           LPVOID parameter, DWORD flags, LPDWORD id)
{
    struct object *object = make(THREAD);
    pthread_attr_t attributes;
    pthread_t thread;
    HANDLE handle;
    int error;

    (void)security, (void)stack, (void)flags;
    if (id)
        *id = 0;
    object->run = run;
    object->parameter = parameter;
    object->result = STILL_ACTIVE;
    ref(object); /* the thread's own */
    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    error = pthread_create(&thread, &attributes, thread_main, object);
    pthread_attr_destroy(&attributes);
    if (error) {
        unref(object);
        unref(object);
        last_error = ERROR_NOT_ENOUGH_MEMORY;
        return NULL;
    }
    handle = open_handle(object);
    return handle;
}

BOOL WINAPI GetExitCodeThread(HANDLE thread, LPDWORD result)
{
    struct object *object = look_up(thread);

    if (!object)
        return FALSE;
    pthread_mutex_lock(&object->lock);
    *result = object->result;
    pthread_mutex_unlock(&object->lock);
    unref(object);
    return TRUE;
}

DWORD WINAPI QueueUserAPC(PAPCFUNC run, HANDLE thread, ULONG_PTR data)
{
    struct object *object = look_up(thread);
    struct apc *apc, **end_of;

    if (!object)
        return 0;
    apc = calloc(1, sizeof(*apc));
    if (!apc)
        abort();
    apc->run = run;
    apc->data = data;
    pthread_mutex_lock(&object->lock);
    for (end_of = &object->apcs; *end_of; end_of = &(*end_of)->next)
        ;
    *end_of = apc;
    wake_all(object);
    pthread_mutex_unlock(&object->lock);
    unref(object);
    return 1;
}

DWORD WINAPI GetCurrentThreadId(void)
{
    return (DWORD)syscall(SYS_gettid);
}

HANDLE WINAPI GetCurrentThread(void)
{
    return CURRENT_THREAD;
}

HANDLE WINAPI GetCurrentProcess(void)
{
    return (HANDLE)(LONG_PTR)-1;
}

DWORD WINAPI GetCurrentProcessId(void)
{
    return (DWORD)getpid();
}

/* ---- the module, which is the program -------------------------------------------------------- */

static HMODULE program = (HMODULE)&program;

BOOL WINAPI GetModuleHandleExW(DWORD flags, LPCWSTR name, HMODULE *module)
{
    (void)flags, (void)name;
    *module = program;
    return TRUE;
}

HMODULE WINAPI GetModuleHandleW(LPCWSTR name)
{
    (void)name;
    return program;
}

BOOL WINAPI FreeLibrary(HMODULE module)
{
    return module == program;
}

VOID WINAPI FreeLibraryAndExitThread(HMODULE module, DWORD result)
{
    FreeLibrary(module);
    end(result);
    pthread_exit(NULL);
}

static void WINAPI nothing(void)
{
}

/* oleaut32's SetOaNoCache is all that anybody asks for; there is no cache here. */
FARPROC WINAPI GetProcAddress(HMODULE module, LPCSTR name)
{
    (void)module;
    return strcmp(name, "SetOaNoCache") ? NULL : (FARPROC)(void *)nothing;
}
