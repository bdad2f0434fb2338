/* TwiML: the verbs of streams are told in order, and what is no such document is refused. */
#include "support/suite.h"

#include "wire/twiml.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What was visited, as text. */
static char seen[8192];
static int streams, stop_at;

static void put(const char *label, const char *value)
{
    size_t at = strlen(seen);

    if (value)
        snprintf(seen + at, sizeof(seen) - at, "%s%s", label, value);
}

static enum omsp_status on_stream(void *ctx, const struct omsp_twiml_stream *stream)
{
    static const char *const verbs[] = {"start", "stop", "connect"};

    ck_assert_ptr_eq(ctx, seen);
    put("[", verbs[stream->verb]);
    put(" url=", stream->url);
    put(" name=", stream->name);
    put(" track=", stream->track);
    put(" callback=", stream->status_callback);
    put(" method=", stream->status_callback_method);
    for (unsigned i = 0; i < stream->param_count; i++) {
        put(" ", stream->params[i].name);
        put(":", stream->params[i].value);
    }
    put("]", "");
    return ++streams == stop_at ? OMSP_EXISTS : OMSP_OK;
}

static void on_other(void *ctx, const char *element)
{
    ck_assert_ptr_eq(ctx, seen);
    put("<", element);
    put(">", "");
}

static const struct omsp_twiml_visitor visitor = {on_stream, on_other, seen};

/* From memory that ends where the document does. */
static enum omsp_status parse_bytes(const char *chars, size_t len)
{
    char *copy = malloc(len ? len : 1);
    enum omsp_status status;

    memcpy(copy, chars, len);
    seen[0] = '\0';
    streams = 0;
    status = omsp_twiml_parse(omsp_span(copy, len), &visitor);
    free(copy);
    ck_assert_int_eq(omsp_test_outstanding(), 0);
    return status;
}

static enum omsp_status parse(const char *document)
{
    return parse_bytes(document, strlen(document));
}

static void gives(const char *document, const char *expected)
{
    ck_assert_msg(parse(document) == OMSP_OK, "refused: %s", document);
    ck_assert_str_eq(seen, expected);
}

#define WHOLE                                                                                      \
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Response>\n  <Start>\n"                          \
    "    <Stream url=\"wss://h.example/a\" name=\"my stream\" track=\"both_tracks\" "              \
    "statusCallback=\"https://c.example/\" statusCallbackMethod=\"GET\">\n"                        \
    "      <Parameter name=\"FirstName\" value=\"J&amp;ne &#228;\"/>\n"                            \
    "      <Parameter name='r' value=''/>\n    </Stream>\n  </Start>\n"                            \
    "  <Say>hi</Say><!-- c -->\n  <Stop><Stream name=\"my stream\"/></Stop>\n"                     \
    "  <Connect><Stream url=\"wss://b/\"/></Connect>\n</Response>\n"

START_TEST(the_verbs_are_told_in_order)
{
    gives(WHOLE, "[start url=wss://h.example/a name=my stream track=both_tracks "
                 "callback=https://c.example/ method=GET FirstName:J&ne \xc3\xa4 r:]<Say>"
                 "[stop name=my stream][connect url=wss://b/]");
}
END_TEST

START_TEST(what_is_not_ours_is_named_and_skipped)
{
    gives("<Response/>", "");
    gives("<Response>text<Start/><Stop></Stop><Connect> </Connect></Response>", "");
    gives("<Response><Gather><Start><Stream/></Start><Say/></Gather><Hangup/></Response>",
          "<Gather><Hangup>");
    gives("<Response><Connect><Room><Stream/></Room><Stream url='u'/></Connect></Response>",
          "<Room>[connect url=u]");
    gives("<Response><Stream url='u'/></Response>", "<Stream>");
    gives("<Response><start><Stream url='u'/></start></Response>", "<start>");
    gives("<Response><Start><Stream url='u' x='y'>t<New><Parameter name='a' value='b'/></New>"
          "<Parameter name='c' value='d'><Parameter name='e' value='f'/></Parameter></Stream>"
          "<Parameter name='g' value='h'/></Start></Response>",
          "[start url=u c:d]<Parameter>");
    gives("<Response><Start><Stream url='u'/><Stream url='v'/></Start></Response>",
          "[start url=u][start url=v]");
}
END_TEST

