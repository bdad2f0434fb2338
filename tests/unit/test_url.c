/* URLs that we are asked to dial: how they are cut, and what is refused. */
#include "support/suite.h"

#include "wire/url.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct omsp_url url;

static void parses(const char *text)
{
    memset(&url, 0x55, sizeof(url));
    ck_assert_msg(omsp_url_parse(text, &url) == OMSP_OK, "%s was refused", text);
}

START_TEST(the_parts_are_found)
{
    static const struct {
        const char *text;
        enum omsp_scheme scheme;
        const char *host;
        unsigned port;
        bool port_given, ipv6;
        const char *path;
        int query_at;
    } rows[] = {
        {"wss://h.example/a/b", OMSP_SCHEME_WSS, "h.example", 443, false, false, "/a/b", -1},
        {"ws://h.example", OMSP_SCHEME_WS, "h.example", 80, false, false, "", -1},
        {"WSS://H.Example:8443/A?b=C", OMSP_SCHEME_WSS, "h.example", 8443, true, false, "/A?b=C",
         2},
        {"https://h/?", OMSP_SCHEME_HTTPS, "h", 443, false, false, "/?", 1},
        {"http://h?x=/y?z", OMSP_SCHEME_HTTP, "h", 80, false, false, "?x=/y?z", 0},
        {"http://h#f?x", OMSP_SCHEME_HTTP, "h", 80, false, false, "", -1},
        {"wss://h/p?q#frag", OMSP_SCHEME_WSS, "h", 443, false, false, "/p?q", 2},
        {"wss://h:443/", OMSP_SCHEME_WSS, "h", 443, true, false, "/", -1},
        {"wss://h:00443/", OMSP_SCHEME_WSS, "h", 443, true, false, "/", -1},
        {"wss://[::1]:65535/x", OMSP_SCHEME_WSS, "::1", 65535, true, true, "/x", -1},
        {"wss://[2001:DB8::1.2.3.4]", OMSP_SCHEME_WSS, "2001:db8::1.2.3.4", 443, false, true, "",
         -1},
        {"wss://127.0.0.1:1/x", OMSP_SCHEME_WSS, "127.0.0.1", 1, true, false, "/x", -1},
        {"wss://a_b-c.d./", OMSP_SCHEME_WSS, "a_b-c.d.", 443, false, false, "/", -1},
        {"wss://h/gr\xc3\xbc\xc3\x9f", OMSP_SCHEME_WSS, "h", 443, false, false,
         "/gr\xc3\xbc\xc3\x9f", -1},
        {"wss://h/a@b:c[d]", OMSP_SCHEME_WSS, "h", 443, false, false, "/a@b:c[d]", -1},
        {"ftp://h/x", OMSP_SCHEME_OTHER, "h", 0, false, false, "/x", -1},
        {"wsss://h:5", OMSP_SCHEME_OTHER, "h", 5, true, false, "", -1},
        {"w://h", OMSP_SCHEME_OTHER, "h", 0, false, false, "", -1},
        {"x+y-z.1://h", OMSP_SCHEME_OTHER, "h", 0, false, false, "", -1},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        parses(rows[i].text);
        ck_assert_int_eq(url.scheme, rows[i].scheme);
        ck_assert_str_eq(url.host, rows[i].host);
        ck_assert_uint_eq(url.port, rows[i].port);
        ck_assert(url.port_given == rows[i].port_given);
        ck_assert(url.ipv6 == rows[i].ipv6);
        ck_assert_uint_eq(url.path_len, strlen(rows[i].path));
        ck_assert(!strncmp(url.path, rows[i].path, url.path_len));
        ck_assert(url.path >= rows[i].text && url.path <= rows[i].text + strlen(rows[i].text));
        ck_assert(url.has_query == (rows[i].query_at >= 0));
        if (url.has_query)
            ck_assert_int_eq((int)url.query_at, rows[i].query_at);
    }
}
END_TEST

