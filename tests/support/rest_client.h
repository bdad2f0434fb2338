/*
 * The Stream resource's other end in tests: an account, and clients that ask for this and that at
 * random, for storms. Nothing here asserts but out of memory: clients run on threads of their own.
 */
#ifndef OMSP_TESTS_SUPPORT_REST_CLIENT_H
#define OMSP_TESTS_SUPPORT_REST_CLIENT_H

#include "support/http_client.h"

#define REST_ACCOUNT "AC0123456789abcdef0123456789abcdef"
#define REST_CALL    "CAfedcba9876543210fedcba9876543210"
#define REST_TOKEN   "0123456789abcdef-the-token"
#define REST_KEY     "SK00000000000000000000000000000001"
#define REST_SECRET  "the-secret-of-the-key"
/* base64 of account:token, and of key:secret */
#define REST_BASIC                                                                                 \
    "Basic QUMwMTIzNDU2Nzg5YWJjZGVmMDEyMzQ1Njc4OWFiY2RlZjowMTIzNDU2Nzg5YWJjZGVmLXRoZS10b2tlbg=="
#define REST_KEY_BASIC                                                                             \
    "Basic U0swMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMTp0aGUtc2VjcmV0LW9mLXRoZS1rZXk="

#define REST_STREAMS "/2010-04-01/Accounts/" REST_ACCOUNT "/Calls/" REST_CALL "/Streams"
#define REST_FORM    "application/x-www-form-urlencoded"

#define REST_CLIENT_STATUSES 600

/* One client; one thread's. */
struct rest_client {
    char address[64];  /* "127.0.0.1:8080" */
    char sids[4][40];  /* of calls; "": one that the server does not know */
    char consumer[64]; /* "ws://127.0.0.1:1234/x" as a form has it */
    uint32_t seed;
    unsigned asked, lost; /* lost: the connection ended without an answer */
    unsigned statuses[REST_CLIENT_STATUSES];
    struct http_client http;
    bool connected;
};

/* One thing at random: makes, stops, pauses, resumes, reads, lists; hangs up half-way, or without
 * waiting for the answer, or says what is no request. False: nobody listens. */
bool rest_client_step(struct rest_client *client);
void rest_client_close(struct rest_client *client);
/* How many answers no storm excuses: all but 200, 201, 400, 401, 404, 429 and 503. Prints them. */
unsigned rest_client_wrong(const struct rest_client *client);

#endif
