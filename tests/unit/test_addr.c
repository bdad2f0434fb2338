/* Reading and writing IP addresses. */
#include "support/suite.h"

#include "port/net.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Read, written as RFC 5952 wants it. */
static const struct {
    const char *text, *ip;
    uint16_t port;
} golden[] = {
    {"192.0.2.1", "192.0.2.1", 0},
    {"192.0.2.1:5004", "192.0.2.1", 5004},
    {"0.0.0.0:0", "0.0.0.0", 0},
    {"255.255.255.255:65535", "255.255.255.255", 65535},
    {"::", "::", 0},
    {"[::]:9", "::", 9},
    {"::1", "::1", 0},
    {"[::1]", "::1", 0},
    {"[2001:db8::1]:5004", "2001:db8::1", 5004},
    {"1::", "1::", 0},
    {"1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8", 0},
    {"1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0", 0},
    {"::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8", 0},
    {"::1.2.3.4", "::102:304", 0},
    {"1:2:3:4:5:6:1.2.3.4", "1:2:3:4:5:6:102:304", 0},
    /* RFC 5952 4.1: no leading zeros; 4.3: lower case */
    {"2001:0DB8::0001", "2001:db8::1", 0},
    {"2001:db8:AaAa:BbBb:CcCc:DdDd:EeEe:FfFf", "2001:db8:aaaa:bbbb:cccc:dddd:eeee:ffff", 0},
    /* 4.2.1: as short as possible */
    {"2001:db8:0:0:0:0:2:1", "2001:db8::2:1", 0},
    {"2001:db8::0:1", "2001:db8::1", 0},
    /* 4.2.2: not one group alone */
    {"2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1", 0},
    {"2001:db8::1:1:1:1:1", "2001:db8:0:1:1:1:1:1", 0},
    /* 4.2.3: the longest run, of equal ones the first */
    {"2001:0:0:1:0:0:0:1", "2001:0:0:1::1", 0},
    {"2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1", 0},
    {"0:0:1:0:0:0:0:0", "0:0:1::", 0},
    /* 5: a known prefix with an IPv4 address inside */
    {"::ffff:192.0.2.1", "::ffff:192.0.2.1", 0},
    {"[::FFFF:C000:0201]:7", "::ffff:192.0.2.1", 7},
};

START_TEST(what_is_written_well_is_read_and_written_back)
{
    for (size_t i = 0; i < sizeof(golden) / sizeof(golden[0]); i++) {
        struct omsp_addr addr, again;
        char text[64];

        ck_assert_msg(omsp_addr_parse(golden[i].text, &addr) == OMSP_OK, "%s", golden[i].text);
        ck_assert_uint_eq(addr.port, golden[i].port);
        ck_assert_uint_eq(addr.family, strchr(golden[i].ip, ':') ? 6 : 4);
        omsp_addr_ip_text(&addr, text, sizeof(text));
        ck_assert_str_eq(text, golden[i].ip);
        omsp_addr_text(&addr, text, sizeof(text));
        ck_assert_int_eq(omsp_addr_parse(text, &again), OMSP_OK);
        ck_assert(omsp_addr_equal(&addr, &again));
    }
}
END_TEST

START_TEST(what_is_written_badly_is_refused)
{
    static const char *const bad[] = {
        "",
        " ",
        ":",
        "::1 ",
        " 192.0.2.1",
        "192.0.2.1 ",
        "192.0.2",
        "192.0.2.",
        "192.0.2.1.",
        "192.0.2.256",
        "192.0.2.1:",
        "192.0.2.1:65536",
        "192.0.2.1:-1",
        "192.0.2.1:+5",
        "192.0.2.1:5004x",
        "192.0.2.1:99999999999999999999",
        "1.2.3.4.5",
        ".1.2.3",
        "1..2.3",
        "0x7f.0.0.1",
        "2130706433",
        "127.1",
        /* RFC 6943 3.1.1: some read it as octal */
        "010.0.0.1",
        "127.0.0.01",
        "00.0.0.0",
        ":::",
        "1:::2",
        "::1::",
        "1::2::3",
        "1:2:3:4:5:6:7",
        "1:2:3:4:5:6:7:8:9",
        "1:2:3:4:5:6:7:8:",
        ":1:2:3:4:5:6:7",
        "1:2:3:4:5:6:7:8::",
        "::1:2:3:4:5:6:7:8",
        "12345::",
        "::g",
        "1:2:3:4:5:6:7:1.2.3.4",
        "::1.2.3",
        "::1.2.3.4.5",
        "::1.2.3.4:5",
        "::256.0.0.1",
        "1.2.3.4::",
        "[::1",
        "::1]",
        "[]",
        "[::1]:",
        "[::1]5",
        "[::1]:65536",
        "[::1]:5x",
        "[1.2.3.4]:5",
        "[[::1]]",
        "[::1]]:5",
        "localhost",
        "host:5004",
        "fe80::1%eth0",
    };
    struct omsp_addr addr, before;

    memset(&addr, 0x5a, sizeof(addr));
    before = addr;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        ck_assert_msg(omsp_addr_parse(bad[i], &addr) == OMSP_INVALID, "\"%s\" was read", bad[i]);
        ck_assert_mem_eq(&addr, &before, sizeof(addr));
    }
    ck_assert_int_eq(omsp_addr_parse(NULL, &addr), OMSP_INVALID);
    ck_assert_int_eq(omsp_addr_parse("::1", NULL), OMSP_INVALID);
}
END_TEST

