/* Wide text by format, through the system's own runtime.
 *
 * mingw's wide printf is a second one inside the module, ten kilobytes for three formats. */
#include "com/wide.h"

#include <stdarg.h>
#include <stdio.h>
#include <wchar.h>

int com_wide_format(WCHAR *out, size_t room, const WCHAR *format, ...)
{
    va_list args;
    int length;

    va_start(args, format);
    length = _vsnwprintf(out, room, format, args);
    va_end(args);
    if (length < 0 || (size_t)length >= room) {
        out[room - 1] = 0;
        return -1;
    }
    return length;
}
