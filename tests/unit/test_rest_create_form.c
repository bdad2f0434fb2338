/* The fields of a create request. */
#include "support/suite.h"

#include "rest/create_form.h"

#include <stdio.h>
#include <string.h>

static struct omsp_create_form form;
static struct omsp_rest_error error;

/* names and values by turns, NULL at the end. */
static enum omsp_status read_flags(unsigned flags, const char *const *pairs)
{
    struct omsp_form_field fields[128];
    unsigned count = 0;

    for (; pairs[2 * count]; count++) {
        fields[count].name = pairs[2 * count];
        fields[count].value = pairs[2 * count + 1];
    }
    memset(&error, 0, sizeof(error));
    return omsp_create_form_read(fields, count, flags, &form, &error);
}

#define READ(flags, ...) read_flags(flags, (const char *const[]){__VA_ARGS__, NULL})
#define URL              "Url", "wss://h/p"

static void refused(enum omsp_status status, int code)
{
    ck_assert_int_eq(status, OMSP_INVALID);
    ck_assert_int_eq(error.status, 400);
    ck_assert_int_eq(error.code, code);
    ck_assert(error.message[0]);
}

START_TEST(url_alone_is_enough)
{
    ck_assert_int_eq(READ(0, URL), OMSP_OK);
    ck_assert_str_eq(form.options.url, "wss://h/p");
    ck_assert_ptr_null(form.options.name);
    ck_assert_uint_eq(form.options.tracks, OMSP_TRACK_INBOUND);
    ck_assert_ptr_null(form.options.callback_url);
    ck_assert(!form.options.callback_get && !form.options.bidirectional && !form.query_cut);
    ck_assert_uint_eq(form.options.param_count, 0);
    ck_assert_ptr_null(form.options.authorization);
}
END_TEST

START_TEST(everything_at_once)
{
    ck_assert_int_eq(READ(0, "Url", "wss://h/p", "Name", "n\xc3\xa4", "Track", "both_tracks",
                          "StatusCallback", "https://c/cb?x=1", "StatusCallbackMethod", "GET",
                          "Parameter1.Name", "a", "Parameter1.Value", "1"),
                     OMSP_OK);
    ck_assert_str_eq(form.options.name, "n\xc3\xa4");
    ck_assert_uint_eq(form.options.tracks, OMSP_TRACK_INBOUND | OMSP_TRACK_OUTBOUND);
    ck_assert_str_eq(form.options.callback_url, "https://c/cb?x=1");
    ck_assert(form.options.callback_get);
    ck_assert_uint_eq(form.options.param_count, 1);
    ck_assert_str_eq(form.options.params[0].name, "a");
    ck_assert_str_eq(form.options.params[0].value, "1");
}
END_TEST

START_TEST(url_is_required)
{
    refused(READ(0, "Name", "x"), 20001);
    refused(READ(0, "Url", ""), 20001);
    refused(READ(0, "url", "wss://h"), 20001);
}
END_TEST

START_TEST(a_query_is_cut_or_refused)
{
    ck_assert_int_eq(READ(0, "Url", "wss://h/p?token=1"), OMSP_OK);
    ck_assert_str_eq(form.options.url, "wss://h/p");
    ck_assert(form.query_cut);
    ck_assert_int_eq(READ(0, "Url", "wss://h/p#f"), OMSP_OK);
    ck_assert_str_eq(form.options.url, "wss://h/p");
    refused(READ(OMSP_CREATE_STRICT_URL, "Url", "wss://h/p?token=1"), 31923);
    ck_assert_ptr_null(strstr(error.message, "token"));
    ck_assert_int_eq(READ(OMSP_CREATE_STRICT_URL, "Url", "wss://h/p"), OMSP_OK);
}
END_TEST

START_TEST(urls_are_bounded_and_clean)
{
    char url[OMSP_FORK_URL_MAX + 2];

    memset(url, 'u', sizeof(url));
    url[OMSP_FORK_URL_MAX] = 0;
    ck_assert_int_eq(READ(0, "Url", url), OMSP_OK);
    ck_assert_str_eq(form.options.url, url);
    url[OMSP_FORK_URL_MAX] = 'u';
    url[OMSP_FORK_URL_MAX + 1] = 0;
    refused(READ(0, "Url", url), 31923);
    refused(READ(0, "Url", "wss://h/\r\nX: y"), 31923);
}
END_TEST

