/* Forms both ways, and the text that Twilio's signature is taken of. */
#include "support/suite.h"

#include "port/crypto.h"
#include "wire/base64.h"
#include "wire/form.h"

#include <stdlib.h>
#include <string.h>

#define ROOM 8

static char out[2048];
static struct omsp_text text;
static struct omsp_form_field fields[ROOM];
static unsigned count;

static struct omsp_text *fresh(void)
{
    omsp_text_init(&text, out, sizeof(out));
    return &text;
}

/* In memory that ends where the text does; freed at the next. */
static enum omsp_status parse_bytes(const char *chars, size_t len)
{
    static char *copy;

    free(copy);
    copy = malloc(len + 1);
    memcpy(copy, chars, len);
    copy[len] = '\0';
    return omsp_form_parse(copy, fields, ROOM, &count);
}

static enum omsp_status parse(const char *chars)
{
    return parse_bytes(chars, strlen(chars));
}

/* Expected: "name\0value\0…" as strings. */
static void gives(const char *chars, unsigned expected, const char *const *strings)
{
    ck_assert_msg(parse(chars) == OMSP_OK, "refused: %s", chars);
    ck_assert_uint_eq(count, expected);
    for (unsigned i = 0; i < expected; i++) {
        ck_assert_str_eq(fields[i].name, strings[2 * i]);
        ck_assert_str_eq(fields[i].value, strings[2 * i + 1]);
    }
}

#define GIVES(chars, n, ...)                                                                       \
    do {                                                                                           \
        static const char *const expected_[] = {__VA_ARGS__};                                      \
        gives(chars, n, expected_);                                                                \
    } while (0)

START_TEST(what_the_official_client_sends_is_read)
{
    GIVES("Url=wss%3A%2F%2Fh.example%2Fa&Name=my%20stream&Track=both_tracks&Parameter1.Name="
          "%27%28%29%2A%21~&Parameter1.Value=gr%C3%BC%C3%9F+%2B",
          5, "Url", "wss://h.example/a", "Name", "my stream", "Track", "both_tracks",
          "Parameter1.Name", "'()*!~", "Parameter1.Value", "gr\xc3\xbc\xc3\x9f +");
}
END_TEST

START_TEST(odd_shapes_have_one_reading)
{
    GIVES("", 0, "");
    GIVES("&&&", 0, "");
    GIVES("a", 1, "a", "");
    GIVES("a=", 1, "a", "");
    GIVES("=b", 1, "", "b");
    GIVES("=", 1, "", "");
    GIVES("a=b=c", 1, "a", "b=c");
    GIVES("&a=1&&b=2&", 2, "a", "1", "b", "2");
    GIVES("a=1&a=2", 2, "a", "1", "a", "2");
    GIVES("%61%3d=%26%3D", 1, "a=", "&=");
    GIVES("%2b=%2B&+=%20", 2, "+", "+", " ", " ");
    GIVES("a;b=c", 1, "a;b", "c");
    GIVES("a%41&b", 2, "aA", "", "b", "");
    GIVES("gr\xc3\xbc=raw", 1, "gr\xc3\xbc", "raw");
}
END_TEST

START_TEST(broken_encodings_are_refused)
{
    static const char *const bad[] = {
        "%",        "a=%",    "a=%2",      "a=%zz",       "a=%2z",          "a=%z2", "a=%%20",
        "%=a",      "a%2=b",  "a=%&b=20",  "a=%2&0=b",    "a=%00",          "%00=a", "a=%c3",
        "a=%c3%28", "a=\xff", "\xc3=\xbc", "a=%ed%a0%80", "a=%c0%af",       "a=%+1", "a=%-1",
        "a=% 1",    "a=%0x",  "a=1&b=%g0", "a=%u1234",    "a=%f4%90%80%80",
    };

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        ck_assert_msg(parse(bad[i]) == OMSP_INVALID, "taken: %s", bad[i]);
}
END_TEST

START_TEST(more_fields_than_room_are_refused)
{
    ck_assert_int_eq(parse("a&b&c&d&e&f&g&h"), OMSP_OK);
    ck_assert_uint_eq(count, ROOM);
    ck_assert_int_eq(parse("a&b&c&d&e&f&g&h&&"), OMSP_OK);
    ck_assert_int_eq(parse("a&b&c&d&e&f&g&h&i"), OMSP_FULL);
    ck_assert_uint_eq(count, ROOM);
}
END_TEST

START_TEST(truncation_and_noise_do_no_harm)
{
    static const char whole[] = "Url=wss%3A%2F%2Fh&Name=gr%C3%BC+n&x&=y";
    static const char parts[] = "%%%&&==+abF09\xc3\xbc";

    for (size_t len = 0; len < sizeof(whole); len++) {
        enum omsp_status status = parse_bytes(whole, len);

        ck_assert(status == OMSP_OK || status == OMSP_INVALID);
    }
    srand(7);
    for (int round = 0; round < 100000; round++) {
        char noise[40];
        size_t len = (size_t)rand() % sizeof(noise);

        for (size_t i = 0; i < len; i++)
            noise[i] = rand() % 16 ? parts[(size_t)rand() % (sizeof(parts) - 1)] : (char)rand();
        if (!parse_bytes(noise, len))
            for (unsigned i = 0; i < count; i++)
                ck_assert_uint_le(strlen(fields[i].name) + strlen(fields[i].value), len);
    }
}
END_TEST

