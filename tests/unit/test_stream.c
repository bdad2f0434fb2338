/*
 * The stream's state machine. Three ways: stories in a small language with the events written out;
 * every (state, input, outcome) against an oracle that is written from the specification's
 * sentences and shares nothing with the code; and long random walks under the invariants of
 * core/stream.h.
 */
#include "support/suite.h"

#include "core/stream.h"

#include <stdio.h>
#include <string.h>

static const struct omsp_stream_offers all_offered = {OMSP_OFFERED, OMSP_OFFERED, OMSP_OFFERED};

/* ---- stories ------------------------------------------------------------------------------- */

/*
 * One letter an input: s start, p pause, x stop, + select, - unselect, R ready, N not ready (both
 * by the remote end when followed by r), q silent, h heard, b broke, Z shutdown. Before it: ! it
 * fails and the media stays as it was; ? it fails for the terminal and the media is down; ~ it
 * fails for a terminal, but goes on with the others. The events: A active, I inactive, F stream
 * fail, T terminal fail, each with its cause's digit; "e" and the first letter of the reason for an
 * answer that is not OMSP_OK.
 */
static const char *tell_story(const char *story)
{
    static const char letters[] = "spx+-RNqhbZ";
    static char told[256];
    struct omsp_stream_fsm fsm;
    size_t n = 0;

    omsp_stream_fsm_init(&fsm, all_offered);
    for (const char *c = story; *c; c++) {
        char how = strchr("!?~", *c) ? *c++ : 0;
        enum omsp_input input = (enum omsp_input)(strchr(letters, *c) - letters);
        enum omsp_cause cause = OMSP_CAUSE_LOCAL_REQUEST, blame = OMSP_CAUSE_LOCAL_REQUEST;
        enum omsp_status result = OMSP_OK;
        enum omsp_actual now = OMSP_STOPPED;
        struct omsp_stream_plan plan;
        struct omsp_stream_commit commit;

        if (c[1] == 'r') {
            cause = OMSP_CAUSE_REMOTE_REQUEST;
            c++;
        }
        plan = omsp_stream_plan(&fsm, input, cause);
        if (input == OMSP_IN_BROKE) {
            result = OMSP_NODEVICE;
            blame = OMSP_CAUSE_UNKNOWN;
        }
        if (how) {
            result = OMSP_NODEVICE;
            blame = how == '!' ? blame : OMSP_CAUSE_BAD_DEVICE;
            now = how == '?'                                  ? OMSP_STOPPED
                  : how == '!' || plan.input == OMSP_IN_BROKE ? plan.from
                                                              : plan.to;
        }
        commit = omsp_stream_commit(&fsm, &plan, result, blame, now);
        for (unsigned i = 0; i < commit.count; i++) {
            told[n++] = "NFTUAI"[commit.events[i].type];
            told[n++] = (char)('0' + commit.events[i].cause);
        }
        if (commit.status != OMSP_OK) {
            told[n++] = 'e';
            told[n++] = omsp_status_name(commit.status)[5];
        }
        ck_assert_uint_lt(n, sizeof(told) - 8);
    }
    told[n] = '\0';
    return told;
}

