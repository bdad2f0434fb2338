/* Inputs to a stream with every outcome. Laws of core/stream.h: alternation, media only where it
 * may be, desired changed by successful requests alone, nothing after shutdown. */
#include "fuzz.h"

#include "core/stream.h"

static void told(bool *active, const struct omsp_stream_fsm *fsm,
                 const struct omsp_stream_commit *commit)
{
    FUZZ_CHECK(commit->count <= OMSP_STREAM_MAX_EVENTS);
    for (unsigned i = 0; i < commit->count; i++) {
        switch (commit->events[i].type) {
        case OMSP_STREAM_ACTIVE:
            FUZZ_CHECK(!*active);
            *active = true;
            break;
        case OMSP_STREAM_INACTIVE:
            FUZZ_CHECK(*active);
            *active = false;
            break;
        case OMSP_TERMINAL_FAIL:
            FUZZ_CHECK(i == 0 && commit->events[i].error != OMSP_OK);
            break;
        default:
            FUZZ_CHECK(commit->events[i].type == OMSP_STREAM_FAIL);
            FUZZ_CHECK(i + 1 == commit->count && commit->events[i].error != OMSP_OK);
            if (fsm->actual != OMSP_RUNNING)
                *active = false;
            break;
        }
    }
    FUZZ_CHECK(*active == (fsm->actual == OMSP_RUNNING && !fsm->silent));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input input = {data, size};
    struct omsp_stream_fsm fsm;
    struct omsp_stream_offers offers;
    uint8_t first = fuzz_u8(&input);
    bool active = false;

    offers.start = first % 3;
    offers.pause = first / 3 % 3;
    offers.stop = first / 9 % 3;
    omsp_stream_fsm_init(&fsm, offers);
    while (fuzz_more(&input)) {
        uint8_t op = fuzz_u8(&input), how = fuzz_u8(&input);
        enum omsp_input what = (enum omsp_input)(op % OMSP_INPUT_COUNT);
        enum omsp_status result = how % 4 ? OMSP_OK : OMSP_NOSPACE;
        struct omsp_stream_fsm before = fsm;
        struct omsp_stream_plan plan =
            omsp_stream_plan(&fsm, what, (enum omsp_cause)(op / OMSP_INPUT_COUNT % 8));
        struct omsp_stream_commit commit = omsp_stream_commit(
            &fsm, &plan, result, (enum omsp_cause)(how / 4 % 8), (enum omsp_actual)(how / 32 % 3));

        told(&active, &fsm, &commit);
        if (before.shut)
            FUZZ_CHECK(commit.status == OMSP_SHUTDOWN && commit.count == 0);
        if (plan.status != OMSP_OK)
            FUZZ_CHECK(memcmp(&before, &fsm, sizeof(fsm)) == 0);
        if (fsm.actual != OMSP_STOPPED)
            FUZZ_CHECK(fsm.ready && fsm.terminals && !fsm.shut &&
                       (fsm.actual == OMSP_RUNNING) == (fsm.desired == OMSP_WANT_RUN));
        if (what > OMSP_IN_STOP)
            FUZZ_CHECK(fsm.desired == before.desired);
    }
    return 0;
}
