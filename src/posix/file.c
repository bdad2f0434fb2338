/*
 * Files over pread and pwrite. No buffering of its own: what write_at answered OK for is in the
 * system's cache and survives this process, which is all flush promises. Holds no lock; calls on
 * one file may come from several threads as the system's do.
 */
#define _FILE_OFFSET_BITS 64
#include "posix/posix.h"

#include "base/alloc.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

struct file {
    struct omsp_file base;
    int fd;
};

static enum omsp_status open_status(int error)
{
    switch (error) {
    case ENOENT:
    case ENOTDIR:
        return OMSP_NOTFOUND;
    case EACCES:
    case EPERM:
    case EROFS:
    case EISDIR:
    case ETXTBSY:
    case EBUSY:
        return OMSP_ACCESS;
    case ENAMETOOLONG:
    case ELOOP:
    case EINVAL:
    case EILSEQ:
        return OMSP_INVALID;
    case ENOSPC:
    case EDQUOT:
        return OMSP_NOSPACE;
    case ENOMEM:
        return OMSP_NOMEM;
    default:
        return OMSP_IO;
    }
}

static enum omsp_status write_status(int error)
{
    switch (error) {
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
        return OMSP_NOSPACE;
    case EACCES:
    case EPERM:
    case EROFS:
    case EBADF: /* opened for reading */
        return OMSP_ACCESS;
    default:
        return OMSP_IO;
    }
}

/* Would offset + len leave what the system can express? */
static bool too_far(uint64_t offset, size_t len)
{
    return offset > INT64_MAX || len > (uint64_t)INT64_MAX - offset;
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
        ssize_t n = pread(file->fd, (char *)data + done, len - done, (off_t)(offset + done));

        if (n == 0)
            break;
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return OMSP_IO;
        done += (size_t)n;
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
        ssize_t n = pwrite(file->fd, (const char *)data + done, len - done, (off_t)(offset + done));

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return write_status(errno);
        if (n == 0)
            return OMSP_IO;
        done += (size_t)n;
    }
    return OMSP_OK;
}

static enum omsp_status file_size(struct omsp_file *base, uint64_t *bytes)
{
    struct file *file = (struct file *)base;
    struct stat st;

    if (fstat(file->fd, &st))
        return OMSP_IO;
    *bytes = (uint64_t)st.st_size;
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
    /* After EINTR Linux has closed it all the same: never close twice. */
    int error = close(file->fd) ? errno : 0;

    omsp_free(file);
    return error && error != EINTR ? write_status(error) : OMSP_OK;
}

static const struct omsp_file functions = {read_at, write_at, file_size, file_flush, file_close};

enum omsp_status omsp_posix_file_open(void *ctx, const char *path, enum omsp_file_mode mode,
                                      struct omsp_file **out)
{
    int flags = mode == OMSP_FILE_CREATE ? O_RDWR | O_CREAT | O_TRUNC : O_RDONLY;
    enum omsp_status status = OMSP_OK;
    struct file *file;
    struct stat st;

    (void)ctx;
    if (!path || !*path)
        return OMSP_INVALID;
    file = omsp_zalloc(sizeof(*file));
    if (!file)
        return OMSP_NOMEM;
    file->base = functions;
    do
        file->fd = open(path, flags | O_CLOEXEC | O_NOCTTY, 0666);
    while (file->fd < 0 && errno == EINTR);
    if (file->fd < 0) {
        status = open_status(errno);
        omsp_free(file);
        return status;
    }
    /* Reading opens folders too; say now what CREATE says. */
    if (fstat(file->fd, &st))
        status = OMSP_IO;
    else if (S_ISDIR(st.st_mode))
        status = OMSP_ACCESS;
    if (status != OMSP_OK) {
        file_close(&file->base);
        return status;
    }
    *out = &file->base;
    return OMSP_OK;
}