static const char *const stories[][2] = {
    /* 3.7: streams start by themselves, when all is there, whatever comes first */
    {"+R", "A3"},
    {"R+", "A3"},
    {"+Rr", "A4"},
    {"R", ""},
    {"+", ""},
    {"+xR", ""}, /* a Stop before the connection holds */
    {"+pR", ""}, /* a Pause as well */
    {"+pRs", "A3"},
    {"+xRs", "A3"},
    {"+xRNRR", ""}, /* the TSP's "start" never overrides it */
    {"+RxR", "A3I3"},
    {"+RN", "A3I3"},
    {"+RNrR", "A3I4A3"},
    {"RxN+R", ""}, /* selecting after a Stop does not start either */
    /* 3.8 */
    {"+Rs", "A3"}, /* running already */
    {"s", ""},     /* no terminal: remembered */
    {"xs+R", "A3"},
    {"xR+s", "A3"},
    {"+RxsxsxsN", "A3I3A3I3A3I3A3I3"},
    {"+xR!s", "F3eN"},
    {"+xR?s", "T1F1eN"},
    {"+xR?ss", "T1F1eNA3"},
    {"+xR!sNR", "F3eN"}, /* Desired rolled back to STOP */
    {"?+R", "T1F1eN"},   /* no move, and it would have been the only one */
    {"R?+", "T1F1eN"},   /* the automatic start fails: not counted */
    {"R?+s", "T1F1eN"},
    {"R?++", "T1F1eNA3"},
    {"+R?+", "A3T1F1eN"}, /* the engine said that the media went down */
    {"+R~+", "A3T1eN"},
    {"+R!+", "A3eN"},
    {"++xR~s", "T1A3eN"}, /* one of two fails: it runs with the other */
    {"++xR?s", "T1F1eN"},
    {"+?R", "T1F1eN"},
    {"+!R", "F3eN"},
    {"+!Rs", "F3eNA3"},
    {"+!RNR", "F3eNA3"},
    /* 3.9 */
    {"+Rp", "A3I3"},
    {"+Rpp", "A3I3"},
    {"+Rps", "A3I3A3"},
    {"+Rpx", "A3I3"},
    {"+R!p", "A3F3eN"},
    {"+R!px", "A3F3eNI3"}, /* still running: it is told when it stops */
    {"+R?p", "A3T1F1eN"},
    {"+R?ps", "A3T1F1eNA3"},
    {"++R~p", "A3T1I3eN"},
    {"+Rp!s", "A3I3F3eN"},
    {"+Rp!ss", "A3I3F3eNA3"},
    /* 3.10 */
    {"x", ""},
    {"+x", ""},
    {"+Rxx", "A3I3"},
    {"+R!x", "A3F3eN"},
    {"+R!xs", "A3F3eN"},
    {"+R!xx", "A3F3eNI3"},
    {"+RNRr!x", "A3I3A4F3eN"},
    {"+Rrxr", "A4I4"}, /* REST asked */
    {"x!x", "F3eN"},
    /* 3.5: unselecting */
    {"+R-", "A3I3"},
    {"+R-+", "A3I3A3"}, /* Desired is kept */
    {"++R-", "A3"},
    {"++R--", "A3I3"},
    {"+-", ""},
    {"-", "eB"},
    {"+--", "eB"},
    {"+Rp-", "A3I3"},
    {"+R!-", "A3F3eN"}, /* it is gone all the same */
    {"+R!-+", "A3F3eNA3"},
    {"++!R-", "F3eN"}, /* unselecting starts nothing */
    /* supervision */
    {"+Rq", "A3I5"},
    {"+Rqq", "A3I5"},
    {"+Rqh", "A3I5A6"},
    {"+Rqhqhx", "A3I5A6I5A6I3"},
    {"+Rqx", "A3I5"},
    {"+Rqxh", "A3I5"},
    {"+Rqxs", "A3I5A3"},
    {"+Rqs", "A3I5"},
    {"+Rqps", "A3I5A3"},
    {"+RqN", "A3I5"},
    {"+Rq-", "A3I5"},
    {"+RqZ", "A3I5"},
    {"+Rq!x", "A3I5F3eN"},
    {"+Rq!xh", "A3I5F3eNA6"},
    {"+Rh", "A3"},
    {"q", ""},
    {"+xRqh", ""},
    {"+Rpqhs", "A3I3A3"},
    /* media that breaks */
    {"+Rb", "A3F0eN"},
    {"+Rbx", "A3F0eN"},
    {"+Rbs", "A3F0eNA3"},
    {"+RbNR", "A3F0eNA3"},
    {"+Rbb", "A3F0eNeN"},
    {"+R?b", "A3T1F1eN"},
    {"++R~b", "A3T1eN"},
    {"++R~bx", "A3T1eNI3"},
    {"+R~b", "A3T1F1eN"},
    {"+Rpb", "A3I3F0eN"},
    {"+Rqb", "A3I5F0eN"},
    {"b", "eN"},
    /* the end */
    {"Z", ""},
    {"+RZ", "A3I3"},
    {"+RpZ", "A3I3"},
    {"+R!Z", "A3F3eN"},
    {"+RZspx+-RNqhbZ", "A3I3eSeSeSeSeSeSeSeSeSeSeS"},
    {"+R!Zs", "A3F3eNeS"},
};

START_TEST(stories_are_told_as_written)
{
    for (size_t i = 0; i < sizeof(stories) / sizeof(stories[0]); i++) {
        const char *told = tell_story(stories[i][0]);

        ck_assert_msg(strcmp(told, stories[i][1]) == 0, "%s told %s, not %s", stories[i][0], told,
                      stories[i][1]);
    }
}
END_TEST

