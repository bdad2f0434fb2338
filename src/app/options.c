/* Reading the command line. Pure. */
#include "app/options.h"

#include <stdio.h>
#include <string.h>

const char options_usage[] =
    "usage: openmsp call --peer IP:PORT | --remote-sdp FILE [options]\n"
    "       openmsp serve --calls N --rtp-ports A-B --rest IP:PORT [options]\n"
    "       openmsp devices [--json]\n"
    "       openmsp protect FILE\n"
    "       openmsp --help | --version\n"
    "\n"
    "call: carries one audio call over RTP.\n"
    "\n"
    "  --peer IP:PORT     where the far end receives (it may send from elsewhere)\n"
    "  --remote-sdp FILE  the far end's offer (SDP) instead; it may have keys (SRTP)\n"
    "  --local-sdp FILE   where our answer to it is written, with ours\n"
    "  --srtp WORD        off, allowed (default), required: of what --remote-sdp offers\n"
    "  --listen IP:PORT   where to receive; port 0 or none: any (default 127.0.0.1, or [::1] with\n"
    "                     an IPv6 --peer)\n"
    "  --codec NAME       pcmu (default) or pcma\n"
    "  --play FILE.wav    what the far end hears\n"
    "  --record FILE.wav  where what the far end says is written\n"
    "  --mic [NAME]       the far end hears this microphone (none named: the default one)\n"
    "  --speaker [NAME]   the far end is heard there\n"
    "  --stdin-pcm        the far end hears standard input: 16-bit samples, mono, low byte first\n"
    "  --stdout-pcm       what the far end says, as such samples; events then on standard error\n"
    "  --pcm-rate HZ      of these samples: 8000 (default) to 48000\n"
    "  --for SECONDS      how long (default: until Ctrl-C or the script's quit)\n"
    "  --script STEPS     e.g. \"wait 1000; stop render; wait 500; start render; quit\"\n"
    "                     wait MS | start|stop|pause render|capture|all | quit\n"
    "  --json             one JSON object a line on standard output\n"
    "  --log FILE         what happens, a line each, for who looks after the machine\n"
    "  --log-level WORD   error, warning, info (default), debug\n"
    "\n"
    "  --stream URL       the call's audio to a WebSocket consumer (Twilio's Media Streams)\n"
    "  --name N           of the stream\n"
    "  --track T          inbound_track (default), outbound_track, both_tracks\n"
    "  --param NAME=VALUE for the consumer; up to 99 times\n"
    "  --status-callback URL   is told what became of it\n"
    "  --reconnects N     a broken connection is dialled again, up to N (100) times in a row\n"
    "  --encoding E       audio/x-mulaw (default), audio/x-l16, audio/opus: what payloads are\n"
    "  --sample-rate R    of the latter two: 8000 (default), 16000, 24000\n"
    "  --twiml FILE       <Start>, <Stop>, <Connect> <Stream>, once the call is connected\n"
    "  --account AC...    whose streams these are\n"
    "  --token-file FILE  the account's token: signs, and is the password over REST\n"
    "  --ca FILE          PEM of a private CA, instead of the system's store\n"
    "  --allow-plain      ws:// and http:// to others than this machine\n"
    "  --rest IP:PORT     serves the Stream resource; port 0: any\n"
    "  --api-key SK...:SECRET  another credential for it; up to 16 times\n"
    "  --rest-any         listen elsewhere than on loopback\n"
    "  --rest-waiting N   connections that wait for their request, 1 to 65536 (1024)\n"
    "  --rest-per-address N  connections from one IP address (no limit)\n"
    "  --extensions       what is beyond Twilio: pause, resume, GET\n"
    "  --media-workers N  threads that move media, 1 to 16, or 0 (default): one, and more by need\n"
    "\n"
    "serve: N connected calls whose streams are started and stopped over REST, until Ctrl-C or\n"
    "until the line `quit` comes on standard input. --listen IP, --codec, --play, --log, "
    "--reconnects,\n"
    "--encoding, --sample-rate, --twiml and the options from --account on are as above.\n"
    "\n"
    "  --calls N          1 (default) to 1000\n"
    "  --rtp-ports A-B    the first call listens on A (even), the next on A+2\n"
    "\n"
    "devices: microphones and speakers; what --mic and --speaker find by a part of the name.\n"
    "\n"
    "protect: encrypts a token file in place for this Windows user.\n"
    "\n"
    "Exit status: 0 done, 1 failed, 2 wrong usage.\n";