START_TEST(what_cannot_be_dialled_is_refused)
{
    static const char *const bad[] = {
        "",
        "/",
        "/a/b",
        "//h/x",
        "h",
        "h/x",
        "h:80",
        "wss",
        "wss:",
        "wss:/",
        "wss:/h",
        "wss://",
        "wss:///x",
        "wss://?x",
        "wss://#x",
        "://h",
        "1ws://h",
        "w s://h",
        "ws\xc3\xa4://h",
        "wss:h",
        "mailto:a@b",
        "wss://u@h/",
        "wss://u:p@h/",
        "wss://@h/",
        "wss://u:p@[::1]/",
        "wss://h:/x",
        "wss://h:0/",
        "wss://h:65536",
        "wss://h:000443",
        "wss://h:99999999999",
        "wss://h:-1",
        "wss://h:+1",
        "wss://h:8x",
        "wss://h:80:80",
        "wss://:80/",
        "wss://h :80",
        "wss://h/a b",
        " wss://h",
        "wss://h ",
        "wss://h/\t",
        "wss://h/\r\nX: y",
        "wss://h\n",
        "wss://h/\x7f",
        "wss://h/\x01",
        "wss://h/\xff",
        "wss://h/\xc3",
        "wss://h/\xed\xa0\x80",
        "wss://h/\xc0\xaf",
        "wss://\xc3\xa4.example/",
        "wss://a%2eb/",
        "wss://a..b/",
        "wss://.a/",
        "wss://./",
        "wss://../",
        "wss://a\\b/",
        "wss://a\\@b/",
        "wss://a,b/",
        "wss://a;b/",
        "wss://a*b/",
        "wss://h]/",
        "wss://[h/",
        "wss://[]/",
        "wss://[::1/",
        "wss://[::1]x/",
        "wss://[::1]80",
        "wss://[::1]:/",
        "wss://[::1%25lo]/",
        "wss://[1.2.3.4]/",
        "wss://[:::]/",
        "wss://[1:2:3:4:5:6:7]/",
        "wss://[1:2:3:4:5:6:7:8:9]/",
        "wss://[1::2::3]/",
        "wss://[1:2:3:4:5:6:7:8::]/",
        "wss://[12345::]/",
        "wss://[::g]/",
        "wss://[::1.2.3]/",
        "wss://[::1.2.3.256]/",
        "wss://[::01.2.3.4]/",
        "wss://[1:]/",
        "wss://[:1]/",
        "wss://[:]/",
        "wss://[::1.2.3.4:5]/",
        "wss://[1:2:3:4:5:6:7:1.2.3.4]/",
        "wss://::1/",
    };

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        ck_assert_msg(omsp_url_parse(bad[i], &url) == OMSP_INVALID, "'%s' was taken", bad[i]);
}
END_TEST

START_TEST(a_host_is_taken_up_to_its_room)
{
    char text[300];

    for (size_t len = 250; len < 270; len++) {
        memcpy(text, "wss://", 6);
        memset(text + 6, 'a', len);
        strcpy(text + 6 + len, "/p");
        ck_assert_int_eq(omsp_url_parse(text, &url),
                         len < sizeof(url.host) ? OMSP_OK : OMSP_INVALID);
    }
}
END_TEST

START_TEST(loopback_is_only_what_surely_is)
{
    static const char *const yes[] = {
        "ws://localhost/", "ws://LOCALHOST:1/",       "ws://127.0.0.1/",    "ws://127.255.3.4/",
        "ws://[::1]/",     "ws://[0:0:0:0:0:0:0:1]/", "ws://[0000::0001]/", "ws://[::0.0.0.1]/",
    };
    static const char *const no[] = {
        "ws://localhost.example/",
        "ws://xlocalhost/",
        "ws://128.0.0.1/",
        "ws://0127.0.0.1/",
        "ws://127.0.0.1.example/",
        "ws://127.0.0/",
        "ws://127.1/",
        "ws://2130706433/",
        "ws://12.7.0.0/",
        "ws://[::]/",
        "ws://[::2]/",
        "ws://[1::1]/",
        "ws://[::1:0]/",
        "ws://[::ffff:127.0.0.1]/",
        "ws://0.0.0.0/",
        "ws://127.0.0.1./",
        "ws://127.0.0.0.1/",
        "ws://127.0.0.256/",
    };

    for (size_t i = 0; i < sizeof(yes) / sizeof(yes[0]); i++) {
        parses(yes[i]);
        ck_assert_msg(omsp_url_is_loopback(&url), "%s", yes[i]);
    }
    for (size_t i = 0; i < sizeof(no) / sizeof(no[0]); i++) {
        parses(no[i]);
        ck_assert_msg(!omsp_url_is_loopback(&url), "%s", no[i]);
    }
}
END_TEST

START_TEST(ipv6_forms_are_the_ones_of_rfc_4291)
{
    static const char *const good[] = {
        "::",
        "::1",
        "1::",
        "1::8",
        "1:2:3:4:5:6:7:8",
        "1:2:3:4:5:6:7::",
        "::2:3:4:5:6:7:8",
        "1:2:3::5:6:7:8",
        "::1.2.3.4",
        "1:2:3:4:5:6:1.2.3.4",
        "::ffff:255.255.255.255",
        "abcd:ef01::ABCD",
    };

    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        char text[80];

        snprintf(text, sizeof(text), "ws://[%s]", good[i]);
        parses(text);
    }
}
END_TEST

