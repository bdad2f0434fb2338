/*
 * The samples terminal: the program itself is the far end of a stream. A capture terminal sends
 * what is written to it, a render terminal keeps what arrived until it is read. Between the program
 * and the media worker lies a ring that is bounded in time; nothing here ever waits.
 *
 * Writing, reading and every other function may be called on any thread, also from the watcher;
 * several writers (or readers) take turns. Data are in the program's format, whole blocks (one
 * sample of every channel); conversion is done on the program's thread, never on the worker's.
 * Functions of one direction answer OMSP_BAD_DIRECTION for the other, all answer OMSP_BAD_TERMINAL
 * for terminals of other kinds. Selection, direction and life: engine.h.
 */
#ifndef OMSP_ENGINE_SAMPLES_H
#define OMSP_ENGINE_SAMPLES_H

#include "engine/engine.h"

#define OMSP_SAMPLES_MIN_RING_MS     60u
#define OMSP_SAMPLES_MAX_RING_MS     10000u
#define OMSP_SAMPLES_DEFAULT_RING_MS 500u

/* direction OMSP_CAPTURE (written, goes to the network) or OMSP_RENDER (arrives, is read); ring_ms
 * 0: the default. The format is 16-bit mono PCM at 8000 Hz until set.
 * OMSP_BAD_DIRECTION, OMSP_INVALID (ring_ms), OMSP_NOMEM. */
enum omsp_status omsp_samples_create(struct omsp_address *address, enum omsp_direction direction,
                                     unsigned ring_ms, struct omsp_terminal **out);

/* PCM of 8 (unsigned) or 16 bits, A-law or mu-law of 8; 1 or 2 channels; 8000..48000 Hz. The mono
 * 8 kHz of the call is doubled for two channels, two channels are averaged for it. A format equal
 * to the present one is always fine. OMSP_NO_FORMAT (not one of these), OMSP_WRONG_STATE
 * (connected, and another one), OMSP_NOMEM. */
enum omsp_status omsp_samples_set_format(struct omsp_terminal *terminal,
                                         const struct omsp_audio_format *format);
enum omsp_status omsp_samples_get_format(struct omsp_terminal *terminal,
                                         struct omsp_audio_format *out);
/* Another room for the ring; what it held is dropped. OMSP_INVALID, OMSP_WRONG_STATE (connected),
 * OMSP_NOMEM. */
enum omsp_status omsp_samples_set_ring(struct omsp_terminal *terminal, unsigned ring_ms);

/* Asked before each connection, NULL: never. Any answer but OMSP_OK refuses it, and the stream
 * tells TERMINAL_FAIL with it. Under the address lock: it must only look at what the program
 * decided before. Once, before the terminal is selected. */
enum omsp_status omsp_samples_set_gate(struct omsp_terminal *terminal,
                                       enum omsp_status (*gate)(void *ctx), void *ctx);

/* Capture. Takes as many whole blocks as find room: *used bytes. It may be written to before the
 * stream runs: that is what the call will hear first. OMSP_FULL (nothing was taken, or the rest
 * was not), OMSP_EOF (after omsp_samples_end), OMSP_INVALID (less than a block). */
enum omsp_status omsp_samples_write(struct omsp_terminal *terminal, const void *bytes, size_t len,
                                    size_t *used);
/* Capture. Nothing more will be written: once the rest was sent the watcher is told. Lifted by the
 * end of the connection and by omsp_samples_drop. */
enum omsp_status omsp_samples_end(struct omsp_terminal *terminal);

struct omsp_samples_chunk {
    size_t bytes;       /* written to the buffer, whole blocks */
    uint64_t at_us;     /* media time of the first of them, counted from the connection */
    bool discontinuity; /* they do not join what was read before: a new connection, or data lost
                           because nobody read in time */
};

/* Render. As many whole blocks as there are, at most room bytes. Not given out: chunks across a
 * discontinuity, which begins the next one. OMSP_EMPTY (connected, nothing there yet),
 * OMSP_WRONG_STATE (nothing left and not connected), OMSP_INVALID (room less than a block). */
enum omsp_status omsp_samples_read(struct omsp_terminal *terminal, void *bytes, size_t room,
                                   struct omsp_samples_chunk *chunk);

/* What waits is thrown away. Both directions. */
enum omsp_status omsp_samples_drop(struct omsp_terminal *terminal);

/* What a watcher is told. */
enum omsp_samples_news {
    /* As much to read, or room to write, as the threshold says. Told again only after a read or
     * write that left less: go on until OMSP_EMPTY or OMSP_FULL. */
    OMSP_SAMPLES_READY = 1,
    OMSP_SAMPLES_CONNECTED = 2, /* the stream runs or is paused with this terminal */
    OMSP_SAMPLES_STOPPED = 4,   /* no more; what had been written and not sent is dropped, what
                                   arrived can still be read */
    OMSP_SAMPLES_ENDED = 8,     /* all that was written before omsp_samples_end was sent */
};

/* news: the bits since the last time. On the engine's control thread, no lock held. It delays the
 * events of the whole engine, so it must be short: set an event, move data, never wait. */
typedef void (*omsp_samples_fn)(void *ctx, unsigned news);

/* One watcher; fn NULL: none. Not from inside it. When it returns the former one is not running and
 * will not run again. */
enum omsp_status omsp_samples_watch(struct omsp_terminal *terminal, omsp_samples_fn fn, void *ctx);
/* Milliseconds of data, or of room, that are worth telling; 0: any. At most the ring. Default 0. */
enum omsp_status omsp_samples_set_threshold(struct omsp_terminal *terminal, unsigned ms);

/* Something of the program's that lives as long as the terminal: release(attachment) runs at its
 * end, on any thread, no lock held. Once, before the terminal is shared. */
enum omsp_status omsp_samples_attach(struct omsp_terminal *terminal, void *attachment,
                                     void (*release)(void *attachment));
/* NULL: none, or no samples terminal. Valid as long as the caller's reference on the terminal. */
void *omsp_samples_attachment(struct omsp_terminal *terminal);

struct omsp_samples_stats {
    bool connected;
    bool ended; /* capture: omsp_samples_end was called and everything before it was sent */
    unsigned ring_ms;
    uint32_t buffered_us;     /* waiting */
    uint64_t moved_us;        /* audio that went through, in the life of the terminal */
    uint64_t overruns;        /* render: times that the ring was full; the oldest were dropped */
    uint64_t overrun_us;      /* how much */
    uint64_t underruns;       /* capture: times that the call ran dry in the middle of speech */
    uint64_t underrun_us;     /* silence sent instead while that lasted */
    uint64_t discontinuities; /* told by reads */
};
enum omsp_status omsp_samples_get_stats(struct omsp_terminal *terminal,
                                        struct omsp_samples_stats *out);

#endif
