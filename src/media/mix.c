/*
 * Mixing in media time (mix.h). Not here: who the sources are, their order and their losses (the
 * jitter buffer's). The lock of the session that owns it.
 */
#include "media/mix.h"

#include "media/clip.h"

#include <string.h>

#define SAMPLE_US 125u
#define LEFT_OUT  80u /* samples: 10 ms */
#define SEAM      40u /* of them, blended into what follows */

void omsp_mix_voice_init(struct omsp_mix_voice *voice, struct omsp_conceal *conceal)
{
    voice->conceal = conceal;
    voice->awaited = false;
    voice->last_us = voice->head_us = 0;
    voice->passed = 0;
    voice->first = voice->fill = 0;
}

/* ---- one voice ------------------------------------------------------------------------------ */

static int16_t *place(struct omsp_mix_voice *voice, size_t at)
{
    return &voice->pcm[(voice->first + at) % OMSP_MIX_ROOM];
}

static void drop(struct omsp_mix_voice *voice, size_t count)
{
    voice->first = (voice->first + count) % OMSP_MIX_ROOM;
    voice->fill -= count;
    voice->head_us += count * SAMPLE_US;
}

/* Leaves the first samples out; what follows begins as they did. */
static void leave_out(struct omsp_mix_voice *voice)
{
    size_t count = voice->fill < LEFT_OUT + SEAM ? 0 : LEFT_OUT;

    for (size_t i = 0; count && i < SEAM; i++) {
        int32_t before = *place(voice, i), after = *place(voice, count + i);

        *place(voice, count + i) =
            (int16_t)(before + (after - before) * (int32_t)(i + 1) / (int32_t)(SEAM + 1));
    }
    drop(voice, count ? count : voice->fill);
}

static void append(struct omsp_mix_voice *voice, uint64_t now_us, const int16_t *pcm, size_t count)
{
    if (count > OMSP_MIX_ROOM) {
        pcm += count - OMSP_MIX_ROOM;
        count = OMSP_MIX_ROOM;
    }
    if (voice->fill + count > OMSP_MIX_ROOM)
        drop(voice, voice->fill + count - OMSP_MIX_ROOM);
    if (!voice->fill)
        voice->head_us = now_us;
    for (size_t i = 0; i < count; i++)
        *place(voice, voice->fill + i) = pcm[i];
    voice->fill += count;
}

static void came(struct omsp_mix_voice *voice, uint64_t now_us)
{
    voice->awaited = now_us < voice->last_us + OMSP_MIX_HOLD_US;
    voice->last_us = now_us;
    voice->passed = 0;
}

void omsp_mix_voice_put(struct omsp_mix_voice *voice, uint64_t now_us, int16_t *pcm, size_t count)
{
    omsp_conceal_good(voice->conceal, pcm, count);
    append(voice, now_us, pcm, count);
    came(voice, now_us);
}

size_t omsp_mix_voice_miss(struct omsp_mix_voice *voice, uint64_t now_us, bool lost,
                           uint32_t samples)
{
    int16_t pcm[OMSP_MIX_MAX];
    size_t count = samples > voice->passed ? samples - voice->passed : 0;

    /* Longer than anybody waits, the others went on without it. */
    if (count > OMSP_MIX_MAX)
        count = OMSP_MIX_MAX;
    if (lost) {
        omsp_conceal_lost(voice->conceal, pcm, count);
    } else {
        memset(pcm, 0, sizeof(pcm));
        omsp_conceal_good(voice->conceal, pcm, count);
    }
    append(voice, now_us, pcm, count);
    came(voice, now_us);
    return lost ? count : 0;
}

void omsp_mix_voice_end(struct omsp_mix_voice *voice)
{
    voice->awaited = false;
    voice->last_us = 0;
}

/* ---- all together --------------------------------------------------------------------------- */

/* Who did not come for so long is not waited for. True: somebody still is. */
static bool wait_for(struct omsp_mix_voice *const *voices, unsigned count, uint64_t now_us)
{
    bool waits = false;

    for (unsigned i = 0; i < count; i++) {
        if (voices[i]->fill)
            continue;
        if (now_us >= voices[i]->last_us + OMSP_MIX_HOLD_US)
            voices[i]->awaited = false;
        waits |= voices[i]->awaited;
    }
    return waits;
}

static void add(struct omsp_mix_voice *voice, int16_t *out, size_t count)
{
    if (!voice->fill) {
        voice->passed += voice->passed < UINT32_MAX / 2 ? (uint32_t)count : 0;
        return;
    }
    for (size_t i = 0; i < count; i++)
        out[i] = omsp_clip16((int32_t)out[i] + *place(voice, i));
    drop(voice, count);
}

size_t omsp_mix_take(struct omsp_mix_voice *const *voices, unsigned count, uint64_t now_us,
                     int16_t *out)
{
    size_t most = OMSP_MIX_MAX;
    bool any = false;

    if (wait_for(voices, count, now_us)) {
        for (unsigned i = 0; i < count; i++)
            while (voices[i]->fill && now_us >= voices[i]->head_us + OMSP_MIX_PILE_US)
                leave_out(voices[i]);
        return 0;
    }
    for (unsigned i = 0; i < count; i++) {
        if (!voices[i]->fill)
            continue;
        any = true;
        if (voices[i]->fill < most)
            most = voices[i]->fill;
    }
    if (!any)
        return 0;
    memset(out, 0, most * sizeof(out[0]));
    for (unsigned i = 0; i < count; i++)
        add(voices[i], out, most);
    return most;
}

uint64_t omsp_mix_deadline(struct omsp_mix_voice *const *voices, unsigned count)
{
    uint64_t due = UINT64_MAX;
    bool any = false;

    for (unsigned i = 0; i < count; i++) {
        uint64_t other = voices[i]->fill ? voices[i]->head_us + OMSP_MIX_PILE_US
                                         : voices[i]->last_us + OMSP_MIX_HOLD_US;

        any |= voices[i]->fill > 0;
        if ((voices[i]->fill || voices[i]->awaited) && other < due)
            due = other;
    }
    return any ? due : UINT64_MAX;
}
