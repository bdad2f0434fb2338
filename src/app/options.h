/*
 * The command line of `openmsp.exe`, read once. Strings are the process's own arguments (UTF-16).
 */
#ifndef OMSP_APP_OPTIONS_H
#define OMSP_APP_OPTIONS_H

#include "app/media_options.h"
#include "app/script.h"

#include <stdbool.h>
#include <wchar.h>

struct options {
    const wchar_t *listen; /* NULL: any port on this machine's loopback address */
    const wchar_t *peer;
    const wchar_t *remote_sdp, *local_sdp, *srtp; /* NULL: not given */
    int payload_type;                             /* 0 PCMU, 8 PCMA */
    const wchar_t *play, *record;                 /* NULL: none */
    bool mic, speaker;
    bool stdin_pcm, stdout_pcm;
    unsigned pcm_rate;                      /* of both */
    const wchar_t *mic_name, *speaker_name; /* NULL: the default device */
    double seconds;                         /* 0: until quit */
    struct script script;
    struct media_options media;
    unsigned calls, first_port, last_port; /* serve */
    bool json;
    const wchar_t *log, *log_level; /* NULL: what the environment says */
};

enum command { COMMAND_CALL, COMMAND_SERVE };

/* argv[0..argc) behind the command's name. False: *why is a sentence for stderr (static or in a
 * static buffer), exit with 2. */
bool options_parse(struct options *options, enum command command, int argc, wchar_t **argv,
                   const char **why);
extern const char options_usage[];

#endif
