/*
 * What other threads want of the device thread, and for how long they wait: the system's calls may
 * hang (a driver that went with its device, an audio service that stopped), and then everybody but
 * that thread goes on. Who gave up leaves the request to the device thread, which finishes it.
 */
#ifndef OMSP_WIN_AUDIO_DESK_H
#define OMSP_WIN_AUDIO_DESK_H

#include "win/audio.h"

#include "port/lock.h"

/* What the system is given while somebody waits, and until it has been there once: its service may
 * have to start. */
#define WIN_DESK_MS       1500u
#define WIN_DESK_START_MS 10000u

enum win_want { WANT_LIST, WANT_OPEN, WANT_CLOSE };

struct win_request {
    struct omsp_link link;
    enum win_want want;
    bool done, left;                   /* the desk's lock; left: nobody waits any more */
    struct win_stream *stream;         /* OPEN, CLOSE */
    enum omsp_status status;           /* OPEN, LIST */
    struct omsp_audio_device *devices; /* LIST: the request's own */
    unsigned room, count;
};

struct win_desk {
    HANDLE wake; /* the device thread has something to do */
    struct omsp_lock lock;
    struct omsp_cond news;
    struct omsp_link requests;
    bool ready;    /* the system answered once */
    bool stuck;    /* somebody waited in vain */
    bool stopping; /* the thread shall end */
    bool ended;    /* it does */
    bool orphaned; /* nobody waited for that: it frees everything */
};

enum win_asked {
    ASKED_DONE,    /* the request is the caller's again, with its answer */
    ASKED_LEFT,    /* it is the device thread's, as is its stream, which calls nobody any more */
    ASKED_REFUSED, /* it was not taken: the device thread hangs, as is known already */
};

/* OMSP_FULL: no event to be had; to be ended all the same. */
enum omsp_status win_desk_init(struct win_desk *desk);
void win_desk_fini(struct win_desk *desk);

/* Under no lock that a stream's callback takes. A CLOSE is never refused. */
enum win_asked win_desk_ask(struct win_desk *desk, struct win_request *request);
/* Tells the thread to end. True: it does. False: it hangs, and frees what is left when it comes
 * back. */
bool win_desk_close(struct win_desk *desk);

/* ---- the device thread's --------------------------------------------------------------------- */

void win_desk_is_ready(struct win_desk *desk);
bool win_desk_is_stopping(struct win_desk *desk);
/* The next request, or NULL. */
struct win_request *win_desk_take(struct win_desk *desk);
/* False: nobody waits for it, it is the thread's. */
bool win_desk_answer(struct win_desk *desk, struct win_request *request);
/* The last word. True: everything is the thread's; else nothing is, from here on. */
bool win_desk_end(struct win_desk *desk);

#endif
