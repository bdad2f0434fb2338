/*
 * The log port: one line at a time to whoever listens. Off until a listener is set. Secrets
 * (tokens, passwords, signatures) are never handed to it.
 */
#ifndef OMSP_BASE_LOG_H
#define OMSP_BASE_LOG_H

#include "base/format.h"

#include <stdbool.h>

enum omsp_log_level { OMSP_LOG_ERROR, OMSP_LOG_WARNING, OMSP_LOG_INFO, OMSP_LOG_DEBUG };

/* line: UTF-8, no newline, valid during the call only. Called on any thread, possibly several at
 * once, and under locks of the library: must neither wait nor call back. */
typedef void (*omsp_log_fn)(void *ctx, enum omsp_log_level level, const char *line);

/* fn NULL turns logging off. Call before threads start or accept that lines in flight go to the
 * previous listener. */
void omsp_log_set(omsp_log_fn fn, void *ctx, enum omsp_log_level max_level);

/* Does anybody listen to lines of this level? For those that are dear to make. */
bool omsp_log_wants(enum omsp_log_level level);

void omsp_log(enum omsp_log_level level, const char *format, ...) OMSP_FORMAT(2, 3);

#endif
