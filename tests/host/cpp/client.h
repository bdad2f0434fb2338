/*
 * A TAPI 3 application in C++, as its published samples are written: an object that creates the
 * TAPI object, has a sink class for its events, and makes and takes one call at a time. For a test
 * in C.
 */
#ifndef OMSP_TESTS_HOST_CPP_CLIENT_H
#define OMSP_TESTS_HOST_CPP_CLIENT_H

#include <windows.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What its sink has heard so far. */
struct client_heard {
    LONG notifications, offering, connected, disconnected;
    LONG active, inactive; /* streams, with the call and stream of each event */
    LONG playing, played, recording, recorded;
    LONG private_events;
    WCHAR digits[16];
    LONG odd; /* events that were not as the documentation has them */
};

/* Where it first failed. */
struct client_failure {
    HRESULT hr;
    int line;
};

struct client;

/* CoCreateInstance to RegisterCallNotifications on the line of this name. NULL: failure. */
struct client *client_open(const WCHAR *line, struct client_failure *failure);
/* From the first line that carries audio: terminals are listed, a playback terminal for the file is
 * selected on the stream that takes it, the call is connected (synchronously). */
BOOL client_call(struct client *client, const WCHAR *destination, const WCHAR *play);
/* Takes the call that was offered; a recording terminal for the file is selected first. */
BOOL client_answer(struct client *client, const WCHAR *record);
BOOL client_start(struct client *client, BOOL player); /* the file terminal, by ITMediaControl */
BOOL client_stop(struct client *client, BOOL player);
BOOL client_hang_up(struct client *client);
void client_listen(struct client *client, struct client_heard *out);
/* What it counted while it chose terminals. */
void client_counted(struct client *client, LONG *static_terminals, LONG *streams, LONG *selected,
                    LONG *calls);
/* The outgoing call; not counted. */
void *client_outgoing(struct client *client);
/* Releases everything and shuts TAPI down; answers what the sink's count was at its end (0). */
LONG client_close(struct client *client);

#ifdef __cplusplus
}
#endif

#endif
