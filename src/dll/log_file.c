/*
 * Whoever logs is often a media thread, so lines are put into a ring and written by a thread of the
 * system's pool, which holds the module while it does. The file is opened for each batch, so that
 * several processes can share it and anybody may take it away; beyond a size it becomes FILE.1. No
 * thread, no memory and no file until something is to be logged.
 *
 * sink.lock guards the ring and is a leaf; who writes owns the file, until nothing waits.
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
    bool writing; /* somebody writes, or was asked to */
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

static bool is_full(HANDLE file)
{
    LARGE_INTEGER size;

    return GetFileSizeEx(file, &size) && size.QuadPart > sink.limit;
}

static HANDLE look_at_file(DWORD access)
{
    return CreateFileW(sink.path, access, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE,
                       NULL, OPEN_EXISTING, FILE_ATTRIBUTE_NORMAL, NULL);
}

/* Does the path still lead to it? */
static bool is_in_place(HANDLE file)
{
    BY_HANDLE_FILE_INFORMATION ours, there;
    HANDLE at_path = look_at_file(FILE_READ_ATTRIBUTES);
    bool same;

    if (at_path == INVALID_HANDLE_VALUE)
        return false;
    same = GetFileInformationByHandle(file, &ours) && GetFileInformationByHandle(at_path, &there) &&
           ours.dwVolumeSerialNumber == there.dwVolumeSerialNumber &&
           ours.nFileIndexHigh == there.nFileIndexHigh && ours.nFileIndexLow == there.nFileIndexLow;
    CloseHandle(at_path);
    return same;
}

/* Several processes may find it full at once, and the second must not put the next one, which has
 * hardly begun, in its place: it is moved by who holds a lock of it alone, beyond all that is ever
 * written. Who does not get the lock leaves it to the other. */
static void retire_file(void)
{
    OVERLAPPED beyond = {.OffsetHigh = 0x40000000};
    HANDLE file = look_at_file(GENERIC_READ);
    WCHAR old[PATH_CHARACTERS + 2];

    if (file == INVALID_HANDLE_VALUE)
        return;
    if (LockFileEx(file, LOCKFILE_EXCLUSIVE_LOCK | LOCKFILE_FAIL_IMMEDIATELY, 0, 1, 0, &beyond) &&
        is_full(file) && is_in_place(file) &&
        com_wide_format(old, PATH_CHARACTERS + 2, L"%ls.1", sink.path) > 0)
        MoveFileExW(sink.path, old, MOVEFILE_REPLACE_EXISTING);
    CloseHandle(file);
}

static void close_file(HANDLE file)
{
    bool full = file != INVALID_HANDLE_VALUE && is_full(file);

    if (file != INVALID_HANDLE_VALUE)
        CloseHandle(file);
    if (full)
        retire_file();
}

static bool next(struct line *line, unsigned *lost)
{
    bool any;

    AcquireSRWLockExclusive(&sink.lock);
    any = sink.count > 0;
    if (any) {
        *line = sink.ring[sink.first];
        *lost = sink.lost;
        sink.lost = 0;
        sink.first = (sink.first + 1) % LINES;
        sink.count--;
    }
    ReleaseSRWLockExclusive(&sink.lock);
    return any;
}

/* All that waits, but no more than can: with lines without end the file would never be closed, and
 * grow. */
static void write_batch(void)
{
    HANDLE file = sink.debugger ? INVALID_HANDLE_VALUE : open_file();
    struct line line;
    unsigned lost;

    for (int i = 0; i < LINES && next(&line, &lost); i++)
        put_line(file, &line, lost);
    close_file(file);
}

/* Is there more? If not, who logs next begins anew. */
static bool goes_on(void)
{
    bool more;

    AcquireSRWLockExclusive(&sink.lock);
    more = sink.writing = sink.count > 0;
    ReleaseSRWLockExclusive(&sink.lock);
    return more;
}

static void CALLBACK on_pool(PTP_CALLBACK_INSTANCE instance, void *context)
{
    (void)instance;
    (void)context;
    do
        write_batch();
    while (goes_on());
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
