/*
 * Whoever logs is often a media thread, so lines are put into a ring and written by a thread of the
 * system's pool, which holds the module while it does. The file is opened for each batch, so that
 * several processes can share it and anybody may take it away; beyond a size it becomes FILE.1. No
 * thread, no memory and no file until something is to be logged.
 *
 * log_lock guards the ring and is a leaf; the one batch under way owns the file.
 */
#include "log_file.h"

#include "base/alloc.h"
#include "base/log.h"
#include "com/wide.h"

#include <stdio.h>
#include <string.h>

enum { LINES = 1024, LINE_BYTES = 400, PATH_CHARACTERS = 1024, DEFAULT_KIB = 8192 };

struct line {
    SYSTEMTIME at;
    DWORD thread;
    enum omsp_log_level level;
    char text[LINE_BYTES];
};

static struct {
    SRWLOCK lock;
    struct line *ring; /* LINES of them, made with the first line */
    unsigned first, count, lost;
    bool writing; /* a batch is under way or asked for */
    HINSTANCE module;
    bool debugger; /* no file: the debugger's output */
    LONGLONG limit;
    WCHAR path[PATH_CHARACTERS];
} sink = {.lock = SRWLOCK_INIT};

static const WCHAR registry_key[] = L"Software\\OpenMSP";

/* ---- writing -------------------------------------------------------------------------------- */

static void put(HANDLE file, const char *text, int length)
{
    DWORD written;

    if (sink.debugger)
        OutputDebugStringA(text);
    else if (file != INVALID_HANDLE_VALUE)
        WriteFile(file, text, (DWORD)length, &written, NULL);
}

static void put_line(HANDLE file, const struct line *line, unsigned lost)
{
    static const char *const levels[] = {"error", "warning", "info", "debug"};
    char text[LINE_BYTES + 128];
    int length;

    if (lost) {
        length = snprintf(text, sizeof(text), "openmsp: %u lines were lost here\r\n", lost);
        put(file, text, length);
    }
    length = snprintf(text, sizeof(text), "%04u-%02u-%02uT%02u:%02u:%02u.%03uZ %lu.%lu %s %s\r\n",
                      line->at.wYear, line->at.wMonth, line->at.wDay, line->at.wHour,
                      line->at.wMinute, line->at.wSecond, line->at.wMilliseconds,
                      GetCurrentProcessId(), line->thread, levels[line->level], line->text);
    put(file, text, length);
}

static HANDLE open_file(void)
{
    /* Appending is atomic, so that processes that share the file do not write into each other. */
    return CreateFileW(sink.path, FILE_APPEND_DATA | FILE_READ_ATTRIBUTES,
                       FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL, OPEN_ALWAYS,
                       FILE_ATTRIBUTE_NORMAL, NULL);
}

static void close_file(HANDLE file)
{
    WCHAR old[PATH_CHARACTERS + 2];
    LARGE_INTEGER size;
    bool full;

    if (file == INVALID_HANDLE_VALUE)
        return;
    full = GetFileSizeEx(file, &size) && size.QuadPart > sink.limit;
    CloseHandle(file);
    if (full && com_wide_format(old, PATH_CHARACTERS + 2, L"%ls.1", sink.path) > 0)
        MoveFileExW(sink.path, old, MOVEFILE_REPLACE_EXISTING);
}

static bool next(struct line *line, unsigned *lost)
{
    bool any = sink.count > 0;

    if (any) {
        *line = sink.ring[sink.first];
        *lost = sink.lost;
        sink.lost = 0;
        sink.first = (sink.first + 1) % LINES;
        sink.count--;
    }
    return any;
}

static void write_batch(void)
{
    HANDLE file = sink.debugger ? INVALID_HANDLE_VALUE : open_file();
    struct line line;
    unsigned lost;

    for (;;) {
        bool any;

        AcquireSRWLockExclusive(&sink.lock);
        any = next(&line, &lost);
        sink.writing = any;
        ReleaseSRWLockExclusive(&sink.lock);
        if (!any)
            break;
        put_line(file, &line, lost);
    }
    close_file(file);
}

