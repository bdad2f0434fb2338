/*
 * The command line of openmsp.exe, --script and the options of media streams among it: the first
 * byte is the command, lines are the arguments. Whatever is said about a wrong one is a sentence;
 * what is taken is within its bounds, points to the arguments, and says the same again.
 */
#include "fuzz.h"

#include "app/options.h"

#include <wchar.h>

#define MOST_ARGS 64

struct line {
    int argc;
    wchar_t *argv[MOST_ARGS];
    size_t lens[MOST_ARGS];
};

/* Bytes of ASCII are themselves, others any UTF-16 unit, halves of pairs among them. */
static wchar_t *argument(struct omsp_span bytes, size_t *len)
{
    wchar_t *out = malloc((bytes.len + 1) * sizeof(*out));

    FUZZ_CHECK(out != NULL);
    for (size_t i = 0; i < bytes.len; i++)
        out[i] = bytes.ptr[i] < 0x80 ? (wchar_t)bytes.ptr[i] : (wchar_t)(bytes.ptr[i] << 8);
    out[bytes.len] = 0;
    *len = wcslen(out); /* a NUL ends it, as it does on a command line */
    return out;
}

static void read_line(struct fuzz_input *input, struct line *line)
{
    line->argc = 0;
    while (fuzz_more(input) && line->argc < MOST_ARGS) {
        const uint8_t *end = memchr(input->data, '\n', input->len);
        size_t len = end ? (size_t)(end - input->data) : input->len;

        line->argv[line->argc] = argument(fuzz_bytes(input, len), &line->lens[line->argc]);
        line->argc++;
        if (end)
            fuzz_u8(input);
    }
}

static void is_sentence(const char *why)
{
    FUZZ_CHECK(why != NULL && strlen(why) > 8 && strlen(why) < 160);
    for (; *why; why++)
        FUZZ_CHECK(*why >= ' ' && *why < 127);
}

static void is_given(const struct line *line, const wchar_t *text)
{
    if (!text)
        return;
    for (int i = 0; i < line->argc; i++)
        if (text == line->argv[i])
            return;
    FUZZ_CHECK(!"a text that nobody gave");
}

/* What was read, written down and read again. */
static void script_goes_round(const struct script *script)
{
    static const wchar_t *const ops[] = {L"wait", L"start", L"stop", L"pause", L"quit"};
    static const wchar_t *const streams[] = {NULL, L"capture", L"render", L"all"};
    static wchar_t text[SCRIPT_MAX_STEPS * 24];
    static struct script again;
    const char *why;
    size_t used = 0;

    FUZZ_CHECK(script->count <= SCRIPT_MAX_STEPS);
    text[0] = 0;
    for (unsigned i = 0; i < script->count; i++) {
        const struct script_step *step = &script->steps[i];
        wchar_t *at = text + used;
        size_t room = sizeof(text) / sizeof(text[0]) - used;

        FUZZ_CHECK(script_op_name(step->op)[0] == (char)ops[step->op][0]);
        if (step->op == SCRIPT_WAIT) {
            FUZZ_CHECK(step->wait_ms <= 86400000);
            used += (size_t)swprintf(at, room, L"wait %u;", step->wait_ms);
        } else if (step->op == SCRIPT_QUIT) {
            used += (size_t)swprintf(at, room, L"quit;");
        } else {
            FUZZ_CHECK(step->stream >= SCRIPT_CAPTURE && step->stream <= SCRIPT_ALL);
            used += (size_t)swprintf(at, room, L"%ls %ls;", ops[step->op], streams[step->stream]);
        }
    }
    FUZZ_CHECK(script_parse(&again, text, &why) && again.count == script->count);
    for (unsigned i = 0; i < script->count; i++)
        FUZZ_CHECK(again.steps[i].op == script->steps[i].op &&
                   again.steps[i].wait_ms == script->steps[i].wait_ms &&
                   again.steps[i].stream == script->steps[i].stream);
}

static void media_is_whole(const struct line *line, const struct media_options *media)
{
    const wchar_t *const texts[] = {
        media->stream,   media->name, media->track,   media->callback,   media->twiml,
        media->encoding, media->rest, media->account, media->token_file, media->ca_file};

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        is_given(line, texts[i]);
    FUZZ_CHECK(media->param_count <= MEDIA_MAX_PARAMS && media->key_count <= MEDIA_MAX_KEYS);
    for (unsigned i = 0; i < media->param_count; i++) {
        is_given(line, media->params[i]);
        FUZZ_CHECK(wcschr(media->params[i], L'=') > media->params[i]);
    }
    for (unsigned i = 0; i < media->key_count; i++) {
        is_given(line, media->keys[i]);
        FUZZ_CHECK(wcschr(media->keys[i], L':') && !wcschr(media->keys[i], L','));
    }
    FUZZ_CHECK(media->reconnects >= 0 && media->reconnects <= 100);
    FUZZ_CHECK(media->sample_rate == 0 || media->sample_rate == 8000 ||
               media->sample_rate == 16000 || media->sample_rate == 24000);
    FUZZ_CHECK(media->workers >= 0 && media->workers <= 16);
    FUZZ_CHECK(media->rest_waiting >= 0 && media->rest_waiting <= 65536);
    FUZZ_CHECK(media->rest_per_address >= 0 && media->rest_per_address <= 65536);
    FUZZ_CHECK(media->stream || !media->param_count);
    FUZZ_CHECK(!media->rest || media->account);
}

static void is_whole(const struct line *line, const struct options *options, enum command command)
{
    const wchar_t *const texts[] = {options->listen,    options->peer,     options->remote_sdp,
                                    options->local_sdp, options->srtp,     options->play,
                                    options->record,    options->mic_name, options->speaker_name,
                                    options->log,       options->log_level};

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        is_given(line, texts[i]);
    FUZZ_CHECK(options->payload_type == 0 || options->payload_type == 8);
    FUZZ_CHECK(options->seconds >= 0 && options->seconds <= 1e6);
    FUZZ_CHECK(options->pcm_rate >= 8000 && options->pcm_rate <= 48000);
    FUZZ_CHECK(options->calls >= 1 && options->calls <= 1000);
    FUZZ_CHECK(options->last_port <= 65535 && options->first_port % 2 == 0);
    FUZZ_CHECK(options->first_port <= options->last_port);
    if (command == COMMAND_CALL)
        FUZZ_CHECK(!options->peer != !options->remote_sdp && !options->first_port);
    else
        FUZZ_CHECK(options->last_port + 1 - options->first_port >= 2 * options->calls &&
                   options->media.rest && !options->media.stream && !options->record);
    script_goes_round(&options->script);
    media_is_whole(line, &options->media);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct options options, again;
    struct fuzz_input input = {data, size};
    enum command command = fuzz_u8(&input) == 's' ? COMMAND_SERVE : COMMAND_CALL;
    const char *why = NULL, *again_why = NULL;
    struct line line;

    read_line(&input, &line);
    if (options_parse(&options, command, line.argc, line.argv, &why)) {
        is_whole(&line, &options, command);
        FUZZ_CHECK(options_parse(&again, command, line.argc, line.argv, &again_why));
        FUZZ_CHECK(!memcmp(&options, &again, sizeof(options)));
    } else {
        char said[200];

        is_sentence(why);
        strcpy(said, why);
        FUZZ_CHECK(!options_parse(&again, command, line.argc, line.argv, &again_why));
        FUZZ_CHECK(!strcmp(said, again_why));
    }
    for (int i = 0; i < line.argc; i++)
        free(line.argv[i]);
    return 0;
}
