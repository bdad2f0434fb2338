/*
 * Stands before every source file of the COM rooms and their tests in a native build: Windows'
 * headers on glibc, with the differences of the two worlds put right. LONG has 32 bits, wchar_t 16
 * (-fshort-wchar), functions of the system have Windows' calling convention (ms_abi), so that
 * vtables and com/invoke.c are what they are on x64. Nothing of glibc's wide text is usable then:
 * text.c has the functions under names of its own. What is declared here is defined in this folder;
 * the rest is Windows' own declaration.
 */
#ifndef OMSP_STANDIN_PRELUDE_H
#define OMSP_STANDIN_PRELUDE_H

#include <limits.h>
#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

/* C code here means LONG's and ULONG's. */
#undef LONG_MAX
#undef LONG_MIN
#undef ULONG_MAX
#define LONG_MAX  INT_MAX
#define LONG_MIN  INT_MIN
#define ULONG_MAX UINT_MAX

#define _FORCENAMELESSUNION 1
#define __LONG32            int /* of mingw-w64's headers */
typedef int WINBOOL;

/* windows.h takes what was said of LP64 on trust. */
#include <windows.h>

#include <ole2.h>
#undef small /* a name in C */

/* Wine's are assembly, in which ThreadSanitizer sees no order. */
#undef InterlockedExchange
#undef InterlockedExchange64
#undef InterlockedExchangePointer
#define InterlockedExchange(at, value)        __atomic_exchange_n((at), (value), __ATOMIC_SEQ_CST)
#define InterlockedExchange64(at, value)      __atomic_exchange_n((at), (value), __ATOMIC_SEQ_CST)
#define InterlockedExchangePointer(at, value) __atomic_exchange_n((at), (value), __ATOMIC_SEQ_CST)

/* ---- text.c ---------------------------------------------------------------------------------- */

size_t standin_wcslen(const WCHAR *text);
WCHAR *standin_wcscpy(WCHAR *to, const WCHAR *from);
WCHAR *standin_wcsncpy(WCHAR *to, const WCHAR *from, size_t room);
int standin_wcscmp(const WCHAR *a, const WCHAR *b);
int standin_wcsncmp(const WCHAR *a, const WCHAR *b, size_t most);
int standin_wcsicmp(const WCHAR *a, const WCHAR *b); /* of ASCII letters, the case does not count */
int standin_wcsnicmp(const WCHAR *a, const WCHAR *b, size_t most);
WCHAR *standin_wcschr(const WCHAR *text, WCHAR letter);
WCHAR *standin_wcsrchr(const WCHAR *text, WCHAR letter);
WCHAR *standin_wcsstr(const WCHAR *text, const WCHAR *part);
size_t standin_wcsspn(const WCHAR *text, const WCHAR *letters);
size_t standin_wcscspn(const WCHAR *text, const WCHAR *letters);
WCHAR *standin_wcsupr(WCHAR *text);
/* %ls, %hs, %d, %u, %x, %X with widths and zeroes; an l is 32 bits. -1: cut. */
int standin_vsnwprintf(WCHAR *out, size_t room, const WCHAR *format, va_list args);
int standin_snwprintf(WCHAR *out, size_t room, const WCHAR *format, ...);
FILE *standin_wfopen(const WCHAR *path, const WCHAR *mode);

#define wcslen      standin_wcslen
#define wcscpy      standin_wcscpy
#define wcsncpy     standin_wcsncpy
#define wcscmp      standin_wcscmp
#define wcsncmp     standin_wcsncmp
#define _wcsicmp    standin_wcsicmp
#define _wcsnicmp   standin_wcsnicmp
#define wcschr      standin_wcschr
#define wcsrchr     standin_wcsrchr
#define wcsstr      standin_wcsstr
#define wcsspn      standin_wcsspn
#define wcscspn     standin_wcscspn
#define _wcsupr     standin_wcsupr
#define _vsnwprintf standin_vsnwprintf
#define _snwprintf  standin_snwprintf
#define swprintf    standin_snwprintf
#define _wfopen     standin_wfopen
#define _strnicmp   strncasecmp

#endif
