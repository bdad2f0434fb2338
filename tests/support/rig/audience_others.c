/* The audience's other terminals: players, recorders, and samples that may refuse. Not a test by
 * itself. */
#include "support/audience_state.h"

#include "base/bytes.h"
#include "engine/samples.h"
#include "media/g711.h"
#include "media/wav.h"

#include <stdio.h>

#define PLAYED (10 * 8000) /* samples, longer than a life */

static void put_file(struct audience *audience, const struct stage *stage, const char *name)
{
    static uint8_t bytes[OMSP_WAV_HEADER_MAX + PLAYED * 2];
    struct omsp_wav_format format = {OMSP_WAV_PCM, 1, 8000, 16};
    size_t header = omsp_wav_header(&format, PLAYED * 2, bytes);

    for (unsigned i = 0; i < PLAYED; i++)
        omsp_put_le16(bytes + header + 2 * i,
                      (uint16_t)omsp_ulaw_to_linear(audience_code(stage, 2)));
    ck_assert_int_eq(omsp_sim_file_put(audience->rig.sim, name, bytes, header + PLAYED * 2),
                     OMSP_OK);
}

static enum omsp_status ask(void *ctx)
{
    return ((struct audience *)ctx)->shy ? OMSP_ACCESS : OMSP_OK;
}

void audience_make_other(struct audience *audience, struct stage *stage, struct post *post,
                         bool recorded)
{
    int place = (int)(post - stage->posts);
    char name[32];

    snprintf(name, sizeof(name), "%u.%d.wav", stage->index, place);
    if (place == POST_CAPTURE) {
        put_file(audience, stage, name);
        post->parent = rig_player(&audience->rig, name, &post->other);
    } else if (recorded) {
        post->parent = rig_recorder(&audience->rig, name, &post->other);
    } else {
        ck_assert_int_eq(omsp_samples_create(audience->rig.address, OMSP_RENDER, 0, &post->other),
                         OMSP_OK);
        ck_assert_int_eq(omsp_samples_set_gate(post->other, ask, audience), OMSP_OK);
    }
}
