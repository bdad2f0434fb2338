/* What the program says. Owns standard output, or error where that is samples; a lock keeps lines
 * of several threads apart. */
#include "app/report.h"

#include "app/names.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <string.h>

#define TEXT_ROOM 1024 /* bytes: the longest path of most systems */

static SRWLOCK output_lock = SRWLOCK_INIT;
static CONDITION_VARIABLE output_decided = CONDITION_VARIABLE_INIT;
/* Events wait for the line that says the call is ready, so that it is the first. */
static enum { UNDECIDED, READY, FAILED } decided;
static FILE *out;
static bool as_json, console, meter_shown;
static ULONGLONG started;

void report_open(bool json, bool on_error)
{
    DWORD mode;

    out = on_error ? stderr : stdout;
    as_json = json;
    console = !json &&
              GetConsoleMode(GetStdHandle(on_error ? STD_ERROR_HANDLE : STD_OUTPUT_HANDLE), &mode);
    SetConsoleOutputCP(CP_UTF8);
    setvbuf(out, NULL, _IOFBF, 4096); /* every line is flushed; a console gets it in one piece */
    started = GetTickCount64();
}

static unsigned long elapsed_ms(void)
{
    return (unsigned long)(GetTickCount64() - started);
}

static void clear_meter(void)
{
    if (meter_shown)
        fprintf(out, "\r%79s\r", "");
    meter_shown = false;
}

static void say(const char *line)
{
    AcquireSRWLockExclusive(&output_lock);
    clear_meter();
    fprintf(out, "%s\n", line);
    fflush(out);
    ReleaseSRWLockExclusive(&output_lock);
}

static void decide(bool ready)
{
    AcquireSRWLockExclusive(&output_lock);
    if (decided == UNDECIDED)
        decided = ready ? READY : FAILED;
    ReleaseSRWLockExclusive(&output_lock);
    WakeAllConditionVariable(&output_decided);
}

/* Delivery threads: false when there is no call to tell of. */
static bool wait_until_ready(void)
{
    bool ready;

    AcquireSRWLockExclusive(&output_lock);
    while (decided == UNDECIDED)
        SleepConditionVariableSRW(&output_decided, &output_lock, INFINITE, 0);
    ready = decided == READY;
    ReleaseSRWLockExclusive(&output_lock);
    return ready;
}

/* As much as has room. Not the C library's %ls, which writes the locale's letters. */
static const char *to_utf8(const wchar_t *text, char utf8[TEXT_ROOM])
{
    size_t length = wcslen(text), most = (TEXT_ROOM - 1) / 3;
    int got = WideCharToMultiByte(CP_UTF8, 0, text, (int)(length < most ? length : most), utf8,
                                  TEXT_ROOM - 1, NULL, NULL);

    utf8[got] = '\0';
    return utf8;
}

/* Takes the object. */
static void say_json(cJSON *object)
{
    char *text = object ? cJSON_PrintUnformatted(object) : NULL;

    if (text)
        say(text);
    cJSON_free(text);
    cJSON_Delete(object);
}

static cJSON *object_of(const char *type)
{
    cJSON *object = cJSON_CreateObject();

    cJSON_AddStringToObject(object, "type", type);
    return object;
}

static void add_wide(cJSON *object, const char *name, const wchar_t *text)
{
    char utf8[TEXT_ROOM];

    cJSON_AddStringToObject(object, name, to_utf8(text, utf8));
}

static void add_hr(cJSON *object, HRESULT hr)
{
    char text[16];

    snprintf(text, sizeof(text), "0x%08lx", (unsigned long)hr);
    cJSON_AddStringToObject(object, "hr", text);
}

void report_ready(const wchar_t *listen, const wchar_t *call)
{
    char line[256], name[TEXT_ROOM], where[TEXT_ROOM];

    started = GetTickCount64();
    if (as_json) {
        cJSON *object = object_of("ready");

        add_wide(object, "listen", listen);
        add_wide(object, "call", call);
        say_json(object);
    } else {
        snprintf(line, sizeof(line), "call %.40s listens on %.80s", to_utf8(call, name),
                 to_utf8(listen, where));
        say(line);
    }
    decide(true);
}