START_TEST(a_parameter_needs_a_name_and_may_lack_a_value)
{
    gives("<Response><Start><Stream url='u'><Parameter value='x'/><Parameter name='a'/>"
          "<Parameter name='' value='y'/></Stream></Start></Response>",
          "[start url=u a: :y]");
}
END_TEST

START_TEST(other_encodings_come_out_as_utf8)
{
    gives("<?xml version='1.0' encoding='ISO-8859-1'?><Response><Stop><Stream name='\xe4'/></Stop>"
          "</Response>",
          "[stop name=\xc3\xa4]");
    gives("\xef\xbb\xbf<Response><Stop><Stream name='\xc3\xa4'/></Stop></Response>",
          "[stop name=\xc3\xa4]");
}
END_TEST

START_TEST(what_is_no_such_document_is_refused_before_any_visit)
{
    static const char *const bad[] = {
        "",
        " ",
        "x",
        "<",
        "<Response>",
        "</Response>",
        "<response/>",
        "<Respons/>",
        "<Responsee/>",
        "<Response></response>",
        "<Response/><Response/>",
        "<Response/>x",
        "<Response><Start></Response></Start>",
        "<Response a='1' a='2'/>",
        "<Response a=1/>",
        "<Response>&nbsp;</Response>",
        "<Response>&#0;</Response>",
        "<Response>\x01</Response>",
        "<Response>\xff</Response>",
        "<Response>\xc3</Response>",
        "<Response>&</Response>",
        "<?xml version='1.0' encoding='nonsense'?><Response/>",

        "<!DOCTYPE Response><Response/>",
        "<!DOCTYPE Response SYSTEM 'http://x/y.dtd'><Response/>",
        "<!DOCTYPE Response SYSTEM 'file:///etc/passwd'><Response/>",
        "<!DOCTYPE Response PUBLIC 'a' 'b'><Response/>",
        "<!DOCTYPE Response [<!ENTITY e 'x'>]><Response>&e;</Response>",
        "<!DOCTYPE Response [<!ENTITY e SYSTEM 'file:///etc/passwd'>]><Response>&e;</Response>",
        "<!DOCTYPE Response [<!ENTITY % p SYSTEM 'x'>%p;]><Response/>",
        "<!DOCTYPE Response [<!ATTLIST Stream url CDATA 'u'>]><Response/>",
        "<Response><Start><Stream/></Start></Response>",
        "<Response><Start><Stream name='n'/></Start></Response>",
        "<Response><Connect><Stream name='n'/></Connect></Response>",
        "<Response><Stop><Stream/></Stop></Response>",
        "<Response><Stop><Stream url='u'/></Stop></Response>",
        "<Response><Start><Stream URL='u'/></Start></Response>",
        "<Response><Start><Stream url='u'/></Start><Start><Stream/></Start></Response>",
        "<Response><Start><Stream url='u'/></Start><Say></Response>",
    };

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        ck_assert_msg(parse(bad[i]) == OMSP_INVALID, "taken: %s", bad[i]);
        ck_assert_str_eq(seen, "");
    }
    ck_assert_int_eq(parse_bytes("<Response/>\0", 12), OMSP_INVALID);
}
END_TEST

START_TEST(a_truncated_document_is_refused)
{
    for (size_t len = 0; len < sizeof(WHOLE) - 2; len++) {
        ck_assert_int_eq(parse_bytes(WHOLE, len), OMSP_INVALID);
        ck_assert_str_eq(seen, "");
    }
    /* But for the line end at its end. */
    ck_assert_int_eq(parse_bytes(WHOLE, sizeof(WHOLE) - 2), OMSP_OK);
}
END_TEST

static enum omsp_status nested(unsigned depth)
{
    char document[2048] = "<Response>";

    for (unsigned i = 1; i < depth; i++)
        strcat(document, "<a>");
    for (unsigned i = 1; i < depth; i++)
        strcat(document, "</a>");
    strcat(document, "</Response>");
    return parse(document);
}

