/*
 * libspeexdsp's echo canceller behind our types, and the ring that keeps what was played until what
 * was heard at the same time comes: the two come in pieces of their own, and must come out side by
 * side. What was played may be ahead of what was heard, never behind. One owner at a time.
 */
#include "media/echo.h"

#include "base/alloc.h"
#include "media/speex_memory.h"

#include <speex/speex_echo.h>
#include <speex/speex_preprocess.h>

#include <stdbool.h>
#include <string.h>

#define RATE  8000u
#define FRAME 80u /* 10 ms */
#define TAIL  (OMSP_ECHO_TAIL_MS * RATE / 1000)
#define ROOM  1600u /* 200 ms of what was played */
/* What waits in the ring to begin with, more after each time it was too little, and the most. */
#define GOAL      80u
#define GOAL_STEP 40u
#define MOST_GOAL 480u
#define TOO_MUCH  480u /* beyond the goal */
/* Of libspeexdsp 1.2.1's: what its two objects take, and a little more. */
#define BLOCK 81920u

struct omsp_echo {
    SpeexEchoState *canceller;
    SpeexPreprocessState *rest; /* takes out what the canceller leaves */
    void *block;                /* both lie in it */
    int16_t played[ROOM];
    size_t first, fill, goal;
    bool flowing;
    int16_t heard[FRAME], clean[FRAME];
    size_t at; /* in both */
};

static void make(void *ctx)
{
    struct omsp_echo *echo = ctx;

    echo->canceller = speex_echo_state_init(FRAME, TAIL);
    echo->rest = speex_preprocess_state_init(FRAME, RATE);
}

enum omsp_status omsp_echo_create(struct omsp_echo **out)
{
    struct omsp_echo *echo = omsp_zalloc(sizeof(*echo));
    spx_int32_t rate = RATE, none = 0;

    if (!echo)
        return OMSP_NOMEM;
    echo->goal = GOAL;
    if (omsp_speex_make(BLOCK, make, echo, &echo->block) || !echo->canceller || !echo->rest) {
        omsp_echo_destroy(echo);
        return OMSP_NOMEM;
    }
    speex_echo_ctl(echo->canceller, SPEEX_ECHO_SET_SAMPLING_RATE, &rate);
    /* Of echoes what it likes, of noise nothing. */
    speex_preprocess_ctl(echo->rest, SPEEX_PREPROCESS_SET_NOISE_SUPPRESS, &none);
    speex_preprocess_ctl(echo->rest, SPEEX_PREPROCESS_SET_ECHO_STATE, echo->canceller);
    *out = echo;
    return OMSP_OK;
}

void omsp_echo_destroy(struct omsp_echo *echo)
{
    if (!echo)
        return;
    if (echo->rest)
        speex_preprocess_state_destroy(echo->rest);
    if (echo->canceller)
        speex_echo_state_destroy(echo->canceller);
    omsp_free(echo->block);
    omsp_free(echo);
}

static void drop(struct omsp_echo *echo, size_t count)
{
    echo->first = (echo->first + count) % ROOM;
    echo->fill -= count;
}

void omsp_echo_played(struct omsp_echo *echo, const int16_t *pcm, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (echo->fill == ROOM)
            drop(echo, 1);
        echo->played[(echo->first + echo->fill++) % ROOM] = pcm[i];
    }
}

/* What was played when the frame was heard; silence while nothing is. */
static void take_played(struct omsp_echo *echo, int16_t *pcm)
{
    memset(pcm, 0, FRAME * sizeof(*pcm));
    if (echo->fill > echo->goal + TOO_MUCH || (!echo->flowing && echo->fill > echo->goal + FRAME))
        drop(echo, echo->fill - echo->goal - FRAME);
    if (echo->fill < FRAME || (!echo->flowing && echo->fill < echo->goal + FRAME)) {
        if (echo->flowing && echo->goal < MOST_GOAL)
            echo->goal += GOAL_STEP;
        echo->flowing = false;
        return;
    }
    echo->flowing = true;
    for (size_t i = 0; i < FRAME; i++)
        pcm[i] = echo->played[(echo->first + i) % ROOM];
    drop(echo, FRAME);
}

void omsp_echo_heard(struct omsp_echo *echo, int16_t *pcm, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        int16_t played[FRAME];

        echo->heard[echo->at] = pcm[i];
        pcm[i] = echo->clean[echo->at];
        if (++echo->at < FRAME)
            continue;
        echo->at = 0;
        take_played(echo, played);
        speex_echo_cancellation(echo->canceller, echo->heard, played, echo->clean);
        speex_preprocess_run(echo->rest, echo->clean);
    }
}
