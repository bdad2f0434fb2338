/*
 * Files in memory: a flat list of names, bytes that grow, a disk that can be full, and limits per
 * file for reading and writing. One thread.
 */
#include "sim/machine.h"

#include "base/alloc.h"

#include <stdlib.h>
#include <string.h>

struct handle {
    struct omsp_file base;
    struct omsp_sim *sim;
    struct sim_node *node;
    bool writable;
};

/* ---- nodes --------------------------------------------------------------------------------- */

static struct sim_node *find(const struct omsp_sim *sim, const char *path)
{
    omsp_list_each(it, &sim->nodes)
    {
        struct sim_node *node = omsp_container(it, struct sim_node, link);

        if (strcmp(node->path, path) == 0)
            return node;
    }
    return NULL;
}

static struct sim_node *find_or_make(struct omsp_sim *sim, const char *path)
{
    struct sim_node *node = find(sim, path);

    if (node)
        return node;
    node = omsp_zalloc(sizeof(*node));
    if (!node)
        return NULL;
    node->path = omsp_strdup(path);
    if (!node->path) {
        omsp_free(node);
        return NULL;
    }
    node->read_limit = node->write_limit = UINT64_MAX;
    omsp_list_insert(&sim->nodes, &node->link);
    return node;
}

static void change_room(struct omsp_sim *sim, size_t freed, size_t taken)
{
    if (sim->disk_room != UINT64_MAX)
        sim->disk_room = sim->disk_room + freed - taken;
}

/* Never shrinks the storage. False: out of memory. */
static bool make_room(struct sim_node *node, size_t len)
{
    size_t room = node->room ? node->room : 256;
    uint8_t *data;

    if (len <= node->room)
        return true;
    while (room < len) {
        if (room > PTRDIFF_MAX / 2)
            return false;
        room *= 2;
    }
    data = omsp_resize(node->data, room);
    if (!data)
        return false;
    node->data = data;
    node->room = room;
    return true;
}

void sim_files_clear(struct omsp_sim *sim)
{
    omsp_list_each_safe(it, &sim->nodes)
    {
        struct sim_node *node = omsp_container(it, struct sim_node, link);

        if (node->handles)
            abort(); /* a handle would go on living on freed memory */
        omsp_free(node->data);
        omsp_free(node->path);
        omsp_free(node);
    }
}

/* ---- the port ------------------------------------------------------------------------------ */

static enum omsp_status read_at(struct omsp_file *base, uint64_t offset, void *data, size_t len,
                                size_t *got)
{
    struct handle *handle = (struct handle *)base;
    const struct sim_node *node = handle->node;
    enum omsp_status status = sim_fault(handle->sim, OMSP_SIM_FILE_READ);

    *got = 0;
    if (status != OMSP_OK)
        return status;
    if (offset >= node->len || !len)
        return OMSP_OK;
    if (len > node->len - offset)
        len = node->len - (size_t)offset;
    if (offset + len > node->read_limit)
        return node->read_status;
    memcpy(data, node->data + offset, len);
    *got = len;
    return OMSP_OK;
}

/* How many of the len bytes at offset the disk's room lets through. */
static size_t fitting(const struct omsp_sim *sim, const struct sim_node *node, uint64_t offset,
                      size_t len)
{
    uint64_t most;

    if (sim->disk_room == UINT64_MAX || offset + len <= node->len ||
        offset + len - node->len <= sim->disk_room)
        return len;
    most = node->len + sim->disk_room;
    return most > offset ? (size_t)(most - offset) : 0;
}

static enum omsp_status write_at(struct omsp_file *base, uint64_t offset, const void *data,
                                 size_t len)
{
    struct handle *handle = (struct handle *)base;
    struct sim_node *node = handle->node;
    enum omsp_status status;
    size_t part = len, end;

    if (!handle->writable)
        return OMSP_ACCESS;
    status = sim_fault(handle->sim, OMSP_SIM_FILE_WRITE);
    if (status != OMSP_OK)
        return status;
    if (offset > PTRDIFF_MAX / 2 || len > PTRDIFF_MAX / 2)
        return OMSP_NOSPACE;
    if (offset + len > node->write_limit) {
        uint64_t left = node->write_limit > offset ? node->write_limit - offset : 0;

        part = left < len ? (size_t)left : len;
        status = node->write_status;
    }
    if (fitting(handle->sim, node, offset, part) < part) {
        part = fitting(handle->sim, node, offset, part);
        status = OMSP_NOSPACE;
    }
    if (!part)
        return status;
    end = (size_t)offset + part;
    if (!make_room(node, end))
        return OMSP_IO;
    if (offset > node->len)
        memset(node->data + node->len, 0, (size_t)offset - node->len);
    memcpy(node->data + offset, data, part);
    if (end > node->len) {
        change_room(handle->sim, 0, end - node->len);
        node->len = end;
    }
    return status;
}

