/* Which terminal may go on which stream: the order of 3.5's table, by every combination of facts.
 */
#include "support/suite.h"

#include "core/terminal.h"

START_TEST(a_fitting_terminal_may_be_selected)
{
    struct omsp_stream_facts stream = {OMSP_MEDIA_AUDIO, OMSP_RENDER, 77, 0, 1, false};
    struct omsp_terminal_facts terminal = {OMSP_MEDIA_AUDIO, OMSP_RENDER, 77, false, false};

    ck_assert_int_eq(omsp_terminal_may_select(&stream, &terminal), OMSP_OK);
    terminal.owner_token = 0; /* an application's own */
    ck_assert_int_eq(omsp_terminal_may_select(&stream, &terminal), OMSP_OK);
    terminal.media |= OMSP_MEDIA_VIDEO;
    ck_assert_int_eq(omsp_terminal_may_select(&stream, &terminal), OMSP_OK);
}
END_TEST

/* One bit for each thing that can be wrong, the first in the table lowest. */
START_TEST(the_first_reason_in_the_table_is_the_answer)
{
    static const enum omsp_status expected[] = {
        OMSP_SHUTDOWN,     OMSP_BAD_TERMINAL,  OMSP_BAD_TERMINAL,    OMSP_BAD_TERMINAL,
        OMSP_BAD_TERMINAL, OMSP_MAX_TERMINALS, OMSP_TERMINAL_IN_USE,
    };

    for (unsigned wrong = 0; wrong < 1u << 7; wrong++) {
        struct omsp_stream_facts stream = {
            .media = OMSP_MEDIA_AUDIO,
            .direction = OMSP_CAPTURE,
            .owner_token = 5,
            .selected = wrong & 32 ? 2 : 1,
            .capacity = 2,
            .shut = wrong & 1,
        };
        struct omsp_terminal_facts terminal = {
            .owner_token = wrong & 2 ? 6 : 5,
            .media = wrong & 4 ? OMSP_MEDIA_VIDEO : OMSP_MEDIA_AUDIO,
            .direction = wrong & 8 ? OMSP_RENDER : OMSP_CAPTURE,
            .selected_here = wrong & 16,
            .selected_elsewhere = wrong & 64,
        };
        unsigned first = 0;

        while (first < 7 && !(wrong & 1u << first))
            first++;
        ck_assert_int_eq(omsp_terminal_may_select(&stream, &terminal),
                         first == 7 ? OMSP_OK : expected[first]);
    }
}
END_TEST

START_TEST(directions_match_when_equal_or_either_is_bidirectional)
{
    /* [stream][terminal]: capture, render, bidirectional, mixed, none */
    static const bool match[3][5] = {
        {true, false, true, false, false},
        {false, true, true, false, false},
        {true, true, true, false, false},
    };

    for (int s = 0; s < 3; s++) {
        for (int t = 0; t < 5; t++) {
            struct omsp_stream_facts stream = {
                OMSP_MEDIA_AUDIO, (enum omsp_direction)s, 1, 0, 1, false};
            struct omsp_terminal_facts terminal = {OMSP_MEDIA_AUDIO, (enum omsp_direction)t, 0,
                                                   false, false};

            ck_assert_int_eq(omsp_terminal_may_select(&stream, &terminal),
                             match[s][t] ? OMSP_OK : OMSP_BAD_TERMINAL);
        }
    }
}
END_TEST

START_TEST(a_stream_without_capacity_takes_none)
{
    struct omsp_stream_facts stream = {OMSP_MEDIA_AUDIO, OMSP_RENDER, 1, 0, 0, false};
    struct omsp_terminal_facts terminal = {OMSP_MEDIA_AUDIO, OMSP_RENDER, 0, false, false};

    ck_assert_int_eq(omsp_terminal_may_select(&stream, &terminal), OMSP_MAX_TERMINALS);
}
END_TEST

START_TEST(media_masks_are_judged_bit_by_bit)
{
    static const uint32_t known[] = {0x8, 0x10, 0x20, 0x8000, 0x10000};

    ck_assert(!omsp_media_is_valid(0));
    ck_assert(!omsp_media_is_single(0));
    for (unsigned bit = 0; bit < 32; bit++) {
        uint32_t media = (uint32_t)1 << bit;
        bool is_known = false;

        for (unsigned i = 0; i < 5; i++)
            is_known |= known[i] == media;
        ck_assert(omsp_media_is_valid(media) == is_known);
        ck_assert(omsp_media_is_single(media) == is_known);
        ck_assert(omsp_media_is_valid(media | 0x8) == is_known);
        ck_assert(omsp_media_is_single(media | 0x8) == (media == 0x8));
    }
}
END_TEST

OMSP_SUITE("terminal_rules", TEST(a_fitting_terminal_may_be_selected),
           TEST(the_first_reason_in_the_table_is_the_answer),
           TEST(directions_match_when_equal_or_either_is_bidirectional),
           TEST(a_stream_without_capacity_takes_none), TEST(media_masks_are_judged_bit_by_bit))