void report_rest(const wchar_t *url)
{
    char line[256], where[TEXT_ROOM];

    if (as_json) {
        cJSON *object = object_of("rest");

        add_wide(object, "url", url);
        say_json(object);
    } else {
        snprintf(line, sizeof(line), "REST at %.200s", to_utf8(url, where));
        say(line);
    }
    decide(true); /* a server without a call of its own has no other first line */
}

void report_media_event(int event, int cause, const char *call, const char *stream, HRESULT hr)
{
    char line[256], words[128];
    unsigned long at;

    if (!wait_until_ready())
        return;
    at = elapsed_ms();
    if (as_json) {
        cJSON *object = object_of("event");

        cJSON_AddStringToObject(object, "event", name_of_media_event(event));
        cJSON_AddStringToObject(object, "cause", name_of_cause(cause));
        cJSON_AddStringToObject(object, "call", call);
        cJSON_AddStringToObject(object, "stream", stream);
        add_hr(object, hr);
        cJSON_AddNumberToObject(object, "t_ms", at);
        say_json(object);
        return;
    }
    words_of_hresult(hr, words, sizeof(words));
    snprintf(line, sizeof(line), "%7.3f s  %-20s %-20s %s%s%s", (double)at / 1000,
             name_of_media_event(event), name_of_cause(cause), stream, hr ? ": " : "",
             hr ? words : "");
    say(line);
}

void report_file_event(int state, int cause, const char *call, const char *terminal, HRESULT hr)
{
    char line[256], words[128];
    unsigned long at;

    if (!wait_until_ready())
        return;
    at = elapsed_ms();
    if (as_json) {
        cJSON *object = object_of("event");

        cJSON_AddStringToObject(object, "event", "TE_FILETERMINAL");
        cJSON_AddStringToObject(object, "state", name_of_media_state(state));
        cJSON_AddStringToObject(object, "cause", name_of_file_cause(cause));
        cJSON_AddStringToObject(object, "call", call);
        cJSON_AddStringToObject(object, "terminal", terminal);
        add_hr(object, hr);
        cJSON_AddNumberToObject(object, "t_ms", at);
        say_json(object);
        return;
    }
    words_of_hresult(hr, words, sizeof(words));
    snprintf(line, sizeof(line), "%7.3f s  %-20s %-20s %s%s%s", (double)at / 1000,
             name_of_media_state(state), name_of_file_cause(cause), terminal, hr ? ": " : "",
             hr ? words : "");
    say(line);
}

void report_digit(const char *call, char digit)
{
    const char key[2] = {digit, '\0'};
    unsigned long at;
    char line[64];

    if (!wait_until_ready())
        return;
    at = elapsed_ms();
    if (as_json) {
        cJSON *object = object_of("event");

        cJSON_AddStringToObject(object, "event", "DIGIT");
        cJSON_AddStringToObject(object, "call", call);
        cJSON_AddStringToObject(object, "digit", key);
        cJSON_AddNumberToObject(object, "t_ms", at);
        say_json(object);
        return;
    }
    snprintf(line, sizeof(line), "%7.3f s  digit %s", (double)at / 1000, key);
    say(line);
}

void report_terminal(bool arrived, bool capture, const wchar_t *name)
{
    char line[TEXT_ROOM + 64], utf8[TEXT_ROOM];
    unsigned long at;

    if (!wait_until_ready())
        return;
    at = elapsed_ms();
    if (as_json) {
        cJSON *object = object_of("event");

        cJSON_AddStringToObject(object, "event", arrived ? "AE_NEWTERMINAL" : "AE_REMOVETERMINAL");
        cJSON_AddStringToObject(object, "direction", capture ? "capture" : "render");
        add_wide(object, "name", name);
        cJSON_AddNumberToObject(object, "t_ms", at);
        say_json(object);
        return;
    }
    snprintf(line, sizeof(line), "%7.3f s  %s %s %s", (double)at / 1000,
             capture ? "microphone" : "speaker", arrived ? "there:" : "gone:", to_utf8(name, utf8));
    say(line);
}

