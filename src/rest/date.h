/* Dates as the resource writes them (spec/twilio-streams 1.5): RFC 2822 with English names, two
 * digits for the day, always +0000. Pure. */
#ifndef OMSP_REST_DATE_H
#define OMSP_REST_DATE_H

#include <stdint.h>

#define OMSP_DATE_CHARS 31 /* "Sat, 21 Nov 2026 04:31:09 +0000" */

/* Microseconds since 1970-01-01 UTC; the fraction is cut off (towards the past). Years 1 to 9999;
 * what is outside is told as the nearest end of that. */
void omsp_date_format(int64_t wall_us, char out[OMSP_DATE_CHARS + 1]);

#endif
