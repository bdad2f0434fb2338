/* The log port. One process-wide listener; formatting happens only when somebody listens. */
#include "base/log.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>

static _Atomic(omsp_log_fn) listener;
static _Atomic(void *) listener_ctx;
static _Atomic int listener_level;

void omsp_log_set(omsp_log_fn fn, void *ctx, enum omsp_log_level max_level)
{
    atomic_store(&listener, NULL);
    atomic_store(&listener_ctx, ctx);
    atomic_store(&listener_level, (int)max_level);
    atomic_store(&listener, fn);
}

bool omsp_log_wants(enum omsp_log_level level)
{
    return atomic_load_explicit(&listener, memory_order_relaxed) &&
           (int)level <= atomic_load_explicit(&listener_level, memory_order_relaxed);
}

/* The length of what is whole of a line that was cut: no character of UTF-8 that is not all there.
 * What is not UTF-8 loses nothing but such an end. */
static size_t whole_len(const char *line, size_t len)
{
    size_t start = len;
    unsigned char lead;

    while (start && len - start < 3 && ((unsigned char)line[start - 1] & 0xC0) == 0x80)
        start--;
    if (!start)
        return len;
    lead = (unsigned char)line[--start];
    if (len - start < (lead >= 0xF0 ? 4U : lead >= 0xE0 ? 3U : lead >= 0xC0 ? 2U : 1U))
        return start;
    return len;
}

void omsp_log(enum omsp_log_level level, const char *format, ...)
{
    omsp_log_fn fn = atomic_load(&listener);
    char line[512];
    va_list args;
    int len;

    if (!fn || (int)level > atomic_load(&listener_level))
        return;
    va_start(args, format);
    len = vsnprintf(line, sizeof(line), format, args);
    va_end(args);
    if (len < 0)
        line[0] = '\0';
    else if ((size_t)len >= sizeof(line))
        line[whole_len(line, sizeof(line) - 1)] = '\0';
    fn(atomic_load(&listener_ctx), level, line);
}