static enum omsp_status file_size(struct omsp_file *base, uint64_t *bytes)
{
    struct handle *handle = (struct handle *)base;
    enum omsp_status status = sim_fault(handle->sim, OMSP_SIM_FILE_SIZE);

    if (status == OMSP_OK)
        *bytes = handle->node->len;
    return status;
}

static enum omsp_status file_flush(struct omsp_file *base)
{
    return sim_fault(((struct handle *)base)->sim, OMSP_SIM_FILE_FLUSH);
}

static enum omsp_status file_close(struct omsp_file *base)
{
    struct handle *handle = (struct handle *)base;
    enum omsp_status status = sim_fault(handle->sim, OMSP_SIM_FILE_CLOSE);

    handle->node->handles--;
    omsp_free(handle);
    return status;
}

static const struct omsp_file functions = {read_at, write_at, file_size, file_flush, file_close};

enum omsp_status sim_file_open(void *ctx, const char *path, enum omsp_file_mode mode,
                               struct omsp_file **out)
{
    struct omsp_sim *sim = ctx;
    enum omsp_status status = sim_fault(sim, OMSP_SIM_FILE_OPEN);
    bool create = mode == OMSP_FILE_CREATE;
    struct sim_node *node;
    struct handle *handle;

    if (status != OMSP_OK)
        return status;
    if (!path || !*path)
        return OMSP_INVALID;
    node = find(sim, path);
    if (!node && !create)
        return OMSP_NOTFOUND;
    if (node && (node->folder || node->hidden || (create && node->protect)))
        return OMSP_ACCESS;
    handle = omsp_zalloc(sizeof(*handle));
    if (!handle)
        return OMSP_NOMEM;
    if (!node)
        node = find_or_make(sim, path);
    if (!node) {
        omsp_free(handle);
        return OMSP_NOMEM;
    }
    if (create) {
        change_room(sim, node->len, 0);
        node->len = 0;
    }
    handle->base = functions;
    handle->sim = sim;
    handle->node = node;
    handle->writable = create;
    node->handles++;
    *out = &handle->base;
    return OMSP_OK;
}

/* ---- the test's side ----------------------------------------------------------------------- */

enum omsp_status omsp_sim_file_put(struct omsp_sim *sim, const char *path, const void *data,
                                   size_t len)
{
    struct sim_node *node = find_or_make(sim, path);

    if (!node || !make_room(node, len))
        return OMSP_NOMEM;
    node->folder = false;
    node->len = len;
    if (len)
        memcpy(node->data, data, len);
    return OMSP_OK;
}

enum omsp_status omsp_sim_file_get(struct omsp_sim *sim, const char *path, const uint8_t **data,
                                   size_t *len)
{
    static const uint8_t nothing[1];
    const struct sim_node *node = find(sim, path);

    if (!node || node->folder)
        return OMSP_NOTFOUND;
    *data = node->data ? node->data : nothing;
    *len = node->len;
    return OMSP_OK;
}

enum omsp_status omsp_sim_file_cut(struct omsp_sim *sim, const char *path, size_t len)
{
    struct sim_node *node = find(sim, path);

    if (!node)
        return OMSP_NOTFOUND;
    if (len < node->len) {
        change_room(sim, node->len - len, 0);
        node->len = len;
    }
    return OMSP_OK;
}

enum omsp_status omsp_sim_make_folder(struct omsp_sim *sim, const char *path)
{
    struct sim_node *node = find_or_make(sim, path);

    if (!node)
        return OMSP_NOMEM;
    node->folder = true;
    return OMSP_OK;
}

enum omsp_status omsp_sim_file_protect(struct omsp_sim *sim, const char *path, bool protect,
                                       bool hidden)
{
    struct sim_node *node = find(sim, path);

    if (!node)
        return OMSP_NOTFOUND;
    node->protect = protect;
    node->hidden = hidden;
    return OMSP_OK;
}

enum omsp_status omsp_sim_file_fail_from(struct omsp_sim *sim, const char *path,
                                         enum omsp_sim_op op, uint64_t offset,
                                         enum omsp_status status)
{
    struct sim_node *node = find(sim, path);

    if (!node)
        return OMSP_NOTFOUND;
    if (op == OMSP_SIM_FILE_READ) {
        node->read_limit = offset;
        node->read_status = status;
    } else {
        node->write_limit = offset;
        node->write_status = status;
    }
    return OMSP_OK;
}

void omsp_sim_set_disk_room(struct omsp_sim *sim, uint64_t bytes)
{
    sim->disk_room = bytes;
}

uint64_t omsp_sim_get_disk_room(const struct omsp_sim *sim)
{
    return sim->disk_room;
}
