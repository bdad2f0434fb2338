/* Several voices in media time: nobody waits for long, nothing is lost, clocks may differ. */
#include "support/suite.h"

#include "media/mix.h"

#include <stdlib.h>
#include <string.h>

#define FRAME    160
#define FRAME_US 20000u
#define VOICES   3

struct room {
    struct omsp_conceal conceals[VOICES];
    struct omsp_mix_voice voices[VOICES], *list[VOICES];
    unsigned count;
    uint64_t now_us;
    int16_t heard[80000];
    size_t at;
};

static struct room *room_open(unsigned count)
{
    struct room *room = calloc(1, sizeof(*room));

    room->count = count;
    room->now_us = 1000000;
    for (unsigned i = 0; i < count; i++) {
        omsp_conceal_init(&room->conceals[i]);
        room->list[i] = &room->voices[i];
        omsp_mix_voice_init(room->list[i], &room->conceals[i]);
    }
    return room;
}

static size_t take(struct room *room)
{
    size_t before = room->at, got;

    do {
        ck_assert_uint_le(room->at + OMSP_MIX_MAX, sizeof(room->heard) / sizeof(room->heard[0]));
        got = omsp_mix_take(room->list, room->count, room->now_us, room->heard + room->at);
        room->at += got;
    } while (got);
    return room->at - before;
}

static void put_level(struct room *room, unsigned voice, int16_t level)
{
    int16_t pcm[FRAME];

    for (unsigned i = 0; i < FRAME; i++)
        pcm[i] = level;
    omsp_mix_voice_put(room->list[voice], room->now_us, pcm, FRAME);
}

/* Both, and what comes out is heard. */
static void both(struct room *room, int16_t first, int16_t second)
{
    put_level(room, 0, first);
    put_level(room, 1, second);
    take(room);
    room->now_us += FRAME_US;
}

START_TEST(one_voice_is_not_delayed)
{
    struct room *room = room_open(1);

    for (int16_t i = 0; i < 50; i++) {
        put_level(room, 0, i);
        ck_assert_uint_eq(take(room), FRAME);
        ck_assert_int_eq(room->heard[room->at - 1], i);
        ck_assert_uint_eq(omsp_mix_deadline(room->list, 1), UINT64_MAX);
        room->now_us += FRAME_US;
    }
    free(room);
}
END_TEST

START_TEST(voices_are_added_and_what_is_too_loud_is_clipped)
{
    struct room *room = room_open(2);

    for (unsigned i = 0; i < 5; i++)
        both(room, 1000, -300);
    both(room, 30000, 30000);
    both(room, -30000, -30000);
    ck_assert_uint_eq(room->at, 7 * FRAME);
    ck_assert_int_eq(room->heard[5 * FRAME - 1], 700);
    ck_assert_int_eq(room->heard[6 * FRAME - 1], 32767);
    ck_assert_int_eq(room->heard[7 * FRAME - 1], -32768);
    free(room);
}
END_TEST

START_TEST(a_late_one_is_waited_for_a_short_time_only)
{
    struct room *room = room_open(2);
    uint64_t due;

    both(room, 10, 1);
    both(room, 10, 1);
    put_level(room, 0, 10);
    ck_assert_uint_eq(take(room), 0);
    room->now_us += FRAME_US;
    put_level(room, 1, 1);
    ck_assert_uint_eq(take(room), FRAME);
    ck_assert_int_eq(room->heard[room->at - 1], 11);
    put_level(room, 0, 10); /* the other one does not come any more */
    ck_assert_uint_eq(take(room), 0);
    due = omsp_mix_deadline(room->list, 2);
    ck_assert_uint_eq(due, room->now_us + OMSP_MIX_HOLD_US);
    room->now_us = due - 1;
    ck_assert_uint_eq(take(room), 0);
    room->now_us = due;
    ck_assert_uint_eq(take(room), FRAME);
    for (unsigned i = 0; i < 10; i++) { /* and from then on nobody waits */
        put_level(room, 0, 10);
        ck_assert_uint_eq(take(room), FRAME);
        room->now_us += FRAME_US;
    }
    put_level(room, 1, 1); /* it is back; its first frame is heard with what comes next */
    ck_assert_uint_eq(take(room), 0);
    put_level(room, 0, 10);
    ck_assert_uint_eq(take(room), FRAME);
    ck_assert_int_eq(room->heard[room->at - 1], 11);
    free(room);
}
END_TEST

START_TEST(one_that_ended_holds_nobody)
{
    struct room *room = room_open(2);

    both(room, 10, 1);
    both(room, 10, 1);
    put_level(room, 0, 10);
    ck_assert_uint_eq(take(room), 0);
    omsp_mix_voice_end(room->list[1]);
    ck_assert_uint_eq(take(room), FRAME);
    free(room);
}
END_TEST

