/* The samples terminal's own state, shared by its files: terminal_samples.c (life, settings, the
 * worker's side), samples_move.c (the program's side). */
#ifndef OMSP_ENGINE_SAMPLES_STATE_H
#define OMSP_ENGINE_SAMPLES_STATE_H

#include "engine/objects.h"
#include "engine/pcm_ring.h"
#include "engine/samples.h"
#include "media/wav_convert.h"

#define RATE_MS 8u /* samples a millisecond, inside */
#define BLOCK   480u
#define SLACK   1024u /* what the resampler still holds when the data end */

struct omsp_samples {
    struct omsp_terminal base;
    struct omsp_task news_task;
    struct omsp_lock watch;
    omsp_samples_fn fn;
    void *ctx;
    enum omsp_status (*gate)(void *ctx);
    void *gate_ctx;
    void *attachment; /* constant once shared */
    void (*release)(void *attachment);

    struct omsp_lock door;
    struct omsp_audio_format format;
    struct omsp_wav_decoder *decoder; /* capture */
    struct omsp_wav_encoder *encoder; /* render */
    unsigned door_connection;         /* that decoder, encoder and hold belong to */
    int16_t hold[BLOCK];              /* taken from the ring and not encoded yet */
    size_t hold_at, hold_count;
    uint64_t base_us, blocks; /* of the last discontinuity, given out since */

    struct omsp_lock lock;
    struct omsp_pcm_ring ring;
    size_t limit; /* of the ring; its room may be larger */
    unsigned ring_ms, news;
    size_t threshold; /* samples, at least 1 */
    unsigned connection;
    bool connected, watched, armed, ending, ended;
    bool cut;         /* what is first in the ring does not join what was taken from it */
    bool overrunning; /* since the last read */
    bool playing;     /* the call heard something since the connection or the last end */
    uint64_t gap;     /* samples of silence since it ran dry */
    uint64_t put;     /* samples that came since the connection */
    size_t held;      /* of the hold, as of the last read */
    uint64_t moved, overruns, overrun_samples, underruns, underrun_samples, discontinuities;
};

/* NULL: a terminal of another kind. */
struct omsp_samples *omsp_samples_of(struct omsp_terminal *terminal);
/* All with the leaf held: the watcher will be told; what the program could take or give now; the
 * program has moved something. */
void omsp_samples_tell(struct omsp_samples *samples, unsigned news);
size_t omsp_samples_available(const struct omsp_samples *samples);
void omsp_samples_rearm(struct omsp_samples *samples);

#endif