START_TEST(names_are_bounded_and_clean)
{
    char name[OMSP_FORK_NAME_MAX + 2];

    memset(name, 'n', sizeof(name));
    name[OMSP_FORK_NAME_MAX] = 0;
    ck_assert_int_eq(READ(0, URL, "Name", name), OMSP_OK);
    ck_assert_str_eq(form.options.name, name);
    name[OMSP_FORK_NAME_MAX] = 'n';
    name[OMSP_FORK_NAME_MAX + 1] = 0;
    refused(READ(0, URL, "Name", name), 20001);
    refused(READ(0, URL, "Name", "a\nb"), 20001);
    ck_assert_int_eq(READ(0, URL, "Name", ""), OMSP_OK);
    ck_assert_ptr_null(form.options.name);
    ck_assert_int_eq(READ(0, URL, "Name", "a/b?c"), OMSP_OK);
}
END_TEST

START_TEST(tracks_are_the_three)
{
    ck_assert_int_eq(READ(0, URL, "Track", "outbound_track"), OMSP_OK);
    ck_assert_uint_eq(form.options.tracks, OMSP_TRACK_OUTBOUND);
    ck_assert_int_eq(READ(0, URL, "Track", ""), OMSP_OK);
    ck_assert_uint_eq(form.options.tracks, OMSP_TRACK_INBOUND);
    refused(READ(0, URL, "Track", "Inbound_track"), 31941);
    refused(READ(0, URL, "Track", "both"), 31941);
}
END_TEST

START_TEST(callbacks_are_absolute_http)
{
    static const char *const bad[] = {"/relative", "ftp://h/x",     "wss://h/x",
                                      "http://",   "https:h/x",     "http://h/ x",
                                      "nonsense",  "http://u@p@h/", "http://h:70000/"};
    char url[4200] = "http://h/";

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        refused(READ(0, URL, "StatusCallback", bad[i]), 21609);
    memset(url + 9, 'x', 4001 - 9);
    refused(READ(0, URL, "StatusCallback", url), 21609);
    url[4000] = 0;
    ck_assert_int_eq(READ(0, URL, "StatusCallback", url), OMSP_OK);
    ck_assert_int_eq(READ(0, URL, "StatusCallback", "http://h", "StatusCallbackMethod", "POST"),
                     OMSP_OK);
    ck_assert(!form.options.callback_get);
    refused(READ(0, URL, "StatusCallback", "http://h", "StatusCallbackMethod", "PUT"), 20001);
    refused(READ(0, URL, "StatusCallbackMethod", "get"), 20001);
}
END_TEST

START_TEST(parameters_are_sparse_and_ordered_by_index)
{
    ck_assert_int_eq(READ(0, URL, "Parameter99.Value", "last", "Parameter99.Name", "z",
                          "Parameter1.Name", "a", "Parameter1.Value", "", "Parameter10.Name", "m"),
                     OMSP_OK);
    ck_assert_uint_eq(form.options.param_count, 3);
    ck_assert_str_eq(form.options.params[0].name, "a");
    ck_assert_str_eq(form.options.params[0].value, "");
    ck_assert_str_eq(form.options.params[1].name, "m");
    ck_assert_str_eq(form.options.params[1].value, "");
    ck_assert_str_eq(form.options.params[2].name, "z");
    ck_assert_str_eq(form.options.params[2].value, "last");
}
END_TEST

START_TEST(odd_parameters_are_skipped)
{
    ck_assert_int_eq(READ(0, URL, "Parameter100.Name", "a", "Parameter0.Name", "b",
                          "Parameter01.Name", "c", "Parameter.Name", "d", "Parameter5.Value", "v",
                          "Parameter6.Name", "", "Parameter7.name", "e", "Parameter8Name", "f",
                          "Parameter4294967297.Name", "g", "Parameter-1.Name", "h", "Other", "i"),
                     OMSP_OK);
    ck_assert_uint_eq(form.options.param_count, 0);
}
END_TEST

START_TEST(of_two_parameters_with_one_name_the_higher_index_counts)
{
    ck_assert_int_eq(READ(0, URL, "Parameter3.Name", "a", "Parameter3.Value", "3",
                          "Parameter2.Name", "b", "Parameter1.Name", "a", "Parameter1.Value", "1"),
                     OMSP_OK);
    ck_assert_uint_eq(form.options.param_count, 2);
    ck_assert_str_eq(form.options.params[0].name, "b");
    ck_assert_str_eq(form.options.params[1].name, "a");
    ck_assert_str_eq(form.options.params[1].value, "3");
}
END_TEST

