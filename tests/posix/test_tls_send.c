/*
 * TLS that cannot send though its socket could, as when there is no memory for a record: the peer
 * will never tell, so the connection itself has to end. libcurl's sending is what fails here.
 */
#include "support/far_ports.h"
#include "support/tcp_rig.h"

#include <curl/curl.h>
#include <dlfcn.h>

static atomic_int full, failing; /* answers to come: no room; and then a failure */

CURLcode curl_easy_send(CURL *easy, const void *data, size_t len, size_t *sent)
{
    CURLcode (*real)(CURL *, const void *, size_t, size_t *);

    if (atomic_load(&full)) {
        atomic_fetch_sub(&full, 1);
        *sent = 0;
        return CURLE_AGAIN;
    }
    if (atomic_load(&failing))
        return CURLE_SEND_ERROR;
    *(void **)&real = dlsym(RTLD_NEXT, "curl_easy_send");
    return real(easy, data, len, sent);
}

static struct omsp_tcp_target good_far(void)
{
    return (struct omsp_tcp_target){.host = "localhost",
                                    .port = far_port("good"),
                                    .tls = true,
                                    .ca_file = FAR_CA,
                                    .timeout_ms = 10000};
}

static void open_to_good(struct tcp_box *box, struct tcp_rig *rig)
{
    const struct omsp_tcp_target target = good_far();

    tcp_rig_up(rig, false);
    tcp_box_dial_to(box, rig, &target);
    tcp_pump(rig, &box->opened, 1, 20 * SECOND);
    ck_assert_int_eq(atomic_load(&box->opened), 1);
}

static void is_broken(struct tcp_box *box, struct tcp_rig *rig)
{
    tcp_pump(rig, &box->ended, 1, 10 * SECOND);
    atomic_store(&full, 0);
    atomic_store(&failing, 0);
    ck_assert_int_eq(atomic_load(&box->ended), 1);
    ck_assert_int_eq(box->end, OMSP_TCP_BROKEN);
    tcp_box_close(box);
    tcp_rig_down(rig);
}

START_TEST(a_send_that_fails_ends_the_connection)
{
    struct tcp_box box = {0};
    struct tcp_rig rig;
    size_t sent;

    open_to_good(&box, &rig);
    atomic_store(&failing, 1);
    ck_assert_int_eq(rig.loop->send(box.tcp, "x", 1, &sent), OMSP_IO);
    is_broken(&box, &rig);
}
END_TEST

START_TEST(what_fails_when_there_is_room_again_ends_the_connection)
{
    struct tcp_box box = {0};
    struct tcp_rig rig;
    size_t sent;

    open_to_good(&box, &rig);
    atomic_store(&failing, 1);
    atomic_store(&full, 1);
    ck_assert_int_eq(rig.loop->send(box.tcp, "x", 1, &sent), OMSP_OK);
    ck_assert_uint_eq(sent, 1);
    is_broken(&box, &rig);
}
END_TEST

/* As whoever speaks first does. */
static void send_first(void *owner)
{
    struct tcp_box *box = owner;
    size_t sent;

    ck_assert_int_eq(box->rig->loop->send(box->tcp, "x", 1, &sent), OMSP_IO);
    atomic_fetch_add(&box->opened, 1);
}

START_TEST(a_first_send_that_fails_ends_the_connection)
{
    struct tcp_box box = {0};
    struct omsp_tcp init;
    struct tcp_rig rig;
    const struct omsp_tcp_target target = good_far();

    tcp_rig_up(&rig, false);
    tcp_box_init(&box, &rig, &init);
    init.on_open = send_first;
    atomic_store(&failing, 1);
    ck_assert_int_eq(rig.loop->dial(rig.loop, &init, &target, &box.tcp), OMSP_OK);
    tcp_pump(&rig, &box.opened, 1, 20 * SECOND);
    ck_assert_int_eq(atomic_load(&box.opened), 1);
    is_broken(&box, &rig);
}
END_TEST

OMSP_SUITE("tls_send", TEST(a_send_that_fails_ends_the_connection),
           TEST(what_fails_when_there_is_room_again_ends_the_connection),
           TEST(a_first_send_that_fails_ends_the_connection))
