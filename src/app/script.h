/*
 * The little language of --script: steps parted by semicolons.
 *
 *   wait MS | start STREAM | stop STREAM | pause STREAM | quit      STREAM: render, capture, all
 *
 * MS: at most a day's, 86400000.
 */
#ifndef OMSP_APP_SCRIPT_H
#define OMSP_APP_SCRIPT_H

#include <stdbool.h>
#include <wchar.h>

#define SCRIPT_MAX_STEPS 256

enum script_op { SCRIPT_WAIT, SCRIPT_START, SCRIPT_STOP, SCRIPT_PAUSE, SCRIPT_QUIT };
enum script_stream { SCRIPT_CAPTURE = 1, SCRIPT_RENDER = 2, SCRIPT_ALL = 3 };

struct script_step {
    enum script_op op;
    unsigned wait_ms;
    enum script_stream stream;
};

struct script {
    unsigned count;
    struct script_step steps[SCRIPT_MAX_STEPS];
};

/* False: *why is a sentence in a static buffer. Empty text is an empty script. */
bool script_parse(struct script *script, const wchar_t *text, const char **why);
/* "start", "stop", "pause", ... */
const char *script_op_name(enum script_op op);

#endif