START_TEST(all_ninety_nine_fit)
{
    static char names[99][24], values[99][24];
    struct omsp_form_field fields[199];
    unsigned count = 0;

    fields[count].name = "Url";
    fields[count++].value = "wss://h";
    for (int i = 0; i < 99; i++) {
        snprintf(names[i], sizeof(names[i]), "Parameter%d.Name", i + 1);
        snprintf(values[i], sizeof(values[i]), "Parameter%d.Value", i + 1);
        fields[count].name = names[i];
        fields[count++].value = names[i];
        fields[count].name = values[i];
        fields[count++].value = values[i];
    }
    ck_assert_int_eq(omsp_create_form_read(fields, count, 0, &form, &error), OMSP_OK);
    ck_assert_uint_eq(form.options.param_count, 99);
    for (int i = 0; i < 99; i++) {
        ck_assert_str_eq(form.options.params[i].name, names[i]);
        ck_assert_str_eq(form.options.params[i].value, values[i]);
    }
}
END_TEST

START_TEST(of_a_field_given_twice_the_last_counts)
{
    ck_assert_int_eq(READ(0, "Url", "wss://a", "Name", "x", "Url", "wss://b", "Name", "y"),
                     OMSP_OK);
    ck_assert_str_eq(form.options.url, "wss://b");
    ck_assert_str_eq(form.options.name, "y");
}
END_TEST