START_TEST(nesting_has_a_bound)
{
    ck_assert_int_eq(nested(32), OMSP_OK);
    ck_assert_int_eq(nested(33), OMSP_INVALID);
    ck_assert_int_eq(nested(200), OMSP_INVALID);
}
END_TEST

START_TEST(size_has_a_bound)
{
    char *document = malloc(65537);

    memset(document, ' ', 65537);
    memcpy(document, "<Response/>", 11);
    ck_assert_int_eq(parse_bytes(document, 65536), OMSP_OK);
    ck_assert_int_eq(parse_bytes(document, 65537), OMSP_INVALID);
    free(document);
}
END_TEST

static enum omsp_status with_parameters(unsigned n)
{
    char document[8192] = "<Response><Start><Stream url='u'>";

    for (unsigned i = 1; i <= n; i++)
        sprintf(document + strlen(document), "<Parameter name='n%u' value='v%u'/>", i, i);
    strcat(document, "</Stream></Start></Response>");
    return parse(document);
}

START_TEST(parameters_have_a_bound)
{
    ck_assert_int_eq(with_parameters(99), OMSP_OK);
    ck_assert_ptr_nonnull(strstr(seen, "u n1:v1 n2:v2 n3:v3 n4:v4 n5:v5 "));
    ck_assert_ptr_nonnull(strstr(seen, " n98:v98 n99:v99]"));
    ck_assert_int_eq(with_parameters(100), OMSP_INVALID);
}
END_TEST

START_TEST(a_visitor_ends_the_reading_with_its_status)
{
    stop_at = 2;
    ck_assert_int_eq(parse(WHOLE), OMSP_EXISTS);
    ck_assert_int_eq(streams, 2);
    stop_at = 0;
}
END_TEST

START_TEST(a_visitor_need_not_want_other_verbs)
{
    static const struct omsp_twiml_visitor streams_only = {on_stream, NULL, seen};

    seen[0] = '\0';
    ck_assert_int_eq(omsp_twiml_parse(omsp_span_text(WHOLE), &streams_only), OMSP_OK);
    ck_assert_ptr_null(strstr(seen, "Say"));
}
END_TEST

static void walk(void *ctx)
{
    enum omsp_status status;

    (void)ctx;
    seen[0] = '\0';
    status = omsp_twiml_parse(omsp_span_text(WHOLE), &visitor);
    ck_assert_int_eq(status, omsp_test_alloc_failed() ? OMSP_NOMEM : OMSP_OK);
    ck_assert((seen[0] == '\0') == (status != OMSP_OK));
}

START_TEST(each_failing_allocation_is_told_and_leaks_nothing)
{
    /* Expat's are under the same allocator. */
    ck_assert_int_gt(omsp_test_alloc_walk(walk, NULL), 25);
}
END_TEST

START_TEST(random_changes_of_a_document_do_no_harm)
{
    static const char likely[] = "<>/&;#!?'\"= -[]xR\xc3\xff";

    srand(8);
    for (int round = 0; round < 10000; round++) {
        char changed[sizeof(WHOLE)] = WHOLE;

        for (int n = rand() % 4; n >= 0; n--)
            changed[(size_t)rand() % (sizeof(WHOLE) - 1)] =
                rand() & 1 ? (char)rand() : likely[(size_t)rand() % (sizeof(likely) - 1)];
        (void)parse_bytes(changed, sizeof(WHOLE) - 1);
    }
}
END_TEST

OMSP_SUITE("twiml", TEST(the_verbs_are_told_in_order), TEST(what_is_not_ours_is_named_and_skipped),
           TEST(a_parameter_needs_a_name_and_may_lack_a_value),
           TEST(other_encodings_come_out_as_utf8),
           TEST(what_is_no_such_document_is_refused_before_any_visit),
           TEST(a_truncated_document_is_refused), TEST(nesting_has_a_bound), TEST(size_has_a_bound),
           TEST(parameters_have_a_bound), TEST(a_visitor_ends_the_reading_with_its_status),
           TEST(a_visitor_need_not_want_other_verbs),
           TEST(each_failing_allocation_is_told_and_leaks_nothing),
           TEST(random_changes_of_a_document_do_no_harm))