enum option {
    LISTEN,
    PEER,
    CODEC,
    PLAY,
    RECORD,
    FOR,
    SCRIPT,
    JSON,
    CALLS,
    PORTS,
    MIC,
    SPEAKER,
    STDIN_PCM,
    STDOUT_PCM,
    PCM_RATE,
    REMOTE_SDP,
    LOCAL_SDP,
    SRTP,
    LOG,
    LOG_LEVEL,
    OPTIONS
};

static const wchar_t *const names[OPTIONS] = {
    L"--listen",     L"--peer",      L"--codec",     L"--play",       L"--record",
    L"--for",        L"--script",    L"--json",      L"--calls",      L"--rtp-ports",
    L"--mic",        L"--speaker",   L"--stdin-pcm", L"--stdout-pcm", L"--pcm-rate",
    L"--remote-sdp", L"--local-sdp", L"--srtp",      L"--log",        L"--log-level",
};

static bool is_for(enum option option, enum command command)
{
    switch (option) {
    case PEER:
    case RECORD:
    case FOR:
    case SCRIPT:
    case MIC:
    case SPEAKER:
    case STDIN_PCM:
    case STDOUT_PCM:
    case PCM_RATE:
    case REMOTE_SDP:
    case LOCAL_SDP:
    case SRTP:
        return command == COMMAND_CALL;
    case CALLS:
    case PORTS:
        return command == COMMAND_SERVE;
    default:
        return true;
    }
}

/* Words of ASCII, in any case. */
static bool is_word(const wchar_t *text, const char *word)
{
    for (; *text && *word; text++, word++)
        if ((*text >= 'A' && *text <= 'Z' ? *text + ('a' - 'A') : *text) != *word)
            return false;
    return !*text && !*word;
}

static bool parse_codec(struct options *options, const wchar_t *text)
{
    if (is_word(text, "pcmu"))
        options->payload_type = 0;
    else if (is_word(text, "pcma"))
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

static bool parse_calls(struct options *options, const wchar_t *text)
{
    wchar_t *end;
    unsigned long count = wcstoul(text, &end, 10);

    options->calls = (unsigned)count;
    return *text >= '0' && *text <= '9' && !*end && count > 0 && count <= 1000;
}

static bool parse_rate(struct options *options, const wchar_t *text)
{
    wchar_t *end;
    unsigned long rate = wcstoul(text, &end, 10);

    options->pcm_rate = (unsigned)rate;
    return *text >= '0' && *text <= '9' && !*end && rate >= 8000 && rate <= 48000;
}

static bool parse_ports(struct options *options, const wchar_t *text)
{
    wchar_t *end;
    unsigned long first = wcstoul(text, &end, 10), last;

    if (*text < '0' || *text > '9' || *end != '-' || end[1] < '0' || end[1] > '9')
        return false;
    last = wcstoul(end + 1, &end, 10);
    options->first_port = (unsigned)first;
    options->last_port = (unsigned)last;
    return !*end && first > 0 && first % 2 == 0 && last > first && last <= 65535;
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
    case CALLS:
        *why = "--calls takes 1 to 1000";
        return parse_calls(options, value);
    case PORTS:
        *why = "--rtp-ports takes A-B, A even and below B";
        return parse_ports(options, value);
    case MIC:
        options->mic = true;
        options->mic_name = value;
        return true;
    case SPEAKER:
        options->speaker = true;
        options->speaker_name = value;
        return true;
    case STDIN_PCM:
        options->stdin_pcm = true;
        return true;
    case REMOTE_SDP:
        options->remote_sdp = value;
        return true;
    case LOCAL_SDP:
        options->local_sdp = value;
        return true;
    case SRTP:
        *why = "--srtp is off, allowed or required";
        options->srtp = value;
        return !wcscmp(value, L"off") || !wcscmp(value, L"allowed") || !wcscmp(value, L"required");
    case LOG:
        options->log = value;
        return true;
    case LOG_LEVEL:
        *why = "--log-level is error, warning, info or debug";
        options->log_level = value;
        return !wcscmp(value, L"error") || !wcscmp(value, L"warning") || !wcscmp(value, L"info") ||
               !wcscmp(value, L"debug");
    case STDOUT_PCM:
        options->stdout_pcm = true;
        return true;
    case PCM_RATE:
        *why = "--pcm-rate takes 8000 to 48000";
        return parse_rate(options, value);
    default:
        options->json = true;
        return true;
    }
}

