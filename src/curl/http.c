/*
 * HTTP requests of which only the status is wanted, on one multi handle and one thread: connections
 * are kept alive and shared. A handle is made by the sending thread, so that it alone meets
 * OMSP_NOMEM, and belongs to the adapter's thread from then on.
 */
#include "curl/adapter.h"

#include "base/alloc.h"
#include "base/list.h"
#include "curl/no_proxy.h"
#include "port/lock.h"
#include "port/thread.h"

#include <stdatomic.h>
#include <string.h>

#define MAX_UNDER_WAY 1000
#define BODY_MAX      1048576 /* of an answer; more is not waited for */

/* libcurl 7.88 begins with a host's next address when it is asked again, but says that this need
 * not be before the time for the one that failed is over: it is asked as often as this. */
#define ASK_MS  250
#define IDLE_MS 1000 /* what a wake costs that the system did not carry out */
/* After a poll that failed at once, as without memory; what is asked meanwhile ends it. */
#define FAILED_US 10000

struct http {
    struct omsp_http base;
    const struct omsp_curl_os *os;
    CURLM *multi;
    struct omsp_thread *thread;
    atomic_uint under_way;
    struct omsp_lock lock;  /* of the two that follow; a leaf */
    struct omsp_cond asked; /* either changed */
    struct omsp_link fresh; /* struct request.link */
    bool stopping;
    struct omsp_link active; /* struct request.link; the thread's */
};

struct request {
    struct omsp_link link;
    CURL *easy;
    struct curl_slist *headers;
    char *host;
    struct omsp_tls_check check;
    size_t body_seen;
    void (*on_done)(void *owner, int http_status);
    void *owner;
};

static void request_free(struct request *request)
{
    curl_easy_cleanup(request->easy);
    curl_slist_free_all(request->headers);
    curl_free(request->host);
    omsp_free(request);
}

/* ---- making -------------------------------------------------------------------------------- */

/* As certificates and struct omsp_tcp_target have it: an IPv6 address without brackets. */
static void strip_brackets(char *host)
{
    size_t len = strlen(host);

    if (len > 2 && host[0] == '[' && host[len - 1] == ']') {
        memmove(host, host + 1, len - 2);
        host[len - 2] = 0;
    }
}

/* OMSP_INVALID, OMSP_NOMEM. *host is to be freed by curl_free. */
static enum omsp_status host_of(const char *url, char **host)
{
    CURLU *parts = curl_url();
    char *scheme = NULL;
    enum omsp_status status = OMSP_NOMEM;
    CURLUcode code;

    if (!parts)
        return status;
    code = curl_url_set(parts, CURLUPART_URL, url, 0);
    if (!code)
        code = curl_url_get(parts, CURLUPART_SCHEME, &scheme, 0);
    if (!code)
        code = curl_url_get(parts, CURLUPART_HOST, host, 0);
    if (!code && (strcmp(scheme, "http") == 0 || strcmp(scheme, "https") == 0)) {
        strip_brackets(*host);
        status = OMSP_OK;
    } else if (code != CURLUE_OUT_OF_MEMORY) {
        status = OMSP_INVALID;
    }
    curl_free(scheme);
    curl_url_cleanup(parts);
    return status;
}

static bool add_header(struct request *request, const char *header)
{
    struct curl_slist *longer = curl_slist_append(request->headers, header);

    if (longer)
        request->headers = longer;
    return longer != NULL;
}

static enum omsp_status add_headers(struct request *request, const struct omsp_http_request *from)
{
    for (unsigned i = 0; i < from->header_count; i++) {
        if (strpbrk(from->headers[i], "\r\n"))
            return OMSP_INVALID;
        if (!add_header(request, from->headers[i]))
            return OMSP_NOMEM;
    }
    /* No asking first whether the body is welcome: another round trip for nothing. */
    return add_header(request, "Expect:") ? OMSP_OK : OMSP_NOMEM;
}

static size_t swallow(char *data, size_t size, size_t count, void *ctx)
{
    struct request *request = ctx;

    (void)data;
    request->body_seen += size * count;
    return request->body_seen <= BODY_MAX ? size * count : 0;
}

