/* Source latching: who is listened to, and who cannot break in. */
#include "support/suite.h"

#include "media/latch.h"

#include <string.h>

#define MS 1000u

static const struct omsp_latch_key peer = {6, {4, 192, 0, 2, 1, 10}};
static const struct omsp_latch_key nat = {6, {4, 198, 51, 100, 7, 20}};
static const struct omsp_latch_key stranger = {6, {4, 203, 0, 113, 66, 30}};

static void feed(struct omsp_latch *latch, const struct omsp_latch_key *from, unsigned packets,
                 uint64_t *now_us, enum omsp_latch_verdict expected)
{
    for (unsigned i = 0; i < packets; i++, *now_us += 20 * MS)
        ck_assert_int_eq(omsp_latch_check(latch, from, *now_us), expected);
}

START_TEST(the_first_source_is_taken_and_locked)
{
    struct omsp_latch latch;
    uint64_t now = 1;

    omsp_latch_init(&latch, 0, 0);
    feed(&latch, &nat, 1, &now, OMSP_LATCH_MOVED);
    ck_assert(!latch.locked);
    feed(&latch, &nat, OMSP_LATCH_LOCK_AFTER - 1, &now, OMSP_LATCH_ACCEPT);
    ck_assert(latch.locked);
    ck_assert_uint_eq(latch.moves, 0);
}
END_TEST

START_TEST(a_stranger_never_gets_into_a_locked_session)
{
    struct omsp_latch latch;
    uint64_t now = 1;

    omsp_latch_init(&latch, 0, 0);
    omsp_latch_set_peer(&latch, &peer, now);
    feed(&latch, &nat, 1, &now, OMSP_LATCH_MOVED);
    feed(&latch, &nat, 10, &now, OMSP_LATCH_ACCEPT);
    for (int round = 0; round < 200; round++) { /* ten times as many packets as the real one */
        uint64_t burst = now;

        feed(&latch, &stranger, 10, &burst, OMSP_LATCH_REJECT);
        feed(&latch, &nat, 1, &now, OMSP_LATCH_ACCEPT);
    }
    ck_assert_uint_eq(latch.rejected, 2000);
    ck_assert_uint_eq(latch.moves, 0);
}
END_TEST

START_TEST(a_port_of_the_same_host_is_a_stranger_too)
{
    struct omsp_latch_key other = nat;
    struct omsp_latch latch;
    uint64_t now = 1;

    other.bytes[5]++;
    omsp_latch_init(&latch, 1, 0);
    feed(&latch, &nat, 1, &now, OMSP_LATCH_MOVED);
    feed(&latch, &other, 3, &now, OMSP_LATCH_REJECT);
    ck_assert(!omsp_latch_key_equal(&nat, &other));
    other = nat;
    other.bytes[20] = 99; /* behind len: no part of the key */
    ck_assert(omsp_latch_key_equal(&nat, &other));
    other.len++;
    ck_assert(!omsp_latch_key_equal(&nat, &other));
}
END_TEST

START_TEST(one_stray_packet_does_not_keep_the_real_peer_out)
{
    struct omsp_latch latch;
    uint64_t now = 1;

    omsp_latch_init(&latch, 0, 0);
    feed(&latch, &stranger, 1, &now, OMSP_LATCH_MOVED);
    feed(&latch, &nat, 1, &now, OMSP_LATCH_REJECT);
    feed(&latch, &nat, 1, &now, OMSP_LATCH_MOVED);
    feed(&latch, &nat, 10, &now, OMSP_LATCH_ACCEPT);
    feed(&latch, &stranger, 10, &now, OMSP_LATCH_REJECT);
}
END_TEST

START_TEST(two_flows_at_once_do_not_throw_the_session_about)
{
    struct omsp_latch latch;
    uint64_t now = 1;

    omsp_latch_init(&latch, 0, 0);
    feed(&latch, &nat, 1, &now, OMSP_LATCH_MOVED);
    for (int i = 0; i < 20; i++) {
        feed(&latch, &stranger, 1, &now, OMSP_LATCH_REJECT);
        feed(&latch, &nat, 1, &now, OMSP_LATCH_ACCEPT);
    }
    ck_assert_uint_eq(latch.moves, 0);
}
END_TEST

START_TEST(the_signalled_peer_takes_over_at_once_even_when_locked)
{
    struct omsp_latch latch;
    uint64_t now = 1;

    omsp_latch_init(&latch, 0, 0);
    omsp_latch_set_peer(&latch, &peer, now);
    feed(&latch, &stranger, 1, &now, OMSP_LATCH_MOVED);
    feed(&latch, &stranger, 20, &now, OMSP_LATCH_ACCEPT);
    ck_assert(latch.locked);
    feed(&latch, &peer, 1, &now, OMSP_LATCH_MOVED);
    feed(&latch, &stranger, 2, &now, OMSP_LATCH_REJECT); /* two in a row, while tentative */
    feed(&latch, &peer, 1, &now, OMSP_LATCH_ACCEPT);
}
END_TEST

