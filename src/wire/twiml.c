/*
 * TwiML documents: expat calls the handlers below, which gather what concerns streams; when the
 * whole document is known to be good, the visitor is called. Not an interpreter of other verbs. Any
 * thread.
 */
#include "wire/twiml.h"

#include "base/alloc.h"

#include <expat.h>

#define DOCUMENT_MAX 65536
#define DEPTH_MAX    32
#define PARAMS_MAX   99

/* ---- what is gathered ------------------------------------------------------------------------ */

/* Everything of one document is freed at once. */
struct block {
    struct block *next;
};

struct item {
    struct item *next;
    const char *other; /* the element's name; NULL: a stream */
    struct omsp_twiml_stream stream;
    struct omsp_twiml_param *params;
    unsigned room;
};

struct reader {
    XML_Parser parser;
    enum omsp_status status;
    struct block *blocks;
    struct item *first, **end;
    struct item *open;    /* the Stream that is being read */
    unsigned depth;       /* elements that are open */
    unsigned ignore_from; /* depth of the element whose content is nobody's business; 0: none */
    enum omsp_twiml_verb verb;
};

static void *keep(struct reader *reader, size_t size)
{
    struct block *block = omsp_zalloc(sizeof(*block) + size);

    if (!block) {
        reader->status = OMSP_NOMEM;
        return NULL;
    }
    block->next = reader->blocks;
    reader->blocks = block;
    return block + 1;
}

static const char *keep_text(struct reader *reader, const char *text)
{
    size_t size = strlen(text) + 1;
    char *copy = keep(reader, size);

    if (copy)
        memcpy(copy, text, size);
    return copy;
}

static struct item *add_item(struct reader *reader)
{
    struct item *item = keep(reader, sizeof(*item));

    if (item) {
        *reader->end = item;
        reader->end = &item->next;
    }
    return item;
}

/* ---- elements ------------------------------------------------------------------------------- */

/* Attributes come as name, value, name, value, NULL. */
static const char *attribute(const char **attributes, const char *name)
{
    for (; *attributes; attributes += 2)
        if (!strcmp(attributes[0], name))
            return attributes[1];
    return NULL;
}

static const char *keep_attribute(struct reader *reader, const char **attributes, const char *name)
{
    const char *value = attribute(attributes, name);

    return value ? keep_text(reader, value) : NULL;
}

static void ignore(struct reader *reader, const char *element)
{
    struct item *item;

    reader->ignore_from = reader->depth;
    item = add_item(reader);
    if (item)
        item->other = keep_text(reader, element);
}

static void read_verb(struct reader *reader, const char *element)
{
    static const char *const verbs[] = {
        [OMSP_TWIML_START] = "Start", [OMSP_TWIML_STOP] = "Stop", [OMSP_TWIML_CONNECT] = "Connect"};

    for (unsigned i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
        if (!strcmp(element, verbs[i])) {
            reader->verb = (enum omsp_twiml_verb)i;
            return;
        }
    }
    ignore(reader, element);
}

static void read_stream(struct reader *reader, const char **attributes)
{
    struct item *item = add_item(reader);
    struct omsp_twiml_stream *stream;

    if (!item)
        return;
    stream = &item->stream;
    stream->verb = reader->verb;
    stream->url = keep_attribute(reader, attributes, "url");
    stream->name = keep_attribute(reader, attributes, "name");
    stream->track = keep_attribute(reader, attributes, "track");
    stream->status_callback = keep_attribute(reader, attributes, "statusCallback");
    stream->status_callback_method = keep_attribute(reader, attributes, "statusCallbackMethod");
    if (!reader->status && !(stream->verb == OMSP_TWIML_STOP ? stream->name : stream->url))
        reader->status = OMSP_INVALID;
    reader->open = item;
}

/* Doubles the room of an item's parameters; the old ones stay until the document's end. */
static bool make_room(struct reader *reader, struct item *item)
{
    unsigned room = item->room ? item->room * 2 : 4;
    struct omsp_twiml_param *params;

    if (item->stream.param_count < item->room)
        return true;
    params = keep(reader, room * sizeof(*params));
    if (!params)
        return false;
    if (item->params)
        memcpy(params, item->params, item->room * sizeof(*params));
    item->stream.params = item->params = params;
    item->room = room;
    return true;
}