static bool check(const struct options *options, enum command command, const char **why)
{
    if (command == COMMAND_CALL) {
        *why = "--peer is missing, or --remote-sdp";
        if (!options->peer && !options->remote_sdp)
            return false;
        *why = "--peer and --remote-sdp do not go together";
        if (options->peer && options->remote_sdp)
            return false;
        *why = "--local-sdp and --srtp go with --remote-sdp";
        if (!options->remote_sdp && (options->local_sdp || options->srtp))
            return false;
        return media_options_check(&options->media, why);
    }
    *why = "--rtp-ports, --rest and --account are needed";
    if (!options->first_port || !options->media.rest || !options->media.account)
        return false;
    *why = "--rtp-ports are too few: two a call";
    if ((options->last_port - options->first_port + 1) / 2 < options->calls)
        return false;
    *why = "--stream is for call; over REST or by --twiml here";
    return !options->media.stream && media_options_check(&options->media, why);
}

/* `before`, as much of the name as a sentence has room for, `behind`. What is no ASCII is a
 * question mark: the C library fails on it where no locale was set. */
static const char *sentence(const char *before, const wchar_t *name, const char *behind)
{
    static char message[160];
    char plain[100];
    size_t len = 0;

    for (; *name && len < sizeof(plain) - 1; name++)
        plain[len++] = *name >= ' ' && *name < 127 ? (char)*name : '?';
    plain[len] = '\0';
    snprintf(message, sizeof(message), "%s%s%s", before, plain, behind);
    return message;
}

bool options_parse(struct options *options, enum command command, int argc, wchar_t **argv,
                   const char **why)
{
    memset(options, 0, sizeof(*options));
    options->calls = 1;
    options->pcm_rate = 8000;
    for (int i = 0; i < argc; i++) {
        const wchar_t *name = argv[i], *value = NULL;
        bool has_value = true, of_media = media_option_known(name, &has_value);
        int option = 0;

        while (option < OPTIONS && wcscmp(name, names[option]))
            option++;
        if (!of_media && (option == OPTIONS || !is_for((enum option)option, command))) {
            *why = sentence("unknown option ", name, "");
            return false;
        }
        if (!of_media)
            has_value = option != JSON && option != STDIN_PCM && option != STDOUT_PCM;
        /* The name of a device may be left out. */
        if (!of_media && (option == MIC || option == SPEAKER))
            has_value = i + 1 < argc && wcsncmp(argv[i + 1], L"--", 2);
        if (has_value && i + 1 == argc) {
            *why = sentence("", name, " needs a value");
            return false;
        }
        if (has_value)
            value = argv[++i];
        if (of_media ? !media_option_take(&options->media, name, value, why)
                     : !take(options, (enum option)option, value, why))
            return false;
    }
    return check(options, command, why);
}
