/*
 * The stream's state machine: what each input changes is a row of `rules`, where the stream belongs
 * is `target`. Not the media: it says what has to move and is told how that went. No lock of its
 * own; the owner's address lock guards the struct.
 */
#include "core/stream.h"

enum change { KEEP, SET, CLEAR };
enum goal {
    STAY,  /* the media is not touched */
    SEEK,  /* to where the three variables say that it belongs */
    LOWER, /* the same, but never up */
    HALT,  /* to STOPPED */
};
enum offered { ALWAYS, BY_START, BY_PAUSE, BY_STOP };

#define SAME (-1)

static const struct rule {
    int desired;   /* enum omsp_desired, or SAME */
    int terminals; /* what is added to the count */
    enum change ready, silent;
    enum goal goal;
    enum offered offered;
    int cause;   /* enum omsp_cause, or SAME: the caller's */
    bool forced; /* a move that fails ends in STOPPED all the same */
    bool undoes; /* a failure is told even when no media had to move */
} rules[OMSP_INPUT_COUNT] = {
    /* clang-format off */
    /*                     desired       count ready  silent goal   offered   cause forced undoes */
    [OMSP_IN_START]     = {OMSP_WANT_RUN,   0, KEEP,  KEEP,  SEEK,  BY_START, SAME, false, true},
    [OMSP_IN_PAUSE]     = {OMSP_WANT_PAUSE, 0, KEEP,  KEEP,  SEEK,  BY_PAUSE, SAME, false, true},
    [OMSP_IN_STOP]      = {OMSP_WANT_STOP,  0, KEEP,  KEEP,  SEEK,  BY_STOP,  SAME, false, true},
    [OMSP_IN_SELECT]    = {SAME,           +1, KEEP,  KEEP,  SEEK,  ALWAYS,   SAME, false, false},
    [OMSP_IN_UNSELECT]  = {SAME,           -1, KEEP,  KEEP,  LOWER, ALWAYS,   SAME, true,  false},
    [OMSP_IN_READY]     = {SAME,            0, SET,   KEEP,  SEEK,  ALWAYS,   SAME, false, false},
    [OMSP_IN_NOT_READY] = {SAME,            0, CLEAR, KEEP,  SEEK,  ALWAYS,   SAME, true,  false},
    [OMSP_IN_SILENT]    = {SAME,            0, KEEP,  SET,   STAY,  ALWAYS,
                           OMSP_CAUSE_MEDIA_TIMEOUT, false, false},
    [OMSP_IN_HEARD]     = {SAME,            0, KEEP,  CLEAR, STAY,  ALWAYS,
                           OMSP_CAUSE_MEDIA_RECOVERED, false, false},
    [OMSP_IN_BROKE]     = {SAME,            0, KEEP,  KEEP,  HALT,  ALWAYS,   SAME, false, false},
    [OMSP_IN_SHUTDOWN]  = {SAME,            0, CLEAR, KEEP,  HALT,  ALWAYS,   SAME, true,  false},
    /* clang-format on */
};

/* Where a stream belongs: [may stream: ready and a terminal][desired]. */
static const enum omsp_actual target[2][3] = {
    {OMSP_STOPPED, OMSP_STOPPED, OMSP_STOPPED},
    {[OMSP_WANT_RUN] = OMSP_RUNNING,
     [OMSP_WANT_PAUSE] = OMSP_PAUSED,
     [OMSP_WANT_STOP] = OMSP_STOPPED},
};

static const enum omsp_status refusal[] = {
    [OMSP_OFFERED] = OMSP_OK,
    [OMSP_OFFER_NOTIMPL] = OMSP_NOTIMPL,
    [OMSP_OFFER_NOTSUPPORTED] = OMSP_NOTSUPPORTED,
};

static bool changed(enum change change, bool value)
{
    return change == KEEP ? value : change == SET;
}

static enum omsp_status may(const struct omsp_stream_fsm *fsm, enum omsp_input input)
{
    const struct omsp_stream_offers *offers = &fsm->offers;

    if (fsm->shut)
        return OMSP_SHUTDOWN;
    if (input == OMSP_IN_UNSELECT && !fsm->terminals)
        return OMSP_BAD_TERMINAL;
    switch (rules[input].offered) {
    case BY_START:
        return refusal[offers->start];
    case BY_PAUSE:
        return refusal[offers->pause];
    case BY_STOP:
        return refusal[offers->stop];
    default:
        return OMSP_OK;
    }
}

void omsp_stream_fsm_init(struct omsp_stream_fsm *fsm, struct omsp_stream_offers offers)
{
    struct omsp_stream_fsm fresh = {
        .desired = OMSP_WANT_RUN, .actual = OMSP_STOPPED, .offers = offers};

    *fsm = fresh;
}

struct omsp_stream_plan omsp_stream_plan(const struct omsp_stream_fsm *fsm, enum omsp_input input,
                                         enum omsp_cause cause)
{
    const struct rule *rule = &rules[input];
    struct omsp_stream_plan plan = {
        .status = may(fsm, input),
        .from = fsm->actual,
        .to = fsm->actual,
        .input = input,
        .cause = rule->cause == SAME ? cause : (enum omsp_cause)rule->cause,
        .desired_before = fsm->desired,
        .desired_after = rule->desired == SAME ? fsm->desired : (enum omsp_desired)rule->desired,
    };
    enum omsp_actual to;