static void read_parameter(struct reader *reader, const char **attributes)
{
    const char *name = attribute(attributes, "name"), *value = attribute(attributes, "value");
    struct item *item = reader->open;
    struct omsp_twiml_param *param;

    /* As with the REST resource: a value that has no name is nobody's. */
    if (!name)
        return;
    if (item->stream.param_count == PARAMS_MAX) {
        reader->status = OMSP_INVALID;
        return;
    }
    if (!make_room(reader, item))
        return;
    param = &item->params[item->stream.param_count++];
    param->name = keep_text(reader, name);
    param->value = keep_text(reader, value ? value : "");
}

static void XMLCALL on_start(void *ctx, const char *element, const char **attributes)
{
    struct reader *reader = ctx;

    if (reader->status)
        return;
    reader->depth++;
    if (reader->depth > DEPTH_MAX || (reader->depth == 1 && strcmp(element, "Response")))
        reader->status = OMSP_INVALID;
    else if (reader->ignore_from)
        ; /* inside somebody else's */
    else if (reader->depth == 2)
        read_verb(reader, element);
    else if (reader->depth == 3 && !strcmp(element, "Stream"))
        read_stream(reader, attributes);
    else if (reader->depth == 3)
        ignore(reader, element);
    else if (reader->depth == 4 && !strcmp(element, "Parameter"))
        read_parameter(reader, attributes);
    if (reader->status)
        XML_StopParser(reader->parser, XML_FALSE);
}

static void XMLCALL on_end(void *ctx, const char *element)
{
    struct reader *reader = ctx;

    (void)element;
    if (reader->status)
        return;
    if (reader->ignore_from == reader->depth)
        reader->ignore_from = 0;
    reader->depth--;
}

/* No DTD, and so no entities but the five of XML and numbers. */
static void XMLCALL on_doctype(void *ctx, const char *name, const char *system_id,
                               const char *public_id, int has_internal_subset)
{
    struct reader *reader = ctx;

    (void)name;
    (void)system_id;
    (void)public_id;
    (void)has_internal_subset;
    if (!reader->status)
        reader->status = OMSP_INVALID;
    XML_StopParser(reader->parser, XML_FALSE);
}

/* ---- the document --------------------------------------------------------------------------- */

static enum omsp_status read_document(struct reader *reader, struct omsp_span document)
{
    static const XML_Memory_Handling_Suite memory = {omsp_alloc, omsp_resize, omsp_free};
    enum XML_Status parsed;

    reader->parser = XML_ParserCreate_MM(NULL, &memory, NULL);
    if (!reader->parser)
        return OMSP_NOMEM;
    XML_SetUserData(reader->parser, reader);
    XML_SetElementHandler(reader->parser, on_start, on_end);
    XML_SetStartDoctypeDeclHandler(reader->parser, on_doctype);
    parsed = XML_Parse(reader->parser, (const char *)document.ptr, (int)document.len, 1);
    if (parsed != XML_STATUS_OK && !reader->status)
        reader->status =
            XML_GetErrorCode(reader->parser) == XML_ERROR_NO_MEMORY ? OMSP_NOMEM : OMSP_INVALID;
    XML_ParserFree(reader->parser);
    return reader->status;
}

static enum omsp_status visit(const struct reader *reader, const struct omsp_twiml_visitor *visitor)
{
    for (const struct item *item = reader->first; item; item = item->next) {
        if (!item->other) {
            enum omsp_status status = visitor->stream(visitor->ctx, &item->stream);

            if (status)
                return status;
        } else if (visitor->other) {
            visitor->other(visitor->ctx, item->other);
        }
    }
    return OMSP_OK;
}

enum omsp_status omsp_twiml_parse(struct omsp_span document,
                                  const struct omsp_twiml_visitor *visitor)
{
    struct reader reader;
    enum omsp_status status;

    if (!document.len || document.len > DOCUMENT_MAX)
        return OMSP_INVALID;
    memset(&reader, 0, sizeof(reader));
    reader.end = &reader.first;
    status = read_document(&reader, document);
    if (!status)
        status = visit(&reader, visitor);
    while (reader.blocks) {
        struct block *next = reader.blocks->next;

        omsp_free(reader.blocks);
        reader.blocks = next;
    }
    return status;
}