START_TEST(a_fresh_stream_wants_to_run)
{
    struct omsp_stream_fsm fsm;

    memset(&fsm, 0xFF, sizeof(fsm));
    omsp_stream_fsm_init(&fsm, all_offered);
    ck_assert(fsm.desired == OMSP_WANT_RUN && fsm.actual == OMSP_STOPPED);
    ck_assert(!fsm.ready && !fsm.silent && !fsm.told_active && !fsm.shut && !fsm.terminals);
}
END_TEST

/* ---- the complete table -------------------------------------------------------------------- */

/* What the world answers to a plan. */
struct outcome {
    enum omsp_status result;
    enum omsp_cause blame;
    enum omsp_actual now;
};

struct expected {
    enum omsp_status refused, answer;
    bool move;
    enum omsp_actual to;
    struct omsp_stream_fsm after;
    char events[8]; /* as in the stories */
};

static bool in(enum omsp_input input, const char *names)
{
    static const char letters[] = "spx+-RNqhbZ";

    return strchr(names, letters[input]) != NULL;
}

/* 3.6: target = (Ready && terminals > 0) ? Desired : STOPPED. */
static enum omsp_actual belongs(enum omsp_desired desired, bool ready, unsigned terminals)
{
    if (!ready || terminals == 0)
        return OMSP_STOPPED;
    return desired == OMSP_WANT_RUN     ? OMSP_RUNNING
           : desired == OMSP_WANT_PAUSE ? OMSP_PAUSED
                                        : OMSP_STOPPED;
}

static void expect_event(struct expected *e, char type, enum omsp_cause cause)
{
    size_t n = strlen(e->events);

    e->events[n] = type;
    e->events[n + 1] = (char)('0' + cause);
    e->events[n + 2] = '\0';
}

/* "ACTIVE and INACTIVE alternate and tell whether media flows." */
static void expect_state_told(struct expected *e, enum omsp_cause cause)
{
    bool flows = e->after.actual == OMSP_RUNNING && !e->after.silent;

    if (flows && !e->after.told_active)
        expect_event(e, 'A', cause);
    if (!flows && e->after.told_active)
        expect_event(e, 'I', cause);
    e->after.told_active = flows;
}

static struct expected expect(const struct omsp_stream_fsm *s, enum omsp_input input,
                              enum omsp_cause cause, const struct outcome *o)
{
    struct expected e = {.after = *s, .to = s->actual};
    struct omsp_stream_fsm *after = &e.after;
    bool failed = o->result != OMSP_OK, terminal_to_blame, only_one, operation;
    unsigned besides;

