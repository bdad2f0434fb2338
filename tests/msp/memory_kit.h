/*
 * Allocation walks over methods of COM objects: each is called with the n-th allocation failing,
 * n = 0, 1, 2, ..., ours and COM's task memory (strings, arrays, media types) in one row.
 */
#ifndef OMSP_TESTS_MSP_MEMORY_KIT_H
#define OMSP_TESTS_MSP_MEMORY_KIT_H

#include "msp/kit.h"

/* What oleaut32 exports to keep no freed strings for later. */
typedef void(WINAPI *memory_no_cache)(void);

/* Counts what this thread has of task memory, and lets it fail in its turn. */
struct memory_spy {
    IMallocSpy iface;
    DWORD thread;
    LONG outstanding;
};

static inline struct memory_spy *memory_spy_of(IMallocSpy *iface)
{
    return CONTAINING_RECORD(iface, struct memory_spy, iface);
}

static inline HRESULT STDMETHODCALLTYPE memory_query(IMallocSpy *iface, REFIID iid, void **out)
{
    *out = IsEqualIID(iid, &IID_IUnknown) || IsEqualIID(iid, &IID_IMallocSpy) ? iface : NULL;
    return *out ? S_OK : E_NOINTERFACE;
}

static inline ULONG STDMETHODCALLTYPE memory_count(IMallocSpy *iface)
{
    (void)iface;
    return 1;
}

static inline SIZE_T STDMETHODCALLTYPE memory_before_alloc(IMallocSpy *iface, SIZE_T size)
{
    bool mine = GetCurrentThreadId() == memory_spy_of(iface)->thread;

    return mine && !omsp_test_alloc_turn() ? 0 : size ? size : 1;
}

static inline void *STDMETHODCALLTYPE memory_after_alloc(IMallocSpy *iface, void *block)
{
    if (block && GetCurrentThreadId() == memory_spy_of(iface)->thread)
        InterlockedIncrement(&memory_spy_of(iface)->outstanding);
    return block;
}

static inline void *STDMETHODCALLTYPE memory_before_free(IMallocSpy *iface, void *block, BOOL spied)
{
    if (block && spied && GetCurrentThreadId() == memory_spy_of(iface)->thread)
        InterlockedDecrement(&memory_spy_of(iface)->outstanding);
    return block;
}

static inline void STDMETHODCALLTYPE memory_after_free(IMallocSpy *iface, BOOL spied)
{
    (void)iface, (void)spied;
}

static inline SIZE_T STDMETHODCALLTYPE memory_before_realloc(IMallocSpy *iface, void *block,
                                                             SIZE_T size, void **real, BOOL spied)
{
    (void)spied;
    *real = block;
    return memory_before_alloc(iface, size);
}

static inline void *STDMETHODCALLTYPE memory_after_realloc(IMallocSpy *iface, void *block,
                                                           BOOL spied)
{
    (void)iface, (void)spied;
    return block;
}

static inline void *STDMETHODCALLTYPE memory_block(IMallocSpy *iface, void *block, BOOL spied)
{
    (void)iface, (void)spied;
    return block;
}

static inline SIZE_T STDMETHODCALLTYPE memory_size(IMallocSpy *iface, SIZE_T size, BOOL spied)
{
    (void)iface, (void)spied;
    return size;
}

static inline int STDMETHODCALLTYPE memory_did(IMallocSpy *iface, void *block, BOOL spied,
                                               int actual)
{
    (void)iface, (void)block, (void)spied;
    return actual;
}

static inline void STDMETHODCALLTYPE memory_nothing(IMallocSpy *iface)
{
    (void)iface;
}

/* The spy is the process's, once and for all: what was made before it lives on. */
static inline struct memory_spy *memory_begin(void)
{
    static IMallocSpyVtbl vtable = {
        .QueryInterface = memory_query,
        .AddRef = memory_count,
        .Release = memory_count,
        .PreAlloc = memory_before_alloc,
        .PostAlloc = memory_after_alloc,
        .PreFree = memory_before_free,
        .PostFree = memory_after_free,
        .PreRealloc = memory_before_realloc,
        .PostRealloc = memory_after_realloc,
        .PreGetSize = memory_block,
        .PostGetSize = memory_size,
        .PreDidAlloc = memory_block,
        .PostDidAlloc = memory_did,
        .PreHeapMinimize = memory_nothing,
        .PostHeapMinimize = memory_nothing,
    };
    static struct memory_spy spy = {.iface = {&vtable}};
    static bool registered;
    memory_no_cache no_cache = (memory_no_cache)(void (*)(void))GetProcAddress(
        GetModuleHandleW(L"oleaut32"), "SetOaNoCache");

    ck_assert_ptr_nonnull(no_cache);
    no_cache();
    spy.thread = GetCurrentThreadId();
    if (!registered)
        ck_assert_hr(CoRegisterMallocSpy(&spy.iface), S_OK);
    registered = true;
    return &spy;
}

