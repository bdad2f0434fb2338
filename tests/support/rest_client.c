/* REST clients of storms. Each is one thread's. */
#include "support/rest_client.h"

#include <stdio.h>
#include <string.h>

static unsigned any(struct rest_client *client, unsigned count)
{
    client->seed = client->seed * 1664525u + 1013904223u;
    return (client->seed >> 12) % count;
}

void rest_client_close(struct rest_client *client)
{
    if (client->connected)
        http_close(&client->http);
    client->connected = false;
}

static bool connected(struct rest_client *client)
{
    static const uint8_t from[4];

    if (client->connected)
        return true;
    client->connected = http_open_from(&client->http, client->address, from);
    if (!client->connected && client->http.socket != -1)
        http_close(&client->http);
    return client->connected;
}

static void take_answer(struct rest_client *client)
{
    struct http_answer answer;

    if (!http_read(&client->http, &answer, false)) {
        client->lost++;
        rest_client_close(client);
        return;
    }
    if (answer.status >= 0 && answer.status < REST_CLIENT_STATUSES)
        client->statuses[answer.status]++;
    if (http_has(&answer, "Connection", "close"))
        rest_client_close(client);
    http_free(&answer);
}

bool rest_client_step(struct rest_client *client)
{
    static const char *const changes[] = {"Status=stopped", "Status=paused", "Status=in-progress",
                                          "Status=nonsense"};
    const char *call = client->sids[any(client, 4)], *method = "POST";
    char request[2048], path[256], body[256] = "";
    unsigned what = any(client, 10), len;

    if (!*call)
        call = REST_CALL;
    if (what < 4) {
        snprintf(body, sizeof(body), "Url=%s&Name=n%u%s", client->consumer, any(client, 6),
                 any(client, 3) ? "" : "&Track=both_tracks");
        snprintf(path, sizeof(path), "%s", "");
    } else {
        snprintf(path, sizeof(path), "/n%u", any(client, 6));
        snprintf(body, sizeof(body), "%s", what < 8 ? changes[any(client, 4)] : "");
    }
    if (what >= 8) {
        method = "GET";
        if (what == 9)
            path[0] = 0;
    }
    len = (unsigned)snprintf(request, sizeof(request),
                             "%s /2010-04-01/Accounts/" REST_ACCOUNT
                             "/Calls/%s/Streams%s.json HTTP/1.1\r\n"
                             "Host: h\r\nAuthorization: %s\r\nContent-Type: " REST_FORM "\r\n"
                             "Content-Length: %u\r\n\r\n%s",
                             method, call, path, any(client, 20) ? REST_BASIC : "Basic QTpi",
                             (unsigned)strlen(body), body);
    if (!connected(client))
        return false;
    client->asked++;
    switch (any(client, 12)) {
    case 0: /* half of it */
        http_send(&client->http, request, any(client, len));
        rest_client_close(client);
        break;
    case 1: /* without waiting */
        http_send(&client->http, request, len);
        rest_client_close(client);
        break;
    case 2: /* what nobody can read instead */
        http_puts(&client->http, "GET / HTTP/1.1\r\nHost\r\n\r\n");
        take_answer(client);
        break;
    default:
        if (http_send(&client->http, request, len)) {
            take_answer(client);
        } else {
            client->lost++;
            rest_client_close(client);
        }
    }
    return true;
}

unsigned rest_client_wrong(const struct rest_client *client)
{
    unsigned wrong = 0;

    for (int status = 0; status < REST_CLIENT_STATUSES; status++)
        switch (status) {
        case 200:
        case 201:
        case 400:
        case 401:
        case 404:
        case 429:
        case 503:
            break;
        default:
            if (client->statuses[status])
                printf("%u times %d\n", client->statuses[status], status);
            wrong += client->statuses[status];
        }
    return wrong;
}