/* A child process of the host that inherited it would keep the connection open. */
static curl_socket_t open_socket(void *clientp, curlsocktype purpose, struct curl_sockaddr *addr)
{
    const struct omsp_curl_os *os = ((struct http *)clientp)->os;

    (void)purpose;
    return os->sock_open(addr->family, addr->socktype, addr->protocol);
}

static CURLcode set_options(struct http *http, struct request *request,
                            const struct omsp_http_request *from)
{
    CURL *easy = request->easy;
    CURLcode code = CURLE_OK;

    request->check.easy = easy;
    request->check.host = request->host;
#define SET(option, value) code = code ? code : curl_easy_setopt(easy, option, value)
    SET(CURLOPT_URL, from->url);
    SET(CURLOPT_NOSIGNAL, 1L);
    code = code ? code : omsp_curl_no_proxy(easy);
    SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    SET(CURLOPT_FOLLOWLOCATION, 0L);
    SET(CURLOPT_TIMEOUT_MS, from->timeout_ms ? (long)from->timeout_ms : 1L);
    SET(CURLOPT_QUICK_EXIT, 1L);
    SET(CURLOPT_HTTPHEADER, request->headers);
    SET(CURLOPT_WRITEFUNCTION, swallow);
    SET(CURLOPT_WRITEDATA, request);
    SET(CURLOPT_OPENSOCKETFUNCTION, open_socket);
    SET(CURLOPT_OPENSOCKETDATA, http);
    SET(CURLOPT_PRIVATE, request);
    if (from->post)
        SET(CURLOPT_COPYPOSTFIELDS, from->body ? from->body : "");
#undef SET
    return code ? code : http->os->verify(easy, from->ca_file, &request->check);
}

static enum omsp_status make(struct http *http, const struct omsp_http_request *from,
                             struct request **out)
{
    struct request *request = omsp_zalloc(sizeof(*request));
    enum omsp_status status;

    if (!request)
        return OMSP_NOMEM;
    omsp_list_init(&request->link);
    request->on_done = from->on_done;
    request->owner = from->owner;
    request->easy = curl_easy_init();
    status = request->easy ? host_of(from->url, &request->host) : OMSP_NOMEM;
    if (status == OMSP_OK)
        status = add_headers(request, from);
    if (status == OMSP_OK && set_options(http, request, from) != CURLE_OK)
        status = OMSP_NOMEM;
    if (status != OMSP_OK) {
        request_free(request);
        return status;
    }
    *out = request;
    return OMSP_OK;
}

static enum omsp_status http_send(struct omsp_http *base, const struct omsp_http_request *from)
{
    struct http *http = (struct http *)base;
    struct request *request;
    enum omsp_status status;
    bool stopping;

    if (atomic_fetch_add(&http->under_way, 1) >= MAX_UNDER_WAY) {
        atomic_fetch_sub(&http->under_way, 1);
        return OMSP_FULL;
    }
    status = make(http, from, &request);
    if (status != OMSP_OK) {
        atomic_fetch_sub(&http->under_way, 1);
        return status;
    }
    omsp_lock_acquire(&http->lock);
    stopping = http->stopping;
    if (!stopping) {
        omsp_list_insert(&http->fresh, &request->link);
        curl_multi_wakeup(http->multi);
        omsp_cond_broadcast(&http->asked);
    }
    omsp_lock_release(&http->lock);
    if (!stopping)
        return OMSP_OK;
    request_free(request);
    atomic_fetch_sub(&http->under_way, 1);
    return OMSP_SHUTDOWN;
}

/* ---- the thread ---------------------------------------------------------------------------- */

static void finish(struct http *http, struct request *request, int status)
{
    void (*on_done)(void *owner, int http_status) = request->on_done;
    void *owner = request->owner;

    omsp_list_remove(&request->link);
    request_free(request);
    atomic_fetch_sub(&http->under_way, 1); /* before: on_done may send the next one */
    if (on_done)
        on_done(owner, status);
}

/* A whole answer, or one whose body we stopped reading. */
static int status_of(CURL *easy, CURLcode code)
{
    long status = 0;

    if (code == CURLE_OK || code == CURLE_WRITE_ERROR)
        curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    return (int)status;
}

