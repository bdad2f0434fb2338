/*
 * WAV files of the host's tests, in the temporary folder under names of this process. Windows only.
 */
#ifndef OMSP_TESTS_SUPPORT_HOST_WAV_H
#define OMSP_TESTS_SUPPORT_HOST_WAV_H

#include <windows.h>

#include <oleauto.h>

/* The path of a file of this name; the caller frees. */
BSTR host_path(const WCHAR *name);
/* With samples that G.711 u-law carries without change. */
void host_write_wav(const WCHAR *name, unsigned seed, size_t samples, short *pcm);
/* The samples of a PCM file of 16 bits, malloc'ed. */
short *host_read_wav(const WCHAR *name, size_t *samples);

#endif
