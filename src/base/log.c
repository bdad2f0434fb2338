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

void omsp_log(enum omsp_log_level level, const char *format, ...)
{
    omsp_log_fn fn = atomic_load(&listener);
    char line[512];
    va_list args;

    if (!fn || (int)level > atomic_load(&listener_level))
        return;
    va_start(args, format);
    if (vsnprintf(line, sizeof(line), format, args) < 0)
        line[0] = '\0';
    va_end(args);
    fn(atomic_load(&listener_ctx), level, line);
}
