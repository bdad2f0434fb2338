/* libspeexdsp's automatic gain control behind our types. Not its noise suppression, which would
 * change what is said and not only how loud. One owner at a time. */
#include "media/gain_control.h"

#include "base/alloc.h"

#include <speex/speex_preprocess.h>

struct omsp_gain_control {
    SpeexPreprocessState *state;
};

enum omsp_status omsp_gain_control_create(struct omsp_gain_control **out)
{
    struct omsp_gain_control *gain = omsp_zalloc(sizeof(*gain));
    spx_int32_t on = 1, off = 0;

    if (!gain)
        return OMSP_NOMEM;
    gain->state = speex_preprocess_state_init(OMSP_GAIN_CONTROL_FRAME, 8000);
    if (!gain->state) {
        omsp_free(gain);
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
    speex_preprocess_state_destroy(gain->state);
    omsp_free(gain);
}

void omsp_gain_control_run(struct omsp_gain_control *gain, int16_t *pcm, size_t count)
{
    for (; count >= OMSP_GAIN_CONTROL_FRAME; count -= OMSP_GAIN_CONTROL_FRAME) {
        speex_preprocess_run(gain->state, pcm);
        pcm += OMSP_GAIN_CONTROL_FRAME;
    }
}