    if (s->shut) {
        e.refused = OMSP_SHUTDOWN;
        return e;
    }
    if (in(input, "-") && s->terminals == 0) {
        e.refused = OMSP_BAD_TERMINAL;
        return e;
    }
    /* the plan */
    switch (input) {
    case OMSP_IN_START:
        e.to = belongs(OMSP_WANT_RUN, s->ready, s->terminals);
        break;
    case OMSP_IN_PAUSE:
        e.to = belongs(OMSP_WANT_PAUSE, s->ready, s->terminals);
        break;
    case OMSP_IN_SELECT:
        e.to = belongs(s->desired, s->ready, s->terminals + 1);
        break;
    case OMSP_IN_UNSELECT: /* streams on with the rest, or ceases; never starts */
        if (belongs(s->desired, s->ready, s->terminals - 1) < s->actual)
            e.to = belongs(s->desired, s->ready, s->terminals - 1);
        break;
    case OMSP_IN_READY:
        e.to = belongs(s->desired, true, s->terminals);
        break;
    case OMSP_IN_SILENT:
    case OMSP_IN_HEARD:
        break;
    default: /* stop, not ready, broke, shutdown */
        e.to = OMSP_STOPPED;
        break;
    }
    e.move = e.to != s->actual;
    e.answer = o->result;
    /* what holds whatever the outcome */
    if (in(input, "RN"))
        after->ready = input == OMSP_IN_READY;
    if (in(input, "-"))
        after->terminals--;
    if (in(input, "Z")) {
        after->shut = true;
        after->ready = false;
        after->terminals = 0;
    }
    if (in(input, "qh")) { /* the result does not matter */
        e.answer = OMSP_OK;
        after->silent = s->actual == OMSP_RUNNING && input == OMSP_IN_SILENT;
        expect_state_told(&e, input == OMSP_IN_SILENT ? OMSP_CAUSE_MEDIA_TIMEOUT
                                                      : OMSP_CAUSE_MEDIA_RECOVERED);
        return e;
    }
    if (in(input, "b")) {
        failed = true; /* that is what it says */
        if (e.answer == OMSP_OK)
            e.answer = OMSP_IO;
    }
    if (!failed) {
        if (in(input, "s"))
            after->desired = OMSP_WANT_RUN;
        if (in(input, "p"))
            after->desired = OMSP_WANT_PAUSE;
        if (in(input, "x"))
            after->desired = OMSP_WANT_STOP;
        if (in(input, "+"))
            after->terminals++;
        after->actual = e.to;
        if (e.move || e.to != OMSP_RUNNING)
            after->silent = false;
        expect_state_told(&e, cause);
        return e;
    }
    /* failures */
    terminal_to_blame = o->blame == OMSP_CAUSE_CONNECT_FAIL || o->blame == OMSP_CAUSE_BAD_DEVICE;
    besides = in(input, "+") || s->terminals == 0 ? s->terminals : s->terminals - 1;
    only_one = besides == 0;
    operation = in(input, "spx");
    if (!e.move && !operation && !in(input, "+"))
        return e; /* nothing in the media could fail */
    if (terminal_to_blame)
        expect_event(&e, 'T', o->blame);
    if (terminal_to_blame && !only_one && !in(input, "-NZ") &&
        o->now == (in(input, "b") ? s->actual : e.to)) {
        /* goes on with the others */
        after->actual = o->now;
        if (o->now != s->actual || o->now != OMSP_RUNNING)
            after->silent = false;
        if (in(input, "s"))
            after->desired = OMSP_WANT_RUN;
        if (in(input, "p"))
            after->desired = OMSP_WANT_PAUSE;
        if (in(input, "x"))
            after->desired = OMSP_WANT_STOP;
        expect_state_told(&e, cause);
        return e;
    }
    after->actual = o->now == s->actual && !in(input, "-NZb") ? s->actual : OMSP_STOPPED;
    if (!in(input, "+") || e.move || terminal_to_blame || after->actual != s->actual)
        expect_event(&e, 'F', o->blame);
    if (after->actual != OMSP_RUNNING) {
        after->silent = false;
        after->told_active = false; /* the FAIL said it */
    }
    return e;
}

static bool same_fsm(const struct omsp_stream_fsm *a, const struct omsp_stream_fsm *b)
{
    return a->desired == b->desired && a->actual == b->actual && a->ready == b->ready &&
           a->silent == b->silent && a->told_active == b->told_active && a->shut == b->shut &&
           a->terminals == b->terminals;
}

static void check(const struct omsp_stream_fsm *state, enum omsp_input input, enum omsp_cause cause,
                  const struct outcome *o)
{
    struct expected e = expect(state, input, cause, o);
    struct omsp_stream_fsm fsm = *state;
    struct omsp_stream_plan plan = omsp_stream_plan(&fsm, input, cause);
    struct omsp_stream_commit commit;
    char where[200], events[8] = "";

    snprintf(where, sizeof(where),
             "desired %d ready %d actual %d silent %d told %d shut %d terminals %u, input %d; "
             "result %d blame %d now %d",
             state->desired, state->ready, state->actual, state->silent, state->told_active,
             state->shut, state->terminals, input, o->result, o->blame, o->now);
    ck_assert_msg(same_fsm(&fsm, state), "the plan changed something: %s", where);
    ck_assert_msg(plan.status == e.refused, "refused %d, not %d: %s", plan.status, e.refused,
                  where);
    if (plan.status == OMSP_OK)
        ck_assert_msg(plan.move == e.move && plan.from == state->actual && plan.to == e.to,
                      "move %d to %d, not %d to %d: %s", plan.move, plan.to, e.move, e.to, where);
    else
        ck_assert_msg(!plan.move, "a refused plan moves: %s", where);
    commit = omsp_stream_commit(&fsm, &plan, o->result, o->blame, o->now);
    ck_assert(commit.count <= OMSP_STREAM_MAX_EVENTS);
    for (unsigned i = 0; i < commit.count; i++) {
        bool fail = commit.events[i].type == OMSP_STREAM_FAIL ||
                    commit.events[i].type == OMSP_TERMINAL_FAIL;

        events[2 * i] = "NFTUAI"[commit.events[i].type];
        events[2 * i + 1] = (char)('0' + commit.events[i].cause);
        ck_assert_msg(commit.events[i].error == (fail ? e.answer : OMSP_OK), "error: %s", where);
    }
    ck_assert_msg(commit.status == (e.refused ? e.refused : e.answer), "answered %d, not %d: %s",
                  commit.status, e.refused ? e.refused : e.answer, where);
    ck_assert_msg(strcmp(events, e.events) == 0, "told %s, not %s: %s", events, e.events, where);
    ck_assert_msg(same_fsm(&fsm, &e.after), "state after is wrong (actual %d, desired %d): %s",
                  fsm.actual, fsm.desired, where);
}