START_TEST(silence_lets_a_new_source_in_not_before)
{
    struct omsp_latch latch;
    uint64_t now = 1, last;

    omsp_latch_init(&latch, 0, 500 * MS);
    feed(&latch, &nat, 1, &now, OMSP_LATCH_MOVED);
    feed(&latch, &nat, 10, &now, OMSP_LATCH_ACCEPT);
    last = latch.heard_us;
    ck_assert_int_eq(omsp_latch_check(&latch, &stranger, last + 500 * MS - 1), OMSP_LATCH_REJECT);
    ck_assert_int_eq(omsp_latch_check(&latch, &stranger, last + 500 * MS), OMSP_LATCH_MOVED);
    ck_assert_uint_eq(latch.moves, 1);
    ck_assert(!latch.locked);
}
END_TEST

START_TEST(a_new_description_lets_the_new_peer_in_and_the_old_one_out)
{
    struct omsp_latch latch;
    uint64_t now = 1;

    omsp_latch_init(&latch, 0, 0);
    omsp_latch_set_peer(&latch, &peer, now);
    feed(&latch, &peer, 1, &now, OMSP_LATCH_MOVED);
    feed(&latch, &peer, 10, &now, OMSP_LATCH_ACCEPT);
    omsp_latch_set_peer(&latch, &peer, now); /* the same again */
    ck_assert(latch.locked);
    omsp_latch_set_peer(&latch, &nat, now);
    feed(&latch, &peer, 3, &now, OMSP_LATCH_ACCEPT); /* still on the way */
    feed(&latch, &nat, 1, &now, OMSP_LATCH_MOVED);
    feed(&latch, &peer, 3, &now, OMSP_LATCH_REJECT);
    feed(&latch, &nat, 5, &now, OMSP_LATCH_ACCEPT);
    ck_assert(latch.locked);
}
END_TEST

START_TEST(after_a_new_description_the_old_source_cannot_lock_but_a_third_can_come)
{
    struct omsp_latch latch;
    struct omsp_latch_key inner = {6, {4, 10, 0, 0, 1, 5}};
    uint64_t now = 1;

    omsp_latch_init(&latch, 0, 0);
    omsp_latch_set_peer(&latch, &peer, now);
    feed(&latch, &peer, 1, &now, OMSP_LATCH_MOVED);
    feed(&latch, &peer, 10, &now, OMSP_LATCH_ACCEPT);
    /* The peer moved behind a NAT: it names an inside address and comes from an outside one. */
    omsp_latch_set_peer(&latch, &inner, now);
    feed(&latch, &peer, 30, &now, OMSP_LATCH_ACCEPT);
    ck_assert(!latch.locked);
    feed(&latch, &nat, 1, &now, OMSP_LATCH_REJECT);
    feed(&latch, &nat, 1, &now, OMSP_LATCH_MOVED);
    feed(&latch, &nat, 5, &now, OMSP_LATCH_ACCEPT);
    ck_assert(latch.locked);
}
END_TEST

START_TEST(a_nat_source_that_did_not_move_locks_again_after_a_while)
{
    struct omsp_latch latch;
    uint64_t now = 1;

    omsp_latch_init(&latch, 0, 0);
    feed(&latch, &nat, 1, &now, OMSP_LATCH_MOVED);
    feed(&latch, &nat, 10, &now, OMSP_LATCH_ACCEPT);
    omsp_latch_set_peer(&latch, &peer, now);
    feed(&latch, &nat, OMSP_LATCH_SILENCE_US / (20 * MS) + OMSP_LATCH_LOCK_AFTER, &now,
         OMSP_LATCH_ACCEPT);
    ck_assert(latch.locked);
    ck_assert_uint_eq(latch.moves, 0);
}
END_TEST

START_TEST(no_address_is_never_taken)
{
    static const struct omsp_latch_key none;
    struct omsp_latch latch;
    uint64_t now = 1;

    omsp_latch_init(&latch, 0, 0);
    feed(&latch, &none, 5, &now, OMSP_LATCH_REJECT);
    omsp_latch_set_peer(&latch, NULL, now);
    feed(&latch, &none, 5, &now, OMSP_LATCH_REJECT);
    feed(&latch, &nat, 1, &now, OMSP_LATCH_MOVED);
}
END_TEST

OMSP_SUITE("latch", TEST(the_first_source_is_taken_and_locked),
           TEST(a_stranger_never_gets_into_a_locked_session),
           TEST(a_port_of_the_same_host_is_a_stranger_too),
           TEST(one_stray_packet_does_not_keep_the_real_peer_out),
           TEST(two_flows_at_once_do_not_throw_the_session_about),
           TEST(the_signalled_peer_takes_over_at_once_even_when_locked),
           TEST(silence_lets_a_new_source_in_not_before),
           TEST(a_new_description_lets_the_new_peer_in_and_the_old_one_out),
           TEST(after_a_new_description_the_old_source_cannot_lock_but_a_third_can_come),
           TEST(a_nat_source_that_did_not_move_locks_again_after_a_while),
           TEST(no_address_is_never_taken))