/* Each text from storage of its own, so that a sanitizer sees a step beyond it. */
static enum omsp_status parse_copy(const char *text, size_t len, struct omsp_addr *out)
{
    char *copy = malloc(len + 1);
    enum omsp_status status;

    ck_assert_ptr_nonnull(copy);
    memcpy(copy, text, len);
    copy[len] = '\0';
    status = omsp_addr_parse(copy, out);
    free(copy);
    return status;
}

START_TEST(every_truncation_is_read_safely)
{
    for (size_t i = 0; i < sizeof(golden) / sizeof(golden[0]); i++) {
        size_t whole = strlen(golden[i].text);

        for (size_t len = 0; len <= whole; len++) {
            struct omsp_addr addr;
            enum omsp_status status = parse_copy(golden[i].text, len, &addr);

            ck_assert(status == OMSP_OK || status == OMSP_INVALID);
            ck_assert(len < whole || status == OMSP_OK);
        }
    }
}
END_TEST

START_TEST(garbage_is_refused_or_means_something)
{
    static const char letters[] = "0123456789abcdefF:.[]::..%-x ";
    uint32_t state = 12345;
    int read = 0;

    for (int i = 0; i < 400000; i++) {
        char text[28], back[64];
        size_t len;
        struct omsp_addr addr, again;

        state = state * 1664525u + 1013904223u;
        len = (state >> 16) % sizeof(text);
        for (size_t k = 0; k < len; k++) {
            state = state * 1664525u + 1013904223u;
            text[k] = letters[(state >> 16) % (sizeof(letters) - 1)];
        }
        if (parse_copy(text, len, &addr) != OMSP_OK)
            continue;
        read++;
        omsp_addr_text(&addr, back, sizeof(back));
        ck_assert_int_eq(omsp_addr_parse(back, &again), OMSP_OK);
        ck_assert(omsp_addr_equal(&addr, &again));
    }
    ck_assert_int_gt(read, 10); /* else this has tested little */
}
END_TEST

START_TEST(every_address_is_read_back)
{
    uint32_t state = 99;

    for (int i = 0; i < 200000; i++) {
        struct omsp_addr addr = {.family = 6}, again;
        char text[64];

        for (int k = 0; k < 16; k++) {
            state = state * 1664525u + 1013904223u;
            /* Zeros often, or there would hardly be a run of them. */
            addr.ip[k] = state >> 30 ? 0 : (uint8_t)(state >> 16);
        }
        addr.port = (uint16_t)(state >> 8);
        omsp_addr_text(&addr, text, sizeof(text));
        ck_assert_msg(omsp_addr_parse(text, &again) == OMSP_OK, "%s", text);
        ck_assert_msg(omsp_addr_equal(&addr, &again), "%s", text);
    }
}
END_TEST

START_TEST(a_small_room_cuts_but_is_never_left)
{
    for (size_t i = 0; i < sizeof(golden) / sizeof(golden[0]); i++) {
        struct omsp_addr addr;
        char whole[64], ip[64];

        ck_assert_int_eq(omsp_addr_parse(golden[i].text, &addr), OMSP_OK);
        omsp_addr_text(&addr, whole, sizeof(whole));
        omsp_addr_ip_text(&addr, ip, sizeof(ip));
        for (size_t room = 1; room <= sizeof(whole); room++) {
            char *text = malloc(room);

            ck_assert_ptr_nonnull(text);
            omsp_addr_text(&addr, text, room);
            ck_assert_uint_lt(strlen(text), room);
            ck_assert_int_eq(strncmp(text, whole, strlen(text)), 0);
            ck_assert_uint_eq(strlen(text), strlen(whole) < room ? strlen(whole) : room - 1);
            omsp_addr_ip_text(&addr, text, room);
            ck_assert_uint_lt(strlen(text), room);
            ck_assert_int_eq(strncmp(text, ip, strlen(text)), 0);
            ck_assert_uint_eq(strlen(text), strlen(ip) < room ? strlen(ip) : room - 1);
            free(text);
        }
        omsp_addr_text(&addr, NULL, 0);
        omsp_addr_ip_text(&addr, NULL, 0);
    }
}
END_TEST

START_TEST(no_address_is_no_text)
{
    struct omsp_addr none = {0};
    char text[64] = "x";

    omsp_addr_ip_text(&none, text, sizeof(text));
    ck_assert_str_eq(text, "");
    strcpy(text, "x");
    omsp_addr_text(&none, text, sizeof(text));
    ck_assert_str_eq(text, "");
}
END_TEST

START_TEST(equal_means_family_ip_and_port)
{
    struct omsp_addr a, b;

    omsp_addr_parse("192.0.2.1:1", &a);
    b = a;
    ck_assert(omsp_addr_equal(&a, &b) && omsp_addr_same_ip(&a, &b));
    b.port = 2;
    ck_assert(!omsp_addr_equal(&a, &b) && omsp_addr_same_ip(&a, &b));
    b.ip[3] = 2;
    ck_assert(!omsp_addr_equal(&a, &b) && !omsp_addr_same_ip(&a, &b));
    b = a;
    b.family = 6;
    ck_assert(!omsp_addr_equal(&a, &b) && !omsp_addr_same_ip(&a, &b));
}
END_TEST

OMSP_SUITE("addr", TEST(what_is_written_well_is_read_and_written_back),
           TEST(what_is_written_badly_is_refused), TEST(every_truncation_is_read_safely),
           TEST(garbage_is_refused_or_means_something), TEST(every_address_is_read_back),
           TEST(a_small_room_cuts_but_is_never_left), TEST(no_address_is_no_text),
           TEST(equal_means_family_ip_and_port))
