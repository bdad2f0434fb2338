/*
 * Sequences, chosen from a seed, of whatever an application can do with terminals of other makers
 * on its streams (hosted_steps.h): by one thread of either kind of apartment, and by three at once.
 * OMSP_HOSTED_SEQUENCES says how many of each kind, OMSP_HOSTED_SEED with which they begin.
 *
 * Laws: documented HRESULTs alone; ACTIVE and INACTIVE alternate, and the last word of a stream
 * that was stopped is no ACTIVE; each terminal that was connected is disconnected once, and hears
 * nothing after it; in the end nothing is held: no terminal, graph, object, engine, thread or
 * handle; nobody hangs.
 */
#include "msp/hosted_steps.h"
#include "support/process_use.h"

#define STEPS   100u
#define THREADS 3
#define WAIT_MS 60000u
/* Handles that Wine forgets: a pipe and an event for each single-threaded apartment; and an event
 * of each filter graph. */
#define KEPT_BY_COM 2

static unsigned number_of(const char *name, unsigned otherwise)
{
    const char *text = getenv(name);

    return text ? (unsigned)atoi(text) : otherwise;
}

/* Calls of others are let in, where this is a single-threaded apartment. */
static void pump(void)
{
    MSG message;

    while (PeekMessageW(&message, NULL, 0, 0, PM_REMOVE))
        DispatchMessageW(&message);
}

static DWORD WINAPI blow(void *arg)
{
    struct gust *gust = arg;

    if (gust->thread)
        CoInitializeEx(NULL, COINIT_MULTITHREADED);
    for (unsigned i = 0; i < gust->steps; i++) {
        step(gust);
        if (!gust->thread)
            pump();
    }
    if (gust->thread)
        CoUninitialize();
    return 0;
}

static void blow_all(struct storm *storm, uint32_t seed)
{
    struct gust gusts[THREADS];

    for (unsigned i = 0; i < storm->threads; i++) {
        memset(&gusts[i], 0, sizeof(gusts[i]));
        gusts[i].storm = storm;
        gusts[i].seed = seed * 977u + i;
        gusts[i].steps = STEPS;
        if (storm->threads == 1)
            break;
        gusts[i].thread = CreateThread(NULL, 0, blow, &gusts[i], CREATE_SUSPENDED, NULL);
        ck_assert_ptr_nonnull(gusts[i].thread);
    }
    if (storm->threads == 1) {
        blow(&gusts[0]);
        return;
    }
    for (unsigned i = 0; i < storm->threads; i++)
        ResumeThread(gusts[i].thread);
    for (unsigned i = 0; i < storm->threads; i++) {
        ck_assert_msg(WaitForSingleObject(gusts[i].thread, WAIT_MS) == WAIT_OBJECT_0,
                      "seed %u: thread %u hangs", seed, i);
        CloseHandle(gusts[i].thread);
    }
}

/* The last word of each stream that can be stopped is that it was. */
static void calm_down(struct storm *storm)
{
    for (int i = 0; i < storm->line_count; i++)
        if (!storm->lines[i].sub && !storm->lines[i].shut && !storm->shut &&
            ITStream_StopStream(storm->lines[i].stream) != S_OK)
            wrong(storm, "StopStream in the end", E_FAIL);
    drain(storm);
    for (int i = 0; i < storm->line_count; i++)
        if (!storm->lines[i].shut && !storm->shut && storm->lines[i].told == ACTIVE)
            wrong(storm, "still ACTIVE", S_OK);
}

/* In any order. */
static void let_go_of_all(struct storm *storm, struct gust *gust)
{
    void *all[SEATS + LINES + 3];
    unsigned count = 0;

    for (unsigned i = 0; i < SEATS; i++)
        if (storm->seats[i].terminal)
            all[count++] = storm->seats[i].terminal;
    for (LONG i = 0; i < storm->line_count; i++)
        all[count++] = storm->lines[i].unknown;
    for (unsigned i = 0; i < 2; i++)
        if (storm->calls[i])
            all[count++] = storm->calls[i];
    all[count++] = NULL; /* the address's end */
    while (count) {
        unsigned at = any(gust, count);

        if (all[at])
            kit_release(all[at]);
        else
            close_address(gust);
        all[at] = all[--count];
    }
    kit_release(storm->media.terminals);
    kit_release(storm->media.open);
    kit_release(storm->media.msp);
}