/* What a method under the walk gave. */
struct memory_answer {
    IUnknown *objects[4];
    BSTR text;
    VARIANT variant;
    AM_MEDIA_TYPE *type;
};

static inline void memory_drop(struct memory_answer *answer)
{
    for (size_t i = 0; i < sizeof(answer->objects) / sizeof(answer->objects[0]); i++)
        if (answer->objects[i])
            IUnknown_Release(answer->objects[i]);
    SysFreeString(answer->text);
    VariantClear(&answer->variant);
    if (answer->type) {
        CoTaskMemFree(answer->type->pbFormat);
        CoTaskMemFree(answer->type);
    }
    memset(answer, 0, sizeof(*answer));
}

static inline void memory_is_empty(const char *name, long n, const struct memory_answer *answer)
{
    for (size_t i = 0; i < sizeof(answer->objects) / sizeof(answer->objects[0]); i++)
        ck_assert_msg(!answer->objects[i], "%s: an object from failing allocation %ld", name, n);
    ck_assert_msg(!answer->text && !answer->type && answer->variant.vt == VT_EMPTY,
                  "%s: an answer from failing allocation %ld", name, n);
}

struct memory_walk {
    const char *name;
    /* Does it, with what ctx holds, and takes everything back but the answer. */
    HRESULT (*act)(void *ctx, struct memory_answer *answer);
};

/* Until nothing comes or goes for a while. */
static inline void memory_rest(struct memory_spy *spy, void *ctx, void (*settle)(void *ctx))
{
    ULONGLONG since = GetTickCount64(), give_up = since + 20000;
    long ours = omsp_test_outstanding();
    LONG theirs = spy->outstanding;

    while (GetTickCount64() - since < 100 && GetTickCount64() < give_up) {
        settle(ctx);
        if (ours == omsp_test_outstanding() && theirs == spy->outstanding)
            continue;
        ours = omsp_test_outstanding();
        theirs = spy->outstanding;
        since = GetTickCount64();
    }
}

/* settle: lets what goes on by itself go on. Each failure is E_OUTOFMEMORY and gives nothing;
 * afterwards the same call goes well, and nothing is left. How many allocations failed. */
static inline long memory_walk(struct memory_spy *spy, const struct memory_walk *walk, void *ctx,
                               void (*settle)(void *ctx))
{
    struct memory_answer answer = {0};
    long ours = 0, n = -2;
    LONG theirs = 0;
    bool hit = true;

    for (; hit; n++) {
        ULONGLONG give_up = GetTickCount64() + 20000;
        HRESULT hr;

        ck_assert_msg(n < 10000, "%s: the walk does not end", walk->name);
        if (n >= 0)
            omsp_test_fail_alloc(n);
        hr = walk->act(ctx, &answer);
        hit = n < 0 || omsp_test_alloc_failed();
        omsp_test_allow_alloc();
        if (FAILED(hr)) {
            ck_assert_msg(n >= 0 && hit && hr == E_OUTOFMEMORY,
                          "%s: 0x%08lx with allocation %ld failing", walk->name, (unsigned long)hr,
                          n);
            memory_is_empty(walk->name, n, &answer);
        }
        memory_drop(&answer);
        settle(ctx);
        if (n < 0) { /* twice without failure, so that what is made once has been made */
            memory_rest(spy, ctx, settle);
            ours = omsp_test_outstanding();
            theirs = spy->outstanding;
            continue;
        }
        while ((omsp_test_outstanding() != ours || spy->outstanding != theirs) &&
               GetTickCount64() < give_up)
            settle(ctx);
        ck_assert_msg(omsp_test_outstanding() == ours, "%s: failing allocation %ld leaked %ld",
                      walk->name, n, omsp_test_outstanding() - ours);
        ck_assert_msg(spy->outstanding == theirs, "%s: failing allocation %ld leaked %ld of COM's",
                      walk->name, n, (long)(spy->outstanding - theirs));
    }
    return n - 1;
}

#endif
