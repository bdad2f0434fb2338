/*
 * What a bidirectional consumer says. The JSON parser is cJSON; its hooks, which are one for the
 * whole module that it is linked into, are pointed at base/alloc.h once, before its first use here.
 * Any thread.
 */
#include "base/alloc.h"
#include "base/sid.h"
#include "base/utf.h"
#include "wire/base64.h"
#include "wire/media_stream.h"
#include "wire/websocket.h"

#include <cjson/cJSON.h>
#include <stdatomic.h>

/* ---- cJSON over our allocator ---------------------------------------------------------------- */

/* cJSON answers NULL for bad text and for no memory alike. Counting failures tells them apart; that
 * another thread may have had one in between makes a refusal say NOMEM, at a time when that is
 * true. */
static atomic_uint failures;

static void *hook_alloc(size_t size)
{
    void *made = omsp_alloc(size);

    if (!made)
        atomic_fetch_add(&failures, 1);
    return made;
}

static void hooks_ensure(void)
{
    enum { UNSET, SETTING, SET };
    static atomic_int state = UNSET;
    int expected = UNSET;

    if (atomic_load_explicit(&state, memory_order_acquire) == SET)
        return;
    if (atomic_compare_exchange_strong(&state, &expected, SETTING)) {
        cJSON_Hooks hooks = {hook_alloc, omsp_free};

        cJSON_InitHooks(&hooks);
        atomic_store_explicit(&state, SET, memory_order_release);
        return;
    }
    /* Two assignments away. */
    while (atomic_load_explicit(&state, memory_order_acquire) != SET)
        ;
}

/* A NUL in a string would end it early in C: no consumer needs one. Outside strings a backslash is
 * bad JSON anyway. */
static bool has_nul(struct omsp_span text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (!text.ptr[i])
            return true;
        if (text.ptr[i] != '\\')
            continue;
        if (text.len - i >= 6 && !memcmp(text.ptr + i, "\\u0000", 6))
            return true;
        i++;
    }
    return false;
}

static bool is_blank(const char *from, const char *to)
{
    for (; from < to; from++)
        if (*from != ' ' && *from != '\t' && *from != '\r' && *from != '\n')
            return false;
    return true;
}

static enum omsp_status parse_json(struct omsp_span text, cJSON **out)
{
    const char *chars = (const char *)text.ptr, *end = NULL;
    unsigned before = atomic_load(&failures);
    cJSON *root;

    *out = NULL;
    if (!text.len || text.len > OMSP_WS_MESSAGE_MAX || !omsp_utf8_is_valid(chars, text.len) ||
        has_nul(text))
        return OMSP_INVALID;
    hooks_ensure();
    root = cJSON_ParseWithLengthOpts(chars, text.len, &end, 0);
    if (!root)
        return atomic_load(&failures) != before ? OMSP_NOMEM : OMSP_INVALID;
    if (!cJSON_IsObject(root) || !is_blank(end, chars + text.len)) {
        cJSON_Delete(root);
        return OMSP_INVALID;
    }
    *out = root;
    return OMSP_OK;
}

/* ---- messages ------------------------------------------------------------------------------- */

/* The text of a member, NULL when it is missing or no string. */
static const char *string_of(const cJSON *object, const char *name)
{
    return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));
}

static enum omsp_status read_media(const cJSON *root, struct omsp_ms_message *out)
{
    const char *payload = string_of(cJSON_GetObjectItemCaseSensitive(root, "media"), "payload");
    enum omsp_status status;
    size_t room;

    out->kind = OMSP_MS_MEDIA;
    if (!payload)
        return OMSP_INVALID;
    room = (strlen(payload) + 3) / 4 * 3;
    if (!room)
        return OMSP_OK;
    out->payload = omsp_alloc(room);
    if (!out->payload)
        return OMSP_NOMEM;
    /* There are encoders that leave the padding away. */
    status =
        omsp_base64_decode_bare(payload, strlen(payload), out->payload, room, &out->payload_len);
    if (status) {
        omsp_free(out->payload);
        out->payload = NULL;
    }
    return status;
}

static enum omsp_status read_mark(const cJSON *root, struct omsp_ms_message *out)
{
    const char *name = string_of(cJSON_GetObjectItemCaseSensitive(root, "mark"), "name");

    out->kind = OMSP_MS_MARK;
    if (!name)
        return OMSP_INVALID;
    out->mark = omsp_strdup(name);
    return out->mark ? OMSP_OK : OMSP_NOMEM;
}

static enum omsp_status read_message(const cJSON *root, const char *stream_sid,
                                     struct omsp_ms_message *out)
{
    const char *event = string_of(root, "event"), *sid = string_of(root, "streamSid");

    if (!event || !sid || !omsp_sid_equal(sid, stream_sid))
        return OMSP_INVALID;
    if (!strcmp(event, "media"))
        return read_media(root, out);
    if (!strcmp(event, "mark"))
        return read_mark(root, out);
    out->kind = OMSP_MS_CLEAR;
    return strcmp(event, "clear") ? OMSP_INVALID : OMSP_OK;
}

enum omsp_status omsp_ms_parse(struct omsp_span text, const char *stream_sid,
                               struct omsp_ms_message *out)
{
    enum omsp_status status;
    cJSON *root;

    memset(out, 0, sizeof(*out));
    status = parse_json(text, &root);
    if (!status)
        status = read_message(root, stream_sid, out);
    cJSON_Delete(root);
    return status;
}
