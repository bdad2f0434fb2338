/*
 * What a file terminal and its tracks share: the file, its state, the audio on its way. It lives as
 * long as the parent or any track does; its end is the disk runner's work. The parent lives as long
 * as one of its tracks is on a stream (omsp_terminal.kept), so that the tracks are there until what
 * they heard is in the file.
 *
 * Locks: `io` is held by whoever touches the file, over disk operations, and by nobody on the media
 * or control thread; order io, address lock, session lock, `lock` (leaf: state and rings).
 */
#ifndef OMSP_ENGINE_FILE_CORE_H
#define OMSP_ENGINE_FILE_CORE_H

#include "engine/file_names.h"
#include "engine/objects.h"
#include "engine/pcm_ring.h"

struct omsp_file_core;

struct omsp_file_parent {
    struct omsp_terminal base;
    struct omsp_file_core *core; /* reference */
};

struct omsp_file_track {
    struct omsp_terminal base;
    struct omsp_file_core *core; /* reference */
    struct omsp_pcm_ring ring;   /* core->lock; a recorder's only */
    uint64_t missing;            /* samples that found no room and are written as silence */
    unsigned place;              /* core->lock; a recorder's: its number among the tracks */
    struct omsp_tally *tally;    /* core->lock; of the call that it was on last; a reference */
};

/* What player and recorder do differently; all under io but `free`. */
struct omsp_file_kind {
    /* From idle. Opens and gets ready. */
    enum omsp_status (*open)(struct omsp_file_core *core);
    /* Disk runner: reads ahead or writes behind. An error ends the transfer. */
    enum omsp_status (*work)(struct omsp_file_core *core);
    /* Finishes and closes what is open; fine when nothing is. */
    enum omsp_status (*close)(struct omsp_file_core *core);
    /* Frees what the kind added; nothing is open any more. */
    void (*free)(struct omsp_file_core *core);
    int error_cause; /* enum omsp_file_cause */
};

struct omsp_file_core {
    _Atomic unsigned refs;
    const struct omsp_file_kind *kind;
    struct omsp_address *address; /* reference */
    uint32_t parent_id;
    struct omsp_task disk, news, retirement, burial;
    struct omsp_lock io;
    struct omsp_lock lock;
    /* lock */
    enum omsp_media_state state;
    bool news_due; /* it ended by itself */
    int news_cause;
    enum omsp_status news_error;
    struct omsp_file_parent *parent;                      /* no reference; NULL once gone */
    struct omsp_file_track *tracks[OMSP_FILE_MAX_TRACKS]; /* parent's references */
    unsigned track_count;
    struct omsp_file_names *names; /* reference; NULL: none yet. Changed under io, too */
};

/* Fills what is common. */
void omsp_file_core_init(struct omsp_file_core *core, struct omsp_address *address,
                         const struct omsp_file_kind *kind);
void omsp_file_core_release(struct omsp_file_core *core);
/* Makes the parent terminal, which takes over the caller's reference on core. OMSP_NOMEM: core is
 * still the caller's. */
enum omsp_status omsp_file_parent_new(struct omsp_file_core *core, enum omsp_terminal_kind kind,
                                      enum omsp_direction direction, struct omsp_terminal **out);
/* Makes a track and adds it. ring_samples 0: none. OMSP_NOMEM, OMSP_FULL. */
enum omsp_status omsp_file_track_new(struct omsp_file_core *core, enum omsp_direction direction,
                                     const struct omsp_terminal_ops *ops, size_t ring_samples,
                                     struct omsp_file_track **out);
/* io held. Takes over the reference. */
void omsp_file_core_set_names(struct omsp_file_core *core, struct omsp_file_names *names);
/* Any lock but io. The disk runner will call kind->work. */
void omsp_file_core_kick(struct omsp_file_core *core);
/* lock held. The transfer ended by itself; the control runner tells. */
void omsp_file_core_ended(struct omsp_file_core *core, int cause, enum omsp_status error);
struct omsp_file_core *omsp_file_core_of(struct omsp_terminal *terminal);
bool omsp_file_is_player(const struct omsp_terminal *parent);

#endif
