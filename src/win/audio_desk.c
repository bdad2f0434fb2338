/* Requests to the device thread (audio_desk.h). Not here: what is done about them. */
#include "win/audio_desk.h"

enum omsp_status win_desk_init(struct win_desk *desk)
{
    omsp_lock_init(&desk->lock);
    omsp_cond_init(&desk->news);
    omsp_list_init(&desk->requests);
    desk->wake = CreateEventW(NULL, FALSE, FALSE, NULL);
    return desk->wake ? OMSP_OK : OMSP_FULL;
}

void win_desk_fini(struct win_desk *desk)
{
    if (desk->wake)
        CloseHandle(desk->wake);
    omsp_cond_destroy(&desk->news);
    omsp_lock_destroy(&desk->lock);
}

/* Lock held. False: the flag is not set by then, or not worth waiting for. */
static bool wait_for(struct win_desk *desk, const bool *flag)
{
    ULONGLONG began = GetTickCount64();

    while (!*flag && !desk->stuck) {
        ULONGLONG bound = desk->ready ? WIN_DESK_MS : WIN_DESK_START_MS;
        ULONGLONG gone = GetTickCount64() - began;

        if (gone >= bound)
            desk->stuck = true;
        else
            omsp_cond_wait(&desk->news, &desk->lock, (bound - gone) * 1000);
    }
    return *flag;
}

enum win_asked win_desk_ask(struct win_desk *desk, struct win_request *request)
{
    enum win_asked asked = ASKED_DONE;

    omsp_lock_acquire(&desk->lock);
    if (desk->stuck && request->want != WANT_CLOSE) {
        omsp_lock_release(&desk->lock);
        return ASKED_REFUSED;
    }
    omsp_list_insert(&desk->requests, &request->link);
    SetEvent(desk->wake);
    if (!wait_for(desk, &request->done)) {
        request->left = true;
        if (request->stream)
            win_stream_silence(request->stream);
        omsp_cond_broadcast(&desk->news); /* who waits as well need not any longer */
        asked = ASKED_LEFT;
    }
    omsp_lock_release(&desk->lock);
    return asked;
}

bool win_desk_close(struct win_desk *desk)
{
    bool ended;

    omsp_lock_acquire(&desk->lock);
    desk->stopping = true;
    SetEvent(desk->wake);
    ended = wait_for(desk, &desk->ended);
    desk->orphaned = !ended;
    omsp_lock_release(&desk->lock);
    return ended;
}

/* ---- the device thread's --------------------------------------------------------------------- */

/* Lock held. It moves. */
static void moves(struct win_desk *desk)
{
    desk->stuck = false;
    omsp_cond_broadcast(&desk->news);
}

void win_desk_is_ready(struct win_desk *desk)
{
    omsp_lock_acquire(&desk->lock);
    desk->ready = true;
    moves(desk);
    omsp_lock_release(&desk->lock);
}

bool win_desk_is_stopping(struct win_desk *desk)
{
    bool stopping;

    omsp_lock_acquire(&desk->lock);
    stopping = desk->stopping;
    omsp_lock_release(&desk->lock);
    return stopping;
}

struct win_request *win_desk_take(struct win_desk *desk)
{
    struct win_request *request = NULL;

    omsp_lock_acquire(&desk->lock);
    if (!omsp_list_empty(&desk->requests)) {
        request = omsp_container(desk->requests.next, struct win_request, link);
        omsp_list_remove(&request->link);
    }
    omsp_lock_release(&desk->lock);
    return request;
}

bool win_desk_answer(struct win_desk *desk, struct win_request *request)
{
    bool left;

    omsp_lock_acquire(&desk->lock);
    left = request->left;
    request->done = true;
    moves(desk);
    omsp_lock_release(&desk->lock);
    return !left;
}

bool win_desk_end(struct win_desk *desk)
{
    bool orphaned;

    omsp_lock_acquire(&desk->lock);
    orphaned = desk->orphaned;
    desk->ended = true;
    moves(desk);
    omsp_lock_release(&desk->lock);
    return orphaned;
}
