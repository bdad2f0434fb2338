/* Dates of the Stream resource. */
#include "support/suite.h"

#include "rest/date.h"

#include <string.h>
#include <stdio.h>

static void expect(int64_t wall_us, const char *want)
{
    char text[OMSP_DATE_CHARS + 1];

    omsp_date_format(wall_us, text);
    ck_assert_str_eq(text, want);
}

START_TEST(known_dates)
{
    expect(0, "Thu, 01 Jan 1970 00:00:00 +0000");
    expect(INT64_C(951782400000000), "Tue, 29 Feb 2000 00:00:00 +0000");
    expect(INT64_C(951868799999999), "Tue, 29 Feb 2000 23:59:59 +0000");
    expect(INT64_C(951868800000000), "Wed, 01 Mar 2000 00:00:00 +0000");
    expect(INT64_C(1724630400000000), "Mon, 26 Aug 2024 00:00:00 +0000");
    expect(INT64_C(4107542400000000), "Mon, 01 Mar 2100 00:00:00 +0000"); /* no leap year */
}
END_TEST

START_TEST(fractions_go_to_the_past)
{
    expect(999999, "Thu, 01 Jan 1970 00:00:00 +0000");
    expect(-1, "Wed, 31 Dec 1969 23:59:59 +0000");
}
END_TEST

START_TEST(what_no_date_can_tell_is_the_nearest_that_can)
{
    expect(INT64_MIN, "Mon, 01 Jan 0001 00:00:00 +0000");
    expect(INT64_MAX, "Fri, 31 Dec 9999 23:59:59 +0000");
}
END_TEST

/* Every day of 1970-2400 at an odd second of the day, against a count by the calendar's rules. */
START_TEST(every_day_of_four_centuries)
{
    static const char days[7][4] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
    static const char months[12][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    static const int lengths[12] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int64_t day = 0;

    for (int year = 1970; year <= 2400; year++) {
        int leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

        for (int month = 0; month < 12; month++)
            for (int d = 1; d <= lengths[month] + (leap && month == 1); d++, day++) {
                char want[64];

                snprintf(want, sizeof(want), "%s, %02d %s %04d 13:47:09 +0000", days[(day + 3) % 7],
                         d, months[month], year);
                expect((day * 86400 + 13 * 3600 + 47 * 60 + 9) * 1000000, want);
            }
    }
}
END_TEST

OMSP_SUITE("rest_date", TEST(known_dates), TEST(fractions_go_to_the_past),
           TEST(what_no_date_can_tell_is_the_nearest_that_can), TEST(every_day_of_four_centuries))
