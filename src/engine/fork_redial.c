/*
 * When a media stream's connection that was lost is dialled again: which ends may pass, how often,
 * how long to wait. Beyond the contract (spec 2.6), off unless asked for. Link thread. Not here:
 * the connection itself (fork_link.c).
 */
#include "engine/fork_state.h"

#define FIRST_US   250000   /* before the first attempt at most, twice as long before each next */
#define LONGEST_US 8000000  /* at most */
#define STEADY_US  10000000 /* a connection that held so long begins the count anew */

bool omsp_fork_close_passes(uint16_t code)
{
    switch (code) {
    case 1001: /* going away */
    case 1011: /* internal error */
    case 1012: /* service restart */
    case 1013: /* try again later */
    case 1014: /* bad gateway */
        return true;
    default:
        return false;
    }
}

bool omsp_fork_answer_passes(int http_status)
{
    return http_status == 408 || http_status == 429 || http_status >= 500;
}

bool omsp_fork_may_redial(struct omsp_fork *fork, uint64_t now_us)
{
    bool wanted;

    if (!fork->reconnects_max)
        return false;
    if (fork->link_state == OMSP_LINK_OPEN && now_us - fork->opened_us >= STEADY_US)
        fork->attempts = 0;
    omsp_lock_acquire(&fork->lock);
    wanted = fork->want && fork->started_told && !fork->ended_told;
    omsp_lock_release(&fork->lock);
    if (!wanted || fork->attempts == fork->reconnects_max)
        return false;
    fork->attempts++;
    return true;
}

uint64_t omsp_fork_redial_wait(struct omsp_fork *fork)
{
    const struct omsp_ports *ports = fork->links->engine->ports;
    uint64_t most = FIRST_US;
    uint32_t random;

    for (unsigned i = 1; i < fork->attempts && most < LONGEST_US; i++)
        most *= 2;
    if (most > LONGEST_US)
        most = LONGEST_US;
    /* Between half of it and all, so that a restarted consumer is not met by all at once. */
    ports->random(ports->ctx, &random, sizeof(random));
    return most / 2 + random % (most / 2 + 1);
}