void report_device(bool capture, const wchar_t *name, LONG wave_id, bool is_default)
{
    char line[TEXT_ROOM + 64], utf8[TEXT_ROOM];

    if (as_json) {
        cJSON *object = object_of("device");

        cJSON_AddStringToObject(object, "direction", capture ? "capture" : "render");
        add_wide(object, "name", name);
        cJSON_AddNumberToObject(object, "wave_id", wave_id);
        cJSON_AddBoolToObject(object, "default", is_default);
        say_json(object);
        return;
    }
    snprintf(line, sizeof(line), "%-10s %c %s", capture ? "microphone" : "speaker",
             is_default ? '*' : ' ', to_utf8(name, utf8));
    say(line);
}

void report_result(const char *op, const char *stream, HRESULT hr)
{
    char line[256], words[128];

    if (as_json) {
        cJSON *object = object_of("result");

        cJSON_AddStringToObject(object, "op", op);
        cJSON_AddStringToObject(object, "stream", stream);
        add_hr(object, hr);
        cJSON_AddStringToObject(object, "name", name_of_hresult(hr));
        say_json(object);
        return;
    }
    words_of_hresult(hr, words, sizeof(words));
    snprintf(line, sizeof(line), "%7.3f s  %s %s: %s", (double)elapsed_ms() / 1000, op, stream,
             hr ? words : "ok");
    say(line);
}

void report_stats(const struct report_stats *stats)
{
    char line[512];

    if (as_json) {
        const struct {
            const char *name;
            double value;
        } members[] = {
            {"packets_received", stats->packets_received},
            {"bytes_received", stats->bytes_received},
            {"packets_sent", stats->packets_sent},
            {"bytes_sent", stats->bytes_sent},
            {"packets_lost", stats->packets_lost},
            {"packets_late", stats->packets_late},
            {"packets_duplicate", stats->packets_duplicate},
            {"packets_reordered", stats->packets_reordered},
            {"packets_rejected", stats->packets_rejected},
            {"packets_forged", stats->packets_forged},
            {"packets_replayed", stats->packets_replayed},
            {"jitter_us", stats->jitter_us},
            {"round_trip_us", stats->round_trip_us},
            {"seconds_recorded", stats->frames_recorded / 50},
            {"seconds_concealed", stats->frames_concealed / 50},
            {"seconds_played", stats->frames_played / 50},
        };
        cJSON *object = object_of("stats");

        for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++)
            cJSON_AddNumberToObject(object, members[i].name, members[i].value);
        say_json(object);
        return;
    }
    snprintf(line, sizeof(line),
             "received %.0f packets (%.0f lost, %.0f late, %.0f duplicate), sent %.0f, "
             "jitter %.1f ms; %.2f s to the recording, %.2f s played",
             stats->packets_received, stats->packets_lost, stats->packets_late,
             stats->packets_duplicate, stats->packets_sent, stats->jitter_us / 1000,
             stats->frames_recorded / 50, stats->frames_played / 50);
    say(line);
}

void report_meter(const struct report_stats *stats, double seconds)
{
    if (!console)
        return;
    AcquireSRWLockExclusive(&output_lock);
    fprintf(out, "\r%6.1f s  in %-7.0f lost %-5.0f out %-7.0f jitter %5.1f ms ", seconds,
            stats->packets_received, stats->packets_lost, stats->packets_sent,
            stats->jitter_us / 1000);
    meter_shown = true;
    fflush(out);
    ReleaseSRWLockExclusive(&output_lock);
}

void report_error(const char *what, const wchar_t *subject, HRESULT hr)
{
    char words[128], utf8[TEXT_ROOM];

    words_of_hresult(hr, words, sizeof(words));
    AcquireSRWLockExclusive(&output_lock);
    if (out) {
        clear_meter();
        fflush(out);
    } else {
        SetConsoleOutputCP(CP_UTF8); /* before report_open, or of a command without it */
    }
    if (subject)
        fprintf(stderr, "openmsp: %s %s: %s\n", what, to_utf8(subject, utf8), words);
    else
        fprintf(stderr, "openmsp: %s: %s\n", what, words);
    fflush(stderr);
    ReleaseSRWLockExclusive(&output_lock);
    decide(false);
}
