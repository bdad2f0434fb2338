/*
 * The other direction of a bidirectional media stream (spec 3): what the consumer wants the far end
 * to hear waits in a ring; marks are echoed when what came before them has been played; clear
 * throws away what waits and echoes all marks. Also key presses, which only such streams are told.
 */
#include "engine/fork_state.h"

#include "base/alloc.h"
#include "base/log.h"
#include "media/telephone_event.h"

#include <string.h>

#define PLAY_SAMPLES (60 * 8000) /* a consumer may be this far ahead */
#define MAX_MARKS    256

struct omsp_fork_mark {
    struct omsp_link link;
    uint64_t at; /* play_got that passes it */
    size_t len;
    char name[];
};

void omsp_fork_play_free(struct omsp_fork *fork)
{
    while (!omsp_list_empty(&fork->marks)) {
        struct omsp_fork_mark *mark = omsp_container(fork->marks.next, struct omsp_fork_mark, link);

        omsp_list_remove(&mark->link);
        omsp_free(mark);
    }
    omsp_pcm_ring_free(&fork->play);
}

/* fork->lock held. */
static void echo(struct omsp_fork *fork, const char *name, size_t len)
{
    size_t room = len * 6 + 256;
    char *storage = omsp_alloc(room);
    struct omsp_text text;

    if (!storage)
        return;
    omsp_text_init(&text, storage, room);
    omsp_ms_put_mark(&text, ++fork->sequence, name, len, fork->sid);
    omsp_fork_note(fork, OMSP_WS_TEXT, storage, text.len);
    omsp_free(storage);
}

void omsp_fork_echo_marks(struct omsp_fork *fork)
{
    omsp_lock_acquire(&fork->lock);
    fork->marks_due = false;
    while (fork->open && !omsp_list_empty(&fork->marks)) {
        struct omsp_fork_mark *mark = omsp_container(fork->marks.next, struct omsp_fork_mark, link);

        if (mark->at > fork->play_got)
            break;
        echo(fork, mark->name, mark->len);
        omsp_list_remove(&mark->link);
        omsp_free(mark);
    }
    omsp_fork_pump(fork);
    omsp_lock_release(&fork->lock);
}

/* fork->lock held. */
static bool has_room(struct omsp_fork *fork, size_t samples)
{
    if (!fork->play.data && omsp_pcm_ring_init(&fork->play, PLAY_SAMPLES))
        return false;
    return fork->play.room - fork->play.fill >= samples;
}

/* Decoded without the lock: the media worker does not wait for it. What is room before is room
 * then, for only this thread fills it. */
static bool play(struct omsp_fork *fork, struct omsp_span payload)
{
    int16_t pcm[OMSP_STREAM_PIECE_MAX];
    size_t count;
    bool room;

    if (omsp_stream_samples(fork->decoder, payload, &count))
        return false;
    omsp_lock_acquire(&fork->lock);
    room = has_room(fork, count);
    omsp_lock_release(&fork->lock);
    while (room && payload.len) {
        if (omsp_stream_decode(fork->decoder, &payload, pcm, &count))
            return false;
        omsp_lock_acquire(&fork->lock);
        fork->play_put += omsp_pcm_ring_put(&fork->play, pcm, count);
        omsp_lock_release(&fork->lock);
    }
    return room;
}

static bool add_mark(struct omsp_fork *fork, const char *name)
{
    size_t len = strlen(name);
    struct omsp_fork_mark *mark = omsp_alloc(sizeof(*mark) + len);
    unsigned count = 0;

    if (!mark)
        return false;
    mark->len = len;
    memcpy(mark->name, name, len);
    omsp_lock_acquire(&fork->lock);
    omsp_list_each(link, &fork->marks) count++;
    mark->at = fork->play_put;
    if (count < MAX_MARKS)
        omsp_list_insert(&fork->marks, &mark->link);
    omsp_lock_release(&fork->lock);
    if (count == MAX_MARKS)
        omsp_free(mark);
    return count < MAX_MARKS;
}

static void clear(struct omsp_fork *fork)
{
    omsp_stream_decoder_reset(fork->decoder);
    omsp_lock_acquire(&fork->lock);
    omsp_pcm_ring_clear(&fork->play);
    fork->play_got = fork->play_put;
    omsp_lock_release(&fork->lock);
}

static void bad(struct omsp_fork *fork)
{
    omsp_lock_acquire(&fork->lock);
    fork->messages_bad++;
    omsp_lock_release(&fork->lock);
    if (fork->bad_told)
        return;
    fork->bad_told = true;
    omsp_log(OMSP_LOG_WARNING, "%d: stream %s: a message of the consumer was not understood",
             OMSP_FORK_BAD_MESSAGE, fork->sid);
}

void omsp_fork_heard(struct omsp_fork *fork, struct omsp_span text)
{
    struct omsp_ms_message message = {0};
    bool good = true;

    if (omsp_ms_parse(text, fork->sid, &message)) {
        bad(fork);
        return;
    }
    if (message.kind == OMSP_MS_MEDIA)
        good = play(fork, omsp_span(message.payload, message.payload_len));
    else if (message.kind == OMSP_MS_MARK)
        good = add_mark(fork, message.mark);
    else
        clear(fork);
    if (!good)
        bad(fork);
    omsp_free(message.payload);
    omsp_free(message.mark);
    omsp_fork_echo_marks(fork);
}

size_t omsp_fork_read(struct omsp_fork *fork, int16_t *pcm, size_t count)
{
    bool passed = false;
    size_t got;

    omsp_lock_acquire(&fork->lock);
    got = fork->play.data ? omsp_pcm_ring_get(&fork->play, pcm, count) : 0;
    fork->play_got += got;
    if (fork->open && !omsp_list_empty(&fork->marks) && !fork->marks_due) {
        struct omsp_fork_mark *mark = omsp_container(fork->marks.next, struct omsp_fork_mark, link);

        passed = mark->at <= fork->play_got;
        fork->marks_due = passed;
    }
    omsp_lock_release(&fork->lock);
    if (passed)
        omsp_fork_kick(fork);
    return got;
}

void omsp_fork_digit(struct omsp_fork *fork, int digit)
{
    char storage[256];
    struct omsp_text text;
    bool open;

    if (!fork->bidirectional)
        return;
    omsp_lock_acquire(&fork->lock);
    open = fork->open;
    if (open) {
        omsp_text_init(&text, storage, sizeof(storage));
        omsp_ms_put_dtmf(&text, ++fork->sequence, omsp_telephone_event_char((uint8_t)digit),
                         fork->sid);
        omsp_fork_note(fork, OMSP_WS_TEXT, storage, text.len);
    }
    omsp_lock_release(&fork->lock);
    if (open)
        omsp_fork_flush(fork);
}
