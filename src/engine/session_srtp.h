/*
 * The keys of one session, and packets through them (media/srtp.h). The session's own files and
 * call_sdp.c include this.
 */
#ifndef OMSP_ENGINE_SESSION_SRTP_H
#define OMSP_ENGINE_SESSION_SRTP_H

#include "media/srtp.h"
#include "port/net.h"

#include <stdbool.h>

struct omsp_session;

#define OMSP_SESSION_SECRET_MAX 2048 /* bytes of a datagram that is looked at */

/* Session lock, once a session has it. */
struct omsp_session_srtp {
    struct omsp_srtp *out, *in;
    struct omsp_srtp *resumed; /* instead of in, until one of them hears a packet; NULL: none */
    struct omsp_srtp *former;  /* under the key before; NULL: none */
    uint64_t former_until_us;
    struct omsp_srtp_key send_key, receive_key;
    _Alignas(16) uint8_t packet[OMSP_SESSION_SECRET_MAX]; /* the one at hand */
};

/* Between omsp_srtp_open and close; any thread. OMSP_NOMEM, OMSP_INVALID (a key). */
enum omsp_status omsp_session_srtp_create(const struct omsp_srtp_key *send,
                                          const struct omsp_srtp_key *receive,
                                          struct omsp_session_srtp **out);
void omsp_session_srtp_destroy(struct omsp_session_srtp *srtp); /* NULL is fine */

/* From now on with these keys (taken over), NULL: plain. True: our own SSRC must be a new one, so
 * that it is plain that it starts with rollover counter 0, also to another machine that has taken
 * over at the far end. */
bool omsp_session_srtp_replace(struct omsp_session *session, struct omsp_session_srtp *srtp,
                               uint64_t now_us);

/* What a datagram holds, *len its length; good until the next packet either way. NULL: not genuine,
 * and counted. */
const uint8_t *omsp_session_srtp_open(struct omsp_session *session, const uint8_t *data,
                                      size_t *len, bool rtcp, uint64_t now_us);
/* Closes a copy and sends it. What sending says, OMSP_NOMEM, OMSP_FULL, OMSP_IO (the key is used
 * up). */
enum omsp_status omsp_session_srtp_send(struct omsp_session *session, struct omsp_udp *udp,
                                        const struct omsp_addr *to, const uint8_t *data, size_t len,
                                        bool rtcp);

#endif