START_TEST(all_but_the_unreserved_is_escaped)
{
    omsp_form_escape(fresh(), "AZaz09-._~");
    ck_assert_str_eq(out, "AZaz09-._~");
    omsp_form_escape(fresh(), "a b+c&d=e%/?:'()*!\x7f\x01gr\xc3\xbc");
    ck_assert_str_eq(out, "a%20b%2Bc%26d%3De%25%2F%3F%3A%27%28%29%2A%21%7F%01gr%C3%BC");
    omsp_form_escape(fresh(), "");
    ck_assert_str_eq(out, "");
}
END_TEST

START_TEST(what_is_written_is_read_again)
{
    char every[128];
    struct omsp_form_field written[] = {{"StreamEvent", "stream-started"}, {"", ""}, {"x", every}};

    for (int i = 1; i < 128; i++)
        every[i - 1] = (char)i;
    every[127] = '\0';
    omsp_form_put(fresh(), written, 3);
    ck_assert(!strncmp(out, "StreamEvent=stream-started&=&x=%01%02", 37));
    ck_assert_int_eq(parse(out), OMSP_OK);
    ck_assert_uint_eq(count, 3);
    for (unsigned i = 0; i < 3; i++) {
        ck_assert_str_eq(fields[i].name, written[i].name);
        ck_assert_str_eq(fields[i].value, written[i].value);
    }
}
END_TEST

/* ---- signatures ----------------------------------------------------------------------------- */

/* The request of Twilio's "validating requests" page, and its signature with the token 12345. */
START_TEST(the_published_example_has_its_signature)
{
    uint8_t digest[OMSP_SHA1_BYTES];
    char signature[OMSP_BASE64_CHARS(OMSP_SHA1_BYTES) + 1] = "";
    struct omsp_form_field sent[] = {{"Digits", "1234"},
                                     {"To", "+18005551212"},
                                     {"From", "+14158675309"},
                                     {"Caller", "+14158675309"},
                                     {"CallSid", "CA1234567890ABCDE"}};

    omsp_form_signed_text(fresh(), "https://mycompany.com/myapp.php?foo=1&bar=2", sent, 5);
    ck_assert_str_eq(out, "https://mycompany.com/myapp.php?foo=1&bar=2CallSidCA1234567890ABCDE"
                          "Caller+14158675309Digits1234From+14158675309To+18005551212");
    omsp_hmac_sha1("12345", 5, out, text.len, digest);
    omsp_base64_encode(signature, digest, sizeof(digest));
    ck_assert_str_eq(signature, "RSOYDt4T1cUTdK1PDd93/VVr8B8=");
}
END_TEST

START_TEST(repeated_fields_are_signed_once_each_and_sorted)
{
    struct omsp_form_field sent[] = {{"b", "2"}, {"a", "y"}, {"b", "1"}, {"a", "y"},
                                     {"B", "3"}, {"b", "2"}, {"", "e"},  {"\xc3\xa4", "u"}};

    omsp_form_signed_text(fresh(), "u", sent, 8);
    ck_assert_str_eq(out, "ueB3ayb1b2\xc3\xa4u");
    omsp_form_signed_text(fresh(), "wss://h/", NULL, 0);
    ck_assert_str_eq(out, "wss://h/");
}
END_TEST

START_TEST(an_upgrade_is_signed_as_wss_without_a_default_port)
{
    static const char *const rows[][2] = {
        {"wss://Voice.Example/Media", "wss://voice.example/Media"},
        {"wss://h:08443/p", "wss://h:8443/p"},
        {"wss://h/gr\xc3\xbc\xc3\x9f/%C3%9f?\xc3\xbc", "wss://h/gr%C3%BC%C3%9F/%C3%9f"},
        {"wss://h/media/", "wss://h/media/"},
        {"wss://h", "wss://h/"},
        {"wss://h?x=1", "wss://h/"},
        {"wss://h/p?x=1#f", "wss://h/p"},
        {"wss://h/p#f", "wss://h/p"},
        {"wss://h:443/p", "wss://h/p"},
        {"wss://h:0443/p", "wss://h/p"},
        {"wss://h:8443/p", "wss://h:8443/p"},
        {"wss://h:80/p", "wss://h:80/p"},
        {"ws://h:80/p", "wss://h/p"},
        {"ws://h/p", "wss://h/p"},
        {"ws://h:443/p", "wss://h/p"},
        {"ws://127.0.0.1:8080/p", "wss://127.0.0.1:8080/p"},
        {"WSS://[2001:DB8::1]:443/p", "wss://[2001:db8::1]/p"},
        {"ws://[::1]:9000", "wss://[::1]:9000/"},
        {"ws://[::1]", "wss://[::1]/"},
        {"no url", ""},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        omsp_form_signed_url(fresh(), rows[i][0]);
        ck_assert_str_eq(out, rows[i][1]);
    }
}
END_TEST

OMSP_SUITE("form", TEST(what_the_official_client_sends_is_read), TEST(odd_shapes_have_one_reading),
           TEST(broken_encodings_are_refused), TEST(more_fields_than_room_are_refused),
           TEST(truncation_and_noise_do_no_harm), TEST(all_but_the_unreserved_is_escaped),
           TEST(what_is_written_is_read_again), TEST(the_published_example_has_its_signature),
           TEST(repeated_fields_are_signed_once_each_and_sorted),
           TEST(an_upgrade_is_signed_as_wss_without_a_default_port))