static void CALLBACK on_pool(PTP_CALLBACK_INSTANCE instance, void *context)
{
    (void)instance;
    (void)context;
    write_batch();
}

/* ---- taking --------------------------------------------------------------------------------- */

/* What strangers chose (a path over REST, a device's name) must not look like a line of ours. */
static void copy_printable(char *out, const char *text)
{
    size_t n = 0;

    for (; text[n] && n < LINE_BYTES - 1; n++)
        out[n] = (unsigned char)text[n] < 0x20 || text[n] == 0x7f ? '?' : text[n];
    out[n] = '\0';
}

static void take(void *context, enum omsp_log_level level, const char *text)
{
    TP_CALLBACK_ENVIRON environment;
    struct line *line = NULL;
    bool wake = false;

    (void)context;
    AcquireSRWLockExclusive(&sink.lock);
    if (!sink.ring)
        sink.ring = omsp_alloc(LINES * sizeof(*sink.ring));
    if (sink.ring && sink.count < LINES)
        line = &sink.ring[(sink.first + sink.count++) % LINES];
    if (line) {
        GetSystemTime(&line->at);
        line->thread = GetCurrentThreadId();
        line->level = level;
        copy_printable(line->text, text);
        wake = !sink.writing;
        sink.writing = true;
    } else {
        sink.lost++;
    }
    ReleaseSRWLockExclusive(&sink.lock);
    if (!wake)
        return;
    InitializeThreadpoolEnvironment(&environment);
    SetThreadpoolCallbackLibrary(&environment, sink.module);
    if (!TrySubmitThreadpoolCallback(on_pool, NULL, &environment)) {
        AcquireSRWLockExclusive(&sink.lock);
        sink.writing = false; /* the next line tries again */
        ReleaseSRWLockExclusive(&sink.lock);
    }
    DestroyThreadpoolEnvironment(&environment);
}

/* ---- settings ------------------------------------------------------------------------------- */

/* The variable of the environment, else the value of the registry; "" when there is neither. */
static void setting(const WCHAR *variable, const WCHAR *value, WCHAR *out, DWORD room)
{
    DWORD length = GetEnvironmentVariableW(variable, out, room), bytes = room * sizeof(WCHAR);

    if (length > 0 && length < room)
        return;
    if (length ||
        RegGetValueW(HKEY_LOCAL_MACHINE, registry_key, value, RRF_RT_REG_SZ, NULL, out, &bytes))
        out[0] = L'\0';
}

static enum omsp_log_level level_of(const WCHAR *word)
{
    static const WCHAR *const words[] = {L"error", L"warning", L"info", L"debug"};

    for (int i = 0; i < 4; i++)
        if (!_wcsicmp(word, words[i]))
            return (enum omsp_log_level)i;
    return OMSP_LOG_INFO;
}

void dll_log_begin(HINSTANCE module)
{
    WCHAR word[32];
    long kib;

    setting(L"OPENMSP_LOG", L"LogFile", sink.path, PATH_CHARACTERS);
    if (!sink.path[0])
        return;
    sink.debugger = !_wcsicmp(sink.path, L"debugger");
    sink.module = module;
    setting(L"OPENMSP_LOG_KIB", L"LogKiB", word, 32);
    kib = wcstol(word, NULL, 10);
    sink.limit = (LONGLONG)(kib > 0 ? kib : DEFAULT_KIB) * 1024;
    setting(L"OPENMSP_LOG_LEVEL", L"LogLevel", word, 32);
    omsp_log_set(take, NULL, level_of(word));
}

void dll_log_end(BOOL exiting)
{
    omsp_log_set(NULL, NULL, OMSP_LOG_ERROR);
    /* At the process's end a thread may have died inside; then its lines are gone, too. Otherwise
     * nothing waits: what writes holds the module. */
    if (exiting && sink.ring && TryAcquireSRWLockExclusive(&sink.lock)) {
        ReleaseSRWLockExclusive(&sink.lock);
        write_batch();
    }
    if (!exiting)
        omsp_free(sink.ring);
}
