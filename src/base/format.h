/*
 * What the compiler is told of functions that take a format: OMSP_FORMAT(place of the format, of
 * the first value), from 1, behind the declaration. C99's formats everywhere, on Windows too.
 */
#ifndef OMSP_BASE_FORMAT_H
#define OMSP_BASE_FORMAT_H

#if defined(__MINGW32__)
#define OMSP_FORMAT(place, first) __attribute__((format(gnu_printf, place, first)))
#elif defined(__GNUC__)
#define OMSP_FORMAT(place, first) __attribute__((format(printf, place, first)))
#else
#define OMSP_FORMAT(place, first)
#endif

#endif
