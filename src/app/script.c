/* Reading --script. Pure; the steps are carried out by call_command.c. */
#include "app/script.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const op_names[] = {"wait", "start", "stop", "pause", "quit"};

const char *script_op_name(enum script_op op)
{
    return op_names[op];
}

/* The next word of at most room - 1 ASCII characters; NULL when it is longer or no ASCII. */
static const wchar_t *word(const wchar_t *text, char *out, size_t room)
{
    size_t len = 0;

    while (*text == ' ' || *text == '\t' || *text == '\n' || *text == '\r')
        text++;
    while (*text && *text != ' ' && *text != '\t' && *text != ';' && *text != '\n' &&
           *text != '\r') {
        if (*text > 126 || len + 1 == room)
            return NULL;
        out[len++] = (char)*text++;
    }
    out[len] = '\0';
    while (*text == ' ' || *text == '\t' || *text == '\n' || *text == '\r')
        text++;
    return text;
}

static bool parse_op(const char *text, enum script_op *op)
{
    for (int i = 0; i <= SCRIPT_QUIT; i++)
        if (!strcmp(text, op_names[i])) {
            *op = (enum script_op)i;
            return true;
        }
    return false;
}

static bool parse_argument(struct script_step *step, const char *text)
{
    char *end;
    unsigned long value;

    switch (step->op) {
    case SCRIPT_WAIT:
        value = strtoul(text, &end, 10);
        step->wait_ms = (unsigned)value;
        return *text >= '0' && *text <= '9' && !*end && value <= 86400000;
    case SCRIPT_QUIT:
        return !*text;
    default:
        step->stream = !strcmp(text, "capture")  ? SCRIPT_CAPTURE
                       : !strcmp(text, "render") ? SCRIPT_RENDER
                                                 : SCRIPT_ALL;
        return step->stream != SCRIPT_ALL || !strcmp(text, "all");
    }
}

bool script_parse(struct script *script, const wchar_t *text, const char **why)
{
    static char message[160];
    char op[16], argument[16];

    script->count = 0;
    while (text && *text) {
        struct script_step step = {0};
        const wchar_t *at = word(text, op, sizeof(op));

        if (at && !*op && (*at == ';' || !*at)) {
            text = *at ? at + 1 : at; /* an empty step */
            continue;
        }
        if (at && parse_op(op, &step.op) && (at = word(at, argument, sizeof(argument))) &&
            parse_argument(&step, argument) && (*at == ';' || !*at)) {
            if (script->count == SCRIPT_MAX_STEPS) {
                *why = "--script has more than 256 steps";
                return false;
            }
            script->steps[script->count++] = step;
            text = *at ? at + 1 : at;
            continue;
        }
        snprintf(message, sizeof(message),
                 "--script: step %u is not one of wait MS, start|stop|pause "
                 "render|capture|all, quit",
                 script->count + 1);
        *why = message;
        return false;
    }
    return true;
}