    if (plan.status != OMSP_OK || rule->goal == STAY)
        return plan;
    to = OMSP_STOPPED;
    if (rule->goal != HALT)
        to = target[changed(rule->ready, fsm->ready) && (int)fsm->terminals + rule->terminals > 0]
                   [plan.desired_after];
    if (rule->goal == LOWER && to > fsm->actual)
        to = fsm->actual;
    plan.to = to;
    plan.move = plan.to != plan.from;
    return plan;
}

bool omsp_stream_is_idle(const struct omsp_stream_fsm *fsm, enum omsp_input input)
{
    return (int)fsm->desired == rules[input].desired &&
           fsm->actual == target[fsm->ready && fsm->terminals][fsm->desired] &&
           may(fsm, input) == OMSP_OK;
}

static void tell(struct omsp_stream_commit *commit, enum omsp_call_event type,
                 enum omsp_cause cause, enum omsp_status error)
{
    commit->events[commit->count].type = type;
    commit->events[commit->count].cause = cause;
    commit->events[commit->count].error = error;
    commit->count++;
}

static void settle(struct omsp_stream_fsm *fsm, enum omsp_actual actual)
{
    if (fsm->actual != actual || actual != OMSP_RUNNING)
        fsm->silent = false;
    fsm->actual = actual;
}

/* ACTIVE or INACTIVE when what was told last is not so any more. */
static void tell_state(struct omsp_stream_fsm *fsm, struct omsp_stream_commit *commit,
                       enum omsp_cause cause)
{
    bool active = fsm->actual == OMSP_RUNNING && !fsm->silent;

    if (active == fsm->told_active)
        return;
    fsm->told_active = active;
    tell(commit, active ? OMSP_STREAM_ACTIVE : OMSP_STREAM_INACTIVE, cause, OMSP_OK);
}

/* others: selected terminals besides the one that may be to blame. True: the stream goes on without
 * that one, as if the input had succeeded. */
static bool fail(struct omsp_stream_fsm *fsm, const struct omsp_stream_plan *plan, unsigned others,
                 enum omsp_cause cause, enum omsp_actual now, struct omsp_stream_commit *commit)
{
    const struct rule *rule = &rules[plan->input];
    bool blamed = cause == OMSP_CAUSE_CONNECT_FAIL || cause == OMSP_CAUSE_BAD_DEVICE;
    enum omsp_actual unharmed = plan->input == OMSP_IN_BROKE ? plan->from : plan->to;

    if (!plan->move && !rule->undoes && plan->input != OMSP_IN_SELECT)
        return false;
    if (blamed)
        tell(commit, OMSP_TERMINAL_FAIL, cause, commit->status);
    if (blamed && others && now == unharmed && !rule->forced) {
        settle(fsm, now);
        return true;
    }
    if (rule->forced || rule->goal == HALT || now != plan->from)
        now = OMSP_STOPPED;
    /* A terminal that could not be put beside others, and nobody but the caller need know. */
    if (plan->move || rule->undoes || blamed || now != plan->from)
        tell(commit, OMSP_STREAM_FAIL, cause, commit->status);
    settle(fsm, now);
    if (now != OMSP_RUNNING)
        fsm->told_active = false; /* the FAIL stands for the INACTIVE */
    return false;
}

struct omsp_stream_commit omsp_stream_commit(struct omsp_stream_fsm *fsm,
                                             const struct omsp_stream_plan *plan,
                                             enum omsp_status result, enum omsp_cause failed_cause,
                                             enum omsp_actual actual_now)
{
    const struct rule *rule = &rules[plan->input];
    struct omsp_stream_commit commit = {.status = result};
    unsigned others = fsm->terminals;
    bool went = result == OMSP_OK || rule->goal == STAY;

    if (plan->status != OMSP_OK) {
        commit.status = plan->status;
        return commit;
    }
    if (plan->input == OMSP_IN_BROKE && went) { /* it broke: that is what the input says */
        commit.status = OMSP_IO;
        went = false;
    }
    if (plan->input != OMSP_IN_SELECT && others)
        others--;
    fsm->ready = changed(rule->ready, fsm->ready);
    if (plan->input == OMSP_IN_SHUTDOWN)
        fsm->shut = true;
    if (went) {
        commit.status = OMSP_OK;
        settle(fsm, plan->to);
        if (fsm->actual == OMSP_RUNNING)
            fsm->silent = changed(rule->silent, fsm->silent);
    } else {
        went = fail(fsm, plan, others, failed_cause, actual_now, &commit);
    }
    if (went) {
        tell_state(fsm, &commit, plan->cause);
        fsm->desired = plan->desired_after;
    }
    if (plan->input == OMSP_IN_UNSELECT || (plan->input == OMSP_IN_SELECT && result == OMSP_OK))
        fsm->terminals = (unsigned)((int)fsm->terminals + rule->terminals);
    if (fsm->shut)
        fsm->terminals = 0;
    return commit;
}
