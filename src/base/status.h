/*
 * What a portable function answers. COM code never sees these: msp/hresult.c is the one place
 * that turns them into HRESULTs.
 */
#ifndef OMSP_BASE_STATUS_H
#define OMSP_BASE_STATUS_H

/* X(symbol, words for people) */
#define OMSP_STATUS_LIST(X)                                                                        \
    X(OMSP_OK, "ok")                                                                               \
    X(OMSP_NOMEM, "out of memory")                                                                 \
    X(OMSP_INVALID, "invalid argument or malformed input")                                         \
    X(OMSP_MORE, "more input or a larger buffer is needed")                                        \
    X(OMSP_EMPTY, "nothing there")                                                                 \
    X(OMSP_FULL, "no room left")                                                                   \
    X(OMSP_NOTFOUND, "not found")                                                                  \
    X(OMSP_EXISTS, "already there")                                                                \
    X(OMSP_SHUTDOWN, "the object was shut down")                                                   \
    X(OMSP_NOTSUPPORTED, "not supported here")                                                     \
    X(OMSP_NOTIMPL, "not implemented by this transport")                                           \
    X(OMSP_TIMEOUT, "timed out")                                                                   \
    X(OMSP_IO, "input/output error")                                                               \
    X(OMSP_EOF, "end of data")                                                                     \
    X(OMSP_NOSPACE, "no space left on device")                                                     \
    X(OMSP_ACCESS, "access denied")                                                                \
    X(OMSP_ADDRINUSE, "address already in use")                                                    \
    X(OMSP_UNREACHABLE, "unreachable or refused")                                                  \
    X(OMSP_NODEVICE, "no such device, or it is gone")                                              \
    X(OMSP_BAD_MEDIA, "media type not allowed here")                                               \
    X(OMSP_BAD_DIRECTION, "direction not allowed here")                                            \
    X(OMSP_BAD_TERMINAL, "terminal not usable here")                                               \
    X(OMSP_BAD_CLASS, "unknown terminal class")                                                    \
    X(OMSP_MAX_STREAMS, "no further streams allowed")                                              \
    X(OMSP_MAX_TERMINALS, "no further terminals allowed")                                          \
    X(OMSP_TERMINAL_IN_USE, "terminal is in use elsewhere")                                        \
    X(OMSP_NO_TERMINAL, "no terminal selected")                                                    \
    X(OMSP_NO_FORMAT, "no format set")                                                             \
    X(OMSP_WRONG_STATE, "not possible in this state")                                              \
    X(OMSP_NO_CODEC, "no codec in common")

enum omsp_status {
#define OMSP_STATUS_ENUM(symbol, words) symbol,
    OMSP_STATUS_LIST(OMSP_STATUS_ENUM)
#undef OMSP_STATUS_ENUM
        OMSP_STATUS_COUNT
};

/* Words for people, never NULL, static storage. */
const char *omsp_status_words(enum omsp_status status);
/* The symbol itself ("OMSP_NOMEM"), never NULL, static storage. */
const char *omsp_status_name(enum omsp_status status);

#endif
