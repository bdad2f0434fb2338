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

#define PLAY_FIRST   (8 * 8000)   /* room that is made first, and doubled when it is short */
#define PLAY_SAMPLES (600 * 8000) /* a consumer may be this far ahead */
#define MARKS_SIZE   (1u << 20)   /* bytes of marks that wait: some 28000 of short names */
#define ECHOES       32           /* that wait for the socket; the rest waits as marks */
#define KEYS         256          /* messages that wait for it, beyond which no key is told */

struct omsp_fork_mark {
    struct omsp_link link;
    uint64_t at; /* play_got that passes it */
    size_t len;
    char name[];
};

void omsp_fork_play_drop(struct omsp_fork *fork)
{
    struct omsp_pcm_ring play;
    struct omsp_link marks;

    /* Freed without the lock: there may be thousands, and the media worker may want it. */
    omsp_lock_acquire(&fork->lock);
    play = fork->play;
    memset(&fork->play, 0, sizeof(fork->play));
    fork->play_got = fork->play_put;
    fork->marks_size = 0;
    omsp_list_insert(&fork->marks, &marks);
    omsp_list_remove(&fork->marks);
    omsp_list_init(&fork->marks);
    omsp_lock_release(&fork->lock);
    while (!omsp_list_empty(&marks)) {
        struct omsp_fork_mark *mark = omsp_container(marks.next, struct omsp_fork_mark, link);

        omsp_list_remove(&mark->link);
        omsp_free(mark);
    }
    omsp_pcm_ring_free(&play);
    if (fork->decoder)
        omsp_stream_decoder_reset(fork->decoder);
}

/* fork->lock held. False: no memory, and the number is the next message's. */
static bool echo(struct omsp_fork *fork, const char *name, size_t len)
{
    size_t room = len * 6 + 256;
    char *storage = omsp_alloc(room);
    struct omsp_text text;
    enum omsp_status status;

    if (!storage)
        return false;
    omsp_text_init(&text, storage, room);
    omsp_ms_put_mark(&text, fork->sequence + 1, name, len, fork->sid);
    status = omsp_fork_note(fork, OMSP_WS_TEXT, storage, text.len);
    fork->sequence += status == OMSP_OK;
    omsp_free(storage);
    return status == OMSP_OK;
}

/* fork->lock held. NULL: the first has not been passed, or there is none. */
static struct omsp_fork_mark *passed_mark(struct omsp_fork *fork)
{
    struct omsp_fork_mark *mark = omsp_container(fork->marks.next, struct omsp_fork_mark, link);

    return omsp_list_empty(&fork->marks) || mark->at > fork->play_got ? NULL : mark;
}

/* fork->lock held. True: there are more, and room for them. One for which there is no memory waits
 * for the media worker's next turn: a consumer may wait for it. */
static bool echo_some(struct omsp_fork *fork)
{
    struct omsp_fork_mark *mark = NULL;
    bool memory = true;

    while (fork->open && fork->note_count < ECHOES && (mark = passed_mark(fork)) != NULL) {
        memory = echo(fork, mark->name, mark->len);
        if (!memory)
            break;
        fork->marks_size -= sizeof(*mark) + mark->len;
        omsp_list_remove(&mark->link);
        omsp_free(mark);
    }
    omsp_fork_pump(fork);
    return memory && fork->open && fork->note_count < ECHOES && passed_mark(fork);
}

void omsp_fork_echo_marks(struct omsp_fork *fork)
{
    bool more;

    /* Some at a time: the media worker is not to wait for thousands. */
    do {
        omsp_lock_acquire(&fork->lock);
        more = echo_some(fork);
        fork->marks_due = false;
        omsp_lock_release(&fork->lock);
    } while (more);
}

/* Room for so many more; link thread, which alone makes it and fills it. */
static bool make_room(struct omsp_fork *fork, size_t samples)
{
    struct omsp_pcm_ring larger, old;
    size_t fill, room;

    omsp_lock_acquire(&fork->lock);
    fill = fork->play.fill;
    room = fork->play.room;
    omsp_lock_release(&fork->lock);
    if (samples <= room - fill)
        return true;
    if (samples > PLAY_SAMPLES - fill)
        return false;
    room = room ? room : PLAY_FIRST;
    while (room < fill + samples)
        room *= 2;
    if (omsp_pcm_ring_init(&larger, room < PLAY_SAMPLES ? room : PLAY_SAMPLES))
        return false;
    omsp_lock_acquire(&fork->lock);
    old = fork->play;
    larger.fill = omsp_pcm_ring_get(&old, larger.data, old.fill);
    fork->play = larger;
    omsp_lock_release(&fork->lock);
    omsp_pcm_ring_free(&old);
    return true;
}

/* Decoded without the lock: the media worker does not wait for it. What is room before is room
 * then, for only this thread fills it. */
static bool play(struct omsp_fork *fork, struct omsp_span payload)
{
    int16_t pcm[OMSP_STREAM_PIECE_MAX];
    size_t count;

    if (omsp_stream_samples(fork->decoder, payload, &count) || !make_room(fork, count))
        return false;
    while (payload.len) {
        if (omsp_stream_decode(fork->decoder, &payload, pcm, &count))
            return false;
        omsp_lock_acquire(&fork->lock);
        fork->play_put += omsp_pcm_ring_put(&fork->play, pcm, count);
        omsp_lock_release(&fork->lock);
    }
    return true;
}

static bool add_mark(struct omsp_fork *fork, const char *name)
{
    size_t len = strlen(name), size = sizeof(struct omsp_fork_mark) + len;
    struct omsp_fork_mark *mark = omsp_alloc(size);
    bool room;

    if (!mark)
        return false;
    mark->len = len;
    memcpy(mark->name, name, len);
    omsp_lock_acquire(&fork->lock);
    mark->at = fork->play_put;
    room = fork->marks_size + size <= MARKS_SIZE;
    if (room) {
        fork->marks_size += size;
        omsp_list_insert(&fork->marks, &mark->link);
    }
    omsp_lock_release(&fork->lock);
    if (!room)
        omsp_free(mark);
    return room;
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
    if (fork->open && !fork->marks_due && fork->note_count < ECHOES)
        passed = fork->marks_due = passed_mark(fork) != NULL;
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
    open = fork->open && fork->note_count < KEYS;
    if (fork->open && !open)
        fork->last_error = OMSP_FORK_OVERFLOW; /* the far end presses, the consumer does not read */
    if (open) {
        omsp_text_init(&text, storage, sizeof(storage));
        omsp_ms_put_dtmf(&text, fork->sequence + 1, omsp_telephone_event_char((uint8_t)digit),
                         fork->sid);
        fork->sequence += omsp_fork_note(fork, OMSP_WS_TEXT, storage, text.len) == OMSP_OK;
    }
    omsp_lock_release(&fork->lock);
    if (open)
        omsp_fork_flush(fork);
}