/* Whatever comes: an answer, and on OK parts that lie inside the text. */
static void survive(const char *text)
{
    if (omsp_url_parse(text, &url))
        return;
    ck_assert(url.path >= text && url.path + url.path_len <= text + strlen(text));
    ck_assert(strlen(url.host) > 0 && strlen(url.host) < sizeof(url.host));
    ck_assert(!url.has_query || url.path[url.query_at] == '?');
    (void)omsp_url_is_loopback(&url);
}

START_TEST(truncated_and_random_texts_do_no_harm)
{
    static const char whole[] = "wss://[2001:db8::1.2.3.4]:8443/path?query=1#fragment";
    static const char parts[] = "ws:/[]@.:%#?127aF-_\xc3\xa4 \\";

    for (size_t len = 0; len <= sizeof(whole) - 1; len++) {
        char *text = malloc(len + 1);

        memcpy(text, whole, len);
        text[len] = '\0';
        survive(text);
        free(text);
    }
    srand(2);
    for (int round = 0; round < 200000; round++) {
        size_t len = (size_t)rand() % 40, at = round & 1 ? 6 : 0;
        char text[48] = "wss://";

        for (size_t i = at; i < at + len; i++)
            text[i] = parts[(size_t)rand() % (sizeof(parts) - 1)];
        text[at + len] = '\0';
        survive(text);
    }
}
END_TEST

START_TEST(a_user_is_taken_where_one_is_looked_for)
{
    static const struct {
        const char *text, *user, *host;
    } rows[] = {
        {"https://u:p@h.example/x", "u:p", "h.example"},
        {"https://u@h/", "u", "h"},
        {"https://:p@[::1]:8443/", ":p", "::1"},
        {"https://a.b_c-d~!$&'()*+,;=:e@h", "a.b_c-d~!$&'()*+,;=:e", "h"},
        {"https://u%40x:%C3%bc@h/a@b", "u%40x:%C3%bc", "h"},
        {"https://h/a@b", "", "h"},
        {"https://h", "", "h"},
    };
    static const char *const bad[] = {
        "https://@h/",    "https://u:p@/",        "https://u@p@h/", "https://u%4@h/",
        "https://u%@h/",  "https://u%zz@h/",      "https://u\\@h/", "https://[u]@h/",
        "https://u p@h/", "https://u\xc3\xbc@h/", "https://u@",     "https://u:p@h:99999/",
        "https://u\"@h/",
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        ck_assert_int_eq(omsp_url_parse_user(rows[i].text, &url), OMSP_OK);
        ck_assert_uint_eq(url.user.len, strlen(rows[i].user));
        ck_assert(!url.user.len || !memcmp(url.user.ptr, rows[i].user, url.user.len));
        ck_assert_str_eq(url.host, rows[i].host);
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        ck_assert_msg(omsp_url_parse_user(bad[i], &url) == OMSP_INVALID, "%s", bad[i]);
}
END_TEST

START_TEST(what_is_dialled_is_ascii_and_has_a_path)
{
    static const struct {
        const char *text, *whole, *path;
    } rows[] = {
        {"https://h", "h/", "h/"},
        {"https://H?a=1", "h/?a=1", "h/"},
        {"https://h/p?a=/%2f#f", "h/p?a=/%2f", "h/p"},
        {"https://[2001:DB8::1]/\xc3\xbc?\xe2\x82\xac", "[2001:db8::1]/%C3%BC?%E2%82%AC",
         "[2001:db8::1]/%C3%BC"},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char out[64];
        struct omsp_text text;

        parses(rows[i].text);
        for (int query = 0; query < 2; query++) {
            omsp_text_init(&text, out, sizeof(out));
            omsp_url_put_host(&text, &url);
            omsp_url_put_path(&text, &url, query);
            ck_assert_str_eq(out, query ? rows[i].whole : rows[i].path);
        }
    }
}
END_TEST

OMSP_SUITE("url", TEST(the_parts_are_found), TEST(what_cannot_be_dialled_is_refused),
           TEST(a_host_is_taken_up_to_its_room), TEST(loopback_is_only_what_surely_is),
           TEST(ipv6_forms_are_the_ones_of_rfc_4291), TEST(truncated_and_random_texts_do_no_harm),
           TEST(a_user_is_taken_where_one_is_looked_for),
           TEST(what_is_dialled_is_ascii_and_has_a_path))
