/*
 * Sequences of COM calls that no compiler checked: whatever implements IDispatch is asked for every
 * name of the contract with arguments of every type and number, each choice from a seed. What comes
 * back goes into the pool that the next calls are made on and given as arguments. Laws:
 *
 *  - a name is known or DISP_E_UNKNOWNNAME; an object is the same through all its interfaces;
 *  - a call that fails leaves its result empty, and an exception says with which code;
 *  - when all is released the module may go;
 *  - whatever happens more often takes no more handles and threads of the process.
 *
 * OMSP_COM_CALLS says how many sequences (20) of 1500 calls each.
 */
#include "support/host.h"

#include "support/com_calls.h"
#include "support/process_use.h"

#define CALLS 1500

typedef HRESULT(STDMETHODCALLTYPE *can_unload_fn)(void);

static void sequence(uint32_t seed, struct play *totals)
{
    struct play play = {.seed = omsp_test_seed(seed) * 2654435761u + 1};
    IOpenMSPAddress *address = NULL;
    IOpenMSPCall *call = NULL;

    ck_assert_hr(CoCreateInstance(&CLSID_OpenMSPAddress, NULL, CLSCTX_INPROC_SERVER,
                                  &IID_IOpenMSPAddress, (void **)&address),
                 S_OK);
    if (any(&play, 8))
        ck_assert_hr(IOpenMSPAddress_Open(address), S_OK);
    keep(&play, (IUnknown *)address);
    if (SUCCEEDED(IOpenMSPAddress_CreateCall(address, TAPIMEDIATYPE_AUDIO, &call))) {
        keep(&play, (IUnknown *)call);
        kit_release(call);
    }
    for (unsigned i = 0; i < CALLS; i++)
        one_call(&play);
    IOpenMSPAddress_Close(address); /* perhaps it is closed already */
    for (unsigned i = 0; i < POOL; i++)
        if (play.pool[i])
            kit_release(play.pool[i]);
    kit_release(address);
    totals->invoked += play.invoked;
    totals->succeeded += play.succeeded;
    totals->refused += play.refused;
    totals->unknown += play.unknown;
}

START_TEST(whatever_is_called_with_whatever_answers_and_leaves_nothing_behind)
{
    const char *asked = getenv("OMSP_COM_CALLS");
    unsigned count = asked ? (unsigned)strtoul(asked, NULL, 10) : 20;
    struct activation activation;
    struct play totals = {0};
    struct process_use before = {0, 0, 0}, after;
    can_unload_fn can_unload;
    HMODULE module;

    activate(&activation);
    for (unsigned seed = 1; seed <= count; seed++) {
        sequence(seed, &totals);
        module = GetModuleHandleW(L"openmsp.dll");
        ck_assert_ptr_nonnull(module);
        can_unload = (can_unload_fn)(void *)GetProcAddress(module, "DllCanUnloadNow");
        ck_assert_msg(can_unload() == S_OK, "sequence %u left something behind", seed);
        if (seed == count / 4 + 1) /* the system's own are all there by then */
            process_use_now(&before);
    }
    printf("%u sequences: %lu calls, %lu answered, %lu refused, %lu names unknown\n", count,
           totals.invoked, totals.succeeded, totals.refused, totals.unknown);
    ck_assert_msg(process_use_returns(&before, HOST_WAIT_MS, &after),
                  "threads %u -> %u, handles %u -> %u", before.threads, after.threads,
                  before.handles, after.handles);
    ck_assert_uint_gt(totals.succeeded, totals.invoked / 50);
    ck_assert_uint_gt(totals.refused, totals.invoked / 50);
    DeleteFileW(L"com_calls.wav");
    deactivate(&activation);
}
END_TEST

OMSP_SUITE("com_calls", TEST(whatever_is_called_with_whatever_answers_and_leaves_nothing_behind))