/* How much was done, for people, and so that a storm that does nothing is none. */
static struct {
    LONG sequences, selected, started, connected, events, slow;
    LONG graphs, apartments; /* since `before` */
    struct process_use before;
} did;

static void note(const struct storm *storm, bool apartment)
{
    did.sequences++;
    did.selected += storm->selected;
    did.started += storm->started;
    did.connected += third.connected;
    did.events += storm->events;
    did.slow += storm->slow;
    did.graphs += third.graphs;
    did.apartments += apartment;
    if (did.before.threads)
        return;
    process_use_now(&did.before); /* what stays after the first is there */
    did.graphs = did.apartments = 0;
}

static void sequence(uint32_t seed, unsigned threads, bool apartment)
{
    struct storm *storm = calloc(1, sizeof(*storm));
    struct gust gust = {.storm = storm, .seed = seed};
    ULONGLONG give_up;

    ck_assert_ptr_nonnull(storm);
    if (apartment) /* then the kit's own wish has no effect */
        CoInitializeEx(NULL, COINIT_APARTMENTTHREADED);
    media_begin(&storm->media);
    have_had_a_graph();
    third_begin();
    InitializeSRWLock(&storm->lock);
    InitializeSRWLock(&storm->order);
    storm->threads = threads;
    for (unsigned i = 0; i < 2; i++)
        new_call(&gust, i);
    ck_assert_int_eq(storm->line_count, 4);
    for (unsigned i = 0; i < SEATS; i++)
        storm->seats[i].on = -1;
    for (unsigned i = 0; i < 2 * SEATS; i++)
        step_create(&gust);
    step_connect(&gust);
    blow_all(storm, seed);
    calm_down(storm);
    let_go_of_all(storm, &gust);
    give_up = GetTickCount64() + WAIT_MS;
    while ((third.alive || com_module_references()) && GetTickCount64() < give_up) {
        pump();
        SwitchToThread();
    }
    ck_assert_msg(!storm->wrong && !third.wrong, "seed %u", seed);
    ck_assert_msg(third.connected == third.disconnected, "seed %u: %ld connected, %ld not any more",
                  seed, third.connected, third.disconnected);
    third_end();
    kit_end();
    note(storm, apartment);
    free(storm);
}

static void sequences(unsigned threads, bool apartment)
{
    unsigned count = number_of("OMSP_HOSTED_SEQUENCES", 5);
    uint32_t seed = number_of("OMSP_HOSTED_SEED", 1);

    for (unsigned i = 0; i < count; i++)
        sequence(seed + i, threads, apartment);
}

START_TEST(one_thread_does_whatever_it_likes)
{
    sequences(1, false);
}
END_TEST

START_TEST(one_thread_of_a_single_threaded_apartment_does_the_same)
{
    sequences(1, true);
}
END_TEST

START_TEST(three_threads_do_it_at_once)
{
    sequences(THREADS, false);
}
END_TEST

/* Of the process, after all of them. */
START_TEST(nothing_is_left_of_it)
{
    struct process_use after;

    for (unsigned i = 0; did.sequences < 3; i++) /* this test alone */
        sequence(i, 1, false);
    did.before.handles += (unsigned)(did.graphs + KEPT_BY_COM * did.apartments);
    ck_assert_msg(process_use_returns(&did.before, WAIT_MS, &after),
                  "threads %u -> %u, handles %u -> %u", did.before.threads, after.threads,
                  did.before.handles, after.handles);
    printf("%ld sequences: %ld selected, %ld started, %ld connected, %ld events, %ld slow; "
           "memory %llu -> %llu KiB\n",
           did.sequences, did.selected, did.started, did.connected, did.events, did.slow,
           (unsigned long long)did.before.memory / 1024, (unsigned long long)after.memory / 1024);
    ck_assert_int_gt(did.selected, 0);
    ck_assert_int_gt(did.started, 0);
    ck_assert_int_gt(did.connected, 0);
    ck_assert_int_gt(did.events, 0);
}
END_TEST

OMSP_SUITE("hosted_storm", TEST(one_thread_does_whatever_it_likes),
           TEST(one_thread_of_a_single_threaded_apartment_does_the_same),
           TEST(three_threads_do_it_at_once), TEST(nothing_is_left_of_it))
