/*
 * Memory for libspeexdsp's echo canceller and preprocessor, which do not look whether they get any:
 * all of it lies in one block that was had before. toolchain/pe-libs.sh has their calls of calloc
 * and free named so; a libspeexdsp that others built goes on asking the C library.
 */
#ifndef OMSP_MEDIA_SPEEX_MEMORY_H
#define OMSP_MEDIA_SPEEX_MEMORY_H

#include "base/status.h"

#include <stddef.h>

/* make(ctx) is called once, on this thread, and makes such objects out of `room` bytes in all;
 * should they not be enough, which is a mistake of the caller's, the process ends. *block goes to
 * omsp_free when the objects have been destroyed. Any thread; what others make meanwhile waits, for
 * some 100 µs. OMSP_NOMEM: make was not called. */
enum omsp_status omsp_speex_make(size_t room, void (*make)(void *ctx), void *ctx, void **block);

#endif
