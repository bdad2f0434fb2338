/*
 * A client for testing HTTP servers at the level of bytes: it sends what it is told, right or
 * wrong, and takes answers apart. Blocking, with a time limit of ten seconds on every read.
 */
#ifndef OMSP_TESTS_SUPPORT_HTTP_CLIENT_H
#define OMSP_TESTS_SUPPORT_HTTP_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct http_client {
    intptr_t socket;
    char *bytes; /* read and not yet taken */
    size_t len, room;
    bool ended; /* the server closed */
};

struct http_answer {
    int status;
    char *head; /* the whole header, terminated */
    char *body; /* terminated */
    size_t body_len;
};

/* address: "127.0.0.1:8080". Asserts. */
void http_open(struct http_client *client, const char *address);
void http_close(struct http_client *client);
/* The same from an address of 127.0.0.0/8 (network order of bytes; {0}: any). False instead of
 * asserting when there is no connection. */
bool http_open_from(struct http_client *client, const char *address, const uint8_t from[4]);
/* What came so far is thrown away; true when the server ended the connection. Does not wait. */
bool http_has_ended(struct http_client *client);
/* A socket on loopback that takes connections and never answers; its port. */
uint16_t http_mute_server(intptr_t *socket);
void http_mute_close(intptr_t socket);
/* Whatever fits; false once the server refuses. */
bool http_send(struct http_client *client, const void *bytes, size_t len);
bool http_puts(struct http_client *client, const char *text);
/* The next answer; false when the connection ended before a whole one. no_body: to HEAD. Answers
 * are freed by http_free. */
bool http_read(struct http_client *client, struct http_answer *answer, bool no_body);
void http_free(struct http_answer *answer);
/* Reads on until the server closes; false when it does not in time. */
bool http_ends(struct http_client *client);
/* Has the answer a header line of this name with exactly this value? value NULL: with any. */
bool http_has(const struct http_answer *answer, const char *name, const char *value);

#endif