START_TEST(every_state_and_input_and_outcome_is_as_specified)
{
    static const enum omsp_cause blames[] = {OMSP_CAUSE_UNKNOWN, OMSP_CAUSE_BAD_DEVICE,
                                             OMSP_CAUSE_CONNECT_FAIL, OMSP_CAUSE_LOCAL_REQUEST};
    unsigned checked = 0;

    for (unsigned n = 0; n < 3 * 3 * 3 * 2 * 2 * 2 * 2; n++) {
        struct omsp_stream_fsm state = {
            .desired = (enum omsp_desired)(n % 3),
            .actual = (enum omsp_actual)(n / 3 % 3),
            .terminals = n / 9 % 3,
            .ready = n / 27 % 2,
            .silent = n / 54 % 2,
            .told_active = n / 108 % 2,
            .shut = n / 216 % 2,
        };

        for (int input = 0; input < OMSP_INPUT_COUNT; input++) {
            for (int cause = 3; cause <= 4; cause++) {
                for (int now = 0; now < 3; now++) {
                    struct outcome o = {OMSP_OK, OMSP_CAUSE_CONNECT_FAIL, (enum omsp_actual)now};

                    check(&state, (enum omsp_input)input, (enum omsp_cause)cause, &o);
                    o.result = OMSP_NOSPACE;
                    for (int b = 0; b < 4; b++) {
                        o.blame = blames[b];
                        check(&state, (enum omsp_input)input, (enum omsp_cause)cause, &o);
                        checked++;
                    }
                }
            }
        }
    }
    ck_assert_uint_eq(checked, 432 * 11 * 2 * 3 * 4);
}
END_TEST

START_TEST(what_is_not_offered_is_refused_and_nothing_else)
{
    static const enum omsp_status refusals[] = {OMSP_OK, OMSP_NOTIMPL, OMSP_NOTSUPPORTED};

    for (unsigned n = 0; n < 27; n++) {
        uint8_t offer[3] = {(uint8_t)(n % 3), (uint8_t)(n / 3 % 3), (uint8_t)(n / 9)};
        struct omsp_stream_offers offers = {offer[0], offer[1], offer[2]};
        struct omsp_stream_fsm fsm;

        omsp_stream_fsm_init(&fsm, offers);
        fsm.terminals = 1;
        fsm.ready = true;
        for (int input = 0; input < OMSP_INPUT_COUNT; input++) {
            struct omsp_stream_plan plan =
                omsp_stream_plan(&fsm, (enum omsp_input)input, OMSP_CAUSE_LOCAL_REQUEST);
            struct omsp_stream_fsm before = fsm;

            ck_assert_int_eq(plan.status, input < 3 ? refusals[offer[input]] : OMSP_OK);
            if (plan.status == OMSP_OK)
                continue;
            ck_assert_int_eq(omsp_stream_commit(&fsm, &plan, OMSP_OK, 0, OMSP_RUNNING).status,
                             plan.status);
            ck_assert(same_fsm(&fsm, &before));
        }
        fsm.shut = true; /* comes first */
        ck_assert_int_eq(omsp_stream_plan(&fsm, OMSP_IN_START, OMSP_CAUSE_LOCAL_REQUEST).status,
                         OMSP_SHUTDOWN);
    }
}
END_TEST

/* ---- random walks -------------------------------------------------------------------------- */

static uint32_t seed;

static uint32_t rnd(void)
{
    seed = seed * 1664525u + 1013904223u;
    return seed >> 8;
}

