/*
 * What goes over the wire for a media stream's URL and its StatusCallback, and that the signature
 * is of exactly that (spec twilio-streams 2.1, 2.7, 2.8), in simulated time.
 */
#include "support/fork_rig.h"
#include "support/suite.h"

#include "port/crypto.h"
#include "wire/base64.h"
#include "wire/form.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct fixture f;

static void sign(const char *text, char out[OMSP_BASE64_CHARS(OMSP_SHA1_BYTES) + 1])
{
    uint8_t digest[OMSP_SHA1_BYTES];

    omsp_hmac_sha1("12345", 5, text, strlen(text), digest);
    omsp_base64_encode(out, digest, sizeof(digest));
    out[OMSP_BASE64_CHARS(OMSP_SHA1_BYTES)] = '\0';
}

static void open_fork(const char *url, const char *callback, bool get)
{
    struct omsp_fork_options options = {
        .url = url, .tracks = OMSP_TRACK_INBOUND, .callback_url = callback, .callback_get = get};

    open_fixture(&f, 8000);
    connect_fixture(&f);
    ck_assert_int_eq(omsp_call_fork(f.b, &options, OMSP_CAUSE_LOCAL_REQUEST, NULL, &f.fork),
                     OMSP_OK);
    rig_run(&f.rig, 100);
}

static void close_fork(void)
{
    while ((int)rig_event(&f.rig).kind != -1)
        ;
    close_fixture(&f);
}

START_TEST(a_path_beyond_ascii_is_dialled_and_signed_percent_encoded)
{
    char signature[64], line[128];

    open_fork("ws://127.0.0.1:9000/gr\xc3\xbc\xc3\x9f/%20x?q=1", NULL, false);
    ck_assert_ptr_nonnull(strstr(f.consumer.request,
                                 "GET /gr%C3%BC%C3%9F/%20x HTTP/1.1\r\nHost: 127.0.0.1:9000\r\n"));
    sign("wss://127.0.0.1:9000/gr%C3%BC%C3%9F/%20x", signature);
    snprintf(line, sizeof(line), "X-Twilio-Signature: %s\r\n", signature);
    ck_assert_ptr_nonnull(strstr(f.consumer.request, line));
    close_fork();
}
END_TEST

START_TEST(a_callback_is_sent_to_its_url_without_fragment_and_user_and_signed_so)
{
    static const struct {
        const char *url, *dialled, *authorization;
    } rows[] = {
        {"http://127.0.0.1:9001/status#top", "http://127.0.0.1:9001/status", NULL},
        {"http://LocalHost?a=1#b?c", "http://localhost/?a=1", NULL},
        {"http://127.0.0.1:9001/\xc3\xbc", "http://127.0.0.1:9001/%C3%BC", NULL},
        {"http://Aladdin:open%20sesame@127.0.0.1:9001/s", "http://127.0.0.1:9001/s",
         "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="},
        {"http://user@127.0.0.1:9001/s?x=%41", "http://127.0.0.1:9001/s?x=%41", "Basic dXNlcjo="},
        {"https://127.0.0.1:443/s", "https://127.0.0.1:443/s", NULL},
    };

    for (size_t i = 0; i < 2 * sizeof(rows) / sizeof(rows[0]); i++) {
        bool get = i & 1;
        const char *dialled = rows[i / 2].dialled, *authorization;
        const struct omsp_sim_http_request *request;
        char signed_text[2048], signature[64];
        size_t len = strlen(dialled);

        open_fork(FORK_URL, rows[i / 2].url, get);
        ck_assert_uint_eq(omsp_sim_http_count(f.rig.sim), 1);
        request = omsp_sim_http_get(f.rig.sim, 0);
        ck_assert_ptr_null(strchr(request->url, '#'));
        ck_assert_str_eq(omsp_sim_http_header(request, "User-Agent"), "TwilioProxy/1.1");
        authorization = omsp_sim_http_header(request, "Authorization");
        if (rows[i / 2].authorization)
            ck_assert_str_eq(authorization, rows[i / 2].authorization);
        else
            ck_assert_ptr_null(authorization);
        ck_assert(request->post != get);
        if (get) {
            ck_assert(!strncmp(request->url, dialled, len));
            ck_assert_int_eq(request->url[len], strchr(dialled, '?') ? '&' : '?');
            ck_assert_ptr_nonnull(strstr(request->url + len, "StreamEvent=stream-started"));
            sign(request->url, signature);
            ck_assert_str_eq(omsp_sim_http_header(request, "X-Twilio-Signature"), signature);
        } else {
            struct omsp_form_field fields[8];
            char *body = strdup(request->body);
            struct omsp_text text;
            unsigned count;

            ck_assert_str_eq(request->url, dialled);
            ck_assert_int_eq(omsp_form_parse(body, fields, 8, &count), OMSP_OK);
            ck_assert_uint_eq(count, 6);
            omsp_text_init(&text, signed_text, sizeof(signed_text));
            omsp_form_signed_text(&text, dialled, fields, count);
            sign(signed_text, signature);
            ck_assert_str_eq(omsp_sim_http_header(request, "X-Twilio-Signature"), signature);
            ck_assert_str_eq(omsp_sim_http_header(request, "Content-Type"),
                             "application/x-www-form-urlencoded");
            free(body);
        }
        close_fork();
    }
}
END_TEST

START_TEST(parameters_of_one_name_are_one_and_those_without_none)
{
    struct omsp_fork_param params[] = {{"a", "1"}, {"", "x"}, {"b", "2"}, {"a", "3"}};
    struct omsp_fork_options options = {
        .url = FORK_URL, .tracks = OMSP_TRACK_INBOUND, .params = params, .param_count = 4};

    open_fixture(&f, 8000);
    connect_fixture(&f);
    ck_assert_int_eq(omsp_call_fork(f.b, &options, OMSP_CAUSE_LOCAL_REQUEST, NULL, &f.fork),
                     OMSP_OK);
    rig_run(&f.rig, 100);
    ck_assert_uint_ge(f.consumer.count, 2);
    ck_assert_ptr_nonnull(
        strstr(f.consumer.messages[1].text, "\"customParameters\":{\"b\":\"2\",\"a\":\"3\"}"));
    close_fork();
}
END_TEST

OMSP_SUITE("fork_dialled", TEST(a_path_beyond_ascii_is_dialled_and_signed_percent_encoded),
           TEST(a_callback_is_sent_to_its_url_without_fragment_and_user_and_signed_so),
           TEST(parameters_of_one_name_are_one_and_those_without_none))
