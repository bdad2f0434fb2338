/*
 * Answers that libmicrohttpd has no memory for: this program stands between the server and the two
 * functions of the library that tell so (--wrap in tests/CMakeLists.txt).
 */
#include "support/rest_rig.h"

#include <stdatomic.h>

#define CREATE "Url=wss%3A%2F%2Fh"

/* The library's, whose header brings Winsock along; its enum of YES and NO is an int. */
struct MHD_Response;
struct MHD_Connection;
#define MHD_NO 0
typedef void (*free_fn)(void *text);

struct MHD_Response *
__real_MHD_create_response_from_buffer_with_free_callback(size_t size, void *text, free_fn release);
struct MHD_Response *
__wrap_MHD_create_response_from_buffer_with_free_callback(size_t size, void *text, free_fn release);
int __real_MHD_queue_response(struct MHD_Connection *connection, unsigned status,
                              struct MHD_Response *response);
int __wrap_MHD_queue_response(struct MHD_Connection *connection, unsigned status,
                              struct MHD_Response *response);

static struct rest_rig rig;
/* So many of the next calls fail. */
static atomic_int failing_creates, failing_queues;

static bool fails(atomic_int *left)
{
    return atomic_load(left) && atomic_fetch_sub(left, 1) > 0;
}

struct MHD_Response *
__wrap_MHD_create_response_from_buffer_with_free_callback(size_t size, void *text, free_fn release)
{
    return fails(&failing_creates)
               ? NULL
               : __real_MHD_create_response_from_buffer_with_free_callback(size, text, release);
}

int __wrap_MHD_queue_response(struct MHD_Connection *connection, unsigned status,
                              struct MHD_Response *response)
{
    return fails(&failing_queues) ? MHD_NO
                                  : __real_MHD_queue_response(connection, status, response);
}

static void reconnect(void)
{
    http_close(&rig.client);
    http_open(&rig.client, omsp_rest_address(rig.server));
}

/* So many streams were made, and the last was stopped so often. */
static void expect_made(unsigned count, unsigned stops)
{
    unsigned made, stopped;

    omsp_lock_acquire(&rig.lock);
    made = rig.stream_count;
    stopped = made ? rig.streams[made - 1].stops : 0;
    omsp_lock_release(&rig.lock);
    ck_assert_uint_eq(made, count);
    ck_assert_uint_eq(stopped, stops);
}

START_TEST(what_could_not_be_told_is_not_running)
{
    struct http_answer answer;

    rest_rig_init(&rig);
    rest_rig_start(&rig);
    atomic_store(&failing_creates, 1);
    answer = rest_ask(&rig, "POST", REST_STREAMS ".json", CREATE, 500);
    rest_check_error(&answer, 20500);
    ck_assert(http_has(&answer, "Connection", "close"));
    http_free(&answer);
    expect_made(1, 1);
    reconnect();
    atomic_store(&failing_queues, 1);
    answer = rest_ask(&rig, "POST", REST_STREAMS ".json", CREATE, 500);
    rest_check_error(&answer, 20500);
    http_free(&answer);
    expect_made(2, 1);
    reconnect();
    rest_expect(&rig, "POST", REST_STREAMS ".json", CREATE, 200, "\"in-progress\"");
    expect_made(3, 0);
    rest_rig_end(&rig);
}
END_TEST

/* Not even that there is no memory: the connection ends, and nothing runs. */
START_TEST(without_any_answer_nothing_runs_either)
{
    struct http_client client;

    rest_rig_init(&rig);
    rest_rig_start(&rig);
    http_open(&client, omsp_rest_address(rig.server));
    atomic_store(&failing_queues, 2);
    http_puts(&client, "POST " REST_STREAMS ".json HTTP/1.1\r\nHost: h\r\n"
                       "Connection: close\r\nAuthorization: " REST_BASIC
                       "\r\nContent-Type: " REST_FORM "\r\nContent-Length: 17\r\n\r\n" CREATE);
    ck_assert(http_ends(&client));
    ck_assert_uint_eq(client.len, 0);
    http_close(&client);
    expect_made(1, 1);
    rest_rig_end(&rig);
}
END_TEST

OMSP_SUITE("rest_reply_memory", TEST(what_could_not_be_told_is_not_running),
           TEST(without_any_answer_nothing_runs_either))
