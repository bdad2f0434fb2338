/*
 * Source latching: decides which address is listened to. Not the judge of packets (rtp.c parses,
 * rtp_receiver.c counts) and no firewall. The session's lock owns it.
 */
#include "media/latch.h"

#include <string.h>

bool omsp_latch_key_equal(const struct omsp_latch_key *a, const struct omsp_latch_key *b)
{
    return a->len == b->len && a->len <= sizeof(a->bytes) &&
           memcmp(a->bytes, b->bytes, a->len) == 0;
}

void omsp_latch_init(struct omsp_latch *latch, unsigned lock_after, uint64_t silence_us)
{
    memset(latch, 0, sizeof(*latch));
    latch->lock_after = lock_after ? lock_after : OMSP_LATCH_LOCK_AFTER;
    latch->silence_us = silence_us ? silence_us : OMSP_LATCH_SILENCE_US;
}

void omsp_latch_set_peer(struct omsp_latch *latch, const struct omsp_latch_key *peer,
                         uint64_t now_us)
{
    static const struct omsp_latch_key none;

    if (!peer)
        peer = &none;
    if (omsp_latch_key_equal(&latch->peer, peer))
        return;
    latch->peer = *peer;
    latch->locked = false;
    latch->count = 0;
    latch->challenged = false;
    if (latch->source.len && !omsp_latch_key_equal(&latch->source, peer))
        latch->no_lock_until_us = now_us + latch->silence_us;
}

static void heard(struct omsp_latch *latch, uint64_t now_us)
{
    latch->heard_us = now_us;
    latch->challenged = false;
    if (latch->locked || now_us < latch->no_lock_until_us)
        return;
    latch->locked = ++latch->count >= latch->lock_after;
}

static bool may_take_over(const struct omsp_latch *latch, const struct omsp_latch_key *from,
                          uint64_t now_us)
{
    if (!from->len)
        return false;
    if (!latch->source.len || now_us >= latch->heard_us + latch->silence_us)
        return true;
    if (latch->peer.len && omsp_latch_key_equal(from, &latch->peer))
        return true; /* the source is not the peer, else we were not asked */
    return !latch->locked && !omsp_latch_key_equal(&latch->source, &latch->peer) &&
           latch->challenged && omsp_latch_key_equal(from, &latch->challenger);
}

enum omsp_latch_verdict omsp_latch_check(struct omsp_latch *latch,
                                         const struct omsp_latch_key *from, uint64_t now_us)
{
    if (latch->source.len && omsp_latch_key_equal(from, &latch->source)) {
        heard(latch, now_us);
        return OMSP_LATCH_ACCEPT;
    }
    if (!may_take_over(latch, from, now_us)) {
        latch->challenger = *from;
        latch->challenged = from->len > 0;
        latch->rejected++;
        return OMSP_LATCH_REJECT;
    }
    if (latch->source.len)
        latch->moves++;
    latch->source = *from;
    latch->locked = false;
    latch->count = 0;
    latch->no_lock_until_us = 0; /* that was for the source before */
    heard(latch, now_us);
    return OMSP_LATCH_MOVED;
}