START_TEST(authorization_is_an_extension)
{
    ck_assert_int_eq(READ(0, URL, "AuthorizationBearerToken", "t"), OMSP_OK);
    ck_assert_ptr_null(form.options.authorization);
    ck_assert_int_eq(READ(OMSP_CREATE_EXTENSIONS, URL, "AuthorizationBearerToken", "t.o-k"),
                     OMSP_OK);
    ck_assert_str_eq(form.options.authorization, "Bearer t.o-k");
    ck_assert_int_eq(READ(OMSP_CREATE_EXTENSIONS, URL, "AuthorizationBasic", "Aladdin:open sesame"),
                     OMSP_OK);
    ck_assert_str_eq(form.options.authorization, "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
    refused(READ(OMSP_CREATE_EXTENSIONS, URL, "AuthorizationBasic", "nocolon"), 20001);
    refused(READ(OMSP_CREATE_EXTENSIONS, URL, "AuthorizationBearerToken", "s3cret\r\nX: y"), 20001);
    ck_assert_ptr_null(strstr(error.message, "s3cret"));
    refused(READ(OMSP_CREATE_EXTENSIONS, URL, "AuthorizationBasic", "a:b",
                 "AuthorizationBearerToken", "t"),
            20001);
}
END_TEST

START_TEST(authorization_is_bounded)
{
    char secret[OMSP_CREATE_SECRET_MAX + 2];

    memset(secret, ':', sizeof(secret));
    secret[OMSP_CREATE_SECRET_MAX] = 0;
    ck_assert_int_eq(READ(OMSP_CREATE_EXTENSIONS, URL, "AuthorizationBasic", secret), OMSP_OK);
    ck_assert_uint_eq(strlen(form.authorization), 6 + (OMSP_CREATE_SECRET_MAX + 2) / 3 * 4);
    ck_assert_int_eq(READ(OMSP_CREATE_EXTENSIONS, URL, "AuthorizationBearerToken", secret),
                     OMSP_OK);
    ck_assert_uint_eq(strlen(form.authorization), 7 + OMSP_CREATE_SECRET_MAX);
    secret[OMSP_CREATE_SECRET_MAX] = ':';
    secret[OMSP_CREATE_SECRET_MAX + 1] = 0;
    refused(READ(OMSP_CREATE_EXTENSIONS, URL, "AuthorizationBasic", secret), 20001);
}
END_TEST

START_TEST(reconnects_are_an_extension_from_0_to_100)
{
    ck_assert_int_eq(READ(0, URL, "Reconnects", "5"), OMSP_OK);
    ck_assert_int_eq(form.options.reconnects, 0);
    ck_assert_int_eq(READ(OMSP_CREATE_EXTENSIONS, URL, "Reconnects", "5"), OMSP_OK);
    ck_assert_int_eq(form.options.reconnects, 5);
    ck_assert_int_eq(READ(OMSP_CREATE_EXTENSIONS, URL, "Reconnects", "100"), OMSP_OK);
    ck_assert_int_eq(form.options.reconnects, 100);
    ck_assert_int_eq(READ(OMSP_CREATE_EXTENSIONS, URL, "Reconnects", ""), OMSP_OK);
    ck_assert_int_eq(form.options.reconnects, 0);
    ck_assert_int_eq(READ(OMSP_CREATE_EXTENSIONS, URL, "Reconnects", "0"), OMSP_OK);
    ck_assert_int_eq(form.options.reconnects, OMSP_FORK_RECONNECTS_OFF);
    refused(READ(OMSP_CREATE_EXTENSIONS, URL, "Reconnects", "101"), 20001);
    refused(READ(OMSP_CREATE_EXTENSIONS, URL, "Reconnects", "-1"), 20001);
    refused(READ(OMSP_CREATE_EXTENSIONS, URL, "Reconnects", "4294967297"), 20001);
    refused(READ(OMSP_CREATE_EXTENSIONS, URL, "Reconnects", "3x"), 20001);
}
END_TEST

START_TEST(payload_formats_are_an_extension)
{
    static const char *const names[] = {"audio/x-mulaw", "audio/x-l16", "audio/opus"};
    static const char *const rates[] = {"8000", "16000", "24000"};
    static const char *const no_rates[] = {"0",     "12000", "48000",  "08000",
                                           "8000 ", "+8000", "8000.0", "4294975296"};

    ck_assert_int_eq(READ(0, URL, "Encoding", "audio/x-l16", "SampleRate", "16000"), OMSP_OK);
    ck_assert_int_eq(form.options.format.encoding, OMSP_STREAM_ULAW);
    ck_assert_int_eq(READ(0, URL, "Encoding", "what", "SampleRate", "ever"), OMSP_OK);
    for (unsigned e = 0; e < 3; e++) {
        ck_assert_int_eq(READ(OMSP_CREATE_EXTENSIONS, URL, "Encoding", names[e]), OMSP_OK);
        ck_assert_uint_eq(form.options.format.encoding, e);
        ck_assert_uint_eq(form.options.format.rate, 8000);
        for (unsigned r = 0; r < 3; r++) {
            enum omsp_status status =
                READ(OMSP_CREATE_EXTENSIONS, URL, "Encoding", names[e], "SampleRate", rates[r]);

            if (!e && r) {
                refused(status, 20001);
                continue;
            }
            ck_assert_int_eq(status, OMSP_OK);
            ck_assert_uint_eq(form.options.format.encoding, e);
            ck_assert_uint_eq(form.options.format.rate, 8000 * (r + 1));
        }
        for (unsigned r = 0; r < sizeof(no_rates) / sizeof(no_rates[0]); r++)
            refused(
                READ(OMSP_CREATE_EXTENSIONS, URL, "Encoding", names[e], "SampleRate", no_rates[r]),
                20001);
    }
    ck_assert_int_eq(READ(OMSP_CREATE_EXTENSIONS, URL, "Encoding", "", "SampleRate", ""), OMSP_OK);
    ck_assert_int_eq(form.options.format.encoding, OMSP_STREAM_ULAW);
    ck_assert_uint_eq(form.options.format.rate, 0);
    refused(READ(OMSP_CREATE_EXTENSIONS, URL, "Encoding", "audio/L16"), 20001);
    refused(READ(OMSP_CREATE_EXTENSIONS, URL, "SampleRate", "16000"), 20001);
}
END_TEST

OMSP_SUITE("rest_create_form", TEST(payload_formats_are_an_extension),
           TEST(reconnects_are_an_extension_from_0_to_100), TEST(url_alone_is_enough),
           TEST(everything_at_once), TEST(url_is_required), TEST(a_query_is_cut_or_refused),
           TEST(urls_are_bounded_and_clean), TEST(names_are_bounded_and_clean),
           TEST(tracks_are_the_three), TEST(callbacks_are_absolute_http),
           TEST(parameters_are_sparse_and_ordered_by_index), TEST(odd_parameters_are_skipped),
           TEST(of_two_parameters_with_one_name_the_higher_index_counts), TEST(all_ninety_nine_fit),
           TEST(of_a_field_given_twice_the_last_counts), TEST(authorization_is_an_extension),
           TEST(authorization_is_bounded))
