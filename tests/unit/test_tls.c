/*
 * TLS connections of the system's adapter, against servers of OpenSSL (tests/tls-far.sh): whom it
 * trusts, what it tells, much data. Nothing an application says may reach a peer that is not to be
 * trusted.
 */
#include "support/far_ports.h"
#include "support/tcp_rig.h"

#include <stdlib.h>
#include <string.h>
#ifdef _WIN32
#include <winsock2.h>
#include <windows.h>
#include <wincrypt.h>
#include <stdio.h>
#undef far
#endif

static void dial(struct tcp_box *box, struct tcp_rig *rig, const char *server, const char *ca_file,
                 unsigned timeout_ms)
{
    const struct omsp_tcp_target target = {.host = "localhost",
                                           .port = far_port(server),
                                           .tls = true,
                                           .ca_file = ca_file,
                                           .timeout_ms = timeout_ms};

    memset(box, 0, sizeof(*box));
    tcp_box_dial_to(box, rig, &target);
}

static void open_to(struct tcp_box *box, struct tcp_rig *rig, const char *server)
{
    dial(box, rig, server, FAR_CA, 5000);
    tcp_pump(rig, &box->opened, 1, 10 * SECOND);
    ck_assert_int_eq(atomic_load(&box->ended), 0);
    ck_assert_int_eq(atomic_load(&box->opened), 1);
}

START_TEST(a_good_server_is_opened_and_echoes)
{
    struct tcp_rig rig;
    struct tcp_box box;

    tcp_rig_up(&rig, false);
    open_to(&box, &rig, "good");
    ck_assert(!box.tcp->send_anywhere);
    tcp_box_send(&box, "hello", 5);
    tcp_pump(&rig, &box.got, 5, 5 * SECOND);
    ck_assert_str_eq(box.text, "hello");
    tcp_box_close(&box);
    tcp_rig_down(&rig);
}
END_TEST

static void is_refused(const char *server, const char *ca_file)
{
    struct tcp_rig rig;
    struct tcp_box box;

    tcp_rig_up(&rig, false);
    dial(&box, &rig, server, ca_file, 5000);
    tcp_pump(&rig, &box.ended, 1, 10 * SECOND);
    ck_assert_int_eq(atomic_load(&box.opened), 0);
    ck_assert_int_eq(atomic_load(&box.ended), 1);
    ck_assert_int_eq(box.end, OMSP_TCP_TLS);
    tcp_box_close(&box);
    tcp_rig_down(&rig);
}

START_TEST(another_hosts_certificate_is_refused)
{
    is_refused("wronghost", FAR_CA);
}
END_TEST

START_TEST(an_expired_certificate_is_refused)
{
    is_refused("expired", FAR_CA);
}
END_TEST

START_TEST(a_self_signed_certificate_is_refused)
{
    is_refused("selfsigned", FAR_CA);
    is_refused("selfsigned", NULL);
}
END_TEST

START_TEST(another_ca_is_refused)
{
    is_refused("untrusted", FAR_CA);
}
END_TEST

START_TEST(without_the_private_ca_the_systems_store_refuses)
{
    is_refused("good", NULL);
    is_refused("wronghost", NULL);
    is_refused("expired", NULL);
}
END_TEST

#ifdef _WIN32
static bool is_wine(void)
{
    return GetProcAddress(GetModuleHandleA("ntdll.dll"), "wine_get_version") != NULL;
}

static void trust(const char *path)
{
    HCERTSTORE store = CertOpenSystemStoreW(0, L"ROOT");
    char pem[8192];
    BYTE der[8192];
    DWORD size = sizeof(der);
    FILE *file = fopen(path, "rb");
    size_t len;

    ck_assert_ptr_nonnull(store);
    ck_assert_ptr_nonnull(file);
    len = fread(pem, 1, sizeof(pem), file);
    fclose(file);
    ck_assert(
        CryptStringToBinaryA(pem, (DWORD)len, CRYPT_STRING_BASE64HEADER, der, &size, NULL, NULL));
    ck_assert(CertAddEncodedCertificateToStore(store, X509_ASN_ENCODING, der, size,
                                               CERT_STORE_ADD_REPLACE_EXISTING, NULL));
    CertCloseStore(store, 0);
}

/* The first of all: what the process trusts is looked up once. On Windows itself a person would be
 * asked whether to trust this CA, so there it stays untrusted. */
START_TEST(whom_the_systems_store_trusts_is_opened_but_for_host_and_time)
{
    struct tcp_rig rig;
    struct tcp_box box;

    if (!is_wine())
        return;
    trust("tls/other.pem");
    tcp_rig_up(&rig, false);
    dial(&box, &rig, "untrusted", NULL, 5000);
    tcp_pump(&rig, &box.opened, 1, 10 * SECOND);
    ck_assert_int_eq(atomic_load(&box.opened), 1);
    tcp_box_close(&box);
    tcp_rig_down(&rig);
    is_refused("otherhost", NULL);
    is_refused("otherold", NULL);
}
END_TEST
#endif

START_TEST(a_ca_file_that_is_none_is_refused)
{
    is_refused("good", "tls/no-such-file.pem");
    is_refused("good", "tls/ports");
}
END_TEST

