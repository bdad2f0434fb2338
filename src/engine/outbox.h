/*
 * Media streams with messages for their consumers, put in during a worker's turn; at its end all
 * go to the system together. On the worker's thread alone.
 */
#ifndef OMSP_ENGINE_OUTBOX_H
#define OMSP_ENGINE_OUTBOX_H

#include "base/list.h"

struct omsp_fork;

struct omsp_outbox {
    struct omsp_link forks; /* struct omsp_fork.due, each with a reference */
};

void omsp_outbox_init(struct omsp_outbox *outbox);
/* Once a turn. */
void omsp_outbox_put(struct omsp_outbox *outbox, struct omsp_fork *fork);
/* No lock held: references may go. */
void omsp_outbox_send(struct omsp_outbox *outbox);

#endif