static void give_up(struct http *http, struct request *request)
{
    curl_off_t looked_up = 0;

    curl_easy_getinfo(request->easy, CURLINFO_NAMELOOKUP_TIME_T, &looked_up);
    if (!looked_up)
        http->os->stay_loaded();
    curl_multi_remove_handle(http->multi, request->easy);
    finish(http, request, 0);
}

static void done(struct http *http, CURL *easy, CURLcode code)
{
    struct request *request = NULL;
    int status = status_of(easy, code);

    curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&request);
    if (code == CURLE_OPERATION_TIMEDOUT) {
        give_up(http, request);
        return;
    }
    curl_multi_remove_handle(http->multi, easy);
    finish(http, request, status);
}

/* False: it is over. */
static bool take_orders(struct http *http)
{
    for (;;) {
        struct request *request = NULL;
        bool stopping;

        omsp_lock_acquire(&http->lock);
        stopping = http->stopping;
        if (!omsp_list_empty(&http->fresh)) {
            request = omsp_container(http->fresh.next, struct request, link);
            omsp_list_remove(&request->link);
            omsp_list_insert(&http->active, &request->link);
        }
        omsp_lock_release(&http->lock);
        if (!request)
            return !stopping;
        if (curl_multi_add_handle(http->multi, request->easy) != CURLM_OK)
            finish(http, request, 0);
    }
}

static void pause_a_moment(struct http *http)
{
    omsp_lock_acquire(&http->lock);
    if (!http->stopping && omsp_list_empty(&http->fresh))
        omsp_cond_wait(&http->asked, &http->lock, FAILED_US);
    omsp_lock_release(&http->lock);
}

static void run(void *arg)
{
    struct http *http = arg;

    while (take_orders(http)) {
        const CURLMsg *message;
        int running, left;

        curl_multi_perform(http->multi, &running);
        while ((message = curl_multi_info_read(http->multi, &left)) != NULL) {
            if (message->msg == CURLMSG_DONE)
                done(http, message->easy_handle, message->data.result);
        }
        if (curl_multi_poll(http->multi, NULL, 0, running ? ASK_MS : IDLE_MS, NULL) != CURLM_OK)
            pause_a_moment(http);
    }
    while (!omsp_list_empty(&http->active))
        give_up(http, omsp_container(http->active.next, struct request, link));
}

/* ---- the port ------------------------------------------------------------------------------ */

static void release(struct http *http)
{
    curl_multi_cleanup(http->multi);
    omsp_cond_destroy(&http->asked);
    omsp_lock_destroy(&http->lock);
    omsp_free(http);
    curl_global_cleanup();
}

static void http_destroy(struct omsp_http *base)
{
    struct http *http = (struct http *)base;

    omsp_lock_acquire(&http->lock);
    http->stopping = true;
    curl_multi_wakeup(http->multi);
    omsp_cond_broadcast(&http->asked);
    omsp_lock_release(&http->lock);
    omsp_thread_join(http->thread);
    release(http);
}

enum omsp_status omsp_curl_http_create(const struct omsp_curl_os *os, struct omsp_http **out)
{
    struct http *http = omsp_zalloc(sizeof(*http));
    enum omsp_status status = OMSP_NOMEM;

    if (!http)
        return OMSP_NOMEM;
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        omsp_free(http);
        return OMSP_IO;
    }
    http->base.send = http_send;
    http->base.destroy = http_destroy;
    http->os = os;
    omsp_lock_init(&http->lock);
    omsp_cond_init(&http->asked);
    omsp_list_init(&http->fresh);
    omsp_list_init(&http->active);
    http->multi = curl_multi_init();
    /* libcurl makes one without descriptors, too, that nobody can wake. */
    if (http->multi && curl_multi_wakeup(http->multi) != CURLM_OK)
        status = OMSP_FULL;
    else if (http->multi)
        status = omsp_thread_start(run, http, "omsp-http", &http->thread);
    if (status != OMSP_OK) {
        release(http);
        return status;
    }
    *out = &http->base;
    return OMSP_OK;
}