START_TEST(a_server_without_tls_is_refused)
{
    is_refused("plain", FAR_CA);
}
END_TEST

START_TEST(a_handshake_that_does_not_come_times_out)
{
    struct tcp_rig rig;
    struct tcp_box box;
    uint64_t before, took;

    tcp_rig_up(&rig, false);
    before = tcp_now(&rig);
    dial(&box, &rig, "mute", FAR_CA, 400);
    tcp_pump(&rig, &box.ended, 1, 10 * SECOND);
    took = tcp_now(&rig) - before;
    ck_assert_int_eq(atomic_load(&box.ended), 1);
    ck_assert_int_eq(box.end, OMSP_TCP_TIMEOUT);
    ck_assert_uint_ge(took, 399000);
    ck_assert_uint_lt(took, 2 * SECOND);
    tcp_box_close(&box);
    tcp_rig_down(&rig);
}
END_TEST

static void ends_with(const char *server, enum omsp_tcp_end end, const char *text)
{
    struct tcp_rig rig;
    struct tcp_box box;

    tcp_rig_up(&rig, false);
    open_to(&box, &rig, server);
    tcp_box_send(&box, "x", 1);
    tcp_pump(&rig, &box.ended, 1, 5 * SECOND);
    ck_assert_int_eq(atomic_load(&box.ended), 1);
    ck_assert_int_eq(box.end, end);
    ck_assert_str_eq(box.text, text);
    tcp_box_close(&box);
    tcp_rig_down(&rig);
}

START_TEST(the_peers_last_words_come_before_its_orderly_end)
{
    ends_with("bye", OMSP_TCP_OK, "bye");
}
END_TEST

START_TEST(a_peer_that_goes_without_tls_farewell_went_in_order)
{
    ends_with("rude", OMSP_TCP_OK, "bye");
}
END_TEST

START_TEST(a_reset_is_told_as_broken)
{
    ends_with("reset", OMSP_TCP_BROKEN, "");
}
END_TEST

/* TCP ended in order; what TLS had not said is not known to be anything. */
START_TEST(a_record_that_is_cut_off_by_an_orderly_end_is_never_told)
{
    ends_with("cut", OMSP_TCP_OK, "");
}
END_TEST

START_TEST(a_record_that_is_cut_off_by_a_reset_is_told_as_broken)
{
    ends_with("cut-hard", OMSP_TCP_BROKEN, "");
}
END_TEST

START_TEST(a_record_of_garbage_is_told_as_broken)
{
    ends_with("garbage", OMSP_TCP_BROKEN, "");
}
END_TEST

START_TEST(a_handshake_that_ends_in_the_middle_is_refused)
{
    is_refused("hello-cut", FAR_CA);
}
END_TEST

START_TEST(a_handshake_that_is_reset_in_the_middle_is_refused)
{
    is_refused("hello-cut-hard", FAR_CA);
}
END_TEST

/* Wine's Schannel waits for more of it. */
START_TEST(a_handshake_of_garbage_is_refused_or_its_time_ends)
{
    struct tcp_rig rig;
    struct tcp_box box;

    tcp_rig_up(&rig, false);
    dial(&box, &rig, "hello-garbage", FAR_CA, 2000);
    tcp_pump(&rig, &box.ended, 1, 10 * SECOND);
    ck_assert_int_eq(atomic_load(&box.opened), 0);
    ck_assert_int_eq(atomic_load(&box.ended), 1);
#ifdef _WIN32
    if (box.end != OMSP_TCP_TIMEOUT)
#endif
        ck_assert_int_eq(box.end, OMSP_TCP_TLS);
    tcp_box_close(&box);
    tcp_rig_down(&rig);
}
END_TEST

START_TEST(sending_into_a_reset_is_told_as_broken_and_raises_no_signal)
{
    struct tcp_rig rig;
    struct tcp_box box;
    enum omsp_status status = OMSP_OK;
    uint64_t end;

    tcp_rig_up(&rig, false);
    open_to(&box, &rig, "reset");
    end = tcp_now(&rig) + 5 * SECOND;
    while (status == OMSP_OK && tcp_now(&rig) < end) {
        size_t sent;

        status = rig.loop->send(box.tcp, "y", 1, &sent);
    }
    ck_assert_int_eq(status, OMSP_IO);
    tcp_pump(&rig, &box.ended, 1, 5 * SECOND);
    ck_assert_int_eq(atomic_load(&box.ended), 1);
    ck_assert_int_eq(box.end, OMSP_TCP_BROKEN);
    tcp_box_close(&box);
    tcp_rig_down(&rig);
}
END_TEST

static void megabytes(const char *server)
{
    const size_t size = 2000000;
    uint8_t *data = malloc(size);
    struct tcp_rig rig;
    struct tcp_box box;

    ck_assert_ptr_nonnull(data);
    for (size_t i = 0; i < size; i++)
        data[i] = tcp_pattern(i);
    tcp_rig_up(&rig, false);
    open_to(&box, &rig, server);
    tcp_box_send(&box, data, size);
    tcp_pump(&rig, &box.got, (int)size, 60 * SECOND);
    ck_assert_int_eq(atomic_load(&box.got), (int)size);
    ck_assert_int_eq(box.bad, 0);
    tcp_box_close(&box);
    tcp_rig_down(&rig);
    free(data);
}

