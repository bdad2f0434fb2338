/*
 * Files over CreateFileW with the offset in each call, so that no file pointer is shared. No
 * buffering of its own: what write_at answered OK for is in the system's cache and survives this
 * process. Holds no lock; calls on one file may come from several threads, the system serialises
 * them.
 */
#include "win/win.h"

#include "base/alloc.h"

#include <windows.h>

#ifndef ERROR_DISK_QUOTA_EXCEEDED
#define ERROR_DISK_QUOTA_EXCEEDED 1295 /* not in every winerror.h */
#endif
#define MOST 0x40000000u /* bytes in one system call */

struct file {
    struct omsp_file base;
    HANDLE handle;
};

static enum omsp_status status_of(DWORD error)
{
    switch (error) {
    case ERROR_FILE_NOT_FOUND:
    case ERROR_PATH_NOT_FOUND:
    case ERROR_INVALID_DRIVE:
    case ERROR_BAD_NETPATH:
    case ERROR_BAD_NET_NAME:
        return OMSP_NOTFOUND;
    case ERROR_ACCESS_DENIED:
    case ERROR_SHARING_VIOLATION:
    case ERROR_LOCK_VIOLATION:
    case ERROR_WRITE_PROTECT:
    case ERROR_USER_MAPPED_FILE:
        return OMSP_ACCESS;
    case ERROR_INVALID_NAME:
    case ERROR_BAD_PATHNAME:
    case ERROR_FILENAME_EXCED_RANGE:
    case ERROR_DIRECTORY:
    case ERROR_NO_UNICODE_TRANSLATION:
        return OMSP_INVALID;
    case ERROR_DISK_FULL:
    case ERROR_HANDLE_DISK_FULL:
    case ERROR_DISK_QUOTA_EXCEEDED:
    case ERROR_FILE_TOO_LARGE:
        return OMSP_NOSPACE;
    case ERROR_NOT_ENOUGH_MEMORY:
    case ERROR_OUTOFMEMORY:
    case ERROR_NO_SYSTEM_RESOURCES:
        return OMSP_NOMEM;
    default:
        return OMSP_IO;
    }
}

/* Would offset + len leave what the system can express? */
static bool too_far(uint64_t offset, size_t len)
{
    return offset > INT64_MAX || len > (uint64_t)INT64_MAX - offset;
}

static OVERLAPPED at_offset(uint64_t offset)
{
    OVERLAPPED where = {0};

    where.Offset = (DWORD)offset;
    where.OffsetHigh = (DWORD)(offset >> 32);
    return where;
}

static enum omsp_status read_at(struct omsp_file *base, uint64_t offset, void *data, size_t len,
                                size_t *got)
{
    struct file *file = (struct file *)base;
    size_t done = 0;

    *got = 0;
    if (too_far(offset, len))
        return OMSP_IO;
    while (done < len) {
        OVERLAPPED where = at_offset(offset + done);
        DWORD n = 0, ask = len - done > MOST ? MOST : (DWORD)(len - done);

        if (!ReadFile(file->handle, (char *)data + done, ask, &n, &where)) {
            if (GetLastError() == ERROR_HANDLE_EOF)
                break;
            return OMSP_IO;
        }
        if (n == 0)
            break;
        done += n;
    }
    *got = done;
    return OMSP_OK;
}

static enum omsp_status write_at(struct omsp_file *base, uint64_t offset, const void *data,
                                 size_t len)
{
    struct file *file = (struct file *)base;
    size_t done = 0;

    if (too_far(offset, len))
        return OMSP_NOSPACE;
    while (done < len) {
        OVERLAPPED where = at_offset(offset + done);
        DWORD n = 0, ask = len - done > MOST ? MOST : (DWORD)(len - done);

        if (!WriteFile(file->handle, (const char *)data + done, ask, &n, &where)) {
            enum omsp_status status = status_of(GetLastError());

            return status == OMSP_NOSPACE || status == OMSP_ACCESS ? status : OMSP_IO;
        }
        if (n == 0)
            return OMSP_NOSPACE; /* a full disk may also say so like this */
        done += n;
    }
    return OMSP_OK;
}

static enum omsp_status file_size(struct omsp_file *base, uint64_t *bytes)
{
    struct file *file = (struct file *)base;
    LARGE_INTEGER size;

    if (!GetFileSizeEx(file->handle, &size))
        return OMSP_IO;
    *bytes = (uint64_t)size.QuadPart;
    return OMSP_OK;
}

static enum omsp_status file_flush(struct omsp_file *base)
{
    (void)base;
    return OMSP_OK;
}

static enum omsp_status file_close(struct omsp_file *base)
{
    struct file *file = (struct file *)base;
    BOOL closed = CloseHandle(file->handle);

    omsp_free(file);
    return closed ? OMSP_OK : OMSP_IO;
}

static const struct omsp_file functions = {read_at, write_at, file_size, file_flush, file_close};

static enum omsp_status widen(const char *path, WCHAR **out)
{
    int count = MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, path, -1, NULL, 0);
    WCHAR *wide;

    if (count <= 1)
        return OMSP_INVALID;
    wide = omsp_zalloc_array((size_t)count, sizeof(WCHAR));
    if (!wide)
        return OMSP_NOMEM;
    if (!MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, path, -1, wide, count)) {
        omsp_free(wide);
        return OMSP_INVALID;
    }
    *out = wide;
    return OMSP_OK;
}

static enum omsp_status open_handle(const WCHAR *path, enum omsp_file_mode mode, HANDLE *out)
{
    bool create = mode == OMSP_FILE_CREATE;
    /* Whoever reads allows others to write, or a recording that still grows could not be opened;
     * who writes allows readers only. The quality of service keeps a path that names another
     * process's pipe from taking our identity. */
    HANDLE handle =
        CreateFileW(path, create ? GENERIC_READ | GENERIC_WRITE : GENERIC_READ,
                    FILE_SHARE_READ | FILE_SHARE_DELETE | (create ? 0 : FILE_SHARE_WRITE), NULL,
                    create ? CREATE_ALWAYS : OPEN_EXISTING,
                    FILE_ATTRIBUTE_NORMAL | SECURITY_SQOS_PRESENT | SECURITY_IDENTIFICATION, NULL);
    DWORD error;

    if (handle == INVALID_HANDLE_VALUE) {
        error = GetLastError();
        /* A folder, said in the words of a bad name by some file systems. */
        if (error == ERROR_DIRECTORY || error == ERROR_FILE_EXISTS)
            return OMSP_ACCESS;
        return status_of(error);
    }
    /* CON, COM1, NUL, pipes: no offsets there, and reading one may block for ever. */
    if (GetFileType(handle) != FILE_TYPE_DISK) {
        CloseHandle(handle);
        return OMSP_INVALID;
    }
    *out = handle;
    return OMSP_OK;
}

enum omsp_status omsp_win_file_open(void *ctx, const char *path, enum omsp_file_mode mode,
                                    struct omsp_file **out)
{
    enum omsp_status status;
    struct file *file;
    WCHAR *wide;

    (void)ctx;
    if (!path || !*path)
        return OMSP_INVALID;
    file = omsp_zalloc(sizeof(*file));
    if (!file)
        return OMSP_NOMEM;
    file->base = functions;
    status = widen(path, &wide);
    if (status == OMSP_OK) {
        status = open_handle(wide, mode, &file->handle);
        omsp_free(wide);
    }
    if (status != OMSP_OK) {
        omsp_free(file);
        return status;
    }
    *out = &file->base;
    return OMSP_OK;
}