START_TEST(what_was_missed_while_the_others_went_on_is_not_made_up_again)
{
    struct room *room = room_open(2);

    both(room, 10, 1);
    both(room, 10, 1);
    for (unsigned i = 0; i < 8; i++) { /* the second sends nothing for 160 ms */
        put_level(room, 0, 10);
        take(room);
        room->now_us += FRAME_US;
    }
    ck_assert_uint_eq(room->at, 10 * FRAME);
    ck_assert_uint_eq(omsp_mix_voice_miss(room->list[1], room->now_us, false, 8 * FRAME), 0);
    ck_assert_uint_eq(room->list[1]->fill, 0);
    put_level(room, 1, 1);
    ck_assert_uint_eq(take(room), 0);
    put_level(room, 0, 10);
    ck_assert_uint_eq(take(room), FRAME);
    ck_assert_int_eq(room->heard[room->at - 1], 11);
    ck_assert_uint_eq(omsp_mix_voice_miss(room->list[1], room->now_us, true, FRAME), FRAME);
    ck_assert_uint_eq(room->list[1]->fill, FRAME);
    free(room);
}
END_TEST

/* One clock is a thousandth faster than the other, for a hundred seconds: 100 ms come too much. */
START_TEST(the_slower_clock_leads_and_nobody_falls_behind)
{
    struct room *room = room_open(2);
    uint64_t next[2] = {room->now_us, room->now_us + 7000}, end = room->now_us + 100000000;
    int16_t quiet[FRAME] = {0};
    unsigned put[2] = {0, 0};
    size_t came = 0, most = 0;

    while (next[0] < end) {
        unsigned who = next[0] <= next[1] ? 0 : 1;

        room->now_us = next[who];
        next[who] += who ? FRAME_US : FRAME_US - 20;
        omsp_mix_voice_put(room->list[who], room->now_us, quiet, FRAME);
        put[who]++;
        came += take(room);
        room->at = 0;
        if (room->list[0]->fill > most)
            most = room->list[0]->fill;
    }
    ck_assert_uint_ge(put[0], put[1] + 4);
    ck_assert_uint_le(most, FRAME * 7);
    ck_assert_uint_le(came, (size_t)(put[1] + 2) * FRAME); /* nobody waits at first */
    ck_assert_uint_ge(came, (size_t)(put[1] - 1) * FRAME);
    free(room);
}
END_TEST

/* A slope stays one where 10 ms of it are left out. */
START_TEST(where_samples_are_left_out_there_is_no_click)
{
    struct room *room = room_open(2);
    int16_t pcm[FRAME];
    int step = 0, at = 0;

    both(room, 0, 0);
    both(room, 0, 0);
    for (unsigned i = 0; i < 7; i++) { /* the first piles up before the second */
        for (unsigned k = 0; k < FRAME; k++)
            pcm[k] = (int16_t)(at++ % 2000);
        omsp_mix_voice_put(room->list[0], room->now_us, pcm, FRAME);
        omsp_mix_voice_init(room->list[1], &room->conceals[1]);
        room->list[1]->awaited = true;
        room->list[1]->last_us = room->now_us;
        take(room);
        room->now_us += FRAME_US;
    }
    take(room);
    ck_assert_uint_lt(room->list[0]->fill, 7 * FRAME);
    room->at = 0;
    omsp_mix_voice_end(room->list[1]);
    ck_assert_uint_gt(take(room), 5 * FRAME);
    for (size_t i = 1; i < room->at; i++)
        if (abs(room->heard[i] - room->heard[i - 1]) > step)
            step = abs(room->heard[i] - room->heard[i - 1]);
    ck_assert_int_le(step, 20);
    free(room);
}
END_TEST

START_TEST(a_burst_beyond_the_room_keeps_the_newest)
{
    struct room *room = room_open(2);

    both(room, 0, 0);
    both(room, 0, 0);
    for (int16_t i = 0; i < 20; i++)
        put_level(room, 0, i);
    ck_assert_uint_eq(room->list[0]->fill, OMSP_MIX_ROOM);
    omsp_mix_voice_end(room->list[1]);
    room->at = 0;
    ck_assert_uint_eq(take(room), OMSP_MIX_ROOM);
    ck_assert_int_eq(room->heard[0], 8);
    ck_assert_int_eq(room->heard[OMSP_MIX_ROOM - 1], 19);
    free(room);
}
END_TEST

OMSP_SUITE("mix", TEST(one_voice_is_not_delayed),
           TEST(voices_are_added_and_what_is_too_loud_is_clipped),
           TEST(a_late_one_is_waited_for_a_short_time_only), TEST(one_that_ended_holds_nobody),
           TEST(what_was_missed_while_the_others_went_on_is_not_made_up_again),
           TEST(the_slower_clock_leads_and_nobody_falls_behind),
           TEST(where_samples_are_left_out_there_is_no_click),
           TEST(a_burst_beyond_the_room_keeps_the_newest))
