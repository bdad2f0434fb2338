/*
 * Civil dates from a count of seconds, in the proleptic Gregorian calendar. Not a clock and not the
 * C library's time functions, which look at locales and zones. Pure; any thread.
 */
#include "rest/date.h"

#include "base/text.h"

#define DAY_S   86400
#define FIRST_S (-62135596800) /* 0001-01-01 00:00:00 */
#define LAST_S  253402300799   /* 9999-12-31 23:59:59 */

void omsp_date_format(int64_t wall_us, char out[OMSP_DATE_CHARS + 1])
{
    static const char days[7][4] = {"Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"};
    static const char months[12][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    int64_t second = wall_us / 1000000 - (wall_us % 1000000 < 0);
    int64_t day, shifted, year;
    struct omsp_text text;
    unsigned in_day, in_era, year_of_era, in_year, month;

    if (second < FIRST_S)
        second = FIRST_S;
    if (second > LAST_S)
        second = LAST_S;
    day = second / DAY_S - (second % DAY_S < 0);
    in_day = (unsigned)(second - day * DAY_S);
    /* Years from March, in eras of 400 years from 0000-03-01: then leap days come last. */
    shifted = day + 719468;
    in_era = (unsigned)(shifted % 146097 + (shifted % 146097 < 0 ? 146097 : 0));
    year_of_era = (in_era - in_era / 1460 + in_era / 36524 - in_era / 146096) / 365;
    in_year = in_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    month = (5 * in_year + 2) / 153;
    year = (shifted - in_era) / 146097 * 400 + year_of_era + (month >= 10);
    omsp_text_init(&text, out, OMSP_DATE_CHARS + 1);
    omsp_text_printf(&text, "%s, %02u %s %04u %02u:%02u:%02u +0000", days[(day % 7 + 7) % 7],
                     in_year - (153 * month + 2) / 5 + 1, months[(month + 2) % 12], (unsigned)year,
                     in_day / 3600, in_day / 60 % 60, in_day % 60);
}
