/*
 * Files. Paths are UTF-8. Every call may block: only the engine's disk thread and callers that own
 * their thread use it, never a media worker.
 */
#ifndef OMSP_PORT_FILE_H
#define OMSP_PORT_FILE_H

#include "base/status.h"

#include <stddef.h>
#include <stdint.h>

enum omsp_file_mode {
    OMSP_FILE_READ,   /* must exist */
    OMSP_FILE_CREATE, /* made or emptied; read and write */
};

struct omsp_file {
    /* *got < len only at the end of the file. OMSP_IO. */
    enum omsp_status (*read_at)(struct omsp_file *file, uint64_t offset, void *data, size_t len,
                                size_t *got);
    /* All or an error: OMSP_NOSPACE, OMSP_IO, OMSP_ACCESS (also of a file open for reading). After
     * an error a part of it may be there; what earlier calls wrote is. */
    enum omsp_status (*write_at)(struct omsp_file *file, uint64_t offset, const void *data,
                                 size_t len);
    /* OMSP_IO. */
    enum omsp_status (*size)(struct omsp_file *file, uint64_t *bytes);
    /* To the system's cache is enough to survive this process's death; this does not wait for the
     * disk. Errors as write_at's. */
    enum omsp_status (*flush)(struct omsp_file *file);
    /* Frees, whatever it answers. The error, if any, is of delayed writing: as write_at's. */
    enum omsp_status (*close)(struct omsp_file *file);
};

struct omsp_file_port {
    /* OMSP_NOTFOUND, OMSP_ACCESS (a folder, too), OMSP_NOSPACE, OMSP_NOMEM, OMSP_INVALID (NULL, a
     * bad path, win/: a device or pipe), OMSP_IO. */
    enum omsp_status (*open)(void *ctx, const char *path, enum omsp_file_mode mode,
                             struct omsp_file **out);
    void *ctx;
};

#endif