START_TEST(megabytes_go_there_and_back_unharmed)
{
    megabytes("good");
}
END_TEST

/* The server reads nothing for a second. */
START_TEST(a_peer_that_does_not_read_never_blocks_the_sender)
{
    static uint8_t data[65536];
    const size_t most = 64000000;
    struct tcp_rig rig;
    struct tcp_box box;
    uint64_t before, longest = 0;
    size_t total = 0, sent;
    int writable;

    tcp_rig_up(&rig, false);
    open_to(&box, &rig, "hold");
    do {
        for (size_t i = 0; i < sizeof(data); i++)
            data[i] = tcp_pattern(total + i);
        before = tcp_now(&rig);
        ck_assert_int_eq(rig.loop->send(box.tcp, data, sizeof(data), &sent), OMSP_OK);
        if (tcp_now(&rig) - before > longest)
            longest = tcp_now(&rig) - before;
        total += sent;
    } while (sent == sizeof(data) && total < most);
    ck_assert_uint_lt(total, most);
    ck_assert_msg(longest < 500000, "a send took %llu us", (unsigned long long)longest);
    writable = atomic_load(&box.writable);
    tcp_pump(&rig, &box.writable, writable + 1, 10 * SECOND);
    ck_assert_int_eq(atomic_load(&box.writable), writable + 1);
    tcp_pump(&rig, &box.got, (int)total, 60 * SECOND);
    ck_assert_int_eq(atomic_load(&box.got), (int)total);
    ck_assert_int_eq(box.bad, 0);
    tcp_box_close(&box);
    tcp_rig_down(&rig);
}
END_TEST

START_TEST(dozens_at_once_are_all_opened)
{
    static struct tcp_box boxes[60];
    struct tcp_rig rig;

    tcp_rig_up(&rig, false);
    for (int i = 0; i < 60; i++)
        dial(&boxes[i], &rig, "good", FAR_CA, 20000);
    for (int i = 0; i < 60; i++) {
        tcp_pump(&rig, &boxes[i].opened, 1, 20 * SECOND);
        ck_assert_int_eq(atomic_load(&boxes[i].opened), 1);
    }
    for (int i = 0; i < 60; i++)
        tcp_box_send(&boxes[i], &i, sizeof(i));
    for (int i = 0; i < 60; i++) {
        tcp_pump(&rig, &boxes[i].got, sizeof(i), 20 * SECOND);
        ck_assert_mem_eq(boxes[i].text, &i, sizeof(i));
    }
    for (int i = 0; i < 60; i++)
        tcp_box_close(&boxes[i]);
    tcp_rig_down(&rig);
}
END_TEST

START_TEST(closing_during_the_handshake_tells_nothing_but_closed)
{
    struct tcp_rig rig;

    tcp_rig_up(&rig, false);
    for (int i = 0; i < 10; i++) {
        struct tcp_box box;

        dial(&box, &rig, "mute", FAR_CA, 5000);
        tcp_idle(&rig, (uint64_t)i * 1000);
        tcp_box_close(&box);
        ck_assert_int_eq(atomic_load(&box.opened) + atomic_load(&box.ended), 0);
    }
    tcp_rig_down(&rig);
}
END_TEST

OMSP_SUITE("tls",
#ifdef _WIN32
           TEST(whom_the_systems_store_trusts_is_opened_but_for_host_and_time),
#endif
           TEST(a_good_server_is_opened_and_echoes), TEST(another_hosts_certificate_is_refused),
           TEST(an_expired_certificate_is_refused), TEST(a_self_signed_certificate_is_refused),
           TEST(another_ca_is_refused), TEST(without_the_private_ca_the_systems_store_refuses),
           TEST(a_ca_file_that_is_none_is_refused), TEST(a_server_without_tls_is_refused),
           TEST(a_handshake_that_does_not_come_times_out),
           TEST(the_peers_last_words_come_before_its_orderly_end),
           TEST(a_peer_that_goes_without_tls_farewell_went_in_order),
           TEST(a_reset_is_told_as_broken),
           TEST(a_record_that_is_cut_off_by_an_orderly_end_is_never_told),
           TEST(a_record_that_is_cut_off_by_a_reset_is_told_as_broken),
           TEST(a_record_of_garbage_is_told_as_broken),
           TEST(a_handshake_that_ends_in_the_middle_is_refused),
           TEST(a_handshake_that_is_reset_in_the_middle_is_refused),
           TEST(a_handshake_of_garbage_is_refused_or_its_time_ends),
           TEST(sending_into_a_reset_is_told_as_broken_and_raises_no_signal),
           TEST(megabytes_go_there_and_back_unharmed),
           TEST(a_peer_that_does_not_read_never_blocks_the_sender),
           TEST(dozens_at_once_are_all_opened),
           TEST(closing_during_the_handshake_tells_nothing_but_closed))
