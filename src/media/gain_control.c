/* libspeexdsp's automatic gain control behind our types. Not its noise suppression, which would
 * change what is said and not only how loud. One owner at a time. */
#include "media/gain_control.h"

#include "base/alloc.h"
#include "media/speex_memory.h"

#include <speex/speex_preprocess.h>

/* What libspeexdsp 1.2.1's object takes, and a little more. */
#define BLOCK 16384u

struct omsp_gain_control {
    SpeexPreprocessState *state;
    void *block; /* it lies in it */
};

static void make(void *ctx)
{
    struct omsp_gain_control *gain = ctx;

    gain->state = speex_preprocess_state_init(OMSP_GAIN_CONTROL_FRAME, 8000);
}

enum omsp_status omsp_gain_control_create(struct omsp_gain_control **out)
{
    struct omsp_gain_control *gain = omsp_zalloc(sizeof(*gain));
    spx_int32_t on = 1, off = 0;

    if (!gain)
        return OMSP_NOMEM;
    if (omsp_speex_make(BLOCK, make, gain, &gain->block) || !gain->state) {
        omsp_gain_control_destroy(gain);
        return OMSP_NOMEM;
    }
    speex_preprocess_ctl(gain->state, SPEEX_PREPROCESS_SET_DENOISE, &off);
    /* A library built for processors without floating point has none. */
    if (speex_preprocess_ctl(gain->state, SPEEX_PREPROCESS_SET_AGC, &on)) {
        omsp_gain_control_destroy(gain);
        return OMSP_NOTSUPPORTED;
    }
    *out = gain;
    return OMSP_OK;
}

void omsp_gain_control_destroy(struct omsp_gain_control *gain)
{
    if (!gain)
        return;
    if (gain->state)
        speex_preprocess_state_destroy(gain->state);
    omsp_free(gain->block);
    omsp_free(gain);
}

void omsp_gain_control_run(struct omsp_gain_control *gain, int16_t *pcm, size_t count)
{
    for (; count >= OMSP_GAIN_CONTROL_FRAME; count -= OMSP_GAIN_CONTROL_FRAME) {
        speex_preprocess_run(gain->state, pcm);
        pcm += OMSP_GAIN_CONTROL_FRAME;
    }
}
