/* Wide text of 16 bits, which glibc has none of. No state; any thread. */
#include <strings.h>

size_t standin_wcslen(const WCHAR *text)
{
    size_t length = 0;

    while (text[length])
        length++;
    return length;
}

WCHAR *standin_wcscpy(WCHAR *to, const WCHAR *from)
{
    memcpy(to, from, (standin_wcslen(from) + 1) * sizeof(WCHAR));
    return to;
}

WCHAR *standin_wcsncpy(WCHAR *to, const WCHAR *from, size_t room)
{
    for (size_t i = 0; i < room; i++) {
        to[i] = *from;
        from += *from != 0;
    }
    return to;
}

static int folded(WCHAR letter)
{
    return letter >= L'A' && letter <= L'Z' ? letter - L'A' + L'a' : letter;
}

static int compare(const WCHAR *a, const WCHAR *b, size_t most, bool fold)
{
    for (size_t i = 0; i < most; i++) {
        int x = fold ? folded(a[i]) : a[i], y = fold ? folded(b[i]) : b[i];

        if (x != y)
            return x < y ? -1 : 1;
        if (!x)
            break;
    }
    return 0;
}

int standin_wcscmp(const WCHAR *a, const WCHAR *b)
{
    return compare(a, b, SIZE_MAX, false);
}

int standin_wcsncmp(const WCHAR *a, const WCHAR *b, size_t most)
{
    return compare(a, b, most, false);
}

int standin_wcsicmp(const WCHAR *a, const WCHAR *b)
{
    return compare(a, b, SIZE_MAX, true);
}

int standin_wcsnicmp(const WCHAR *a, const WCHAR *b, size_t most)
{
    return compare(a, b, most, true);
}

WCHAR *standin_wcschr(const WCHAR *text, WCHAR letter)
{
    for (;; text++) {
        if (*text == letter)
            return (WCHAR *)(UINT_PTR)text;
        if (!*text)
            return NULL;
    }
}

WCHAR *standin_wcsrchr(const WCHAR *text, WCHAR letter)
{
    for (size_t i = standin_wcslen(text) + 1; i > 0; i--)
        if (text[i - 1] == letter)
            return (WCHAR *)(UINT_PTR)&text[i - 1];
    return NULL;
}

WCHAR *standin_wcsstr(const WCHAR *text, const WCHAR *part)
{
    size_t length = standin_wcslen(part);

    for (;; text++) {
        if (!standin_wcsncmp(text, part, length))
            return (WCHAR *)(UINT_PTR)text;
        if (!*text)
            return NULL;
    }
}

static size_t span(const WCHAR *text, const WCHAR *letters, bool in)
{
    size_t length = 0;

    while (text[length] && (standin_wcschr(letters, text[length]) != NULL) == in)
        length++;
    return length;
}

size_t standin_wcsspn(const WCHAR *text, const WCHAR *letters)
{
    return span(text, letters, true);
}

size_t standin_wcscspn(const WCHAR *text, const WCHAR *letters)
{
    return span(text, letters, false);
}

WCHAR *standin_wcsupr(WCHAR *text)
{
    for (WCHAR *at = text; *at; at++)
        if (*at >= L'a' && *at <= L'z')
            *at = (WCHAR)(*at - L'a' + L'A');
    return text;
}

/* ---- formats --------------------------------------------------------------------------------- */

struct writer {
    WCHAR *out;
    size_t room, length;
};

static void put(struct writer *writer, WCHAR letter)
{
    if (writer->length < writer->room)
        writer->out[writer->length] = letter;
    writer->length++;
}

static void put_number(struct writer *writer, const WCHAR *flags, size_t flag_count, char kind,
                       va_list *args)
{
    char format[16] = "%", text[32];
    size_t used = 1;

    for (size_t i = 0; i < flag_count; i++)
        if (flags[i] != L'l' && used < sizeof(format) - 2)
            format[used++] = (char)flags[i];
    format[used++] = kind;
    format[used] = 0;
    /* One type for all: their width is that of int. */
    snprintf(text, sizeof(text), format, va_arg(*args, unsigned));
    for (const char *at = text; *at; at++)
        put(writer, (WCHAR)*at);
}

static void put_text(struct writer *writer, bool narrow, va_list *args)
{
    if (narrow) {
        for (const char *at = va_arg(*args, const char *); *at; at++)
            put(writer, (unsigned char)*at);
    } else {
        for (const WCHAR *at = va_arg(*args, const WCHAR *); *at; at++)
            put(writer, *at);
    }
}

int standin_vsnwprintf(WCHAR *out, size_t room, const WCHAR *format, va_list args)
{
    struct writer writer = {out, room, 0};
    va_list copy;

    va_copy(copy, args);
    for (; *format; format++) {
        size_t flags;

        if (*format != L'%') {
            put(&writer, *format);
            continue;
        }
        format++;
        flags = standin_wcsspn(format, L"0123456789lh");
        switch (format[flags]) {
        case L's':
            put_text(&writer, *format == L'h', &copy);
            break;
        case L'd':
        case L'u':
        case L'x':
        case L'X':
            put_number(&writer, format, flags, (char)format[flags], &copy);
            break;
        default: /* what nobody here uses */
            abort();
        }
        format += flags;
    }
    va_end(copy);
    if (writer.length < room)
        out[writer.length] = 0;
    return writer.length <= room ? (int)writer.length : -1;
}

int standin_snwprintf(WCHAR *out, size_t room, const WCHAR *format, ...)
{
    va_list args;
    int length;

    va_start(args, format);
    length = standin_vsnwprintf(out, room, format, args);
    va_end(args);
    return length;
}

/* ---- files, of plain names ------------------------------------------------------------------- */

/* NULL names no file. */
static void narrow(char *out, size_t room, const WCHAR *text)
{
    size_t i = 0;

    for (; text && text[i] && i + 1 < room; i++)
        out[i] = text[i] == L'\\' ? '/' : (char)text[i];
    out[i] = 0;
}

FILE *standin_wfopen(const WCHAR *path, const WCHAR *mode)
{
    char path_text[1024], mode_text[8];

    narrow(path_text, sizeof(path_text), path);
    narrow(mode_text, sizeof(mode_text), mode);
    return fopen(path_text, mode_text);
}

BOOL WINAPI DeleteFileW(const WCHAR *path)
{
    char text[1024];

    narrow(text, sizeof(text), path);
    return remove(text) == 0;
}

DWORD WINAPI GetTempPathW(DWORD room, WCHAR *out)
{
    const char *folder = getenv("TMPDIR");
    DWORD length;

    if (!folder || !*folder)
        folder = "/tmp";
    length = (DWORD)strlen(folder);
    if (room < length + 2)
        return length + 2;
    for (DWORD i = 0; i < length; i++)
        out[i] = (unsigned char)folder[i];
    out[length] = '/';
    out[length + 1] = 0;
    return length + 1;
}

LPSTR WINAPI lstrcpyA(LPSTR to, LPCSTR from)
{
    return strcpy(to, from);
}
