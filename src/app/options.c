/* Reading the command line. Pure. */
#include "app/options.h"

#include <stdio.h>
#include <string.h>

const char options_usage[] =
    "usage: openmsp call --peer IP:PORT [options]\n"
    "       openmsp --help | --version\n"
    "\n"
    "Carries one audio call over RTP.\n"
    "\n"
    "  --peer IP:PORT     where the far end receives (it may send from elsewhere)\n"
    "  --listen IP:PORT   where to receive; port 0 or none: any (default 127.0.0.1)\n"
    "  --codec NAME       pcmu (default) or pcma\n"
    "  --play FILE.wav    what the far end hears\n"
    "  --record FILE.wav  where what the far end says is written\n"
    "  --for SECONDS      how long (default: until Ctrl-C or the script's quit)\n"
    "  --script STEPS     e.g. \"wait 1000; stop render; wait 500; start render; quit\"\n"
    "                     wait MS | start|stop|pause render|capture|all | quit\n"
    "  --json             one JSON object a line on standard output\n"
    "\n"
    "Exit status: 0 done, 1 failed, 2 wrong usage.\n";

enum option { LISTEN, PEER, CODEC, PLAY, RECORD, FOR, SCRIPT, JSON, OPTIONS };

static const wchar_t *const names[OPTIONS] = {
    L"--listen", L"--peer", L"--codec", L"--play", L"--record", L"--for", L"--script", L"--json",
};

static bool parse_codec(struct options *options, const wchar_t *text)
{
    if (!_wcsicmp(text, L"pcmu"))
        options->payload_type = 0;
    else if (!_wcsicmp(text, L"pcma"))
        options->payload_type = 8;
    else
        return false;
    return true;
}

static bool parse_seconds(struct options *options, const wchar_t *text)
{
    wchar_t *end;

    options->seconds = wcstod(text, &end);
    return end != text && !*end && options->seconds > 0 && options->seconds <= 1e6;
}

static bool take(struct options *options, enum option option, const wchar_t *value,
                 const char **why)
{
    switch (option) {
    case LISTEN:
        options->listen = value;
        return true;
    case PEER:
        options->peer = value;
        return true;
    case CODEC:
        *why = "--codec is pcmu or pcma";
        return parse_codec(options, value);
    case PLAY:
        options->play = value;
        return true;
    case RECORD:
        options->record = value;
        return true;
    case FOR:
        *why = "--for takes a number of seconds above 0";
        return parse_seconds(options, value);
    case SCRIPT:
        return script_parse(&options->script, value, why);
    default:
        options->json = true;
        return true;
    }
}

bool options_parse(struct options *options, int argc, wchar_t **argv, const char **why)
{
    static char message[160];

    memset(options, 0, sizeof(*options));
    for (int i = 0; i < argc; i++) {
        int option = 0;

        while (option < OPTIONS && wcscmp(argv[i], names[option]))
            option++;
        if (option == OPTIONS) {
            snprintf(message, sizeof(message), "unknown option %.100ls", argv[i]);
            *why = message;
            return false;
        }
        if (option != JSON && i + 1 == argc) {
            snprintf(message, sizeof(message), "%ls needs a value", argv[i]);
            *why = message;
            return false;
        }
        if (!take(options, (enum option)option, option == JSON ? NULL : argv[++i], why))
            return false;
    }
    if (!options->peer) {
        *why = "--peer is missing";
        return false;
    }
    return true;
}
