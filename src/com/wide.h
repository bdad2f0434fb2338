#ifndef OPENMSP_COM_WIDE_H
#define OPENMSP_COM_WIDE_H

#include <windows.h>

/* Writes by a format of the system's runtime (%ls wide, %hs narrow), at most room characters with
 * the zero, which is always there.
 *
 * @return the length; -1 when it was cut. Any thread. */
int com_wide_format(WCHAR *out, size_t room, const WCHAR *format, ...);

#endif