static void walk(uint32_t start, unsigned steps, unsigned failures_per_100)
{
    struct omsp_stream_fsm fsm;
    bool told = false;         /* what a listener believes */
    enum omsp_desired desired; /* what the application asked for last with success */
    unsigned terminals = 0, idle = 0;

    seed = start;
    omsp_stream_fsm_init(&fsm, all_offered);
    desired = OMSP_WANT_RUN;
    for (unsigned step = 0; step < steps; step++) {
        enum omsp_input input = (enum omsp_input)(rnd() % (OMSP_INPUT_COUNT - 1));
        struct omsp_stream_plan plan;
        struct omsp_stream_commit commit;
        enum omsp_status result = rnd() % 100 < failures_per_100 ? OMSP_IO : OMSP_OK;
        enum omsp_actual now = (enum omsp_actual)(rnd() % 3);
        enum omsp_cause blame = (enum omsp_cause)(rnd() % 4);
        bool fail_told = false, flowed = fsm.actual == OMSP_RUNNING && !fsm.silent;

        if (fsm.terminals >= 4 && input == OMSP_IN_SELECT)
            continue;
        plan = omsp_stream_plan(&fsm, input, OMSP_CAUSE_LOCAL_REQUEST);
        ck_assert_int_eq(plan.status,
                         input == OMSP_IN_UNSELECT && terminals == 0 ? OMSP_BAD_TERMINAL : OMSP_OK);
        if (input <= OMSP_IN_STOP && omsp_stream_is_idle(&fsm, input)) { /* nobody need commit it */
            struct omsp_stream_fsm copy = fsm;

            commit = omsp_stream_commit(&copy, &plan, OMSP_OK, blame, now);
            ck_assert(!plan.status && !plan.move);
            ck_assert_uint_eq(commit.count, 0);
            ck_assert_int_eq(commit.status, OMSP_OK);
            ck_assert(same_fsm(&copy, &fsm));
            idle++;
            continue;
        }
        commit = omsp_stream_commit(&fsm, &plan, result, blame, now);
        for (unsigned i = 0; i < commit.count; i++) {
            switch (commit.events[i].type) {
            case OMSP_STREAM_ACTIVE:
                ck_assert(!told);
                told = true;
                break;
            case OMSP_STREAM_INACTIVE:
                ck_assert(told && !fail_told);
                told = false;
                break;
            case OMSP_STREAM_FAIL:
                fail_told = true;
                if (fsm.actual != OMSP_RUNNING)
                    told = false; /* a listener that asks sees that it ended */
                break;
            default:
                ck_assert_int_eq(commit.events[i].type, OMSP_TERMINAL_FAIL);
                ck_assert_uint_eq(i, 0);
            }
        }
        /* Whoever stops flowing says so, and by one event. */
        if (flowed && !(fsm.actual == OMSP_RUNNING && !fsm.silent))
            ck_assert_uint_ge(commit.count, 1);
        if (plan.status == OMSP_OK) {
            if (input == OMSP_IN_SELECT && result == OMSP_OK)
                terminals++;
            if (input == OMSP_IN_UNSELECT)
                terminals--;
            if (input <= OMSP_IN_STOP && result == OMSP_OK)
                desired = (enum omsp_desired)input;
            if (result == OMSP_OK && input != OMSP_IN_BROKE)
                ck_assert_int_eq(commit.status, OMSP_OK);
        }
        ck_assert_uint_eq(fsm.terminals, terminals);
        if (result == OMSP_OK || input > OMSP_IN_STOP)
            ck_assert_int_eq(fsm.desired, desired);
        else /* kept, or with the others of several terminals it went through after all */
            ck_assert(fsm.desired == desired ||
                      (terminals > 1 && commit.events[0].type == OMSP_TERMINAL_FAIL));
        desired = fsm.desired;
        ck_assert(told == fsm.told_active);
        ck_assert(told == (fsm.actual == OMSP_RUNNING && !fsm.silent));
        ck_assert(fsm.actual == OMSP_STOPPED || (fsm.ready && terminals > 0));
        ck_assert(fsm.actual == OMSP_STOPPED || fsm.actual == belongs(fsm.desired, true, 1));
        if (result == OMSP_OK && input <= OMSP_IN_NOT_READY && input != OMSP_IN_UNSELECT &&
            plan.status == OMSP_OK)
            ck_assert_int_eq(fsm.actual, belongs(fsm.desired, fsm.ready, terminals));
    }
    ck_assert_uint_gt(idle, steps / 100);
}

START_TEST(walks_of_a_million_steps_keep_the_invariants)
{
    walk(1, 1000000, 0);
    walk(2, 1000000, 10);
    walk(3, 1000000, 60);
}
END_TEST

OMSP_SUITE("stream", TEST(stories_are_told_as_written), TEST(a_fresh_stream_wants_to_run),
           TEST(every_state_and_input_and_outcome_is_as_specified),
           TEST(what_is_not_offered_is_refused_and_nothing_else),
           TEST(walks_of_a_million_steps_keep_the_invariants))
