/*
 * One terminal of another maker on a stream of ours, for hosted.c and hosted_work.c.
 */
#ifndef OMSP_MSP_HOSTED_STATE_H
#define OMSP_MSP_HOSTED_STATE_H

#include "base/list.h"
#include "msp/bounded.h"
#include "msp/hosted.h"
#include "msp/terminal_event.h"

struct msp_hosted {
    LONG refs;
    struct omsp_link link;      /* the list's lock; a reference while it is in the list */
    IUnknown *identity;         /* to be compared only, as is the call */
    struct msp_foreign foreign; /* until it is let go of; its thread's, and graph_lock */
    struct omsp_terminal *engine;
    struct omsp_stream *on; /* a reference */
    const struct msp_call *call;
    uint32_t id;
    struct msp_bounded bounded;
    volatile LONG expected;         /* doors between enter and leave that will want the graph */
    volatile LONG retired;          /* on no stream any more */
    volatile LONG outcome;          /* HRESULT of the last try to connect; the gate's answer */
    volatile LONG broken;           /* HRESULT of the running graph's end, or S_OK */
    struct msp_terminal_sink *sink; /* of this selection */
    bool told_sink;                 /* its thread's: the terminal was asked to take it */
    SRWLOCK graph_lock;             /* leaf: for who only wakes the graph, or names the terminal */
    struct msp_graph *graph;        /* its thread's; and graph_lock */
};

extern const struct msp_bounded_hooks msp_hosted_hooks;

/* The gate and the watcher of the samples terminal (engine/samples.h). */
enum omsp_status msp_hosted_gate(void *ctx);
void msp_hosted_news(void *ctx, unsigned news);

void msp_hosted_ref(void *self);
void msp_hosted_unref(void *self);
/* It has let go of the terminal. */
void msp_hosted_take_off(struct msp_hosted *self);

#endif
