/*
 * Source latching (symmetric RTP, RFC 4961; the attack it guards against: RFC 7362): from which
 * address a session takes media, and where it sends to. Addresses are opaque keys. Owned by the
 * session's lock; no clock, no allocation.
 *
 *  - Nothing latched: whoever comes first is taken.
 *  - Tentative (fewer than `lock_after` packets): another source takes over with its second packet
 * in a row, so one stray packet cannot keep the real peer out.
 *  - Locked, or the signalled peer: strangers are rejected and counted.
 *  - Always: the signalled peer (SDP) always takes over from a source that is not it, and a source
 *    that was silent for `silence_us` is replaced by whoever comes next.
 *  - A new signalled peer unlocks. The old source is still heard, so that nothing is lost when the
 *    peer sits behind a NAT and its real address did not change, but for `silence_us` it cannot
 * lock again.
 */
#ifndef OMSP_MEDIA_LATCH_H
#define OMSP_MEDIA_LATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define OMSP_LATCH_LOCK_AFTER 5u /* packets; 100 ms of 20 ms audio */
#define OMSP_LATCH_SILENCE_US 3000000u

/* Two addresses are the same when their bytes are. */
struct omsp_latch_key {
    uint8_t len; /* 0: none */
    uint8_t bytes[31];
};

enum omsp_latch_verdict {
    OMSP_LATCH_REJECT, /* a stranger: drop the packet */
    OMSP_LATCH_ACCEPT, /* the source as before */
    OMSP_LATCH_MOVED,  /* accepted, and this is the source from now on: aim the sender at it */
};

struct omsp_latch {
    struct omsp_latch_key source; /* len 0: none yet */
    bool locked;
    bool challenged; /* there is a challenger */
    unsigned lock_after;
    unsigned count;    /* packets of source while not locked */
    uint64_t heard_us; /* when the source was last heard */
    uint64_t silence_us;
    struct omsp_latch_key peer;       /* signalled; len 0: none */
    struct omsp_latch_key challenger; /* sent the last rejected packet */
    uint64_t no_lock_until_us;
    uint64_t rejected, moves; /* moves: the first latching is not one */
};

/* lock_after, silence_us 0: the defaults above. */
void omsp_latch_init(struct omsp_latch *latch, unsigned lock_after, uint64_t silence_us);

/* The address the signalling names; NULL: none. The same one again changes nothing. */
void omsp_latch_set_peer(struct omsp_latch *latch, const struct omsp_latch_key *peer,
                         uint64_t now_us);

/* Call only for packets that are valid as such: parsed, and of a payload type that was agreed. */
enum omsp_latch_verdict omsp_latch_check(struct omsp_latch *latch,
                                         const struct omsp_latch_key *from, uint64_t now_us);

bool omsp_latch_key_equal(const struct omsp_latch_key *a, const struct omsp_latch_key *b);

#endif
