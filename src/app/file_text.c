/* Text files of Windows as UTF-8. What it is and whether it is valid is the reader's to say. */
#include "app/file_text.h"

#include <string.h>
#include <windows.h>

#define WIDE_MAX 16384

static size_t narrow(char *bytes, size_t len, size_t room)
{
    WCHAR wide[WIDE_MAX];
    size_t count = len / sizeof(WCHAR);
    int got = 0;

    if (count > 0 && count <= WIDE_MAX) {
        memcpy(wide, bytes + sizeof(WCHAR), (count - 1) * sizeof(WCHAR));
        got = WideCharToMultiByte(CP_UTF8, 0, wide, (int)count - 1, bytes, (int)room, NULL, NULL);
        SecureZeroMemory(wide, sizeof(wide));
    }
    return got > 0 ? (size_t)got : 0;
}

size_t file_text_plain(char *bytes, size_t len, size_t room)
{
    if (len >= 3 && memcmp(bytes, "\xEF\xBB\xBF", 3) == 0) {
        memmove(bytes, bytes + 3, len - 3);
        return len - 3;
    }
    if (len >= 2 && memcmp(bytes, "\xFF\xFE", 2) == 0)
        return narrow(bytes, len, room);
    return len;
}
