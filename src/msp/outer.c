/* Asking outers as long as they are there (outer.h). */
#include "msp/outer.h"

void msp_outer_init(struct msp_outer *outer)
{
    InitializeSRWLock(&outer->lock);
    InitializeConditionVariable(&outer->quiet);
}

static bool enter(struct msp_outer *outer)
{
    bool there;

    AcquireSRWLockExclusive(&outer->lock);
    there = !outer->gone;
    outer->asking += there;
    ReleaseSRWLockExclusive(&outer->lock);
    return there;
}

static void leave(struct msp_outer *outer)
{
    AcquireSRWLockExclusive(&outer->lock);
    if (!--outer->asking)
        WakeAllConditionVariable(&outer->quiet);
    ReleaseSRWLockExclusive(&outer->lock);
}

HRESULT msp_outer_query(struct msp_outer *outer, struct com_object *object, REFIID iid, void **out)
{
    HRESULT hr;

    *out = NULL;
    if (object->outer == &object->inner)
        return com_object_query(object, iid, out);
    if (!enter(outer))
        return E_UNEXPECTED;
    hr = IUnknown_QueryInterface(object->outer, iid, out);
    leave(outer);
    if (FAILED(hr))
        *out = NULL;
    return hr;
}

void msp_outer_end(struct msp_outer *outer)
{
    ULONGLONG until = GetTickCount64() + MSP_OUTER_PATIENCE_MS, now;

    AcquireSRWLockExclusive(&outer->lock);
    outer->gone = true;
    while (outer->asking && (now = GetTickCount64()) < until)
        SleepConditionVariableSRW(&outer->quiet, &outer->lock, (DWORD)(until - now), 0);
    ReleaseSRWLockExclusive(&outer->lock);
}
